"""`largesse events`: the log of what happened. It is only read."""

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

    from largesse.core.events.model import Event
    from largesse.services import Services

KINDS = ("pool.low", "pool.empty", "pool.refilled", "pool.generating", "pool.not_refilled")


@click.group()
def events() -> None:
    """Show what happened."""


@events.command("list")
@click.option("--kind", type=click.Choice(KINDS))
@click.option("--subject", metavar="ID", help="Only those about this one, e.g. a campaign.")
@organization_option
@limit_option
@after_option
@json_option
def list_(
    kind: str | None,
    subject: str | None,
    organization: str | None,
    limit: int,
    after: Any,
    as_json: bool,
) -> None:
    """List the events of an organization."""

    async def work(services: "Services") -> "list[Event]":
        caller = await chosen(services, organization)
        return await pages(
            services.events.page,
            caller,
            limit=limit,
            after=after,
            kind=kind,
            subject_id=subject,
        )

    show_rows([_record(event) for event in run(work)], as_json=as_json)


@events.command()
@click.argument("event_id", metavar="ID", type=click.UUID)
@organization_option
@json_option
def show(event_id: "UUID", organization: str | None, as_json: bool) -> None:
    """Show an event."""

    async def work(services: "Services") -> "Event":
        return await services.events.get(await chosen(services, organization), event_id)

    show_record(_record(run(work)), as_json=as_json)


def _record(event: "Event") -> dict[str, Any]:
    return {
        "id": event.id,
        "created_at": event.created_at,
        "kind": event.kind,
        "subject_kind": event.subject_kind,
        "subject_id": event.subject_id,
        "data": event.data,
    }
