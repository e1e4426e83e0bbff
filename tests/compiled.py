"""One dialect and one place for compiled statements, for all engines of this process.

A server has both for as long as it runs. Each test makes an engine of its own, and would spend a
quarter of its time on compiling again what all others have compiled, and on asking for the version.
"""

from collections import defaultdict
from collections.abc import Hashable
from typing import Any, Self

from sqlalchemy import Connection, Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite

from largesse.storage.statements import Prepared, Statements

_PREPARED: defaultdict[type, dict[Hashable, Prepared]] = defaultdict(dict)


class Shared:
    """Makes a dialect class one that has a single instance."""

    only: Self | None = None
    asked = False
    compiled: dict[Any, Any]

    def __new__(cls, **_: Any) -> Self:
        """Return the only instance; the product gives every engine of a kind the same arguments."""
        return cls.only or super().__new__(cls)

    def __init__(self, **given: Any) -> None:
        kind = type(self)
        if kind.only is None:
            super().__init__(**given)
            kind.only, kind.compiled = self, {}

    def initialize(self, connection: Connection) -> None:
        """Ask the first database what it is; all others are of the same kind."""
        kind = type(self)
        if not kind.asked:
            super().initialize(connection)
            kind.asked = True

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """Let an engine use the common cache."""
        engine.update_execution_options(compiled_cache=cls.compiled)


class SharedPostgres(Shared, PGDialect_asyncpg):
    """The dialect of asyncpg."""

    supports_statement_cache = True


class SharedSqlite(Shared, SQLiteDialect_aiosqlite):
    """The dialect of aiosqlite."""

    supports_statement_cache = True


def _prepared(statements: Statements) -> None:
    """Let an engine keep its statements where all of its kind do."""
    statements._statements = _PREPARED[type(statements)]


def share() -> None:
    """Give the dialects and the statements to every engine that is made from here on."""
    Statements.__init__ = _prepared  # type: ignore[method-assign]
    registry.register("postgresql.asyncpg", __name__, SharedPostgres.__name__)
    registry.register("sqlite.aiosqlite", __name__, SharedSqlite.__name__)
