"""Who goes first, what is held back, and how the queue is steered."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import select

from largesse.core.access.model import Caller, system
from largesse.core.errors import InvalidValue, NotPermitted, UnknownMail, WrongState
from largesse.core.mail.limits import parse_domain_rates, parse_rate
from largesse.core.mail.model import mail_lanes, mails
from largesse.core.mail.queue import AT_ONCE
from largesse.services import Services, open_services
from tests.core.people import make_owner, nobody
from tests.faults.post import (
    Post,
    check_ledger,
    counts,
    let_time_pass,
    post_office,
    queue_mails,
    work,
)
from tests.serving import settings_for


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    async with post_office() as opened:
        yield opened


@asynccontextmanager
async def shop(url: str, post: Post, **changes: Any) -> AsyncIterator[Services]:
    services = open_services(settings_for(url, smtp_url=post.url, smtp_connections=2, **changes))
    await services.start()
    try:
        yield services
    finally:
        await services.close()


async def open_shop(services: Services) -> Caller:
    return system(await services.access.create_organization("Shop", []))


def domains(post: Post) -> Counter[str]:
    """Return how many mails went to which domain."""
    return Counter(recipient.partition("@")[2] for recipient in post.recipients)


async def lanes(services: Services) -> dict[str, bool]:
    """Return the lanes, and whether mails may wait in them."""
    async with services.database.read() as tx:
        rows = await tx.rows(select(mail_lanes.c.name, mail_lanes.c.waiting))
    return {row.name: row.waiting for row in rows}


async def aside(services: Services) -> int:
    """Return how many mails stand aside."""
    async with services.database.read() as tx:
        return len(await tx.rows(select(mails.c.id).where(mails.c.lane.is_not(None))))


class TestPriorities:
    async def test_a_contact_centres_mail_overtakes_the_grants(
        self, empty_url: str, post: Post
    ) -> None:
        async with shop(empty_url, post) as services:
            owner = await open_shop(services)
            await queue_mails(services, owner, 300, priority=2, domain="bulk.example")
            post.delay = 0.002
            sending = asyncio.create_task(work(services))
            while post.taken.total() < 20:
                await asyncio.sleep(0.001)
            await queue_mails(services, owner, 3, priority=0, domain="urgent.example")
            await queue_mails(services, owner, 3, priority=1, domain="normal.example")
            await sending
            order = [recipient.partition("@")[2] for recipient in post.recipients]
            # Behind those that were in hand already, and before all others.
            last_urgent = max(i for i, one in enumerate(order) if one == "urgent.example")
            last_normal = max(i for i, one in enumerate(order) if one == "normal.example")
            assert last_urgent < 200
            assert last_normal < 250
            assert len(order) == 306

    async def test_those_that_are_put_off_do_not_stand_in_the_way(
        self, empty_url: str, post: Post
    ) -> None:
        async with shop(empty_url, post) as services:
            owner = await open_shop(services)
            await queue_mails(services, owner, 5, priority=0, domain="later.example")
            post.answers = {"RCPT": "451 4.7.1 greylisted"}
            await work(services)
            post.answers = {}
            await queue_mails(services, owner, 5, priority=2)
            await work(services)
            assert domains(post) == {"example.com": 5}
            await let_time_pass(services)
            await work(services)
            assert domains(post) == {"example.com": 5, "later.example": 5}
            await check_ledger(services, post)


class TestLimits:
    @pytest.mark.parametrize(
        ("text", "rate"), [("20", (20, 20)), ("0.5", (0.5, 1)), ("20/100", (20, 100)), (" ", None)]
    )
    def test_a_rate_is_read(self, text: str, rate: Any) -> None:
        found = parse_rate(text)
        assert (found and (found.per_second, found.burst)) == rate

    @pytest.mark.parametrize("text", ["x", "0", "-1", "1/0", "1/x", "nan", "inf", "1/2/3"])
    def test_what_is_no_rate_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="not a rate"):
            parse_rate(text)

    def test_rates_of_domains_are_read(self) -> None:
        rates = parse_domain_rates("Example.com = 20/100, *=5,")
        assert rates.of("example.com") == parse_rate("20/100")
        assert rates.of("other.example") == parse_rate("5")
        assert parse_domain_rates("a.example=1").of("b.example") is None
        for wrong in ("example.com", "=5", "a.example=", "a.example=x"):
            with pytest.raises(ValueError, match="not a"):
                parse_domain_rates(wrong)

    async def test_a_limited_domain_holds_up_nobody_else(self, empty_url: str, post: Post) -> None:
        async with shop(empty_url, post, mail_domain_limits="slow.example=1/5") as services:
            owner = await open_shop(services)
            await queue_mails(services, owner, 300, domain="slow.example")
            await queue_mails(services, owner, 50, domain="fast.example")
            began = time.monotonic()
            await work(services)
            seconds = time.monotonic() - began
            sent = domains(post)
            assert sent["fast.example"] == 50
            assert 5 <= sent["slow.example"] <= 6 + seconds
            assert await aside(services) == 300 - sent["slow.example"]
            # An urgent one to the same domain is the next to go.
            await queue_mails(services, owner, 1, domain="slow.example", priority=0, subject="now")
            await _until(services, post, "slow.example", sent["slow.example"] + 1)
            page = await services.mails.page(owner, limit=1000)
            (urgent,) = [mail for mail in page.items if mail.priority == 0]
            assert urgent.state == "sent"
        # Without the limit they all go, wherever they stand.
        async with shop(empty_url, post) as services:
            await work(services)
            assert await counts(services, owner) == {"sent": 351}
            assert not any((await lanes(services)).values())
            await check_ledger(services, post)

    async def test_workers_share_the_limits(self, empty_url: str, post: Post) -> None:
        limits = {"mail_domain_limits": "*=0.2/10", "smtp_limit": "1000"}
        async with shop(empty_url, post, **limits) as one, shop(empty_url, post, **limits) as two:
            owner = await open_shop(one)
            for domain in ("a.example", "b.example"):
                await queue_mails(one, owner, 100, domain=domain)
            began = time.monotonic()
            await asyncio.gather(work(one), work(two), work(one))
            most = 11 + 0.2 * (time.monotonic() - began)
            for domain, sent in domains(post).items():
                assert 10 <= sent <= most, domain
            assert max(post.taken.values()) == 1

    async def test_a_limited_transport_sends_no_faster(self, empty_url: str, post: Post) -> None:
        async with shop(empty_url, post, smtp_limit="20/10") as services:
            owner = await open_shop(services)
            await queue_mails(services, owner, 20)
            began = time.monotonic()
            await work(services)
            assert time.monotonic() - began > 0.4
            assert await counts(services, owner) == {"sent": 20}


async def _until(services: Services, post: Post, domain: str, count: int) -> None:
    async with asyncio.timeout(20):
        while domains(post)[domain] < count:
            await work(services)
            await asyncio.sleep(0.05)


class TestPauses:
    async def test_a_paused_queue_is_the_organizations_own(
        self, empty_url: str, post: Post
    ) -> None:
        async with shop(empty_url, post) as services:
            owner = await open_shop(services)
            other = await make_owner(services, "Other")
            await queue_mails(services, owner, 150, domain="paused.example")
            await services.mail_queue.pause(owner, "queue")
            await services.mail_queue.pause(owner, "queue")
            await queue_mails(services, other, 20)
            await work(services)
            assert domains(post) == {"example.com": 20}
            assert await aside(services) == 150
            (pause,) = await services.mail_queue.pauses(owner)
            assert (pause.kind, pause.name) == ("queue", None)
            assert await services.mail_queue.pauses(other) == []
            await services.mail_queue.resume(other, "queue")
            await work(services)
            assert domains(post) == {"example.com": 20}
            await services.mail_queue.resume(owner, "queue")
            await work(services)
            assert domains(post) == {"example.com": 20, "paused.example": 150}
            assert not any((await lanes(services)).values())
            await check_ledger(services, post)

    async def test_a_paused_domain_is_spelled_in_any_way(self, empty_url: str, post: Post) -> None:
        async with shop(empty_url, post) as services:
            owner = await open_shop(services)
            await services.mail_queue.pause(owner, "domain", "Exämple.com")
            await queue_mails(services, owner, 3, domain="EXÄMPLE.com")
            await queue_mails(services, owner, 3, domain="xn--exmple-cua.com")
            await queue_mails(services, owner, 3)
            await work(services)
            assert domains(post) == {"example.com": 3}
            await services.mail_queue.resume(owner, "domain", "xn--exmple-cua.com")
            await work(services)
            assert post.taken.total() == 9

    async def test_a_paused_transport_leaves_its_mails_to_the_other(
        self, empty_url: str, post: Post
    ) -> None:
        async with (
            post_office() as second,
            shop(empty_url, post, smtp_fallback_url=second.url) as services,
        ):
            owner = await open_shop(services)
            other = await make_owner(services, "Other")
            await services.mail_queue.pause(owner, "transport", "main")
            await queue_mails(services, owner, 10)
            await queue_mails(services, other, 10)
            await work(services)
            assert (post.taken.total(), second.taken.total()) == (10, 10)
            await services.mail_queue.pause(owner, "transport", "fallback")
            await queue_mails(services, owner, 10)
            await work(services)
            assert (post.taken.total(), second.taken.total()) == (10, 10)
            await services.mail_queue.resume(owner, "transport", "main")
            await work(services)
            assert (post.taken.total(), second.taken.total()) == (20, 10)

    async def test_only_what_there_is_can_be_paused(self, empty_url: str, post: Post) -> None:
        async with shop(empty_url, post) as services:
            owner = await open_shop(services)
            for kind, name in (
                ("everything", None),
                ("queue", "main"),
                ("transport", None),
                ("transport", "fallback"),
                ("domain", None),
                ("domain", "a b"),
                ("domain", "a@b"),
                ("domain", ""),
                ("domain", "x" * 300),
            ):
                for action in (services.mail_queue.pause, services.mail_queue.resume):
                    with pytest.raises(InvalidValue):
                        await action(owner, kind, name)
            assert await services.mail_queue.pauses(owner) == []


class TestManyAtOnce:
    async def test_failed_mails_are_retried_by_reason_and_domain(
        self, empty_url: str, post: Post
    ) -> None:
        async with shop(empty_url, post, mail_attempts=1) as services:
            owner = await open_shop(services)
            post.answers = {"RCPT": "550 5.1.1 unknown"}
            await queue_mails(services, owner, 4, domain="a.example", template_key="code")
            await queue_mails(services, owner, 4, domain="b.example")
            await work(services)
            post.answers = {"RCPT": "452 full"}
            await queue_mails(services, owner, 2, domain="a.example")
            await work(services)
            post.answers = {}
            stats = await services.mail_queue.stats(owner)
            assert [(one.state, one.reason, one.count) for one in stats.counts] == [
                ("failed", "550 5.1.1", 8),
                ("failed", "452", 2),
            ]
            retried = await services.mail_queue.retry_all(
                owner, {"reason": "550 5.1.1", "domain": "A.example"}
            )
            assert (retried.count, retried.more) == (4, False)
            await work(services)
            assert domains(post) == {"a.example": 4}
            # As if it were new: it may be put off as often as any other.
            page = await services.mails.page(owner, state="sent")
            assert {mail.attempts for mail in page.items} == {1}
            for nothing in ({"template_key": "x"}, {"reason": "\0"}, {"template_key": "x" * 500}):
                assert (await services.mail_queue.retry_all(owner, nothing)).count == 0
            assert (await services.mail_queue.retry_all(owner, {})).count == 6
            with pytest.raises(InvalidValue):
                await services.mail_queue.retry_all(owner, {"state": "sent"})
            await work(services)
            assert await counts(services, owner) == {"sent": 10}
            await check_ledger(services, post)

    async def test_mails_that_wait_are_cancelled_wherever_they_stand(
        self, empty_url: str, post: Post
    ) -> None:
        async with shop(empty_url, post) as services:
            owner = await open_shop(services)
            await services.mail_queue.pause(owner, "domain", "a.example")
            await queue_mails(services, owner, 5, domain="a.example")
            await work(services)
            await queue_mails(services, owner, 3, domain="b.example")
            await queue_mails(services, owner, 1, domain="exämple.com")
            await queue_mails(services, owner, 1, domain="xn--exmple-cua.com")
            assert (await services.mail_queue.cancel_all(owner, {"domain": "a.example"})).count == 5
            for domain, count in (("Exämple.com", 2), ("xn--exmple-cua.com", 0), ("xample.com", 0)):
                cancelled = await services.mail_queue.cancel_all(owner, {"domain": domain})
                assert cancelled.count == count
            await services.mail_queue.resume(owner, "domain", "a.example")
            await work(services)
            assert await counts(services, owner) == {"sent": 3, "cancelled": 7}
            assert domains(post) == {"b.example": 3}

    async def test_one_call_changes_so_many_at_most(
        self, empty_url: str, post: Post, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert AT_ONCE >= 1000
        monkeypatch.setattr("largesse.core.mail.queue.AT_ONCE", 20)
        monkeypatch.setattr("largesse.core.mail.queue.IN_ONE", 10)
        async with shop(empty_url, post) as services:
            owner = await open_shop(services)
            await queue_mails(services, owner, 25)
            first = await services.mail_queue.cancel_all(owner, {})
            assert (first.count, first.more) == (20, True)
            second = await services.mail_queue.cancel_all(owner, {})
            assert (second.count, second.more) == (5, False)
            told = await services.events.page(owner, kind="mail.cancelled")
            assert sorted(event.data["count"] for event in told.items) == [5, 10, 10]

    async def test_one_mail_is_cancelled_while_it_waits(self, empty_url: str, post: Post) -> None:
        async with shop(empty_url, post) as services:
            owner = await open_shop(services)
            await queue_mails(services, owner, 1)
            (mail,) = (await services.mails.page(owner)).items
            assert (await services.mails.cancel(owner, mail.id)).state == "cancelled"
            with pytest.raises(WrongState):
                await services.mails.cancel(owner, mail.id)
            with pytest.raises(WrongState):
                await services.mails.retry(owner, mail.id)
            with pytest.raises(UnknownMail):
                await services.mails.cancel(await make_owner(services, "Other"), mail.id)
            await work(services)
            assert post.taken == {}

    async def test_it_needs_the_right_to_send_mail(self, empty_url: str, post: Post) -> None:
        async with shop(empty_url, post) as services:
            await open_shop(services)
            caller = await nobody(services, "Shop")
            queue = services.mail_queue
            for call in (
                queue.stats(caller),
                queue.pauses(caller),
                queue.pause(caller, "queue"),
                queue.resume(caller, "queue"),
                queue.retry_all(caller, {}),
                queue.cancel_all(caller, {}),
            ):
                with pytest.raises(NotPermitted):
                    await call


class TestStats:
    async def test_they_tell_how_the_queue_is(self, empty_url: str, post: Post) -> None:
        async with shop(empty_url, post) as services:
            owner = await open_shop(services)
            stats = await services.mail_queue.stats(owner)
            assert (stats.counts, stats.oldest_due_at, stats.pauses) == ([], None, [])
            await queue_mails(services, await make_owner(services, "Other"), 3)
            await queue_mails(services, owner, 3)
            (waiting,) = (await services.mail_queue.stats(owner)).counts
            stats = await services.mail_queue.stats(owner)
            assert (waiting.state, waiting.reason, waiting.count) == ("queued", None, 3)
            page = await services.mails.page(owner)
            assert stats.oldest_due_at == min(mail.due_at for mail in page.items)
            await work(services)
            (sent,) = (await services.mail_queue.stats(owner)).counts
            assert (sent.state, sent.count) == ("sent", 3)
