"""Every query of lists."""

import operator
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select

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
from largesse.storage.records import find

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
    statement = _joined(organization_id)
    if isinstance(wanted, ByReference):
        statement = statement.where(
            customer_groups.c.reference == wanted.group,
            promotion_lists.c.reference == wanted.list,
        )
    else:
        statement = statement.where(assignments.c.id == wanted)
    row = await tx.row(statement)
    return None if row is None else _assignment(row)


async def search(
    tx: Transaction, organization_id: int, query: AssignmentQuery
) -> tuple[list[Assignment], int]:
    """Return a page of assignments and how many there are in all."""
    statement = _joined(organization_id).where(*_conditions(query))
    total = await tx.value(select(func.count()).select_from(statement.subquery()))
    column = SORTS[query.sort]
    order = (
        (column.desc(), assignments.c.id.desc())
        if query.descending
        else (
            column.asc(),
            assignments.c.id.asc(),
        )
    )
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


def _conditions(query: AssignmentQuery) -> list[ColumnElement[bool]]:
    conditions = [
        OPERATORS[bound.operator](assignments.c[bound.field], bound.moment)
        for bound in query.moments
    ]
    if query.group_reference is not None:
        conditions.append(like(customer_groups.c.reference, query.group_reference))
    if query.list_reference is not None:
        conditions.append(like(promotion_lists.c.reference, query.list_reference))
    return conditions


def like(column: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
    """Match a pattern in which `*` stands for any characters and everything else for itself."""
    if "*" not in pattern:
        return column == pattern
    literal = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return column.like(literal.replace("*", "%"), escape="\\")


async def group(tx: Transaction, organization_id: int, wanted: int | str) -> CustomerGroup | None:
    """Find a group by its id or, given a text, by its reference."""
    column = customer_groups.c.reference if isinstance(wanted, str) else customer_groups.c.id
    row = await find(tx, customer_groups, organization_id, column == wanted)
    return None if row is None else value_of(CustomerGroup, row)


async def promotion_list(
    tx: Transaction, organization_id: int, wanted: int | str
) -> PromotionList | None:
    """Find a list by its id or, given a text, by its reference."""
    column = promotion_lists.c.reference if isinstance(wanted, str) else promotion_lists.c.id
    row = await find(tx, promotion_lists, organization_id, column == wanted)
    return None if row is None else value_of(PromotionList, row)
