"""Ids are UUIDv7 in the order in which they are made."""

import time
from uuid import RFC_4122

from largesse.core.ids import new_id


def test_an_id_says_when_it_was_made() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


def test_ids_are_in_the_order_in_which_they_are_made() -> None:
    made = []
    for _ in range(500):
        made.append(new_id())
        # Far less than a row takes, and than a millisecond.
        until = time.time_ns() + 1_000
        while time.time_ns() < until:
            pass
    assert made == sorted(made)


def test_ids_of_one_moment_differ() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000
