"""Every query of schedules."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, type_coerce

from largesse.core import clock
from largesse.core.ids import new_id
from largesse.core.records import value_of
from largesse.core.schedules.model import (
    IS_ENABLED,
    Due,
    Slot,
    schedule_slots,
    schedules,
)
from largesse.core.search.browse import Shelf, containing
from largesse.storage.database import Transaction
from largesse.storage.records import change, find_all
from largesse.storage.types import Utc

SCHEDULE_SHELF = Shelf(
    schedules,
    filters={"enabled": schedules.c.enabled},
    orders={"name": schedules.c.name},
    lookups=(containing(schedules.c.name),),
)


async def is_any_due(tx: Transaction) -> bool:
    """Say whether the time of a schedule has come: an idle worker only reads."""
    due = select(schedules.c.id).where(IS_ENABLED, schedules.c.next_at <= tx.engine.now())
    return await tx.value(due.limit(1)) is not None


async def claim_due(tx: Transaction, *, limit: int) -> list[Due]:
    """Hold schedules whose time has come, of any organization, until the transaction ends."""
    now = type_coerce(tx.engine.now(), Utc).label("now")
    due = select(schedules, now).where(IS_ENABLED, schedules.c.next_at <= tx.engine.now())
    due = due.order_by(schedules.c.next_at).limit(limit)
    rows = await tx.rows(tx.engine.take(due, schedules, index="ix_schedules_next_at"))
    return [value_of(Due, row) for row in rows]


async def move_on(tx: Transaction, due: Due, next_at: datetime) -> None:
    """Set when a schedule's time comes next."""
    await change(
        tx,
        schedules,
        due.organization_id,
        schedules.c.id == due.id,
        values={"next_at": next_at},
    )


async def take_slot(
    tx: Transaction, organization_id: int, schedule_id: UUID, slot: datetime
) -> UUID | None:
    """Take a slot and return its id; None if it was taken before, by whomever."""
    row = {
        "organization_id": organization_id,
        "id": new_id(),
        "schedule_id": schedule_id,
        "slot": slot,
        "created_at": clock.now(),
    }
    rows = await tx.insert_new(schedule_slots, [row], returning=(schedule_slots.c.id,))
    return rows[0].id if rows else None


async def end_slot(
    tx: Transaction, organization_id: int, slot_id: UUID, *, job_id: UUID | None, error: str | None
) -> None:
    """Record what a slot started, or why it did not."""
    await change(
        tx,
        schedule_slots,
        organization_id,
        schedule_slots.c.id == slot_id,
        values={"job_id": job_id, "error": error},
    )


async def slots_of(
    tx: Transaction,
    organization_id: int,
    schedule_id: UUID,
    *,
    after: UUID | None,
    limit: int,
) -> list[Slot]:
    """Return a schedule's slots, the latest first, behind an id."""
    where = [schedule_slots.c.schedule_id == schedule_id]
    if after is not None:
        where.append(schedule_slots.c.id < after)
    rows = await find_all(
        tx,
        schedule_slots,
        organization_id,
        *where,
        order=(schedule_slots.c.id.desc(),),
        limit=limit,
    )
    return [value_of(Slot, row) for row in rows]


async def prune_slots(tx: Transaction, *, before: datetime) -> None:
    """Forget the slots of all organizations that were before a moment."""
    await tx.execute(delete(schedule_slots).where(schedule_slots.c.created_at < before))
