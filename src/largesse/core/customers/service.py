"""The use cases of customers: their records, and finding the receiver that a request names."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from largesse.core.access.model import Caller, Right
from largesse.core.customers import store
from largesse.core.customers.filter_store import check_filters, conditions
from largesse.core.customers.look_store import ACCOUNT_SHELF, CUSTOMER_SHELF
from largesse.core.customers.model import (
    KIND_OF_IDENTIFIER,
    PHONES,
    Account,
    AccountKind,
    ByCustomer,
    Customer,
    CustomerKind,
    Identifier,
    accounts,
    customer_identifiers,
    customers,
    full_name,
    last_name_key,
    name_key,
    phone_key,
)
from largesse.core.errors import (
    InvalidValue,
    Refused,
    UnknownAccount,
    UnknownCustomer,
)
from largesse.core.ids import new_id
from largesse.core.limits import check_fits
from largesse.core.records import Page, Records, check_after, check_limit, is_blank, page_of
from largesse.core.search.service import Referenced
from largesse.core.text import checked_email, folded
from largesse.storage.database import Transaction
from largesse.storage.sequences import next_numbers

NAMES = frozenset({"first_name", "middle_name", "last_name", "company_name"})
"""The fields that a customer's name is made of."""

COUNTRY_CODE = re.compile("[A-Za-z]{2}")


class Customers(Referenced[Customer]):
    """Customers, with the identifiers they are known by."""

    table = customers
    value = Customer
    listing = store.LISTING
    shelf = CUSTOMER_SHELF
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
            *("phone", "mobile_phone", "business_phone"),
            *("street", "postal_code", "city", "country", "country_code"),
            "birthday",
            "locale",
            "category",
            "active",
            "attributes",
            "identifiers",
        }
    )

    async def named(self, caller: Caller, identifier: Identifier | None, value: str) -> Customer:
        """Return the customer that an identifier names. Raises UnknownCustomer, NotPermitted."""
        caller.require_own(Right.READ)
        async with self.database.read() as tx:
            found = await find_customer(tx, caller.organization_id, identifier, value)
            if not caller.may_see(found):
                raise UnknownCustomer(value, identifier or Identifier.CUSTOMER_ID)
            return await self._one(tx, caller.organization_id, found)

    async def own(self, caller: Caller) -> Customer:
        """Return the customer who calls. Raises UnknownCustomer: a user, or nobody, calls."""
        if caller.customer_id is None:
            raise UnknownCustomer("-")
        async with self.database.read() as tx:
            return await self._one(tx, caller.organization_id, caller.customer_id)

    async def page(
        self, caller: Caller, *, after: Any = None, limit: int = 100, **filters: Any
    ) -> Page[Customer]:
        """Return the customers after an id that fit filters, in whatever case they are typed.

        Filters are every identifier by its name, `email`, `last_name`, and `text`: one that is
        the last name, the address or the number. Those of `filter_store.NARROWING` go with one of them.
        """
        caller.require(self.read_right)
        check_limit(limit)
        wanted = {name: value for name, value in filters.items() if value is not None}
        check_filters(wanted)
        where = []
        if after is not None:
            check_after(customers, after)
            where.append(customers.c.id > after)
        async with self.database.read() as tx:
            items = await store.customers_with_identifiers(
                tx,
                caller.organization_id,
                *where,
                *conditions(caller.organization_id, wanted),
                limit=limit + 1,
            )
        return page_of(items, limit)

    async def _insert(self, tx: Transaction, caller: Caller, new: dict[str, Any]) -> Customer:
        identifiers = new.pop("identifiers", None) or {}
        values: dict[str, Any] = {"kind": CustomerKind.PERSON, "active": True, "attributes": {}}
        values |= self._checked(new)
        self._check_identifiers(identifiers, values["kind"])
        (number,) = await next_numbers(tx, caller.organization_id, customers.name)
        # A customer is always known by its own id, in the form every dialect prints.
        customer_id = new_id()
        identifiers = {Identifier.CUSTOMER_ID.value: customer_id.hex.upper(), **identifiers}
        values |= {
            "id": customer_id,
            "number": number,
            "reference": identifiers[Identifier.CUSTOMER_ID],
            "name": full_name(values),
            "last_name_key": last_name_key(values),
            "name_key": name_key(full_name(values)),
        }
        customer = await super()._insert(tx, caller, values)
        await store.replace_identifiers(tx, caller.organization_id, customer.id, identifiers)
        return await self._one(tx, caller.organization_id, customer.id)

    async def _update(
        self, tx: Transaction, caller: Caller, record_id: Any, values: dict[str, Any]
    ) -> Customer:
        identifiers = values.pop("identifiers", None)
        if identifiers and identifiers.get(Identifier.CUSTOMER_ID, "") is None:
            raise InvalidValue("identifiers.customer_id", "can be changed but not taken away")
        values = self._checked(values)
        if not NAMES.isdisjoint(values):
            there = await self._one(tx, caller.organization_id, record_id)
            named = {name: getattr(there, name) for name in NAMES} | values
            name = full_name(named)
            values |= {"name": name, "name_key": name_key(name)}
            values["last_name_key"] = last_name_key(named)
        if identifiers and Identifier.CUSTOMER_ID in identifiers:
            values["reference"] = identifiers[Identifier.CUSTOMER_ID]
        customer = await super()._update(tx, caller, record_id, values)
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

    async def _many(
        self, tx: Transaction, organization_id: int, ids: Sequence[Any]
    ) -> Mapping[Any, Customer]:
        found = await store.customers_with_identifiers(
            tx, organization_id, tx.engine.any_of(customers.c.id, ids)
        )
        return {one.id: one for one in found}

    async def _named(self, tx: Transaction, organization_id: int, wanted: int | str) -> Customer:
        found = await store.customer_named(tx, organization_id, wanted)
        if found is None:
            raise UnknownCustomer(str(wanted))
        return found

    def _with_reference(self, reference: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        return dict(values) | {"identifiers": {Identifier.CUSTOMER_ID.value: reference}}

    def _checked(self, values: dict[str, Any]) -> dict[str, Any]:
        if "kind" in values and values["kind"] not in list(CustomerKind):
            raise InvalidValue("kind", "must be person or company")
        if values.get("email"):
            values["email"] = checked_email(values["email"])
        if "email" in values:
            values["email_key"] = folded(values["email"]) if values["email"] else None
        values |= {f"{name}_key": phone_key(values[name]) for name in PHONES if name in values}
        if values.get("country_code"):
            if not COUNTRY_CODE.fullmatch(values["country_code"]):
                raise InvalidValue("country_code", "must have two letters")
            values["country_code"] = values["country_code"].upper()
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
    shelf = ACCOUNT_SHELF
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


async def find_customer(
    tx: Transaction, organization_id: int, identifier: Identifier | None, value: str
) -> UUID:
    """Return the id of the customer that a value names; `identifier` None is any id of its own.

    Raises:
        UnknownCustomer: nobody has that identifier.
    """
    wanted = organization_id, ByCustomer(identifier, value)
    (outcome,) = await store.find_receivers(tx, [wanted])
    if isinstance(outcome, Refused):
        raise outcome
    return outcome.customer_id
