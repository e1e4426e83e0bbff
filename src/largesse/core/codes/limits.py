"""How many codes a campaign gives out: in all, per day, and to one receiver.

The first two are counted in `code_counts`, where batches of several processes wait for each other;
a campaign without such a limit is not counted. What one receiver has is counted in the codes
themselves, behind a lock on the receiver.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import case, delete, func, select, true, tuple_, update

from largesse.core import clock
from largesse.core.codes.model import code_counts, codes
from largesse.core.customers.model import customers
from largesse.core.errors import CodesLimitReached, ReceiverLimitReached, Refused
from largesse.storage.database import Transaction

if TYPE_CHECKING:
    from largesse.core.codes.plans import Plan

IN_ALL = ""
"""Stands where a count of one day has the day."""

Count = tuple[int, UUID, str]
"""Organization, campaign, and the day or `IN_ALL`."""

KEY = ("organization_id", "campaign_id", "day")
RESERVED = [code_counts.c[name] for name in (*KEY, "given", "reserved", "most")]
RELEASED = [code_counts.c[name] for name in (*KEY, "given")]


Holder = tuple[int, UUID, UUID]
"""Organization, customer and campaign."""


@dataclass(slots=True)
class Room:
    """What the limits of a batch's campaigns still allow."""

    counts: dict[Count, int]
    """Codes that may be given out: they are counted as given, and what is left is released."""
    receivers: dict[Holder, int]

    def admit(self, plans: Sequence["Plan"]) -> list["Plan"]:
        """Let plans in as long as there is room; refuse the others and return them."""
        over: list[Plan] = []
        for plan in plans:
            plan.refusal = self._refusal(plan) if plan.limited else None
            if plan.refusal is None:
                self._take(plan, 1)
            else:
                over.append(plan)
        return over

    def give_back(self, plans: Sequence["Plan"]) -> None:
        """Take plans out again that were let in and got no code."""
        for plan in plans:
            self._take(plan, -1)

    def _refusal(self, plan: "Plan") -> Refused | None:
        campaign = plan.campaign
        holder = _holder(plan)
        if holder is not None and self.receivers[holder] < 1:
            return ReceiverLimitReached(campaign.name, campaign.codes_per_receiver or 0)
        for count, most in _limits_of(plan).items():
            if self.counts[count] < 1:
                return CodesLimitReached(campaign.name, most)
        return None

    def _take(self, plan: "Plan", number: int) -> None:
        if not plan.limited:
            return
        if (holder := _holder(plan)) is not None:
            self.receivers[holder] -= number
        for count in _limits_of(plan):
            self.counts[count] -= number


async def reserve(tx: Transaction, plans: Sequence["Plan"]) -> Room:
    """Find out how much room the limits leave for a batch, and keep other batches out of it.

    Receivers come first and then the counts, each in the order of their keys, so that two batches
    never wait for each other in a circle.
    """
    plans = [plan for plan in plans if plan.limited]
    room = Room({}, await _receivers(tx, plans))
    most = {count: limit for plan in plans for count, limit in _limits_of(plan).items()}
    if most:
        asked = Counter(count for plan in plans for count in _limits_of(plan))
        rows = [(*count, 0, asked[count], most[count]) for count in sorted(most, key=_order)]
        statement = tx.prepared("reserve codes", lambda: _reserve(tx))
        for row in await tx.rows(statement, tx.engine.give("given", RESERVED, rows)):
            room.counts[row.organization_id, row.campaign_id, row.day] = row.reserved
    return room


async def release(tx: Transaction, room: Room) -> None:
    """Take back from the counts what the batch did not give out."""
    rows = [(*count, left) for count, left in room.counts.items() if left]
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
        found[organization_id, campaign.id, _day(plan.now)] = campaign.codes_per_day
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


async def _receivers(tx: Transaction, plans: Sequence["Plan"]) -> dict[Holder, int]:
    """Return how many more codes each receiver may have, while nobody else gives it any."""
    limited: dict[Holder, int] = {}
    for plan in plans:
        if (holder := _holder(plan)) is not None:
            limited[holder] = plan.campaign.codes_per_receiver or 0
    if not limited:
        return limited
    holders = sorted(limited, key=lambda holder: (holder[0], holder[1].int, holder[2].int))
    parameters = tx.engine.give("holder", HOLDER, holders)
    await tx.rows(tx.prepared("lock receivers", lambda: _lock(tx)), parameters)
    for row in await tx.rows(tx.prepared("codes of receivers", lambda: _held(tx)), parameters):
        limited[row.organization_id, row.customer_id, row.campaign_id] -= row.held
    return limited


def _holder(plan: "Plan") -> Holder | None:
    if plan.campaign.codes_per_receiver is None or plan.receiver is None:
        return None
    return plan.command.organization_id, plan.receiver.customer_id, plan.campaign.id


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
