"""Codes are given once and to one receiver, whatever happens to servers and clients."""

import asyncio
import random
from collections import Counter

import pytest

from largesse.services import Services
from tests.faults.client import connect, request
from tests.faults.server import launched, server
from tests.faults.shop import CODES, PATH, Shop, Tally, open_shop

HANG_UPS = 200


@pytest.fixture
async def shop(demo_services: Services) -> Shop:
    return await open_shop(demo_services)


async def test_1000_requests_for_500_codes_get_500_codes_and_500_refusals(
    shop: Shop, demo_url: str
) -> None:
    tally = Tally()
    async with server(demo_url) as one:
        await shop.ask([one.port], 2 * CODES, tally)
    assert (len(tally.given), tally.refused, tally.cut_off) == (CODES, CODES, 0)
    assert len(await shop.check(tally)) == CODES


@pytest.mark.parametrize("engine_name", ["postgres"])
async def test_two_servers_share_the_500_codes(shop: Shop, demo_url: str) -> None:
    tally = Tally()
    async with server(demo_url) as one, server(demo_url) as other:
        await shop.ask([one.port, other.port], 2 * CODES, tally)
    assert (len(tally.given), tally.refused, tally.cut_off) == (CODES, CODES, 0)
    assert len(await shop.check(tally)) == CODES


@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_a_second_server_on_one_sqlite_file_is_refused_until_the_first_is_gone(
    shop: Shop, demo_url: str
) -> None:
    async with server(demo_url) as one:
        async with launched(demo_url) as second:
            assert await second.ended() != 0
            assert "another process serves" in second.log
        # The first one does not notice.
        tally = Tally()
        await shop.ask([one.port], 10, tally, clients=1)
        assert len(tally.given) == 10
        one.kill()
        async with server(demo_url) as heir:
            await shop.ask([heir.port], 10, tally, clients=1)
    assert len(await shop.check(tally)) == 20


async def test_a_client_that_hangs_up_leaves_its_code_available_or_given_to_it(
    shop: Shop, demo_url: str
) -> None:
    *staying, halfway = shop.receivers
    asked = Counter[str]()
    tally = Tally()

    async def ask_and_hang_up(number: int) -> None:
        async with connect(one.port) as client:
            if number % 5 == 0:
                whole = request(PATH, shop.body(halfway))
                client.send(whole[: random.randrange(1, len(whole))])
            else:
                receiver = staying[number % len(staying)]
                asked[receiver] += 1
                client.send(request(PATH, shop.body(receiver)))
            await asyncio.sleep(random.uniform(0, 0.02))
            client.hang_up(rudely=number % 2 == 0)

    async with server(demo_url) as one:
        hanging_up = (ask_and_hang_up(number) for number in range(HANG_UPS))
        # Beside them patient clients, who notice nothing.
        await asyncio.gather(*hanging_up, shop.ask([one.port], CODES // 2, tally, clients=8))
        await shop.ask([one.port], CODES, tally)
    assert tally.cut_off == 0
    # The server has stopped, so nothing is on its way any more: what the patient clients did not
    # get, those that hung up have.
    issued = await shop.check(tally)
    assert len(issued) == CODES
    held = Counter(receiver for code, receiver in issued.items() if code not in tally.codes)
    assert held[halfway] == 0
    assert held <= asked
