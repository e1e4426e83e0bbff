"""PostgreSQL 15 or newer through asyncpg; several serving and working processes."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    Executable,
    Select,
    Table,
    any_,
    bindparam,
    func,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.types import TypeEngine

from largesse.storage.bulk import Bound, Demand, Parameter, Pool
from largesse.storage.statements import Statements

CONNECTIONS = 10
"""Connections a process keeps. Group commit needs few; the rest serve reads."""

MIGRATION_LOCK = 7_316_520_118
"""A number of our own among the database's advisory locks."""

UNIQUE_VIOLATION = "23505"
FOREIGN_KEY_VIOLATION = "23503"


class Postgres(Statements):
    """One PostgreSQL database."""

    name = "postgres"

    def __init__(self, url: str) -> None:
        super().__init__()
        self._engine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_pre_ping=False,
            # The values of a statement that fails are personal data, and its error is logged.
            hide_parameters=True,
        )

    def writer(self) -> AsyncEngine:
        """Return the engine: readers and writers share it."""
        return self._engine

    def reader(self) -> AsyncEngine:
        """Return the engine: readers and writers share it."""
        return self._engine

    def insert(self, table: Table) -> Any:
        """Return PostgreSQL's INSERT."""
        return postgres_insert(table)

    def take(
        self, statement: Select[Any], table: Table, *, index: str | None = None
    ) -> Select[Any]:
        """Lock the rows and pass over those that another transaction has locked."""
        return statement.with_for_update(skip_locked=True, of=table)

    def take_each(self, pool: Pool, demands: Sequence[Demand]) -> Sequence[Bound]:
        """Take for all demands by one statement; its text is the same for any number of them."""
        names = (*pool.keys, "wanted", "behind")
        columns = zip(*((*d.key, d.wanted, d.behind) for d in demands), strict=True)
        statement = self.prepared(("take", pool.table.name, pool.index), lambda: _take(pool))
        return [(statement, dict(zip(names, map(list, columns), strict=True)))]

    def update_each(
        self, table: Table, keys: Sequence[str], rows: Sequence[dict[str, Any]]
    ) -> Bound:
        """Join the table with the rows, handed over as one array a column."""
        names = tuple(rows[0])
        statement = self.prepared(
            ("update", table.name, keys, names), lambda: _update(table, keys, names)
        )
        return statement, {f"given_{name}": [row[name] for row in rows] for name in names}

    def any_of(
        self, column: ColumnElement[Any], values: Sequence[Any] | Parameter
    ) -> ColumnElement[bool]:
        """Take the values as one array."""
        if isinstance(values, Parameter):
            return column == any_(_array(values.name, column.type))
        return column == any_(literal(list(values), ARRAY(column.type)))

    def matches(self, column: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
        """Write the pattern as one of LIKE, in which `%` and `_` are special."""
        escaped = re.sub(r"([\\%_])", r"\\\1", pattern)
        return column.like(escaped.replace("*", "%"), escape="\\")

    def by_code_point(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Use the collation C: UTF-8's bytes are in the order of the code points."""
        return column.collate("C")

    def now(self, plus_seconds: float = 0) -> ColumnElement[Any]:
        """Return the server's clock at this statement, not at the transaction's start."""
        return func.clock_timestamp() + timedelta(seconds=plus_seconds)

    def violation(self, error: IntegrityError) -> str:
        """Read the kind of constraint from the SQLSTATE."""
        state = getattr(error.orig, "sqlstate", None)
        return {UNIQUE_VIOLATION: "unique", FOREIGN_KEY_VIOLATION: "reference"}.get(
            str(state), "other"
        )

    async def wait_for_others(self, connection: AsyncConnection) -> None:
        """Take a lock that ends with the transaction, as a pooler of connections needs it."""
        await connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))

    def claim_serving(self) -> None:
        """Allow it: any number of processes may serve."""

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def _array(name: str, kind: TypeEngine[Any]) -> BindParameter[Any]:
    return bindparam(name, type_=ARRAY(kind))


def _take(pool: Pool) -> Executable:
    table = pool.table.c
    arrays = [_array(name, table[name].type) for name in pool.keys]
    arrays += [_array(name, BigInteger()) for name in ("wanted", "behind")]
    demand = (
        func.unnest(*arrays)
        .table_valued(*pool.keys, "wanted", "behind")
        .render_derived(name="demand")
    )
    taken = (
        select(pool.table)
        .where(
            *(table[name] == demand.c[name] for name in pool.keys),
            *pool.free,
            table[pool.place] > demand.c.behind,
        )
        .order_by(table[pool.place])
        .limit(demand.c.wanted)
        .with_for_update(skip_locked=True)
        .lateral("taken")
    )
    return select(taken).select_from(demand.join(taken, true()))


def _update(table: Table, keys: Sequence[str], names: Sequence[str]) -> Executable:
    arrays = [_array(f"given_{name}", table.c[name].type) for name in names]
    given = func.unnest(*arrays).table_valued(*names).render_derived(name="given")
    return (
        update(table)
        .where(*(table.c[name] == given.c[name] for name in keys))
        .values({name: given.c[name] for name in names if name not in keys})
    )
