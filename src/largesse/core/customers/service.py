"""The use cases of customers: their records, and finding the receiver that a request names."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from largesse.core import clock
from largesse.core.access import passwords
from largesse.core.access.model import Caller, Right
from largesse.core.access.service import Access
from largesse.core.customers import store
from largesse.core.customers.model import (
    KIND_OF_IDENTIFIER,
    Account,
    AccountKind,
    ByAccount,
    ByCustomer,
    ByToken,
    Customer,
    CustomerKind,
    CustomerToken,
    FoundReceiver,
    Identifier,
    Receiver,
    TokenState,
    accounts,
    customer_identifiers,
    customer_tokens,
    customers,
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
from largesse.core.limits import check_fits
from largesse.core.records import Page, Records, check_after, check_limit, is_blank, page_of
from largesse.core.text import checked_email, folded
from largesse.storage.database import Database, Transaction


class Customers(Records[Customer]):
    """Customers, with the identifiers they are known by."""

    table = customers
    value = Customer
    unknown = UnknownCustomer
    write_right = Right.MANAGE_CUSTOMERS
    masked = frozenset(
        {Identifier.ID_NUMBER, Identifier.PASSPORT_NUMBER, Identifier.SOCIAL_SECURITY_NUMBER}
    )
    changeable = frozenset(
        {
            "kind",
            "title",
            "first_name",
            "middle_name",
            "last_name",
            "company_name",
            "email",
            "phone",
            "birthday",
            "locale",
            "attributes",
            "identifiers",
        }
    )

    async def named(self, caller: Caller, identifier: Identifier | None, value: str) -> Customer:
        """Return the customer that an identifier names. Raises UnknownCustomer, NotPermitted."""
        caller.require(Right.READ)
        async with self.database.read() as tx:
            found = await find_customer(tx, caller.organization_id, identifier, value)
            return await self._one(tx, caller.organization_id, found)

    async def page(
        self, caller: Caller, *, after: Any = None, limit: int = 100, **filters: Any
    ) -> Page[Customer]:
        """Return the customers after an id; filters: `email`, and every identifier by its name."""
        caller.require(self.read_right)
        check_limit(limit)
        where = []
        if after is not None:
            check_after(customers, after)
            where.append(customers.c.id > after)
        email = filters.pop("email", None)
        if email is not None:
            where.append(customers.c.email_key == folded(email))
        async with self.database.read() as tx:
            for name, value in filters.items():
                if value is not None:
                    found = await store.customer_id_of(
                        tx, caller.organization_id, Identifier(name), value
                    )
                    where.append(customers.c.id == found)
            items = await store.customers_with_identifiers(
                tx, caller.organization_id, *where, limit=limit + 1
            )
        return page_of(items, limit)

    async def _insert(self, tx: Transaction, caller: Caller, new: dict[str, Any]) -> Customer:
        identifiers = new.pop("identifiers", None) or {}
        values = {"kind": CustomerKind.PERSON, "attributes": {}} | self._checked(new)
        self._check_identifiers(identifiers, values["kind"])
        customer = await super()._insert(tx, caller, values)
        # A customer is always known by its own id, in the form every dialect prints.
        own = {Identifier.CUSTOMER_ID.value: customer.id.hex.upper()}
        await store.replace_identifiers(
            tx, caller.organization_id, customer.id, own | dict(identifiers)
        )
        return await self._one(tx, caller.organization_id, customer.id)

    async def _update(
        self, tx: Transaction, caller: Caller, record_id: Any, values: dict[str, Any]
    ) -> Customer:
        identifiers = values.pop("identifiers", None)
        if identifiers and identifiers.get(Identifier.CUSTOMER_ID, "") is None:
            raise InvalidValue("identifiers.customer_id", "can be changed but not taken away")
        customer = await super()._update(tx, caller, record_id, self._checked(values))
        if identifiers:
            self._check_identifiers(identifiers, customer.kind)
            await store.replace_identifiers(
                tx, caller.organization_id, customer.id, dict(identifiers)
            )
        changed = await self._one(tx, caller.organization_id, record_id)
        if "kind" in values:
            self._check_identifiers(changed.identifiers, changed.kind)
        return changed

    async def _locked(self, tx: Transaction, organization_id: int, record_id: Any) -> Customer:
        await super()._locked(tx, organization_id, record_id)
        return await self._one(tx, organization_id, record_id)

    def _told(self, value: Customer) -> dict[str, Any]:
        fields = super()._told(value)
        fields |= {name: v for name, v in fields.pop("identifiers").items() if name not in fields}
        return fields

    async def _one(self, tx: Transaction, organization_id: int, record_id: Any) -> Customer:
        self._check_id(record_id)
        found = await store.customer(tx, organization_id, record_id)
        if found is None:
            raise UnknownCustomer(str(record_id))
        return found

    def _checked(self, values: dict[str, Any]) -> dict[str, Any]:
        if "kind" in values and values["kind"] not in list(CustomerKind):
            raise InvalidValue("kind", "must be person or company")
        if values.get("email"):
            values["email"] = checked_email(values["email"])
        if "email" in values:
            values["email_key"] = folded(values["email"]) if values["email"] else None
        return values

    def _check_identifiers(self, identifiers: Mapping[str, Any], kind: str) -> None:
        for name, value in identifiers.items():
            if name not in list(Identifier):
                raise InvalidValue(f"identifiers.{name}", "is no identifier of a customer")
            only = KIND_OF_IDENTIFIER.get(Identifier(name))
            if value and only is not None and only != kind:
                raise InvalidValue(f"identifiers.{name}", f"is for a customer that is a {only}")
            if value is not None and is_blank(value):
                raise InvalidValue(f"identifiers.{name}", "must not be blank")
            if value:
                kept = {"value": value, "value_key": folded(str(value))}
                check_fits(customer_identifiers, kept, field=f"identifiers.{name}")


class Accounts(Records[Account]):
    """A customer's accounts receivable, subscriptions and rewards participations."""

    table = accounts
    value = Account
    unknown = UnknownAccount
    write_right = Right.MANAGE_CUSTOMERS
    required = ("customer_id", "kind", "number")
    changeable = frozenset({"customer_id", "kind", "number", "name"})

    async def _insert(self, tx: Transaction, caller: Caller, new: dict[str, Any]) -> Account:
        return await super()._insert(tx, caller, _with_kind(new))

    async def _update(
        self, tx: Transaction, caller: Caller, record_id: Any, values: dict[str, Any]
    ) -> Account:
        return await super()._update(tx, caller, record_id, _with_kind(values))


