"""Runs jobs chunk by chunk: the cursor moves in the transaction of the chunk's effect."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from largesse.core.errors import Refused, Unavailable
from largesse.core.ids import new_id
from largesse.core.jobs import store
from largesse.core.jobs.model import Claim, JobState
from largesse.storage.errors import ConnectionLost, NoRoom

if TYPE_CHECKING:
    from largesse.services import Services

log = structlog.get_logger(__name__)

TURN_SECONDS = 5.0
"""How long a worker stays with one job before it looks for one that is less far."""

FIRST_RETRY = 1.0
"""Seconds before a job is taken up again after a fault; twice as long after each further one."""

SILENCE = 1.0
"""Seconds beyond a lease after which the database undoes what a silent worker has begun: until
then its transaction holds the job, and nobody can take it over."""

JITTER = 0.5, 1.5
"""What a pause is multiplied by, at random: jobs that failed together do not come back together."""

MOST_ATTEMPTS = 8
"""Faults in a row, without a chunk in between, after which a job is dead."""


class LeaseLost(Exception):
    """The job was cancelled, or another worker took it over."""


async def run_one_job(services: "Services", stop: asyncio.Event) -> bool:
    """Run the job whose turn it is, for a while or until `stop` is set; False if none waits."""
    claim = await claim_job(services)
    if claim is None:
        return False
    with structlog.contextvars.bound_contextvars(job=str(claim.id), kind=claim.kind):
        log.info("job taken up", done=claim.done, total=claim.total)
        if claim.attempts >= MOST_ATTEMPTS:
            await _stopped(services, claim, "the worker was lost again and again")
        else:
            await _take_turn(services, claim, stop)
    return True


async def claim_job(services: "Services", job_id: UUID | None = None) -> Claim | None:
    """Take up the job whose turn it is, or this very one; None if there is none to be had."""
    lease = services.settings.job_lease_seconds
    async with services.database.read() as tx:
        if not await store.is_any_due(tx):
            return None
    async with services.database.write(idle_seconds=lease + SILENCE) as tx:
        return await store.claim(tx, new_id(), lease_seconds=lease, job_id=job_id)


async def run_claimed(
    services: "Services",
    claim: Claim,
    stop: asyncio.Event,
    *,
    tell: Callable[[Claim], None],
) -> Claim:
    """Run a job that this process has claimed to its end, or until `stop` is set.

    `tell` is called behind each chunk. What goes wrong is recorded and raised.

    Raises:
        LeaseLost: the job was cancelled, or another worker took it over.
        Refused: the job can not go on as things stand.
    """
    try:
        while claim.done < claim.total and not stop.is_set():
            claim = await _run_chunk(services, claim)
            tell(claim)
    except LeaseLost:
        raise
    except Exception as error:
        await _ended_by(services, claim, error)
        raise
    return claim


async def _take_turn(services: "Services", claim: Claim, stop: asyncio.Event) -> None:
    ends = time.monotonic() + TURN_SECONDS
    try:
        claim = await _run_chunk(services, claim)
        while claim.done < claim.total and not stop.is_set() and time.monotonic() < ends:
            claim = await _run_chunk(services, claim)
    except LeaseLost:
        log.info("job left", done=claim.done)
    except Exception as error:
        if _is_final(error):
            log.info("job refused", done=claim.done, refusal=type(error).__name__)
        else:
            log.exception("job stopped by a fault", done=claim.done)
        await _ended_by(services, claim, error)
    else:
        if claim.done < claim.total:
            async with services.database.write() as tx:
                await store.release(tx, claim)
        else:
            log.info("job done", total=claim.total, **claim.counts)


def _is_final(error: Exception) -> bool:
    """Say whether to try again is of no use: a fault may pass, a refusal stands."""
    return isinstance(error, Refused) and not isinstance(error, Unavailable)


async def _ended_by(services: "Services", claim: Claim, error: Exception) -> None:
    """Record why a job does not go on."""
    if _is_final(error):
        async with services.database.write() as tx:
            await store.fail(tx, claim, str(error))
        return
    # The first line only: the others may quote the parameters, which are addresses.
    reason = (str(error).splitlines() or [""])[0]
    reason = f"{type(error).__name__}: {reason}"
    if isinstance(error, (ConnectionLost, NoRoom)):
        # Not the job's own fault: it waits for as long as it takes.
        async with services.database.write() as tx:
            await store.put_off(tx, claim, reason, seconds=_pause(0), attempts=0)
    else:
        await _stopped(services, claim, reason)


async def _stopped(services: "Services", claim: Claim, error: str) -> None:
    """Put the job off, or end it if that did not help often enough."""
    async with services.database.write() as tx:
        if claim.attempts + 1 < MOST_ATTEMPTS:
            await store.put_off(tx, claim, error, seconds=_pause(claim.attempts))
        else:
            await store.fail(tx, claim, error, state=JobState.DEAD)


def _pause(attempts: int) -> float:
    return FIRST_RETRY * 2.0**attempts * random.uniform(*JITTER)


async def _run_chunk(services: "Services", claim: Claim) -> Claim:
    """Run what is next and return the claim as it stands then. Raises LeaseLost."""
    kind = services.job_kinds[claim.kind]
    lease = services.settings.job_lease_seconds
    began = time.monotonic()
    async with services.database.write(idle_seconds=lease + SILENCE) as tx:
        chunk = await kind.next_chunk(tx, claim)
        # First, and in the same transaction as the effect: who no longer owns the job stops here.
        if not await store.advance(tx, claim, done=chunk.done, lease_seconds=lease):
            raise LeaseLost()
        outcome = await kind.run_chunk(tx, claim, chunk)
        now = time.monotonic()
        await store.record(
            tx,
            claim,
            outcome.rows,
            outcome.counts,
            failed=sum(outcome.counts.get(name, 0) for name in kind.failures),
            done=chunk.done,
            seconds=now - claim.since,
        )
    if chunk.done < claim.total:
        await asyncio.sleep(services.database.engine.pause_after(time.monotonic() - began))
    return replace(claim, done=chunk.done, counts=outcome.counts, attempts=0, since=now)
