"""PostgreSQL 15 or newer through asyncpg; several serving and working processes."""

import asyncio
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import cache
from typing import Any

import asyncpg
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Dialect,
    FromClause,
    Select,
    Table,
    and_,
    any_,
    bindparam,
    column,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from largesse.storage.bulk import Demand, Key, Parameter, Pool, set_from
from largesse.storage.engines.driver import driver_of
from largesse.storage.statements import Prepared, Statements

CONNECTIONS = 10
"""Connections a process keeps. Group commit needs few; the rest serve reads."""

LOAD_ROWS = 20_000

MIGRATION_LOCK = 7_316_520_118
"""A number of our own among the database's advisory locks."""

UNIQUE_VIOLATION = "23505"
FOREIGN_KEY_VIOLATION = "23503"
DISK_FULL = "53100"

CHANNEL = "largesse"
"""What is notified on, and listened to; what it is about is the payload."""

LISTENER_CHECK_SECONDS = 30.0
"""How often the listening connection is asked whether it is still there."""

LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    # "cannot switch to state 15; another operation (2) is in progress": the driver's words for a
    # connection that the server ended while nobody used it.
    asyncpg.InternalClientError,
)


class Postgres(Statements):
    """One PostgreSQL database."""

    name = "postgres"
    lanes = 2
    takes_at_once = True
    begin = "BEGIN"

    def begin_for(self, seconds: float) -> str:
        """Set a limit that ends with the transaction: a pooler of connections may stand between."""
        limit = max(1, int(seconds * 1000))
        return f"BEGIN; SET LOCAL idle_in_transaction_session_timeout = {limit}"

    def commit(self, topics: Collection[str]) -> str:
        """Notify in the same round trip; others hear of it when it is committed."""
        return "".join(f"NOTIFY {CHANNEL}, '{topic}'; " for topic in sorted(topics)) + "COMMIT"

    async def listen(self, hear: Callable[[str], None]) -> None:
        """Listen on a connection of its own, and ask now and then whether it is still there.

        Raises:
            OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError: it is not.
        """
        url = self._engine.url.set(drivername="postgresql")
        connection = await asyncpg.connect(url.render_as_string(hide_password=False))
        try:
            await connection.add_listener(CHANNEL, lambda *heard: hear(heard[-1]))
            hear("")
            closed = asyncio.Event()
            connection.add_termination_listener(lambda _: closed.set())
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(closed.wait(), LISTENER_CHECK_SECONDS)
                await connection.execute("SELECT 1", timeout=LISTENER_CHECK_SECONDS)
        finally:
            connection.terminate()

    def __init__(self, url: str) -> None:
        super().__init__()
        self._engine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_pre_ping=False,
            # Transactions are begun and ended by `driver.transaction`; a read has none at all.
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
            skip_autocommit_rollback=True,
            # The values of a statement that fails are personal data, and its error is logged.
            hide_parameters=True,
        )

    @property
    def load_rows(self) -> int:
        """Load many: nobody waits for another one's rows."""
        return LOAD_ROWS

    def pause_after(self, seconds: float) -> float:
        """Return 0: nobody waits."""
        return 0

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

    def walk(self, statement: Select[Any], table: Table, *, index: str) -> Select[Any]:
        """Leave the statement as it is: its order leads the planner there."""
        return statement

    def hold(self, statement: Select[Any]) -> Select[Any]:
        """Lock the rows; others who only refer to them need not wait."""
        return statement.with_for_update(key_share=True)

    def dialect(self) -> Dialect:
        """Return the dialect of asyncpg."""
        return self._engine.dialect

    async def fetch(
        self, connection: AsyncConnection, statement: Prepared, parameters: Mapping[str, Any]
    ) -> list[Any]:
        """Run a statement and return its rows."""
        found = await driver_of(connection).fetch(statement.text, *statement.bind(parameters))
        return statement.rows(found)

    async def run(
        self, connection: AsyncConnection, statement: Prepared, parameters: Mapping[str, Any]
    ) -> int:
        """Run a statement and return how many rows it touched: the end of `UPDATE 12`."""
        values = statement.bind(parameters)
        status = await driver_of(connection).execute(statement.text, *values)
        return int(status.rpartition(" ")[2])

    def given(self, name: str, columns: Sequence[Column[Any]]) -> FromClause:
        """Take the rows as one array a column."""
        arrays = [bindparam(f"{name}_{c.name}", type_=ARRAY(c.type)) for c in columns]
        typed = [column(c.name, c.type) for c in columns]
        return func.unnest(*arrays).table_valued(*typed).render_derived(name=name)

    def give(
        self, name: str, columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]
    ) -> dict[str, Any]:
        """Turn the rows into columns."""
        lists = zip(*rows, strict=True) if rows else [() for _ in columns]
        return {f"{name}_{c.name}": list(v) for c, v in zip(columns, lists, strict=True)}

    async def take_each(
        self,
        connection: AsyncConnection,
        pool: Pool,
        demands: Sequence[Demand],
        parameters: Mapping[str, Any],
    ) -> dict[Key, list[Any]]:
        """Take for all demands by one statement; its text is the same for any number of them."""
        statement = self.prepared(pool.name, lambda: _take(self, pool))
        demanded = [
            (i, *d.key, len(d.takers), d.behind, *([d.version] if pool.versions else []))
            for i, d in enumerate(demands)
        ]
        takers = [
            (i, place, *values)
            for i, d in enumerate(demands)
            for place, values in enumerate(d.takers, 1)
        ]
        given = self.give("demand", _demand_columns(pool), demanded)
        given |= self.give("taker", _taker_columns(pool), takers)
        taken: dict[Key, list[Any]] = {d.key: [] for d in demands}
        found = await self.fetch(connection, statement, {**given, **parameters})
        for row in sorted(found, key=lambda row: row.taker):
            taken[demands[row.demand].key].append(row)
        return taken

    async def load(
        self, connection: AsyncConnection, table: Table, names: Sequence[str], rows: Sequence[Any]
    ) -> None:
        """Insert many rows by COPY."""
        driver = driver_of(connection)
        await driver.copy_records_to_table(table.name, columns=names, records=rows)

    def any_of(
        self, column: ColumnElement[Any], values: Sequence[Any] | Parameter
    ) -> ColumnElement[bool]:
        """Take the values as one array."""
        if isinstance(values, Parameter):
            return column == any_(bindparam(values.name, type_=ARRAY(column.type)))
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

    def violation(self, error: Exception) -> str:
        """Read the kind of constraint from the SQLSTATE."""
        state = getattr(getattr(error, "orig", error), "sqlstate", None)
        return {UNIQUE_VIOLATION: "unique", FOREIGN_KEY_VIOLATION: "reference"}.get(
            str(state), "other"
        )

    def lost(self, error: BaseException) -> bool:
        """Look for what the driver says of a connection that is gone or can not be made."""
        if isinstance(error, asyncpg.InterfaceError):
            return "closed" in str(error)
        if isinstance(error, LOST):
            return True
        below = getattr(error, "orig", None) or error.__cause__
        return below is not None and self.lost(below)

    def full(self, error: BaseException) -> bool:
        """Look for the SQLSTATE of a full disk."""
        state = getattr(getattr(error, "orig", None) or error, "sqlstate", None)
        return str(state) == DISK_FULL

    async def renew(self) -> None:
        """Close the connections that nobody uses now."""
        await self._engine.dispose()

    async def wait_for_others(self, connection: AsyncConnection) -> None:
        """Take a lock that ends with the transaction, as a pooler of connections needs it."""
        await connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))

    def claim_serving(self) -> None:
        """Allow it: any number of processes may serve."""

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


