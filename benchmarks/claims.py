"""`python -m benchmarks.claims`: ways of claiming codes, compared by their statements alone.

One connection claims batches of 64, each committed, from tables of its own that look like the
product's. No HTTP, no login, no receivers to find: what differs is the way. It is the ground of
docs/decisions/0009. Printed are medians over the rounds, in which the ways take turns.

| way | |
|---|---|
| two statements | free rows are locked and read (SKIP LOCKED), then updated |
| one statement | the same in one |
| delete from a pool | free codes are rows of a table of their own; claimed ones move to `codes` |
| counter | a row a campaign says how far its codes are given; gifts are inserted, never updated |
| on request | nothing is stored before: random codes are inserted as they are given |
"""

import argparse
import asyncio
import json
import os
import random
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import psutil

from benchmarks.claims_sql import (
    CAMPAIGN,
    POSTGRES,
    POSTGRES_FILL,
    POSTGRES_TABLES,
    SQLITE,
    SQLITE_FILL,
    SQLITE_TABLES,
    USER,
)
from benchmarks.databases import Place, open_place
from benchmarks.pool import RECEIVERS, receiver_id
from benchmarks.report import table
from largesse.core.ids import new_id
from tests.postgres import create_database, drop_database

BATCH = 64
WARM_UP = 20
"""Batches before the clock runs."""

Figures = tuple[float, float, float | None]
"""Claims a second, microseconds of this process for each, and of the database's."""


class Pace:
    """Counts batches until the time is up, or the codes are."""

    def __init__(self, seconds: float, codes: int, pid: int | None) -> None:
        self._seconds, self._most = seconds, codes // BATCH - WARM_UP - 1
        self._backend = psutil.Process(pid) if pid is not None else None
        self._batches, self._began = 0, time.perf_counter()
        self._mine, self._theirs = time.process_time(), self._used()

    def _used(self) -> float:
        return sum(self._backend.cpu_times()[:2]) if self._backend is not None else 0.0

    def goes_on(self) -> bool:
        """Count a batch; say whether there is to be another."""
        self._batches += 1
        over = time.perf_counter() - self._began > self._seconds
        return not over and self._batches < self._most

    def figures(self) -> Figures:
        """Return what came of it."""
        claims = self._batches * BATCH
        mine = (time.process_time() - self._mine) / claims * 1e6
        theirs = (self._used() - self._theirs) / claims * 1e6 if self._backend else None
        return claims / (time.perf_counter() - self._began), mine, theirs


def takers() -> list[str]:
    """Return the receivers of a batch."""
    return [receiver_id(random.randrange(RECEIVERS)).hex for _ in range(BATCH)]


async def on_postgres(place: Place, way: str, *, codes: int, seconds: float) -> Figures:
    """Measure one way in a database of its own."""
    url = create_database(place.url, "claims")
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(POSTGRES_TABLES)
        await connection.execute(POSTGRES_FILL[way].format(codes=codes))
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
        statements = [await connection.prepare(text) for text in POSTGRES[way]]
        behind = 0
        for _ in range(WARM_UP):
            behind = await _postgres_batch(connection, way, statements, behind)
        pace = Pace(seconds, codes, connection.get_server_pid())
        while pace.goes_on():
            behind = await _postgres_batch(connection, way, statements, behind)
        return pace.figures()
    finally:
        await connection.close()
        drop_database(place.url, "claims")


async def _postgres_batch(
    connection: asyncpg.Connection, way: str, statements: Sequence[Any], behind: int
) -> int:
    """Claim a batch; return the place behind which the next one begins."""
    *first, last = statements
    now, receivers = datetime.now(UTC), takers()
    async with connection.transaction():
        if way == "on request":
            made = [os.urandom(8).hex() for _ in receivers]
            done = await last.fetch([new_id() for _ in receivers], made, receivers, now)
        elif first:
            found = await first[0].fetch(behind, BATCH)
            behind = max(row["pos"] for row in found)
            done = await last.fetch([row["id"] for row in found], receivers, now)
        else:
            done = await last.fetch(behind, BATCH, receivers, now)
            behind = max(row["pos"] for row in done)
    if len(done) != BATCH:
        raise RuntimeError(f"{len(done)} of {BATCH} codes were claimed")
    return behind


def on_sqlite(place: Place, way: str, *, codes: int, seconds: float) -> Figures:
    """Measure one way in a file of its own."""
    path = Path(f"{place.url.removeprefix('sqlite:///')}.claims")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.executescript(SQLITE_TABLES)
        connection.execute(SQLITE_FILL[way], {"codes": codes})
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        behind = 0
        for _ in range(WARM_UP):
            behind = _sqlite_batch(connection, way, behind)
        pace = Pace(seconds, codes, None)
        while pace.goes_on():
            behind = _sqlite_batch(connection, way, behind)
        figures = pace.figures()
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    return figures


def _sqlite_batch(connection: sqlite3.Connection, way: str, behind: int) -> int:
    now, receivers = datetime.now(UTC).isoformat(), takers()
    values = {"behind": behind, "wanted": BATCH, "now": now, "user": USER, "campaign": CAMPAIGN}
    values["takers"] = json.dumps(list(enumerate(receivers, 1)))
    found: list[Any] = []
    connection.execute("BEGIN IMMEDIATE")
    for statement in SQLITE[way]:
        if ":made" in statement:
            made = [(new_id().hex, os.urandom(8).hex(), one) for one in receivers]
            values["made"] = json.dumps(made)
        if ":given" in statement:
            given = [(row[0], one) for row, one in zip(found, receivers, strict=True)]
            values["given"] = json.dumps(given)
        found = connection.execute(statement, values).fetchall()
        if found and way != "on request":
            behind = max(row[1] for row in found)
            values["last"] = behind
    connection.execute("COMMIT")
    if len(found) != BATCH:
        raise RuntimeError(f"{len(found)} of {BATCH} codes were claimed")
    return behind


def measure(place: Place, *, rounds: int, seconds: float, codes: int) -> list[list[Any]]:
    """Return the rows of the table."""
    ways = list(POSTGRES if place.kind == "postgres" else SQLITE)
    found: dict[str, list[Figures]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way in ways:
            if place.kind == "postgres":
                one = asyncio.run(on_postgres(place, way, codes=codes, seconds=seconds))
            else:
                one = on_sqlite(place, way, codes=codes, seconds=seconds)
            found[way].append(one)
    rows = []
    for way, figures in found.items():
        ratio = median(one[0] / base[0] for one, base in zip(figures, found[ways[0]], strict=True))
        theirs = [one[2] for one in figures if one[2] is not None]
        mine = median(one[1] for one in figures)
        rate = median(one[0] for one in figures)
        rows.append([way, rate, ratio, mine, median(theirs) if theirs else None])
    return rows


def main() -> None:
    """Compare the ways on both databases."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.claims")
    parser.add_argument("--database", choices=("sqlite", "postgres"), help="only this one")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one measurement")
    parser.add_argument("--codes", type=int, default=100_000, help="in the pool, for each")
    parser.add_argument("--directory", type=Path, help="where the databases are made")
    asked = parser.parse_args()
    for kind in [asked.database] if asked.database else ["postgres", "sqlite"]:
        with open_place(kind, asked.directory) as place:
            rows = measure(place, rounds=asked.rounds, seconds=asked.seconds, codes=asked.codes)
            header = (place.version, "claims/s", "/ the first", "client us", "database us")
            print(table(header, rows), end="\n\n", flush=True)
    print(f"load average of a minute: {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
