"""PostgreSQL 15 or newer through asyncpg; several serving and working processes."""

import asyncio
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import asyncpg
from sqlalchemy import (
    Column,
    ColumnElement,
    Dialect,
    FromClause,
    Select,
    Table,
    any_,
    bindparam,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from largesse.storage.bulk import Demand, Key, Parameter, Pool
from largesse.storage.engines import postgres_lists, postgres_pools
from largesse.storage.engines.driver import driver_of
from largesse.storage.statements import Prepared, Statements
from largesse.storage.types import json_text

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
    many_serve = True
    begin = "BEGIN"
    version: ColumnElement[str] = func.current_setting("server_version")

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
            # The connection used last: its server process has everything at hand.
            pool_use_lifo=True,
            # Transactions are begun and ended by `driver.transaction`; a read has none at all.
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
            skip_autocommit_rollback=True,
            # The values of a statement that fails are personal data, and its error is logged.
            hide_parameters=True,
            json_serializer=json_text,
        )

    @property
    def load_rows(self) -> int:
        """Load many: nobody waits for another one's rows."""
        return LOAD_ROWS

    def pause_after(self, seconds: float) -> float:
        """Return 0: nobody waits."""
        return 0

    def free_bytes(self) -> int | None:
        """Return None: the disk is the server's."""
        return None

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
        return postgres_lists.given(name, columns)

    def give(
        self, name: str, columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]
    ) -> dict[str, Any]:
        """Turn the rows into columns."""
        return self.give_columns(name, columns, postgres_lists.turned(columns, rows))

    def give_columns(
        self, name: str, columns: Sequence[Column[Any]], lists: Sequence[Sequence[Any]]
    ) -> dict[str, Any]:
        """Take the lists as they are."""
        return postgres_lists.give(name, columns, lists)

    async def take_each(
        self,
        connection: AsyncConnection,
        pool: Pool,
        demands: Sequence[Demand],
        parameters: Mapping[str, Any],
        *,
        alone: bool,
    ) -> dict[Key, list[Any]]:
        """Take by one statement, which alone is a transaction as it stands."""
        return await postgres_pools.take_each(self, connection, pool, demands, parameters)

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
            return column == any_(bindparam(values.name, type_=postgres_lists.list_of(column.type)))
        return column == any_(literal(list(values), postgres_lists.list_of(column.type)))

    def matches(self, column: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
        """Write the pattern as one of LIKE, in which `%` and `_` are special."""
        escaped = re.sub(r"([\\%_])", r"\\\1", pattern)
        return column.like(escaped.replace("*", "%"), escape="\\")

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
