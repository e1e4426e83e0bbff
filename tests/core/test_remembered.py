"""What is looked up for many is looked up by one."""

import asyncio

import pytest

from largesse.core.access.remembered import Remembered
from largesse.core.errors import BadToken


class Hands:
    """A clock that is moved by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def remembered(hands: Hands) -> Remembered[str, int]:
    return Remembered(seconds=10, most=2, clock=hands)


def test_what_is_kept_is_known(remembered: Remembered[str, int]) -> None:
    assert remembered.get("a") is None
    remembered.keep("a", 1)
    assert (remembered.get("a"), remembered.get("a")) == (1, 1)


def test_near_its_end_one_is_sent_to_look_again(
    remembered: Remembered[str, int], hands: Hands
) -> None:
    remembered.keep("a", 1)
    hands.now += 9
    assert [remembered.get("a") for _ in range(4)] == [None, 1, 1, 1]
    remembered.keep("a", 2)
    hands.now += 7
    assert remembered.get("a") == 2


def test_at_its_end_it_is_gone_whether_one_looks_or_not(
    remembered: Remembered[str, int], hands: Hands
) -> None:
    remembered.keep("a", 1)
    hands.now += 9
    assert remembered.get("a") is None
    hands.now += 1
    assert [remembered.get("a") for _ in range(3)] == [None, None, None]


def test_it_can_be_kept_for_less_but_not_for_longer(
    remembered: Remembered[str, int], hands: Hands
) -> None:
    remembered.keep("a", 1, seconds=5)
    remembered.keep("b", 2, seconds=50)
    hands.now += 5
    assert (remembered.get("a"), remembered.get("b")) == (None, 2)
    hands.now += 5
    assert remembered.get("b") is None


def test_what_is_forgotten_is_not_known(remembered: Remembered[str, int]) -> None:
    remembered.keep("a", 1)
    remembered.forget("a")
    remembered.forget("b")
    assert remembered.get("a") is None


def test_the_oldest_makes_room(remembered: Remembered[str, int]) -> None:
    for key in ("a", "b", "a", "c"):
        remembered.keep(key, ord(key))
    assert [remembered.get(key) for key in ("a", "b", "c")] == [97, None, 99]


def test_no_seconds_remember_nothing(hands: Hands) -> None:
    remembered: Remembered[str, int] = Remembered(seconds=0, most=2, clock=hands)
    remembered.keep("a", 1)
    assert remembered.get("a") is None


class Source:
    """Looks values up when it is told to go on, and counts how often."""

    def __init__(self) -> None:
        self.asked = 0
        self.go_on = asyncio.Event()
        self.refuses = False

    async def __call__(self) -> int:
        self.asked += 1
        await self.go_on.wait()
        if self.refuses:
            raise BadToken()
        return self.asked


async def test_who_comes_while_it_is_looked_up_waits_for_that(
    remembered: Remembered[str, int],
) -> None:
    source = Source()
    many = [asyncio.create_task(remembered.find("a", source)) for _ in range(5)]
    await asyncio.sleep(0)
    source.go_on.set()
    assert await asyncio.gather(*many) == [1] * 5
    assert remembered.get("a") == 1


async def test_a_refusal_is_that_of_one_and_nothing_is_known(
    remembered: Remembered[str, int],
) -> None:
    source = Source()
    source.refuses = True
    source.go_on.set()
    remembered.keep("a", 7)
    found = await asyncio.gather(
        *(remembered.find("a", source) for _ in range(3)), return_exceptions=True
    )
    assert [type(one) for one in found] == [BadToken] * 3
    assert source.asked == 3
    assert remembered.get("a") is None


async def test_who_gives_up_leaves_it_to_the_next(remembered: Remembered[str, int]) -> None:
    source = Source()
    first, second = (asyncio.create_task(remembered.find("a", source)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    source.go_on.set()
    assert await second == 2


async def test_who_is_in_a_transaction_waits_for_nobody(
    remembered: Remembered[str, int],
) -> None:
    source, own = Source(), Source()
    own.go_on.set()
    other = asyncio.create_task(remembered.find("a", source))
    await asyncio.sleep(0)
    assert await remembered.find("a", own, alone=True) == 1
    source.go_on.set()
    assert await other == 1


async def test_what_is_good_for_no_time_is_looked_up_by_each(hands: Hands) -> None:
    remembered: Remembered[str, int] = Remembered(seconds=0, most=2, clock=hands)
    source = Source()
    source.go_on.set()
    await asyncio.gather(*(remembered.find("a", source) for _ in range(3)))
    assert source.asked == 3
