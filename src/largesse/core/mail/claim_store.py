"""The queries by which workers take mails and record what became of them.

They go over all organizations: workers serve every one. All of them are kept prepared: a worker
that sends thousands of mails a second runs them about a hundred times a second.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Uuid,
    bindparam,
    exists,
    insert,
    or_,
    select,
    true,
    update,
)

from largesse.core.ids import new_id
from largesse.core.mail.attempts import Ended, Outcome
from largesse.core.mail.model import (
    IS_ASIDE,
    IS_QUEUED,
    IS_SENDING,
    DueMail,
    MailState,
    Priority,
    mail_attempts,
    mails,
)
from largesse.core.records import value_of
from largesse.storage.bulk import set_from
from largesse.storage.database import Transaction

KEYS = ("organization_id", "id")
VANISHED = "the worker vanished in the middle of this attempt"


async def anything_due(tx: Transaction) -> bool:
    """Say whether a mail of the common queue is due, or one's worker has vanished."""

    def build() -> Any:
        now = tx.engine.now()
        parts = [
            exists(
                tx.engine.walk(
                    select(mails.c.id).where(
                        IS_QUEUED, mails.c.priority == priority, mails.c.due_at <= now
                    ),
                    mails,
                    index="ix_mails_due",
                )
            )
            for priority in Priority
        ]
        gone = select(mails.c.id).where(IS_SENDING, mails.c.lease_until < now)
        parts.append(exists(tx.engine.walk(gone, mails, index="ix_mails_sending")))
        return select(or_(*parts).label("due"))

    (row,) = await tx.rows(tx.prepared("mails: anything due", build), {})
    return bool(row.due)


async def due(tx: Transaction, *, priority: Priority, limit: int) -> list[DueMail]:
    """Return mails of the common queue that are due, the longest due first, and hold them."""

    def build() -> Any:
        chosen = _wanted().where(
            IS_QUEUED,
            mails.c.priority == bindparam("wanted_priority", type_=mails.c.priority.type),
            mails.c.due_at <= tx.engine.now(),
        )
        chosen = chosen.order_by(mails.c.priority, mails.c.due_at).limit(bindparam("wanted"))
        return tx.engine.take(chosen, mails, index="ix_mails_due")

    values = {"wanted_priority": int(priority), "wanted": limit}
    rows = await tx.rows(tx.prepared("mails: due", build), values)
    return [value_of(DueMail, row) for row in rows]


async def due_aside(tx: Transaction, *, lane: str, limit: int) -> list[DueMail]:
    """Return mails that stand aside in a lane and are due, most urgent first, and hold them."""

    def build() -> Any:
        chosen = _wanted().where(
            IS_ASIDE,
            mails.c.lane == bindparam("wanted_lane", type_=mails.c.lane.type),
            mails.c.priority == bindparam("wanted_priority", type_=mails.c.priority.type),
            mails.c.due_at <= tx.engine.now(),
        )
        chosen = chosen.order_by(mails.c.due_at).limit(bindparam("wanted"))
        return tx.engine.take(chosen, mails, index="ix_mails_lane")

    found: list[DueMail] = []
    for priority in Priority:
        if len(found) < limit:
            values = {
                "wanted_lane": lane,
                "wanted_priority": int(priority),
                "wanted": limit - len(found),
            }
            rows = await tx.rows(tx.prepared("mails: aside", build), values)
            found += [value_of(DueMail, row) for row in rows]
    return found


async def any_aside(tx: Transaction, lane: str) -> bool:
    """Say whether any mail stands aside in a lane, due or not."""

    def build() -> Any:
        chosen = select(mails.c.id).where(
            IS_ASIDE, mails.c.lane == bindparam("wanted_lane", type_=mails.c.lane.type)
        )
        return tx.engine.walk(chosen, mails, index="ix_mails_lane").limit(1)

    return bool(await tx.rows(tx.prepared("mails: any aside", build), {"wanted_lane": lane}))


async def claim(
    tx: Transaction,
    taken: Sequence[tuple[DueMail, str]],
    *,
    claim_id: UUID,
    worker: str,
    lease_seconds: float,
) -> None:
    """Mark mails as being sent, each by a transport.

    Leases use the database's clock: workers on several machines compare them.
    """
    columns = [mails.c.organization_id, mails.c.id, mails.c.transport]

    def build() -> Any:
        given = tx.engine.given("given", columns)
        return set_from(mails, given, keys=KEYS, names=("transport",)).values(
            state=MailState.SENDING.value,
            lane=None,
            claim_id=bindparam("new_claim", type_=Uuid()),
            worker=bindparam("new_worker", type_=mails.c.worker.type),
            claimed_at=tx.engine.now(),
            lease_until=tx.engine.now(plus_seconds=lease_seconds),
        )

    rows = [(one.organization_id, one.id, transport) for one, transport in taken]
    values = tx.engine.give("given", columns, rows)
    statement = tx.prepared(("mails: claim", lease_seconds), build)
    await tx.execute(statement, values | {"new_claim": claim_id, "new_worker": worker})


async def set_aside(tx: Transaction, held: Sequence[tuple[DueMail, str]]) -> None:
    """Put mails that can not go into the lanes of what holds them."""
    columns = [mails.c.organization_id, mails.c.id, mails.c.lane]

    def build() -> Any:
        return set_from(mails, tx.engine.given("given", columns), keys=KEYS, names=("lane",))

    rows = [(one.organization_id, one.id, lane) for one, lane in held]
    await tx.execute(tx.prepared("mails: set aside", build), tx.engine.give("given", columns, rows))


