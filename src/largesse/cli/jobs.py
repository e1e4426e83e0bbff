"""`largesse jobs`: long work, how far it is, and what became of each row."""

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

STATES = ("waiting", "running", "done", "failed", "cancelled")

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

    rows = [
        {
            "id": job.id,
            "kind": job.kind,
            "state": job.state,
            "done": job.done,
            "total": job.total,
            "counts": job.counts,
            "created_at": job.created_at,
        }
        for job in run(work)
    ]
    show_rows(rows, as_json=as_json)


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
@json_option
def rows(job_id: "UUID", organization: str | None, limit: int, after: int, as_json: bool) -> None:
    """List a job's rows and what became of each."""

    async def work(services: "Services") -> "list[JobRow]":
        caller = await chosen(services, organization)

        async def page(_caller: Any, **arguments: Any) -> Any:
            return await services.jobs.rows(caller, job_id, **arguments)

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
    """Let a worker go on with a cancelled or failed job, from where it stopped."""

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


def _show(job: "Job", *, as_json: bool) -> None:
    record = {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "counts": job.counts,
        "parameters": job.parameters,
        "attempts": job.attempts,
        "error": job.error,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }
    show_record(record, as_json=as_json)
