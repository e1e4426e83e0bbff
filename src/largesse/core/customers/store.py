"""Every query of customers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    String,
    and_,
    bindparam,
    cast,
    delete,
    func,
    select,
    update,
)

from largesse.core.customers.model import (
    Account,
    AccountKind,
    ByAccount,
    ByCustomer,
    Customer,
    FoundReceiver,
    Identifier,
    TokenState,
    accounts,
    customer_identifiers,
    customer_tokens,
    customers,
)
from largesse.core.errors import AmbiguousValue, Refused, UnknownAccount, UnknownCustomer
from largesse.core.ids import parsed_id
from largesse.core.limits import unfit
from largesse.core.records import value_of
from largesse.core.search.store import Field, Listing
from largesse.core.text import folded
from largesse.storage.bulk import Parameter
from largesse.storage.database import Transaction
from largesse.storage.records import find

MOST_OF_ADDRESS = 100
"""Customers that are found by one address at most: some shops give many the same."""


async def customer_id_of(
    tx: Transaction, organization_id: int, identifier: Identifier, value: str
) -> UUID | None:
    """Find the customer that an identifier names."""
    found = await tx.value(
        select(customer_identifiers.c.customer_id).where(
            customer_identifiers.c.organization_id == organization_id,
            customer_identifiers.c.kind == identifier,
            customer_identifiers.c.value_key == folded(value),
        )
    )
    return found if isinstance(found, UUID) or found is None else UUID(str(found))


async def customer_ids_of(
    tx: Transaction, organization_id: int, identifier: Identifier, values: Sequence[str]
) -> dict[str, UUID]:
    """Find the customers that many identifiers name, by their folded value."""
    statement = tx.prepared(
        "customers by identifier",
        lambda: select(customer_identifiers.c.value_key, customer_identifiers.c.customer_id).where(
            customer_identifiers.c.organization_id == bindparam("organization"),
            customer_identifiers.c.kind == bindparam("of_kind"),
            tx.engine.any_of(customer_identifiers.c.value_key, Parameter("keys")),
        ),
    )
    keys = [folded(value) for value in values]
    rows = await tx.rows(
        statement, {"organization": organization_id, "of_kind": identifier, "keys": keys}
    )
    return {row.value_key: row.customer_id for row in rows}


async def customer(tx: Transaction, organization_id: int, customer_id: UUID) -> Customer | None:
    """Return a customer with all identifiers."""
    found = await customers_with_identifiers(tx, organization_id, customers.c.id == customer_id)
    return found[0] if found else None


async def customer_digits_of(
    tx: Transaction, organization_id: int, identifier: Identifier, values: Sequence[str]
) -> dict[str, str]:
    """Find the customers that very many identifiers name, as the 32 digits of their ids."""
    digits = func.replace(cast(customer_identifiers.c.customer_id, String), "-", "")
    statement = tx.prepared(
        "digits of customers by identifier",
        lambda: select(customer_identifiers.c.value_key, digits.label("digits")).where(
            customer_identifiers.c.organization_id == bindparam("organization"),
            customer_identifiers.c.kind == bindparam("of_kind"),
            tx.engine.any_of(customer_identifiers.c.value_key, Parameter("keys")),
        ),
    )
    keys = [folded(value) for value in values]
    rows = await tx.rows(
        statement, {"organization": organization_id, "of_kind": identifier, "keys": keys}
    )
    return dict(rows)


async def ids_among(tx: Transaction, organization_id: int, ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these ids customers have."""
    mine = select(customers.c.id).where(customers.c.organization_id == organization_id)
    rows = await tx.rows(mine.where(tx.engine.any_of(customers.c.id, ids)))
    return {row.id for row in rows}


async def ids_named(tx: Transaction, organization_id: int, text: str) -> list[UUID]:
    """Return the customers whom a text names by whatever identifier, or by their address."""
    own = customer_identifiers.c
    by_identifier = select(own.customer_id).where(
        own.organization_id == organization_id,
        tx.engine.any_of(own.kind, [kind.value for kind in Identifier]),
        own.value_key == folded(text),
    )
    by_address = select(customers.c.id).where(
        customers.c.organization_id == organization_id, customers.c.email_key == folded(text)
    )
    rows = [*await tx.rows(by_identifier), *await tx.rows(by_address.limit(MOST_OF_ADDRESS))]
    return list(dict.fromkeys(row[0] for row in rows))


