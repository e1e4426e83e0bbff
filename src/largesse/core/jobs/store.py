"""Every query of jobs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, func, insert, literal, or_, select, update

from largesse.core import clock
from largesse.core.access.model import Caller
from largesse.core.events import store as event_store
from largesse.core.events.model import Author, EventKind, worker_of
from largesse.core.jobs import row_store
from largesse.core.jobs.model import (
    IS_OPEN,
    IS_OVER,
    OPEN,
    WAKE,
    Claim,
    Job,
    JobRow,
    JobState,
    job_rows,
    jobs,
)
from largesse.core.records import value_of
from largesse.core.search.browse import Shelf
from largesse.storage.database import Transaction
from largesse.storage.records import change, find, remove
from largesse.storage.types import Utc

JOB_SHELF = Shelf(jobs, filters={name: jobs.c[name] for name in ("state", "kind")})


async def add_job(
    tx: Transaction, values: Mapping[str, Any], by: Caller | Author | None = None
) -> Job | None:
    """Insert a job and return it, or None if one with its key is there already.

    Without a name in `by` the log has the worker start it on behalf of the job's user.
    """
    rows = await tx.insert_new(jobs, [dict(values)], returning=(jobs,))
    if not rows:
        return None
    await tx.wake(WAKE)
    found = job_of(rows[0])
    by = by or worker_of(values["organization_id"], user_id=values["created_by_user"])
    tell(tx, by, EventKind.JOB_STARTED, found, total=found.total)
    return found


def tell(
    tx: Transaction, by: Caller | Author, kind: EventKind, job: Job | Claim, **more: Any
) -> None:
    """Tell the log of a job as a whole: what it does with each row stands in its rows."""
    event_store.record(tx, by, kind, ("job", job.id), data={"kind": job.kind, **more})


def job_of(row: Any) -> Job:
    """Return a job's row as what people see of it: how fast it is, and how long it takes yet."""
    found = value_of(Job, row)
    if not (found.done and found.seconds_worked):
        return found
    rate = found.done / found.seconds_worked
    left = (found.total - found.done) / rate if found.state in OPEN else None
    return replace(found, rate_per_second=rate, seconds_left=left)


async def job_by_key(tx: Transaction, organization_id: int, kind: str, key: str) -> Job | None:
    """Return the job that has a key."""
    row = await find(tx, jobs, organization_id, jobs.c.kind == kind, jobs.c.key == key)
    return None if row is None else job_of(row)


async def job(tx: Transaction, organization_id: int, job_id: UUID) -> Job:
    """Return a job that exists."""
    row = await find(tx, jobs, organization_id, jobs.c.id == job_id)
    assert row is not None
    return job_of(row)


async def move(
    tx: Transaction,
    organization_id: int,
    job_id: UUID,
    allowed: Collection[JobState],
    state: JobState,
) -> Job | None:
    """Cancel a job or let it wait to go on; None if it is in no state that allows it."""
    values = {
        "state": state,
        "owner": None,
        "lease_until": None,
        "attempts": 0,
        "error": None,
        "finished_at": clock.now() if state == JobState.CANCELLED else None,
    }
    row = await change(
        tx,
        jobs,
        organization_id,
        jobs.c.id == job_id,
        jobs.c.state.in_(allowed),
        values=values,
    )
    if row is not None and state in OPEN:
        await tx.wake(WAKE)
    return None if row is None else job_of(row)


def _is_free(tx: Transaction) -> ColumnElement[bool]:
    return or_(jobs.c.lease_until.is_(None), jobs.c.lease_until < tx.engine.now())


async def is_any_due(tx: Transaction) -> bool:
    """Say whether `claim` may find one: an idle worker only reads."""
    return bool(await tx.value(select(literal(1)).where(IS_OPEN, _is_free(tx)).limit(1)))


