"""SQLite: one file, one writing connection, commits that survive a power cut."""

import fcntl
import re
import shutil
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Dialect,
    FromClause,
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
)
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from largesse.storage.bulk import Demand, Key, Parameter, Pool
from largesse.storage.engines import sqlite_pools
from largesse.storage.engines.driver import driver_of, visit
from largesse.storage.errors import DatabaseInUse
from largesse.storage.statements import Prepared, Processor, Statements, is_one
from largesse.storage.types import Utc, json_text

READERS = 4
"""Connections that read beside the one that writes; WAL lets them."""

LOAD_ROWS = 20_000
LOAD_ROWS_SERVED = 2_000

CACHE = "PRAGMA cache_size=-65536"
"""64 MiB for the writer: with the usual 2, one that adds to a large index reads its pages anew."""

BUSY_MILLISECONDS = 15_000
"""How long a transaction waits for another process, such as the CLI, to finish its own."""

FULL = ("SQLITE_FULL", "SQLITE_IOERR_WRITE")
"""The second is said for want of room too: of a quota, or of a limit to the size of files."""

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
        return json_text([v.hex if isinstance(v, UUID) else v for v in value or ()])


class HintCompiler(SQLiteCompiler):
    """Writes `INDEXED BY name`, which SQLAlchemy's own compiler for SQLite leaves out."""

    def get_from_hint_text(self, table: Any, text: str | None) -> str | None:
        """Return the hint as it stands behind the table's name."""
        return text


