"""A clock that a test moves."""

from dataclasses import dataclass
from datetime import UTC, datetime

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Hand:
    """Stands in for `clock.now`, at a moment that the test sets."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at
