"""`largesse mails bounces`, `reports` and `hooks`: what comes back of mails."""

import os
from typing import IO, TYPE_CHECKING, Any

import rich_click as click

from largesse.cli.errors import sentence
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
    from largesse.core.reports.model import MailReport, Taken
    from largesse.services import Services

KINDS = ("hard_bounce", "soft_bounce", "complaint", "unsubscribed")


@click.command()
@click.argument("file", type=click.File("rb"))
@organization_option
@json_option
@click.pass_context
def bounces(ctx: click.Context, file: IO[bytes], organization: str | None, as_json: bool) -> None:
    """Take a bounce or complaint, one whole message, from FILE; - is standard input.

    For a pipe of a mail system. Exit codes are those of sysexits.h: 0 when the message was taken,
    be it an automatic reply that tells of nothing; 65 when it is no report; 75 when it is to be
    tried again later.
    """
    from largesse.core.errors import InvalidValue

    async def work(services: "Services") -> "Taken":
        caller = await chosen(services, organization)
        limit = services.settings.reports.max_bytes
        raw = file.read(limit + 1)
        if len(raw) > limit:
            raise InvalidValue("message", f"is larger than {limit:,} bytes")
        return await services.mail_reports.take_message(caller, raw)

    try:
        taken = run(work)
    except InvalidValue as refusal:
        click.echo(f"Error: {sentence(refusal)}", err=True)
        ctx.exit(os.EX_DATAERR)
    except Exception as error:
        click.echo(f"Error: {sentence(error)}", err=True)
        ctx.exit(os.EX_TEMPFAIL)
    record = {
        "recorded": len(taken.recorded),
        "repeated": taken.repeated,
        "unknown": taken.unknown,
        "note": taken.note,
    }
    show_record(record, as_json=as_json)


@click.command()
@click.option("--kind", type=click.Choice(KINDS), help="Only those of this kind.")
@click.option("--mail", "mail_id", type=click.UUID, metavar="ID", help="Only those of this mail.")
@organization_option
@limit_option
@after_option
@json_option
def reports(
    kind: str | None, mail_id: Any, organization: str | None, limit: int, after: Any, as_json: bool
) -> None:
    """List the bounces and complaints that came back."""

    async def work(services: "Services") -> "list[MailReport]":
        caller = await chosen(services, organization)
        page = services.mail_reports.page
        return await pages(page, caller, limit=limit, after=after, kind=kind, mail_id=mail_id)

    show_rows([_record(one) for one in run(work)], as_json=as_json)


@click.command()
@organization_option
@json_option
def hooks(organization: str | None, as_json: bool) -> None:
    """Show the paths at which mail services that are set up are to post what becomes of mails."""

    async def work(services: "Services") -> list[dict[str, Any]]:
        found = await services.mail_reports.hooks(await chosen(services, organization))
        prefixes = services.settings.native.prefixes or ["/v1"]
        return [
            {"service": name, "path": f"{prefixes[0].rstrip('/')}/mail-reports/{path}"}
            for name, path in found.items()
        ]

    show_rows(run(work), as_json=as_json)


def _record(one: "MailReport") -> dict[str, Any]:
    return {
        "id": one.id,
        "created_at": one.created_at,
        "kind": one.kind,
        "address": one.address,
        "mail_id": one.mail_id,
        "source": one.source,
        "status": one.status,
        "diagnostic": one.diagnostic,
    }
