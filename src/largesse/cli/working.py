"""Jobs that a command runs in its own process, with a bar that shows how far they are."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import rich_click as click

from largesse.cli.errors import CommandError

if TYPE_CHECKING:
    import asyncio

    from largesse.core.access.model import Caller
    from largesse.core.jobs.model import Job
    from largesse.services import Services

LOOK_SECONDS = 0.3
"""How often a job that another process runs is looked at."""

STEPS = 20
"""Plain lines that tell how far a job is, where there is no terminal to show a bar on."""

background_option = click.option(
    "--background", is_flag=True, help="Leave the job to a worker (`serve` or `worker`)."
)

Tell = Callable[[int], None]


async def run_here(services: "Services", caller: "Caller", job_id: UUID, *, noun: str) -> "Job":
    """Run a job here, or watch the worker that took it up first, until it is done.

    Ctrl-C cancels it behind the chunk in hand; what it did stays done.

    Raises:
        CommandError: the job is over and not done; the message says why, and how to go on.
    """
    from largesse.core.jobs.model import JobState

    await services.start()
    job = await services.jobs.get(caller, job_id)
    with stopped_by_signals() as stop, progress(noun, job.total) as tell:
        while job.state in (JobState.WAITING, JobState.RUNNING):
            tell(job.done)
            if stop.is_set():
                job = await services.jobs.cancel(caller, job_id)
            elif not await _work(services, job_id, stop, tell):
                await _pause(stop, LOOK_SECONDS)
                job = await services.jobs.get(caller, job_id)
            else:
                job = await services.jobs.get(caller, job_id)
        tell(job.done)
    if job.state == JobState.DONE:
        return job
    why = f": {job.error}" if job.error else "."
    raise CommandError(
        f"The job is {job.state} at {job.done:,} of {job.total:,} {noun}{why} "
        f"`largesse jobs resume {job.id} --here` goes on."
    )


async def _work(services: "Services", job_id: UUID, stop: "asyncio.Event", tell: Tell) -> bool:
    """Claim the job and run it; False if another process has it."""
    from largesse.core.errors import Refused
    from largesse.worker.jobs import LeaseLost, claim_job, run_claimed

    claim = await claim_job(services, job_id)
    if claim is None:
        return False
    try:
        await run_claimed(services, claim, stop, tell=lambda claim: tell(claim.done))
    except LeaseLost:
        return False
    except Refused:
        return True  # it is the job's error now
    return True


async def _pause(stop: "asyncio.Event", seconds: float) -> None:
    import asyncio

    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


@contextmanager
def stopped_by_signals() -> "Iterator[asyncio.Event]":
    """Return an event that Ctrl-C and SIGTERM set inside the block."""
    import asyncio

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    # No other thread is told of signals.
    told = threading.current_thread() is threading.main_thread()
    numbers = (signal.SIGINT, signal.SIGTERM) if told else ()
    for number in numbers:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


@contextmanager
def progress(noun: str, total: int | None) -> Iterator[Tell]:
    """Show a bar on a terminal, else some plain lines, always on standard error."""
    if not sys.stderr.isatty():
        yield _plain_lines(noun, total)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns: list[Any] = [TextColumn(noun), BarColumn(), MofNCompleteColumn()]
    columns.append(TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(noun, total=total)
        yield lambda done: bar.update(task, completed=done)


def _plain_lines(noun: str, total: int | None) -> Tell:
    told = 0

    def tell(done: int) -> None:
        nonlocal told
        if total and done > told and (done >= total or done - told >= total / STEPS):
            told = done
            click.echo(f"{done:,} of {total:,} {noun}", err=True)

    return tell
