"""What was looked up, in memory for a moment."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

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
    still get it: else all the requests of a busy client would ask the database at once.
    """

    def __init__(
        self, *, seconds: float, most: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._entries: dict[K, _Entry[V]] = {}

    def get(self, key: K) -> V | None:
        """Return a value, or None: then look it up, and `keep` it or `forget` it."""
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
