"""Statements that are the same for every table that an organization owns."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, func, insert, select, update

from largesse.storage.database import Transaction


async def add(tx: Transaction, table: Table, values: Mapping[str, Any]) -> Any:
    """Insert one row and return it whole, defaults included."""
    rows = await tx.rows(insert(table).values(**values).returning(table))
    return rows[0]


async def find(
    tx: Transaction, table: Table, organization_id: int, *where: ColumnElement[bool]
) -> Any | None:
    """Return the one row that the conditions name, or None."""
    return await tx.row(select(table).where(table.c.organization_id == organization_id, *where))


async def hold(
    tx: Transaction, table: Table, organization_id: int, *where: ColumnElement[bool]
) -> Any | None:
    """Return the one row that the conditions name, or None; nobody else changes it meanwhile."""
    statement = select(table).where(table.c.organization_id == organization_id, *where)
    return await tx.row(tx.engine.hold(statement))


async def hold_all(
    tx: Transaction, table: Table, organization_id: int, *where: ColumnElement[bool]
) -> Sequence[Any]:
    """Return the rows that the conditions name; nobody else changes one meanwhile."""
    statement = select(table).where(table.c.organization_id == organization_id, *where)
    # In one order, so that two of these never wait for each other in a circle.
    return await tx.rows(tx.engine.hold(statement.order_by(*table.primary_key)))


async def missing_reference(
    tx: Transaction, table: Table, organization_id: int, values: Mapping[str, Any]
) -> str | None:
    """Return the first of the columns given whose value refers to nothing that exists, or None."""
    for key in table.foreign_key_constraints:
        # A plain text: SQLAlchemy's names, of a type of their own, can not be encoded.
        name = str(key.column_keys[-1])
        if values.get(name) is None or len(key.column_keys) != 2:
            continue
        target = key.elements[-1].column
        if await find(tx, target.table, organization_id, target == values[name]) is None:
            return name
    return None


async def find_all(
    tx: Transaction,
    table: Table,
    organization_id: int,
    *where: ColumnElement[bool],
    order: Sequence[ColumnElement[Any]] = (),
    limit: int | None = None,
    offset: int = 0,
) -> Sequence[Any]:
    """Return the rows that the conditions name, in that order."""
    statement = select(table).where(table.c.organization_id == organization_id, *where)
    return await tx.rows(statement.order_by(*order).limit(limit).offset(offset))


async def count(
    tx: Transaction, table: Table, organization_id: int, *where: ColumnElement[bool]
) -> int:
    """Count the rows that the conditions name."""
    statement = select(func.count()).select_from(table)
    return int(await tx.value(statement.where(table.c.organization_id == organization_id, *where)))


async def change(
    tx: Transaction,
    table: Table,
    organization_id: int,
    *where: ColumnElement[bool],
    values: Mapping[str, Any],
) -> Any | None:
    """Update the one row that the conditions name and return it whole, or None."""
    statement = update(table).where(table.c.organization_id == organization_id, *where)
    rows = await tx.rows(statement.values(**values).returning(table))
    return rows[0] if rows else None


async def remove(
    tx: Transaction, table: Table, organization_id: int, *where: ColumnElement[bool]
) -> int:
    """Delete the rows that the conditions name and return how many they were."""
    return await tx.execute(delete(table).where(table.c.organization_id == organization_id, *where))
