"""Slows down guessing: failed logins are counted per user and address."""

import time
from collections import OrderedDict

MOST_ENTRIES = 10_000
"""Pairs of user and address remembered at most; the oldest go first."""


class Throttle:
    """Counts failures inside a sliding window, in this process."""

    def __init__(self, *, failures: int, seconds: int) -> None:
        self._failures = failures
        self._seconds = seconds
        self._times: OrderedDict[tuple[str, ...], list[float]] = OrderedDict()

    def wait(self, *key: str) -> int:
        """Return how many seconds the key must wait, or 0."""
        recent = self._recent(key)
        if len(recent) < self._failures:
            return 0
        return max(1, int(recent[0] + self._seconds - time.monotonic()) + 1)

    def failed(self, *key: str) -> None:
        """Count one failure."""
        self._times[key] = [*self._recent(key), time.monotonic()]
        self._times.move_to_end(key)
        if len(self._times) > MOST_ENTRIES:
            self._times.popitem(last=False)

    def succeeded(self, *key: str) -> None:
        """Forget the key's failures."""
        self._times.pop(key, None)

    def _recent(self, key: tuple[str, ...]) -> list[float]:
        since = time.monotonic() - self._seconds
        return [at for at in self._times.get(key, ()) if at > since]
