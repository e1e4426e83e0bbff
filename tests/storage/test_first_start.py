"""Several processes that start at once on an empty database."""

import asyncio

from largesse import migrations
from largesse.storage.database import Database
from tests.postgres import create_database, drop_database


async def test_one_migrates_and_the_others_wait(postgres_url: str) -> None:
    url = create_database(postgres_url, "largesse_first_start")
    processes = [Database(url) for _ in range(4)]
    await asyncio.gather(*(migrations.upgrade(one) for one in processes))
    assert await migrations.current(processes[0])
    for one in processes:
        await one.close()
    drop_database(postgres_url, "largesse_first_start")
