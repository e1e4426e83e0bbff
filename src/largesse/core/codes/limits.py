"""How many codes a campaign gives out: in all, per day, and to one receiver.

The first two are counted in `code_counts`, where batches of several processes wait for each other;
a campaign without such a limit is not counted. What one receiver has is counted in the codes
themselves, behind a lock on the receiver.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import case, delete, func, select, true, tuple_, update

from largesse.core import clock
from largesse.core.codes.model import code_counts, codes
from largesse.core.customers.model import customers
from largesse.core.errors import CodesLimitReached, ReceiverLimitReached
from largesse.storage.database import Transaction

if TYPE_CHECKING:
    from largesse.core.codes.issue import Plan

IN_ALL = ""
"""Stands where a count of one day has the day."""

Count = tuple[int, UUID, str]
"""Organization, campaign, and the day or `IN_ALL`."""

KEY = ("organization_id", "campaign_id", "day")
RESERVED = [code_counts.c[name] for name in (*KEY, "given", "reserved", "most")]
RELEASED = [code_counts.c[name] for name in (*KEY, "given")]


@dataclass(slots=True)
class Reserved:
    """What a batch may give out, and what it has not given out yet."""

    left: Counter[Count] = field(default_factory=Counter)
    of_plan: dict["Plan", list[Count]] = field(default_factory=dict)


async def reserve(tx: Transaction, plans: Sequence["Plan"]) -> Reserved:
    """Refuse the plans that a limit leaves no room for; `release` gives back what is left over.

    The counts come first and then the receivers, each in the order of their keys, so that two
    batches never wait for each other in a circle.
    """
    limited = [(plan, _limits_of(plan)) for plan in plans]
    most = {count: limit for _, found in limited for count, limit in found.items()}
    reserved = Reserved()
    if most:
        asked = Counter(count for _, found in limited for count in found)
        rows = [(*count, 0, asked[count], most[count]) for count in sorted(asked, key=_order)]
        statement = tx.prepared("reserve codes", lambda: _reserve(tx))
        for row in await tx.rows(statement, tx.engine.give("given", RESERVED, rows)):
            reserved.left[row.organization_id, row.campaign_id, row.day] = row.reserved
    for plan, found in limited:
        full = next((count for count in found if not reserved.left[count]), None)
        if full is not None:
            plan.refusal = CodesLimitReached(plan.campaign.name, most[full])
        elif found:
            reserved.left.subtract(found.keys())
            reserved.of_plan[plan] = list(found)
    await _check_receivers(tx, [plan for plan in plans if plan.refusal is None])
    return reserved


async def release(tx: Transaction, reserved: Reserved) -> None:
    """Give back what was reserved for plans that got no code."""
    for plan, counts in reserved.of_plan.items():
        if plan.refusal is not None:
            reserved.left.update(counts)
    rows = [(*count, left) for count, left in reserved.left.items() if left]
    if rows:
        statement = tx.prepared("release codes", lambda: _release(tx))
        await tx.execute(statement, tx.engine.give("given", RELEASED, rows))


async def count_again(tx: Transaction, organization_id: int, campaign_id: UUID) -> None:
    """Count what a campaign has given out up to now: its limits were changed.

    Codes of a batch that another process is committing at this moment are not seen.
    """
    own = {"organization_id": organization_id, "campaign_id": campaign_id}
    of_campaign = [codes.c[name] == value for name, value in own.items()]
    now = clock.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    await tx.execute(delete(code_counts).where(*(code_counts.c[n] == v for n, v in own.items())))
    issued = codes.c.issued_at
    for day, since in ((IN_ALL, issued.is_not(None)), (_day(now), issued >= midnight)):
        given = await tx.value(select(func.count()).select_from(codes).where(*of_campaign, since))
        row = own | {"day": day, "given": given, "reserved": 0, "most": 0}
        await tx.execute(code_counts.insert(), row)


def _limits_of(plan: "Plan") -> dict[Count, int]:
    campaign, organization_id = plan.campaign, plan.command.organization_id
    found: dict[Count, int] = {}
    if campaign.codes_in_all is not None:
        found[organization_id, campaign.id, IN_ALL] = campaign.codes_in_all
    if campaign.codes_per_day is not None:
        found[organization_id, campaign.id, _day(plan.command.now)] = campaign.codes_per_day
    return found


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


def _order(count: Count) -> tuple[int, int, str]:
    return count[0], count[1].int, count[2]


def _reserve(tx: Transaction) -> Any:
    """Add as many as there is room for, and remember how many these were."""
    given = tx.engine.given("given", RESERVED)
    asked, most = given.c.reserved, given.c.most
    first = case((asked < most, asked), else_=most)
    columns = {"given": first, "reserved": first, "most": most}
    source = select(*(columns.get(c.name, given.c[c.name]) for c in RESERVED)).where(true())
    statement = tx.engine.insert(code_counts).from_select([c.name for c in RESERVED], source)
    room = statement.excluded.most - code_counts.c.given
    fitting = case(
        (statement.excluded.reserved <= room, statement.excluded.reserved),
        (room > 0, room),
        else_=0,
    )
    statement = statement.on_conflict_do_update(
        index_elements=[code_counts.c[name] for name in KEY],
        set_={
            "given": code_counts.c.given + fitting,
            "reserved": fitting,
            "most": statement.excluded.most,
        },
    )
    return statement.returning(*(code_counts.c[name] for name in (*KEY, "reserved")))


def _release(tx: Transaction) -> Any:
    given = tx.engine.given("given", RELEASED)
    return (
        update(code_counts)
        .where(*(code_counts.c[name] == given.c[name] for name in KEY))
        .values(given=code_counts.c.given - given.c.given)
    )


# --- one receiver ------------------------------------------------------------------------------

Holder = tuple[int, UUID, UUID]
"""Organization, customer and campaign."""


async def _check_receivers(tx: Transaction, plans: Sequence["Plan"]) -> None:
    """Refuse the plans of receivers who have, or get in this batch, all that they may have."""
    limited: dict[Holder, list[Plan]] = defaultdict(list)
    for plan in plans:
        if plan.campaign.codes_per_receiver is not None and plan.receiver is not None:
            holder = (plan.command.organization_id, plan.receiver.customer_id, plan.campaign.id)
            limited[holder].append(plan)
    if not limited:
        return
    holders = sorted(limited, key=lambda holder: (holder[0], holder[1].int, holder[2].int))
    parameters = tx.engine.give("holder", HOLDER, holders)
    # Two batches that give to one receiver count one after the other.
    await tx.rows(tx.prepared("lock receivers", lambda: _lock(tx)), parameters)
    rows = await tx.rows(tx.prepared("codes of receivers", lambda: _held(tx)), parameters)
    held = {(row.organization_id, row.customer_id, row.campaign_id): row.held for row in rows}
    for holder, asking in limited.items():
        campaign = asking[0].campaign
        limit = campaign.codes_per_receiver or 0
        for plan in asking[max(0, limit - held.get(holder, 0)) :]:
            plan.refusal = ReceiverLimitReached(campaign.name, limit)


HOLDER = [codes.c[name] for name in ("organization_id", "customer_id", "campaign_id")]


def _lock(tx: Transaction) -> Any:
    holder = tx.engine.given("holder", HOLDER)
    named = select(holder.c.organization_id, holder.c.customer_id)
    own = tuple_(customers.c.organization_id, customers.c.id)
    statement = select(customers.c.id).where(own.in_(named))
    return tx.engine.hold(statement.order_by(customers.c.organization_id, customers.c.id))


def _held(tx: Transaction) -> Any:
    holder = tx.engine.given("holder", HOLDER)
    same = [codes.c[column.name] == holder.c[column.name] for column in HOLDER]
    return (
        select(*(codes.c[column.name] for column in HOLDER), func.count().label("held"))
        .where(*same)
        .group_by(*(codes.c[column.name] for column in HOLDER))
    )
