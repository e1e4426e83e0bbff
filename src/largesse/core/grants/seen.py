"""Which recipients a dry run has met: nothing is written by which it would meet them again."""

from array import array
from collections.abc import Iterable
from hashlib import blake2b

FIRST_SLOTS = 1 << 12

FULL = 0.6
"""The part of the slots that may be taken: in a fuller table each look takes many steps."""


class Seen:
    """A set of texts that keeps 64 bits of each: a million take 16 MB, not a hundred.

    Two different texts are taken for the same one in a batch of a million once in a few million
    batches.
    """

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * FIRST_SLOTS))
        self._count = 0

    def add(self, text: str) -> bool:
        """Add a text; say whether it is new."""
        # Never 0, which says that a slot is free.
        value = int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) | 1
        if self._count >= FULL * len(self._slots):
            self._grow()
        if not self._put(value):
            return False
        self._count += 1
        return True

    def add_all(self, texts: Iterable[str]) -> None:
        """Add texts."""
        for text in texts:
            self.add(text)

    def _put(self, value: int) -> bool:
        slots, last = self._slots, len(self._slots) - 1
        place = (value >> 1) & last
        while slots[place]:
            if slots[place] == value:
                return False
            place = (place + 1) & last
        slots[place] = value
        return True

    def _grow(self) -> None:
        old = self._slots
        self._slots = array("Q", bytes(16 * len(old)))
        for value in old:
            if value:
                self._put(value)
