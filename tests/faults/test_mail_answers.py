"""Whatever a mail service answers, at whichever stage: the ledger explains every message."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text

from largesse.core.access.model import Caller
from largesse.services import Services, open_services
from largesse.worker.mail import send_due_mail
from tests.faults.post import (
    HANG_UP,
    STALL,
    Post,
    check_ledger,
    counts,
    let_time_pass,
    owner_of,
    post_office,
    queue_mails,
    states,
    work,
)
from tests.serving import settings_for

MAILS = 3

QUICK: dict[str, Any] = {
    "smtp_connections": 2,
    "smtp_timeout": 0.4,
    "smtp_answer_timeout": 0.4,
}


@asynccontextmanager
async def worker(url: str, post: Post, **changes: Any) -> AsyncIterator[Services]:
    services = open_services(settings_for(url, smtp_url=post.url, **QUICK | changes))
    await services.start()
    try:
        yield services
    finally:
        await services.close()


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    async with post_office() as opened:
        yield opened


def expected(stage: str, answer: str) -> tuple[str, str | None]:
    """Return what a mail is that got this answer, and the last line of its ledger."""
    if stage in ("greeting", "EHLO") or (stage == "MAIL" and answer in (HANG_UP, STALL)):
        return "queued", None  # nothing was said about the mail
    if answer[0] == "5":
        return "failed", "refused"
    if stage == "content" and answer in (HANG_UP, STALL):
        return "uncertain", "uncertain"
    return "queued", "put off"


async def test_every_answer_at_every_stage(demo_url: str, post: Post) -> None:
    async with worker(demo_url, post) as services:
        owner = await owner_of(services)
        for stage in ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "content"):
            for answer in ("421 busy", "450 4.2.0 later", "550 5.1.1 never", HANG_UP, STALL):
                post.answers = {stage: answer}
                if stage == "EHLO":
                    # A service that refuses EHLO is asked with HELO.
                    post.answers["HELO"] = answer
                await _one(services, owner, post, expected(stage, answer))
        await check_ledger(services, post)


async def _one(
    services: Services, owner: Caller, post: Post, outcome: tuple[str, str | None]
) -> None:
    await services.transports[0].close()  # the next one is greeted anew
    ids = await queue_mails(services, owner, MAILS)
    before = post.taken.copy()
    await work(services)
    state, line = outcome
    now = await states(services, owner)
    found = {now[one] for one in ids}
    lines = {one.outcome for one in await _lines(services, owner, ids)}
    # A service that is out of order is left alone: not every mail may have been tried.
    assert found <= {state, "queued"}, (post.answers, found)
    assert state in found, (post.answers, found)
    assert lines == ({line} if line else set()), (post.answers, lines)
    assert post.taken - before == {} or state == "uncertain", post.answers
    # It gets well. What had failed is retried by hand, what nobody knows is left as it is.
    post.answers = {}
    await services.mail_queue.retry_all(owner, {})
    await let_time_pass(services)
    await work(services)
    now = await states(services, owner)
    assert {now[one] for one in ids} <= {"sent", "uncertain"}, outcome
    assert sum(post.taken[one] for one in ids) == MAILS


async def _lines(services: Services, owner: Caller, ids: list[str]) -> list[Any]:
    found = []
    page = await services.mails.page(owner, limit=1000)
    for mail in page.items:
        if mail.message_id in ids:
            found += await services.mails.attempts(owner, mail.id)
    return found


async def test_a_service_that_refuses_connections_costs_no_mail_an_attempt(
    demo_url: str, post: Post
) -> None:
    async with worker(demo_url, post) as services:
        owner = await owner_of(services)
        await post.close()
        await queue_mails(services, owner, 50)
        for failures in (1, 2, 3):
            await work(services)
            (main,) = (await services.mail_queue.stats(owner)).transports
            assert (main.failures, main.blocked_seconds > 0) == (failures, True)
            await let_time_pass(services)
        page = await services.mails.page(owner, limit=100)
        assert {(mail.state, mail.attempts) for mail in page.items} == {("queued", 0)}
        await post.open()
        await work(services)
        assert await counts(services, owner) == {"sent": 50}
        await check_ledger(services, post)


async def test_the_second_service_takes_what_the_first_one_can_not(
    demo_url: str, post: Post
) -> None:
    async with (
        post_office() as second,
        worker(demo_url, post, smtp_fallback_url=second.url) as services,
    ):
        owner = await owner_of(services)
        await queue_mails(services, owner, 5)
        await work(services)
        assert (post.taken.total(), second.taken.total()) == (5, 0)
        await post.close()
        await queue_mails(services, owner, 20)
        await work(services)
        assert (post.taken.total(), second.taken.total()) == (5, 20)
        # The first one is back, and says that it has too much to do.
        await post.open()
        post.answers = {"MAIL": "421 too much"}
        await let_time_pass(services)
        await queue_mails(services, owner, 20)
        await work(services)
        await let_time_pass(services)
        post.answers = {}
        await work(services)
        assert await counts(services, owner) == {"sent": 45}
        await queue_mails(services, owner, 5)
        before = post.taken.total()
        await work(services)
        assert post.taken.total() == before + 5, "the first one is preferred again"
        await check_ledger(services, post, second)


async def test_a_slow_service_is_waited_for(demo_url: str, post: Post) -> None:
    post.delay = 0.05
    async with worker(demo_url, post, smtp_connections=8) as services:
        owner = await owner_of(services)
        await queue_mails(services, owner, 40)
        await work(services)
        assert await counts(services, owner) == {"sent": 40}
        assert post.connections <= 8
        await check_ledger(services, post)


async def test_a_worker_that_is_told_to_stop_finishes_what_it_hands_over(
    demo_url: str, post: Post
) -> None:
    post.delay = 0.02
    async with worker(demo_url, post) as services:
        owner = await owner_of(services)
        await queue_mails(services, owner, 100)
        stop = asyncio.Event()
        running = asyncio.create_task(send_due_mail(services, stop))
        while post.taken.total() < 10:
            await asyncio.sleep(0.005)
        stop.set()
        await running
        found = await counts(services, owner)
        assert found.keys() == {"sent", "queued"}
        assert found["sent"] == post.taken.total() < 100
        await check_ledger(services, post)


async def test_a_worker_that_is_cancelled_leaves_nothing_unexplained(
    demo_url: str, post: Post
) -> None:
    post.delay = 0.02
    async with worker(demo_url, post) as services:
        owner = await owner_of(services)
        await queue_mails(services, owner, 100)
        running = asyncio.create_task(work(services))
        while post.taken.total() < 10:
            await asyncio.sleep(0.005)
        running.cancel()
        await asyncio.wait([running])
        await asyncio.sleep(0.05)
        found = await counts(services, owner)
        assert found["sending"] == 0
        assert found["uncertain"] <= 2
        await check_ledger(services, post)


async def test_a_database_that_hangs_up_loses_no_record(
    demo_url: str, engine_name: str, post: Post
) -> None:
    post.delay = 0.005
    async with worker(demo_url, post) as services, worker(demo_url, post) as other:
        owner = await owner_of(services)
        await queue_mails(services, owner, 150)
        running = asyncio.create_task(work(services))
        while post.taken.total() < 30:
            await asyncio.sleep(0.005)
        if engine_name == "postgres":
            async with other.database.write() as tx:
                await tx.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )
        else:
            # Another process holds the file for a while, as a backup may.
            async with other.database.write():
                await asyncio.sleep(0.3)
        await running
        await work(services)
        # Nothing is uncertain: the worker lived, and knows what it did.
        assert await counts(services, owner) == {"sent": 150}
        assert post.taken.total() == 150
        await check_ledger(services, post)
