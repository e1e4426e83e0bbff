"""Tables and values of figures."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Column, String, Table, Uuid

from largesse.core.events.model import EventKind
from largesse.core.tables import organization_column
from largesse.storage.types import metadata

SLOT_SECONDS = 900
"""How long a time is counted together: the days of every zone begin at a quarter of an hour."""

ALL = ""
"""The part of a figure that stands for all of its parts."""


class What(StrEnum):
    """What is counted: lines of the log of these kinds."""

    ISSUED = EventKind.CODE_ISSUED
    REDEEMED = EventKind.CODE_REDEEMED
    SUBSCRIBED = EventKind.SUBSCRIBED
    UNSUBSCRIBED = EventKind.UNSUBSCRIBED


BY_CAMPAIGN = frozenset({What.ISSUED, What.REDEEMED})
"""What is counted for each campaign, too: the line's subject is a code."""

figures = Table(
    "figures",
    metadata,
    organization_column(),
    Column("what", String(40), primary_key=True),
    # A campaign's id, or nothing.
    Column("part", String(32), primary_key=True),
    # How many times `SLOT_SECONDS` its beginning is behind that of 1970.
    Column("slot", BigInteger, primary_key=True, autoincrement=False),
    Column("count", BigInteger, nullable=False),
)

figure_marks = Table(
    "figure_marks",
    metadata,
    organization_column(),
    Column("what", String(40), primary_key=True),
    # The lines of the log before this id are in the figures, each once, and none behind it.
    Column("next_id", Uuid, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far an organization's log is counted."""

    organization_id: int
    what: What
    next_id: UUID


@dataclass(frozen=True, slots=True)
class Span:
    """A time: from a moment until before another one."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Count:
    """How much there was in a span."""

    count: int
    is_more: bool = False
    """Whether there was more than was counted: too much of it is not in the figures yet."""


@dataclass(frozen=True, slots=True)
class Day:
    """How much there was on one day."""

    day: date
    count: int
    is_more: bool = False


def slot_of(moment: datetime) -> int:
    """Return the slot that a moment lies in."""
    return int(moment.timestamp() // SLOT_SECONDS)
