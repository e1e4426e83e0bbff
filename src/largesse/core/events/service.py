"""The use cases of events: read the log, and give up its oldest lines."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.errors import InvalidValue, UnknownEvent, WrongState
from largesse.core.events import looking, store
from largesse.core.events.model import Event, events
from largesse.core.limits import unfit
from largesse.core.records import Page, Records, check_after, check_limit, page_of
from largesse.core.search.browse import Browse, Browsed
from largesse.storage.database import Database

OF_ACCESS = frozenset({"organization", "user", "key"})
"""Subjects that are shown to those only who may read them (`Users.read_right`)."""


class Events(Records[Event]):
    """The log. Its lines are written by the use cases that they tell of."""

    table = events
    value = Event
    unknown = UnknownEvent
    changeable = frozenset()
    shelf = looking.EVENT_SHELF

    def __init__(self, database: Database, *, keep: timedelta | None) -> None:
        super().__init__(database)
        self._keep = keep

    async def page(
        self, caller: Caller, *, after: Any = None, limit: int = 100, **filters: Any
    ) -> Page[Event]:
        """Return the events after an id.

        Filters: `kind`, `subject_kind`, `subject_id`, `actor`, `key_id`, `request_id`, and of the
        time `since` and `until`.

        Raises:
            NotPermitted, InvalidValue
        """
        caller.require(self.read_right)
        check_limit(limit)
        if after is not None:
            check_after(events, after)
        wanted = {name: value for name, value in filters.items() if value is not None}
        for name in ("since", "until"):
            moment = wanted.get(name)
            if moment is not None and (reason := unfit(events.c.created_at.type, moment)):
                raise InvalidValue(name, reason)
        columns = [(name, value) for name, value in wanted.items() if name in events.c]
        if any(unfit(events.c[name].type, value) for name, value in columns):
            return Page([], None)  # what no column can hold, none holds
        async with self.database.read() as tx:
            found = await store.page(
                tx,
                caller.organization_id,
                after=after,
                limit=limit + 1,
                filters=wanted,
                hidden=_hidden(caller),
            )
        return page_of([self._value(row) for row in found], limit)

    async def browse(self, caller: Caller, query: Browse) -> Browsed[Event]:
        """Return a page of the lines that fit, of those that are looked at (`looking`).

        Filters: `kind`, `about`, and `who`; the text is the id of a subject or a request.

        Raises:
            NotPermitted, InvalidValue
        """
        caller.require(self.read_right)
        self.shelf.check(query)
        async with self.database.read() as tx:
            page = await looking.browse(tx, caller.organization_id, query, hidden=_hidden(caller))
            found = await self._many(tx, caller.organization_id, page.items) if page.items else {}
        return replace(page, items=[found[one] for one in page.items if one in found])

    async def kinds(self, caller: Caller) -> list[str]:
        """Return the kinds of line that the caller's log has. Raises NotPermitted."""
        caller.require(self.read_right)
        async with self.database.read() as tx:
            found = await looking.kinds(tx, caller.organization_id)
        hidden = _hidden(caller)
        return [kind for kind in found if kind.partition(".")[0] not in hidden]

    async def get(self, caller: Caller, record_id: Any) -> Event:
        """Return one line. Raises UnknownEvent, NotPermitted."""
        found = await super().get(caller, record_id)
        if found.subject_kind in _hidden(caller):
            raise UnknownEvent(str(record_id))
        return found

    async def create(self, caller: Caller, new: Mapping[str, Any]) -> Event:
        """Refuse: an event is recorded by what happens. Raises WrongState."""
        raise WrongState("event", "yet to happen")

    async def change(
        self, caller: Caller, record_id: Any, values: Mapping[str, Any], *, seen: str | None = None
    ) -> Event:
        """Refuse: what happened has happened. Raises UnknownEvent, WrongState."""
        await self.get(caller, record_id)
        raise WrongState("event", "part of the log")

    async def delete(self, caller: Caller, record_id: Any) -> None:
        """Refuse: the log keeps every line. Raises UnknownEvent, WrongState."""
        await self.get(caller, record_id)
        raise WrongState("event", "part of the log")

    async def prune(self) -> bool:
        """Delete some of the lines that are older than `events_keep_days`; say if there were any.

        This is the worker's: it goes through all organizations.
        """
        if self._keep is None:
            return False
        began = time.monotonic()
        async with self.database.write() as tx:
            found = await store.prune(tx, clock.now() - self._keep)
        await asyncio.sleep(self.database.engine.pause_after(time.monotonic() - began))
        return bool(found)


def _hidden(caller: Caller) -> frozenset[str]:
    return frozenset() if Right.MANAGE_ACCESS in caller.rights else OF_ACCESS
