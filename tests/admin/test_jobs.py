"""Jobs: watching one while it runs, stopping and resuming it, and what its stream promises."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect

from largesse.admin import live
from largesse.core.access.model import Caller
from largesse.core.codes.generation import Generation
from largesse.core.codes.model import CampaignRef
from largesse.core.jobs.kind import Chunk
from largesse.core.jobs.model import Claim, Job, JobState
from largesse.services import Services
from largesse.storage.database import Transaction
from largesse.worker import jobs, loop
from tests.admin.conftest import Site
from tests.admin.looking import check
from tests.core.shop import batch

NASTY = "<script>alert(1)</script>"


class Worker:
    """The only worker; it makes ten codes when it is told to."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def work(self, chunks: int = 1) -> None:
        for _ in range(chunks):
            assert await jobs.run_one_job(self._services, asyncio.Event())


@pytest.fixture
def worker(site: Site, monkeypatch: pytest.MonkeyPatch) -> Worker:
    async def idle(*_: Any) -> bool:
        return False

    async def next_chunk(self: Generation, tx: Transaction, claim: Claim) -> Chunk:
        return Chunk(min(claim.total, claim.done + 10))

    monkeypatch.setattr(loop, "run_one_job", idle)
    monkeypatch.setattr(jobs, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(Generation, "next_chunk", next_chunk)
    monkeypatch.setattr(live, "PAUSE_SECONDS", 0.05)
    return Worker(site.served.services)


async def start(site: Site, count: int) -> Job:
    services, owner = site.served.services, site.people["owner"].caller
    (campaign, *_) = (await services.campaigns.page(owner)).items
    return await services.bulk_codes.generate(owner, CampaignRef("id", campaign.id.hex), count)


async def ended(services: Services, caller: Caller, job: Job, state: JobState) -> Job:
    async with asyncio.timeout(10):
        while (found := await services.jobs.get(caller, job.id)).state != state:
            await asyncio.sleep(0.02)
    return found


async def test_a_job_is_watched_until_it_is_over(page: Page, site: Site, worker: Worker) -> None:
    job = await start(site, 40)
    await page.goto("jobs?kind=generate_codes")
    await page.locator(f"a[href$='/jobs/{job.id.hex}']").click()
    bar = page.get_by_role("progressbar")
    await expect(bar).to_have_attribute("value", "0")
    await worker.work(2)
    await expect(bar).to_have_attribute("value", "20")
    await expect(page.locator("[role=status].unseen")).to_have_text(re.compile("50%"))
    await page.reload()
    await expect(bar).to_have_attribute("value", "20")
    await check(page)
    await worker.work()
    await expect(bar).to_have_attribute("value", "30")
    await worker.work()
    # It shows by itself what can be done with a job that is over.
    await expect(page.get_by_role("link", name="Delete the job")).to_be_visible()
    await expect(page.get_by_text("40 of 40")).to_be_visible()
    await expect(page.locator("[sse-connect]")).to_have_count(0)
    await page.get_by_role("link", name="Delete the job").click()
    await page.get_by_role("dialog").get_by_role("button").click()
    await expect(page.get_by_role("status")).to_contain_text("was deleted")


async def test_a_job_is_cancelled_and_resumed(page: Page, site: Site, worker: Worker) -> None:
    job = await start(site, 20)
    await worker.work()
    await page.goto(f"jobs/{job.id.hex}")
    await expect(page.get_by_role("progressbar")).to_have_attribute("value", "10")
    await page.get_by_role("link", name="Cancel the job").click()
    await page.get_by_role("dialog").get_by_role("button").click()
    await expect(page.get_by_role("status").first).to_contain_text("was cancelled")
    await expect(page.get_by_text("MPAdministrator").last).to_be_visible()
    async with site.visitor() as client:
        again = await client.post(f"jobs/{job.id.hex}/cancel")
        assert again.status_code == 303
        assert "cancelled" in again.headers["set-cookie"]
    await page.get_by_role("link", name="Resume the job").click()
    await page.get_by_role("dialog").get_by_role("button").click()
    await worker.work()
    await expect(page.get_by_text("20 of 20")).to_be_visible()


async def test_failed_rows_are_shown_and_taken_along(page: Page, site: Site) -> None:
    services, owner = site.served.services, site.people["owner"].caller
    promotion = await services.promotions.create(owner, {"title": "Granted", "key": "granted"})
    emails = ["=cmd@example.com", NASTY, *(f"shopper{n}@example.com" for n in range(120))]
    job = await services.grants.start_batch(owner, batch([promotion.key], emails=emails))
    await ended(services, owner, job, JobState.DONE)
    await page.goto(f"jobs/{job.id.hex}")
    await page.get_by_role("link", name="Next").click()
    await expect(page.get_by_text("shopper119@example.com")).to_be_visible()
    await page.get_by_role("link", name="Failed", exact=True).click()
    await expect(page.get_by_text(NASTY)).to_be_visible()
    await check(page)
    async with site.visitor() as client:
        sheet = await client.get(f"jobs/{job.id.hex}/rows.csv", params={"outcome": "failed"})
        assert len(sheet.text.splitlines()) == 2
        assert NASTY in sheet.text
        whole = await client.get(f"jobs/{job.id.hex}/rows.csv")
        assert len(whole.text.splitlines()) == 123
        assert "'=cmd@example.com" in whole.text
        assert (await client.get(f"jobs/{job.id.hex}?after=x")).status_code == 200
        assert (await client.get("jobs/zzz")).status_code == 404


# --- streams -----------------------------------------------------------------------------------


async def events(client: httpx.AsyncClient, path: str) -> AsyncIterator[tuple[str, str]]:
    async with client.stream("GET", path) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        name, data = "", []
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                data.append(line[6:])
            elif not line and name:
                yield name, "\n".join(data)
                name, data = "", []


async def test_a_stream_ends_by_itself_when_its_job_is_over(site: Site, worker: Worker) -> None:
    job = await start(site, 20)
    async with site.visitor() as client:
        told: list[str] = []
        async for name, text in events(client, f"jobs/{job.id.hex}/progress"):
            told.append(name)
            if name == "progress" and len(told) < 3:
                assert "0 of 20" in text
                await worker.work(2)
        assert told[-1] == "over"
        assert [name async for name, _ in events(client, f"jobs/{job.id.hex}/progress")][-1:] == [
            "over"
        ]


async def test_a_stream_ends_when_its_job_is_deleted_or_its_time_is_up(
    site: Site, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, owner = site.served.services, site.people["owner"].caller
    job = await start(site, 20)
    async with site.visitor() as client:
        told: list[str] = []
        async for name, _ in events(client, f"jobs/{job.id.hex}/progress"):
            if not told:
                await services.jobs.cancel(owner, job.id)
                await services.jobs.delete(owner, job.id)
            told.append(name)
        assert told[-1] == "over"
        job = await start(site, 20)
        monkeypatch.setattr(live, "LONGEST_SECONDS", 0.1)
        told = [name async for name, _ in events(client, f"jobs/{job.id.hex}/progress")]
        # A page that is still looked at connects again.
        assert told == ["progress", "said"]
    await services.jobs.cancel(owner, job.id)


async def test_a_stream_ends_with_its_session(site: Site, worker: Worker) -> None:
    services, owner = site.served.services, site.people["owner"].caller
    issued = await services.access.issue_token(owner, seconds=60)
    job = await start(site, 20)
    async with site.visitor() as client:
        client.cookies.set("largesse_session", issued.token)
        async with asyncio.timeout(10):
            told: list[str] = []
            async for name, _ in events(client, f"jobs/{job.id.hex}/progress"):
                if not told:
                    await services.access.release(issued.token)
                told.append(name)
    assert "over" not in told
    await services.jobs.cancel(owner, job.id)


async def test_beyond_the_most_streams_each_tells_once(
    site: Site, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = asyncio.BoundedSemaphore(1)
    monkeypatch.setattr(live, "_places", places)
    job = await start(site, 20)
    path = f"jobs/{job.id.hex}/progress"
    async with site.visitor() as client:
        first = events(client, path)
        assert (await anext(first))[0] == "progress"
        assert [name async for name, _ in events(client, path)] == ["progress", "said"]
        # Who hangs up leaves its place.
        await first.aclose()  # type: ignore[attr-defined]
        async with asyncio.timeout(5):
            while places.locked():
                await asyncio.sleep(0.02)
    owner = site.people["owner"].caller
    await site.served.services.jobs.cancel(owner, job.id)


async def test_a_stream_ends_with_the_process(site: Site, worker: Worker) -> None:
    stopping: Any = site.served.services.wakeups.stopping
    job = await start(site, 20)
    async with site.visitor() as client:
        async for name, _ in events(client, f"jobs/{job.id.hex}/progress"):
            assert name in ("progress", "said")
            stopping.set()
    stopping.clear()
    await site.served.services.jobs.cancel(site.people["owner"].caller, job.id)
