"""Rows as parameters of a PostgreSQL statement: one array a column."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BindParameter,
    Column,
    ColumnElement,
    FromClause,
    String,
    TableValuedAlias,
    bindparam,
    case,
    cast,
    column,
    func,
    literal_column,
    select,
)
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.types import TypeEngine

from largesse.storage.statements import is_one


def given(name: str, columns: Sequence[Column[Any]]) -> FromClause:
    """Return rows of which a column comes with one element if they all agree in it.

    To encode and decode it for every row costs as much as the rest of a claim's statement does on
    the way there.
    """
    each = unnested(f"{name}_each", name, columns)
    first, *rest = columns
    values = [each.c[first.name], *(_of_each(_list(name, c), each.c[c.name]) for c in rest)]
    fitting = [_fitted(v, c.type).label(c.name) for v, c in zip(values, columns, strict=True)]
    return select(*fitting).subquery(name)


def give(
    name: str, columns: Sequence[Column[Any]], lists: Sequence[Sequence[Any]]
) -> dict[str, Any]:
    """Return the parameters of `given`; the first list stays whole: it says how many rows."""
    return give_whole(name, columns, [lists[0], *map(_once, lists[1:])])


def unnested(alias: str, name: str, columns: Sequence[Column[Any]]) -> TableValuedAlias:
    """Return rows of which every column comes whole."""
    typed = [column(c.name, c.type) for c in columns]
    arrays = (_list(name, c) for c in columns)
    return func.unnest(*arrays).table_valued(*typed).render_derived(name=alias)


def turned(columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """Turn rows into columns."""
    return list(zip(*rows, strict=True)) if rows else [() for _ in columns]


def give_whole(
    name: str, columns: Sequence[Column[Any]], lists: Sequence[Sequence[Any]]
) -> dict[str, Any]:
    """Return the parameters of `unnested`."""
    return {f"{name}_{c.name}": v for c, v in zip(columns, lists, strict=True)}


def _list(name: str, of: Column[Any]) -> BindParameter[Any]:
    return bindparam(f"{name}_{of.name}", type_=list_of(of.type))


def list_of(kind: TypeEngine[Any]) -> ARRAY[Any]:
    """Return the type of a list of such values, of texts without their greatest length.

    With it PostgreSQL would copy the array to shorten its texts, for every row that it compares.
    """
    return ARRAY(String() if isinstance(kind, String) else kind)


def _once(values: Sequence[Any]) -> Sequence[Any]:
    return values[:1] if is_one(values) else values


def _fitted(value: ColumnElement[Any], kind: TypeEngine[Any]) -> ColumnElement[Any]:
    """Cut a text to the greatest length of its column: a log of something long is worth keeping."""
    if isinstance(kind, String) and kind.length is not None:
        return cast(value, String(kind.length))
    return value


def _of_each(values: ColumnElement[Any], one: ColumnElement[Any]) -> ColumnElement[Any]:
    # SQLAlchemy itself sets no brackets around what it casts before it looks into it.
    first = Grouping(values)[literal_column("1")]
    return case((func.cardinality(values) == literal_column("1"), first), else_=one)
