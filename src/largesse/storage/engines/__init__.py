"""What differs between the two databases, as named properties instead of `if sqlite`."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Executable, Select, Table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from largesse.storage.bulk import Bound, Demand, Parameter, Pool
from largesse.storage.engines.postgres import Postgres
from largesse.storage.engines.sqlite import Sqlite

__all__ = ["Engine", "engine_for"]


class Engine(Protocol):
    """One kind of database."""

    name: str

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

    def prepared(self, name: Hashable, build: Callable[[], Executable]) -> Executable:
        """Return the statement kept under the name; build it at the first call."""

    def take_each(self, pool: Pool, demands: Sequence[Demand]) -> Sequence[Bound]:
        """Return the statements that take rows of a pool, some for each demand."""

    def update_each(
        self, table: Table, keys: Sequence[str], rows: Sequence[dict[str, Any]]
    ) -> Bound:
        """Return the statement that gives each row values of its own."""

    def any_of(
        self, column: ColumnElement[Any], values: Sequence[Any] | Parameter
    ) -> ColumnElement[bool]:
        """Return `column IN (...)` over values, or over a list that is a parameter of its own."""

    def matches(self, column: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
        """Match texts with a pattern: `*` is any characters, everything else is itself, case too."""

    def by_code_point(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Order texts by their characters' numbers, whatever the database's locale is."""

    def now(self, plus_seconds: float = 0) -> ColumnElement[Any]:
        """Return the database's own clock, for leases that several machines compare."""

    def violation(self, error: IntegrityError) -> str:
        """Return "unique", "reference" or "other" for a broken constraint."""

    async def wait_for_others(self, connection: AsyncConnection) -> None:
        """Wait until no other process is inside a transaction that waited here too."""

    def claim_serving(self) -> None:
        """Refuse if only one process may serve from this database and another one does.

        Raises:
            DatabaseInUse: another process serves already.
        """

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