async def claim(
    tx: Transaction, owner: UUID, *, lease_seconds: float, job_id: UUID | None = None
) -> Claim | None:
    """Take a job that waits, or whose worker let its lease run out; this very one if it is named.

    The one that is least far goes first, so that a small batch does not wait for a large one:
    workers give jobs back after a while (worker/jobs.py).
    """
    due = select(jobs.c.organization_id, jobs.c.id).where(IS_OPEN, _is_free(tx))
    if job_id is not None:
        due = due.where(jobs.c.id == job_id)
    due = due.order_by(jobs.c.done, jobs.c.created_at).limit(1)
    found = await tx.row(tx.engine.take(due, jobs, index="ix_jobs_open"))
    if found is None:
        return None
    lost = case((jobs.c.state == JobState.RUNNING, 1), else_=0)
    rows = await tx.rows(
        update(jobs)
        .where(jobs.c.organization_id == found.organization_id, jobs.c.id == found.id)
        .values(
            state=JobState.RUNNING,
            owner=owner,
            attempts=jobs.c.attempts + lost,
            started_at=func.coalesce(jobs.c.started_at, literal(clock.now(), Utc)),
            lease_until=tx.engine.now(plus_seconds=lease_seconds),
        )
        .returning(jobs)
    )
    return value_of(Claim, rows[0])


async def advance(tx: Transaction, claim: Claim, *, done: int, lease_seconds: float) -> bool:
    """Move the cursor from where the claim has it; False if the job is no longer the claim's.

    This comes first in the transaction of a chunk: a worker that was thought dead, or a job that
    was cancelled, stops here before anything is done twice.
    """
    finished = done >= claim.total
    values: dict[str, Any] = {
        "done": done,
        "state": JobState.DONE if finished else JobState.RUNNING,
        "attempts": 0,
        "error": None,
        "lease_until": None if finished else tx.engine.now(plus_seconds=lease_seconds),
        "finished_at": clock.now() if finished else None,
    }
    return bool(
        await tx.execute(update(jobs).where(*_own(claim), jobs.c.done == claim.done).values(values))
    )


async def extend(
    tx: Transaction,
    claim: Claim,
    *,
    total: int,
    parameters: Mapping[str, Any],
    lease_seconds: float,
) -> Claim | None:
    """Set what a claimed job has to do; None if the job is no longer the claim's."""
    rows = await tx.rows(
        update(jobs)
        .where(*_own(claim))
        .values(
            total=total,
            parameters=dict(parameters),
            lease_until=tx.engine.now(plus_seconds=lease_seconds),
        )
        .returning(jobs)
    )
    return value_of(Claim, rows[0]) if rows else None


async def add_held(
    tx: Transaction, values: Mapping[str, Any], owner: UUID, *, lease_seconds: float
) -> Claim:
    """Insert a job that its owner has claimed to fill it; until `begin` nothing tells of it."""
    held = {
        **values,
        "state": JobState.RUNNING,
        "owner": owner,
        "lease_until": tx.engine.now(plus_seconds=lease_seconds),
    }
    return value_of(Claim, (await tx.rows(insert(jobs).values(held).returning(jobs)))[0])


async def begin(
    tx: Transaction,
    claim: Claim,
    by: Caller,
    *,
    key: str | None,
    total: int,
    parameters: Mapping[str, Any],
) -> Job | None:
    """Let a job that was held while it was filled wait for a worker.

    Return None if it is no longer the claim's. Raises DuplicateKey: another one has the key.
    """
    rows = await tx.rows(
        update(jobs)
        .where(*_own(claim))
        .values(
            key=key,
            total=total,
            parameters=dict(parameters),
            state=JobState.WAITING,
            owner=None,
            lease_until=None,
        )
        .returning(jobs)
    )
    if not rows:
        return None
    await tx.wake(WAKE)
    found = job_of(rows[0])
    tell(tx, by, EventKind.JOB_STARTED, found, total=found.total)
    return found


