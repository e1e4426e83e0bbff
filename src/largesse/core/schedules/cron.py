"""Cron expressions: five fields, meant in a time zone."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from croniter import croniter

from largesse.core.errors import InvalidValue

FIELDS = 5

YEARS = 10
"""How far ahead the next moment is looked for: 29 February comes at least every eight years."""


@lru_cache(maxsize=64)
def zone_named(name: str) -> tzinfo:
    """Return a time zone. Raises InvalidValue."""
    if name == "UTC":
        return UTC  # also where the system has no data about zones
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        # A folder of files, no name of a file at all, or no such file.
        raise InvalidValue("zone", "is no time zone that is known here") from None


def check(cron: str, zone: str) -> None:
    """Refuse what is no cron expression of five fields, or no zone. Raises InvalidValue."""
    zone_named(zone)
    fields = cron.split()
    # R and H stand for random values, which are others each time one looks.
    if len(fields) != FIELDS or any(field[0] in "RrHh" for field in fields):
        raise InvalidValue("cron", "must be minute, hour, day of month, month and day of week")
    try:
        next_after(cron, zone, datetime(2026, 1, 1, tzinfo=UTC))
    except ValueError as error:
        raise InvalidValue("cron", f"is no moment that ever comes: {error}") from None


def next_after(cron: str, zone: str, moment: datetime) -> datetime:
    """Return the first moment of an expression behind another one, in UTC.

    An hour that a change of the clocks repeats counts once, unless the expression is for every
    hour; one that is left out counts as the moment at which the clocks change.
    """
    ahead = croniter(cron, moment.astimezone(zone_named(zone)), max_years_between_matches=YEARS)
    while True:
        found: datetime = ahead.get_next(datetime)
        if not found.fold or "*" in cron.split()[1]:
            return found.astimezone(UTC)


def last_until(cron: str, zone: str, first: datetime, now: datetime) -> datetime:
    """Return the last moment of an expression until now; `first` is one of them."""
    # Forwards only, so that both functions agree, and from near enough that it is soon done.
    span = timedelta(hours=1)
    found = first
    while now - span > first:
        found = next_after(cron, zone, now - span)
        if found <= now:
            break
        found, span = first, span * 24
    while (following := next_after(cron, zone, found)) <= now:
        found = following
    return found
