"""The use cases of jobs: look at them, cancel and resume them, and forget old ones."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.errors import UnknownJob, WrongState
from largesse.core.events import store as event_store
from largesse.core.events.model import EventKind
from largesse.core.jobs import row_store, store
from largesse.core.jobs.model import OPEN, STOPPED, Job, JobRow, JobState, job_rows, jobs
from largesse.core.limits import unfit
from largesse.core.records import PAGE_LIMIT, Page, Records, check_limit, page_of
from largesse.storage import records
from largesse.storage.database import Database

EXPORTED = ("pos", "kind", "value", "outcome", "detail")
"""What an export has of each row; the detail is a JSON text."""

FAILED = "failed"
"""Stands for every outcome that the job's kind counts as a failure."""

PRUNED = 5000
"""Rows deleted in one transaction at most: few enough that others hardly wait for it."""


class Jobs(Records[Job]):
    """Jobs. They are made by what needs them and never changed by hand."""

    table = jobs
    value = Job
    unknown = UnknownJob
    write_right = Right.MANAGE_JOBS
    changeable = frozenset()
    shelf = store.JOB_SHELF

    def __init__(
        self,
        database: Database,
        *,
        failures: Mapping[str, frozenset[str]],
        keep: timedelta | None,
    ) -> None:
        super().__init__(database)
        self._failures = failures
        """The outcomes that count as failures, for each kind of job."""
        self._keep = keep

    async def create(self, caller: Caller, new: Any) -> Job:
        """Refuse: a job is started by the use case that needs it, e.g. a batch of grants."""
        raise WrongState("job", "not started by its own use case")

    async def rows(
        self,
        caller: Caller,
        job_id: UUID,
        *,
        after: int = -1,
        limit: int = 100,
        outcome: str | None = None,
    ) -> Page[JobRow]:
        """Return a job's rows behind a position; only those with an outcome if it is named.

        The outcome `failed` stands for all that count as failures.

        Raises:
            UnknownJob, NotPermitted, InvalidValue
        """
        caller.require(self.read_right)
        check_limit(limit)
        if unfit(job_rows.c.outcome.type, outcome or ""):
            return Page([], None)  # what no column can hold, none holds
        async with self.database.read() as tx:
            job = await self._one(tx, caller.organization_id, job_id)
            rows = await row_store.rows_of(
                tx,
                caller.organization_id,
                job,
                after=after,
                limit=limit + 1,
                outcomes=None if outcome is None else self._outcomes(job, outcome),
            )
        return page_of(rows, limit, "pos")

    def _outcomes(self, job: Job, outcome: str) -> frozenset[str]:
        named = frozenset({outcome})
        return named | self._failures.get(job.kind, named) if outcome == FAILED else named

    async def export(
        self, caller: Caller, job_id: UUID, *, outcome: str | None = None
    ) -> AsyncIterator[Sequence[Sequence[Any]]]:
        """Return pages of a job's rows, as `rows` does: the values of `EXPORTED`.

        Raises:
            UnknownJob, NotPermitted
        """
        first = await self.rows(caller, job_id, outcome=outcome, limit=PAGE_LIMIT)
        return self._pages(caller, job_id, outcome, first)

    async def _pages(
        self, caller: Caller, job_id: UUID, outcome: str | None, page: Page[JobRow]
    ) -> AsyncIterator[Sequence[Sequence[Any]]]:
        while True:
            yield [_exported(row) for row in page.items]
            after = page.next_after
            if after is None:
                return
            page = await self.rows(caller, job_id, outcome=outcome, after=after, limit=PAGE_LIMIT)

    async def cancel(self, caller: Caller, job_id: UUID) -> Job:
        """Stop a job where it is. Raises UnknownJob, NotPermitted, WrongState."""
        return await self._move(caller, job_id, OPEN, JobState.CANCELLED)

    async def resume(self, caller: Caller, job_id: UUID) -> Job:
        """Go on with a job that was cancelled, failed or is dead, from where it stopped.

        Raises:
            UnknownJob, NotPermitted, WrongState
        """
        return await self._move(caller, job_id, STOPPED, JobState.WAITING)

    async def delete(self, caller: Caller, record_id: Any) -> None:
        """Delete a job that is over, with its rows. Raises UnknownJob, WrongState."""
        caller.require(self.write_right)
        self._check_id(record_id)
        async with self.database.write() as tx:
            gone = await records.remove(
                tx,
                jobs,
                caller.organization_id,
                jobs.c.id == record_id,
                jobs.c.state.not_in(OPEN),
            )
            if not gone:
                found = await self._one(tx, caller.organization_id, record_id)
                raise WrongState("job", found.state)
            event_store.record(tx, caller, EventKind.JOB_DELETED, ("job", record_id))

    async def _move(
        self, caller: Caller, job_id: UUID, allowed: frozenset[JobState], state: JobState
    ) -> Job:
        caller.require(self.write_right)
        self._check_id(job_id)
        async with self.database.write() as tx:
            job = await store.move(tx, caller.organization_id, job_id, allowed, state)
            if job is None:
                found = await self._one(tx, caller.organization_id, job_id)
                raise WrongState("job", found.state)
            cancelled = state == JobState.CANCELLED
            kind = EventKind.JOB_CANCELLED if cancelled else EventKind.JOB_RESUMED
            store.tell(tx, caller, kind, job, total=job.total, done=job.done)
        return job

    def _value(self, row: Any) -> Job:
        return store.job_of(row)

    # --- the worker's side ---------------------------------------------------------------------

    async def prune(self) -> bool:
        """Delete something of the jobs that were over `jobs_keep_days` ago; False if none is left.

        It goes through all organizations, in any number of workers.
        """
        if self._keep is None:
            return False
        began = time.monotonic()
        async with self.database.write() as tx:
            found = await store.prune(tx, before=clock.now() - self._keep, limit=PRUNED)
        await asyncio.sleep(self.database.engine.pause_after(time.monotonic() - began))
        return found


def _exported(row: JobRow) -> tuple[Any, ...]:
    detail = None if row.detail is None else json.dumps(row.detail, ensure_ascii=False)
    return row.pos, row.kind, row.value, row.outcome, detail
