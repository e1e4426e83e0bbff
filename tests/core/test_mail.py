"""A code becomes a mail in the queue, and the worker makes what it can of it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from largesse.core import clock
from largesse.core.access.model import Caller, system
from largesse.core.codes.model import CampaignRef
from largesse.core.errors import (
    CodeGivenToAnother,
    CodeNotEffective,
    CodeOfOtherPromotion,
    InvalidEmail,
    NotPermitted,
    UnknownCode,
    UnknownCustomer,
    UnknownMail,
    WrongState,
)
from largesse.core.ids import new_id
from largesse.core.mail import claim_store
from largesse.core.mail.model import Mail, Priority, SendCode, mail_lanes, mails
from largesse.demo.data import CHANNEL
from largesse.demo.people import CUSTOMER
from largesse.demo.sink import Sink
from largesse.services import Services, open_services
from largesse.worker.mail import send_due_mail
from tests.core.people import everything, make_owner, nobody
from tests.serving import settings_for

CODE = "CCZN413KW8RK"
PROMOTION = "CC_10EUR_OrderDiscount"


class Rude(Sink):
    """A mail service that also refuses recipients, hangs up, and answers in no known tongue."""

    hang_up = False
    recipients: str | bytes = "250 OK"

    def take_utf8(self, yes: bool) -> None:
        """Say to the next connections whether addresses beyond ASCII are taken."""
        self._controller.SMTP_kwargs["enable_SMTPUTF8"] = yes

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> Any:
        """Take a recipient, or not."""
        if isinstance(self.recipients, bytes):
            server.transport.write(self.recipients)
            server.transport.close()
            return "250 never seen"
        if self.recipients.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.recipients

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take the message and hang up without an answer, if it is told to."""
        answer = await super().handle_DATA(server, session, envelope)
        if self.hang_up:
            server.transport.abort()
        return answer


@pytest.fixture
async def sink() -> AsyncIterator[Rude]:
    with Rude() as started:
        assert isinstance(started, Rude)
        yield started


@pytest.fixture
async def shop(demo_url: str, sink: Rude) -> AsyncIterator[Services]:
    """The demo data, with a mail service and without a worker."""
    changes = {"smtp_url": sink.url, "mail_from": "Shop <shop@example.com>", "mail_attempts": 3}
    opened = open_services(settings_for(demo_url, **changes))
    await opened.start()
    yield opened
    await opened.close()


@pytest.fixture
async def owner(shop: Services) -> Caller:
    return system(await shop.access.organization_named("demo"))


def command(customer: str = CUSTOMER, code: str = CODE, **values: Any) -> SendCode:
    return SendCode(
        **{"customer": customer, "code": code, "promotion_key": None, "channel_id": None} | values
    )


async def work(services: Services) -> None:
    """Be the worker until nothing is due."""
    while await send_due_mail(services):
        pass


async def make_due(services: Services, mail: Mail) -> None:
    """Let the wait for the next attempt be over."""
    async with services.database.write() as tx:
        await tx.execute(
            update(mails).where(mails.c.id == mail.id).values(due_at=clock.now() - timedelta(1))
        )


async def open_transports(services: Services) -> None:
    """Let the time be over for which a transport is left alone."""
    async with services.database.write() as tx:
        await tx.execute(update(mail_lanes).values(blocked_until=clock.now() - timedelta(1)))


