"""What group commit costs a client who is alone: the same request with it and without it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.pool import Pool, receiver
from largesse.core.codes.model import CampaignRef
from largesse.core.customers.model import AccountKind, ByAccount
from largesse.storage.database import Database

TURNS = 10
"""Requests of one kind before some of the other kind."""


@dataclass(frozen=True)
class Alone:
    """Latencies in milliseconds, one request after the other, inside one process."""

    together: list[float]
    one_by_one: list[float]

    @classmethod
    async def measure(cls, pool: Pool, campaign: str, seconds: float) -> "Alone":
        """Ask for codes in turns: through group commit, and each in a transaction of its own."""
        database, found = pool.services.database, cls([], [])
        ends = time.perf_counter() + seconds
        while time.perf_counter() < ends:
            await _ask(pool, campaign, found.together)
            database.submit = lambda *command: _unbatched(database, *command)  # type: ignore
            try:
                await _ask(pool, campaign, found.one_by_one)
            finally:
                del database.submit
        return found

    @classmethod
    def summary(cls, rounds: Sequence["Alone"]) -> dict[str, float]:
        """Return the medians, and their ratio made inside each round."""
        return {
            "together_ms": round(median(median(one.together) for one in rounds), 3),
            "one_by_one_ms": round(median(median(one.one_by_one) for one in rounds), 3),
            "ratio": round(
                median(median(one.together) / median(one.one_by_one) for one in rounds), 3
            ),
        }


async def _ask(pool: Pool, campaign: str, latencies: list[float]) -> None:
    for number in range(TURNS):
        started = time.perf_counter()
        await pool.services.codes.request(
            pool.caller,
            CampaignRef("alternative_code", campaign),
            ByAccount(AccountKind.REWARDS, "number", receiver(number)),
        )
        latencies.append((time.perf_counter() - started) * 1e3)


async def _unbatched(database: Database, batch: Any, command: Any) -> Any:
    async with database.write() as tx:
        (outcome,) = await batch(tx, [command])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
