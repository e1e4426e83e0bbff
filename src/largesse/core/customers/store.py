"""Every query of customers."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, select, update

from largesse.core.customers.model import (
    Account,
    AccountKind,
    Customer,
    Identifier,
    accounts,
    customer_identifiers,
    customer_tokens,
    customers,
)
from largesse.core.ids import parsed_id
from largesse.core.records import value_of
from largesse.core.text import folded
from largesse.storage.database import Transaction


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
    rows = await tx.rows(
        select(customer_identifiers.c.value_key, customer_identifiers.c.customer_id).where(
            customer_identifiers.c.organization_id == organization_id,
            customer_identifiers.c.kind == identifier,
            customer_identifiers.c.value_key.in_([folded(value) for value in values]),
        )
    )
    return {row.value_key: row.customer_id for row in rows}


async def customer(tx: Transaction, organization_id: int, customer_id: UUID) -> Customer | None:
    """Return a customer with all identifiers."""
    found = await customers_with_identifiers(tx, organization_id, customers.c.id == customer_id)
    return found[0] if found else None


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
    return [_customer(row, names[row.id]) for row in rows]


def _customer(row: Row[Any], identifiers: Mapping[str, str]) -> Customer:
    columns = {name: value for name, value in row._mapping.items() if name in _CUSTOMER_COLUMNS}
    return Customer(**columns, identifiers=identifiers)


_CUSTOMER_COLUMNS = frozenset(customers.c.keys()) - {"organization_id", "email_key"}


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


async def accounts_named(
    tx: Transaction, organization_id: int, kind: AccountKind, field: str, value: str
) -> list[Account]:
    """Return the accounts that a field names: at most two, enough to see that it is ambiguous."""
    wanted: Any = parsed_id(value) if field == "id" else value
    if wanted is None:
        return []
    rows = await tx.rows(
        select(accounts)
        .where(
            accounts.c.organization_id == organization_id,
            accounts.c.kind == kind,
            accounts.c[field] == wanted,
        )
        .limit(2)
    )
    return [value_of(Account, row) for row in rows]


async def account_of_customer(
    tx: Transaction, organization_id: int, customer_id: UUID, kind: AccountKind
) -> Account | None:
    """Return a customer's first account of a kind."""
    row = await tx.row(
        select(accounts)
        .where(
            accounts.c.organization_id == organization_id,
            accounts.c.customer_id == customer_id,
            accounts.c.kind == kind,
        )
        .order_by(accounts.c.id)
        .limit(1)
    )
    return None if row is None else value_of(Account, row)


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