class TestSendCode:
    async def test_the_code_is_the_customers_and_its_mail_is_queued(
        self, shop: Services, owner: Caller
    ) -> None:
        mail = await shop.mails.send_code(owner, command())
        assert (mail.state, mail.attempts, mail.sent_at) == ("queued", 0, None)
        assert mail.recipient == "patricia@test.intershop.de"
        code = await shop.codes.named(owner, CODE)
        assert (code.state, code.customer_id) == ("issued", mail.customer_id)
        assert shop.wakeups.mail.is_set()

    async def test_a_repeated_call_joins_the_mail(self, shop: Services, owner: Caller) -> None:
        calls = [shop.mails.send_code(owner, command(code=c)) for c in (CODE, CODE.lower()) * 4]
        mails_made = await asyncio.gather(*calls)
        assert len({mail.id for mail in mails_made}) == 1
        await work(shop)
        again = await shop.mails.send_code(owner, command())
        assert (again.id, again.state) == (mails_made[0].id, "sent")

    async def test_what_is_refused_changes_nothing(self, shop: Services, owner: Caller) -> None:
        poor = {"identifiers": {"customer_id": "poor"}}
        await shop.customers.create(owner, poor)
        taken = await shop.codes.named(owner, "CC2M8Y5VY4MW")
        await shop.mails.send_code(owner, command(code=taken.code))
        cancelled = (await shop.codes.page(owner, state="available")).items[-1]
        await shop.codes.cancel(owner, cancelled.id)
        before = await everything(shop)
        for refused, refusal in (
            (command("nobody"), UnknownCustomer),
            (command("x" * 5000), UnknownCustomer),
            (command("poor"), InvalidEmail),
            (command("profile1"), UnknownCustomer),
            (command(code="NOTHING"), UnknownCode),
            (command(promotion_key="CC_20EUR_OrderDiscount"), CodeOfOtherPromotion),
            (command(promotion_key="promo1001"), CodeOfOtherPromotion),
            (command(channel_id="another"), CodeOfOtherPromotion),
            (command("poor", taken.code), InvalidEmail),
            (command(code=cancelled.code), CodeNotEffective),
        ):
            with pytest.raises(refusal):
                await shop.mails.send_code(owner, refused)
        assert await everything(shop) == before
        right = command(promotion_key=PROMOTION, channel_id=CHANNEL)
        assert (await shop.mails.send_code(owner, right)).state == "queued"

    async def test_a_code_of_another_customer_stays_there(
        self, shop: Services, owner: Caller
    ) -> None:
        await shop.mails.send_code(owner, command())
        rich = {"email": "rich@example.com", "identifiers": {"customer_id": "rich"}}
        await shop.customers.create(owner, rich)
        with pytest.raises(CodeGivenToAnother, match="another customer"):
            await shop.mails.send_code(owner, command("rich"))

    async def test_a_code_that_has_expired_is_not_sent(self, shop: Services, owner: Caller) -> None:
        campaign = await shop.campaigns.named(owner, "name", "Contact Center 10 EUR")
        past = {"codes_expire_at": datetime(2020, 1, 1, tzinfo=UTC)}
        await shop.campaigns.change(owner, campaign.id, past)
        await shop.codes.add(owner, CampaignRef("name", campaign.name), ["OLD"])
        with pytest.raises(CodeNotEffective):
            await shop.mails.send_code(owner, command(code="OLD"))
        assert (await shop.codes.named(owner, "OLD")).state == "available"

    async def test_it_needs_the_right_to_send_mail(self, shop: Services) -> None:
        with pytest.raises(NotPermitted, match="send_mail"):
            await shop.mails.send_code(await nobody(shop, "demo"), command())


