"""Transactions, keys and counters, alike on both databases."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, inspect, select, text, update
from sqlalchemy.exc import DBAPIError, StatementError

from largesse import migrations
from largesse.core.access.model import organizations
from largesse.core.ids import new_id
from largesse.core.lists.model import assignments, customer_groups
from largesse.core.promotions.model import channels, promotions
from largesse.core.schema import metadata
from largesse.storage import records
from largesse.storage.database import Database
from largesse.storage.engines import engine_for
from largesse.storage.errors import BrokenReference, DatabaseInUse, DuplicateKey
from largesse.storage.sequences import next_numbers
from tests.serving import serve

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
ORGANIZATION = 7


@pytest.fixture
async def database(empty_url: str) -> AsyncIterator[Database]:
    """A database with one organization."""
    opened = Database(empty_url)
    async with opened.write() as tx:
        row = {"id": ORGANIZATION, "name": "Shop", "created_at": NOW}
        await tx.execute(insert(organizations).values(row))
    yield opened
    await opened.close()


@pytest.fixture
async def other(empty_url: str, database: Database) -> AsyncIterator[Database]:
    """The same database as another process opens it."""
    opened = Database(empty_url)
    yield opened
    await opened.close()


def channel(key: str, **values: Any) -> dict[str, Any]:
    own = {"organization_id": ORGANIZATION, "id": key, "name": key, "created_at": NOW}
    return own | values


async def add_and_fail(database: Database) -> None:
    async with database.write() as tx:
        await records.add(tx, channels, channel("a"))
        assert 1 / 0


async def names(database: Database) -> list[str]:
    async with database.read() as tx:
        rows = await records.find_all(tx, channels, ORGANIZATION, order=(channels.c.id,))
    return [row.name for row in rows]


class TestTransaction:
    async def test_it_commits_when_the_block_ends(self, database: Database) -> None:
        async with database.write() as tx:
            await records.add(tx, channels, channel("a"))
            await records.add(tx, channels, channel("b"))
        assert await names(database) == ["a", "b"]

    async def test_it_rolls_back_when_the_block_raises(self, database: Database) -> None:
        with pytest.raises(ZeroDivisionError):
            await add_and_fail(database)
        assert await names(database) == []

    async def test_it_rolls_back_when_its_caller_gives_up(self, database: Database) -> None:
        entered = asyncio.Event()

        async def write() -> None:
            async with database.write() as tx:
                await records.add(tx, channels, channel("a"))
                entered.set()
                await asyncio.sleep(30)

        task = asyncio.create_task(write())
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with database.write() as tx:
            await records.add(tx, channels, channel("b"))
        assert await names(database) == ["b"]

    async def test_nothing_is_seen_before_the_commit(
        self, database: Database, other: Database
    ) -> None:
        async with database.write() as tx:
            await records.add(tx, channels, channel("a"))
            assert await names(other) == []
        assert await names(other) == ["a"]

    async def test_writers_take_turns_and_none_loses_a_change(
        self, database: Database, other: Database
    ) -> None:
        async with database.write() as tx:
            await records.add(tx, channels, channel("a", description=""))

        async def append(to: Database) -> None:
            async with to.write() as tx:
                # Read and written in one transaction: on SQLite a deferred BEGIN would fail here.
                await tx.value(select(channels.c.description))
                await tx.execute(update(channels).values(description=channels.c.description + "x"))

        await asyncio.gather(*(append(each) for each in (database, other) for _ in range(10)))
        async with database.read() as tx:
            assert await tx.value(select(channels.c.description)) == "x" * 20


class TestViolations:
    async def test_a_key_that_is_taken(self, database: Database) -> None:
        async with database.write() as tx:
            await records.add(tx, channels, channel("a"))
        for values in (channel("a"), channel("a", name="other")):
            with pytest.raises(DuplicateKey):
                async with database.write() as tx:
                    await records.add(tx, channels, values)
        assert await names(database) == ["a"]

    async def test_a_reference_that_leads_nowhere(self, database: Database) -> None:
        promotion = {
            "organization_id": ORGANIZATION,
            "id": new_id(),
            "key": "ten",
            "channel_id": "nowhere",
            "title": "Ten off",
            "enabled": True,
            "repeatable": False,
            "attributes": {},
            "created_at": NOW,
            "updated_at": NOW,
        }
        with pytest.raises(BrokenReference):
            async with database.write() as tx:
                await records.add(tx, promotions, promotion)
        async with database.write() as tx:
            await records.add(tx, channels, channel("nowhere"))
            await records.add(tx, promotions, promotion)
        with pytest.raises(BrokenReference):
            async with database.write() as tx:
                await records.remove(tx, channels, ORGANIZATION)
        assert await names(database) == ["nowhere"]

    async def test_one_of_another_kind_is_not_passed_off_as_these(self, database: Database) -> None:
        with pytest.raises(DBAPIError):
            async with database.write() as tx:
                await records.add(tx, channels, channel("a", name=None))

    async def test_new_rows_pass_over_those_that_are_there(self, database: Database) -> None:
        async with database.write() as tx:
            await records.add(tx, channels, channel("b", name="old"))
            rows = [channel("a"), channel("b"), channel("c"), channel("c", name="again")]
            added = await tx.insert_new(channels, rows, returning=(channels.c.id,))
            assert [row.id for row in added] == ["a", "c"]
            assert await tx.insert_new(channels, [], returning=(channels.c.id,)) == []
        assert await names(database) == ["a", "old", "c"]

    async def test_everything_of_an_organization_goes_with_it(self, database: Database) -> None:
        async with database.write() as tx:
            await records.add(tx, channels, channel("a"))
            await tx.execute(organizations.delete())
        assert await names(database) == []


class TestRecords:
    async def test_they_touch_one_organization_only(self, database: Database) -> None:
        async with database.write() as tx:
            row = {"id": 8, "name": "Other", "created_at": NOW}
            await tx.execute(insert(organizations).values(row))
            for organization in (ORGANIZATION, 8):
                await records.add(tx, channels, channel("a", organization_id=organization))
            where = channels.c.id == "a"
            changed = await records.change(tx, channels, 8, where, values={"name": "changed"})
            assert changed is not None
            assert await records.count(tx, channels, 8) == 1
            assert await records.remove(tx, channels, 8, where) == 1
            assert await records.find(tx, channels, 8, where) is None
            assert await records.change(tx, channels, 8, where, values={"name": "x"}) is None
        assert await names(database) == ["a"]


class TestSequences:
    async def test_numbers_follow_each_other(self, database: Database) -> None:
        async with database.write() as tx:
            assert list(await next_numbers(tx, ORGANIZATION, "codes", 3)) == [1, 2, 3]
            assert list(await next_numbers(tx, ORGANIZATION, "lists")) == [1]
            assert list(await next_numbers(tx, ORGANIZATION, "codes", 2)) == [4, 5]
            assert list(await next_numbers(tx, 99, "codes")) == [1]

    async def test_none_is_given_twice(self, database: Database, other: Database) -> None:
        given: list[int] = []

        async def take(from_: Database, count: int) -> None:
            async with from_.write() as tx:
                given.extend(await next_numbers(tx, ORGANIZATION, "codes", count))

        await asyncio.gather(
            *(take(each, count) for each in (database, other) for count in range(1, 11))
        )
        assert sorted(given) == list(range(1, 111))


class TestUtc:
    async def test_a_moment_comes_back_as_it_was(self, database: Database) -> None:
        zoned = datetime(2026, 1, 2, 5, 4, 5, 678_901, tzinfo=timezone(timedelta(hours=2)))
        async with database.write() as tx:
            for name, moment in (("a", NOW), ("b", zoned)):
                row = await records.add(tx, channels, channel(name, created_at=moment))
                assert row.created_at == NOW
                assert row.created_at.tzinfo is UTC or row.created_at.utcoffset() == timedelta()
            where = channels.c.created_at == zoned
            assert len(await records.find_all(tx, channels, ORGANIZATION, where)) == 2
            where = channels.c.created_at < zoned
            assert await records.find_all(tx, channels, ORGANIZATION, where) == []

    async def test_one_without_a_zone_is_refused(self, database: Database) -> None:
        with pytest.raises(StatementError, match="a moment needs a zone"):
            async with database.write() as tx:
                await records.add(tx, channels, channel("a", created_at=NOW.replace(tzinfo=None)))

    async def test_the_databases_clock_compares_with_what_is_kept(self, database: Database) -> None:
        now = datetime.now(UTC)
        async with database.write() as tx:
            for name, seconds in (("past", -5), ("future", 5)):
                moment = now + timedelta(seconds=seconds)
                await records.add(tx, channels, channel(name, created_at=moment))
            for plus, expected in ((0, ["past"]), (60, ["future", "past"]), (-60, [])):
                where = channels.c.created_at <= tx.engine.now(plus_seconds=plus)
                order = (channels.c.id,)
                rows = await records.find_all(tx, channels, ORGANIZATION, where, order=order)
                assert [row.id for row in rows] == expected


class TestUrls:
    @pytest.mark.parametrize("url", ["mysql://host/db", "", "largesse.db", "oracle+x://host"])
    def test_another_kind_of_database_is_refused(self, url: str) -> None:
        with pytest.raises(ValueError, match="sqlite or postgresql"):
            engine_for(url)

    @pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
    def test_a_database_in_memory_is_refused(self, url: str) -> None:
        with pytest.raises(ValueError, match="SQLite needs a file"):
            engine_for(url)

    def test_a_folder_that_is_missing_is_made(self, tmp_path: Path) -> None:
        engine_for(f"sqlite:///{tmp_path}/a/b/largesse.db")
        assert (tmp_path / "a" / "b").is_dir()


class TestSqlite:
    @pytest.fixture
    def engine_name(self) -> str:
        return "sqlite"

    async def test_every_commit_is_on_the_disk(self, database: Database) -> None:
        for open_one in (database.write, database.read):
            async with open_one() as tx:
                for pragma, wanted in (
                    ("journal_mode", "wal"),
                    ("synchronous", 2),
                    ("foreign_keys", 1),
                ):
                    assert await tx.value(text(f"PRAGMA {pragma}")) == wanted

    async def test_a_reading_transaction_can_not_write(self, database: Database) -> None:
        with pytest.raises(DBAPIError, match="readonly"):
            async with database.read() as tx:
                await records.add(tx, channels, channel("a"))

    async def test_a_writing_transaction_has_the_lock_from_its_start(
        self, database: Database, empty_url: str
    ) -> None:
        async with database.write():
            stranger = sqlite3.connect(empty_url.removeprefix("sqlite:///"), timeout=0)
            try:
                with pytest.raises(sqlite3.OperationalError, match="locked"):
                    stranger.execute("BEGIN IMMEDIATE")
            finally:
                stranger.close()

    async def test_a_second_serving_process_is_refused(self, demo_url: str) -> None:
        async with serve(demo_url):
            second = Database(demo_url)
            with pytest.raises(DatabaseInUse, match="one serving"):
                second.engine.claim_serving()
            await second.close()
        third = Database(demo_url)
        third.engine.claim_serving()
        await third.close()


class TestPostgres:
    @pytest.fixture
    def engine_name(self) -> str:
        return "postgres"

    async def test_several_processes_may_serve(self, demo_url: str) -> None:
        async with serve(demo_url) as first, serve(demo_url) as second:
            for served in (first, second):
                assert (await served.client.get("/health/ready")).json() == {"status": "ok"}


class TestMigrations:
    async def test_they_make_what_the_code_expects(self, database: Database) -> None:
        async with database.engine.writer().connect() as connection:
            assert await connection.run_sync(differences) == []

    async def test_they_can_be_asked_for_again(self, database: Database) -> None:
        assert await migrations.current(database)
        await migrations.upgrade(database)
        assert await migrations.current(database)

    async def test_they_start_from_nothing_and_lead_back_there(self, database: Database) -> None:
        async with database.engine.writer().begin() as connection:
            await connection.run_sync(downgrade)
        assert not await migrations.current(database)
        async with database.engine.writer().connect() as connection:
            assert await connection.run_sync(tables) <= {"alembic_version"}
        await migrations.upgrade(database)
        assert await names(database) == []
        async with database.engine.writer().connect() as connection:
            assert {assignments.name, customer_groups.name} <= await connection.run_sync(tables)


def differences(connection: Any) -> list[Any]:
    """Return what Alembic would change to make the database as the code has it."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


def downgrade(connection: Any) -> None:
    command.downgrade(migrations.config(connection), "base")


def tables(connection: Any) -> set[str]:
    return set(inspect(connection).get_table_names())