def _with_kind(values: dict[str, Any]) -> dict[str, Any]:
    if "kind" in values and values["kind"] not in list(AccountKind):
        raise InvalidValue("kind", f"must be one of {', '.join(AccountKind)}")
    return values


class CustomerTokens(Records[CustomerToken]):
    """Customer tokens; `pass_code`, `authentication_code`, `one_time_password` go in as secrets."""

    table = customer_tokens
    value = CustomerToken
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
            UnknownCustomer, UnknownAccount: nothing has that identifier.
            AmbiguousValue: several accounts have the name given.
            and what `prepared` raises.
        """
        named = await self.prepared(caller, receiver)
        if isinstance(named, FoundReceiver):
            return named
        async with self._database.read() as tx:
            found = await store.find_receivers(tx, [(caller.organization_id, named)])
        (outcome,) = found.values()
        if isinstance(outcome, Refused):
            raise outcome
        return outcome

    async def prepared(
        self, caller: Caller, receiver: Receiver
    ) -> ByCustomer | ByAccount | FoundReceiver:
        """Check what must be checked before a transaction: a customer token and its pass code.

        Raises:
            UnknownCustomerToken, CustomerTokenNotEffective, PassCodeRequired, PassCodeWrong
            UnknownAccount: the token's customer has no account of the kind.
        """
        if isinstance(receiver, ByToken):
            return await self._by_token(caller.organization_id, receiver)
        return receiver

    async def _by_token(self, organization_id: int, receiver: ByToken) -> FoundReceiver:
        column, value = await self._token_key(receiver)
        async with self._database.read() as tx:
            token = await store.token_by(tx, organization_id, column, value)
            account = token and await store.account_of_customer(
                tx, organization_id, token.customer_id, receiver.kind
            )
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
        if account is None:
            raise UnknownAccount(str(receiver.kind), "kind")
        one_time = token.id if column == "one_time_password_hash" else None
        return FoundReceiver(token.customer_id, account.id, one_time)

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


def _is_effective(token: Any) -> bool:
    now = clock.now()
    return (
        token.state == TokenState.EFFECTIVE
        and (token.effective_from is None or token.effective_from <= now)
        and (token.effective_to is None or now < token.effective_to)
    )


async def find_customer(
    tx: Transaction, organization_id: int, identifier: Identifier | None, value: str
) -> UUID:
    """Return the id of the customer that a value names; `identifier` None is any id of its own.

    Raises:
        UnknownCustomer: nobody has that identifier.
    """
    wanted = (organization_id, ByCustomer(identifier, value))
    outcome = (await store.find_receivers(tx, [wanted]))[wanted]
    if isinstance(outcome, Refused):
        raise outcome
    return outcome.customer_id
