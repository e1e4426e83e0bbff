"""How fast a job gives grants, beside bare inserts of the very same rows.

The job runs as a worker runs it, chunk by chunk: its recipients are read, looked up or checked,
granted, counted, and the cursor moves, all in one transaction. Half of the recipients are
profiles, half are addresses, both in random order. The ceilings insert the same rows into copies of
the database, as they come and sorted by their key, in transactions of as many: on PostgreSQL by
`INSERT ... SELECT unnest(...) ON CONFLICT DO NOTHING`, on SQLite by the driver's `executemany`.
Rows are made ready before they are timed. Ours and theirs take turns with every chunk.
"""

import asyncio
import random
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC
from itertools import count as numbers
from typing import Any, Protocol
from uuid import UUID

import asyncpg

from benchmarks.bulk import copied
from benchmarks.databases import Place
from benchmarks.load import Processors, used_since
from largesse import migrations
from largesse.core import clock
from largesse.core.access.model import Caller, system
from largesse.core.customers.model import customer_identifiers, customers
from largesse.core.grants.model import GrantOrder, RecipientKind, Recipients
from largesse.core.ids import new_ids
from largesse.core.jobs.model import Claim, Job
from largesse.core.promotions.model import Promotion
from largesse.services import Services, open_services
from largesse.settings import Settings
from largesse.storage.sequences import next_numbers
from largesse.worker.jobs import claim_job, run_claimed

SOURCE = "benchmark"

AT_ONCE = 20_000
"""Customers loaded, and recipients sent, at once."""

COLUMNS = (
    *("organization_id", "id", "promotion_id", "recipient_key", "customer_id", "email"),
    *("once_key", "source_id", "job_id", "state", "created_at", "expires_at"),
)

UNNEST = (
    f"INSERT INTO grants ({', '.join(COLUMNS)}) SELECT * FROM unnest("
    "$1::bigint[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[], "
    "$8::text[], $9::uuid[], $10::text[], $11::timestamptz[], $12::timestamptz[]) "
    "ON CONFLICT DO NOTHING"
)

MANY = (
    f"INSERT INTO grants ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))}) "
    "ON CONFLICT DO NOTHING"
)


@dataclass
class Grants:
    """What was measured; rates are grants a second."""

    count: int
    seconds: float = 0.0
    """How long the job took."""
    worker_seconds: float = 0.0
    """Its processor time in this process; on SQLite that is all of it."""
    database_seconds: float = 0.0
    """That of the database's server."""
    longest_chunk_ms: float = 0.0
    """How long the longest transaction took: on SQLite others wait for so long."""
    ceilings: dict[str, float] = field(default_factory=dict)
    """Seconds of each ceiling."""
    ceiling_seconds: dict[str, float] = field(default_factory=dict)
    """The processor time of each, in this process."""

    def summary(self) -> dict[str, Any]:
        """Return the figures of a table."""
        micro = 1e6 / self.count
        return {
            "count": self.count,
            "grants_per_second": self.count / self.seconds,
            "worker_us": self.worker_seconds * micro,
            "database_us": self.database_seconds * micro,
            "longest_chunk_ms": self.longest_chunk_ms,
            "ceilings": {name: self.count / took for name, took in self.ceilings.items()},
            "ceiling_us": {name: used * micro for name, used in self.ceiling_seconds.items()},
            "ratios": {name: took / self.seconds for name, took in self.ceilings.items()},
        }


Row = tuple[Any, ...]


class Bare(Protocol):
    """Inserts rows without anything around it."""

    def ready(self, rows: Sequence[Row]) -> Any:
        """Return the rows as the driver takes them."""

    async def insert(self, ready: Any) -> None:
        """Insert them in one transaction."""


class Unnest:
    """PostgreSQL."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def ready(self, rows: Sequence[Row]) -> list[list[Any]]:
        """Turn the rows into columns."""
        return [list(column) for column in zip(*rows, strict=True)]

    async def insert(self, ready: list[list[Any]]) -> None:
        """Insert them by one statement, which is a transaction."""
        await self._connection.execute(UNNEST, *ready)


class ExecuteMany:
    """SQLite."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA cache_size=-65536")

    def ready(self, rows: Sequence[Row]) -> list[Row]:
        """Spell the values as the tables keep them."""
        return [
            tuple(
                value.hex
                if isinstance(value, UUID)
                else value.replace(tzinfo=None).isoformat(sep=" ")
                if isinstance(value, type(clock.now()))
                else value
                for value in row
            )
            for row in rows
        ]

    async def insert(self, ready: list[Row]) -> None:
        """Insert them in one transaction."""
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(MANY, ready)
        self._connection.execute("COMMIT")


@asynccontextmanager
async def bare(url: str) -> AsyncIterator[Bare]:
    """Connect to a database without anything of ours."""
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, isolation_level=None)) as file:
            yield ExecuteMany(file)
        return
    connection = await asyncpg.connect(url)
    try:
        yield Unnest(connection)
    finally:
        await connection.close()


@dataclass
class Shop:
    """Who is given what."""

    services: Services
    caller: Caller
    promotion: Promotion
    recipients: list[tuple[RecipientKind, str, str | None]]
    """Kind, name, and the customer's id."""


