"""SQLite: one file, one writing connection, commits that survive a power cut."""

import fcntl
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Dialect,
    Executable,
    Select,
    String,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    event,
    func,
    literal,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from largesse.storage.bulk import Bound, Demand, Parameter, Pool
from largesse.storage.errors import DatabaseInUse
from largesse.storage.statements import Statements

READERS = 4
"""Connections that read beside the one that writes; WAL lets them."""

BUSY_MILLISECONDS = 15_000
"""How long a transaction waits for another process, such as the CLI, to finish its own."""

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # FULL: a commit is on the disk before it is answered. NORMAL would lose the last ones.
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={BUSY_MILLISECONDS}",
)


class JsonList(TypeDecorator[list[Any]]):
    """A list of values as one JSON text; UUIDs are kept as 32 hexadecimal digits."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: list[Any] | None, dialect: Dialect) -> str:
        """Write the list as JSON."""
        return json.dumps([v.hex if isinstance(v, UUID) else v for v in value or ()])


class HintCompiler(SQLiteCompiler):
    """Writes `INDEXED BY name`, which SQLAlchemy's own compiler for SQLite leaves out."""

    def get_from_hint_text(self, table: Any, text: str | None) -> str | None:
        """Return the hint as it stands behind the table's name."""
        return text


class Sqlite(Statements):
    """The SQLite file of one installation."""

    name = "sqlite"

    def __init__(self, url: str) -> None:
        super().__init__()
        self._path = make_url(url).database or ""
        if not self._path or self._path == ":memory:":
            raise ValueError("SQLite needs a file: a database in memory loses what it was given")
        Path(self._path).parent.mkdir(parents=True, exist_ok=True)
        self._lock: IO[str] | None = None
        # BEGIN IMMEDIATE takes the write lock at once. A deferred BEGIN that writes later fails
        # with SQLITE_BUSY_SNAPSHOT when another process wrote in between, and no time-out helps.
        self._writer = self._engine(1, begin="BEGIN IMMEDIATE")
        self._reader = self._engine(READERS, begin="BEGIN", read_only=True)

    def _engine(self, connections: int, *, begin: str, read_only: bool = False) -> AsyncEngine:
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{self._path}",
            poolclass=AsyncAdaptedQueuePool,
            pool_size=connections,
            max_overflow=0,
            # The values of a statement that fails are personal data, and its error is logged.
            hide_parameters=True,
        )
        engine.sync_engine.dialect.statement_compiler = HintCompiler

        @event.listens_for(engine.sync_engine, "connect")
        def prepare(connection: Any, _record: Any) -> None:
            # None: the driver opens no transaction of its own. Its implicit ones do not start
            # before `WITH ... INSERT`, and a crash behind one doubled rows.
            connection.isolation_level = None
            for pragma in PRAGMAS:
                connection.execute(pragma).close()
            if read_only:
                connection.execute("PRAGMA query_only=ON").close()

        @event.listens_for(engine.sync_engine, "begin")
        def start(connection: Any) -> None:
            connection.exec_driver_sql(begin)

        return engine

    def writer(self) -> AsyncEngine:
        """Return the engine with the one writing connection."""
        return self._writer

    def reader(self) -> AsyncEngine:
        """Return the engine of the reading connections."""
        return self._reader

    def insert(self, table: Table) -> Any:
        """Return SQLite's INSERT."""
        return sqlite_insert(table)

    def take(
        self, statement: Select[Any], table: Table, *, index: str | None = None
    ) -> Select[Any]:
        """Name the index: the planner otherwise scans past all rows that are gone.

        Nobody else writes inside BEGIN IMMEDIATE, so nothing needs to be locked.
        """
        if index is None:
            return statement
        return statement.with_hint(table, f"INDEXED BY {index}", "sqlite")

    def take_each(self, pool: Pool, demands: Sequence[Demand]) -> Sequence[Bound]:
        """Take for one demand after the other: nobody else writes meanwhile."""
        names = (*pool.keys, "wanted", "behind")
        statement = self.prepared(("take", pool.table.name, pool.index), lambda: _take(pool))
        return [
            (statement, dict(zip(names, (*d.key, d.wanted, d.behind), strict=True)))
            for d in demands
        ]

    def update_each(
        self, table: Table, keys: Sequence[str], rows: Sequence[dict[str, Any]]
    ) -> Bound:
        """Run one UPDATE for each row, prepared once and inside the driver."""
        names = tuple(rows[0])
        statement = self.prepared(
            ("update", table.name, keys, names), lambda: _update(table, keys, names)
        )
        return statement, [{f"of_{name}": row[name] for name in names} for row in rows]

    def any_of(
        self, column: ColumnElement[Any], values: Sequence[Any] | Parameter
    ) -> ColumnElement[bool]:
        """Take the values as one JSON text."""
        if isinstance(values, Parameter):
            given = bindparam(values.name, type_=JsonList())
        else:
            given = literal(list(values), JsonList())
        each = func.json_each(given).table_valued("value")
        return type_coerce(column, String).in_(select(each.c.value))

    def matches(self, column: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
        """Write the pattern as one of GLOB, in which `?` and `[` are special.

        SQLite's LIKE takes small letters and capitals for the same; PostgreSQL's does not.
        """
        return column.bool_op("GLOB")(re.sub(r"([?\[])", r"[\1]", pattern))

    def by_code_point(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Leave the column as it is: SQLite compares bytes."""
        return column

    def now(self, plus_seconds: float = 0) -> ColumnElement[Any]:
        """Return SQLite's clock, in the form in which `Utc` keeps a moment."""
        return func.strftime("%Y-%m-%d %H:%M:%f000", "now", f"{plus_seconds:+.3f} seconds")

    def violation(self, error: IntegrityError) -> str:
        """Read the kind of constraint from SQLite's message."""
        text = str(error.orig)
        if "UNIQUE" in text:
            return "unique"
        return "reference" if "FOREIGN KEY" in text else "other"

    async def wait_for_others(self, connection: AsyncConnection) -> None:
        """Return at once: BEGIN IMMEDIATE has waited already."""

    def claim_serving(self) -> None:
        """Lock a file beside the database for as long as this process lives."""
        lock = open(f"{self._path}.serving", "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise DatabaseInUse(
                f"another process serves from {self._path}. One SQLite file has one serving "
                "process; use PostgreSQL for several."
            ) from None
        self._lock = lock

    async def close(self) -> None:
        """Close every connection and give up the lock."""
        await self._writer.dispose()
        await self._reader.dispose()
        if self._lock is not None:
            self._lock.close()


def _take(pool: Pool) -> Executable:
    table = pool.table.c
    return (
        select(pool.table)
        .with_hint(pool.table, f"INDEXED BY {pool.index}", "sqlite")
        .where(
            *(table[name] == bindparam(name) for name in pool.keys),
            *pool.free,
            table[pool.place] > bindparam("behind"),
        )
        .order_by(table[pool.place])
        .limit(bindparam("wanted"))
    )


def _update(table: Table, keys: Sequence[str], names: Sequence[str]) -> Executable:
    return (
        update(table)
        .where(*(table.c[name] == bindparam(f"of_{name}") for name in keys))
        .values({name: bindparam(f"of_{name}") for name in names if name not in keys})
    )