class TestWorker:
    async def test_a_mail_that_is_taken_is_sent(
        self, shop: Services, owner: Caller, sink: Rude
    ) -> None:
        queued = await shop.mails.send_code(owner, command())
        await work(shop)
        sent = await shop.mails.get(owner, queued.id)
        assert (sent.state, sent.attempts, sent.last_reply) == ("sent", 1, "250 OK kept")
        assert sent.sent_at is not None
        (message,) = sink.messages
        assert message["message-id"] == sent.message_id == f"<{sent.id.hex}@example.com>"
        assert message["from"] == "Shop <shop@example.com>"
        assert message["to"] == "patricia@test.intershop.de"
        assert message["subject"] == "10 EUR Order discount"
        for kind in ("plain", "html"):
            part = message.get_body((kind,))
            assert part is not None
            assert CODE in part.get_content()
            assert "Patricia Miller" in part.get_content()
        (attempt,) = await shop.mails.attempts(owner, sent.id)
        assert (attempt.outcome, attempt.reply) == ("sent", "250 OK kept")
        await work(shop)
        assert len(sink.messages) == 1

    @pytest.mark.parametrize("at", ["recipients", "answer"])
    async def test_one_that_is_refused_has_failed_and_can_be_retried(
        self, shop: Services, owner: Caller, sink: Rude, at: str
    ) -> None:
        setattr(sink, at, "550 no such mailbox")
        queued = await shop.mails.send_code(owner, command())
        await work(shop)
        failed = await shop.mails.get(owner, queued.id)
        assert (failed.state, failed.last_reply) == ("failed", "550 no such mailbox")
        assert (await shop.mails.outcome(owner, failed.id, seconds=0)).state == "failed"
        setattr(sink, at, "250 OK")
        assert (await shop.mails.retry(owner, failed.id)).state == "queued"
        await work(shop)
        assert (await shop.mails.get(owner, failed.id)).state == "sent"
        outcomes = [one.outcome for one in await shop.mails.attempts(owner, failed.id)]
        assert outcomes == ["refused", "sent"]
        (message,) = sink.messages
        assert message["message-id"] == failed.message_id
        with pytest.raises(WrongState, match="sent"):
            await shop.mails.retry(owner, failed.id)

    async def test_one_that_is_put_off_waits_longer_each_time_and_fails_in_the_end(
        self, shop: Services, owner: Caller, sink: Rude
    ) -> None:
        sink.recipients = "451 later"
        mail = await shop.mails.send_code(owner, command())
        for attempt, wait in enumerate((5, 15), start=1):
            await make_due(shop, mail)
            before = clock.now()
            await work(shop)
            mail = await shop.mails.get(owner, mail.id)
            assert (mail.state, mail.attempts, mail.last_reply) == ("queued", attempt, "451 later")
            waits = (mail.due_at - before).total_seconds()
            assert wait * 0.8 <= waits <= wait * 1.2 + 5
            with pytest.raises(WrongState, match="queued"):
                await shop.mails.retry(owner, mail.id)
        await work(shop)
        assert (await shop.mails.get(owner, mail.id)).attempts == 2  # it is not due yet
        await make_due(shop, mail)
        await work(shop)
        mail = await shop.mails.get(owner, mail.id)
        assert (mail.state, mail.attempts) == ("failed", 3)
        outcomes = [one.outcome for one in await shop.mails.attempts(owner, mail.id)]
        assert outcomes == ["put off"] * 3

    async def test_a_service_that_can_not_be_reached_puts_it_off(
        self, shop: Services, owner: Caller, demo_url: str
    ) -> None:
        mail = await shop.mails.send_code(owner, command())
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        alone = open_services(settings_for(demo_url, smtp_url=f"smtp://127.0.0.1:{port}"))
        try:
            await work(alone)
        finally:
            await alone.close()
        # Nothing was attempted: it is the service that is left alone for a while.
        mail = await shop.mails.get(owner, mail.id)
        assert (mail.state, mail.attempts) == ("queued", 0)
        (main,) = (await shop.mail_queue.stats(owner)).transports
        assert (main.name, main.failures) == ("main", 1)
        assert 0 < main.blocked_seconds <= 6
        assert "SMTPConnectError" in str(main.reason)
        await work(shop)
        assert (await shop.mails.get(owner, mail.id)).state == "queued"
        await open_transports(shop)
        await work(shop)
        assert (await shop.mails.get(owner, mail.id)).state == "sent"
        (main,) = (await shop.mail_queue.stats(owner)).transports
        assert (main.failures, main.blocked_seconds, main.reason) == (0, 0, None)

    async def test_a_connection_cut_behind_the_message_leaves_it_uncertain(
        self, shop: Services, owner: Caller, sink: Rude
    ) -> None:
        sink.hang_up = True
        mail = await shop.mails.send_code(owner, command())
        await work(shop)
        mail = await shop.mails.get(owner, mail.id)
        assert (mail.state, mail.attempts) == ("uncertain", 1)
        assert len(sink.messages) == 1
        sink.hang_up = False
        await work(shop)
        assert len(sink.messages) == 1  # nobody sends it again unasked
        await shop.mails.retry(owner, mail.id)
        await work(shop)
        assert (await shop.mails.get(owner, mail.id)).state == "sent"
        # The recipient's system can see that both are one.
        assert len({message["message-id"] for message in sink.messages}) == 1

    async def test_a_connection_cut_before_the_message_puts_it_off(
        self, shop: Services, owner: Caller, sink: Rude
    ) -> None:
        sink.recipients = b""
        mail = await shop.mails.send_code(owner, command())
        await work(shop)
        mail = await shop.mails.get(owner, mail.id)
        assert (mail.state, [one.outcome for one in await shop.mails.attempts(owner, mail.id)]) == (
            "queued",
            ["put off"],
        )

    async def test_a_reply_in_an_old_encoding_can_be_kept(
        self, shop: Services, owner: Caller, sink: Rude
    ) -> None:
        sink.recipients = "550 Empfänger unbekannt\r\n".encode("latin-1")
        mail = await shop.mails.send_code(owner, command())
        await work(shop)
        mail = await shop.mails.get(owner, mail.id)
        assert (mail.state, mail.last_reply) == ("failed", "550 Empf\ufffdnger unbekannt")

    async def test_without_a_mail_service_it_has_failed(self, demo_services: Services) -> None:
        caller = system(await demo_services.access.organization_named("demo"))
        mail = await demo_services.mails.send_code(caller, command())
        await work(demo_services)
        failed = await demo_services.mails.get(caller, mail.id)
        assert (failed.state, failed.last_reply) == ("failed", "no mail service is configured")

    async def test_a_sender_that_vanished_leaves_it_uncertain(
        self, shop: Services, owner: Caller, sink: Rude
    ) -> None:
        mail = await shop.mails.send_code(owner, command())
        async with shop.database.write() as tx:
            due = await claim_store.due(tx, priority=Priority(mail.priority), limit=10)
            assert [one.id for one in due] == [mail.id]
            await claim_store.claim(
                tx, [(due[0], "main")], claim_id=new_id(), worker="lost:1", lease_seconds=-1
            )
        assert (await shop.mails.get(owner, mail.id)).state == "sending"
        await work(shop)
        assert (await shop.mails.get(owner, mail.id)).state == "uncertain"
        assert sink.messages == []
        (attempt,) = await shop.mails.attempts(owner, mail.id)
        assert (attempt.outcome, attempt.worker, attempt.ended_at) == ("uncertain", "lost:1", None)
        assert attempt.started_at is not None

    async def test_two_workers_send_each_mail_once(
        self, shop: Services, owner: Caller, sink: Rude, demo_url: str
    ) -> None:
        page = await shop.codes.page(owner, state="available")
        campaign = await shop.campaigns.named(owner, "name", "Contact Center 10 EUR")
        codes = [code for code in page.items if code.campaign_id == campaign.id][:12]
        for code in codes:
            await shop.mails.send_code(owner, command(code=code.code))
        other = open_services(settings_for(demo_url, smtp_url=sink.url))
        try:
            await asyncio.gather(work(shop), work(other), work(shop))
        finally:
            await other.close()
        ids = [message["message-id"] for message in sink.messages]
        assert (len(ids), len(set(ids))) == (12, 12)

    async def test_addresses_beyond_ascii_are_sent_to_as_the_service_takes_them(
        self, shop: Services, owner: Caller, sink: Rude
    ) -> None:
        for customer, address, utf8, to in (
            # A domain has a form in ASCII; the part before the @-sign has none.
            ("1", "mueller@exämple.com", False, "mueller@xn--exmple-cua.com"),
            ("2", "müller@example.com", False, None),
            ("3", "jörg@example.com", True, "jörg@example.com"),
        ):
            sink.take_utf8(utf8)
            new = {"email": address, "identifiers": {"customer_id": customer}}
            await shop.customers.create(owner, new)
            code = (await shop.codes.create_for_promotion(owner, CHANNEL, PROMOTION)).code
            mail = await shop.mails.send_code(owner, command(customer, code.code))
            await work(shop)
            mail = await shop.mails.get(owner, mail.id)
            if to is None:
                assert (mail.state, mail.attempts) == ("failed", 1)
                assert mail.last_reply == "the mail service takes no address beyond ASCII"
            else:
                assert mail.state == "sent", mail.last_reply
                assert sink.messages[-1]["to"] == to
            await shop.transports[0].close()  # the next mail asks anew what the service takes

    async def test_waiting_for_the_outcome_ends_with_it_or_with_the_time(
        self, shop: Services, owner: Caller
    ) -> None:
        mail = await shop.mails.send_code(owner, command())
        assert (await shop.mails.outcome(owner, mail.id, seconds=0.1)).state == "queued"
        waiting = asyncio.create_task(shop.mails.outcome(owner, mail.id, seconds=30))
        await work(shop)
        assert (await waiting).state == "sent"


