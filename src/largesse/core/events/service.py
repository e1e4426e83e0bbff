"""The use cases of events: read the log."""

from collections.abc import Mapping
from typing import Any

from largesse.core.access.model import Caller
from largesse.core.errors import UnknownEvent, WrongState
from largesse.core.events.model import Event, events
from largesse.core.records import Records


class Events(Records[Event]):
    """The log. Its lines are written by the use cases that they tell of."""

    table = events
    value = Event
    unknown = UnknownEvent
    changeable = frozenset()

    async def create(self, caller: Caller, new: Mapping[str, Any]) -> Event:
        """Refuse: an event is recorded by what happens. Raises WrongState."""
        raise WrongState("event", "yet to happen")

    async def change(self, caller: Caller, record_id: Any, values: Mapping[str, Any]) -> Event:
        """Refuse: what happened has happened. Raises UnknownEvent, WrongState."""
        await self.get(caller, record_id)
        raise WrongState("event", "part of the log")

    async def delete(self, caller: Caller, record_id: Any) -> None:
        """Refuse: the log keeps every line. Raises UnknownEvent, WrongState."""
        await self.get(caller, record_id)
        raise WrongState("event", "part of the log")
