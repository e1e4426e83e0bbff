"""Every query of lists."""

import operator
import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, String, Table, false, func, select

from largesse.core.limits import unfit
from largesse.core.lists.model import (
    Assignment,
    AssignmentQuery,
    ByReference,
    CustomerGroup,
    PromotionList,
    assignments,
    customer_groups,
    promotion_lists,
)
from largesse.core.records import value_of
from largesse.storage.database import Transaction

SORTS: Mapping[str, ColumnElement[Any]] = {
    "id": assignments.c.id,
    "created_at": assignments.c.created_at,
    "updated_at": assignments.c.updated_at,
    "group_id": assignments.c.group_id,
    "list_id": assignments.c.list_id,
    "group_reference": customer_groups.c.reference,
    "group_name": customer_groups.c.name,
    "list_reference": promotion_lists.c.reference,
}

OPERATORS = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}


def _joined(organization_id: int) -> Select[Any]:
    own = assignments.c.organization_id
    columns = [
        column.label(f"{prefix}_{column.name}")
        for prefix, table in (("a", assignments), ("g", customer_groups), ("l", promotion_lists))
        for column in table.c
    ]
    return (
        select(*columns)
        .select_from(
            assignments.join(
                customer_groups,
                (customer_groups.c.organization_id == own)
                & (customer_groups.c.id == assignments.c.group_id),
            ).join(
                promotion_lists,
                (promotion_lists.c.organization_id == own)
                & (promotion_lists.c.id == assignments.c.list_id),
            )
        )
        .where(own == organization_id)
    )


def _assignment(row: Row[Any]) -> Assignment:
    group = {k[2:]: v for k, v in row._mapping.items() if k.startswith("g_")}
    plist = {k[2:]: v for k, v in row._mapping.items() if k.startswith("l_")}
    del group["organization_id"], plist["organization_id"]
    return Assignment(
        row.a_id, CustomerGroup(**group), PromotionList(**plist), row.a_created_at, row.a_updated_at
    )


async def assignment(
    tx: Transaction, organization_id: int, wanted: int | ByReference
) -> Assignment | None:
    """Find an assignment by its id or by the references of its group and list."""
    pairs = (
        ((customer_groups.c.reference, wanted.group), (promotion_lists.c.reference, wanted.list))
        if isinstance(wanted, ByReference)
        else ((assignments.c.id, wanted),)
    )
    if any(unfit(column.type, value) for column, value in pairs):
        return None
    row = await tx.row(
        _joined(organization_id).where(*(column == value for column, value in pairs))
    )
    return None if row is None else _assignment(row)


async def search(
    tx: Transaction, organization_id: int, query: AssignmentQuery
) -> tuple[list[Assignment], int]:
    """Return a page of assignments and how many there are in all."""
    statement = _joined(organization_id).where(*_conditions(tx, query))
    total = await tx.value(select(func.count()).select_from(statement.subquery()))
    column = SORTS[query.sort]
    if isinstance(column.type, String):
        column = tx.engine.by_code_point(column)
    # The id parts those that are equal, so that no page repeats or leaves out a record.
    order = [one.desc() if query.descending else one.asc() for one in (column, assignments.c.id)]
    rows = await tx.rows(statement.order_by(*order).limit(query.limit).offset(query.offset))
    return [_assignment(row) for row in rows], int(total)


async def page(
    tx: Transaction, organization_id: int, after: int | None, limit: int, filters: Mapping[str, Any]
) -> list[Assignment]:
    """Return the assignments after an id that fit the filters."""
    statement = _joined(organization_id).order_by(assignments.c.id).limit(limit)
    if after is not None:
        statement = statement.where(assignments.c.id > after)
    for name, wanted in filters.items():
        if wanted is not None:
            statement = statement.where(assignments.c[name] == wanted)
    return [_assignment(row) for row in await tx.rows(statement)]


def _conditions(tx: Transaction, query: AssignmentQuery) -> list[ColumnElement[bool]]:
    conditions = [
        OPERATORS[bound.operator](assignments.c[bound.field], bound.moment)
        for bound in query.moments
    ]
    if query.group_reference is not None:
        conditions.append(_fits(tx, customer_groups.c.reference, query.group_reference))
    if query.list_reference is not None:
        conditions.append(_fits(tx, promotion_lists.c.reference, query.list_reference))
    return conditions


def _fits(tx: Transaction, column: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
    """Match a pattern in which `*` stands for any characters and everything else for itself."""
    if unfit(column.type, pattern.replace("*", "")):
        return false()
    if "*" not in pattern:
        return column == pattern
    # SQLite refuses patterns of more than 50,000 characters; asterisks in a row mean one.
    return tx.engine.matches(column, re.sub(r"\*+", "*", pattern))


async def group(tx: Transaction, organization_id: int, wanted: int | str) -> CustomerGroup | None:
    """Find a group by its id or, given a text, by its reference, and keep it as it is."""
    row = await _kept(tx, customer_groups, organization_id, wanted)
    return None if row is None else value_of(CustomerGroup, row)


async def promotion_list(
    tx: Transaction, organization_id: int, wanted: int | str
) -> PromotionList | None:
    """Find a list by its id or, given a text, by its reference, and keep it as it is."""
    row = await _kept(tx, promotion_lists, organization_id, wanted)
    return None if row is None else value_of(PromotionList, row)


async def _kept(
    tx: Transaction, table: Table, organization_id: int, wanted: int | str
) -> Row[Any] | None:
    """Find a row that nobody deletes or changes before this transaction ends."""
    column = table.c.reference if isinstance(wanted, str) else table.c.id
    if unfit(column.type, wanted):
        return None
    own = table.c.organization_id == organization_id
    return await tx.row(select(table).where(own, column == wanted).with_for_update(read=True))
