"""The database hangs up, or dies, under load: nothing acknowledged is lost, nothing given twice."""

import asyncio
import itertools
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest
from sqlalchemy import text

from largesse.services import Services, open_services
from tests.conftest import in_memory
from tests.faults.client import Answer, connect
from tests.faults.server import server
from tests.faults.shop import PATH, Shop, Tally, open_shop
from tests.postgres import Cluster, create_database, start_cluster
from tests.serving import prepare, settings_for

CODES = 6000
CLIENTS = 12
TERMINATIONS = 40

DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}

RETRYABLE = {(503, "DATABASE_UNAVAILABLE"), (500, "OUTCOME_UNKNOWN")}
"""What a client may be told: that nothing was done, or that it can not be known."""


class Siege:
    """Clients that keep asking whatever they are told, and what they were told."""

    def __init__(self, shop: Shop, port: int) -> None:
        self.shop = shop
        self.port = port
        self.tally = Tally()
        self.failures: list[Answer] = []
        self.over = False

    @property
    def unknown(self) -> int:
        """How many requests may have been given a code without being told."""
        return sum(answer.status == 500 for answer in self.failures)

    async def _client(self, receivers: Iterator[str]) -> None:
        async with connect(self.port) as client:
            while not self.over:
                receiver = next(receivers)
                answer = await client.post(PATH, self.shop.body(receiver))
                if (answer.status, answer.body["status"]["code"]) in RETRYABLE:
                    self.failures.append(answer)
                    await asyncio.sleep(0.01)
                else:
                    self.tally.note(receiver, answer)
                    # So that the codes last.
                    await asyncio.sleep(0.005)

    @asynccontextmanager
    async def laid(self) -> AsyncIterator[None]:
        """Keep the clients asking until the block ends, and longer: until all are answered."""
        receivers = itertools.cycle(self.shop.receivers)
        crowd = asyncio.gather(*(self._client(receivers) for _ in range(CLIENTS)))
        try:
            yield
        finally:
            self.over = True
            await crowd

    async def given(self, more: int) -> None:
        """Wait until so many more codes are given."""
        wanted = len(self.tally.given) + more
        async with asyncio.timeout(30):
            while len(self.tally.given) < wanted:
                await asyncio.sleep(0.005)

    async def refused(self, more: int) -> None:
        """Wait until so many more requests are refused."""
        wanted = len(self.failures) + more
        async with asyncio.timeout(30):
            while len(self.failures) < wanted:
                await asyncio.sleep(0.005)

    async def check(self) -> None:
        """Check what the database holds against what the clients were told."""
        issued = await self.shop.check(self.tally)
        assert 0 <= len(issued) - len(self.tally.given) <= self.unknown


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server of this test alone, whose commits survive."""
    with start_cluster(in_memory(), settings=DURABLE) as own:
        yield own


async def test_the_database_server_dies_and_comes_back(cluster: Cluster) -> None:
    url = create_database(cluster.url, "largesse")
    await prepare(url, demo=True)
    services = open_services(settings_for(url))
    try:
        shop = await open_shop(services, codes=CODES)
        async with server(url) as one:
            siege = Siege(shop, one.port)
            async with siege.laid():
                # An immediate shutdown, and a crash of the whole server.
                for number in (signal.SIGQUIT, signal.SIGKILL):
                    await siege.given(100)
                    await asyncio.to_thread(cluster.end, number)
                    await siege.refused(3 * CLIENTS)
                    assert not await _is_ready(one.port)
                    await asyncio.to_thread(cluster.start)
                await siege.given(100)
                assert await _is_ready(one.port)
        # The database has been away for this process too.
        with suppress(Exception):
            await shop.issued()
        await siege.check()
    finally:
        await services.close()


async def _is_ready(port: int) -> bool:
    async with connect(port) as client:
        answer = await client.post("/health/ready", None, method="GET")
    assert answer.status in (200, 503)
    return answer.status == 200


@pytest.mark.parametrize("engine_name", ["postgres"])
async def test_connections_are_cut_again_and_again(demo_services: Services, demo_url: str) -> None:
    shop = await open_shop(demo_services, codes=CODES)
    pids = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    async with demo_services.database.read() as tx:
        ours = [row.pid for row in await tx.rows(text(pids))]
    cut = text(f"SELECT pg_terminate_backend(pid) FROM ({pids}) AS x WHERE pid <> ALL(:ours)")
    ended = 0
    async with server(demo_url) as one:
        siege = Siege(shop, one.port)
        async with siege.laid():
            for _ in range(TERMINATIONS):
                await siege.given(10)
                async with demo_services.database.read() as tx:
                    ended += len(await tx.rows(cut, {"ours": ours}))
            await siege.given(100)
        assert not siege.tally.unexpected, one.log
    assert ended >= TERMINATIONS
    await siege.check()