async def test_mails_are_their_organizations_own(shop: Services, owner: Caller) -> None:
    mail = await shop.mails.send_code(owner, command())
    other = await make_owner(shop, "Other")
    for call in (
        shop.mails.get(other, mail.id),
        shop.mails.attempts(other, mail.id),
        shop.mails.retry(other, mail.id),
        shop.mails.retry(owner, new_id()),
    ):
        with pytest.raises(UnknownMail):
            await call
    assert (await shop.mails.page(other)).items == []
    assert [one.id for one in (await shop.mails.page(owner)).items] == [mail.id]


async def test_a_code_is_mailed_again_to_the_address_of_now(
    shop: Services, owner: Caller, sink: Rude
) -> None:
    first = await shop.mails.send_code(owner, command())
    assert first.code_id is not None
    await work(shop)
    assert first.customer_id is not None
    await shop.customers.change(owner, first.customer_id, {"email": "new@example.com"})
    second = await shop.mails.send_again(owner, first.code_id)
    await work(shop)
    assert [message["To"] for message in sink.messages] == [first.recipient, "new@example.com"]
    assert CODE in sink.messages[1].as_string()
    assert second.message_id != first.message_id
    log = await shop.events.page(owner, kind="code.mailed_again")
    assert [(one.subject_id, one.data) for one in log.items] == [
        (str(first.code_id), {"mail_id": str(second.id)})
    ]
    # A repeated request of a vendor's still joins the first.
    assert (await shop.mails.send_code(owner, command())).id == first.id


async def test_what_is_nobodys_or_not_effective_is_not_mailed_again(
    shop: Services, owner: Caller
) -> None:
    code = await shop.codes.named(owner, CODE)
    with pytest.raises(WrongState):
        await shop.mails.send_again(owner, code.id)
    with pytest.raises(UnknownCode):
        await shop.mails.send_again(owner, new_id())
    await shop.mails.send_code(owner, command())
    with pytest.raises(NotPermitted):
        await shop.mails.send_again(replace(owner, rights=frozenset()), code.id)
    await shop.codes.cancel(owner, code.id)
    with pytest.raises(CodeNotEffective):
        await shop.mails.send_again(owner, code.id)
    assert len((await shop.mails.page(owner)).items) == 1
