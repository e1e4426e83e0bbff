"""Batches of grants whose workers meet with accidents, and a look at what came of them."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from largesse.core.access.model import Caller
from largesse.core.grants.model import GrantState, grants
from largesse.core.jobs.model import OPEN, Job, JobState
from largesse.services import Services
from tests.core.shop import all_rows, batch
from tests.core.shop import open_shop as open_small_shop
from tests.faults.server import Server

HASTY: dict[str, Any] = {"job_lease_seconds": 1, "worker_poll_seconds": 0.1}
"""Settings of a worker for which the tests need not wait long."""


@dataclass
class Batches:
    """Jobs that each grant a promotion to addresses of their own."""

    services: Services
    caller: Caller
    jobs: list[Job] = field(default_factory=list)
    others: int = 0
    """How many grants there were before."""

    @property
    def recipients(self) -> int:
        """How many addresses there are in all jobs."""
        return sum(job.total for job in self.jobs)

    async def start(self, count: int) -> Job:
        """Start one more job."""
        name = f"batch{len(self.jobs)}"
        addresses = [f"{name}.{number}@example.com" for number in range(count)]
        command = batch(["promo0"], emails=addresses)
        self.jobs.append(await self.services.grants.start_batch(self.caller, command))
        return self.jobs[-1]

    async def job(self, job_id: UUID) -> Job:
        """Return a job as it is now."""
        return await self.services.jobs.get(self.caller, job_id)

    async def jobs_in(self, state: JobState) -> list[Job]:
        """Return the jobs that are in a state now, oldest first."""
        now = [await self.job(job.id) for job in self.jobs]
        return [job for job in now if job.state == state]

    async def until(
        self,
        job: Job,
        fits: Callable[[Job], bool],
        *,
        by: Server | None = None,
        seconds: float = 50,
    ) -> Job:
        """Wait until a job is as it should be; if it is not, show what its worker said."""
        deadline = time.monotonic() + seconds
        while not fits(now := await self.job(job.id)):
            assert time.monotonic() < deadline, f"{now}\n{by.log if by else ''}"
            await asyncio.sleep(0.01)
        return now

    async def all_done(self, *, seconds: float = 50) -> None:
        """Wait until every job is over."""
        for job in self.jobs:
            await self.until(job, lambda now: now.state not in OPEN, seconds=seconds)

    async def check(self, *, rows: bool = True) -> None:
        """Check that everyone was granted once, and that the jobs say the same."""
        for job in self.jobs:
            now = await self.job(job.id)
            assert (now.state, now.done) == (JobState.DONE, now.total), now
            assert now.counts == {"granted": now.total, "grants": now.total}
            assert (now.failed, now.attempts, now.error) == (0, 0, None)
            held = await self.held(job.id)
            assert held == (now.total, now.total), now
            if rows:
                found = await all_rows(self.services, self.caller, job.id)
                assert [row.pos for row in found] == list(range(now.total))
                assert {row.outcome for row in found} == {"granted"}
        made = self.recipients + self.others
        assert await self.held() == (made, made)

    async def held(self, job_id: UUID | None = None) -> tuple[int, int]:
        """Return how many active grants there are, and how many recipients hold them."""
        query = select(
            func.count().label("all"), func.count(grants.c.recipient_key.distinct()).label("who")
        ).where(
            grants.c.organization_id == self.caller.organization_id,
            grants.c.state == GrantState.ACTIVE,
        )
        if job_id is not None:
            query = query.where(grants.c.job_id == job_id)
        async with self.services.database.read() as tx:
            (row,) = await tx.rows(query)
        return row.all, row.who


async def open_batches(services: Services) -> Batches:
    """Make the organization and the promotion."""
    return Batches(services, await open_small_shop(services, profiles=0, promotions=1))
