"""A campaign ends, its pool runs dry, the server is told to stop: all in the middle of a load."""

import asyncio
import itertools
import signal
import time
from collections.abc import AsyncIterator, Sequence

import pytest

from largesse.services import Services
from tests.faults.client import Answer, CutOff, connect
from tests.faults.server import server, servers
from tests.faults.shop import CODES, PATH, Shop, open_shop

CLIENTS = 32
SERVERS = {"sqlite": 1, "postgres": 2}
ENDED, EMPTY = "CAMPAIGN_NOT_POSTED", "NO_PROMO_CODE_AVAILABLE"


class Watch:
    """Clients that note when each request began and ended, and what it was told."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.given: list[tuple[float, str, str]] = []
        """When a request began that got a code; the code and its receiver."""
        self.refused: list[tuple[float, str]] = []
        """When a request was answered that got none, and why."""
        self.cut_off = 0

    async def ask(self, ports: Sequence[int], *, until_refused: int) -> None:
        """Ask until so many requests were refused, or the servers are gone."""
        receivers = itertools.cycle(self.shop.receivers)

        async def one_of_the_crowd(port: int) -> None:
            try:
                async with connect(port) as client:
                    while len(self.refused) < until_refused:
                        receiver, began = next(receivers), time.monotonic()
                        self.cut_off += 1
                        answer = await client.post(PATH, self.shop.body(receiver))
                        self.cut_off -= 1
                        self._note(receiver, began, answer)
            except CutOff:
                return

        await asyncio.gather(*(one_of_the_crowd(ports[n % len(ports)]) for n in range(CLIENTS)))

    def _note(self, receiver: str, began: float, answer: Answer) -> None:
        if answer.status == 200:
            self.given.append((began, answer.body["data"]["code"], receiver))
        else:
            self.refused.append((time.monotonic(), answer.body["status"]["code"]))

    async def gave(self, count: int) -> None:
        """Wait until so many codes are given."""
        while len(self.given) < count:
            await asyncio.sleep(0.001)

    async def check(self) -> None:
        """Check that the database holds what the clients were told, and nothing more."""
        told = {code: receiver for _, code, receiver in self.given}
        assert len(told) == len(self.given)
        assert await self.shop.issued() == told


@pytest.fixture
async def ports(demo_url: str, engine_name: str) -> AsyncIterator[list[int]]:
    """Where the servers are."""
    async with servers(demo_url, SERVERS[engine_name]) as several:
        yield [one.port for one in several]


async def test_nobody_gets_a_code_once_the_campaign_has_ended(
    demo_services: Services, ports: list[int]
) -> None:
    watch = Watch(await open_shop(demo_services, codes=10 * CODES))
    asking = asyncio.create_task(watch.ask(ports, until_refused=200))
    await watch.gave(100)
    async with connect(ports[0]) as client:
        path = f"/v1/campaigns/{watch.shop.campaign_id.hex}"
        headers = {"Authorization": f"Bearer {watch.shop.token}"}
        answer = await client.post(path, {"state": "ended"}, method="PATCH", **headers)
    ended = time.monotonic()
    assert answer.status == 200, answer
    await asking
    assert {reason for _, reason in watch.refused} == {ENDED}
    assert max(began for began, _, _ in watch.given) < ended
    assert watch.cut_off == 0
    await watch.check()


async def test_nobody_gets_a_code_once_someone_was_told_that_none_is_left(
    demo_services: Services, ports: list[int]
) -> None:
    watch = Watch(await open_shop(demo_services, codes=CODES))
    await watch.ask(ports, until_refused=200)
    assert {reason for _, reason in watch.refused} == {EMPTY}
    assert max(began for began, _, _ in watch.given) < min(told for told, _ in watch.refused)
    assert (len(watch.given), watch.cut_off) == (CODES, 0)
    await watch.check()


async def test_a_server_that_is_told_to_stop_answers_what_it_has_accepted(
    demo_services: Services, demo_url: str
) -> None:
    watch = Watch(await open_shop(demo_services, codes=10 * CODES))
    async with server(demo_url) as one:
        asking = asyncio.create_task(watch.ask([one.port], until_refused=1))
        await watch.gave(100)
        one.process.send_signal(signal.SIGTERM)
        assert await one.ended() == 0, one.log
        await asking
    # Each client met its end once, with a request that was not accepted any more: no code was
    # given that nobody was told of.
    assert not watch.refused
    assert watch.cut_off == CLIENTS
    await watch.check()
