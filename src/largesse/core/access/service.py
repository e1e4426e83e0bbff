"""The use cases of access: logging in, and knowing a caller by a token again."""

import hashlib
import secrets
from dataclasses import replace
from uuid import UUID

from largesse.core import clock
from largesse.core.access import passwords, store, tokens
from largesse.core.access.aliases import distinct
from largesse.core.access.consumers import still_acting_for
from largesse.core.access.failed import UNKNOWN_USER, FailedLogins
from largesse.core.access.model import (
    RIGHTS,
    Actor,
    Caller,
    IssuedToken,
    Organization,
    Role,
    organization_aliases,
    system,
)
from largesse.core.access.passcode_check import PasscodeCheck
from largesse.core.access.remembered import Remembered
from largesse.core.access.throttle import Throttle
from largesse.core.errors import (
    AlreadyExists,
    BadCredentials,
    BadToken,
    InvalidValue,
    SecondFactorRequired,
    TooManyAttempts,
    UnknownOrganization,
    UnknownUnit,
)
from largesse.core.events import store as event_store
from largesse.core.events.model import EventKind, author_of
from largesse.core.ids import parsed_id
from largesse.core.limits import check_fits, storable
from largesse.core.text import folded
from largesse.core.together import together
from largesse.storage.database import Database, Transaction

KEY_PREFIX = "lk"
"""What application keys begin with, so that a scanner can recognise a leaked one."""

KNOWN = 10_000
"""Tokens whose caller is remembered at most, and actors."""

ActorKey = tuple[int, UUID | None, UUID | None]


