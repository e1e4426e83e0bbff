"""What was looked up, in memory for a moment."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from largesse.core.errors import Refused

K = TypeVar("K")
V = TypeVar("V")

EARLY = 0.2
"""The last part of an entry's time, in which it is looked up again by one while it still holds."""


@dataclass(slots=True)
class _Entry(Generic[V]):
    value: V
    again: float
    until: float


class Remembered(Generic[K, V]):
    """Remembers values for some seconds, the newest `most` of them.

    Of many that want a value whose time is nearly up, one is told to look it up and the others
    still get it; when its time is up they wait for that one (`find`). Else all the requests of a
    busy client would ask the database at once, which then takes longer than the value is good for.
    """

    def __init__(
        self, *, seconds: float, most: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._entries: dict[K, _Entry[V]] = {}
        self._looking: dict[K, asyncio.Future[None]] = {}
        """What is looked up at this moment."""

    def get(self, key: K) -> V | None:
        """Return a value, or None: then `find` it."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        now = self._clock()
        if now >= entry.until:
            return None
        if now >= entry.again:
            entry.again = entry.until
            return None
        return entry.value

    async def find(
        self,
        key: K,
        look_up: Callable[[], Awaitable[V]],
        *,
        seconds: Callable[[V], float | None] = lambda _: None,
        alone: bool = False,
    ) -> V:
        """Look a value up that `get` did not know, and keep it; wait if that is being done already.

        `seconds` says for how long a value may be kept at most. Who is `alone` waits for nobody: it
        is inside a transaction, and the other may need the connection that it has.

        Raises:
            Refused: `look_up` refused; the value is forgotten.
        """
        while not alone and self._seconds > 0 and (other := self._looking.get(key)) is not None:
            await other
            entry = self._entries.get(key)
            if entry is not None and self._clock() < entry.until:
                return entry.value
            # That one was refused or gave up, which says nothing about this one.
        done = self._looking[key] = asyncio.get_running_loop().create_future()
        try:
            value = await look_up()
        except Refused:
            self.forget(key)
            raise
        else:
            self.keep(key, value, seconds=seconds(value))
            return value
        finally:
            if self._looking.get(key) is done:
                del self._looking[key]
            done.set_result(None)

    def keep(self, key: K, value: V, *, seconds: float | None = None) -> None:
        """Remember a value from now on, for fewer seconds than usual if told so."""
        now = self._clock()
        kept = self._seconds if seconds is None else min(self._seconds, seconds)
        self._entries.pop(key, None)
        self._entries[key] = _Entry(value, now + kept * (1 - EARLY), now + kept)
        if len(self._entries) > self._most:
            del self._entries[next(iter(self._entries))]

    def forget(self, key: K) -> None:
        """Have a value looked up by whoever wants it next."""
        self._entries.pop(key, None)
