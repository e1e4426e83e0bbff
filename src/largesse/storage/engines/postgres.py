"""PostgreSQL 15 or newer through asyncpg; several serving and working processes."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, func
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

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

    def take(self, statement: Select[Any], table: Table, *, index: str) -> Select[Any]:
        """Lock the rows and pass over those that another transaction has locked."""
        return statement.with_for_update(skip_locked=True, of=table)

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
