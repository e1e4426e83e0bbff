"""Runs what is due until it is told to stop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import structlog

from largesse.worker.jobs import run_one_job
from largesse.worker.mail import send_due_mail

if TYPE_CHECKING:
    from largesse.services import Services

log = structlog.get_logger(__name__)

PAUSE_AFTER_FAULT = 5.0
"""Seconds to wait after an unexpected fault, e.g. a database that is being restarted."""


async def run(services: "Services", stop: asyncio.Event) -> None:
    """Run jobs, send mail and watch pools until `stop` is set; work in hand is finished first."""
    poll = services.settings.worker_poll_seconds
    pools = services.settings.pool_check_seconds
    await asyncio.gather(
        _repeat("jobs", lambda: run_one_job(services, stop), services.wakeups.jobs, stop, poll),
        _repeat("mail", lambda: send_due_mail(services), services.wakeups.mail, stop, poll),
        # Nobody is in a hurry to be told of a pool: nothing wakes this one.
        _repeat("pools", services.pools.check_due, asyncio.Event(), stop, pools),
    )


async def _repeat(
    name: str,
    work: Callable[[], Awaitable[bool]],
    wake: asyncio.Event,
    stop: asyncio.Event,
    poll: float,
) -> None:
    """Call `work` while it finds something; then wait to be woken, or to look again."""
    while not stop.is_set():
        wake.clear()
        try:
            if await work():
                continue
        except Exception:
            log.exception("worker fault", part=name)
            await _wait(stop, stop, PAUSE_AFTER_FAULT)
        await _wait(wake, stop, poll)


async def _wait(event: asyncio.Event, stop: asyncio.Event, seconds: float) -> None:
    tasks = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(stop.wait())]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