async def customers_by_ids(
    tx: Transaction, organization_id: int, ids: Sequence[UUID]
) -> dict[UUID, Customer]:
    """Return customers without their identifiers."""
    if not ids:
        return {}
    rows = await tx.rows(
        select(customers).where(
            customers.c.organization_id == organization_id, tx.engine.any_of(customers.c.id, ids)
        )
    )
    return {row.id: value_of(Customer, row) for row in rows}


LISTING = Listing(
    customers,
    {
        "id": Field(customers.c.number),
        "email": Field(customers.c.email_key),
    }
    | {
        name: Field(customers.c[name])
        for name in ("reference", "name", "category", "active", "created_at", "updated_at")
    },
)


async def customers_with_identifiers(
    tx: Transaction,
    organization_id: int,
    *where: ColumnElement[bool],
    limit: int | None = None,
) -> list[Customer]:
    """Return customers with all identifiers, in the order of their ids."""
    rows = await tx.rows(
        select(customers)
        .where(customers.c.organization_id == organization_id, *where)
        .order_by(customers.c.id)
        .limit(limit)
    )
    names: dict[UUID, dict[str, str]] = {row.id: {} for row in rows}
    for row in await tx.rows(
        select(customer_identifiers).where(
            customer_identifiers.c.organization_id == organization_id,
            customer_identifiers.c.customer_id.in_(list(names)),
        )
    ):
        names[row.customer_id][row.kind] = row.value
    return [replace(value_of(Customer, row), identifiers=names[row.id]) for row in rows]


async def customer_named(
    tx: Transaction, organization_id: int, wanted: int | str
) -> Customer | None:
    """Return the customer with a number or, given a text, with an own id at the shop."""
    column = customers.c.reference if isinstance(wanted, str) else customers.c.number
    if unfit(column.type, wanted):
        return None
    named = await customers_with_identifiers(tx, organization_id, column == wanted)
    return named[0] if named else None


async def replace_identifiers(
    tx: Transaction, organization_id: int, customer_id: UUID, identifiers: Mapping[str, str | None]
) -> None:
    """Set the identifiers given; one that is None is taken away.

    Raises:
        DuplicateKey: an identifier belongs to another customer.
    """
    await tx.execute(
        delete(customer_identifiers).where(
            customer_identifiers.c.organization_id == organization_id,
            customer_identifiers.c.customer_id == customer_id,
            customer_identifiers.c.kind.in_(list(identifiers)),
        )
    )
    rows = [
        {
            "organization_id": organization_id,
            "kind": kind,
            "value_key": folded(value),
            "value": value,
            "customer_id": customer_id,
        }
        for kind, value in identifiers.items()
        if value
    ]
    if rows:
        await tx.execute(customer_identifiers.insert(), rows)


async def find_receivers(
    tx: Transaction, wanted: Sequence[tuple[int, ByCustomer | ByAccount]]
) -> list[FoundReceiver | Refused]:
    """Find many receivers, by one statement for each way of naming them; return them in order.

    A receiver that is unknown or ambiguous comes back as the refusal.
    """
    ways: dict[tuple[int, AccountKind | Identifier | None, str | None], list[int]] = {}
    for place, (organization_id, receiver) in enumerate(wanted):
        if isinstance(receiver, ByAccount):
            by_field = organization_id, receiver.kind, receiver.field
            ways.setdefault(by_field, []).append(place)
        else:
            ways.setdefault((organization_id, receiver.identifier, None), []).append(place)
    found: list[Any] = [None] * len(wanted)
    for (organization_id, way, field), places in ways.items():
        values = sorted({wanted[place][1].value for place in places})
        if isinstance(way, AccountKind):
            matches = await _by_account(tx, organization_id, way, str(field), values)
        else:
            matches = await _by_customer(tx, organization_id, way, values)
        for place in places:
            found[place] = matches[wanted[place][1].value]
    return found


async def _by_account(
    tx: Transaction, organization_id: int, kind: AccountKind, field: str, values: Sequence[str]
) -> dict[str, FoundReceiver | Refused]:
    keys = {value: parsed_id(value) if field == "id" else value for value in values}
    statement = tx.prepared(
        ("accounts by", field),
        lambda: select(accounts.c[field].label("key"), accounts.c.id, accounts.c.customer_id).where(
            accounts.c.organization_id == bindparam("organization"),
            accounts.c.kind == bindparam("of_kind"),
            tx.engine.any_of(accounts.c[field], Parameter("values")),
        ),
    )
    asked = [key for key in keys.values() if key is not None]
    rows = await tx.rows(
        statement, {"organization": organization_id, "of_kind": kind, "values": asked}
    )
    matches: dict[Any, list[FoundReceiver]] = {}
    for row in rows:
        matches.setdefault(row.key, []).append(FoundReceiver(row.customer_id, row.id))
    found: dict[str, FoundReceiver | Refused] = {}
    for value, key in keys.items():
        of_key = matches.get(key, [])
        if len(of_key) > 1:
            found[value] = AmbiguousValue(field, value)
        else:
            found[value] = of_key[0] if of_key else UnknownAccount(value, field)
    return found


