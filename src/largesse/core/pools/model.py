"""Tables and values of pools, and what their numbers mean. The arithmetic is pure."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, String, Table, Uuid

from largesse.core.campaigns.model import Campaign, CampaignState, CodeSource, WhenEmpty
from largesse.core.tables import organization_column, reference
from largesse.storage.types import Utc, metadata

WINDOW = timedelta(hours=1)
"""How far the rate looks back at most, while the pool is looked at all the time."""

SHORTEST = timedelta(minutes=1)
"""How long codes must have been watched before that says anything about an hour."""

FARTHEST = timedelta(days=36_500)
"""What lies farther ahead is no forecast."""

LEAST = 1_000
"""Codes to make for a pool of which neither an alarm level nor a rate says how many it needs."""

MOST = 10_000_000
"""Codes that one job makes for a pool at most."""


class Obstacle(StrEnum):
    """Why no more codes are made for a pool that needs them."""

    NO_ROOM = "no_room"
    """The format makes too few different ones."""
    CODES_IN_ALL = "codes_in_all"
    """The campaign has as many as it may give out."""
    CODES_EXPIRED = "codes_expired"
    """The campaign's codes expire at a moment that is over."""
    JOB_STOPPED = "job_stopped"
    """The job that makes them failed or was cancelled."""


pool_alarms = Table(
    "pool_alarms",
    metadata,
    organization_column(),
    Column("campaign_id", Uuid, primary_key=True),
    # The campaign's alarm level that `level` is a part of, and the lowest level that was told
    # of since the pool was last above it.
    Column("alarm_level", BigInteger),
    Column("level", BigInteger),
    # The first and the last place with a code when the pool was last looked at; all below `place`
    # is known to be gone, and so is never looked at again.
    Column("place", BigInteger),
    Column("top", BigInteger),
    # How many codes have left since the pool was first looked at: now, and at two moments before.
    Column("gone", BigInteger, nullable=False),
    Column("early_gone", BigInteger, nullable=False),
    Column("early_at", Utc),
    Column("late_gone", BigInteger, nullable=False),
    Column("late_at", Utc),
    # The job that makes more, and why there is none although there should be. No reference:
    # jobs may be deleted.
    Column("job_id", Uuid),
    Column("obstacle", String(20)),
    # By the database's clock: whoever looks first after it looks for all workers.
    Column("due_at", Utc, nullable=False),
    reference("campaign_id", "campaigns.id", ondelete="CASCADE"),
    Index("ix_pool_alarms_due_at", "due_at"),
)
"""The pools that are watched: a campaign has a row while `is_watched` says so."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is in a pool at one moment."""

    place: int
    """The first place with a code that can be given out, or the one behind the last."""
    top: int
    """The last place with a code."""
    passed: int
    """Codes that have expired between the place before and this one."""
    counted: int
    """Codes that can be given out, counted up to one more than was asked for."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What is known of a watched pool."""

    organization_id: int
    campaign_id: UUID
    alarm_level: int | None = None
    level: int | None = None
    place: int | None = None
    top: int | None = None
    gone: int = 0
    early_gone: int = 0
    early_at: datetime | None = None
    late_gone: int = 0
    late_at: datetime | None = None
    job_id: UUID | None = None

    def seen(self, reading: Reading, now: datetime) -> "Watch":
        """Return what is known behind a reading."""
        left = 0
        if self.place is not None and self.top is not None and self.place <= self.top:
            # Out of an empty pool nothing goes: places that are filled later begin anew.
            left = max(0, reading.place - self.place - reading.passed)
        known = replace(self, place=reading.place, top=reading.top, gone=self.gone + left)
        if self.early_at is None or self.late_at is None:
            return replace(
                known, early_gone=known.gone, early_at=now, late_gone=known.gone, late_at=now
            )
        if now - self.late_at < WINDOW / 2:
            return known
        return replace(
            known,
            early_gone=self.late_gone,
            early_at=self.late_at,
            late_gone=known.gone,
            late_at=now,
        )

    def codes_per_hour(self, now: datetime) -> float | None:
        """Return how fast codes leave of late, or None if that is not known yet."""
        if self.early_at is None or now - self.early_at < SHORTEST:
            return None
        hours = (now - self.early_at) / timedelta(hours=1)
        return round((self.gone - self.early_gone) / hours, 2)


@dataclass(frozen=True, slots=True)
class PoolForecast:
    """How much is left in a pool, and until when at the present rate."""

    alarm_level: int | None
    level: int | None
    """The level that the pool has come down to, `alarm_level` or a half of it; None: above."""
    available: int
    exact: bool
    """Whether `available` is counted; else it is the number of places, of which some may be empty."""
    codes_per_hour: float | None
    """How fast codes left in the past half to whole hour; None: not known yet."""
    runs_out_at: datetime | None
    """None: at no moment that can be foreseen, or already."""


@dataclass(frozen=True, slots=True)
class LowPool:
    """A pool that has come down to its alarm level, or runs out soon."""

    campaign_id: UUID
    name: str
    """The campaign's."""
    forecast: PoolForecast


def is_watched(campaign: Campaign) -> bool:
    """Say whether somebody must be told of, or something done about, the campaign's pool."""
    return (
        campaign.state == CampaignState.POSTED
        and campaign.code_source == CodeSource.POOL
        and (campaign.alarm_level is not None or campaign.when_empty == WhenEmpty.GENERATE)
    )


def levels(alarm_level: int) -> Iterator[int]:
    """Yield the levels at which an alarm is raised: this one and its halves down to 0."""
    level = alarm_level
    while level > 0:
        yield level
        level //= 2
    yield 0


def level_of(available: int, alarm_level: int) -> int | None:
    """Return the lowest level that so many codes have come down to; None: they are above all."""
    return min((level for level in levels(alarm_level) if available <= level), default=None)


def forecast(
    campaign: Campaign, watch: Watch, reading: Reading, *, level: int | None, now: datetime
) -> PoolForecast:
    """Return what a reading means for a pool, `watch` being what is known behind it."""
    exact = reading.counted <= (campaign.alarm_level or 0)
    available = reading.counted if exact else max(reading.counted, reading.top - reading.place + 1)
    rate = watch.codes_per_hour(now)
    return PoolForecast(
        alarm_level=campaign.alarm_level,
        level=level,
        available=available,
        exact=exact,
        codes_per_hour=rate,
        runs_out_at=_runs_out_at(available, rate, now),
    )


def recalled(watch: Watch, now: datetime) -> PoolForecast:
    """Return what the last look at a pool means now: without another one, so for many pools."""
    available, rate = 0, watch.codes_per_hour(now)
    if watch.place is not None and watch.top is not None:
        available = max(0, watch.top - watch.place + 1)
    return PoolForecast(
        alarm_level=watch.alarm_level,
        level=watch.level,
        available=available,
        exact=False,
        codes_per_hour=rate,
        runs_out_at=_runs_out_at(available, rate, now),
    )


def _runs_out_at(available: int, rate: float | None, now: datetime) -> datetime | None:
    if not available or not rate or available / rate >= FARTHEST / timedelta(hours=1):
        return None
    return now + timedelta(hours=available / rate)


def codes_needed(campaign: Campaign, codes_per_hour: float | None, *, made: int) -> int:
    """Return how many codes to make: twice the alarm level or those of a day, what is more.

    `made` is how many the campaign has had; 0 if it may have no more.
    """
    count = max(2 * (campaign.alarm_level or 0), math.ceil(24 * (codes_per_hour or 0))) or LEAST
    if campaign.codes_in_all is not None:
        count = min(count, campaign.codes_in_all - made)
    return max(0, min(count, MOST))