class Sqlite(Statements):
    """The SQLite file of one installation."""

    name = "sqlite"
    lanes = 1
    many_serve = False
    # BEGIN IMMEDIATE takes the write lock at once. A deferred BEGIN that writes later fails
    # with SQLITE_BUSY_SNAPSHOT when another process wrote in between, and no time-out helps.
    begin = "BEGIN IMMEDIATE"
    version: ColumnElement[str] = func.sqlite_version()

    def begin_for(self, seconds: float) -> str:
        """Return how every one begins: whoever waits too long for a file is told so."""
        return self.begin

    def commit(self, topics: Collection[str]) -> str:
        """Return how every one ends: nobody listens in another process."""
        return "COMMIT"

    async def listen(self, hear: Callable[[str], None]) -> None:
        """Return at once."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._path = make_url(url).database or ""
        if not self._path or self._path == ":memory:":
            raise ValueError("SQLite needs a file: a database in memory loses what it was given")
        Path(self._path).parent.mkdir(parents=True, exist_ok=True)
        self._lock: IO[str] | None = None
        self._writer = self._engine(1)
        self._reader = self._engine(READERS, read_only=True)

    def _engine(self, connections: int, *, read_only: bool = False) -> AsyncEngine:
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{self._path}",
            poolclass=AsyncAdaptedQueuePool,
            pool_size=connections,
            max_overflow=0,
            # Transactions are begun and ended by `driver.transaction`; a read has none at all.
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
            skip_autocommit_rollback=True,
            # The values of a statement that fails are personal data, and its error is logged.
            hide_parameters=True,
            json_serializer=json_text,
        )
        engine.sync_engine.dialect.statement_compiler = HintCompiler

        @event.listens_for(engine.sync_engine, "connect")
        def prepare(connection: Any, _record: Any) -> None:
            # AUTOCOMMIT above: the driver opens no transaction of its own. Its implicit ones do
            # not start before `WITH ... INSERT`, and a crash behind one doubled rows.
            for pragma in PRAGMAS:
                connection.execute(pragma).close()
            if read_only:
                connection.execute("PRAGMA query_only=ON").close()
            else:
                connection.execute(CACHE).close()

        return engine

    @property
    def load_rows(self) -> int:
        """Load few at once while requests are served: they wait for the only writer."""
        return LOAD_ROWS_SERVED if self._is_served() else LOAD_ROWS

    def pause_after(self, seconds: float) -> float:
        """Leave as much time to the requests, while some are served."""
        return seconds if self._is_served() else 0

    def free_bytes(self) -> int | None:
        """Return how much room is left on the file's disk."""
        return shutil.disk_usage(Path(self._path).resolve().parent).free

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
        return statement if index is None else self.walk(statement, table, index=index)

    def walk(self, statement: Select[Any], table: Table, *, index: str) -> Select[Any]:
        """Name the index, as `take` does."""
        return statement.with_hint(table, f"INDEXED BY {index}", "sqlite")

    def hold(self, statement: Select[Any]) -> Select[Any]:
        """Leave the statement as it is: nobody else writes inside BEGIN IMMEDIATE."""
        return statement

    def dialect(self) -> Dialect:
        """Return the dialect of aiosqlite."""
        return self._writer.dialect

    async def fetch(
        self, connection: AsyncConnection, statement: Prepared, parameters: Mapping[str, Any]
    ) -> list[Any]:
        """Run a statement and return its rows."""
        driver, values = driver_of(connection), statement.bind(parameters)
        if not statement.reads:
            return statement.rows(await driver.execute_fetchall(statement.text, values))
        return await visit(connection, lambda driver: sqlite_pools.read(driver, statement, values))

    async def run(
        self, connection: AsyncConnection, statement: Prepared, parameters: Mapping[str, Any]
    ) -> int:
        """Run a statement and return how many rows it touched."""
        values = statement.bind(parameters)
        cursor = await driver_of(connection).execute(statement.text, values)
        return int(cursor.rowcount)

    def given(self, name: str, columns: Sequence[Column[Any]]) -> FromClause:
        """Take the rows as one JSON text: one call of SQLite does them all."""
        each = func.json_each(bindparam(name)).table_valued("value")
        parts = [
            type_coerce(func.json_extract(each.c.value, f"$[{i}]"), c.type).label(c.name)
            for i, c in enumerate(columns)
        ]
        return select(*parts).subquery(name)

    def give(
        self, name: str, columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]
    ) -> dict[str, Any]:
        """Write the rows as JSON, each value in the form in which its column keeps it."""
        if not rows:
            return {name: "[]"}
        dialect = self.dialect()
        lists = zip(*rows, strict=True)
        forms = [
            _formed(c.type.dialect_impl(dialect).bind_processor(dialect), values)
            for c, values in zip(columns, lists, strict=True)
        ]
        return {name: json_text(list(zip(*forms, strict=True)))}

    def give_columns(
        self, name: str, columns: Sequence[Column[Any]], lists: Sequence[Sequence[Any]]
    ) -> dict[str, Any]:
        """Write the rows as JSON."""
        return {name: json_text(list(zip(*lists, strict=True)))}

    async def take_each(
        self,
        connection: AsyncConnection,
        pool: Pool,
        demands: Sequence[Demand],
        parameters: Mapping[str, Any],
        *,
        alone: bool,
    ) -> dict[Key, list[Any]]:
        """Take in one visit to SQLite's thread."""
        return await sqlite_pools.take_each(
            self, connection, pool, demands, parameters, alone=alone
        )

    async def load(
        self, connection: AsyncConnection, table: Table, names: Sequence[str], rows: Sequence[Any]
    ) -> None:
        """Insert many rows by one statement, prepared once and run inside the driver."""
        kinds = [table.c[name].type for name in names]
        moments = [i for i, kind in enumerate(kinds) if isinstance(kind, Utc)]
        if moments:
            rows = _with_moments(rows, moments)
        places = ", ".join("?" * len(names))
        statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places})"
        await (await driver_of(connection).executemany(statement, rows)).close()

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

    def now(self, plus_seconds: float = 0) -> ColumnElement[Any]:
        """Return SQLite's clock, in the form in which `Utc` keeps a moment."""
        return func.strftime("%Y-%m-%d %H:%M:%f000", "now", f"{plus_seconds:+.3f} seconds")

    def violation(self, error: Exception) -> str:
        """Read the kind of constraint from SQLite's message."""
        error = getattr(error, "orig", error)
        text = str(error) if isinstance(error, sqlite3.IntegrityError) else ""
        if "UNIQUE" in text:
            return "unique"
        return "reference" if "FOREIGN KEY" in text else "other"

    def lost(self, error: BaseException) -> bool:
        """Return False: a file does not hang up."""
        return False

    def full(self, error: BaseException) -> bool:
        """Look for what SQLite says of a full disk, or of a file that may not grow."""
        error = getattr(error, "orig", None) or error
        return getattr(error, "sqlite_errorname", "") in FULL

    async def renew(self) -> None:
        """Do nothing: see `lost`."""

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

    def _is_served(self) -> bool:
        """Say whether this process or another one serves: that one has the lock."""
        if self._lock is not None:
            return True
        try:
            with open(f"{self._path}.serving", "a") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        return False

    async def close(self) -> None:
        """Close every connection and give up the lock."""
        await self._writer.dispose()
        await self._reader.dispose()
        if self._lock is not None:
            self._lock.close()


def _formed(form: Processor | None, values: Sequence[Any]) -> Sequence[Any]:
    """Return the values in another form: once, if all are the same object."""
    if form is None:
        return values
    if is_one(values):
        return [form(values[0])] * len(values)
    return [form(value) for value in values]


def _with_moments(rows: Sequence[Any], places: Sequence[int]) -> list[list[Any]]:
    """Write the moments in rows as `Utc` keeps them."""
    forms: dict[Any, str | None] = {None: None}  # many rows have the same ones
    whole = [list(row) for row in rows]
    for row in whole:
        for place in places:
            moment = row[place]
            if moment not in forms:
                utc = moment.astimezone(UTC).replace(tzinfo=None)
                forms[moment] = utc.isoformat(sep=" ", timespec="microseconds")
            row[place] = forms[moment]
    return whole
