"""Group commit: many callers, one transaction, each with an outcome of its own."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text

from largesse.services import Services
from largesse.storage.database import Database, Transaction
from largesse.storage.errors import QueueFull
from largesse.storage.group_commit import GroupCommit
from largesse.storage.sequences import sequences

ORGANIZATION = 1


class Odd(Exception):
    """The refusal of the commands below."""


async def keep(tx: Transaction, commands: Sequence[int]) -> list[int | Exception]:
    """Keep even numbers and refuse odd ones; break the statement for negative ones."""
    even = [number for number in commands if number % 2 == 0]
    rows = [{"organization_id": ORGANIZATION, "name": f"n{n}", "value": n} for n in even]
    if any(number < 0 for number in even):
        # A duplicate key fails the whole statement, as a value does that a column can not hold.
        rows += rows
    if rows:
        await tx.execute(sequences.insert(), rows)
    return [number if number % 2 == 0 else Odd() for number in commands]


async def kept(database: Database) -> int:
    async with database.read() as tx:
        return int(await tx.value(select(func.count()).select_from(sequences)))


async def outcomes(database: Database, numbers: Sequence[int]) -> list[Any]:
    asked = [database.submit(keep, number) for number in numbers]
    return await asyncio.gather(*asked, return_exceptions=True)


async def test_each_caller_gets_its_own_result_or_refusal(services: Services) -> None:
    found = await outcomes(services.database, range(100))
    assert found[::2] == list(range(0, 100, 2))
    assert all(isinstance(one, Odd) for one in found[1::2])
    assert await kept(services.database) == 50


async def test_a_command_that_breaks_the_statement_fails_alone(services: Services) -> None:
    found = await outcomes(services.database, [0, -2, 2, 4])
    assert [found[0], *found[2:]] == [0, 2, 4]
    assert isinstance(found[1], Exception)
    assert await kept(services.database) == 3


async def test_callers_share_commits(services: Services) -> None:
    commits = 0

    async def count(tx: Transaction, commands: Sequence[int]) -> list[int]:
        nonlocal commits
        commits += 1
        return list(commands)

    await asyncio.gather(*(services.database.submit(count, n) for n in range(64)))
    # The first caller finds nobody in flight and goes at once; all others share what follows.
    assert commits == 1 or commits == 2


async def test_a_caller_that_gives_up_leaves_its_command_behind(services: Services) -> None:
    asked = asyncio.create_task(services.database.submit(keep, 2))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await services.database.submit(keep, 4)
    # The one that was given up may be in a batch of its own beside this one.
    async with asyncio.timeout(10):
        while await kept(services.database) < 2:
            await asyncio.sleep(0.01)
    assert await kept(services.database) == 2


async def test_closing_finishes_what_was_accepted(services: Services) -> None:
    asked = [asyncio.create_task(services.database.submit(keep, 2 * n)) for n in range(10)]
    await asyncio.sleep(0)
    await services.database.close()
    assert await asyncio.gather(*asked) == [2 * n for n in range(10)]


async def test_a_full_queue_refuses_and_does_nothing(services: Services) -> None:
    group = GroupCommit(services.database.write, most_waiting=3, lanes=1)
    found = await asyncio.gather(
        *(group.submit(keep, 2 * n) for n in range(5)), return_exceptions=True
    )
    assert [isinstance(one, QueueFull) for one in found] == [False] * 3 + [True] * 2
    assert await kept(services.database) == 3


async def test_nothing_is_answered_before_its_commit(services: Services) -> None:
    await services.database.submit(keep, 2)
    async with services.database.write() as tx:
        # Another connection (PostgreSQL) or the only writing one (SQLite) sees the row.
        assert await tx.execute(delete(sequences)) == 1


@pytest.mark.parametrize("engine_name", ["postgres"], indirect=True)
async def test_a_batch_survives_connections_that_died_before_it(demo_url: str) -> None:
    """What a restarted database leaves behind in the pool: connections to nowhere."""
    database, other = Database(demo_url), Database(demo_url)
    assert await outcomes(database, [0]) == [0]
    async with other.write() as tx:
        await tx.rows(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    assert await outcomes(database, [2, 4, 6]) == [2, 4, 6]
    await database.close()
    await other.close()
