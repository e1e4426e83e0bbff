"""Every query of jobs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, or_, select, update

from largesse.core.jobs.model import IS_OPEN, Claim, Job, JobRow, JobState, job_rows, jobs
from largesse.core.records import value_of
from largesse.storage.database import Transaction
from largesse.storage.records import find, find_all

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


async def claim(tx: Transaction, owner: UUID, *, lease_seconds: float) -> Claim | None:
    """Take the oldest job that waits, or whose worker let its lease run out."""
    free = or_(jobs.c.state == JobState.WAITING, jobs.c.lease_until < tx.engine.now())
    due = select(jobs.c.organization_id, jobs.c.id).where(IS_OPEN, free)
    due = tx.engine.take(due.order_by(jobs.c.created_at).limit(1), jobs, index="ix_jobs_open")
    found = await tx.row(due)
    if found is None:
        return None
    rows = await tx.rows(
        update(jobs)
        .where(jobs.c.organization_id == found.organization_id, jobs.c.id == found.id, free)
        .values(
            state=JobState.RUNNING,
            owner=owner,
            attempts=jobs.c.attempts + 1,
            lease_until=tx.engine.now(plus_seconds=lease_seconds),
        )
        .returning(jobs)
    )
    return value_of(Claim, rows[0]) if rows else None


async def advance(
    tx: Transaction,
    claim: Claim,
    *,
    done: int,
    lease_seconds: float,
    now: datetime,
) -> bool:
    """Move the cursor from where the claim has it; False if the job is no longer the claim's.

    This comes first in the transaction of a chunk: a worker that was thought dead, or a job that
    was cancelled, stops here before anything is done twice.
    """
    finished = done >= claim.total
    values: dict[str, Any] = {
        "done": done,
        "state": JobState.DONE if finished else JobState.RUNNING,
        "lease_until": None if finished else tx.engine.now(plus_seconds=lease_seconds),
        "finished_at": now if finished else None,
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
    tx: Transaction,
    claim: Claim,
    outcomes: Sequence[tuple[int, str, Mapping[str, str] | None]],
    counts: Mapping[str, int],
) -> None:
    """Record what became of rows (position, outcome, detail), and the job's counts."""
    await tx.execute(
        update(jobs)
        .where(jobs.c.organization_id == claim.organization_id, jobs.c.id == claim.id)
        .values(counts=dict(counts))
    )
    statement = (
        update(job_rows)
        .where(
            job_rows.c.organization_id == bindparam("of_organization"),
            job_rows.c.job_id == bindparam("of_job"),
            job_rows.c.pos == bindparam("at"),
        )
        .values(outcome=bindparam("outcome"), detail=bindparam("detail"))
    )
    await tx.execute(
        statement,
        [
            {
                "of_organization": claim.organization_id,
                "of_job": claim.id,
                "at": pos,
                "outcome": outcome,
                "detail": detail,
            }
            for pos, outcome, detail in outcomes
        ],
    )


async def fail(tx: Transaction, claim: Claim, error: str, now: datetime) -> None:
    """End a job that can not go on."""
    await tx.execute(
        update(jobs)
        .where(
            jobs.c.organization_id == claim.organization_id,
            jobs.c.id == claim.id,
            jobs.c.owner == claim.owner,
        )
        .values(state=JobState.FAILED, error=error, lease_until=None, finished_at=now)
    )


async def release(tx: Transaction, claim: Claim) -> None:
    """Give a job back unfinished, so that any worker may go on with it at once."""
    await tx.execute(
        update(jobs)
        .where(
            jobs.c.organization_id == claim.organization_id,
            jobs.c.id == claim.id,
            jobs.c.owner == claim.owner,
            jobs.c.state == JobState.RUNNING,
        )
        .values(state=JobState.WAITING, owner=None, lease_until=None)
    )
