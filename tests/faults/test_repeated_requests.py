"""A request with an idempotency key is carried out once, also when the server dies in between."""

import asyncio
from collections.abc import Sequence

import pytest

from largesse.services import Services
from tests.faults.client import Client, CutOff, connect
from tests.faults.server import Server, server
from tests.faults.shop import Shop, open_shop

REQUESTS = 200
CLIENTS = 20


@pytest.fixture
async def shop(demo_services: Services) -> Shop:
    return await open_shop(demo_services)


async def ask(shop: Shop, port: int, keys: Sequence[str], given: dict[str, str]) -> None:
    """Ask for a code with each key, by a crowd of clients; note the code that each key got."""
    waiting = iter(keys)

    async def one_of_the_crowd() -> None:
        try:
            async with connect(port) as client:
                for key in waiting:
                    given[key] = await _code(shop, client, key)
        except CutOff:
            return

    await asyncio.gather(*(one_of_the_crowd() for _ in range(CLIENTS)))


async def _code(shop: Shop, client: Client, key: str) -> str:
    answer = await shop.ask_with_key(client, key, shop.receivers[0])
    assert answer.status == 200, answer
    return str(answer.body["code"])


async def kill_after(moment: int, one: Server, given: dict[str, str]) -> None:
    while len(given) < moment:
        await asyncio.sleep(0.001)
    one.kill()


async def test_requests_repeated_after_a_crash_give_one_code_for_each_key(
    shop: Shop, demo_url: str
) -> None:
    keys = [f"order {number}" for number in range(REQUESTS)]
    before: dict[str, str] = {}
    async with server(demo_url) as one:
        await asyncio.gather(
            ask(shop, one.port, keys, before), kill_after(REQUESTS // 4, one, before)
        )
    assert len(before) < REQUESTS, "it was killed too late to matter"
    after: dict[str, str] = {}
    async with server(demo_url) as one:
        await ask(shop, one.port, keys, after)
    assert after.keys() == set(keys)
    assert len(set(after.values())) == REQUESTS
    assert {key: after[key] for key in before} == before
    # Nothing was given behind the clients' backs: what was cut off was answered the second time.
    assert (await shop.issued()).keys() == set(after.values())


@pytest.mark.parametrize("engine_name", ["postgres"])
async def test_two_servers_give_one_code_for_each_key(shop: Shop, demo_url: str) -> None:
    keys = [f"order {number}" for number in range(REQUESTS)]
    here: dict[str, str] = {}
    there: dict[str, str] = {}
    async with server(demo_url) as one, server(demo_url) as other:
        await asyncio.gather(ask(shop, one.port, keys, here), ask(shop, other.port, keys, there))
    assert here.keys() == set(keys)
    assert here == there
    assert (await shop.issued()).keys() == set(here.values())
