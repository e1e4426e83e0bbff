"""How fast many codes get into a pool, beside what the database alone takes the same rows in.

`generate` and `import_` do it as the command line does, in jobs, each in a new campaign. The
ceilings load the very same rows into a copy of the database as it was before: PostgreSQL by COPY
from a file of the server, in random order; SQLite by the driver's executemany in one transaction,
in random order and in the order in which the codes were made, which is the faster one.
"""

import asyncio
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from largesse import migrations
from largesse.core.access.model import Caller, system
from largesse.core.campaigns.model import Campaign
from largesse.core.codes.format import CodeFormat
from largesse.core.codes.load import NAMES
from largesse.core.codes.model import CampaignRef
from largesse.core.ids import new_id
from largesse.core.jobs.model import Claim, Job
from largesse.services import Services, open_services
from largesse.settings import Settings
from largesse.worker.jobs import claim_job, run_claimed
from tests.postgres import create_database, drop_database

COLUMNS = ", ".join(NAMES)
AT_ONCE = 100_000
"""Rows that are held in memory at once."""


@dataclass(frozen=True)
class Bulk:
    """What was measured; rates are codes a second."""

    count: int
    rate: float
    longest_chunk_ms: float
    """How long the longest transaction took: on SQLite others wait for so long."""
    ceilings: dict[str, float]

    @property
    def ratios(self) -> dict[str, float]:
        """The rate as a part of each ceiling."""
        return {name: self.rate / ceiling for name, ceiling in self.ceilings.items()}


@dataclass(frozen=True)
class Shop:
    """Who fills which pool."""

    services: Services
    caller: Caller
    campaign: Campaign

    @property
    def ref(self) -> CampaignRef:
        """The campaign's name for the core."""
        return CampaignRef("id", self.campaign.id.hex)


async def generate(url: str, count: int) -> Bulk:
    """Measure a job that makes so many codes, from its start to its last commit."""

    async def start(shop: Shop) -> Job:
        return await shop.services.bulk_codes.generate(shop.caller, shop.ref, count)

    return await _measure(url, count, start)


async def import_(url: str, count: int) -> Bulk:
    """Measure an import of so many codes from a file, from its opening to the last commit."""
    with tempfile.TemporaryFile() as file:
        for start in range(0, count, AT_ONCE):
            made = CodeFormat(prefix="I-").make_many(min(AT_ONCE, count - start))
            file.write(("\n".join(made) + "\n").encode())

        async def start_import(shop: Shop) -> Job:
            file.seek(0)
            blocks = iter(lambda: file.read(2**20), b"")
            return await shop.services.bulk_codes.import_sheet(shop.caller, shop.ref, blocks)

        return await _measure(url, count, start_import)


def memory(url: str, *arguments: str) -> int:
    """Return the most bytes that a command had in memory, e.g. `codes generate ...`.

    Raises:
        RuntimeError: it failed.
    """
    nothing = [(os.POSIX_SPAWN_OPEN, one, os.devnull, os.O_WRONLY, 0) for one in (1, 2)]
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "largesse", *arguments],
        os.environ | {"LARGESSE_DATABASE_URL": url},
        file_actions=nothing,
    )
    _, status, used = os.wait4(pid, 0)
    if status:
        raise RuntimeError(f"`largesse {' '.join(arguments)}` ended with {status}")
    return used.ru_maxrss * 1024


# --- ours --------------------------------------------------------------------------------------


async def _measure(url: str, count: int, start: Callable[[Shop], Any]) -> Bulk:
    async with _shop(url) as shop:
        await shop.services.database.engine.close()
        with copied(url) as copy:
            started = time.perf_counter()
            job = await start(shop)
            longest = await _run(shop.services, job)
            rate = count / (time.perf_counter() - started)
            done = await shop.services.jobs.get(shop.caller, job.id)
            if done.counts["added"] != count:
                raise RuntimeError(f"{done.counts} of {count} codes")
            await shop.services.database.engine.close()
            load = _sqlite_ceilings if url.startswith("sqlite") else _postgres_ceilings
            ceilings = await load(url, copy, shop)
    return Bulk(count, rate, longest * 1000, ceilings)


