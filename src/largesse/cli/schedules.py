"""`largesse schedules`: jobs that start by the clock."""

import json
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

if TYPE_CHECKING:
    from uuid import UUID

    from largesse.core.jobs.model import Job
    from largesse.core.schedules.model import Schedule, Slot
    from largesse.services import Services

schedule_argument = click.argument("schedule_id", metavar="ID", type=click.UUID)


@click.group()
def schedules() -> None:
    """Have jobs started by the clock."""


@schedules.command("list")
@organization_option
@limit_option
@after_option
@json_option
def list_(organization: str | None, limit: int, after: Any, as_json: bool) -> None:
    """List the schedules of an organization."""

    async def work(services: "Services") -> "list[Schedule]":
        caller = await chosen(services, organization)
        return await pages(services.schedules.page, caller, limit=limit, after=after)

    show_rows([_record(schedule) for schedule in run(work)], as_json=as_json)


@schedules.command()
@click.argument("name")
@click.option("--cron", required=True, help="Minute, hour, day of month, month, day of week.")
@click.option("--zone", default="UTC", show_default=True, help="The time zone, e.g. Europe/Berlin.")
@click.option("--kind", required=True, help="The kind of job, e.g. generate_codes.")
@click.option(
    "--parameter",
    "-p",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="What the job needs; a VALUE that is JSON counts as such. Repeatable.",
)
@organization_option
@json_option
def add(
    name: str,
    cron: str,
    zone: str,
    kind: str,
    parameters: tuple[str, ...],
    organization: str | None,
    as_json: bool,
) -> None:
    """Add a schedule.

    E.g. `largesse schedules add nightly --cron "0 3 * * *" --kind generate_codes
    -p campaign="Spring sale" -p count=1000`.
    """
    new = {
        "name": name,
        "cron": cron,
        "zone": zone,
        "kind": kind,
        "parameters": dict(map(_parameter, parameters)),
    }

    async def work(services: "Services") -> "Schedule":
        return await services.schedules.create(await chosen(services, organization), new)

    show_record(_record(run(work)), as_json=as_json)


@schedules.command()
@schedule_argument
@organization_option
@json_option
def remove(schedule_id: "UUID", organization: str | None, as_json: bool) -> None:
    """Remove a schedule. The jobs that it started stay."""

    async def work(services: "Services") -> None:
        await services.schedules.delete(await chosen(services, organization), schedule_id)

    run(work)
    show_record({"id": schedule_id, "removed": True}, as_json=as_json)


@schedules.command()
@schedule_argument
@organization_option
@json_option
def pause(schedule_id: "UUID", organization: str | None, as_json: bool) -> None:
    """Let a schedule start nothing for now."""
    _enable(schedule_id, organization, False, as_json=as_json)


@schedules.command()
@schedule_argument
@organization_option
@json_option
def resume(schedule_id: "UUID", organization: str | None, as_json: bool) -> None:
    """Let a schedule go on; what was due while it was paused is not made up for."""
    _enable(schedule_id, organization, True, as_json=as_json)


@schedules.command("run")
@schedule_argument
@organization_option
@json_option
def run_(schedule_id: "UUID", organization: str | None, as_json: bool) -> None:
    """Start a schedule's job now, beside those that it starts by the clock."""

    async def work(services: "Services") -> "Job":
        return await services.schedules.run(await chosen(services, organization), schedule_id)

    job = run(work)
    show_record({"job_id": job.id, "kind": job.kind, "state": job.state}, as_json=as_json)


@schedules.command()
@schedule_argument
@organization_option
@limit_option
@after_option
@json_option
def slots(
    schedule_id: "UUID", organization: str | None, limit: int, after: Any, as_json: bool
) -> None:
    """List what a schedule started, the latest first."""

    async def work(services: "Services") -> "list[Slot]":
        caller = await chosen(services, organization)

        async def page(_caller: Any, **arguments: Any) -> Any:
            return await services.schedules.slots(caller, schedule_id, **arguments)

        return await pages(page, caller, limit=limit, after=after)

    found = [
        {"id": slot.id, "slot": slot.slot, "job_id": slot.job_id, "error": slot.error}
        for slot in run(work)
    ]
    show_rows(found, as_json=as_json)


def _enable(schedule_id: "UUID", organization: str | None, enabled: bool, *, as_json: bool) -> None:
    async def work(services: "Services") -> "Schedule":
        caller = await chosen(services, organization)
        return await services.schedules.change(caller, schedule_id, {"enabled": enabled})

    show_record(_record(run(work)), as_json=as_json)


def _parameter(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise click.BadParameter(f"{text!r} is not NAME=VALUE.", param_hint="--parameter")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _record(schedule: "Schedule") -> dict[str, Any]:
    return {
        "id": schedule.id,
        "name": schedule.name,
        "cron": schedule.cron,
        "zone": schedule.zone,
        "kind": schedule.kind,
        "parameters": schedule.parameters,
        "enabled": schedule.enabled,
        "next_at": schedule.next_at,
    }