async def renew(tx: Transaction, kept: Sequence[DueMail], *, lease_seconds: float) -> None:
    """Keep mails that are still being sent."""
    columns = [mails.c.organization_id, mails.c.id]

    def build() -> Any:
        given = tx.engine.given("given", columns)
        return (
            update(mails)
            .where(*(mails.c[name] == given.c[name] for name in KEYS), IS_SENDING)
            .values(lease_until=tx.engine.now(plus_seconds=lease_seconds))
        )

    rows = [(one.organization_id, one.id) for one in kept]
    statement = tx.prepared(("mails: renew", lease_seconds), build)
    await tx.execute(statement, tx.engine.give("given", columns, rows))


RECORDED = ("state", "attempts", "due_at", "reason", "last_reply", "sent_at")


async def record(tx: Transaction, ended: Sequence[Ended]) -> None:
    """Record attempts, and what they make of their mails.

    Only the worker that has a mail changes it. One that was thought dead still may: that its mail
    is uncertain was a guess, and it knows better.
    """
    columns = [mails.c[name] for name in (*KEYS, "claim_id", *RECORDED)]

    def build() -> Any:
        given = tx.engine.given("given", columns)
        ours = mails.c.claim_id == given.c.claim_id
        open_ = or_(
            mails.c.state == MailState.SENDING.value, mails.c.state == MailState.UNCERTAIN.value
        )
        return (
            set_from(mails, given, keys=KEYS, names=RECORDED)
            .where(ours, open_)
            .values(lease_until=None)
        )

    rows = [
        (
            *(one.due.organization_id, one.due.id, one.claim_id, one.state.value),
            *(one.attempts, one.due_at, one.reason, one.reply, one.sent_at),
        )
        for one in ended
    ]
    await tx.execute(tx.prepared("mails: record", build), tx.engine.give("given", columns, rows))
    # The ledger. An attempt that did not begin is none.
    await _write_down(tx, [one for one in ended if one.outcome != Outcome.NOT_BEGUN])


async def _write_down(tx: Transaction, ended: Sequence[Ended]) -> None:
    names = [column.name for column in mail_attempts.c]
    columns = [mail_attempts.c[name] for name in names]

    def build() -> Any:
        # A repeated record, behind a commit whose outcome nobody told, finds its line there.
        source = select(*tx.engine.given("given", columns).c).where(true())
        return tx.engine.insert(mail_attempts).from_select(names, source).on_conflict_do_nothing()

    rows = []
    for one in ended:
        values: dict[str, Any] = {
            "organization_id": one.due.organization_id,
            "id": one.id,
            "mail_id": one.due.id,
            "outcome": one.outcome.value,
            "reply": one.reply,
            "created_at": one.ended_at,
            "transport": one.transport,
            "worker": one.worker,
            "started_at": one.started_at,
            "ended_at": one.ended_at,
        }
        rows.append([values[name] for name in names])
    if rows:
        statement = tx.prepared("mails: write down", build)
        await tx.execute(statement, tx.engine.give("given", columns, rows))


async def give_back(tx: Transaction, claim_id: UUID) -> None:
    """Queue again what a claim took whose outcome its worker was not told."""
    await tx.execute(
        update(mails)
        .where(IS_SENDING, mails.c.claim_id == claim_id)
        .values(state=MailState.QUEUED, lease_until=None)
    )


async def mark_uncertain(tx: Transaction, *, now: datetime, limit: int) -> int:
    """Mark mails whose worker vanished, and write down their last attempts; return how many."""
    chosen = (
        select(
            *(mails.c[name] for name in KEYS),
            *(mails.c[name] for name in ("transport", "worker", "claimed_at")),
        )
        .where(IS_SENDING, mails.c.lease_until < tx.engine.now())
        .limit(limit)
    )
    rows = await tx.rows(tx.engine.take(chosen, mails, index="ix_mails_sending"))
    if not rows:
        return 0
    columns = [mails.c[name] for name in KEYS]

    def build() -> Any:
        given = tx.engine.given("given", columns)
        return (
            update(mails)
            .where(*(mails.c[name] == given.c[name] for name in KEYS))
            .values(
                state=MailState.UNCERTAIN.value,
                attempts=mails.c.attempts + 1,
                reason="vanished",
                last_reply=VANISHED,
                lease_until=None,
            )
        )

    keys = [(row.organization_id, row.id) for row in rows]
    await tx.execute(tx.prepared("mails: uncertain", build), tx.engine.give("given", columns, keys))
    await tx.execute(
        insert(mail_attempts),
        [
            {
                "organization_id": row.organization_id,
                "id": new_id(),
                "mail_id": row.id,
                "outcome": Outcome.UNCERTAIN,
                "reply": VANISHED,
                "created_at": now,
                "transport": row.transport,
                "worker": row.worker,
                "started_at": row.claimed_at,
            }
            for row in rows
        ],
    )
    return len(rows)


def _wanted() -> Any:
    names = ("organization_id", "id", "recipient", "subject", "text", "html", "message_id")
    more = ("attempts", "due_at", "created_at", "priority", "lane", "list_unsubscribe")
    return select(*(mails.c[name] for name in (*names, *more)))
