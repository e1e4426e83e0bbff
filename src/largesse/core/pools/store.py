"""Every query of pools.

None reads more of a pool than it must, however full it is: they walk the index of the codes that
are left, from the first place that may have one, and no farther than what was asked for.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_, update

from largesse.core.campaigns.model import Campaign, CampaignState, campaigns
from largesse.core.codes.model import AVAILABLE_INDEX, IS_AVAILABLE, codes
from largesse.core.codes.store import places_of
from largesse.core.pools.model import Obstacle, Reading, Watch, is_watched, pool_alarms
from largesse.core.records import value_of
from largesse.storage.database import Transaction
from largesse.storage.records import change, find, remove
from largesse.storage.sequences import last_number

MOST = 2**63 - 1
"""The largest number of either database."""


SEEN = (
    *("alarm_level", "place", "top", "gone"),
    *("early_gone", "early_at", "late_gone", "late_at"),
)
"""The columns that a look fills; each of the others has a statement of its own."""


async def follow(tx: Transaction, organization_id: int, campaign: Campaign) -> None:
    """Let a campaign's pool be looked at soon, if it is one to watch. It was made or changed.

    One that is not to be watched any longer is forgotten at the next look.
    """
    if not is_watched(campaign):
        return
    due = tx.engine.now()
    statement = tx.engine.insert(pool_alarms).values(
        organization_id=organization_id,
        campaign_id=campaign.id,
        gone=0,
        early_gone=0,
        late_gone=0,
        due_at=due,
    )
    keys = [pool_alarms.c.organization_id, pool_alarms.c.campaign_id]
    await tx.execute(statement.on_conflict_do_update(index_elements=keys, set_={"due_at": due}))


async def claim_due(tx: Transaction, *, limit: int, seconds: float) -> list[tuple[Watch, Campaign]]:
    """Take pools that are due, of every organization, and make them due again in a while.

    They stay locked until the transaction ends: readings of one pool follow each other. A pool
    whose campaign is just being changed stays due.
    """
    due = select(pool_alarms).where(pool_alarms.c.due_at <= tx.engine.now())
    due = due.order_by(pool_alarms.c.due_at).limit(limit)
    due = tx.engine.take(due, pool_alarms, index="ix_pool_alarms_due_at")
    found = {(row.organization_id, row.campaign_id): row for row in await tx.rows(due)}
    if not found:
        return []
    # Locked as the reference to them will lock them, and without waiting: who changes a campaign
    # holds it and comes here then, so to wait for it here would be to wait in a circle.
    theirs = select(campaigns).where(tuple_(campaigns.c.organization_id, campaigns.c.id).in_(found))
    theirs = theirs.with_for_update(read=True, key_share=True, skip_locked=True)
    claimed = [
        (value_of(Watch, found[row.organization_id, row.id]), value_of(Campaign, row))
        for row in await tx.rows(theirs)
    ]
    keys = [(known.organization_id, known.campaign_id) for known, _ in claimed]
    if keys:
        later = tx.engine.now(plus_seconds=seconds)
        mine = tuple_(pool_alarms.c.organization_id, pool_alarms.c.campaign_id).in_(keys)
        await tx.execute(update(pool_alarms).where(mine).values(due_at=later))
    return claimed


async def watches(tx: Transaction, organization_id: int, *, limit: int) -> list[tuple[Watch, str]]:
    """Return what is known of an organization's pools that were looked at, and their names."""
    statement = (
        select(pool_alarms, campaigns.c.name)
        .join_from(pool_alarms, campaigns, _its_campaign())
        .where(
            pool_alarms.c.organization_id == organization_id,
            pool_alarms.c.late_at.is_not(None),
            campaigns.c.state == CampaignState.POSTED,
        )
        .limit(limit)
    )
    return [(value_of(Watch, row), row.name) for row in await tx.rows(statement)]


def _its_campaign() -> ColumnElement[bool]:
    return and_(
        campaigns.c.organization_id == pool_alarms.c.organization_id,
        campaigns.c.id == pool_alarms.c.campaign_id,
    )


