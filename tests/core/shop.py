"""A small shop to give promotions in, and a worker to run its batches."""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from largesse.core.access.model import Caller, system
from largesse.core.grants.giving import GrantGiving
from largesse.core.grants.model import Grant, GrantBatch
from largesse.core.jobs.model import Job, JobRow
from largesse.services import Services
from largesse.worker.jobs import run_one_job


async def open_shop(
    services: Services, *, name: str = "Shop", profiles: int = 3, promotions: int = 2
) -> Caller:
    """Make an organization with profiles `profile0`, promotions `promo0` and `again` (repeatable)."""
    caller = system(await services.access.create_organization(name, []))
    for number in range(promotions):
        await services.promotions.create(caller, {"key": f"promo{number}", "title": "Ten off"})
    await services.promotions.create(
        caller, {"key": "again", "title": "And again", "repeatable": True}
    )
    for number in range(profiles):
        await services.customers.create(
            caller, {"identifiers": {"profile_id": f"profile{number}"}, "last_name": f"N{number}"}
        )
    return caller


def batch(
    promotions: Sequence[str] = ("promo0",),
    profiles: Sequence[str] = (),
    emails: Sequence[str] = (),
    source: str | None = None,
    **more: Any,
) -> GrantBatch:
    """Return a command to grant promotions."""
    return GrantBatch(tuple(promotions), tuple(profiles), tuple(emails), source, **more)


async def run_jobs(services: Services) -> None:
    """Be the worker until no job is due."""
    while await run_one_job(services, asyncio.Event()):
        pass


async def run_batch(services: Services, caller: Caller, *args: Any, **named: Any) -> Job:
    """Start a batch, run what is due, and return its job as it is then."""
    job = await services.grants.start_batch(caller, batch(*args, **named))
    await run_jobs(services)
    return await services.jobs.get(caller, job.id)


async def all_grants(services: Services, caller: Caller, **filters: Any) -> list[Grant]:
    """Return every grant of the organization."""
    found: list[Grant] = []
    after = None
    while True:
        page = await services.grants.page(caller, after=after, limit=1000, **filters)
        found += page.items
        after = page.next_after
        if after is None:
            return found


async def all_rows(services: Services, caller: Caller, job_id: UUID) -> list[JobRow]:
    """Return every row of a job."""
    found: list[JobRow] = []
    after = -1
    while True:
        page = await services.jobs.rows(caller, job_id, after=after, limit=1000)
        found += page.items
        if page.next_after is None:
            return found
        after = page.next_after


async def held(services: Services, caller: Caller) -> Counter[tuple[str, str]]:
    """Return how many active grants each recipient holds of each promotion."""
    promotions = (await services.promotions.page(caller, limit=1000)).items
    customers = (await services.customers.page(caller, limit=1000)).items
    keys = {promotion.id: promotion.key for promotion in promotions}
    names = {customer.id: customer.identifiers["profile_id"] for customer in customers}
    return Counter(
        (
            keys[grant.promotion_id],
            names[grant.customer_id] if grant.customer_id else str(grant.email),
        )
        for grant in await all_grants(services, caller)
        if grant.state == "active"
    )


class FaultyGiving(GrantGiving):
    """The giving of grants whose first chunks are followed by a fault, after their effect and before it counts."""

    def __init__(self, giving: GrantGiving, *, faults: int, fault: Exception) -> None:
        self.__dict__.update(giving.__dict__)
        self.faults = faults
        self.fault = fault

    async def run_chunk(self, *args: Any) -> Any:
        """Grant, and fail while there are faults left."""
        outcomes = await super().run_chunk(*args)
        if self.faults:
            self.faults -= 1
            raise self.fault
        return outcomes


LINE_DEAD = ConnectionError("the line went dead\nwith=secret@example.com")


def with_faults(services: Services, faults: int, fault: Exception = LINE_DEAD) -> Services:
    """Return the services with a worker's side that fails so many times."""
    faulty = FaultyGiving(services.grant_giving, faults=faults, fault=fault)
    return dataclasses.replace(services, grant_giving=faulty)
