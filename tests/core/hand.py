"""A clock that a test moves."""

from dataclasses import dataclass
from datetime import datetime


@dataclass
class Hand:
    """Stands in for `clock.now`, at a moment that the test sets."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at
