"""PostgreSQL 15 or newer through asyncpg; several serving and working processes."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Executable,
    Select,
    Table,
    any_,
    func,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from largesse.storage.bulk import Demand, Pool

CONNECTIONS = 10
"""Connections a process keeps. Group commit needs few; the rest serve reads."""

UNIQUE_VIOLATION = "23505"
FOREIGN_KEY_VIOLATION = "23503"


class Postgres:
    """One PostgreSQL database."""

    name = "postgres"

    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_pre_ping=False,
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

    def take_each(self, pool: Pool, demands: Sequence[Demand]) -> Sequence[Executable]:
        """Take for all demands by one statement; its text is the same for any number of them."""
        table = pool.table.c
        names = (*pool.keys, "wanted", "behind")
        types = (*(table[name].type for name in pool.keys), BigInteger(), BigInteger())
        columns = zip(*((*d.key, d.wanted, d.behind) for d in demands), strict=True)
        arrays = [
            literal(list(values), ARRAY(kind)) for values, kind in zip(columns, types, strict=True)
        ]
        demand = func.unnest(*arrays).table_valued(*names).render_derived(name="demand")
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
        return [select(taken).select_from(demand.join(taken, true()))]

    def update_each(
        self, table: Table, keys: Sequence[str], rows: Sequence[dict[str, Any]]
    ) -> tuple[Executable, Any]:
        """Join the table with the rows, handed over as one array a column."""
        names = list(rows[0])
        arrays = [literal([row[name] for row in rows], ARRAY(table.c[name].type)) for name in names]
        given = func.unnest(*arrays).table_valued(*names).render_derived(name="given")
        statement = (
            update(table)
            .where(*(table.c[name] == given.c[name] for name in keys))
            .values({name: given.c[name] for name in names if name not in keys})
        )
        return statement, None

    def any_of(self, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        """Pass the values as one array."""
        return column == any_(literal(list(values), ARRAY(column.type)))

    def now(self, plus_seconds: float = 0) -> ColumnElement[Any]:
        """Return the server's clock at this statement, not at the transaction's start."""
        return func.clock_timestamp() + timedelta(seconds=plus_seconds)

    def violation(self, error: IntegrityError) -> str:
        """Read the kind of constraint from the SQLSTATE."""
        state = getattr(error.orig, "sqlstate", None)
        return {UNIQUE_VIOLATION: "unique", FOREIGN_KEY_VIOLATION: "reference"}.get(
            str(state), "other"
        )

    def claim_serving(self) -> None:
        """Allow it: any number of processes may serve."""

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()
