"""A campaign with a pool of codes, its receivers, and a look at what the database holds."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select

from largesse.core.access.model import Caller
from largesse.core.campaigns.model import CampaignState
from largesse.core.codes.model import CodeState, codes
from largesse.core.codes.service import CampaignRef
from largesse.core.customers.model import AccountKind, accounts
from largesse.demo import data, people
from largesse.services import Services
from tests.faults.client import Answer, Client, CutOff, connect

PATH = "/crmapi/rest/v2/promotion_campaigns/request_promo_code"
CAMPAIGN = "Exactly so many"
CODES = 500
RECEIVERS = 20
CLIENTS = 64


@dataclass
class Tally:
    """What a crowd of clients was told."""

    given: list[tuple[str, str]] = field(default_factory=list)
    """Code and receiver of every answer that gave a code."""
    refused: int = 0
    cut_off: int = 0
    """Requests that were sent and never answered."""
    unexpected: list[Any] = field(default_factory=list)

    def note(self, receiver: str, answer: Answer) -> None:
        """Note the answer to a receiver's request."""
        if answer.status == 200:
            self.given.append((answer.body["data"]["code"], receiver))
        elif answer.status == 409 and answer.body["status"]["code"] == "NO_PROMO_CODE_AVAILABLE":
            self.refused += 1
        else:
            self.unexpected.append(answer)

    @property
    def codes(self) -> list[str]:
        """The codes given, in the order of their answers."""
        return [code for code, _ in self.given]


@dataclass
class Shop:
    """The database from within, and the words that a client needs."""

    services: Services
    caller: Caller
    token: str
    campaign_id: UUID
    receivers: Sequence[str]
    codes: int
    """How many codes the campaign has."""

    def body(self, receiver: str) -> dict[str, Any]:
        """Return a request for a code."""
        return {
            "token": self.token,
            "promotion_campaign_identifier": {"name": CAMPAIGN},
            "rewards_participant_identifier": {"number": receiver},
        }

    async def ask_with_key(self, client: Client, key: str, receiver: str) -> Answer:
        """Ask for a code with an idempotency key, through the native API. Raises CutOff."""
        return await client.post(
            "/v1/codes/request",
            {
                "campaign": {"id": self.campaign_id.hex},
                "receiver": {"account": {"kind": "rewards", "number": receiver}},
            },
            Authorization=f"Bearer {self.token}",
            Idempotency_Key=key,
        )

    async def ask(
        self, ports: Sequence[int], count: int, tally: Tally, *, clients: int = CLIENTS
    ) -> None:
        """Let a crowd ask `count` times, spread over servers, until all is answered or cut off."""
        receivers = itertools.islice(itertools.cycle(self.receivers), count)
        crowd = (self._ask(ports[n % len(ports)], receivers, tally) for n in range(clients))
        await asyncio.gather(*crowd)

    async def _ask(self, port: int, receivers: Any, tally: Tally) -> None:
        try:
            async with connect(port) as client:
                for receiver in receivers:
                    tally.cut_off += 1
                    tally.note(receiver, await client.post(PATH, self.body(receiver)))
                    tally.cut_off -= 1
        except CutOff:
            return

    async def issued(self) -> dict[str, str]:
        """Return the receiver of every issued code; every other code must be available."""
        query = (
            select(codes.c.code, codes.c.state, accounts.c.number)
            .join_from(
                codes,
                accounts,
                (accounts.c.organization_id == codes.c.organization_id)
                & (accounts.c.id == codes.c.account_id)
                & (accounts.c.customer_id == codes.c.customer_id),
                isouter=True,
            )
            .where(
                codes.c.organization_id == self.caller.organization_id,
                codes.c.campaign_id == self.campaign_id,
            )
        )
        async with self.services.database.read() as tx:
            rows = await tx.rows(query)
        assert len(rows) == self.codes
        found = {row.code: row.number for row in rows if row.state == CodeState.ISSUED}
        free = [row for row in rows if row.state == CodeState.AVAILABLE and row.number is None]
        assert len(found) + len(free) == self.codes
        return found

    async def check(self, *tallies: Tally) -> dict[str, str]:
        """Check that every code a client was given is that receiver's alone; return all issued."""
        given = [pair for tally in tallies for pair in tally.given]
        assert not [answer for tally in tallies for answer in tally.unexpected]
        twice = [code for code, times in Counter(code for code, _ in given).items() if times > 1]
        assert not twice
        issued = await self.issued()
        assert {code: issued.get(code) for code, _ in given} == dict(given)
        assert set(issued.values()) <= set(self.receivers)
        return issued


async def open_shop(services: Services, *, codes: int = CODES) -> Shop:
    """Add the campaign and its receivers to the demo organization."""
    caller = await services.access.log_in(
        data.USERNAME, people.PASSWORD, organization=data.ORGANIZATION, address="tests"
    )
    token = await services.access.issue_token(caller, seconds=3600)
    campaign = await services.campaigns.create(
        caller, {"name": CAMPAIGN, "state": CampaignState.POSTED}
    )
    await services.codes.generate(caller, CampaignRef("id", campaign.id.hex), codes)
    receivers = [f"RP{number:04}" for number in range(RECEIVERS)]
    for number in receivers:
        customer = await services.customers.create(caller, {"last_name": number})
        account = {"customer_id": customer.id, "kind": AccountKind.REWARDS, "number": number}
        await services.accounts.create(caller, account)
    return Shop(services, caller, token.token, campaign.id, receivers, codes)
