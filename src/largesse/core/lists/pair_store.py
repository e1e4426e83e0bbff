"""Every query of pairs: which list a group or a customer gets, and which group a customer is in."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Table, select

from largesse.core.customers.model import customers
from largesse.core.errors import Unknown, UnknownCustomer, UnknownGroup, UnknownPromotionList
from largesse.core.limits import unfit
from largesse.core.lists import store
from largesse.core.lists.model import (
    Assignment,
    ByReference,
    CustomerAssignment,
    CustomerGroup,
    Membership,
    PromotionList,
    ShortCustomer,
    assignments,
    customer_assignments,
    customer_group_members,
    customer_groups,
    promotion_lists,
)
from largesse.core.records import value_of
from largesse.core.search.browse import Shelf
from largesse.core.search.store import Field, Join, Listing
from largesse.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class End:
    """One of the two records that a pair joins."""

    name: str
    """What services call it, e.g. `promotion_list`."""
    column: str
    """The pair's column with its id."""
    value: type[Any]
    unknown: type[Unknown]
    columns: Mapping[str, ColumnElement[Any]]
    """The fields of the value, and where each is read from."""
    reference: Field
    join: Join
    """What a pair is joined with to read the value."""
    find: Callable[[Transaction, int, Any], Awaitable[Any]]
    """Find the record by what a caller names it by, and keep it as it is."""


def _referenced(table: Table, value: type[Any]) -> Any:
    async def find(tx: Transaction, organization_id: int, wanted: int | str) -> Any:
        row = await store.named(tx, table, organization_id, wanted, kept=True)
        return None if row is None else value_of(value, row)

    return find


def _joined(pairs: Table, column: str, table: Table) -> Join:
    same = table.c.organization_id == pairs.c.organization_id
    return Join(table, same & (table.c.id == pairs.c[column]))


def _group(pairs: Table) -> End:
    join = _joined(pairs, "group_id", customer_groups)
    return End(
        name="group",
        column="group_id",
        value=CustomerGroup,
        unknown=UnknownGroup,
        columns={name: customer_groups.c[name] for name in CustomerGroup.__dataclass_fields__},
        reference=Field(customer_groups.c.reference, (join,)),
        join=join,
        find=_referenced(customer_groups, CustomerGroup),
    )


def _list(pairs: Table) -> End:
    join = _joined(pairs, "list_id", promotion_lists)
    return End(
        name="promotion_list",
        column="list_id",
        value=PromotionList,
        unknown=UnknownPromotionList,
        columns={name: promotion_lists.c[name] for name in PromotionList.__dataclass_fields__},
        reference=Field(promotion_lists.c.reference, (join,)),
        join=join,
        find=_referenced(promotion_lists, PromotionList),
    )


def _customer(pairs: Table) -> End:
    join = _joined(pairs, "customer_id", customers)
    return End(
        name="customer",
        column="customer_id",
        value=ShortCustomer,
        unknown=UnknownCustomer,
        columns={name: customers.c[name] for name in ShortCustomer.__dataclass_fields__},
        reference=Field(customers.c.reference, (join,)),
        join=join,
        find=_find_customer,
    )


async def _find_customer(
    tx: Transaction, organization_id: int, wanted: int | str | UUID
) -> ShortCustomer | None:
    """Find a customer by its id, its number or, given a text, its own id at the shop."""
    column: Any = customers.c.id
    if not isinstance(wanted, UUID):
        column = customers.c.reference if isinstance(wanted, str) else customers.c.number
    if unfit(column.type, wanted):
        return None
    own = customers.c.organization_id == organization_id
    statement = select(customers).where(own, column == wanted)
    row = await tx.row(statement.with_for_update(read=True))
    return None if row is None else value_of(ShortCustomer, row)


@dataclass(frozen=True, slots=True)
class PairTable:
    """A table of pairs, what its pairs join, and how they are searched."""

    table: Table
    value: type[Any]
    ends: tuple[End, End]
    listing: Listing

    @property
    def shelf(self) -> Shelf:
        """How people look through the pairs: by their ends."""
        return Shelf(self.table, {end.column: self.table.c[end.column] for end in self.ends})


def _pair_table(table: Table, value: type[Any], first: End, second: End) -> PairTable:
    own = ("id", "created_at", "updated_at")
    fields = {name: Field(table.c[name]) for name in own}
    for end in (first, second):
        short = end.column.removesuffix("_id")
        fields[end.column] = Field(table.c[end.column])
        fields[f"{short}_reference"] = end.reference
        if end.value is ShortCustomer:
            # By its number: that is the id which the wires print.
            fields[end.column] = Field(customers.c.number, (end.join,))
        if end.value is not PromotionList:
            fields[f"{short}_name"] = Field(end.columns["name"], (end.join,))
    return PairTable(table, value, (first, second), Listing(table, fields))


ASSIGNMENTS = _pair_table(assignments, Assignment, _group(assignments), _list(assignments))
CUSTOMER_ASSIGNMENTS = _pair_table(
    customer_assignments,
    CustomerAssignment,
    _customer(customer_assignments),
    _list(customer_assignments),
)
MEMBERSHIPS = _pair_table(
    customer_group_members,
    Membership,
    _customer(customer_group_members),
    _group(customer_group_members),
)


def _whole(pairs: PairTable, organization_id: int) -> Select[Any]:
    table = pairs.table
    columns = [table.c[name].label(name) for name in ("id", "created_at", "updated_at")]
    source: Any = table
    for end in pairs.ends:
        columns += [column.label(f"{end.name}.{name}") for name, column in end.columns.items()]
        source = source.join(end.join.table, end.join.on)
    return select(*columns).select_from(source).where(table.c.organization_id == organization_id)


def _pair(pairs: PairTable, row: Row[Any]) -> Any:
    ends = []
    for end in pairs.ends:
        ends.append(end.value(**{name: row._mapping[f"{end.name}.{name}"] for name in end.columns}))
    return pairs.value(row.id, *ends, row.created_at, row.updated_at)


async def one(
    tx: Transaction, pairs: PairTable, organization_id: int, wanted: int | ByReference
) -> Any | None:
    """Find a pair by its id, or by the references of its ends."""
    if isinstance(wanted, ByReference):
        ends = (end.reference for end in pairs.ends)
        named: list[tuple[Any, Any]] = [
            (field.column, text)
            for field, text in zip(ends, (wanted.first, wanted.second), strict=True)
        ]
    else:
        named = [(pairs.table.c.id, wanted)]
    if any(unfit(column.type, value) for column, value in named):
        return None
    row = await tx.row(
        _whole(pairs, organization_id).where(*(column == value for column, value in named))
    )
    return None if row is None else _pair(pairs, row)


async def many(
    tx: Transaction, pairs: PairTable, organization_id: int, ids: Sequence[int]
) -> dict[int, Any]:
    """Return the pairs with these ids, by id."""
    statement = _whole(pairs, organization_id).where(tx.engine.any_of(pairs.table.c.id, ids))
    return {row.id: _pair(pairs, row) for row in await tx.rows(statement)}


async def page(
    tx: Transaction,
    pairs: PairTable,
    organization_id: int,
    *,
    after: int | None,
    limit: int,
    filters: Mapping[str, Any],
) -> list[Any]:
    """Return the pairs after an id that fit the filters."""
    table = pairs.table
    statement = _whole(pairs, organization_id).order_by(table.c.id).limit(limit)
    if after is not None:
        statement = statement.where(table.c.id > after)
    statement = statement.where(*(table.c[name] == wanted for name, wanted in filters.items()))
    return [_pair(pairs, row) for row in await tx.rows(statement)]
