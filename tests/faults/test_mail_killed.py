"""Workers that are killed or stopped in the middle: each message is explained, and none is lost."""

import asyncio
import random
import signal
import sqlite3
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from largesse.core.access.model import Caller, system
from largesse.core.mail.model import mails
from largesse.services import Services, open_services
from largesse.worker.pace import MOST_AHEAD
from tests.faults.post import (
    OPEN,
    Post,
    check_ledger,
    counts,
    post_office,
    queue_mails,
    work,
)
from tests.faults.server import Server, worker
from tests.serving import settings_for

MAILS = 400
COUNT = 50
WAIT_SECONDS = 40
SETTINGS = {
    "smtp_connections": 4,
    "worker_poll_seconds": 0.1,
    "mail_lease_seconds": 1.0,
}


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    async with post_office(delay=0.005) as opened:
        yield opened


@pytest.fixture
async def owner(services: Services) -> Caller:
    return system(await services.access.create_organization("Shop", []))


async def until_taken(post: Post, count: int, by: Server) -> None:
    """Wait until the service has so many messages."""
    async with asyncio.timeout(WAIT_SECONDS):
        while post.taken.total() < count:
            assert by.process.poll() is None, by.log
            await asyncio.sleep(0.001)


async def until_settled(services: Services, owner: Caller) -> None:
    """Wait until no mail waits or is on its way."""
    async with asyncio.timeout(WAIT_SECONDS):
        while any(found in OPEN for found in await counts(services, owner)):
            await asyncio.sleep(0.05)


async def kill_again_and_again(
    services: Services, owner: Caller, post: Post, url: str, *, kills: int, count: int
) -> None:
    """Kill workers at random moments; every mail must be sent once, or be uncertain."""
    rng = random.Random()
    await queue_mails(services, owner, count)
    for number in range(kills):
        before = post.taken.total()
        async with worker(url, smtp_url=post.url, **SETTINGS) as one:
            share = (count - before) // (kills + 1 - number)
            await until_taken(post, before + rng.randint(1, max(1, share)), one)
            one.kill()
        await check_ledger(services)
    async with worker(url, smtp_url=post.url, **SETTINGS):
        await until_settled(services, owner)
        found = await counts(services, owner)
        assert found.keys() <= {"sent", "uncertain"}
        assert found.total() == count
        assert found["uncertain"] <= kills * MOST_AHEAD
        # Nobody sends unasked what may have been sent.
        assert max(post.taken.values()) == 1
        assert found["sent"] <= post.taken.total() <= count
        await check_ledger(services, post)
        # Asked to, all is sent; one is repeated at most once for each time it was uncertain.
        await services.mail_queue.retry_all(owner, {"state": "uncertain"})
        await until_settled(services, owner)
    assert await counts(services, owner) == {"sent": count}
    assert len(post.taken) == count
    await check_ledger(services, post)


async def test_every_mail_is_sent_once_or_uncertain_when_workers_are_killed(
    services: Services, owner: Caller, post: Post, empty_url: str
) -> None:
    await kill_again_and_again(services, owner, post, empty_url, kills=1, count=MAILS)


@pytest.mark.soak
async def test_every_mail_is_sent_once_or_uncertain_through_15_kills(
    services: Services, owner: Caller, post: Post, empty_url: str
) -> None:
    await kill_again_and_again(services, owner, post, empty_url, kills=15, count=6000)


async def test_a_worker_that_was_stopped_past_its_lease_sends_nothing_twice(
    services: Services, owner: Caller, post: Post, empty_url: str
) -> None:
    post.delay = 0.05
    await queue_mails(services, owner, COUNT)
    other = open_services(settings_for(empty_url, smtp_url=post.url, **SETTINGS))
    try:
        async with worker(empty_url, smtp_url=post.url, **SETTINGS) as stopped:
            await until_taken(post, 6, stopped)
            await _stop(stopped, empty_url, services)
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    while any(found in OPEN for found in await counts(services, owner)):
                        await work(other)
                        await asyncio.sleep(0.05)
                assert (await counts(services, owner))["uncertain"] > 0
            finally:
                stopped.process.send_signal(signal.SIGCONT)
            # It knows what became of the mails that it had; what it had not begun is sent now.
            async with asyncio.timeout(WAIT_SECONDS):
                while (await counts(services, owner)) != {"sent": COUNT}:
                    await asyncio.sleep(0.05)
    finally:
        await other.close()
    assert post.taken.total() == len(post.taken) == COUNT
    await check_ledger(services, post)


async def _stop(one: Server, url: str, services: Services) -> None:
    """Stop a process by SIGSTOP, but outside of a transaction: nobody else could go on."""
    one.process.send_signal(signal.SIGSTOP)
    while await _holds_locks(url, services):
        one.process.send_signal(signal.SIGCONT)
        await asyncio.sleep(0.005)
        one.process.send_signal(signal.SIGSTOP)


async def _holds_locks(url: str, services: Services) -> bool:
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=0)
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        finally:
            connection.close()
        return False
    query = select(mails.c.id)
    async with services.database.write() as tx:
        free = await tx.rows(query.with_for_update(skip_locked=True))
        return len(free) < len(await tx.rows(query))
