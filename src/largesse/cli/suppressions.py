"""`largesse suppressions`: the addresses that get no mail."""

from typing import IO, TYPE_CHECKING, Any

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
    from largesse.core.suppressions.model import Suppression
    from largesse.core.suppressions.service import Listed
    from largesse.services import Services

REASONS = ("hard_bounce", "soft_bounces", "complaint", "unsubscribed", "manual")

SHOWN = 5
"""Lines of a file that are shown when they are no addresses."""

reason_option = click.option(
    "--reason", type=click.Choice(REASONS), default="manual", show_default=True
)
note_option = click.option("--note", help="A remark that is kept with it.")


@click.group()
def suppressions() -> None:
    """List the addresses that get no mail, add some, and take some back."""


@suppressions.command("list")
@click.option("--address", help="Only those of this address.")
@click.option("--reason", type=click.Choice(REASONS), help="Only those for this reason.")
@organization_option
@limit_option
@after_option
@json_option
def list_(
    address: str | None,
    reason: str | None,
    organization: str | None,
    limit: int,
    after: Any,
    as_json: bool,
) -> None:
    """List suppressed addresses, each with every reason."""

    async def work(services: "Services") -> "list[Suppression]":
        caller = await chosen(services, organization)
        return await pages(
            services.suppressions.page,
            caller,
            limit=limit,
            after=after,
            address=address,
            reason=reason,
        )

    show_rows([_record(one) for one in run(work)], as_json=as_json)


@suppressions.command()
@click.argument("address")
@reason_option
@note_option
@organization_option
@json_option
def add(
    address: str, reason: str, note: str | None, organization: str | None, as_json: bool
) -> None:
    """Let an address get no more mail."""

    async def work(services: "Services") -> "Suppression":
        new = {"address": address, "reason": reason, "note": note, "source": "cli"}
        return await services.suppressions.create(await chosen(services, organization), new)

    show_record(_record(run(work)), as_json=as_json)


@suppressions.command()
@click.argument("address")
@organization_option
@json_option
def remove(address: str, organization: str | None, as_json: bool) -> None:
    """Let an address get mail again, whatever the reasons were that it did not."""

    async def work(services: "Services") -> "list[Suppression]":
        return await services.suppressions.remove(await chosen(services, organization), address)

    show_rows([_record(one) for one in run(work)], as_json=as_json)


@suppressions.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8-sig", errors="replace"))
@reason_option
@note_option
@organization_option
@json_option
def import_(
    file: IO[str], reason: str, note: str | None, organization: str | None, as_json: bool
) -> None:
    """Suppress the addresses of a FILE, one on each line; - is standard input.

    Lines that are no addresses are told and passed over, and so are addresses that are suppressed
    for the same reason already. A list that was cut off can be given again.
    """
    from largesse.core.suppressions.model import Reason

    async def work(services: "Services") -> "Listed":
        caller = await chosen(services, organization)
        return await services.suppressions.add_list(caller, file, reason=Reason(reason), note=note)

    listed = run(work)
    for number, text, why in listed.refused[:SHOWN]:
        click.echo(f"line {number}: {text!a}: {why}", err=True)
    if len(listed.refused) > SHOWN:
        click.echo(f"and {len(listed.refused) - SHOWN:,} more", err=True)
    counts = {
        "added": listed.added,
        "present": listed.present,
        "refused": len(listed.refused),
    }
    show_record(counts, as_json=as_json)


def _record(one: "Suppression") -> dict[str, Any]:
    return {
        "id": one.id,
        "address": one.address,
        "reason": one.reason,
        "source": one.source,
        "since": one.created_at,
        "mail_id": one.mail_id,
        "note": one.note,
    }
