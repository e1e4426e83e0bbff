"""Looking through records as a person does: along an index, and without counting them all.

A vendor's search counts its pages from the start and says how many records there are, because its
document does (`model.Search`). Nobody who looks through ten million codes needs either: pages
follow a record, and what there is is counted up to a thousand.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, ColumnElement, Select, Table, func, or_, select, tuple_

from largesse.core.errors import InvalidValue
from largesse.core.ids import first_id_at, parsed_id
from largesse.core.limits import storable, unfit
from largesse.core.text import folded
from largesse.storage.database import Transaction

V = TypeVar("V")

MOST_COUNTED = 1000
"""Records that are counted; of more it is said that there are more."""

MOST_FOUND = MOST_COUNTED + 1
"""Records that one way to look a text up finds at most: of more it is said that there are more."""

MOST_IN_A_PAGE = 1000
"""Records that one page holds at most."""

MADE = "made"
"""The order in which records were made: that of their ids."""

LAST = "\U0010ffff"
"""The last of all characters: behind a text it is behind everything that begins with the text."""

Lookup = Callable[[Transaction, Table, str], "ColumnElement[bool] | None"]
"""One way to look a text up: the condition, for which there is an index; None: it can not be."""


@dataclass(frozen=True, slots=True)
class Through:
    """A way to look a text up in another table, whose rows name the records."""

    names: Column[Any]
    """The other table's column with a record's id."""
    look: Lookup


@dataclass(frozen=True, slots=True)
class Browse:
    """Which records of one kind, in which order, and which page of them."""

    text: str | None = None
    """What their identifiers are or begin with; the kind's lookups say which."""
    filters: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """Values of which a field has one."""
    since: datetime | None = None
    """Made at this moment or later."""
    until: datetime | None = None
    """Made before this moment."""
    order: str = MADE
    descending: bool = True
    after: Any = None
    """The id of the record that the page begins behind."""
    before: Any = None
    """The id of the record that the page ends before."""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Browsed(Generic[V]):
    """A page of records."""

    items: Sequence[V]
    previous: Any | None
    """The id before which the page in front ends; None: this is the first."""
    next: Any | None
    """The id behind which the next page begins; None: this is the last."""
    count: int
    """How many records there are on all pages, counted up to MOST_COUNTED."""
    is_more: bool
    """Whether there are more than were counted."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """How records of one kind are looked through."""

    table: Table
    filters: Mapping[str, Column[Any]] = field(default_factory=dict)
    conditions: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)
    """Filters whose values are conditions, by value: those of partial indexes, in their words."""
    orders: Mapping[str, Column[Any]] = field(default_factory=dict)
    """Beside that in which they were made. None of the columns may be null: pages follow them."""
    few: frozenset[str] = frozenset()
    """Filters that few records have in common, and whose index is not in the order of ids.

    These records are found first and put in order then: a database may think it cheaper to walk
    through all there are, in their order, until it has a page of them.
    """
    lookups: Sequence[Lookup | Through] = ()

    def check(self, query: Browse) -> None:
        """Refuse what can not be asked for.

        Raises:
            InvalidValue: `limit`, `sort` or a filter is outside what it may be.
        """
        if not 1 <= query.limit <= MOST_IN_A_PAGE:
            raise InvalidValue("limit", f"must be from 1 to {MOST_IN_A_PAGE}")
        if query.order != MADE and query.order not in self.orders:
            raise InvalidValue("sort", f"must be one of {', '.join((MADE, *self.orders))}")
        for name in query.filters:
            if name not in self.filters and name not in self.conditions:
                raise InvalidValue(name, "is no filter of this list")


async def browse(
    tx: Transaction, organization_id: int, shelf: Shelf, query: Browse
) -> Browsed[Any]:
    """Return the ids of a page of records."""
    where = await _conditions(tx, organization_id, shelf, query)
    if where is None:
        return Browsed([], None, None, 0, False)
    column = shelf.orders.get(query.order, shelf.table.c.id)
    backwards = query.before is not None
    place = await _place(
        tx, organization_id, shelf, query.before if backwards else query.after, column
    )
    # A page that ends before a record is read from there towards the start.
    descending = query.descending is not backwards
    keys: list[Any] = list(dict.fromkeys((column, shelf.table.c.id)))
    statement = select(*keys).where(*where)
    count = None
    if query.filters and query.order != MADE:
        # In an order of its own a database would walk through all to find what is rare.
        count = await _count(tx, shelf, where)
    if not shelf.few.isdisjoint(query.filters) or (count is not None and count <= MOST_COUNTED):
        few = statement.cte("few").prefix_with("MATERIALIZED")
        keys = list(few.c)
        statement = select(*keys)
    if place is not None:
        here, there = tuple_(*keys), tuple_(*place)
        statement = statement.where(here < there if descending else here > there)
    ordered = [key.desc() if descending else key.asc() for key in keys]
    rows = await tx.rows(statement.order_by(*ordered).limit(query.limit + 1))
    ids = [row.id for row in rows[: query.limit]]
    further = len(rows) > query.limit
    if backwards:
        ids.reverse()
    in_front, behind = (further, bool(ids)) if backwards else (place is not None, further)
    whole = not in_front and not behind
    if whole:
        count = len(ids)
    elif count is None:
        count = await _count(tx, shelf, where)
    return Browsed(
        ids,
        ids[0] if ids and in_front else None,
        ids[-1] if ids and behind else None,
        min(count, MOST_COUNTED),
        count > MOST_COUNTED,
    )


# --- ways to look a text up --------------------------------------------------------------------


def beginning(*columns: Column[Any], key: Callable[[str], str] = folded) -> Lookup:
    """Find texts that begin so; their columns are kept as `key` makes them, and in code points."""

    def look(tx: Transaction, table: Table, text: str) -> ColumnElement[bool] | None:
        start = key(text)
        return or_(*(column.between(start, start + LAST) for column in columns)) if start else None

    return look


def exactly(column: Column[Any], key: Callable[[str], Any] = folded) -> Lookup:
    """Find the records with this value; `key` makes it of a text, or None of one that is none."""

    def look(tx: Transaction, table: Table, text: str) -> ColumnElement[bool] | None:
        value = key(text)
        return None if value is None or unfit(column.type, value) else column == value

    return look


def containing(*columns: Column[Any]) -> Lookup:
    """Find texts that have this anywhere: of kinds of records of which there are few."""

    def look(tx: Transaction, table: Table, text: str) -> ColumnElement[bool] | None:
        part = text.strip().lower()
        return or_(*(func.lower(one).contains(part, autoescape=True) for one in columns))

    return look


# --- inside ------------------------------------------------------------------------------------


async def _conditions(
    tx: Transaction, organization_id: int, shelf: Shelf, query: Browse
) -> list[ColumnElement[bool]] | None:
    """Return what the records must be; None: no record can be that."""
    own = shelf.table.c
    where = [own.organization_id == organization_id]
    for name, wanted in query.filters.items():
        if name in shelf.conditions:
            known = [shelf.conditions[name][one] for one in wanted if one in shelf.conditions[name]]
            if not known:
                return None
            where.append(or_(*known))
            continue
        column = shelf.filters[name]
        values = [value for value in wanted if unfit(column.type, value) is None]
        if not values:
            return None
        # Of one value it is an equation, behind which an index goes on in its order.
        where.append(column == values[0] if len(values) == 1 else tx.engine.any_of(column, values))
    if query.since is not None:
        where.append(own.id >= first_id_at(query.since))
    if query.until is not None:
        where.append(own.id < first_id_at(query.until))
    if query.text and query.text.strip():
        ids = await _found(tx, organization_id, shelf, query.text.strip())
        if not ids:
            return None
        where.append(tx.engine.any_of(own.id, ids))
    return where


async def _found(tx: Transaction, organization_id: int, shelf: Shelf, text: str) -> list[Any]:
    """Return the ids of the records that a text is looked up as."""
    if not storable(text):
        return []
    own = shelf.table.c
    named: list[tuple[Column[Any], ColumnElement[bool] | None]] = []
    for way in shelf.lookups:
        column, look = (way.names, way.look) if isinstance(way, Through) else (own.id, way)
        named.append((column, look(tx, column.table, text)))
    by_id = _id_of(shelf.table, text)
    if by_id is not None:
        named.append((own.id, own.id == by_id))
    found: dict[Any, None] = {}
    for column, condition in named:
        if condition is not None:
            here = column.table.c.organization_id == organization_id
            mine = select(column.label("id")).where(here, condition)
            found |= dict.fromkeys(row.id for row in await tx.rows(mine.limit(MOST_FOUND)))
    return list(found)


def _id_of(table: Table, text: str) -> Any:
    value: Any = parsed_id(text)
    if table.c.id.type.python_type is int:
        value = int(text) if text.isascii() and text.isdecimal() else None
    return None if value is None or unfit(table.c.id.type, value) else value


async def _place(
    tx: Transaction, organization_id: int, shelf: Shelf, record_id: Any, column: Column[Any]
) -> tuple[Any, ...] | None:
    """Return where a record stands in an order; None: there is no such record, so at the start."""
    own = shelf.table.c
    if record_id is None or unfit(own.id.type, record_id):
        return None
    if column is own.id:
        return (record_id,)
    # It may have been changed or deleted since its page was made.
    its = select(column).where(own.organization_id == organization_id, own.id == record_id)
    row = await tx.row(its)
    return None if row is None else (row[0], record_id)


async def _count(tx: Transaction, shelf: Shelf, where: Sequence[ColumnElement[bool]]) -> int:
    some: Select[Any] = select(shelf.table.c.id).where(*where).limit(MOST_COUNTED + 1)
    return int(await tx.value(select(func.count()).select_from(some.subquery())))
