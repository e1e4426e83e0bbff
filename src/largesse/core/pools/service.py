"""The use cases of pools: foresee when one runs out, tell of it, and have more codes made."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import structlog

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.campaigns import store as campaign_store
from largesse.core.campaigns.model import Campaign, WhenEmpty
from largesse.core.codes.generation import Generation
from largesse.core.codes.known_formats import KnownFormats
from largesse.core.codes.model import CampaignRef
from largesse.core.errors import InvalidCodeFormat, UnknownCampaign
from largesse.core.events import store as event_store
from largesse.core.events.model import EventKind, worker_of
from largesse.core.jobs.model import OPEN, STOPPED, JobState, jobs
from largesse.core.pools import store
from largesse.core.pools.model import (
    LowPool,
    Obstacle,
    PoolForecast,
    Watch,
    codes_needed,
    forecast,
    is_watched,
    level_of,
    recalled,
)
from largesse.storage import records
from largesse.storage.database import Database, Transaction

log = structlog.get_logger(__name__)

BATCH = 20
"""Pools looked at in one transaction."""

MOST_WATCHED = 1000
"""Pools of one organization that are looked through for low ones."""


@dataclass(frozen=True, slots=True)
class Look:
    """A look at one pool, and what it means."""

    campaign: Campaign
    known: Watch
    level: int | None
    forecast: PoolForecast
    now: datetime


class Pools:
    """The pools of campaigns."""

    def __init__(
        self,
        database: Database,
        formats: KnownFormats,
        generation: Generation,
        *,
        every: float,
    ) -> None:
        self.database = database
        self._formats = formats
        self._generation = generation
        self._every = every

    async def forecast(self, caller: Caller, campaign: CampaignRef) -> PoolForecast:
        """Say how much is left in a campaign's pool and when it runs out.

        Raises:
            NotPermitted, UnknownCampaign
        """
        caller.require(Right.READ)
        organization_id, now = caller.organization_id, clock.now()
        async with self.database.read() as tx:
            found = await campaign_store.campaign_named(
                tx, organization_id, campaign.field, campaign.value
            )
            if found is None:
                raise UnknownCampaign(campaign.value, campaign.field)
            known = await store.watch_of(tx, organization_id, found.id)
            known = known or Watch(organization_id, found.id)
            reading = await store.read(tx, known, at_most=found.alarm_level or 0, now=now)
        return forecast(found, known.seen(reading, now), reading, level=known.level, now=now)

    async def size(self, caller: Caller, campaign: CampaignRef) -> int:
        """Return how many places a campaign's pool ever had: no fewer than its codes.

        Raises:
            NotPermitted, UnknownCampaign
        """
        caller.require(Right.READ)
        organization_id = caller.organization_id
        async with self.database.read() as tx:
            found = await campaign_store.campaign_named(
                tx, organization_id, campaign.field, campaign.value
            )
            if found is None:
                raise UnknownCampaign(campaign.value, campaign.field)
            return await store.last_place(tx, organization_id, found.id)

    async def low(self, caller: Caller, *, within: timedelta) -> list[LowPool]:
        """Return the pools that are low or run out within a time, the most urgent first.

        As they were when they were last looked at: a pool that nobody watches is not among them.
        Raises NotPermitted.
        """
        caller.require(Right.READ)
        now = clock.now()
        async with self.database.read() as tx:
            known = await store.watches(tx, caller.organization_id, limit=MOST_WATCHED)
        found = [LowPool(one.campaign_id, name, recalled(one, now)) for one, name in known]
        soon = now + within
        low = [
            one
            for one in found
            if one.forecast.level is not None
            or (one.forecast.runs_out_at is not None and one.forecast.runs_out_at < soon)
        ]
        return sorted(low, key=lambda one: (one.forecast.runs_out_at or _last(one, soon), one.name))

    async def check_due(self) -> bool:
        """Look at the pools whose time has come; False if there may be no more of them.

        Each is looked at once in a while, whatever number of workers asks.
        """
        async with self.database.one_transaction() as tx:
            due = await store.claim_due(tx, limit=BATCH, seconds=self._every)
            for known, campaign in due:
                try:
                    async with self.database.write() as part:
                        await self._check(part, known, campaign)
                except Exception:
                    # Of one pool only: the others are not to wait for its mend.
                    log.exception("pool fault", campaign=str(known.campaign_id))
        return len(due) == BATCH

    # --- inside --------------------------------------------------------------------------------

    async def _check(self, tx: Transaction, known: Watch, campaign: Campaign) -> None:
        """Look at one pool and do what must be done."""
        if not is_watched(campaign):
            await store.forget(tx, known)
            return
        if known.alarm_level != campaign.alarm_level:
            # What was told of the old level says nothing about another one.
            await store.rise(tx, known)
            known = replace(known, alarm_level=campaign.alarm_level, level=None)
        look = await self._look(tx, campaign, known)
        await store.keep(tx, look.known)
        if look.level is None:
            await self._above(tx, look)
            return
        await self._below(tx, look, look.level)
        if campaign.when_empty == WhenEmpty.GENERATE:
            await self._refill(tx, look)

    async def _look(self, tx: Transaction, campaign: Campaign, known: Watch) -> Look:
        now, alarm_level = clock.now(), campaign.alarm_level or 0
        reading = await store.read(tx, known, at_most=alarm_level, now=now)
        level = level_of(reading.counted, alarm_level)
        if level is not None and (known.level is None or level < known.level):
            # Before an alarm be sure: codes that were given back lie below the place.
            whole = await store.read(tx, replace(known, place=None), at_most=alarm_level, now=now)
            if whole.counted > reading.counted:
                reading, level = whole, level_of(whole.counted, alarm_level)
        known = known.seen(reading, now)
        foreseen = forecast(campaign, known, reading, level=level, now=now)
        return Look(campaign, known, level, foreseen, now)

    async def _above(self, tx: Transaction, look: Look) -> None:
        """Let the next alarm be told of from the alarm level on; a new need may get a new job."""
        if not await store.rise(tx, look.known):
            return
        if await self._job_state(tx, look.known) not in OPEN:
            await store.have_job(tx, look.known, None)
        if look.campaign.alarm_level is not None:
            self._record(tx, look, EventKind.POOL_REFILLED)

    async def _below(self, tx: Transaction, look: Look, level: int) -> None:
        sank = await store.sink(tx, look.known, level)
        if sank and look.campaign.alarm_level is not None:
            kind = EventKind.POOL_LOW if level else EventKind.POOL_EMPTY
            self._record(tx, look, kind)

    # --- having more made ----------------------------------------------------------------------

    async def _refill(self, tx: Transaction, look: Look) -> None:
        """Start a job that makes more codes, unless there is one."""
        campaign, known = look.campaign, look.known
        state = await self._job_state(tx, known)
        if state in OPEN:
            return
        if state in STOPPED:
            # Somebody is to look why, and may resume it: a second one would fare no better.
            return await self._blocked(tx, look, Obstacle.JOB_STOPPED)
        if campaign.codes_expire_at is not None and campaign.codes_expire_at <= look.now:
            return await self._blocked(tx, look, Obstacle.CODES_EXPIRED)
        made = await store.last_place(tx, known.organization_id, campaign.id)
        count = codes_needed(campaign, look.forecast.codes_per_hour, made=made)
        if count == 0:
            return await self._blocked(tx, look, Obstacle.CODES_IN_ALL)
        count = self._with_room(campaign, count, made=made)
        if count == 0:
            return await self._blocked(tx, look, Obstacle.NO_ROOM)
        job = await self._generation.start(
            tx,
            worker_of(known.organization_id),
            campaign.id,
            count,
            # The same need has the same key: it ends with the first code that the job adds.
            key=f"pool:{campaign.id.hex}:{made}",
        )
        if job is None:
            return
        await store.have_job(tx, known, job.id)
        self._record(tx, look, EventKind.POOL_GENERATING, count=count, job_id=str(job.id))

    def _with_room(self, campaign: Campaign, count: int, *, made: int) -> int:
        """Return the count, or the part of it that the format has room for, within a half."""
        while count:
            try:
                self._formats.check_room(campaign, made + count)
            except InvalidCodeFormat:
                count //= 2
            else:
                break
        return count

    async def _blocked(self, tx: Transaction, look: Look, obstacle: Obstacle) -> None:
        if await store.have_obstacle(tx, look.known, obstacle):
            self._record(tx, look, EventKind.POOL_NOT_REFILLED, obstacle=obstacle)

    async def _job_state(self, tx: Transaction, known: Watch) -> JobState | None:
        if known.job_id is None:
            return None
        row = await records.find(tx, jobs, known.organization_id, jobs.c.id == known.job_id)
        return None if row is None else JobState(row.state)

    def _record(self, tx: Transaction, look: Look, kind: EventKind, **more: Any) -> None:
        told = {"campaign": look.campaign.name, **msgspec.to_builtins(look.forecast), **more}
        by = worker_of(look.known.organization_id)
        event_store.record(tx, by, kind, ("campaign", look.campaign.id), data=told)


def _last(low: LowPool, soon: datetime) -> datetime:
    """Return when a pool counts as running out of which nothing foresees it: an empty one did."""
    return soon if low.forecast.available else datetime.min.replace(tzinfo=UTC)
