"""What the database alone could do: the claim, without HTTP, checks, or a second statement.

PostgreSQL: pgbench, one claim and one commit in each transaction. SQLite: the same from one
thread, with one claim or with 64 claims in each transaction. Both are as durable as the product.
"""

import asyncio
import os
import re
import sqlite3
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.pool import RECEIVERS, receiver_id
from largesse.core.access.model import Caller
from tests.postgres import pg_binary

PGBENCH_CLIENTS = 16
BATCH = 64
SYNCED_PAGES = 1024

POSTGRES_CLAIM = """\\set number random(0, {last})
UPDATE codes SET state = 'issued', issued_at = now(),
    customer_id = ('00000000-0000-7000-8000-' || lpad((:number)::text, 12, '0'))::uuid,
    account_id = ('00000000-0000-7000-8000-' || lpad((:number)::text, 12, '0'))::uuid,
    issued_by_user = '{user}', issued_by_unit = '{unit}'
WHERE organization_id = {organization} AND id = ANY(ARRAY(
    SELECT id FROM codes
    WHERE organization_id = {organization} AND campaign_id = '{campaign}'
        AND state = 'available' AND pos > :hint
        AND (expires_at IS NULL OR expires_at > now())
    ORDER BY pos LIMIT 1 FOR UPDATE SKIP LOCKED))
RETURNING pos AS hint \\gset
"""
"""Each client goes on behind the code it got last, as the product's hint does."""

SQLITE_CLAIM = """
UPDATE codes SET state = 'issued', issued_at = :now, customer_id = :receiver,
    account_id = :receiver, issued_by_user = :user, issued_by_unit = :unit
WHERE organization_id = :organization AND id = (
    SELECT id FROM codes INDEXED BY ix_codes_available
    WHERE organization_id = :organization AND campaign_id = :campaign
        AND state = 'available' AND pos > :hint
        AND (expires_at IS NULL OR expires_at > :now)
    ORDER BY pos LIMIT 1)
RETURNING pos
"""


@dataclass(frozen=True)
class Claim:
    """Who claims from which campaign."""

    caller: Caller
    campaign_id: UUID

    @property
    def words(self) -> dict[str, Any]:
        """What the statements say."""
        return {
            "organization": self.caller.organization_id,
            "campaign": self.campaign_id.hex,
            "user": self.caller.user_id.hex if self.caller.user_id else None,
            "unit": self.caller.unit_id.hex if self.caller.unit_id else None,
        }


async def pgbench(url: str, claim: Claim, *, clients: int, seconds: float) -> float:
    """Return the claims a second of so many clients of pgbench.

    Raises:
        RuntimeError: pgbench failed, e.g. because the pool is empty.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(POSTGRES_CLAIM.format(last=RECEIVERS - 1, **claim.words))
        file.flush()
        process = await asyncio.create_subprocess_exec(
            *(pg_binary("pgbench"), url, "--no-vacuum", "--protocol=prepared", "-f", file.name),
            *("-c", str(clients), "-j", str(min(clients, os.cpu_count() or 1))),
            *("-T", str(max(1, round(seconds))), "-D", "hint=-1"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out = (await process.communicate())[0].decode()
    found = re.search(r"^tps = ([\d.]+)", out, re.MULTILINE)
    if process.returncode or found is None:
        raise RuntimeError(f"pgbench failed: {out}")
    return float(found[1])


def sqlite_claims(path: str, claim: Claim, *, batch: int, seconds: float) -> float:
    """Return the claims a second of one thread with `batch` claims in each commit.

    It ends early when the pool is empty.
    """
    connection = sqlite3.connect(path, isolation_level=None, timeout=15)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    values = claim.words | {"hint": -1}
    claimed, row, started = 0, (0,), time.perf_counter()
    while row is not None and time.perf_counter() - started < seconds:
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(batch):
            values["receiver"] = receiver_id(claimed % RECEIVERS).hex
            values["now"] = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
            row = connection.execute(SQLITE_CLAIM, values).fetchone()
            if row is None:
                break
            values["hint"] = row[0]
            claimed += 1
        connection.execute("COMMIT")
    rate = claimed / (time.perf_counter() - started)
    connection.close()
    return rate


def syncs(directory: Path | None, seconds: float) -> float:
    """Return how often a second the disk takes 4 KiB for good: no commit alone is faster."""
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        # Over what is there, as a database writes into its log once that has its size.
        os.pwrite(file.fileno(), b"x" * 4096 * SYNCED_PAGES, 0)
        os.fsync(file.fileno())
        number, started = 0, time.perf_counter()
        while time.perf_counter() - started < seconds:
            os.pwrite(file.fileno(), b"y" * 4096, 4096 * (number % SYNCED_PAGES))
            os.fdatasync(file.fileno())
            number += 1
        return number / (time.perf_counter() - started)
