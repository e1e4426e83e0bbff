"""The use cases of figures: count the log as it grows, and say how much there was when."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.figures import store
from largesse.core.figures.model import (
    ALL,
    BY_CAMPAIGN,
    SLOT_SECONDS,
    Count,
    Day,
    Mark,
    Span,
    What,
    slot_of,
)
from largesse.core.ids import first_id_at, moment_of, parsed_id
from largesse.storage.database import Database, Transaction

MARGIN = timedelta(minutes=5)
"""How old a line of the log must be to be counted: a line has the id of the moment at which it was
made, and is seen when its transaction commits."""

BATCH = 5000
"""Lines that are counted at once."""

MOST_LIVE = 50_000
"""Lines that are counted while somebody waits; of more it is said that there are more."""

MOST_LIVE_OF_PART = 5000
"""The same where the campaign of each must be looked up."""

Lines = tuple[UUID, UUID]
"""A range of the log: from an id until before another one."""


class Figures:
    """Counts of what the log tells of.

    What is older than `MARGIN` is counted once and kept, in slots of a quarter of an hour; the rest
    is counted when it is asked for. So no question reads more than a few minutes of the log.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    async def counts(
        self, caller: Caller, what: What, spans: Sequence[Span], *, campaign_id: UUID | None = None
    ) -> list[Count]:
        """Say how much there was in each span, of one campaign if it is named.

        A span begins with a quarter of an hour; it may end at any moment. Raises NotPermitted.
        """
        caller.require(Right.READ)
        part = ALL if campaign_id is None else campaign_id.hex
        slots = [(slot_of(span.since), slot_of(span.until)) for span in spans]
        async with self.database.read() as tx:
            sums, mark = await store.sums(tx, caller.organization_id, what, part, slots)
            rest = [_rest(span, mark) for span in spans]
            live = await _live(tx, caller.organization_id, what, part, rest)
        return [Count(sums[n] + live[n].count, live[n].is_more) for n in range(len(spans))]

    async def per_day(
        self,
        caller: Caller,
        what: What,
        *,
        until: date,
        days: int,
        zone: tzinfo,
        campaign_id: UUID | None = None,
    ) -> list[Day]:
        """Say how much there was on each of the days up to one, in somebody's zone.

        Raises NotPermitted.
        """
        spans = self.days(until, days, zone)
        found = await self.counts(caller, what, spans, campaign_id=campaign_id)
        return [
            Day(span.since.date(), one.count, one.is_more)
            for span, one in zip(spans, found, strict=True)
        ]

    @staticmethod
    def days(until: date, days: int, zone: tzinfo) -> list[Span]:
        """Return the days up to one, as spans."""
        wanted = [until - timedelta(days=n) for n in reversed(range(days))]
        return [Span(_start(day, zone), _start(day + timedelta(days=1), zone)) for day in wanted]

    # --- the worker's side ---------------------------------------------------------------------

    async def roll_up(self) -> bool:
        """Count lines of the log of every organization; False if there are no more to count.

        Any number of workers may do so: each line is counted once.
        """
        before = first_id_at(clock.now() - MARGIN)
        async with self.database.read() as tx:
            unmarked = await store.unmarked(tx)
            behind = await store.behind(tx, before)
        if unmarked:
            async with self.database.write() as tx:
                await store.add_marks(tx, unmarked)
        for mark in behind:
            await self._step(mark, before)
        # What was full may have more, and what has just been marked has all.
        return bool(unmarked or behind)

    async def _step(self, mark: Mark, before: UUID) -> None:
        organization_id, what = mark.organization_id, mark.what
        async with self.database.read() as tx:
            found = await store.lines(
                tx, organization_id, what, since=mark.next_id, before=before, limit=BATCH
            )
            parts = await _parts(tx, organization_id, what, found)
        counts: Counter[tuple[str, int]] = Counter()
        for line, part in zip(found, parts, strict=True):
            slot = slot_of(moment_of(line.id))
            counts[ALL, slot] += 1
            if part != ALL:
                counts[part, slot] += 1
        if len(found) == BATCH:
            before = UUID(int=found[-1].id.int + 1)
        async with self.database.write() as tx:
            await store.add(tx, mark, next_id=before, counts=counts)


def _rest(span: Span, mark: UUID) -> Lines:
    """Return the lines of a span that are not in the sum of its slots."""
    since = max(first_id_at(span.since), min(mark, first_id_at(_start_of_slot(span.until))))
    before = first_id_at(span.until)
    return since, max(since, before)


async def _live(
    tx: Transaction, organization_id: int, what: What, part: str, ranges: Sequence[Lines]
) -> list[Count]:
    """Count the lines in each range of ids, by one look at the log."""
    asked = [one for one in ranges if one[0] < one[1]]
    if not asked:
        return [Count(0)] * len(ranges)
    if part == ALL:
        found = await store.count_lines(
            tx, organization_id, what, ranges=ranges, limit=MOST_LIVE + 1
        )
        return [Count(min(count, MOST_LIVE), count > MOST_LIVE) for count in found]
    since, before = min(one[0] for one in asked), max(one[1] for one in asked)
    lines = await store.lines(
        tx,
        organization_id,
        what,
        since=since,
        before=before,
        limit=MOST_LIVE_OF_PART,
        newest_first=True,
    )
    parts = await _parts(tx, organization_id, what, lines)
    mine = [line.id for line, its in zip(lines, parts, strict=True) if its == part]
    # What is older than the last of them was not looked at.
    seen = lines[-1].id if len(lines) == MOST_LIVE_OF_PART else since
    return [
        Count(sum(first <= one < last for one in mine), first < seen and first < last)
        for first, last in ranges
    ]


async def _parts(
    tx: Transaction, organization_id: int, what: What, lines: Sequence[Any]
) -> list[str]:
    """Return the part that each line counts for; `ALL` if it counts for none."""
    if what not in BY_CAMPAIGN or not lines:
        return [ALL] * len(lines)
    subjects = [parsed_id(line.subject_id) for line in lines]
    known = {one for one in subjects if one is not None}
    found = await store.campaigns_of(tx, organization_id, sorted(known))
    # A code may be gone, with its campaign.
    return [ALL if one is None else found.get(one, ALL) for one in subjects]


def _start(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _start_of_slot(moment: datetime) -> datetime:
    return moment - timedelta(seconds=moment.timestamp() % SLOT_SECONDS)
