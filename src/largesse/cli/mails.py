"""`largesse mails`: the queue of mails. What they say stays out of lists."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from largesse.cli.bounces import bounces, hooks, reports
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

    from largesse.core.mail.model import Mail
    from largesse.services import Services

STATES = ("queued", "sending", "sent", "failed", "uncertain", "cancelled", "suppressed")


@click.group()
def mails() -> None:
    """List mails, and retry those that failed."""


@mails.command("list")
@click.option("--state", type=click.Choice(STATES))
@organization_option
@limit_option
@after_option
@json_option
def list_(
    state: str | None, organization: str | None, limit: int, after: Any, as_json: bool
) -> None:
    """List the mails of an organization."""

    async def work(services: "Services") -> "list[Mail]":
        caller = await chosen(services, organization)
        return await pages(services.mails.page, caller, limit=limit, after=after, state=state)

    show_rows([_record(mail) for mail in run(work)], as_json=as_json)


@mails.command()
@click.argument("mail_id", metavar="ID", type=click.UUID)
@organization_option
@json_option
def retry(mail_id: "UUID", organization: str | None, as_json: bool) -> None:
    """Queue a failed or uncertain mail again."""

    async def work(services: "Services") -> "Mail":
        return await services.mails.retry(await chosen(services, organization), mail_id)

    show_record(_record(run(work)), as_json=as_json)


for _command in (bounces, reports, hooks):
    mails.add_command(_command)


def _record(mail: "Mail") -> dict[str, Any]:
    return {
        "id": mail.id,
        "recipient": mail.recipient,
        "subject": mail.subject,
        "state": mail.state,
        "report": mail.report,
        "attempts": mail.attempts,
        "last_reply": mail.last_reply,
        "due_at": mail.due_at,
        "sent_at": mail.sent_at,
    }
