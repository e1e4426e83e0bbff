"""What the database alone could do: the claim or the upsert, without HTTP, checks and answers.

PostgreSQL: pgbench, one of them and one commit in each transaction. SQLite: the same from one
thread, with one or with 64 in each transaction. Both are as durable as the product.
"""

import asyncio
import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.databases import Place
from benchmarks.pool import RECEIVERS, receiver_id
from largesse.core.access.model import Caller
from largesse.core.ids import new_id
from tests.postgres import pg_binary

PGBENCH_CLIENTS = 16
BATCH = 64
SYNCED_PAGES = 1024
LOGGED = " + log"
"""Ends the name of a ceiling that writes the line of the log as well, which the product does."""

_POSTGRES_RECEIVER = "('00000000-0000-7000-8000-' || lpad((:number)::text, 12, '0'))::uuid"

_POSTGRES_GIVE = f"""UPDATE codes SET state = 'issued', issued_at = now(),
    customer_id = {_POSTGRES_RECEIVER}, account_id = {_POSTGRES_RECEIVER},
    issued_by_user = '{{user}}', issued_by_unit = '{{unit}}'
WHERE organization_id = {{organization}} AND id = ANY(ARRAY(
    SELECT id FROM codes
    WHERE organization_id = {{organization}} AND campaign_id = '{{campaign}}'
        AND state = 'available' AND pos > :hint
        AND (expires_at IS NULL OR expires_at > now())
    ORDER BY pos LIMIT 1 FOR UPDATE SKIP LOCKED))
"""

POSTGRES_CLAIM = f"""\\set number random(0, {{last}})
{_POSTGRES_GIVE} RETURNING pos AS hint \\gset
"""
"""Each client goes on behind the code it got last, as the product's hint does."""

POSTGRES_LOGGED = f"""\\set number random(0, {{last}})
WITH given AS ({_POSTGRES_GIVE} RETURNING *),
told AS (
    INSERT INTO events (organization_id, id, kind, subject_kind, subject_id, actor, user_id,
        unit_id, request_id, after, data, created_at)
    SELECT organization_id, uuidv7(), 'code.issued', 'code', id::text, 'benchmark',
        issued_by_user, issued_by_unit, md5(id::text),
        jsonb_build_object('state', state, 'customer_id', customer_id::text), '{{{{}}}}', issued_at
    FROM given)
SELECT pos AS hint FROM given \\gset
"""
"""The same with the code's line in the log, as the product writes it."""

SQLITE_CLAIM = """
UPDATE codes SET state = 'issued', issued_at = :now, customer_id = :receiver,
    account_id = :receiver, issued_by_user = :user, issued_by_unit = :unit
WHERE organization_id = :organization AND id = (
    SELECT id FROM codes INDEXED BY ix_codes_available
    WHERE organization_id = :organization AND campaign_id = :campaign
        AND state = 'available' AND pos > :hint
        AND (expires_at IS NULL OR expires_at > :now)
    ORDER BY pos LIMIT 1)
RETURNING pos, id
"""

SQLITE_LINE = """
INSERT INTO events (organization_id, id, kind, subject_kind, subject_id, actor, user_id, unit_id,
    request_id, after, data, created_at)
VALUES (:organization, :line, 'code.issued', 'code', :code, 'benchmark', :user, :unit, :line,
    :after, '{}', :now)
"""


POSTGRES_SUBSCRIBE = """\\set number random(1, 1000000000000)
WITH made AS (
    INSERT INTO subscriptions (organization_id, id, recipient, recipient_key, name, active,
        created_at, updated_at)
    VALUES ({organization}, uuidv7(), 'ceiling' || :number || '@example.com',
        'ceiling' || :number || '@example.com', 'Newsletter', true, now(), now())
    ON CONFLICT DO NOTHING RETURNING recipient_key, created_at)
INSERT INTO consents (organization_id, id, recipient_key, action, source, created_at)
    SELECT {organization}, uuidv7(), recipient_key, 'subscribed', 'ceiling', created_at FROM made;
"""

SQLITE_SUBSCRIBE = (
    """
INSERT INTO subscriptions (organization_id, id, recipient, recipient_key, name, active,
    created_at, updated_at)
VALUES (:organization, :id, :recipient, :recipient, 'Newsletter', true, :now, :now)
ON CONFLICT DO NOTHING
""",
    """
INSERT INTO consents (organization_id, id, recipient_key, action, source, created_at)
VALUES (:organization, :evidence, :recipient, 'subscribed', 'ceiling', :now)
""",
)


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


