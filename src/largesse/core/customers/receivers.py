"""Finding the receiver that a request names: by an identifier, an account or a customer token."""

from collections.abc import Mapping
from typing import Any

from largesse.core import clock
from largesse.core.access import passwords
from largesse.core.access.model import Caller, Consumer, Right
from largesse.core.access.service import Access
from largesse.core.customers import store
from largesse.core.customers.look_store import TOKEN_SHELF
from largesse.core.customers.model import (
    Account,
    ByAccount,
    ByCustomer,
    ByToken,
    CustomerToken,
    FoundReceiver,
    Identifier,
    Receiver,
    TokenState,
    customer_tokens,
)
from largesse.core.errors import (
    CustomerTokenNotEffective,
    InvalidValue,
    MissingValue,
    PassCodeRequired,
    PassCodeWrong,
    Refused,
    UnknownAccount,
    UnknownCustomer,
    UnknownCustomerToken,
)
from largesse.core.records import Records, is_blank
from largesse.core.text import folded
from largesse.storage.database import Database, Transaction


class CustomerTokens(Records[CustomerToken]):
    """Customer tokens; `pass_code`, `authentication_code`, `one_time_password` go in as secrets."""

    table = customer_tokens
    value = CustomerToken
    shelf = TOKEN_SHELF
    unknown = UnknownCustomerToken
    write_right = Right.MANAGE_CUSTOMERS
    required = ("customer_id",)
    changeable = frozenset(
        {
            "customer_id",
            "identifier",
            "pass_code",
            "authentication_code",
            "one_time_password",
            "state",
            "effective_from",
            "effective_to",
        }
    )

    def __init__(self, database: Database, access: Access) -> None:
        super().__init__(database)
        self._access = access

    async def _insert(self, tx: Transaction, caller: Caller, new: dict[str, Any]) -> CustomerToken:
        new = {"state": TokenState.EFFECTIVE} | await self._hashed(new)
        return await super()._insert(tx, caller, new)

    async def _update(
        self, tx: Transaction, caller: Caller, record_id: Any, values: dict[str, Any]
    ) -> CustomerToken:
        return await super()._update(tx, caller, record_id, await self._hashed(values))

    async def create(self, caller: Caller, new: Mapping[str, Any]) -> CustomerToken:
        """Make a customer token. Raises as `Records.create`; needs one way to identify."""
        await self._access.signing_key()  # may write: never inside the transaction of `create`
        if all(
            is_blank(new.get(name))
            for name in ("identifier", "authentication_code", "one_time_password")
        ):
            raise MissingValue("identifier")
        return await super().create(caller, new)

    async def _hashed(self, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("state", TokenState.EFFECTIVE) not in list(TokenState):
            raise InvalidValue("state", f"must be one of {', '.join(TokenState)}")
        if "identifier" in values:
            values["identifier_key"] = (
                folded(values["identifier"]) if values["identifier"] else None
            )
        if "pass_code" in values:
            code = values.pop("pass_code")
            values["pass_code_hash"] = await passwords.hashed(code) if code else None
        for name in ("authentication_code", "one_time_password"):
            if name in values:
                secret = values.pop(name)
                key = await self._access.signing_key()
                values[f"{name}_hash"] = _secret_digest(key, name, secret) if secret else None
        return values


class Receivers:
    """Finds the customer that a request names as the receiver of something."""

    def __init__(self, database: Database, access: Access) -> None:
        self._database = database
        self._access = access

    async def find(self, caller: Caller, receiver: Receiver) -> FoundReceiver:
        """Return the customer and account that a receiver means.

        Raises:
            UnknownCustomer, UnknownAccount: nothing has that identifier, or it is not there for a
                caller who acts for another customer.
            AmbiguousValue: several accounts have the name given.
            and what `prepared` raises.
        """
        if isinstance(receiver, ByToken):
            outcome: FoundReceiver | Refused = await self._by_token(caller, receiver)
        else:
            async with self._database.read() as tx:
                wanted = caller.organization_id, receiver
                (outcome,) = await store.find_receivers(tx, [wanted])
        if isinstance(outcome, Refused):
            raise outcome
        if not caller.may_see(outcome.customer_id):
            raise _unknown(receiver)
        return outcome

    async def prepared(
        self, caller: Caller, receiver: Receiver
    ) -> ByCustomer | ByAccount | FoundReceiver:
        """Check what must be checked before a transaction: a customer token and its pass code.

        Raises:
            UnknownCustomerToken, CustomerTokenNotEffective, PassCodeRequired, PassCodeWrong
            UnknownAccount: the token's customer has no account of the kind.
        """
        if isinstance(receiver, ByToken) or caller.consumer is not None:
            return await self.find(caller, receiver)
        return receiver

    async def identified(self, caller: Caller, receiver: ByToken) -> Consumer:
        """Return the customer that a customer token identifies.

        Raises:
            As `prepared`, but the customer needs no account.
        """
        token, account = await self._effective(caller, receiver)
        return Consumer(token.customer_id, None if account is None else account.id, token.id)

    async def _by_token(self, caller: Caller, receiver: ByToken) -> FoundReceiver:
        token, account = await self._effective(caller, receiver)
        if account is None:
            raise UnknownAccount(str(receiver.kind), "kind")
        one_time = None if receiver.one_time_password is None else token.id
        return FoundReceiver(token.customer_id, account.id, one_time)

    async def _effective(self, caller: Caller, receiver: ByToken) -> tuple[Any, Account | None]:
        """Return a token that identifies its customer, and that customer's first account."""
        organization_id, account = caller.organization_id, None
        column, value = await self._token_key(receiver)
        async with self._database.read() as tx:
            token = await store.token_by(tx, organization_id, column, value)
            if token is not None:
                of_customer = [token.customer_id]
                held = await store.accounts_of(
                    tx, organization_id, receiver.kind, customer_ids=of_customer, limit=1
                )
                account = next(iter(held), None)
        # The pass code comes first: who does not know it learns nothing about the token. The
        # hash is computed outside the transaction, where it keeps no connection waiting.
        if receiver.identifier is not None and not await passwords.fits(
            token.pass_code_hash if token else None, receiver.pass_code or ""
        ):
            raise PassCodeWrong()
        if token is None:
            raise UnknownCustomerToken()
        if not _is_effective(token):
            raise CustomerTokenNotEffective()
        return token, account

    async def _token_key(self, receiver: ByToken) -> tuple[str, str]:
        if receiver.identifier is not None:
            if not receiver.pass_code:
                raise PassCodeRequired()
            return "identifier_key", folded(receiver.identifier)
        key = await self._access.signing_key()
        for name in ("authentication_code", "one_time_password"):
            secret = getattr(receiver, name)
            if secret is not None:
                return f"{name}_hash", _secret_digest(key, name, secret)
        raise MissingValue("identifier")


def _secret_digest(key: bytes, name: str, secret: str) -> str:
    """Return what a secret is looked up by."""
    if name == "one_time_password" and secret.isdecimal():
        # SEED 002 prints the type Integer, which has no leading zeros: 0042 arrives as 42.
        secret = secret.lstrip("0") or "0"
    return passwords.keyed_digest(key, f"{name}:{secret}")


def _unknown(receiver: Receiver) -> Refused:
    """Return the refusal of one that is not there."""
    if isinstance(receiver, ByCustomer):
        return UnknownCustomer(receiver.value, receiver.identifier or Identifier.CUSTOMER_ID)
    if isinstance(receiver, ByAccount):
        return UnknownAccount(receiver.value, receiver.field)
    return UnknownCustomerToken()


def _is_effective(token: Any) -> bool:
    now = clock.now()
    return (
        token.state == TokenState.EFFECTIVE
        and (token.effective_from is None or token.effective_from <= now)
        and (token.effective_to is None or now < token.effective_to)
    )
