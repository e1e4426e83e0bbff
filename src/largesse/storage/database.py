"""The database: transactions, and the few statements that every area needs."""

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Hashable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from sqlalchemy import Executable, Table, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from largesse.storage.engines import Engine, engine_for
from largesse.storage.engines.driver import driver_of, transaction, undo
from largesse.storage.errors import BrokenReference, ConnectionLost, DuplicateKey, NoRoom
from largesse.storage.group_commit import Batch, GroupCommit
from largesse.storage.statements import Prepared

C = TypeVar("C")
R = TypeVar("R")

MOST_WAITING = 10_000
"""Commands that may wait for a commit; more are refused, so that no caller waits for minutes."""

AWAY = "the database can not be reached"
FULL = "the database has no room left"

VIOLATIONS = {"unique": DuplicateKey, "reference": BrokenReference}


class Transaction:
    """One open transaction. Stores run statements on it; services only pass it on."""

    __slots__ = (
        "begun",
        "connection",
        "ending",
        "engine",
        "kept",
        "places",
        "remembered",
        "sole",
        "woken",
    )

    def __init__(
        self,
        connection: AsyncConnection,
        engine: Engine,
        places: dict[tuple[object, ...], int],
        remembered: dict[Hashable, Any],
        *,
        begun: bool = True,
    ) -> None:
        self.connection = connection
        self.engine = engine
        self.places = places
        self.remembered = remembered
        self.begun = begun
        """False: it begins with the first statement that does more than read."""
        self.sole = False
        """Whether one batch function does all that is done in it."""
        self.kept = False
        """Whether something of it may have been kept already."""
        self.woken: set[str] = set()
        """What the commit tells of."""
        self.ending: list[tuple[AtEnd, Any]] = []
        """What `at_end` was told."""

    async def begin(self) -> None:
        """Begin it, if that was left until it is needed."""
        if not self.begun:
            self.begun = True
            await self.named(driver_of(self.connection).execute(self.engine.begin))

    async def wake(self, topic: str) -> None:
        """Wake whoever waits for a topic, in every process, once this is committed."""
        await self.begin()
        self.woken.add(topic)

    def may_be_one_statement(self) -> bool:
        """Say whether a statement that is the only one to write can be a transaction by itself."""
        return self.sole and not self.begun and not self.ending

    def at_end(self, write: "AtEnd", item: Any) -> None:
        """Have `write` called once, right before the commit, with all the items given for it.

        Items that were given inside a savepoint are forgotten if it is rolled back.
        """
        self.ending.append((write, item))

    async def end(self) -> None:
        """Write what was put off to the end."""
        if self.ending:
            of_each: dict[AtEnd, list[Any]] = {}
            for write, item in self.ending:
                of_each.setdefault(write, []).append(item)
            self.ending.clear()
            for write, items in of_each.items():
                await write(self, items)

    async def execute(self, statement: Executable | Prepared, parameters: Any = None) -> int:
        """Run a statement and return how many rows it touched.

        Raises:
            DuplicateKey: a row with the same unique key exists.
            BrokenReference: a row that is referred to is missing, or still referred to.
            NoRoom: the disk is full.
        """
        await self.begin()
        if isinstance(statement, Prepared):
            return await self.named(self.engine.run(self.connection, statement, parameters))
        return (await self.named(self.connection.execute(statement, parameters))).rowcount

    async def rows(self, statement: Executable | Prepared, parameters: Any = None) -> Sequence[Any]:
        """Run a statement and return its rows. Raises as `execute` does."""
        if not (isinstance(statement, Prepared) and statement.reads):
            await self.begin()
        if isinstance(statement, Prepared):
            return await self.named(self.engine.fetch(self.connection, statement, parameters))
        return (await self.named(self.connection.execute(statement, parameters))).all()

    async def row(self, statement: Executable, parameters: Any = None) -> Any | None:
        """Run a statement and return its only row, or None. Raises as `execute` does."""
        await self.begin()
        return (await self.named(self.connection.execute(statement, parameters))).one_or_none()

    async def value(self, statement: Executable, parameters: Any = None) -> Any:
        """Run a statement and return the first column of its first row, or None."""
        await self.begin()
        return (await self.named(self.connection.execute(statement, parameters))).scalar()

    async def insert_new(
        self, table: Table, rows: Sequence[Mapping[str, Any]], *, returning: Any
    ) -> Sequence[Any]:
        """Insert the rows whose keys are free, pass over the others, return the new ones.

        Every row has the same columns.
        """
        if not rows:
            return []
        columns = [table.c[name] for name in rows[0]]

        def build() -> Any:
            given = self.engine.given("given", columns)
            # WHERE: without it SQLite takes the ON of ON CONFLICT for a join's.
            source = select(*given.c).where(true())
            statement = self.engine.insert(table).from_select(list(rows[0]), source)
            return statement.on_conflict_do_nothing().returning(*returning)

        name = ("insert new", table.name, *rows[0], *map(str, returning))
        given = self.engine.give("given", columns, [tuple(row.values()) for row in rows])
        return await self.rows(self.prepared(name, build), given)

    async def load(self, table: Table, names: Sequence[str], rows: Sequence[Any]) -> None:
        """Insert many rows, whose values stand in the order of the names.

        A UUID is given as 32 hexadecimal digits, in which both drivers take it.

        Raises:
            DuplicateKey, BrokenReference: and the transaction goes on without any of the rows.
        """
        async with self.savepoint():
            await self.named(self.engine.load(self.connection, table, names, rows))

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Open a block of which nothing is kept when it raises."""
        before = len(self.ending)
        try:
            async with self.connection.begin_nested():
                yield
        except BaseException:
            del self.ending[before:]
            raise

    def prepared(self, name: Hashable, build: Callable[[], Executable]) -> Prepared:
        """Return a statement that is built and compiled once and kept under a name."""
        return self.engine.prepared(name, build)

    async def named(self, running: Awaitable[R]) -> R:
        """Await a statement; call a broken constraint or a lost connection by its name."""
        try:
            return await running
        except Exception as error:
            if self.engine.lost(error):
                raise ConnectionLost(AWAY) from error
            if self.engine.full(error):
                raise NoRoom(FULL) from error
            kind = VIOLATIONS.get(self.engine.violation(error))
            if kind is None:
                raise
            raise kind(str(getattr(error, "orig", error))) from error


AtEnd = Callable[[Transaction, Sequence[Any]], Awaitable[None]]

_shared: ContextVar[Transaction | None] = ContextVar("shared", default=None)
"""The transaction that everything in this task is part of; see `Database.one_transaction`."""

Wrap = Callable[[Batch, Any], tuple[Batch, Any]]

_wrap: ContextVar[Wrap | None] = ContextVar("wrap", default=None)
"""What this task puts around each command that it submits; see `Database.wrapping`."""


class Database:
    """Opens transactions on one database."""

    def __init__(self, url: str, *, hear: Callable[[str], None] = lambda topic: None) -> None:
        self.engine = engine_for(url)
        self._hear = hear
        """What is called with each topic that a commit has told of."""
        self._group_commit = GroupCommit(
            self._batch, most_waiting=MOST_WAITING, lanes=self.engine.lanes
        )
        self.places: dict[tuple[object, ...], int] = {}
        """How far each pool is known to be used up; see `bulk.take_each`."""
        self.remembered: dict[Hashable, Any] = {}
        """What batches found before, and compare with the database when they rely on it."""

    @asynccontextmanager
    async def write(self, *, idle_seconds: float | None = None) -> AsyncIterator[Transaction]:
        """Open a transaction that commits when the block ends and rolls back when it raises.

        `idle_seconds`: the database undoes it when this process is silent for so long inside it,
        e.g. stopped; without it what the transaction holds would be held for as long.

        Raises:
            NoRoom: the disk is full.
            ConnectionLost: the database can not be reached, or hung up. If it did so while it
                committed, the transaction may have been kept.
        """
        if (shared := self._shared()) is not None:
            async with shared.savepoint():
                yield shared
            return
        engine, woken = self.engine, set[str]()
        begin = engine.begin if idle_seconds is None else engine.begin_for(idle_seconds)
        opening = transaction(engine.writer(), begin, lambda: engine.commit(woken))
        async with self._open(opening) as tx:
            tx.woken = woken
            yield tx
            await tx.end()
        self._wake(woken)

    @asynccontextmanager
    async def _batch(self) -> AsyncIterator[Transaction]:
        """Open a transaction for a group commit, which says in `kept` whether to begin anew.

        What a batch looks up needs no transaction, and where one statement does the rest, it is
        one: that saves two of five round trips, and these are what a batch waits for.
        """
        async with self._open(self.engine.writer().connect(), begun=False) as tx:
            try:
                yield tx
                await tx.end()
                if tx.begun:
                    tx.kept = True
                    commit = self.engine.commit(tx.woken)
                    await tx.named(driver_of(tx.connection).execute(commit))
            except BaseException as error:
                if isinstance(error, NoRoom):
                    tx.kept = False
                if tx.begun:
                    await asyncio.shield(undo(tx.connection))
                raise
        self._wake(tx.woken)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """Open a connection to read from: each statement sees what is committed when it begins."""
        if (shared := self._shared()) is not None:
            yield shared
            return
        async with self._open(self.engine.reader().connect()) as tx:
            yield tx

    @asynccontextmanager
    async def _open(
        self, opening: AbstractAsyncContextManager[AsyncConnection], *, begun: bool = True
    ) -> AsyncIterator[Transaction]:
        inside = False
        try:
            async with opening as connection:
                inside = True
                yield Transaction(
                    connection, self.engine, self.places, self.remembered, begun=begun
                )
                inside = False
        except Exception as error:
            lost = not inside and self.engine.lost(error)
            if lost or isinstance(error, ConnectionLost):
                # Whatever cut this connection has most often cut the others too.
                await self.engine.renew()
            if lost:
                raise ConnectionLost(AWAY) from error
            if not inside and self.engine.full(error):
                raise NoRoom(FULL) from error
            raise

    def _wake(self, topics: Collection[str]) -> None:
        for topic in topics:
            self._hear(topic)

    async def listen(self) -> None:
        """Wake this process by what others commit, until the connection ends; see `Engine`."""
        await self.engine.listen(self._hear)

    @asynccontextmanager
    async def one_transaction(self) -> AsyncIterator[Transaction]:
        """Make one transaction of everything that this task does inside the block.

        Transactions opened in it are savepoints of this one, so that a use case commits with what
        stands around it, and a refused one still leaves nothing. Such a use case has a commit of
        its own: it takes no part in group commit.
        """
        async with self.write() as tx:
            token = _shared.set(tx)
            try:
                yield tx
            finally:
                _shared.reset(token)

    @contextmanager
    def wrapping(self, wrap: Wrap) -> Iterator[None]:
        """Put something around each command that this task submits inside the block.

        `wrap` is given the batch function and the command, and returns those to submit instead.
        """
        token = _wrap.set(wrap)
        try:
            yield
        finally:
            _wrap.reset(token)

    @property
    def is_shared(self) -> bool:
        """Whether this task is inside `one_transaction`."""
        return self._shared() is not None

    def _shared(self) -> Transaction | None:
        shared = _shared.get()
        return shared if shared is not None and shared.engine is self.engine else None

    async def submit(
        self,
        batch: Callable[[Transaction, Sequence[C]], Awaitable[Sequence[R | Exception]]],
        command: C,
    ) -> R:
        """Run a command in the next group commit; return its result or raise its refusal.

        The batch function takes a list of commands and returns a list with the result or the
        refusal of each, in order. A refused command must have changed nothing: its neighbours
        are committed.

        Raises:
            QueueFull, CommitFailed: see `group_commit.py`.
        """
        if self._shared() is not None:
            async with self.write() as tx:
                (alone,) = await batch(tx, [command])
            if isinstance(alone, Exception):
                raise alone
            return alone
        wrap = _wrap.get()
        wrapped = (batch, command) if wrap is None else wrap(batch, command)
        outcome: R = await self._group_commit.submit(*wrapped)
        return outcome

    async def close(self) -> None:
        """Finish the commands that were accepted and close every connection."""
        await self._group_commit.drain()
        await self.engine.close()