async def pgbench(url: str, script: str, *, clients: int, seconds: float) -> float:
    """Return how often a second so many clients of pgbench run a script.

    Raises:
        RuntimeError: pgbench failed, e.g. because the pool is empty.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
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


def claim_script(claim: Claim, *, logged: bool) -> str:
    """Return what a client of pgbench does to claim a code, and to tell the log of it."""
    script = POSTGRES_LOGGED if logged else POSTGRES_CLAIM
    return script.format(last=RECEIVERS - 1, **claim.words)


def subscribe_script(claim: Claim) -> str:
    """Return what a client of pgbench does to subscribe a recipient."""
    return POSTGRES_SUBSCRIBE.format(**claim.words)


Step = Callable[[sqlite3.Connection, int], bool]
"""Does the n-th of whatever is counted; False if nothing is left to do."""


def sqlite_steps(path: str, step: Step, *, batch: int, seconds: float) -> float:
    """Return the steps a second of one thread, with so many of them in each commit."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=15)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    done, going, started = 0, True, time.perf_counter()
    while going and time.perf_counter() - started < seconds:
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(batch):
            going = step(connection, done)
            if not going:
                break
            done += 1
        connection.execute("COMMIT")
    rate = done / (time.perf_counter() - started)
    connection.close()
    return rate


def sqlite_claim(claim: Claim, *, logged: bool) -> Step:
    """Return the step that claims a code, and tells the log of it."""
    values = claim.words | {"hint": -1}

    def step(connection: sqlite3.Connection, number: int) -> bool:
        values["receiver"] = receiver_id(number % RECEIVERS).hex
        values["now"] = _now()
        row = connection.execute(SQLITE_CLAIM, values).fetchone()
        if row is None:
            return False
        values["hint"], values["code"] = row
        if logged:
            values["line"] = new_id().hex
            values["after"] = f'{{"state":"issued","customer_id":"{values["receiver"]}"}}'
            connection.execute(SQLITE_LINE, values)
        return True

    return step


def sqlite_subscribe(claim: Claim) -> Step:
    """Return the step that subscribes a recipient whom nobody has subscribed."""
    run = new_id().hex

    def step(connection: sqlite3.Connection, number: int) -> bool:
        values = {
            "organization": claim.caller.organization_id,
            "recipient": f"ceiling{run}{number}@example.com",
            "id": new_id().hex,
            "evidence": new_id().hex,
            "now": _now(),
        }
        for statement in SQLITE_SUBSCRIBE:
            connection.execute(statement, values)
        return True

    return step


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


async def measure(what: str, place: Place, claim: Claim, seconds: float) -> dict[str, float]:
    """Return how often a second the database alone does something, by how it is asked to.

    Args:
        what: "claim" or "subscribe".
    """
    if place.kind == "postgres":
        scripts = _scripts(what, claim)
        return {
            name: await pgbench(place.url, script, clients=clients, seconds=seconds)
            for name, (script, clients) in scripts.items()
        }
    path = place.url.removeprefix("sqlite:///")
    return {
        name: await asyncio.to_thread(sqlite_steps, path, step, batch=batch, seconds=seconds)
        for name, (step, batch) in _steps(what, claim).items()
    }


def _scripts(what: str, claim: Claim) -> dict[str, tuple[str, int]]:
    """Return the scripts, and by how many clients each is run."""
    many = f"pgbench {PGBENCH_CLIENTS}"
    if what == "subscribe":
        script = subscribe_script(claim)
        return {"pgbench 1": (script, 1), many: (script, PGBENCH_CLIENTS)}
    script = claim_script(claim, logged=False)
    logged = claim_script(claim, logged=True), PGBENCH_CLIENTS
    return {"pgbench 1": (script, 1), many: (script, PGBENCH_CLIENTS), f"{many}{LOGGED}": logged}


def _steps(what: str, claim: Claim) -> dict[str, tuple[Step, int]]:
    """Return the steps, and how many of each are in a commit."""
    many = f"{BATCH} a commit"
    if what == "subscribe":
        return {"1 a commit": (sqlite_subscribe(claim), 1), many: (sqlite_subscribe(claim), BATCH)}
    return {
        "1 a commit": (sqlite_claim(claim, logged=False), 1),
        many: (sqlite_claim(claim, logged=False), BATCH),
        f"{many}{LOGGED}": (sqlite_claim(claim, logged=True), BATCH),
    }


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
