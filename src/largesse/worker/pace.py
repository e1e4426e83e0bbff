"""How many mails a worker takes ahead: few if they go slowly, more if they go fast."""

import time

MOST_AT_ONCE = 100
"""Mails claimed at once at most."""

MOST_AHEAD = 300
"""Mails in hand at most."""

TURN_SECONDS = 0.05
"""How long what has ended waits to be recorded, so that much of it is recorded together."""

TURNS_AHEAD = 2
"""Mails are taken for so many turns: while one is recorded, the next ones are handed over."""


class Pace:
    """The speed of one worker, and how many mails it should have in hand at that speed."""

    def __init__(self, places: int) -> None:
        self._least = 2 * places
        self._rate = 0.0
        self._turn = TURN_SECONDS
        self._since = time.monotonic()

    @property
    def ahead(self) -> int:
        """How many mails to have in hand."""
        wanted = self._rate * TURNS_AHEAD * max(TURN_SECONDS, self._turn)
        return int(min(MOST_AHEAD, max(self._least, wanted)))

    @property
    def low(self) -> int:
        """With how many in hand it is time to take more."""
        return self.ahead // 2

    def room(self, in_hand: int) -> int:
        """Return how many to take now."""
        return max(0, min(MOST_AT_ONCE, self.ahead - in_hand))

    def note(self, ended: int, seconds: float) -> None:
        """Note a turn in which so many attempts were recorded, and how long it took itself."""
        now = time.monotonic()
        if ended:
            self._rate += (ended / max(now - self._since, 1e-6) - self._rate) / 2
        self._turn += (seconds - self._turn) / 2
        self._since = now
