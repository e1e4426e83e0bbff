"""The database: transactions, and the few statements that every area needs."""

from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from sqlalchemy import CursorResult, Executable, Row, Table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from largesse.storage.engines import Engine, engine_for
from largesse.storage.errors import BrokenReference, DuplicateKey
from largesse.storage.group_commit import Batch, GroupCommit

C = TypeVar("C")
R = TypeVar("R")

MOST_WAITING = 10_000
"""Commands that may wait for a commit; more are refused, so that no caller waits for minutes."""

VIOLATIONS = {"unique": DuplicateKey, "reference": BrokenReference}


class Transaction:
    """One open transaction. Stores run statements on it; services only pass it on."""

    __slots__ = ("connection", "engine", "places")

    def __init__(
        self, connection: AsyncConnection, engine: Engine, places: dict[tuple[object, ...], int]
    ) -> None:
        self.connection = connection
        self.engine = engine
        self.places = places

    async def execute(self, statement: Executable, parameters: Any = None) -> int:
        """Run a statement and return how many rows it touched.

        Raises:
            DuplicateKey: a row with the same unique key exists.
            BrokenReference: a row that is referred to is missing, or still referred to.
        """
        return (await self._run(statement, parameters)).rowcount

    async def rows(self, statement: Executable, parameters: Any = None) -> Sequence[Row[Any]]:
        """Run a statement and return its rows. Raises as `execute` does."""
        return (await self._run(statement, parameters)).all()

    async def row(self, statement: Executable, parameters: Any = None) -> Row[Any] | None:
        """Run a statement and return its only row, or None. Raises as `execute` does."""
        return (await self._run(statement, parameters)).one_or_none()

    async def value(self, statement: Executable, parameters: Any = None) -> Any:
        """Run a statement and return the first column of its first row, or None."""
        return (await self._run(statement, parameters)).scalar()

    async def insert_new(
        self, table: Table, rows: Sequence[dict[str, Any]], *, returning: Any
    ) -> Sequence[Row[Any]]:
        """Insert the rows whose keys are free, pass over the others, return the new ones."""
        if not rows:
            return []
        statement = self.engine.insert(table).on_conflict_do_nothing()
        return await self.rows(statement.returning(*returning), list(rows))

    def prepared(self, name: Hashable, build: Callable[[], Executable]) -> Executable:
        """Return a statement that is built once and kept under a name."""
        return self.engine.prepared(name, build)

    async def _run(self, statement: Executable, parameters: Any) -> CursorResult[Any]:
        try:
            return await self.connection.execute(statement, parameters)
        except IntegrityError as error:
            kind = VIOLATIONS.get(self.engine.violation(error))
            if kind is None:
                raise
            raise kind(str(error.orig)) from error


_shared: ContextVar[Transaction | None] = ContextVar("shared", default=None)
"""The transaction that everything in this task is part of; see `Database.one_transaction`."""

Wrap = Callable[[Batch, Any], tuple[Batch, Any]]

_wrap: ContextVar[Wrap | None] = ContextVar("wrap", default=None)
"""What this task puts around each command that it submits; see `Database.wrapping`."""


class Database:
    """Opens transactions on one database."""

    def __init__(self, url: str) -> None:
        self.engine = engine_for(url)
        self._group_commit = GroupCommit(self.write, most_waiting=MOST_WAITING)
        self.places: dict[tuple[object, ...], int] = {}
        """How far each pool is known to be used up; see `bulk.take_each`."""

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """Open a transaction that commits when the block ends and rolls back when it raises."""
        if (shared := self._shared()) is not None:
            async with shared.connection.begin_nested():
                yield shared
            return
        async with self.engine.writer().begin() as connection:
            yield Transaction(connection, self.engine, self.places)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """Open a transaction that only reads."""
        if (shared := self._shared()) is not None:
            yield shared
            return
        async with self.engine.reader().connect() as connection:
            yield Transaction(connection, self.engine, self.places)

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
