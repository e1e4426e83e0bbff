"""Tells the log of logins that failed."""

import asyncio

import structlog

from largesse.core.events import store
from largesse.core.events.model import ANONYMOUS, Author, EventKind
from largesse.core.events.store import Subject
from largesse.core.request import request_id
from largesse.core.together import together
from largesse.storage.database import Database

log = structlog.get_logger(__name__)

UNKNOWN_USER = "unknown"
"""Stands in the log for a user that does not exist: what was typed may have been a password."""


class FailedLogins:
    """Writes beside the answer.

    Who waited for it could tell a user that exists, of whom there is a line, from one who does not.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._telling: set[asyncio.Task[None]] = set()

    def tell(self, organization_id: int, kind: EventKind, subject: Subject, address: str) -> None:
        """Have a line written soon."""
        by = Author(organization_id, ANONYMOUS, request_id=request_id())
        row = store.event_row(by, kind, subject, data={"address": address})
        task = asyncio.create_task(together(self._database, store.write_each, row))
        self._telling.add(task)
        task.add_done_callback(self._told)

    async def settle(self) -> None:
        """Wait until every line is written."""
        while self._telling:
            await asyncio.wait(self._telling)

    def _told(self, task: "asyncio.Task[None]") -> None:
        self._telling.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("failed login not recorded", reason=str(error))
