"""Exactly once, while servers are killed at random moments and started again, round after round."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from largesse.services import Services
from tests.faults.client import Client, CutOff, connect
from tests.faults.server import Server, server
from tests.faults.shop import PATH, Shop, Tally, open_shop

REQUESTS = 60
"""Requests in a round, of all clients together."""
SERVERS = {"sqlite": 1, "postgres": 4}
CLIENTS = 16
KEYED = 3
"""One request in so many carries an idempotency key and is repeated until it is answered."""

SEED = "LARGESSE_TEST_SEED"


@dataclass
class Crowd:
    """Clients that ask round after round, and what they were told."""

    shop: Shop
    servers: list[Server]
    rng: random.Random
    tally: Tally = field(default_factory=Tally)
    by_key: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Code and receiver of each key that was answered."""
    repeated: int = 0
    """Requests with a key that had to be sent again."""
    answered: int = 0

    async def round(self, number: int) -> None:
        """Send a round's requests until each is answered, or was cut off and has no key."""
        jobs = iter(range(number * REQUESTS, (number + 1) * REQUESTS))
        await asyncio.gather(*(self._client(place, jobs) for place in range(CLIENTS)))

    async def _client(self, place: int, jobs: Iterator[int]) -> None:
        job = next(jobs, None)
        while job is not None:
            one = self.servers[place % len(self.servers)]
            sent = False
            try:
                async with connect(one.port) as client:
                    while job is not None:
                        sent = True
                        await self._ask(client, job)
                        self.answered += 1
                        job, sent = next(jobs, None), False
            except CutOff:
                place += 1
                if not sent:
                    # Nobody listens: the server is being started again, the next one may be up.
                    await asyncio.sleep(0.01)
                elif job is not None and job % KEYED == 0:
                    self.repeated += 1
                else:
                    self.tally.cut_off += 1
                    job = next(jobs, None)

    async def _ask(self, client: Client, job: int) -> None:
        receiver = self.shop.receivers[job % len(self.shop.receivers)]
        if job % KEYED:
            answer = await client.post(PATH, self.shop.body(receiver))
            self.tally.note(receiver, answer)
            return
        answer = await self.shop.ask_with_key(client, f"order {job}", receiver)
        if answer.status == 200:
            self.by_key[f"order {job}"] = (answer.body["code"], receiver)
        else:
            self.tally.unexpected.append(answer)

    async def check_keys(self) -> None:
        """Repeat the requests with keys: each gets the code that it got before."""
        async with connect(self.servers[0].port) as client:
            for key, (code, receiver) in self.rng.sample(sorted(self.by_key.items()), 100):
                answer = await self.shop.ask_with_key(client, key, receiver)
                assert (answer.status, answer.body["code"]) == (200, code)


@asynccontextmanager
async def stables(url: str, count: int) -> AsyncIterator["Stable"]:
    """Keep so many servers up; each can be killed and started again."""
    async with AsyncExitStack() as stack:
        stable = Stable(url, stack, [])
        await asyncio.gather(*(stable.start() for _ in range(count)))
        yield stable


@dataclass
class Stable:
    """Servers of one database."""

    url: str
    stack: AsyncExitStack
    servers: list[Server]

    async def start(self) -> None:
        """Start one more."""
        self.servers.append(await self.stack.enter_async_context(server(self.url)))

    async def replace(self, place: int) -> None:
        """Kill one, and start another in its place."""
        self.servers[place].kill()
        self.servers[place] = await self.stack.enter_async_context(server(self.url))


@pytest.fixture
def rng() -> random.Random:
    """Chance whose seed is shown when the test fails."""
    seed = int(os.environ.get(SEED) or random.randrange(2**32))
    print(f"{SEED}={seed}")
    return random.Random(seed)


async def test_every_code_is_given_once_through_6_kills(
    demo_services: Services, demo_url: str, engine_name: str, rng: random.Random
) -> None:
    await kill_again_and_again(demo_services, demo_url, engine_name, rng, rounds=6)


@pytest.mark.soak
async def test_every_code_is_given_once_through_25_kills(
    demo_services: Services, demo_url: str, engine_name: str, rng: random.Random
) -> None:
    await kill_again_and_again(demo_services, demo_url, engine_name, rng, rounds=25)


async def kill_again_and_again(
    services: Services, url: str, engine_name: str, rng: random.Random, *, rounds: int
) -> None:
    """Kill a server in each round, at a random moment of it, and count in the end."""
    shop = await open_shop(services, codes=rounds * REQUESTS)
    async with stables(url, SERVERS[engine_name]) as stable:
        crowd = Crowd(shop, stable.servers, rng)
        for number in range(rounds):
            moment = crowd.answered + rng.randrange(REQUESTS * 2 // 3)
            asking = asyncio.create_task(crowd.round(number))
            while crowd.answered < moment:
                await asyncio.sleep(0.001)
            await asyncio.sleep(rng.uniform(0, 0.01))
            await stable.replace(rng.randrange(len(stable.servers)))
            await asking
        await crowd.check_keys()
        keyed = Tally(given=list(crowd.by_key.values()))
        issued = await shop.check(crowd.tally, keyed)
        # Nothing is lost either: the rest of the codes is there for the next ones.
        rest, left = Tally(), shop.codes - len(issued)
        await shop.ask([stable.servers[0].port], left + 1, rest, clients=2)
    assert (len(rest.given), rest.refused) == (left, 1)
    assert len(await shop.check(crowd.tally, keyed, rest)) == shop.codes
    assert len(keyed.given) == rounds * REQUESTS // KEYED
    # What was given and not told to anyone was on its way when a server died.
    untold = len(issued) - len(crowd.tally.given) - len(keyed.given)
    assert 0 <= untold <= crowd.tally.cut_off <= rounds * CLIENTS
    assert crowd.tally.cut_off + crowd.repeated >= rounds // 2, "the kills met nobody"
