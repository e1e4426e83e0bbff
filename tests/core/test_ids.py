"""Ids are UUIDv7 in the order in which they are made."""

import time
from collections.abc import Callable, Sequence
from uuid import RFC_4122, UUID

import pytest

from largesse.core.ids import new_id, new_ids, new_uuids

each_maker = pytest.mark.parametrize(
    "make",
    [lambda: [new_id()], lambda: new_uuids(3), lambda: [UUID(one) for one in new_ids(3)]],
    ids=["one", "some", "digits"],
)


@each_maker
def test_an_id_says_when_it_was_made(make: Callable[[], Sequence[UUID]]) -> None:
    before = time.time_ns() // 1_000_000
    for made in make():
        assert (made.version, made.variant) == (7, RFC_4122)
        assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


@each_maker
def test_ids_are_in_the_order_in_which_they_are_made(make: Callable[[], Sequence[UUID]]) -> None:
    last = UUID(int=0)
    for _ in range(500):
        made = make()
        assert last < min(made)
        last = max(made)
        # Far less than a row takes, and than a millisecond.
        until = time.time_ns() + 1_000
        while time.time_ns() < until:
            pass


@pytest.mark.parametrize("make", [lambda n: [new_id() for _ in range(n)], new_uuids, new_ids])
def test_ids_of_one_moment_differ(make: Callable[[int], Sequence[object]]) -> None:
    assert len(set(make(10_000))) == 10_000


def test_ids_of_one_moment_can_come_in_their_order() -> None:
    made = new_uuids(100)
    assert made == sorted(made)