async def measure(place: Place, count: int) -> Grants:
    """Measure a job of so many grants, and the ceilings beside it."""
    services = open_services(Settings(database_url=place.url))
    try:
        shop = await _open(services, count)
        await services.database.engine.close()
        async with AsyncExitStack() as stack:
            bares = {}
            for number, name in enumerate(("as they come", "sorted by key")):
                copy = stack.enter_context(copied(place.url, f"copy{number}"))
                bares[name] = await stack.enter_async_context(bare(copy))
            job = await _send(shop)
            found = await _take_turns(place, shop, job, bares)
        done = await services.jobs.get(shop.caller, job.id)
        if done.counts != {"granted": count, "grants": count}:
            raise RuntimeError(f"{done.counts} of {count} grants")
        return found
    finally:
        await services.close()


async def _take_turns(place: Place, shop: Shop, job: Job, bares: dict[str, Bare]) -> Grants:
    found = Grants(
        len(shop.recipients),
        ceilings=dict.fromkeys(bares, 0.0),
        ceiling_seconds=dict.fromkeys(bares, 0.0),
    )
    server = None if place.pid is None else Processors(place.pid)
    claim = await claim_job(shop.services, job.id)
    assert claim is not None
    ids = numbers()
    while claim.done < claim.total:
        before, database = claim.done, {} if server is None else server.seconds()
        started, worked = time.perf_counter(), time.process_time()
        claim = await _one_chunk(shop.services, claim)
        took = time.perf_counter() - started
        found.seconds += took
        found.worker_seconds += time.process_time() - worked
        found.longest_chunk_ms = max(found.longest_chunk_ms, took * 1000)
        if server is not None:
            found.database_seconds += used_since(database, server.seconds())
        for name, one in bares.items():
            rows = _rows(shop, job, before, claim.done, ids)
            if name == "sorted by key":
                rows.sort(key=lambda row: row[3])
            ready = one.ready(rows)
            started, worked = time.perf_counter(), time.process_time()
            await one.insert(ready)
            found.ceilings[name] += time.perf_counter() - started
            found.ceiling_seconds[name] += time.process_time() - worked
    return found


async def _one_chunk(services: Services, claim: Claim) -> Claim:
    stop = asyncio.Event()
    return await run_claimed(services, claim, stop, tell=lambda _: stop.set())


def _rows(shop: Shop, job: Job, start: int, end: int, ids: Iterator[int]) -> list[Row]:
    """Return the rows that a chunk of the job made, with ids of their own."""
    now = clock.now().astimezone(UTC)
    made = sorted(new_ids(end - start))
    return [
        (
            shop.caller.organization_id,
            UUID(grant_id),
            shop.promotion.id,
            f"c:{customer}" if customer else f"e:{name}",
            UUID(customer) if customer else None,
            None if customer else name,
            f"s:{SOURCE}",
            SOURCE,
            job.id,
            "active",
            now,
            None,
        )
        for grant_id, (_, name, customer) in zip(made, shop.recipients[start:end], strict=True)
    ]


async def _open(services: Services, count: int) -> Shop:
    """Make an organization with a promotion, and as many profiles as addresses to be given it."""
    await migrations.upgrade(services.database)
    await services.start()
    caller = system(await services.access.create_organization("Bulk", []))
    promotion = await services.promotions.create(caller, {"key": "promo", "title": "Ten off"})
    recipients: list[tuple[RecipientKind, str, str | None]] = []
    for start in range(0, count // 2, AT_ONCE):
        many = sorted(new_ids(min(AT_ONCE, count // 2 - start)))
        names = [f"{random.getrandbits(64):016x}" for _ in many]
        await _load_customers(services, caller, dict(zip(names, many, strict=True)))
        recipients += zip([RecipientKind.PROFILE] * len(many), names, many, strict=True)
    random.shuffle(recipients)
    for number in range(count - count // 2):
        local = f"shopper.{random.getrandbits(40):x}.{number}"
        recipients.append((RecipientKind.EMAIL, f"{local}@example{number % 50}.com", None))
    return Shop(services, caller, promotion, recipients)


async def _load_customers(services: Services, caller: Caller, ids: dict[str, str]) -> None:
    now, own = clock.now(), caller.organization_id
    person = ("organization_id", "id", "number", "kind", "attributes", "created_at", "updated_at")
    identifier = ("organization_id", "kind", "value_key", "value", "customer_id")
    async with services.database.write() as tx:
        numbered = await next_numbers(tx, own, "customers", len(ids))
        rows = [
            (own, one, number, "person", "{}", now, now)
            for one, number in zip(ids.values(), numbered, strict=True)
        ]
        await tx.load(customers, person, rows)
        named = [(own, "profile_id", name, name, one) for name, one in ids.items()]
        await tx.load(customer_identifiers, identifier, named)


async def _send(shop: Shop) -> Job:
    """Start the job."""
    order = GrantOrder((shop.promotion.key,), SOURCE)

    async def parts() -> AsyncIterator[Recipients]:
        for kind in RecipientKind:
            yield kind, [name for of, name, _ in shop.recipients if of == kind]

    async with shop.services.grants.intake.received(
        shop.caller, parts(), lambda: order
    ) as received:
        return await received.accept()
