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
    from datetime import datetime
    from uuid import UUID

    from largesse.core.events.model import Event
    from largesse.services import Services

MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"])


@click.group()
def events() -> None:
    """Show what happened."""


@events.command("list")
@click.option("--kind", metavar="KIND", help="Only those of this kind, e.g. campaign.changed.")
@click.option("--subject-kind", metavar="KIND", help="Only those about one such, e.g. campaign.")
@click.option("--subject", metavar="ID", help="Only those about this one, e.g. a campaign.")
@click.option("--actor", metavar="USER", help="Only what this user did; also system and worker.")
@click.option("--key", type=click.UUID, metavar="ID", help="Only what was done with this key.")
@click.option("--request", metavar="ID", help="Only what came of this request.")
@click.option("--since", type=MOMENT, help="Only those from this moment on (UTC).")
@click.option("--until", type=MOMENT, help="Only those before this moment (UTC).")
@organization_option
@limit_option
@after_option
@json_option
def list_(
    kind: str | None,
    subject_kind: str | None,
    subject: str | None,
    actor: str | None,
    key: "UUID | None",
    request: str | None,
    since: "datetime | None",
    until: "datetime | None",
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
            subject_kind=subject_kind,
            subject_id=subject,
            actor=actor,
            key_id=key,
            request_id=request,
            since=_in_utc(since),
            until=_in_utc(until),
        )

    found = run(work)
    show_rows([_record(e) if as_json else _line(e) for e in found], as_json=as_json)


@events.command()
@click.argument("event_id", metavar="ID", type=click.UUID)
@organization_option
@json_option
def show(event_id: "UUID", organization: str | None, as_json: bool) -> None:
    """Show an event."""

    async def work(services: "Services") -> "Event":
        return await services.events.get(await chosen(services, organization), event_id)

    show_record(_record(run(work)), as_json=as_json)


def _in_utc(moment: "datetime | None") -> "datetime | None":
    from datetime import UTC

    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def _record(event: "Event") -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(event)


def _line(event: "Event") -> dict[str, Any]:
    """Return what fits into one line of a screen."""
    return {
        "id": event.id,
        "created_at": event.created_at,
        "actor": event.actor,
        "kind": event.kind,
        "subject_id": event.subject_id,
        "changes": _changes(event) | dict(event.data),
    }


def _changes(event: "Event") -> dict[str, Any]:
    """Return what became of each field: what it is, or `old → new`."""
    before, after = event.before or {}, event.after or {}
    if event.before is None or event.after is None:
        return {**before, **after}
    return {name: f"{before.get(name)} → {after.get(name)}" for name in {**before, **after}}
