"""Transactions on the driver itself, alike for both databases."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


def driver_of(connection: AsyncConnection) -> Any:
    """Return the connection of asyncpg or aiosqlite below SQLAlchemy's."""
    assert connection.sync_connection is not None
    return connection.sync_connection.connection.driver_connection


@asynccontextmanager
async def transaction(
    pool: AsyncEngine, begin: str, commit: Callable[[], str]
) -> AsyncIterator[AsyncConnection]:
    """Open a transaction that commits when the block ends and rolls back when it raises.

    `commit` is asked at the end how to.

    SQLAlchemy's own transactions would do the same with two to three times as many steps: on
    SQLite each of them wakes another thread.
    """
    async with pool.connect() as connection:
        try:
            await driver_of(connection).execute(begin)
            yield connection
            await driver_of(connection).execute(commit())
        except BaseException:
            await asyncio.shield(undo(connection))
            raise


async def undo(connection: AsyncConnection) -> None:
    """Roll back whatever is begun on a connection."""
    if connection.invalidated:
        return
    try:
        await driver_of(connection).execute("ROLLBACK")
    except Exception:
        # There was nothing to roll back, or nobody to ask: the next user gets a new connection.
        await connection.invalidate()