class Access:
    """Turns what a client presents into a Caller."""

    def __init__(
        self,
        database: Database,
        *,
        secret: str | None,
        default_organization: str | None,
        failures: int,
        failure_seconds: int,
        recheck_seconds: float,
    ) -> None:
        self._database = database
        self._secret = secret
        self._default_organization = default_organization
        self._throttle = Throttle(failures=failures, seconds=failure_seconds)
        self._callers: Remembered[str, Caller] = Remembered(seconds=recheck_seconds, most=KNOWN)
        self._actors: Remembered[ActorKey, Actor] = Remembered(seconds=recheck_seconds, most=KNOWN)
        self._organizations = Remembered[str, Organization](seconds=recheck_seconds, most=KNOWN)
        self._failed = FailedLogins(database)
        self._passcodes = PasscodeCheck(database, self._throttle)

    async def signing_key(self) -> bytes:
        """Return the key that signs tokens and hides short secrets; make it on first use."""
        if self._secret is None:
            async with self._database.read() as tx:
                self._secret = await store.installation_value(tx, "signing_key")
        if self._secret is None:
            async with self._database.write() as tx:
                await store.keep_installation_value(tx, "signing_key", secrets.token_hex(32))
                self._secret = await store.installation_value(tx, "signing_key") or ""
        return hashlib.sha256(self._secret.encode()).digest()

    # --- organizations -------------------------------------------------------------------------

    async def create_organization(
        self, name: str, aliases: list[tuple[str, str | None]]
    ) -> Organization:
        """Make an organization known by its name and by aliases (name, wire that prints it).

        Raises:
            InvalidValue: the name is empty, or two wires are to print one alias.
            AlreadyExists: the name or an alias belongs to an organization already.
        """
        if not name.strip():
            raise InvalidValue("name", "must not be empty")
        for alias in (name, *(alias for alias, _ in aliases)):
            check_fits(organization_aliases, {"alias": alias, "alias_key": folded(alias)})
        aliases = distinct([(name, None), *aliases])
        async with self._database.write() as tx:
            organization_id = await store.add_organization(tx, name, clock.now())
            if organization_id is None:
                raise AlreadyExists("organization")
            if await store.add_aliases(tx, organization_id, aliases) != len(aliases):
                raise AlreadyExists("organization")
            found = await store.organization(tx, organization_id)
            assert found is not None
            by, told = author_of(system(found)), {"name": name, "aliases": [a for a, _ in aliases]}
            subject = ("organization", organization_id)
            event_store.record(tx, by, EventKind.ORGANIZATION_CREATED, subject, after=told)
        return found

    async def organizations(self) -> list[Organization]:
        """Return every organization of the installation."""
        async with self._database.read() as tx:
            return await store.all_organizations(tx)

    async def organization(self, *names: str | None) -> Organization:
        """Return the organization that the first known name means.

        Names come from the request (a header, a site in the path, a host); after them count the
        setting `default_organization` and, where an installation has one organization, that one.

        Raises:
            UnknownOrganization: no name given is known.
        """
        async with self._database.read() as tx:
            for name in (*names, self._default_organization):
                if name and (found := await store.organization_by_alias(tx, name)) is not None:
                    return found
            everyone = await store.all_organizations(tx)
        if len(everyone) == 1:
            return everyone[0]
        raise UnknownOrganization(next((name for name in names if name), ""), "name")

    async def organization_named(self, name: str) -> Organization:
        """Return the organization of exactly this name. Raises UnknownOrganization."""
        if (known := self._organizations.get(name)) is not None:
            return known

        async def look_up() -> Organization:
            async with self._database.read() as tx:
                found = await store.organization_by_alias(tx, name)
            if found is None:
                raise UnknownOrganization(name, "name")
            return found

        return await self._organizations.find(name, look_up, alone=self._database.is_shared)

    # --- logging in ----------------------------------------------------------------------------

    async def log_in(
        self,
        username: str,
        password: str,
        *,
        address: str,
        passcode: str | None = None,
        organization: str | None = None,
        unit: str | None = None,
    ) -> Caller:
        """Return the caller that a user name, a password and a second factor's passcode mean.

        Without an organization's name the user's name must belong to one organization only.

        Raises:
            BadCredentials: no such user, or the password or the passcode is wrong, or was used.
            SecondFactorRequired: the user has a second factor, and no passcode is given.
            UnknownOrganization, UnknownUnit
            TooManyAttempts: too many failures of this user from this address.
        """
        if not storable(username) or not storable(password):
            raise BadCredentials()
        organization_id = await self._organization_to_log_in(username, organization)
        # By what they mean, not as they were typed: else each spelling had attempts of its own.
        key = (str(organization_id), folded(username), address)
        if (wait := self._throttle.wait(*key)) > 0:
            raise TooManyAttempts(wait)
        async with self._database.read() as tx:
            user = (
                await store.user_to_log_in(tx, organization_id, username)
                if organization_id is not None
                else None
            )
        fits = await passwords.fits(user.password_hash if user else None, password)
        if fits and user and user.active and user.totp_secret and passcode is None:
            raise SecondFactorRequired()
        if fits and user and (user.totp_secret is not None or passcode is not None):
            fits = await self._passcodes.fit(await self.signing_key(), user, passcode or "")
        if not fits or not user or not user.active:
            self._throttle.failed(*key)
            if organization_id is not None:
                subject = ("user", user.id if user else UNKNOWN_USER)
                self._failed.tell(organization_id, EventKind.LOGIN_FAILED, subject, address)
            raise BadCredentials()
        self._throttle.succeeded(*key)
        async with self._database.read() as tx:
            return await self._caller(tx, user.organization_id, user.id, unit)

    async def log_in_with_key(self, key: str, *, address: str, unit: str | None = None) -> Caller:
        """Return the caller that an application key acts as.

        Raises:
            BadCredentials: no such key, or it is revoked.
            UnknownUnit
            TooManyAttempts: too many failures from this address.
        """
        if (wait := self._throttle.wait("key", address)) > 0:
            raise TooManyAttempts(wait)
        parts = key.split("_")
        key_id = parsed_id(parts[2]) if len(parts) == 4 and parts[0] == KEY_PREFIX else None
        if key_id is not None and parts[1].isdecimal() and len(parts[1]) < 19:
            async with self._database.read() as tx:
                row = await store.key_row(tx, int(parts[1]), key_id)
                fits = row and passwords.same(row.secret_hash, passwords.digest(parts[3]))
                if row and fits and row.revoked_at is None:
                    return await self._caller(
                        tx, row.organization_id, row.user_id, unit, key_id=key_id
                    )
            if row:
                subject = ("key", row.id)
                self._failed.tell(row.organization_id, EventKind.KEY_FAILED, subject, address)
        self._throttle.failed("key", address)
        raise BadCredentials()

    async def issue_token(self, caller: Caller, *, seconds: int) -> IssuedToken:
        """Return an access token (HS256 JWT) that stands for the caller."""
        token, token_id = tokens.signed(caller, await self.signing_key(), seconds=seconds)
        told = {"token_id": str(token_id)}
        row = event_store.event_row(caller, EventKind.TOKEN_ISSUED, _user(caller), data=told)
        await together(self._database, event_store.write_each, row)
        return IssuedToken(token, seconds, caller)

    async def authenticate(self, token: str) -> Caller:
        """Return the caller that an access token stands for.

        A token is checked against the database again after `recheck_seconds`: so long may a
        token that was revoked through another process still be taken here.

        Raises:
            BadToken: malformed, forged or revoked, its application key is revoked, its user is no
                longer active or has another password now, or the customer token it was got with is
                no longer effective.
            ExpiredToken: past its life time.
        """
        if (caller := self._callers.get(token)) is not None:
            return caller
        return await self._callers.find(
            token,
            lambda: self._authenticate(token),
            seconds=seconds_left,
            alone=self._database.is_shared,
        )

    async def release(self, token: str) -> None:
        """Revoke an access token. Raises BadToken, ExpiredToken."""
        caller = await self.authenticate(token)
        if caller.token_id is None or caller.expires_at is None:
            raise BadToken()
        async with self._database.write() as tx:
            await store.revoke_token(tx, caller.organization_id, caller.token_id, caller.expires_at)
            subject, told = _user(caller), {"token_id": str(caller.token_id)}
            event_store.record(tx, caller, EventKind.TOKEN_RELEASED, subject, data=told)
        self._callers.forget(token)

    async def actor(
        self, organization_id: int, user_id: UUID | None, unit_id: UUID | None
    ) -> Actor:
        """Return the user and unit behind something that was done, at most a second old."""
        key = (organization_id, user_id, unit_id)
        if (actor := self._actors.get(key)) is not None:
            return actor

        async def look_up() -> Actor:
            async with self._database.read() as tx:
                return await store.actor(tx, *key)

        return await self._actors.find(key, look_up, alone=self._database.is_shared)

    async def settle(self) -> None:
        """Wait until every failed login is in the log."""
        await self._failed.settle()

    # --- inside --------------------------------------------------------------------------------

    async def _organization_to_log_in(self, username: str, name: str | None) -> int | None:
        if name is not None:
            return (await self.organization_named(name)).id
        async with self._database.read() as tx:
            holders = await store.organizations_of_username(tx, username)
        if len(holders) == 1:
            return holders[0]
        if not holders or self._default_organization is None:
            return None
        return (await self.organization_named(self._default_organization)).id

    async def _authenticate(self, token: str) -> Caller:
        claims = tokens.read(token, await self.signing_key())
        async with self._database.read() as tx:
            caller = await self._caller(
                tx,
                claims.organization_id,
                claims.user_id,
                claims.unit_id.hex if claims.unit_id else None,
                token_id=claims.token_id,
                key_id=claims.key_id,
            )
            if claims.proof is not None and claims.proof != caller.proof:
                raise BadToken()
            if claims.consumer is not None:
                caller = await still_acting_for(tx, caller, claims.consumer)
        return replace(caller, issued_at=claims.issued_at, expires_at=claims.expires_at)

    async def _caller(
        self,
        tx: Transaction,
        organization_id: int,
        user_id: UUID,
        unit: str | None,
        *,
        token_id: UUID | None = None,
        key_id: UUID | None = None,
    ) -> Caller:
        row = await store.caller_row(tx, organization_id, user_id, token_id=token_id, key_id=key_id)
        if row is None:
            raise BadToken() if token_id else BadCredentials()
        unit_id = row.unit_id
        if unit:
            found = await store.unit_by_reference(tx, organization_id, parsed_id(unit) or unit)
            if found is None:
                raise UnknownUnit(unit)
            unit_id = found.id
        return Caller(
            organization_id=organization_id,
            organization_name=row.organization_name,
            user_id=row.id,
            unit_id=unit_id,
            username=row.username,
            email=row.email,
            rights=RIGHTS[Role(row.role)],
            wire_names=await store.wire_names(tx, organization_id),
            token_id=token_id,
            key_id=key_id,
            first_name=row.first_name,
            last_name=row.last_name,
            role=row.role,
            proof=passwords.proof_of(await self.signing_key(), row.password_hash),
        )


def _user(caller: Caller) -> event_store.Subject:
    return "user", caller.user_id or UNKNOWN_USER


def seconds_left(caller: Caller) -> float | None:
    """Return for how many seconds the caller's token is good; None: as long as one likes."""
    if caller.expires_at is None:
        return None
    return (caller.expires_at - clock.now()).total_seconds()
