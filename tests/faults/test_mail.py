"""A mail is sent, or shown as uncertain; it is never lost in silence, and neither is a code."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from largesse.core.access.model import Caller
from largesse.core.codes.model import CodeState, codes
from largesse.core.codes.service import CampaignRef
from largesse.core.mail.model import MailState, mails
from largesse.demo import data, people
from largesse.demo.sink import Sink
from largesse.services import Services
from tests.faults.client import CutOff, connect
from tests.faults.server import Server, server

MAILS = 60
CLIENTS = 8
WAIT_SECONDS = 20

SETTINGS: dict[str, Any] = {
    "intershop_confirm": "queued",
    "smtp_connections": 4,
    "worker_poll_seconds": 0.1,
}


async def test_a_mail_is_sent_or_uncertain_when_the_server_is_killed(
    demo_services: Services, demo_url: str
) -> None:
    post = Post(demo_services, await _caller(demo_services))
    await post.prepare()
    moment = random.randint(1, MAILS // 2)
    with Sink() as sink:
        sink.delay = 0.03
        async with server(demo_url, smtp_url=sink.url, **SETTINGS) as one:
            await asyncio.gather(post.send(one.port, post.codes), _kill_after(moment, one, sink))
        await post.check()
        await post.let_leases_run_out()
        async with server(demo_url, smtp_url=sink.url, **SETTINGS) as one:
            # The client repeats what was not answered; the rest of the mails waits in the queue.
            await post.send(one.port, [code for code in post.codes if code not in post.accepted])
            states = await post.settled()
            sent = _times_sent(sink)
            assert set(states.values()) <= {MailState.SENT, MailState.UNCERTAIN}
            assert MailState.UNCERTAIN in states.values(), "it was killed between two mails"
            assert {mail for mail, state in states.items() if state == MailState.SENT} <= set(sent)
            assert max(sent.values()) == 1
            assert len(states) == MAILS

            await post.retry(mail for mail, state in states.items() if state != MailState.SENT)
            states = await post.settled()
            assert set(states.values()) == {MailState.SENT}
            # Under the same Message-ID, by which a repeated mail can be recognised.
            assert set(_times_sent(sink)) == set(states)
    await post.check()


async def _kill_after(moment: int, one: Server, sink: Sink) -> None:
    while len(sink.messages) < moment:
        await asyncio.sleep(0.001)
    one.kill()


async def _caller(services: Services) -> Caller:
    return await services.access.log_in(
        data.USERNAME, people.PASSWORD, organization=data.ORGANIZATION, address="tests"
    )


def _times_sent(sink: Sink) -> Counter[str]:
    return Counter(str(message["Message-ID"]) for message in sink.messages)


class Post:
    """Codes on their way to one customer, over HTTP, and what the database says of them."""

    def __init__(self, services: Services, caller: Caller) -> None:
        self._services = services
        self._caller = caller
        self._campaign_id = UUID(int=0)
        self.codes: list[str] = []
        self.accepted: set[str] = set()

    async def prepare(self) -> None:
        """Make new codes for a promotion that the contact centre offers."""
        campaign = await self._services.campaigns.named(
            self._caller, "name", "Contact Center 20 EUR"
        )
        self._campaign_id = campaign.id
        await self._services.codes.generate(self._caller, CampaignRef("id", campaign.id.hex), MAILS)
        page = await self._services.codes.page(
            self._caller, campaign_id=campaign.id, state=CodeState.AVAILABLE, limit=MAILS
        )
        self.codes = [code.code for code in page.items]

    async def send(self, port: int, wanted: Sequence[str]) -> None:
        """Ask for a mail with each code, until all are accepted or the server is gone."""
        waiting = iter(wanted)
        await asyncio.gather(*(self._send(port, waiting) for _ in range(CLIENTS)))

    async def _send(self, port: int, waiting: Any) -> None:
        token = await self._services.access.issue_token(self._caller, seconds=3600)
        body = {
            "promotionID": "CC_20EUR_OrderDiscount",
            "channelID": data.CHANNEL,
        }
        try:
            async with connect(port) as client:
                for code in waiting:
                    answer = await client.post(
                        f"/customers/{people.CUSTOMER}/mails",
                        body | {"type": "PromotionCode", "code": code},
                        authentication_token=token.token,
                    )
                    assert answer.status == 204, answer
                    self.accepted.add(code)
        except CutOff:
            return

    async def check(self) -> None:
        """Check that every code given has its mail, and every accepted one is given."""
        query = (
            select(codes.c.code, codes.c.customer_id, mails.c.customer_id.label("mailed_to"))
            .join_from(
                codes,
                mails,
                (mails.c.organization_id == codes.c.organization_id)
                & (mails.c.code_id == codes.c.id),
                isouter=True,
            )
            .where(
                codes.c.organization_id == self._caller.organization_id,
                codes.c.campaign_id == self._campaign_id,
                codes.c.state != CodeState.AVAILABLE,
            )
        )
        async with self._services.database.read() as tx:
            rows = await tx.rows(query)
        assert all(row.customer_id is not None for row in rows)
        assert all(row.customer_id == row.mailed_to for row in rows)
        assert self.accepted <= {row.code for row in rows}
        assert len(rows) == len({row.code for row in rows})

    async def let_leases_run_out(self) -> None:
        """Make it later: what is being sent counts as cut off once its lease is over."""
        async with self._services.database.write() as tx:
            await tx.execute(
                update(mails)
                .where(
                    mails.c.organization_id == self._caller.organization_id,
                    mails.c.state == MailState.SENDING,
                )
                .values(lease_until=datetime(2000, 1, 1, tzinfo=UTC))
            )

    async def settled(self) -> dict[str, str]:
        """Wait until no mail waits or is on its way; return the state of each by its Message-ID."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                states = await self._states()
                if not {MailState.QUEUED, MailState.SENDING} & set(states.values()):
                    return states
                await asyncio.sleep(0.05)

    async def _states(self) -> dict[str, str]:
        query = select(mails.c.message_id, mails.c.state).where(
            mails.c.organization_id == self._caller.organization_id
        )
        async with self._services.database.read() as tx:
            return {row.message_id: row.state for row in await tx.rows(query)}

    async def retry(self, message_ids: Any) -> None:
        """Queue mails again, as an operator does."""
        wanted = set(message_ids)
        page = await self._services.mails.page(self._caller, limit=MAILS)
        for mail in page.items:
            if mail.message_id in wanted:
                await self._services.mails.retry(self._caller, mail.id)