async def _by_customer(
    tx: Transaction, organization_id: int, identifier: Identifier | None, values: Sequence[str]
) -> dict[str, FoundReceiver | Refused]:
    """Find customers by an identifier; None: by any id of their own, ours or the shop's."""
    found: dict[str, FoundReceiver | Refused] = {}
    ours = {value: parsed_id(value) for value in values} if identifier is None else {}
    if any(ours.values()):
        rows = await tx.rows(
            select(customers.c.id).where(
                customers.c.organization_id == organization_id,
                tx.engine.any_of(customers.c.id, [key for key in ours.values() if key]),
            )
        )
        known = {row.id for row in rows}
        found = {value: FoundReceiver(key) for value, key in ours.items() if key and key in known}
    kind = identifier or Identifier.CUSTOMER_ID
    rest = [value for value in values if value not in found]
    of_key = await customer_ids_of(tx, organization_id, kind, rest) if rest else {}
    for value in rest:
        customer_id = of_key.get(folded(value))
        found[value] = (
            UnknownCustomer(value, kind.value)
            if customer_id is None
            else FoundReceiver(customer_id)
        )
    return found


async def account(tx: Transaction, organization_id: int, account_id: UUID) -> Account | None:
    """Return an account."""
    row = await find(tx, accounts, organization_id, accounts.c.id == account_id)
    return None if row is None else value_of(Account, row)


async def accounts_of(
    tx: Transaction,
    organization_id: int,
    kind: AccountKind,
    *,
    customer_ids: Sequence[UUID] | None = None,
    email: str | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Account]:
    """Return the accounts of a kind that customers have, or all with an e-mail address, by id."""
    found = select(accounts).where(
        accounts.c.organization_id == organization_id, accounts.c.kind == kind
    )
    if customer_ids is not None:
        found = found.where(tx.engine.any_of(accounts.c.customer_id, customer_ids))
    if email is not None:
        owner = (
            customers.c.organization_id == accounts.c.organization_id,
            customers.c.id == accounts.c.customer_id,
        )
        found = found.join(customers, and_(*owner)).where(customers.c.email_key == folded(email))
    rows = await tx.rows(found.order_by(accounts.c.id).limit(limit).offset(offset))
    return [value_of(Account, row) for row in rows]


async def first_accounts(
    tx: Transaction, organization_id: int, kind: AccountKind, customer_ids: Sequence[UUID]
) -> dict[UUID, Account]:
    """Return the first account of a kind that each of the customers has, if it has one."""
    found: dict[UUID, Account] = {}
    for account in await accounts_of(tx, organization_id, kind, customer_ids=customer_ids):
        found.setdefault(account.customer_id, account)
    return found


async def token_is_effective(
    tx: Transaction, organization_id: int, token_id: UUID, *, customer_id: UUID, now: datetime
) -> bool:
    """Say whether a customer token identifies its customer now."""
    column = customer_tokens.c
    found = await tx.value(
        select(column.id).where(
            column.organization_id == organization_id,
            column.id == token_id,
            column.customer_id == customer_id,
            column.state == TokenState.EFFECTIVE,
            column.effective_from.is_(None) | (column.effective_from <= now),
            column.effective_to.is_(None) | (column.effective_to > now),
        )
    )
    return found is not None


async def token_by(
    tx: Transaction, organization_id: int, column: str, value: str
) -> Row[Any] | None:
    """Return the customer token with this identifier or secret's digest, hashes included."""
    return await tx.row(
        select(customer_tokens).where(
            customer_tokens.c.organization_id == organization_id,
            customer_tokens.c[column] == value,
        )
    )


async def use_up_one_time_password(tx: Transaction, organization_id: int, token_id: UUID) -> bool:
    """Take a one-time password away; False if another request used it up before."""
    column = customer_tokens.c.one_time_password_hash
    return bool(
        await tx.execute(
            update(customer_tokens)
            .where(
                customer_tokens.c.organization_id == organization_id,
                customer_tokens.c.id == token_id,
                column.is_not(None),
            )
            .values(one_time_password_hash=None)
        )
    )
