"""`largesse jobs`: long work, how far it is, and what became of each row."""

import sys
from typing import TYPE_CHECKING, Any

import rich_click as click

from largesse.cli.output import json_option, show_record, show_rows
from largesse.cli.session import (
    after_option,
    chosen,
    limit_option,
    organization_option,
    pages,
    run,
)
from largesse.cli.working import run_here

if TYPE_CHECKING:
    from uuid import UUID

    from largesse.core.jobs.model import Job, JobRow
    from largesse.services import Services

STATES = ("waiting", "running", "done", "failed", "dead", "cancelled")

job_argument = click.argument("job_id", metavar="ID", type=click.UUID)


@click.group()
def jobs() -> None:
    """Follow, cancel and resume jobs."""


@jobs.command("list")
@click.option("--state", type=click.Choice(STATES))
@organization_option
@limit_option
@after_option
@json_option
def list_(
    state: str | None, organization: str | None, limit: int, after: Any, as_json: bool
) -> None:
    """List the jobs of an organization."""

    async def work(services: "Services") -> "list[Job]":
        caller = await chosen(services, organization)
        return await pages(services.jobs.page, caller, limit=limit, after=after, state=state)

    show_rows([_summary(job) for job in run(work)], as_json=as_json)


@jobs.command()
@job_argument
@organization_option
@json_option
def show(job_id: "UUID", organization: str | None, as_json: bool) -> None:
    """Show a job."""

    async def work(services: "Services") -> "Job":
        return await services.jobs.get(await chosen(services, organization), job_id)

    _show(run(work), as_json=as_json)


@jobs.command()
@job_argument
@organization_option
@limit_option
@click.option("--after", type=int, default=-1, metavar="POS", help="Print those behind this row.")
@click.option(
    "--outcome",
    metavar="OUTCOME",
    help="Only those with this outcome; `failed` stands for all that count as failures.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["table", "csv"]),
    default="table",
    show_default=True,
    help="CSV has all of them, whatever the limit is.",
)
@json_option
def rows(
    job_id: "UUID",
    organization: str | None,
    limit: int,
    after: int,
    outcome: str | None,
    kind: str,
    as_json: bool,
) -> None:
    """List a job's rows and what became of each."""
    if kind == "csv":
        if as_json or after != -1:
            raise click.UsageError("CSV has all rows; it goes with neither --json nor --after.")
        run(lambda services: _export(services, organization, job_id, outcome))
        return

    async def work(services: "Services") -> "list[JobRow]":
        caller = await chosen(services, organization)

        async def page(_caller: Any, **arguments: Any) -> Any:
            return await services.jobs.rows(caller, job_id, outcome=outcome, **arguments)

        return await pages(page, caller, limit=limit, after=after)

    found = [
        {
            "pos": row.pos,
            "kind": row.kind,
            "value": row.value,
            "outcome": row.outcome,
            "detail": row.detail,
        }
        for row in run(work)
    ]
    show_rows(found, as_json=as_json)


@jobs.command()
@job_argument
@organization_option
@json_option
def cancel(job_id: "UUID", organization: str | None, as_json: bool) -> None:
    """Stop a job where it is. What it did stays done."""

    async def work(services: "Services") -> "Job":
        return await services.jobs.cancel(await chosen(services, organization), job_id)

    _show(run(work), as_json=as_json)


@jobs.command()
@job_argument
@click.option("--here", is_flag=True, help="Run it in this process instead, and wait for it.")
@organization_option
@json_option
def resume(job_id: "UUID", here: bool, organization: str | None, as_json: bool) -> None:
    """Let a worker go on with a cancelled, failed or dead job, from where it stopped."""

    async def work(services: "Services") -> "Job":
        caller = await chosen(services, organization)
        if not here:
            return await services.jobs.resume(caller, job_id)
        job = await services.jobs.get(caller, job_id)
        if job.state not in ("waiting", "running"):
            # One whose process was killed still counts as running; its lease ends soon.
            await services.jobs.resume(caller, job_id)
        return await run_here(services, caller, job_id, noun="rows")

    _show(run(work), as_json=as_json)


async def _export(
    services: "Services", organization: str | None, job_id: "UUID", outcome: str | None
) -> None:
    """Write all rows to standard output while they are read."""
    from largesse.cli.sheets import CsvSheet
    from largesse.core.jobs.service import EXPORTED

    pages = await services.jobs.export(
        await chosen(services, organization), job_id, outcome=outcome
    )
    sheet = CsvSheet(sys.stdout, EXPORTED, with_head=True)
    async for page in pages:
        sheet.write(page)


def _summary(job: "Job") -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "failed": job.failed,
        "rate_per_second": job.rate_per_second and round(job.rate_per_second, 1),
        "seconds_left": job.seconds_left and round(job.seconds_left),
        "counts": job.counts,
        "created_at": job.created_at,
    }


def _show(job: "Job", *, as_json: bool) -> None:
    record = _summary(job) | {
        "parameters": job.parameters,
        "attempts": job.attempts,
        "error": job.error,
        "seconds_worked": round(job.seconds_worked, 1),
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }
    show_record(record, as_json=as_json)
