"""Transactions on the driver itself, alike for both databases."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

R = TypeVar("R")


def driver_of(connection: AsyncConnection) -> Any:
    """Return the connection of asyncpg or aiosqlite below SQLAlchemy's."""
    assert connection.sync_connection is not None
    return connection.sync_connection.connection.driver_connection


async def visit(connection: AsyncConnection, work: Callable[[sqlite3.Connection], R]) -> R:
    """Do some work in the thread of an SQLite connection, and return what it returns."""
    driver = driver_of(connection)
    # Every method of aiosqlite is such a visit, but none takes a function of ours.
    done: R = await driver._execute(lambda: work(driver._conn))
    return done


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