async def abandon(tx: Transaction, claim: Claim) -> None:
    """Delete a job that is still the claim's, with its items."""
    await tx.execute(delete(jobs).where(*_own(claim)))


def _own(claim: Claim) -> list[ColumnElement[bool]]:
    """Return the condition that a job is the claim's."""
    return [
        jobs.c.organization_id == claim.organization_id,
        jobs.c.id == claim.id,
        jobs.c.owner == claim.owner,
        jobs.c.state == JobState.RUNNING,
    ]


async def record(
    tx: Transaction,
    claim: Claim,
    rows: Sequence[JobRow],
    counts: Mapping[str, int],
    *,
    failed: int,
    done: int,
    seconds: float,
) -> None:
    """Record what became of rows, the job's counts and the seconds that they took.

    What is to be done no more is forgotten.
    """
    if rows:
        await row_store.keep(tx, claim, rows)
    await tx.execute(
        update(jobs)
        .where(jobs.c.organization_id == claim.organization_id, jobs.c.id == claim.id)
        .values(counts=dict(counts), failed=failed, seconds_worked=jobs.c.seconds_worked + seconds)
    )
    if done >= claim.total:
        by = worker_of(claim.organization_id, user_id=claim.created_by_user)
        tell(tx, by, EventKind.JOB_DONE, claim, total=claim.total, counts=dict(counts))
    await row_store.forget(tx, claim, done=done)


async def put_off(
    tx: Transaction, claim: Claim, error: str, *, seconds: float, attempts: int = 1
) -> None:
    """Give a job back after a fault, to be taken up again in a while."""
    values = {
        "state": JobState.WAITING,
        "error": error,
        "attempts": claim.attempts + attempts,
        "lease_until": tx.engine.now(plus_seconds=seconds),
    }
    await _leave(tx, claim, values)


async def fail(
    tx: Transaction, claim: Claim, error: str, *, state: JobState = JobState.FAILED
) -> None:
    """End a job that can not go on."""
    values = {
        "state": state,
        "error": error,
        "lease_until": None,
        "finished_at": clock.now(),
    }
    if await _leave(tx, claim, values):
        by = worker_of(claim.organization_id, user_id=claim.created_by_user)
        # Not the error: it may name addresses, and stands with the job.
        tell(tx, by, EventKind.JOB_FAILED, claim, total=claim.total, done=claim.done, state=state)


async def release(tx: Transaction, claim: Claim) -> None:
    """Give a job back unfinished, so that any worker may go on with it at once."""
    await tx.wake(WAKE)
    await _leave(tx, claim, {"state": JobState.WAITING, "lease_until": None})


async def _leave(tx: Transaction, claim: Claim, values: Mapping[str, Any]) -> bool:
    """End a claim; False if another worker has the job by now or it was cancelled."""
    touched = await tx.execute(update(jobs).where(*_own(claim)).values(owner=None, **values))
    return bool(touched)


async def prune(tx: Transaction, *, before: datetime, limit: int) -> bool:
    """Delete a job that was over before a moment, or rows of it if they are many; False if none.

    Any number of workers may do so.
    """
    old = select(jobs.c.organization_id, jobs.c.id).where(IS_OVER, jobs.c.finished_at < before)
    old = old.order_by(jobs.c.finished_at).limit(1)
    found = await tx.row(tx.engine.take(old, jobs, index="ix_jobs_finished_at"))
    if found is None:
        return False
    own = (found.organization_id, job_rows.c.job_id == found.id)
    rows = select(job_rows.c.pos).where(job_rows.c.organization_id == own[0], own[1])
    last = await tx.value(rows.order_by(job_rows.c.pos).offset(limit).limit(1))
    if last is not None:
        await remove(tx, job_rows, *own, job_rows.c.pos < last)
    else:
        await remove(tx, jobs, found.organization_id, jobs.c.id == found.id)
    return True
