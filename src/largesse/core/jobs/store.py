"""Every query of jobs."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, literal, or_, select, update

from largesse.core import clock
from largesse.core.jobs.model import IS_OPEN, Claim, Job, JobRow, JobState, Outcome, job_rows, jobs
from largesse.core.records import value_of
from largesse.storage.database import Transaction
from largesse.storage.records import change, find, find_all
from largesse.storage.types import Utc

INSERT_CHUNK = 5000
"""Rows of a job inserted by one statement."""


async def add_job(tx: Transaction, values: Mapping[str, Any]) -> Job | None:
    """Insert a job and return it, or None if one with its key is there already."""
    rows = await tx.insert_new(jobs, [dict(values)], returning=(jobs,))
    return value_of(Job, rows[0]) if rows else None


async def job_by_key(tx: Transaction, organization_id: int, kind: str, key: str) -> Job | None:
    """Return the job that has a key."""
    row = await find(tx, jobs, organization_id, jobs.c.kind == kind, jobs.c.key == key)
    return None if row is None else value_of(Job, row)


async def add_rows(
    tx: Transaction, organization_id: int, job_id: UUID, items: Sequence[tuple[str, str]]
) -> None:
    """Insert a job's items (kind, value) in their order."""
    for start in range(0, len(items), INSERT_CHUNK):
        rows = [
            {
                "organization_id": organization_id,
                "job_id": job_id,
                "pos": start + offset,
                "kind": kind,
                "value": value,
            }
            for offset, (kind, value) in enumerate(items[start : start + INSERT_CHUNK])
        ]
        await tx.execute(job_rows.insert(), rows)


async def rows_of(
    tx: Transaction, organization_id: int, job_id: UUID, *, after: int, limit: int
) -> list[JobRow]:
    """Return a job's rows behind a position."""
    rows = await find_all(
        tx,
        job_rows,
        organization_id,
        job_rows.c.job_id == job_id,
        job_rows.c.pos > after,
        order=(job_rows.c.pos,),
        limit=limit,
    )
    return [value_of(JobRow, row) for row in rows]


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
    return None if row is None else value_of(Job, row)


async def claim(tx: Transaction, owner: UUID, *, lease_seconds: float) -> Claim | None:
    """Take a job that waits, or whose worker let its lease run out.

    The one that is least far goes first, so that a small batch does not wait for a large one:
    workers give jobs back after a while (worker/jobs.py).
    """
    free = or_(jobs.c.lease_until.is_(None), jobs.c.lease_until < tx.engine.now())
    due = select(jobs.c.organization_id, jobs.c.id).where(IS_OPEN, free)
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
        await tx.execute(
            update(jobs)
            .where(
                jobs.c.organization_id == claim.organization_id,
                jobs.c.id == claim.id,
                jobs.c.owner == claim.owner,
                jobs.c.done == claim.done,
                jobs.c.state == JobState.RUNNING,
            )
            .values(values)
        )
    )


async def set_outcomes(
    tx: Transaction, claim: Claim, outcomes: Sequence[Outcome], counts: Mapping[str, int]
) -> None:
    """Record what became of rows, and the job's counts."""
    await tx.execute(
        update(jobs)
        .where(jobs.c.organization_id == claim.organization_id, jobs.c.id == claim.id)
        .values(counts=dict(counts))
    )
    # Most rows of a chunk end alike: one statement for each kind of end, not one for each row.
    alike: defaultdict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        alike[json.dumps([outcome.outcome, outcome.detail])].append(outcome)
    for group in alike.values():
        await tx.execute(
            update(job_rows)
            .where(
                job_rows.c.organization_id == claim.organization_id,
                job_rows.c.job_id == claim.id,
                tx.engine.any_of(job_rows.c.pos, [outcome.pos for outcome in group]),
            )
            .values(outcome=group[0].outcome, detail=group[0].detail)
        )


async def put_off(tx: Transaction, claim: Claim, error: str, *, seconds: float) -> None:
    """Give a job back after a fault, to be taken up again in a while."""
    values = {
        "state": JobState.WAITING,
        "error": error,
        "attempts": claim.attempts + 1,
        "lease_until": tx.engine.now(plus_seconds=seconds),
    }
    await _leave(tx, claim, values)


async def fail(tx: Transaction, claim: Claim, error: str) -> None:
    """End a job that can not go on."""
    values = {
        "state": JobState.FAILED,
        "error": error,
        "lease_until": None,
        "finished_at": clock.now(),
    }
    await _leave(tx, claim, values)


async def release(tx: Transaction, claim: Claim) -> None:
    """Give a job back unfinished, so that any worker may go on with it at once."""
    await _leave(tx, claim, {"state": JobState.WAITING, "lease_until": None})


async def _leave(tx: Transaction, claim: Claim, values: Mapping[str, Any]) -> None:
    """End a claim, unless another worker has the job by now or it was cancelled."""
    await tx.execute(
        update(jobs)
        .where(
            jobs.c.organization_id == claim.organization_id,
            jobs.c.id == claim.id,
            jobs.c.owner == claim.owner,
            jobs.c.state == JobState.RUNNING,
        )
        .values(owner=None, **values)
    )