@cache
def _demand_columns(pool: Pool) -> list[Column[Any]]:
    keys = [Column(name, pool.table.c[name].type) for name in pool.keys]
    numbers = [Column(name, BigInteger) for name in ("demand", "wanted", "behind")]
    versions = pool.versions
    version = (
        [] if versions is None else [Column("version", versions.table.c[versions.column].type)]
    )
    return [numbers[0], *keys, *numbers[1:], *version]


@cache
def _taker_columns(pool: Pool) -> list[Column[Any]]:
    numbers = [Column(name, BigInteger) for name in ("demand", "taker")]
    return [*numbers, *(Column(name, pool.table.c[name].type) for name in pool.sets)]


def _current(pool: Pool, demand: FromClause) -> FromClause:
    """Leave out the demands that know another version than the present one."""
    versions = pool.versions
    if versions is None:
        return demand
    own = versions.table.c
    same = [own[a] == demand.c[b] for a, b in zip(versions.keys, pool.keys, strict=True)]
    current = demand.c.version.is_(None) | (own[versions.column] == demand.c.version)
    return demand.join(versions.table, and_(*same, current))


def _take(engine: Postgres, pool: Pool) -> Any:
    """Lock rows of each demand, number them, and give the first to its first taker, and so on.

    The locking SELECT stands behind MATERIALIZED, where it is run once: as a subquery in a
    condition it may be run again, and then takes more than was asked for.
    """
    table = pool.table.c
    own = [c.name for c in pool.table.primary_key]
    demand = engine.given("demand", _demand_columns(pool))
    free = (
        select(*(table[name] for name in own), table[pool.place])
        .where(
            *(table[name] == demand.c[name] for name in pool.keys),
            *pool.free,
            table[pool.place] > demand.c.behind,
        )
        .order_by(table[pool.place])
        .limit(demand.c.wanted)
        .with_for_update(skip_locked=True)
        .lateral("free")
    )
    number = func.row_number().over(partition_by=demand.c.demand, order_by=free.c[pool.place])
    found = select(
        *(free.c[name] for name in own), demand.c.demand, number.label("taker")
    ).select_from(_current(pool, demand).join(free, true()))
    locked = found.cte("locked").prefix_with("MATERIALIZED", dialect="postgresql")
    taker = engine.given("taker", _taker_columns(pool))
    taken = (
        select(*(locked.c[name] for name in own), *taker.c)
        .where(locked.c.demand == taker.c.demand, locked.c.taker == taker.c.taker)
        .subquery("taken")
    )
    returned = [table[name] for name in (pool.place, *pool.returns)]
    return set_from(pool.table, taken, keys=own, names=pool.sets).returning(
        taken.c.demand, taken.c.taker, *returned
    )
