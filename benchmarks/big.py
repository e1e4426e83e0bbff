"""A campaign with very many codes: little of it sold, or little of it left.

The product's claims are measured in each state. A sale leaves a dead row and dead entries of
indexes behind on PostgreSQL, until vacuum has been there; it can not remove what an old snapshot
may still see. So the last codes are sold by an UPDATE, with vacuum kept away: as many as autovacuum
would let pass at most. SQLite has none of that, but with an open reader its log is not reused.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import closing
from typing import Any

import asyncpg
from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import AddConstraint, CreateIndex, DropConstraint, DropIndex

from benchmarks.databases import Place
from benchmarks.pool import Pool, receiver_id
from largesse.core.codes.model import codes

BASE = "5 % sold"
"""The state that the others are compared with."""

LEVELS = (5, 95)
"""How much is sold, in percent."""

UNTIDY = 20
"""The dead rows that autovacuum lets pass, in percent (autovacuum_vacuum_scale_factor)."""

CHUNK = 200_000
"""Codes in one transaction on SQLite."""

POSTGRES_FILL = """
INSERT INTO codes (organization_id, id, campaign_id, pos, code, code_key, state, customer_id,
    issued_at, created_at)
SELECT {organization}, ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
    '{campaign}', n, upper(substr(md5(n::text), 1, 16)), substr(md5(n::text), 1, 16),
    CASE WHEN n <= {sold} THEN 'issued' ELSE 'available' END,
    CASE WHEN n <= {sold} THEN '{receiver}'::uuid END,
    CASE WHEN n <= {sold} THEN now() END, now()
FROM generate_series(1, {count}) AS n
"""

POSTGRES_SELL = """
UPDATE codes SET state = 'issued', customer_id = '{receiver}', issued_at = now()
WHERE organization_id = {organization} AND campaign_id = '{campaign}'
    AND state = 'available' AND pos <= {sold}
"""

SQLITE_FILL = """
WITH RECURSIVE number(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM number WHERE n < :last)
INSERT INTO codes (organization_id, id, campaign_id, pos, code, code_key, state, created_at)
SELECT :organization, printf('0190000000007000%016x', n), :campaign, n, printf('BIG%013X', n),
    printf('big%013x', n), 'available', :now FROM number
"""

SQLITE_SELL = """
UPDATE codes SET state = 'issued', customer_id = :receiver, issued_at = :now
WHERE organization_id = :organization AND campaign_id = :campaign
    AND state = 'available' AND pos BETWEEN :first AND :last
"""


class Big:
    """The campaign, taken from state to state."""

    def __init__(self, place: Place, pool: Pool, campaign: str, count: int) -> None:
        self._place = place
        self._count = count
        self._words = {
            "organization": pool.caller.organization_id,
            "campaign": pool.campaigns[campaign].hex,
            "receiver": receiver_id(0).hex,
        }

    async def states(self) -> AsyncGenerator[str, None]:
        """Bring the campaign into one state after the other, and name it."""
        of_kind = self._on_postgres() if self._place.kind == "postgres" else self._on_sqlite()
        async for state in of_kind:
            yield state

    async def _on_postgres(self) -> AsyncIterator[str]:
        connection = await asyncpg.connect(self._place.url)
        reader = await asyncpg.connect(self._place.url)
        try:
            await connection.execute("ALTER TABLE codes SET (autovacuum_enabled = false)")
            for percent in LEVELS:
                await self._fill_postgres(connection, max(0, percent - UNTIDY))
                async with reader.transaction(isolation="repeatable_read"):
                    await reader.fetch("SELECT count(*) FROM organizations")
                    sell = POSTGRES_SELL.format(sold=self._sold(percent), **self._words)
                    await connection.execute(sell)
                    await connection.execute("CHECKPOINT")
                    yield f"{percent} % sold, old snapshot"
                yield f"{percent} % sold"
                await connection.execute("VACUUM ANALYZE codes")
                await connection.execute("CHECKPOINT")
                yield f"{percent} % sold, vacuumed"
        finally:
            await connection.close()
            await reader.close()

    async def _fill_postgres(self, connection: asyncpg.Connection, percent: int) -> None:
        unique = [one for one in codes.constraints if isinstance(one, UniqueConstraint)]
        drops = [*map(DropConstraint, unique), *map(DropIndex, codes.indexes)]
        # SQLAlchemy would otherwise take the constraints out of the table's own definition.
        adds = [*(AddConstraint(one, isolate_from_table=False) for one in unique)]
        fill = POSTGRES_FILL.format(count=self._count, sold=self._sold(percent), **self._words)
        for statement in (
            "TRUNCATE codes CASCADE",
            "ALTER TABLE codes DISABLE TRIGGER ALL",
            *map(_text, drops),
            fill,
            *map(_text, [*adds, *map(CreateIndex, codes.indexes)]),
            "ALTER TABLE codes ENABLE TRIGGER ALL",
            "VACUUM ANALYZE codes",
        ):
            await connection.execute(statement)

    async def _on_sqlite(self) -> AsyncIterator[str]:
        path, before = self._place.url.removeprefix("sqlite:///"), 0
        await asyncio.to_thread(self._write_sqlite, path, SQLITE_FILL, 1, self._count)
        for percent in LEVELS:
            sold = self._sold(percent)
            await asyncio.to_thread(self._write_sqlite, path, SQLITE_SELL, before + 1, sold)
            before = sold
            yield f"{percent} % sold"
            with closing(sqlite3.connect(path, isolation_level=None)) as reader:
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM organizations").fetchall()
                yield f"{percent} % sold, old snapshot"

    def _write_sqlite(self, path: str, statement: str, first: int, last: int) -> None:
        values = self._words | {"now": "2026-01-01 00:00:00.000000"}
        with closing(sqlite3.connect(path, isolation_level=None, timeout=60)) as connection:
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("PRAGMA cache_size=-500000")
            for start in range(first, last + 1, CHUNK):
                end = min(start + CHUNK - 1, last)
                connection.execute(statement, values | {"first": start, "last": end})
            connection.execute("ANALYZE")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        os.sync()

    def _sold(self, percent: int) -> int:
        return self._count * percent // 100


def _text(statement: Any) -> str:
    dialect: Any = postgresql.dialect
    return str(statement.compile(dialect=dialect()))
