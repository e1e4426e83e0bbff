"""A worker that was thought dead wakes up, and two workers want one job: nothing is done twice."""

import asyncio
import signal
import sqlite3
from contextlib import AsyncExitStack

import pytest

from largesse.core.jobs.model import Job, JobState
from largesse.services import Services, open_services
from tests.core.shop import run_jobs
from tests.faults.batches import HASTY, Batches, open_batches
from tests.faults.server import Server, worker
from tests.serving import settings_for

RECIPIENTS = 4000


async def stop_in_the_middle(batches: Batches, url: str, one: Server) -> Job:
    """Start batches until their worker is stopped, by SIGSTOP, while it has one: that one."""
    while True:
        job = await batches.start(RECIPIENTS)
        await batches.until(job, lambda now: now.state != JobState.WAITING, by=one)
        one.process.send_signal(signal.SIGSTOP)
        while url.startswith("sqlite") and _is_locked(url.removeprefix("sqlite:///")):
            # Stopped inside a transaction: nobody else could write, and there is no other worker.
            one.process.send_signal(signal.SIGCONT)
            await asyncio.sleep(0.005)
            one.process.send_signal(signal.SIGSTOP)
        now = await batches.job(job.id)
        if now.state == JobState.RUNNING and now.done < now.total:
            return now
        # Stopped too late: it had done all of it.
        one.process.send_signal(signal.SIGCONT)


def _is_locked(path: str) -> bool:
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return True
    else:
        return False
    finally:
        connection.close()


async def test_a_worker_that_was_stopped_past_its_lease_is_fenced(
    services: Services, empty_url: str
) -> None:
    batches = await open_batches(services)
    settings = {"job_lease_seconds": 0.5, "worker_poll_seconds": 0.1, "log_level": "info"}
    async with worker(empty_url, **settings) as stopped:
        job = await stop_in_the_middle(batches, empty_url, stopped)
        other = open_services(settings_for(empty_url, **settings))
        try:
            async with asyncio.timeout(30):
                while (await batches.job(job.id)).state != JobState.DONE:
                    await run_jobs(other)
                    await asyncio.sleep(0.05)
        finally:
            await other.close()
        stopped.process.send_signal(signal.SIGCONT)
        # It is alive and well, and has no part in the first job.
        second = await batches.start(100)
        await batches.until(second, lambda now: now.state == JobState.DONE, by=stopped)
        for _ in range(100):
            if "job left" in stopped.log or "job stopped by a fault" in stopped.log:
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail(f"it was not fenced:\n{stopped.log}")
        assert stopped.process.poll() is None
    await batches.check()


async def test_two_workers_that_keep_taking_one_job_from_each_other_do_each_row_once(
    services: Services, empty_url: str
) -> None:
    batches = await open_batches(services)
    job = await batches.start(RECIPIENTS)
    # A lease that has run out before the chunk is done: each thinks that the other is dead.
    settings = HASTY | {"job_lease_seconds": 0.01}
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(worker(empty_url, **settings))
        rival = open_services(settings_for(empty_url, **settings))
        stack.push_async_callback(rival.close)
        async with asyncio.timeout(60):
            while (await batches.job(job.id)).state != JobState.DONE:
                await run_jobs(rival)
                await asyncio.sleep(0.01)
    await batches.check()


@pytest.mark.parametrize("engine_name", ["postgres"])
async def test_several_workers_share_many_jobs(services: Services, empty_url: str) -> None:
    batches = await open_batches(services)
    async with AsyncExitStack() as stack:
        several = [await stack.enter_async_context(worker(empty_url, **HASTY)) for _ in range(3)]
        # A busy machine may let one of them do all before another wakes up.
        while sum("job taken up" in one.log for one in several) < 2:
            for _ in range(8):
                await batches.start(500)
            await batches.all_done()
    await batches.check()
