"""Workers are killed with kill -9 in the middle of batches: every grant is made exactly once."""

import asyncio
import os
import random

import pytest

from largesse.core.jobs.model import JobState
from largesse.services import Services
from tests.faults.batches import HASTY, open_batches
from tests.faults.server import worker

SEED = "LARGESSE_TEST_SEED"


@pytest.fixture
def rng() -> random.Random:
    """Chance whose seed is shown when the test fails."""
    seed = int(os.environ.get(SEED) or random.randrange(2**32))
    print(f"{SEED}={seed}")
    return random.Random(seed)


async def kill_and_count(
    services: Services,
    url: str,
    rng: random.Random,
    *,
    rounds: int,
    recipients: int,
    longest: float,
) -> None:
    """Kill a worker in each round, at a random moment after it has taken up a batch."""
    batches = await open_batches(services)
    met = 0
    while met < rounds:
        # One to be taken up, and one that keeps the worker busy: a machine that is slow to look
        # finds the first one done.
        while len(waiting := await batches.jobs_in(JobState.WAITING)) < 2:
            await batches.start(recipients)
        async with worker(url, **HASTY) as one:
            await batches.until(waiting[0], lambda now: now.state != JobState.WAITING, by=one)
            await asyncio.sleep(rng.uniform(0, longest))
            one.kill()
        met += bool(await batches.jobs_in(JobState.RUNNING))
    async with worker(url, **HASTY):
        await batches.all_done(seconds=240)
    await batches.check(rows=rounds < 10)
    assert batches.recipients >= rounds * recipients


async def test_every_grant_is_made_once_through_3_kills(
    services: Services, empty_url: str, rng: random.Random
) -> None:
    await kill_and_count(services, empty_url, rng, rounds=3, recipients=2000, longest=0.1)


@pytest.mark.soak
@pytest.mark.timeout(400)
async def test_300_000_grants_are_made_once_through_20_kills(
    services: Services, empty_url: str, rng: random.Random
) -> None:
    await kill_and_count(services, empty_url, rng, rounds=20, recipients=15_000, longest=0.8)