async def _run(services: Services, job: Job) -> float:
    """Run a job to its end; return the seconds of its longest chunk."""
    longest, began = 0.0, time.perf_counter()

    def tell(_claim: Claim) -> None:
        nonlocal longest, began
        longest = max(longest, time.perf_counter() - began)
        began = time.perf_counter()

    claim = await claim_job(services, job.id)
    assert claim is not None
    await run_claimed(services, claim, asyncio.Event(), tell=tell)
    return longest


@asynccontextmanager
async def _shop(url: str) -> AsyncIterator[Shop]:
    """Make an organization with a campaign whose pool is empty."""
    services = open_services(Settings(database_url=url))
    try:
        await migrations.upgrade(services.database)
        await services.start()
        caller = system(await services.access.create_organization(f"Bulk {new_id()}", []))
        new = {"name": "Bulk", "state": "posted"}
        yield Shop(services, caller, await services.campaigns.create(caller, new))
    finally:
        await services.close()


# --- ceilings ----------------------------------------------------------------------------------


@contextmanager
def copied(url: str, tag: str = "copy") -> Iterator[str]:
    """Make a copy of a database that nobody is connected to; it is gone behind the block."""
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as file:
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try:
            yield f"sqlite:///{shutil.copy(path, f'{path}.{tag}')}"
        finally:
            for copy in Path(path).parent.glob(f"{Path(path).name}.{tag}*"):
                copy.unlink()
        return
    server = urlsplit(url)._replace(path="/postgres").geturl()
    name = f"largesse_{tag}_{os.getpid()}"
    drop_database(server, name)
    try:
        yield create_database(server, name, urlsplit(url).path[1:])
    finally:
        drop_database(server, name)


async def _postgres_ceilings(url: str, copy: str, shop: Shop) -> dict[str, float]:
    # The server writes and reads the file itself: nothing of ours is between it and the table.
    file = Path(tempfile.gettempdir()) / f"largesse-rows-{os.getpid()}"
    own = f"organization_id = {shop.caller.organization_id}"
    rows = f"SELECT {COLUMNS} FROM codes WHERE {own} ORDER BY random()"
    try:
        ours = await asyncpg.connect(url)
        count = _number(await ours.execute(f"COPY ({rows}) TO '{file}'"))
        await ours.execute("CHECKPOINT")
        await ours.close()
        theirs = await asyncpg.connect(copy)
        started = time.perf_counter()
        await theirs.execute(f"COPY codes ({COLUMNS}) FROM '{file}'")
        rate = count / (time.perf_counter() - started)
        await theirs.close()
    finally:
        file.unlink(missing_ok=True)
    return {"COPY by the server, random order": rate}


def _number(status: str) -> int:
    return int(status.rpartition(" ")[2])


async def _sqlite_ceilings(url: str, copy: str, shop: Shop) -> dict[str, float]:
    ours, theirs = (one.removeprefix("sqlite:///") for one in (url, copy))
    orders = {"executemany, random order": "random()", "executemany, as they were made": "pos"}
    found = {}
    for name, order in orders.items():
        target = shutil.copy(theirs, f"{theirs}.run")
        found[name] = _executemany(target, _rows(ours, shop, order))
        for file in Path(target).parent.glob(f"{Path(target).name}*"):
            file.unlink()
    return found


def _rows(path: str, shop: Shop, order: str) -> Iterator[Sequence[tuple[Any, ...]]]:
    """Yield the rows that were made, some at a time, as one sorting has them."""
    with closing(sqlite3.connect(path)) as file:
        query = f"SELECT {COLUMNS} FROM codes WHERE organization_id = ? ORDER BY {order}"
        cursor = file.execute(query, (shop.caller.organization_id,))
        while rows := cursor.fetchmany(AT_ONCE):
            yield rows


def _executemany(path: str, batches: Iterator[Sequence[tuple[Any, ...]]]) -> float:
    """Insert rows in one transaction; return how many a second, without the reading."""
    count, seconds = 0, 0.0
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            file.execute(f"PRAGMA {pragma}")
        statement = f"INSERT INTO codes ({COLUMNS}) VALUES ({', '.join('?' * len(NAMES))})"
        file.execute("BEGIN IMMEDIATE")
        for rows in batches:
            started = time.perf_counter()
            file.executemany(statement, rows)
            seconds += time.perf_counter() - started
            count += len(rows)
        started = time.perf_counter()
        file.execute("COMMIT")
        seconds += time.perf_counter() - started
    return count / seconds
