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
