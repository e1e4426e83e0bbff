"""Sessions of a shop's customers and visitors: logging in, and the tokens that follow."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from largesse.core import clock
from largesse.core.access import passwords
from largesse.core.access.failed import FailedLogins
from largesse.core.access.model import Caller, IssuedToken, Organization, Right, Session
from largesse.core.access.remembered import Remembered
from largesse.core.access.service import Access, seconds_left
from largesse.core.access.store import revoke_token
from largesse.core.access.throttle import Throttle
from largesse.core.customers import login_store as store
from largesse.core.customers import session_tokens
from largesse.core.customers.login_model import TokenPair
from largesse.core.customers.session_tokens import ACCESS, REFRESH, Claims
from largesse.core.errors import (
    BadCredentials,
    BadToken,
    TooManyAttempts,
    UnknownCustomer,
)
from largesse.core.events import store as event_store
from largesse.core.events.model import EventKind
from largesse.core.ids import new_id
from largesse.core.limits import storable
from largesse.core.text import folded
from largesse.core.together import together
from largesse.storage.database import Database, Transaction

KNOWN = 10_000
"""Tokens whose caller is remembered at most."""


class Sessions:
    """Lets customers log in, and knows them and visitors by their tokens.

    They are callers without any right: what they reach is what is their own. Their tokens are no
    users' tokens, and `Access.authenticate` refuses them.
    """

    def __init__(
        self,
        database: Database,
        access: Access,
        *,
        failures: int,
        failure_seconds: int,
        recheck_seconds: float,
    ) -> None:
        self._database = database
        self._access = access
        self._throttle = Throttle(failures=failures, seconds=failure_seconds)
        self._failed = FailedLogins(database)
        self._callers: Remembered[str, Caller] = Remembered(seconds=recheck_seconds, most=KNOWN)

    async def log_in(
        self, login: str, password: str, *, organization: Organization, address: str
    ) -> Caller | None:
        """Return the customer whose login and password these are; None: nobody has that login.

        Raises:
            BadCredentials: the password is wrong.
            TooManyAttempts: too many failures of this login from this address.
        """
        if not storable(login) or not storable(password):
            raise BadCredentials()
        async with self._database.read() as tx:
            row = await store.login_named(tx, organization.id, login)
        if row is None:
            return None
        key = (str(organization.id), folded(login), address)
        if (wait := self._throttle.wait(*key)) > 0:
            raise TooManyAttempts(wait)
        if not await passwords.fits(row.password_hash, password):
            self._throttle.failed(*key)
            subject = ("customer", row.customer_id)
            self._failed.tell(organization.id, EventKind.CUSTOMER_LOGIN_FAILED, subject, address)
            raise BadCredentials()
        self._throttle.succeeded(*key)
        async with self._database.read() as tx:
            found = await store.customer_caller(tx, organization.id, row.customer_id)
        if found is None:
            raise BadCredentials()
        return found[0]

    async def issue_token(self, caller: Caller, *, seconds: int) -> IssuedToken:
        """Return an access token that stands for a customer or a visitor."""
        return await self._issue(caller, seconds=seconds)

    async def issue_for(self, caller: Caller, customer_id: UUID, *, seconds: int) -> IssuedToken:
        """Return an access token of a customer for a user who helps that customer.

        Raises:
            NotPermitted, UnknownCustomer
        """
        caller.require(Right.MANAGE_CUSTOMERS)
        async with self._database.read() as tx:
            found = await store.customer_caller(tx, caller.organization_id, customer_id)
        if found is None:
            raise UnknownCustomer(str(customer_id), "id")
        return await self._issue(found[0], seconds=seconds, by=caller)

    async def start(self, caller: Caller, *, seconds: int, refresh_seconds: int) -> TokenPair:
        """Begin a session of a customer or a visitor and return its first tokens."""
        end = clock.now() + timedelta(seconds=refresh_seconds)
        session = Session(new_id(), end)
        said = await self._claims(caller, session.id, seconds=refresh_seconds, use=REFRESH)
        refresh_token = session_tokens.signed(
            await self._access.signing_key(), replace(said, session=None)
        )
        issued = await self._issue(replace(caller, session=session), seconds=seconds)
        return TokenPair(issued, refresh_token)

    async def refresh(self, refresh_token: str, *, seconds: int) -> TokenPair:
        """Return a new access token of a session. The refresh token stays: a retry is safe.

        Raises:
            BadToken: it is no refresh token, its session has ended, or the password is another.
            ExpiredToken: the session is over.
        """
        key = await self._access.signing_key()
        caller = await self._known(session_tokens.read(key, refresh_token, use=REFRESH))
        assert caller.token_id is not None
        assert caller.expires_at is not None
        session = Session(caller.token_id, caller.expires_at)
        issued = await self._issue(replace(caller, session=session), seconds=seconds)
        return TokenPair(issued, refresh_token)

    async def authenticate(self, token: str) -> Caller:
        """Return the customer or visitor that an access token stands for.

        Raises:
            BadToken: malformed, forged, ended, or no customer's or visitor's.
            ExpiredToken: past its life time.
        """
        if (caller := self._callers.get(token)) is not None:
            return caller

        async def look_up() -> Caller:
            key = await self._access.signing_key()
            return await self._known(session_tokens.read(key, token, use=ACCESS))

        return await self._callers.find(
            token, look_up, seconds=seconds_left, alone=self._database.is_shared
        )

    async def end(self, token: str) -> None:
        """End an access token and the session it was got in. Raises BadToken, ExpiredToken."""
        caller = await self.authenticate(token)
        assert caller.token_id is not None
        assert caller.expires_at is not None
        ended = [(caller.token_id, caller.expires_at)]
        if caller.session is not None:
            ended.append((caller.session.id, caller.session.expires_at))
        async with self._database.write() as tx:
            for one, expires_at in ended:
                await revoke_token(tx, caller.organization_id, one, expires_at)
            if caller.customer_id is not None:
                event_store.record(
                    tx,
                    caller,
                    EventKind.CUSTOMER_TOKEN_RELEASED,
                    ("customer", caller.customer_id),
                    data={"token_id": str(caller.token_id)},
                )
        self._callers.forget(token)

    async def settle(self) -> None:
        """Wait until every failed login is in the log."""
        await self._failed.settle()

    # --- inside --------------------------------------------------------------------------------

    async def _issue(
        self, caller: Caller, *, seconds: int, by: Caller | None = None
    ) -> IssuedToken:
        said = await self._claims(caller, new_id(), seconds=seconds, use=ACCESS)
        token = session_tokens.signed(await self._access.signing_key(), said)
        if caller.customer_id is not None:
            subject = ("customer", caller.customer_id)
            told = {"token_id": str(said.token_id)}
            row = event_store.event_row(
                by or caller, EventKind.CUSTOMER_TOKEN_ISSUED, subject, data=told
            )
            await together(self._database, event_store.write_each, row)
        return IssuedToken(token, seconds, caller)

    async def _claims(self, caller: Caller, token_id: UUID, *, seconds: int, use: str) -> Claims:
        now, proof = clock.now(), None
        if caller.customer_id is not None:
            async with self._database.read() as tx:
                row = await store.login_of(tx, caller.organization_id, caller.customer_id)
            proof = await self._proof(row.password_hash if row else None)
        return Claims(
            token_id=token_id,
            organization_id=caller.organization_id,
            issued_at=now,
            expires_at=now + timedelta(seconds=seconds),
            customer_id=caller.customer_id,
            session=caller.session,
            proof=proof,
            use=use,
        )

    async def _known(self, said: Claims) -> Caller:
        async with self._database.read() as tx:
            caller, password_hash = await _caller(tx, said)
        if said.proof != await self._proof(password_hash):
            raise BadToken()
        return replace(
            caller,
            token_id=said.token_id,
            session=said.session,
            issued_at=said.issued_at,
            expires_at=said.expires_at,
        )

    async def _proof(self, password_hash: str | None) -> str | None:
        """Return what tells that a password is still the same, and nothing else about it."""
        if password_hash is None:
            return None
        return passwords.keyed_digest(await self._access.signing_key(), f"login:{password_hash}")


async def _caller(tx: Transaction, said: Claims) -> tuple[Caller, str | None]:
    ids: Sequence[UUID] = (
        (said.token_id,)
        if said.session is None
        else (
            said.token_id,
            said.session.id,
        )
    )
    if await store.is_revoked(tx, said.organization_id, ids):
        raise BadToken()
    if said.customer_id is not None:
        found = await store.customer_caller(tx, said.organization_id, said.customer_id)
    else:
        nobody = await store.visitor(tx, said.organization_id)
        found = None if nobody is None else (nobody, None)
    if found is None:
        raise BadToken()
    return found