async def watch_of(tx: Transaction, organization_id: int, campaign_id: UUID) -> Watch | None:
    """Return what is known of a campaign's pool; None if it is not watched."""
    row = await find(tx, pool_alarms, organization_id, pool_alarms.c.campaign_id == campaign_id)
    return None if row is None else value_of(Watch, row)


async def forget(tx: Transaction, watched: Watch) -> None:
    """Watch a pool no longer."""
    await remove(
        tx, pool_alarms, watched.organization_id, pool_alarms.c.campaign_id == watched.campaign_id
    )


async def keep(tx: Transaction, watched: Watch) -> None:
    """Keep what a look at a pool has shown."""
    await _change(tx, watched, values={name: getattr(watched, name) for name in SEEN})


async def sink(tx: Transaction, watched: Watch, level: int) -> bool:
    """Set the level that a pool has come down to; False if it was there, or lower, already."""
    above = or_(pool_alarms.c.level.is_(None), pool_alarms.c.level > level)
    return await _change(tx, watched, above, values={"level": level})


async def rise(tx: Transaction, watched: Watch) -> bool:
    """Set a pool above all levels; False if it was there already."""
    low = pool_alarms.c.level.is_not(None)
    return await _change(tx, watched, low, values={"level": None, "obstacle": None})


async def have_job(tx: Transaction, watched: Watch, job_id: UUID | None) -> None:
    """Set the job that makes more codes."""
    await _change(tx, watched, values={"job_id": job_id, "obstacle": None})


async def have_obstacle(tx: Transaction, watched: Watch, obstacle: Obstacle) -> bool:
    """Set why no more codes are made; False if that is known already."""
    other = or_(pool_alarms.c.obstacle.is_(None), pool_alarms.c.obstacle != obstacle)
    return await _change(tx, watched, other, values={"obstacle": obstacle})


async def _change(
    tx: Transaction, watched: Watch, *where: ColumnElement[bool], values: dict[str, Any]
) -> bool:
    row = await change(
        tx,
        pool_alarms,
        watched.organization_id,
        pool_alarms.c.campaign_id == watched.campaign_id,
        *where,
        values=values,
    )
    return row is not None


# --- what is in a pool -------------------------------------------------------------------------


async def read(tx: Transaction, watched: Watch, *, at_most: int, now: datetime) -> Reading:
    """Look at a pool; count its codes up to `at_most` and one more."""
    held: list[Any] = [
        codes.c.organization_id == watched.organization_id,
        codes.c.campaign_id == watched.campaign_id,
        IS_AVAILABLE,
    ]
    expired = codes.c.expires_at <= now
    effective = or_(codes.c.expires_at.is_(None), codes.c.expires_at > now)
    behind = watched.place or 0
    last = await _place(tx, *held, order=codes.c.pos.desc())
    first = await _place(tx, *held, effective, codes.c.pos >= behind, order=codes.c.pos)
    if first is None:
        top = max(place for place in (behind - 1, last, watched.top) if place is not None)
        place = top + 1
    else:
        place, top = first, max(first, last or 0)
    passed = counted = 0
    if watched.place is not None and place > behind:
        passed = await _count(tx, *held, expired, codes.c.pos >= behind, codes.c.pos < place)
    if first is not None:
        limit = min(at_most, MOST - 1) + 1
        counted = await _count(tx, *held, effective, codes.c.pos >= place, limit=limit)
    return Reading(place=place, top=top, passed=passed, counted=counted)


async def _place(tx: Transaction, *where: Any, order: Any) -> int | None:
    statement = select(codes.c.pos).where(*where).order_by(order).limit(1)
    place: int | None = await tx.value(tx.engine.walk(statement, codes, index=AVAILABLE_INDEX))
    return place


async def _count(tx: Transaction, *where: Any, limit: int | None = None) -> int:
    # The order is that of the index: without it PostgreSQL may choose to read the whole table.
    statement = select(codes.c.pos).where(*where).order_by(codes.c.pos).limit(limit)
    walked = tx.engine.walk(statement, codes, index=AVAILABLE_INDEX).subquery()
    return int(await tx.value(select(func.count()).select_from(walked)))


async def last_place(tx: Transaction, organization_id: int, campaign_id: UUID) -> int:
    """Return the last place that a campaign's pool ever had: no fewer than its codes."""
    return await last_number(tx, organization_id, places_of(campaign_id))
