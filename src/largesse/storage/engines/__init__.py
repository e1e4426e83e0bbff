"""What differs between the two databases, as named properties instead of `if sqlite`."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Column, ColumnElement, Executable, FromClause, Select, Table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from largesse.storage.bulk import Demand, Key, Parameter, Pool
from largesse.storage.engines.postgres import Postgres
from largesse.storage.engines.sqlite import Sqlite
from largesse.storage.statements import Prepared

__all__ = ["Engine", "engine_for"]


class Engine(Protocol):
    """One kind of database."""

    name: str
    lanes: int
    """How many group commits are in flight at a time."""
    many_serve: bool
    """Whether several processes may serve from it."""
    begin: str
    """How a transaction that writes begins."""
    version: ColumnElement[str]
    """What the database's software says of its version."""

    def begin_for(self, seconds: float) -> str:
        """Return how one begins that is undone when its process does nothing for so long."""

    def commit(self, topics: Collection[str]) -> str:
        """Return how one ends that tells every process that listens of some topics."""

    async def listen(self, hear: Callable[[str], None]) -> None:
        """Call `hear` with each topic that a commit of another process tells of.

        It begins with "", for what was missed while nobody listened. Where there is nothing to
        listen to it returns at once, else it ends by being cancelled or with the connection.
        """

    @property
    def load_rows(self) -> int:
        """Rows to load in one transaction: few enough that others hardly wait for it."""

    def pause_after(self, seconds: float) -> float:
        """Return how long to wait behind a transaction of so many seconds, to let others in."""

    def writer(self) -> AsyncEngine:
        """Return the engine whose transactions write."""

    def reader(self) -> AsyncEngine:
        """Return the engine whose transactions only read."""

    def insert(self, table: Table) -> Any:
        """Return an INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""

    def take(
        self, statement: Select[Any], table: Table, *, index: str | None = None
    ) -> Select[Any]:
        """Make a SELECT take rows for itself: none that another transaction is taking."""

    def walk(self, statement: Select[Any], table: Table, *, index: str) -> Select[Any]:
        """Make a SELECT walk an index that covers its conditions and its order."""

    def hold(self, statement: Select[Any]) -> Select[Any]:
        """Make a SELECT wait for the transactions that hold its rows, and hold them then."""

    def prepared(self, name: Hashable, build: Callable[[], Executable]) -> Prepared:
        """Return the statement kept under the name; build it at the first call."""

    async def fetch(
        self, connection: AsyncConnection, statement: Prepared, parameters: Mapping[str, Any]
    ) -> list[Any]:
        """Run a prepared statement and return its rows."""

    async def run(
        self, connection: AsyncConnection, statement: Prepared, parameters: Mapping[str, Any]
    ) -> int:
        """Run a prepared statement and return how many rows it touched."""

    def given(self, name: str, columns: Sequence[Column[Any]]) -> FromClause:
        """Return rows that a statement is given anew each time, to be read like a table."""

    def give(
        self, name: str, columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]
    ) -> dict[str, Any]:
        """Return the parameters that are the rows of `given`."""

    def give_columns(
        self, name: str, columns: Sequence[Column[Any]], lists: Sequence[Sequence[Any]]
    ) -> dict[str, Any]:
        """Return what `give` does, of lists that hold each column's values as drivers take them."""

    async def take_each(
        self,
        connection: AsyncConnection,
        pool: Pool,
        demands: Sequence[Demand],
        parameters: Mapping[str, Any],
        *,
        alone: bool,
    ) -> dict[Key, list[Any]]:
        """Give rows of a pool to the takers of each demand; see `bulk.take_each`.

        `alone`: no transaction is open, and this is to be one.
        """

    async def load(
        self, connection: AsyncConnection, table: Table, names: Sequence[str], rows: Sequence[Any]
    ) -> None:
        """Insert many rows as fast as the driver can; see `Transaction.load`."""

    def any_of(
        self, column: ColumnElement[Any], values: Sequence[Any] | Parameter
    ) -> ColumnElement[bool]:
        """Return `column IN (...)` over values, or over a list that is a parameter of its own."""

    def matches(self, column: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
        """Match texts with a pattern: `*` is any characters, everything else is itself, case too."""

    def now(self, plus_seconds: float = 0) -> ColumnElement[Any]:
        """Return the database's own clock, for leases that several machines compare."""

    def violation(self, error: Exception) -> str:
        """Return "unique", "reference" or "other" for what a statement failed with."""

    def lost(self, error: BaseException) -> bool:
        """Say whether an error means that the database can not be reached or hung up."""

    def full(self, error: BaseException) -> bool:
        """Say whether an error means that there is no room to keep more."""

    async def renew(self) -> None:
        """Make new connections from here on."""

    async def wait_for_others(self, connection: AsyncConnection) -> None:
        """Wait until no other process is inside a transaction that waited here too."""

    def claim_serving(self) -> None:
        """Refuse if only one process may serve from this database and another one does.

        Raises:
            DatabaseInUse: another process serves already.
        """

    def free_bytes(self) -> int | None:
        """Return how much room is left for the database's file; None: it is on a server."""

    async def close(self) -> None:
        """Close every connection."""


def engine_for(url: str) -> Engine:
    """Return the engine for a database URL: `sqlite:///path` or `postgresql://...`.

    Raises:
        ValueError: the URL names another kind of database.
    """
    scheme = url.split(":", 1)[0].split("+", 1)[0]
    if scheme == "sqlite":
        return Sqlite(url)
    if scheme in ("postgresql", "postgres"):
        return Postgres(url)
    raise ValueError(f"not a database this service knows: {scheme!r} (sqlite or postgresql)")
