"""What is looked up for many is looked up by one."""

import pytest

from largesse.core.access.remembered import Remembered


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
