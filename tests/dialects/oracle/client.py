"""Calls as Oracle Commerce Cloud's clients make them, and what became of them."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx

from largesse.core.access.model import Caller, system
from largesse.core.jobs.model import Job, JobRow, JobState
from tests.serving import Served

PREFIX = "/ccadmin/v1"
BATCH = f"{PREFIX}/profiles/batchGrantPromotions"
OVER = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


def bearer(token: str) -> dict[str, str]:
    """Return the header that carries a token or an application key."""
    return {"Authorization": f"Bearer {token}"}


async def log_in(served: Served) -> str:
    """Exchange the demo application key for an access token, as most clients do."""
    answer = await served.client.post(
        f"{PREFIX}/login",
        params={"grant_type": "client_credentials"},
        headers=bearer(served.demo.application_key)
        | {"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def send(served: Served, body: Any, **headers: str) -> httpx.Response:
    """Send a batch: bytes and parts as they are, anything else as JSON."""
    as_it_is = isinstance(body, bytes | AsyncIterator)
    content = body if as_it_is else json.dumps(body).encode()
    sent = bearer(await log_in(served)) | {"Content-Type": "application/json"} | headers
    return await served.client.post(BATCH, content=content, headers=sent)


async def owner(served: Served) -> Caller:
    """Return who may see everything of the demo organization."""
    return system(await served.services.access.organization_named(served.demo.organization))


async def finished(served: Served, answer: httpx.Response) -> Job:
    """Wait until the served instance's worker is through with an accepted batch."""
    assert answer.status_code == 200, answer.text
    caller, job_id = await owner(served), answer.headers["X-Batch-Id"]
    while True:
        page = await served.services.jobs.page(caller, limit=1000)
        job = next(job for job in page.items if str(job.id) == job_id)
        if job.state in OVER:
            return job
        await asyncio.sleep(0.02)


async def rows(served: Served, job: Job) -> list[JobRow]:
    """Return the first rows of a job."""
    return list((await served.services.jobs.rows(await owner(served), job.id, limit=1000)).items)


async def held(served: Served) -> Counter[tuple[str, str, str | None]]:
    """Count the active grants by promotion, recipient and source."""
    caller = await owner(served)
    promotions = (await served.services.promotions.page(caller, limit=1000)).items
    customers = (await served.services.customers.page(caller, limit=1000)).items
    grants = (await served.services.grants.page(caller, limit=1000)).items
    keys = {promotion.id: promotion.key for promotion in promotions}
    names = {customer.id: customer.identifiers.get("profile_id") for customer in customers}
    return Counter(
        (
            keys[grant.promotion_id],
            str(names[grant.customer_id] if grant.customer_id else grant.email),
            grant.source_id,
        )
        for grant in grants
        if grant.state == "active"
    )


async def untouched(served: Served) -> None:
    """Assert that there is neither a grant nor a job."""
    caller = await owner(served)
    assert (await served.services.grants.page(caller)).items == []
    assert (await served.services.jobs.page(caller)).items == []


def compact(printed: object) -> bytes:
    """Return JSON as it is sent: in the printed order of names, without white space.

    The documents show their JSON in lines of which the indentation is lost; nothing else is.
    """
    return json.dumps(printed, separators=(",", ":")).encode()
