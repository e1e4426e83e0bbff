"""Alembic's migrations of the core's tables."""

from functools import cache
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

if TYPE_CHECKING:
    from largesse.storage.database import Database


async def upgrade(database: "Database", revision: str = "head") -> None:
    """Bring the database to a revision; the newest by default.

    Of several processes that start on an empty database one migrates, and the others wait for it.
    """
    async with database.write() as tx:
        # Alembic commits what it began: this tells it that somebody else did.
        await tx.connection.begin()
        await database.engine.wait_for_others(tx.connection)
        await tx.connection.run_sync(_upgrade, revision)


async def current(database: "Database") -> bool:
    """Say whether the database is at the newest revision."""
    async with database.read() as tx:
        return await tx.connection.run_sync(_is_current)


def config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration for a connection; there is no alembic.ini."""
    made = Config()
    made.set_main_option("script_location", "largesse:migrations")
    made.attributes["connection"] = connection
    return made


def _upgrade(connection: Connection, revision: str) -> None:
    # Alembic would load and run every migration's file to find that there is nothing to do.
    if revision != "head" or not _is_current(connection):
        command.upgrade(config(connection), revision)


def _is_current(connection: Connection) -> bool:
    return set(MigrationContext.configure(connection).get_current_heads()) == _heads()


@cache
def _heads() -> frozenset[str]:
    return frozenset(ScriptDirectory.from_config(config()).get_heads())
