"""The use cases of jobs: look at them, cancel and resume them."""

from typing import Any
from uuid import UUID

from largesse.core.access.model import Caller, Right
from largesse.core.errors import UnknownJob, WrongState
from largesse.core.jobs import store
from largesse.core.jobs.model import Job, JobRow, JobState, jobs
from largesse.core.records import Page, Records, check_limit, page_of
from largesse.storage import records


class Jobs(Records[Job]):
    """Jobs. They are made by what needs them and never changed by hand."""

    table = jobs
    value = Job
    unknown = UnknownJob
    write_right = Right.MANAGE_JOBS
    changeable = frozenset()

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
        """Return a job's rows behind a position, of an outcome if one is named.

        Raises:
            UnknownJob, NotPermitted, InvalidValue
        """
        caller.require(self.read_right)
        check_limit(limit)
        async with self.database.read() as tx:
            job = await self._one(tx, caller.organization_id, job_id)
            rows = await store.rows_of(
                tx, caller.organization_id, job, after=after, limit=limit + 1, outcome=outcome
            )
        return page_of(rows, limit, "pos")

    async def cancel(self, caller: Caller, job_id: UUID) -> Job:
        """Stop a job where it is. Raises UnknownJob, NotPermitted, WrongState."""
        return await self._move(
            caller, job_id, {JobState.WAITING, JobState.RUNNING}, JobState.CANCELLED
        )

    async def resume(self, caller: Caller, job_id: UUID) -> Job:
        """Go on with a job that was cancelled or failed, from where it stopped.

        Raises:
            UnknownJob, NotPermitted, WrongState
        """
        return await self._move(
            caller, job_id, {JobState.CANCELLED, JobState.FAILED}, JobState.WAITING
        )

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
                jobs.c.state.not_in([JobState.WAITING, JobState.RUNNING]),
            )
            if not gone:
                found = await self._one(tx, caller.organization_id, record_id)
                raise WrongState("job", found.state)

    async def _move(
        self, caller: Caller, job_id: UUID, allowed: set[JobState], state: JobState
    ) -> Job:
        caller.require(self.write_right)
        self._check_id(job_id)
        async with self.database.write() as tx:
            job = await store.move(tx, caller.organization_id, job_id, allowed, state)
            if job is None:
                found = await self._one(tx, caller.organization_id, job_id)
                raise WrongState("job", found.state)
        return job
