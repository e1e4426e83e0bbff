"""Runs what is due until it is told to stop."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import structlog

from largesse.worker.jobs import run_one_job
from largesse.worker.mail import send_due_mail

if TYPE_CHECKING:
    from largesse.services import Services

log = structlog.get_logger(__name__)

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0
"""Seconds to wait after a fault, e.g. of a database that is being restarted: more each time."""

FIGURES_SECONDS = 60.0
"""How often a worker looks for lines of the log to count."""

PRUNE_SECONDS = 3600.0
"""How often a worker looks for what is too old to be kept."""


async def run(services: "Services", stop: asyncio.Event) -> None:
    """Run jobs, send mail, start what is due, watch pools and count until `stop` is set.

    Work in hand is finished first.
    """
    poll = services.settings.worker_poll_seconds
    pools = services.settings.pool_check_seconds
    listener = asyncio.create_task(_listen(services))
    try:
        await asyncio.gather(
            _repeat("jobs", lambda: run_one_job(services, stop), services.wakeups.jobs, stop, poll),
            _repeat(
                "mail", lambda: send_due_mail(services, stop), services.wakeups.mail, stop, poll
            ),
            # Nothing wakes these: their time comes, and nobody is in a hurry.
            _repeat("schedules", services.schedules.start_due, asyncio.Event(), stop, poll),
            _repeat("pools", services.pools.check_due, asyncio.Event(), stop, pools),
            _repeat("figures", services.figures.roll_up, asyncio.Event(), stop, FIGURES_SECONDS),
            _repeat("pruning", lambda: _prune(services), asyncio.Event(), stop, PRUNE_SECONDS),
        )
    finally:
        listener.cancel()
        await asyncio.wait([listener])


async def _prune(services: "Services") -> bool:
    """Delete some of what is too old to be kept; False if nothing is left of it."""
    found = [await one.prune() for one in (services.jobs, services.schedules, services.events)]
    return any(found)


async def _listen(services: "Services") -> None:
    """Hear what other processes commit, for as long as there is something to listen to."""
    tries = 0
    while services.settings.worker_listen:
        began = time.monotonic()
        try:
            await services.database.listen()
            return
        except Exception as error:
            # What is not heard is found a moment later by looking for it.
            log.warning("listener lost", error=type(error).__name__)
        tries = tries + 1 if time.monotonic() - began < LONGEST_PAUSE else 0
        await asyncio.sleep(_pause(tries))


async def _repeat(
    name: str,
    work: Callable[[], Awaitable[bool]],
    wake: asyncio.Event,
    stop: asyncio.Event,
    poll: float,
) -> None:
    """Call `work` while it finds something; then wait to be woken, or to look again."""
    faults = 0
    while not stop.is_set():
        wake.clear()
        try:
            found = await work()
        except Exception:
            log.exception("worker fault", part=name)
            await _wait(stop, stop, _pause(faults))
            faults += 1
            continue
        faults = 0
        if not found:
            await _wait(wake, stop, poll)


def _pause(faults: int) -> float:
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**faults) * random.uniform(0.5, 1.5)


async def _wait(event: asyncio.Event, stop: asyncio.Event, seconds: float) -> None:
    tasks = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(stop.wait())]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
