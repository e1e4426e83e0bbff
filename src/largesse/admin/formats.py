"""How values are shown: numbers, moments and dates as the viewer writes them."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, dates, numbers
from babel.support import Translations

from largesse.admin.language import SOURCE, catalogues, patterns
from largesse.core.errors import Refused

EMPTY = "\N{EN DASH}"
"""Stands where there is no value."""


WORDS = frozenset({"noun", "reason", "state", "what", "to", "right"})
"""Facts of refusals that are words for people."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of a refusal as its sentence names them, with words in the viewer's language."""

    viewer: "Viewer"
    error: Exception

    def __getattr__(self, name: str) -> Any:
        fact = getattr(self.error, name)
        if name in WORDS and isinstance(fact, str):
            return self.viewer.reason(fact.replace("_", " ") if name == "right" else fact)
        return fact


@dataclass(frozen=True, slots=True)
class Viewer:
    """In which language and zone somebody looks at a page."""

    locale: Locale
    zone: ZoneInfo

    @property
    def translations(self) -> Translations:
        """The catalogue of the viewer's language."""
        return catalogues().get(self.locale.language, catalogues()[SOURCE])

    def say(self, text: str, **values: object) -> str:
        """Return a text of the pages in the viewer's language, with values put in."""
        said = str(self.translations.gettext(text)) if text else ""
        return said % values if values else said

    def say_many(self, one: str, many: str, count: int, /, **values: object) -> str:
        """Return a text about a number of things in the viewer's language."""
        said = str(self.translations.ngettext(one, many, count))
        return said % {"count": self.number(count), **values}

    def refusal(self, error: Exception) -> str:
        """Return what a refusal says in the viewer's language."""
        if isinstance(error, Refused) and type(error).__str__ is Refused.__str__:
            return self.say(sentence_of(type(error))).format(Facts(self, error))
        return self.say(str(error))

    def reason(self, text: str) -> str:
        """Return what the core says of a value in the viewer's language: some of it may vary."""
        said = self.say(text)
        if said == text:
            for pattern, key in patterns(self.locale.language):
                if (found := pattern.fullmatch(text)) is not None:
                    return self.say(key).format(*found.groups())
        return said

    def number(self, value: int | float | Decimal | None) -> str:
        """Return a number, e.g. 1,234.5."""
        return EMPTY if value is None else str(numbers.format_decimal(value, locale=self.locale))

    def percent(self, share: float | None) -> str:
        """Return a share of one as per cent."""
        if share is None:
            return EMPTY
        # Languages differ in what stands before the sign: 12.5%, 12,5 %.
        pattern = self.locale.percent_formats[None].pattern.replace("0", "0.#", 1)
        return str(numbers.format_percent(share, pattern, locale=self.locale))

    def moment(self, value: datetime | None) -> str:
        """Return a moment in the viewer's zone, to the minute."""
        if value is None:
            return EMPTY
        time = dates.format_time(value, "short", tzinfo=self.zone, locale=self.locale)
        return f"{self.day(self.day_of(value))}, {time}"

    def day(self, value: date | None) -> str:
        """Return a date."""
        return EMPTY if value is None else dates.format_date(value, "medium", locale=self.locale)

    def ago(self, value: datetime | None) -> str:
        """Return how long ago a moment was, or how far ahead it is."""
        if value is None:
            return EMPTY
        return self.span(value - datetime.now(UTC), direction=True)

    def span(self, value: timedelta, *, direction: bool = False) -> str:
        """Return a span of time in one unit, e.g. 3 hours."""
        return dates.format_timedelta(value, add_direction=direction, locale=self.locale)

    def local(self, value: datetime | None) -> str:
        """Return a moment as `<input type="datetime-local">` wants it."""
        return "" if value is None else value.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M")

    def day_of(self, moment: datetime) -> date:
        """Return the viewer's day that a moment lies in."""
        return moment.astimezone(self.zone).date()

    def start_of(self, day: date) -> datetime:
        """Return the moment at which a day of the viewer's begins."""
        return datetime(day.year, day.month, day.day, tzinfo=self.zone)


def sentence_of(kind: type[Exception]) -> str:
    """Return what refusals of a class say, with places for their facts: the key of a translation."""
    sentence = str(getattr(kind, "sentence", ""))
    return sentence or (kind.__doc__ or kind.__name__).strip().splitlines()[0]


def utc(value: datetime | None) -> str:
    """Return a moment in UTC, for the tip beside the local one."""
    return "" if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def seconds(count: float) -> timedelta:
    """Return a span of so many seconds, to be shown in one unit."""
    return timedelta(seconds=count)


def iso(value: datetime) -> str:
    """Return a moment as machines read it."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def zone_of(name: str | None) -> ZoneInfo:
    """Return the zone of this name, or UTC: a browser says its own in a cookie."""
    if name and re.fullmatch(r"[A-Za-z0-9_+/-]{1,64}", name) and name in _zones():
        return ZoneInfo(name)
    return ZoneInfo("UTC")


@cache
def _zones() -> set[str]:
    return available_timezones()
