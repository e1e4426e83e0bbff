"""The statements of a search.

The ids of a page are found first, along the index of its order and without the rows that are
passed over; the rows of those ids are then read by one statement for each table.
"""

import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, false, func, select

from largesse.core.errors import InvalidValue
from largesse.core.limits import check_fits, unfit
from largesse.core.search.model import MOST_IN_A_PAGE, MOST_SKIPPED, Search
from largesse.core.text import folded
from largesse.storage.database import Transaction

OPERATORS = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}


@dataclass(frozen=True, slots=True)
class Join:
    """Rows of another table that belong to those that are listed."""

    table: Any
    on: ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Field:
    """What records are filtered and ordered by."""

    column: ColumnElement[Any]
    joins: tuple[Join, ...] = ()
    """What the column needs beside the table that is listed."""
    folds: bool = False
    """Whether its texts are kept folded."""


@dataclass(frozen=True, slots=True)
class Listing:
    """How records of one kind are searched."""

    table: Table
    fields: Mapping[str, Field]
    """`id` parts records that are equal in another field, so it is unique."""

    def check(self, query: Search) -> None:
        """Refuse what can not be asked for.

        Raises:
            InvalidValue: `limit`, `offset` or `sort` is outside what it may be.
        """
        if not 1 <= query.limit <= MOST_IN_A_PAGE:
            raise InvalidValue("limit", f"must be from 1 to {MOST_IN_A_PAGE}")
        if not 0 <= query.offset <= MOST_SKIPPED:
            raise InvalidValue("offset", f"must be from 0 to {MOST_SKIPPED}")
        if query.sort not in self.fields:
            raise InvalidValue("sort", f"must be one of {', '.join(self.fields)}")
        for bound in query.moments:
            check_fits(self.table, {bound.field: bound.moment})


async def search(
    tx: Transaction, organization_id: int, listing: Listing, query: Search
) -> tuple[list[Any], int]:
    """Return the ids of a page, in its order, and how many records there are in all."""
    own, filters = listing.table.c, [*query.like, *query.equal, *query.among]
    where = [own.organization_id == organization_id, *_conditions(tx, listing, query)]
    of_page = _select(listing, [own.id], [query.sort, *filters]).where(*where)
    found = await tx.rows(
        of_page.order_by(*_order(listing, query)).limit(query.limit).offset(query.offset)
    )
    ids = [row.id for row in found]
    if ids and len(ids) < query.limit:
        return ids, query.offset + len(ids)
    total = _select(listing, [func.count()], filters).where(*where)
    return ids, int(await tx.value(total))


def _select(listing: Listing, columns: Sequence[Any], names: Iterable[str]) -> Select[Any]:
    """Select from the table, and from what the fields of these names need beside it."""
    source: Any = listing.table
    joins = dict.fromkeys(join for name in names for join in listing.fields[name].joins)
    for join in joins:
        source = source.join(join.table, join.on)
    return select(*columns).select_from(source)


def _order(listing: Listing, query: Search) -> list[ColumnElement[Any]]:
    # The id parts those that are equal, so that no page repeats or leaves out a record.
    columns = [listing.fields[name].column for name in dict.fromkeys((query.sort, "id"))]
    # What is missing comes last, as in PostgreSQL's indexes.
    if query.descending:
        return [one.desc().nulls_first() if _nullable(one) else one.desc() for one in columns]
    return [one.asc().nulls_last() if _nullable(one) else one.asc() for one in columns]


def _nullable(column: Any) -> bool:
    return bool(column.nullable)


def _conditions(tx: Transaction, listing: Listing, query: Search) -> list[ColumnElement[bool]]:
    fields = listing.fields
    return [
        *(
            OPERATORS[bound.operator](listing.table.c[bound.field], bound.moment)
            for bound in query.moments
        ),
        *(_fits(tx, fields[name], pattern) for name, pattern in query.like.items()),
        *(
            false() if unfit(fields[name].column.type, value) else fields[name].column == value
            for name, value in query.equal.items()
        ),
        *(
            tx.engine.any_of(column, [one for one in values if unfit(column.type, one) is None])
            for name, values in query.among.items()
            for column in (fields[name].column,)
        ),
    ]


def _fits(tx: Transaction, field: Field, pattern: str) -> ColumnElement[bool]:
    """Match a pattern in which `*` stands for any characters and everything else for itself."""
    column = field.column
    if field.folds:
        pattern = folded(pattern)
    if unfit(column.type, pattern.replace("*", "")):
        return false()
    if "*" not in pattern:
        return column == pattern
    # SQLite refuses patterns of more than 50,000 characters; asterisks in a row mean one.
    return tx.engine.matches(column, re.sub(r"\*+", "*", pattern))
