"""Runs jobs chunk by chunk: the cursor moves in the transaction of the chunk's effect."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from largesse.core import clock
from largesse.core.grants.service import counted
from largesse.core.ids import new_id
from largesse.core.jobs import store
from largesse.core.jobs.model import Claim

if TYPE_CHECKING:
    from largesse.services import Services

log = structlog.get_logger(__name__)

CHUNK = 500
"""Rows in one transaction."""

LEASE_SECONDS = 30.0
"""How long a worker may be silent before another one takes its job over."""


class LeaseLost(Exception):
    """The job was cancelled, or another worker took it over."""


async def run_one_job(services: "Services", stop: asyncio.Event) -> bool:
    """Run the oldest job that waits until it ends or `stop` is set; False if none waits."""
    async with services.database.write() as tx:
        claim = await store.claim(tx, new_id(), lease_seconds=LEASE_SECONDS)
    if claim is None:
        return False
    log.info("job taken up", job=str(claim.id), kind=claim.kind, done=claim.done, total=claim.total)
    try:
        while claim.done < claim.total and not stop.is_set():
            claim = await _run_chunk(services, claim)
    except LeaseLost:
        log.info("job left", job=str(claim.id), done=claim.done)
    except Exception as error:
        log.exception("job failed", job=str(claim.id), done=claim.done)
        async with services.database.write() as tx:
            await store.fail(tx, claim, f"{type(error).__name__}: {error}", clock.now())
    else:
        if claim.done < claim.total:
            async with services.database.write() as tx:
                await store.release(tx, claim)
    return True


async def _run_chunk(services: "Services", claim: Claim) -> Claim:
    """Run the next rows and return the claim as it stands then. Raises LeaseLost."""
    async with services.database.write() as tx:
        rows = await store.rows_of(
            tx, claim.organization_id, claim.id, after=claim.done - 1, limit=CHUNK
        )
        done = claim.done + len(rows)
        # First, and in the same transaction as the effect: who no longer owns the job stops here.
        if not await store.advance(
            tx, claim, done=done, lease_seconds=LEASE_SECONDS, now=clock.now()
        ):
            raise LeaseLost()
        outcomes = await services.grants.run_chunk(tx, claim, rows)
        counts = counted(claim.counts, outcomes)
        await store.set_outcomes(tx, claim, outcomes, counts)
    return replace(claim, done=done, counts=counts)
