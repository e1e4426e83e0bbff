"""The use case of health: how the database, the worker and the queues are."""

from collections.abc import Awaitable, Callable

from largesse.core.access.model import Caller, Right
from largesse.core.health import store
from largesse.core.health.model import Health
from largesse.storage.database import Database

IsMigrated = Callable[[Database], Awaitable[bool]]


class HealthCheck:
    """Looks how the installation is."""

    def __init__(self, database: Database, *, is_migrated: IsMigrated, runs_worker: bool) -> None:
        self._database = database
        self._is_migrated = is_migrated
        self._runs_worker = runs_worker

    async def look(self, caller: Caller) -> Health:
        """Return how the installation is. Raises NotPermitted."""
        caller.require(Right.MANAGE_ACCESS)
        engine = self._database.engine
        async with self._database.read() as tx:
            version = await store.version(tx)
            backlog = await store.backlog(tx, caller.organization_id)
        return Health(
            database=engine.name,
            database_version=version,
            is_migrated=await self._is_migrated(self._database),
            free_bytes=engine.free_bytes(),
            runs_worker=self._runs_worker,
            backlog=backlog,
        )
