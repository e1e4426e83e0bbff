"""Every query of mail."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_, update

from largesse.core.ids import new_id
from largesse.core.mail.model import (
    IS_QUEUED,
    IS_SENDING,
    WAKE,
    Attempt,
    DueMail,
    Mail,
    MailState,
    mail_attempts,
    mails,
)
from largesse.core.records import value_of
from largesse.storage.database import Transaction
from largesse.storage.records import find, find_all


async def enqueue(tx: Transaction, rows: Sequence[dict[str, Any]]) -> list[Mail]:
    """Insert mails and return the new ones; one that exists for its customer and code stays."""
    added = await tx.insert_new(mails, rows, returning=(mails,))
    if added:
        await tx.wake(WAKE)
    return [value_of(Mail, row) for row in added]


async def mail_of(
    tx: Transaction, organization_id: int, customer_id: UUID, code_id: UUID
) -> Mail | None:
    """Return the mail that took a code to a customer."""
    row = await find(
        tx,
        mails,
        organization_id,
        mails.c.customer_id == customer_id,
        mails.c.code_id == code_id,
    )
    return None if row is None else value_of(Mail, row)


async def mail(tx: Transaction, organization_id: int, mail_id: UUID) -> Mail | None:
    """Return a mail."""
    row = await find(tx, mails, organization_id, mails.c.id == mail_id)
    return None if row is None else value_of(Mail, row)


async def attempts_of(tx: Transaction, organization_id: int, mail_id: UUID) -> list[Attempt]:
    """Return a mail's attempts, first to last."""
    rows = await find_all(
        tx,
        mail_attempts,
        organization_id,
        mail_attempts.c.mail_id == mail_id,
        order=(mail_attempts.c.id,),
    )
    return [value_of(Attempt, row) for row in rows]


async def claim_due(tx: Transaction, *, limit: int, lease_seconds: float) -> list[DueMail]:
    """Take mails that are due, of every organization, and mark them as being sent.

    Leases use the database's clock: workers on several machines compare them.
    """
    due = select(mails.c.organization_id, mails.c.id).where(
        IS_QUEUED, mails.c.due_at <= tx.engine.now()
    )
    due = tx.engine.take(
        due.order_by(mails.c.priority, mails.c.due_at).limit(limit), mails, index="ix_mails_due"
    )
    keys = [(row.organization_id, row.id) for row in await tx.rows(due)]
    if not keys:
        return []
    rows = await tx.rows(
        update(mails)
        .where(tuple_(mails.c.organization_id, mails.c.id).in_(keys))
        .values(
            state=MailState.SENDING,
            attempts=mails.c.attempts + 1,
            lease_until=tx.engine.now(plus_seconds=lease_seconds),
        )
        .returning(mails)
    )
    return [value_of(DueMail, row) for row in rows]


async def record(
    tx: Transaction,
    due: DueMail,
    *,
    state: MailState,
    outcome: str,
    reply: str,
    now: datetime,
    due_at: datetime | None = None,
) -> None:
    """Record an attempt and what it makes of the mail."""
    await tx.execute(
        update(mails)
        .where(
            mails.c.organization_id == due.organization_id,
            mails.c.id == due.id,
            mails.c.attempts == due.attempts,
        )
        .values(
            state=state,
            last_reply=reply,
            lease_until=None,
            sent_at=now if state == MailState.SENT else None,
            **({} if due_at is None else {"due_at": due_at}),
        )
    )
    await tx.execute(
        mail_attempts.insert().values(
            organization_id=due.organization_id,
            id=new_id(),
            mail_id=due.id,
            outcome=outcome,
            reply=reply,
            created_at=now,
        )
    )


async def mark_uncertain(tx: Transaction) -> int:
    """Mark the mails whose sender vanished in the middle of an attempt."""
    return await tx.execute(
        update(mails)
        .where(
            IS_SENDING,
            mails.c.lease_until < tx.engine.now(),
        )
        .values(
            state=MailState.UNCERTAIN,
            lease_until=None,
            last_reply="the sender stopped in the middle of this attempt",
        )
    )
