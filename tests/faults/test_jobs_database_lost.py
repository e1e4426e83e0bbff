"""The database dies, and connections are cut, in the middle of batches: each goes on by itself."""

import asyncio
import signal
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from largesse.core.jobs.model import JobState
from largesse.services import Services, open_services
from tests.conftest import in_memory
from tests.faults.batches import HASTY, open_batches
from tests.faults.server import worker
from tests.postgres import Cluster, create_database, start_cluster
from tests.serving import prepare, settings_for

DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server of this test alone, whose commits survive."""
    with start_cluster(in_memory(), settings=DURABLE) as own:
        yield own


async def test_jobs_go_on_when_the_database_server_comes_back(cluster: Cluster) -> None:
    url = create_database(cluster.url, "largesse")
    await prepare(url, demo=False)
    services = open_services(settings_for(url))
    batches = await open_batches(services)
    await services.close()
    try:
        async with worker(url, **HASTY) as one:
            for number in (signal.SIGQUIT, signal.SIGKILL):
                batches.services = open_services(settings_for(url))
                job = await batches.start(5000)
                await batches.until(job, lambda now: now.state != JobState.WAITING, by=one)
                await batches.services.close()
                await asyncio.to_thread(cluster.end, number)
                await asyncio.sleep(0.5)
                assert one.process.poll() is None
                await asyncio.to_thread(cluster.start)
            batches.services = open_services(settings_for(url))
            await batches.all_done()
            assert one.process.poll() is None
        await batches.check()
    finally:
        await batches.services.close()


@pytest.mark.parametrize("engine_name", ["postgres"])
async def test_a_worker_hears_of_a_job_at_once_also_when_its_listener_was_cut(
    services: Services, empty_url: str
) -> None:
    """It would look for work by itself only when the test is over."""
    batches = await open_batches(services)
    cut = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND query ILIKE 'LISTEN %'"
    )
    async with worker(empty_url, **HASTY | {"worker_poll_seconds": 600}) as one:
        for _ in range(3):
            job = await batches.start(10)
            await batches.until(job, lambda now: now.state == JobState.DONE, by=one, seconds=30)
            async with services.database.read() as tx:
                ended = await tx.rows(cut)
            assert len(ended) == 1, one.log
    await batches.check()


@pytest.mark.parametrize("engine_name", ["postgres"])
async def test_a_worker_that_does_not_listen_finds_its_work_all_the_same(
    services: Services, empty_url: str
) -> None:
    batches = await open_batches(services)
    async with worker(empty_url, **HASTY | {"worker_listen": False}) as one:
        job = await batches.start(10)
        await batches.until(job, lambda now: now.state == JobState.DONE, by=one)
        async with services.database.read() as tx:
            listening = text(
                "SELECT pid FROM pg_stat_activity"
                " WHERE datname = current_database() AND query ILIKE 'LISTEN %'"
            )
            assert await tx.rows(listening) == []
    await batches.check()
