"""Every query of health."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from largesse.core.health.model import Backlog
from largesse.core.jobs.model import IS_OPEN, IS_OVER, JobState, jobs
from largesse.core.mail.model import IS_QUEUED, MailState, Priority, mails
from largesse.storage.database import Transaction


async def version(tx: Transaction) -> str:
    """Return the version of the database's software."""
    return str(await tx.value(select(tx.engine.version)))


async def backlog(tx: Transaction, organization_id: int) -> Backlog:
    """Return what waits. Each is the first or the last entry of an index."""
    mine = jobs.c.organization_id == organization_id
    waiting = select(func.count(), func.min(jobs.c.created_at, type_=jobs.c.created_at.type))
    is_waiting = jobs.c.state == JobState.WAITING
    row = await tx.row(waiting.where(mine, IS_OPEN, is_waiting))
    ended = select(jobs.c.finished_at).where(mine, IS_OVER).order_by(jobs.c.finished_at.desc())
    return Backlog(
        open_jobs=0 if row is None else row[0],
        oldest_job_at=None if row is None else row[1],
        last_job_at=await tx.value(ended.limit(1)),
        oldest_mail_at=await _oldest_mail(tx, organization_id),
        last_mail_at=await tx.value(_last_mail(organization_id)),
    )


async def _oldest_mail(tx: Transaction, organization_id: int) -> datetime | None:
    """Return when the first mail is due: the first of each priority, as their index has them.

    Mails that stand aside have a reason to, which the queue tells.
    """
    found: list[datetime] = []
    for priority in Priority:
        due: Select[Any] = select(mails.c.due_at).where(
            mails.c.organization_id == organization_id, IS_QUEUED, mails.c.priority == priority
        )
        due = tx.engine.walk(due, mails, index="ix_mails_due")
        at = await tx.value(due.order_by(mails.c.due_at).limit(1))
        found += [] if at is None else [at]
    return min(found, default=None)


def _last_mail(organization_id: int) -> Select[Any]:
    # The newest of those that were sent: not quite the one that was sent last, but found at once.
    sent = select(mails.c.sent_at).where(
        mails.c.organization_id == organization_id, mails.c.state == MailState.SENT
    )
    return sent.order_by(mails.c.id.desc()).limit(1)
