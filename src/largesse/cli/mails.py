"""`largesse mails`: the queue of mails. What they say stays out of lists."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import rich_click as click

from largesse.cli.bounces import bounces, hooks, reports
from largesse.cli.errors import CommandError
from largesse.cli.output import json_option, show_json, show_record, show_rows
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

    from largesse.core.mail.model import Attempt, Mail
    from largesse.core.mail.queue import Changed, Pause, QueueStats
    from largesse.services import Services

STATES = ("queued", "sending", "sent", "failed", "uncertain", "cancelled", "suppressed")


@click.group()
def mails() -> None:
    """List mails, follow and steer their queue."""


for _command in (bounces, reports, hooks):
    mails.add_command(_command)


def filters(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that choose mails."""
    for option in (
        click.option("--template", "template_key", metavar="KEY", help="Made from this template."),
        click.option("--job", "job_id", type=click.UUID, metavar="ID", help="Made by this job."),
        click.option("--domain", metavar="NAME", help="To addresses of this domain."),
        click.option("--reason", metavar="TEXT", help="Failed for this reason, e.g. '550 5.1.1'."),
    ):
        command = option(command)
    return command


@mails.command("list")
@click.option("--state", type=click.Choice(STATES))
@click.option("--reason", metavar="TEXT", help="Failed for this reason, e.g. '550 5.1.1'.")
@organization_option
@limit_option
@after_option
@json_option
def list_(
    state: str | None,
    reason: str | None,
    organization: str | None,
    limit: int,
    after: Any,
    as_json: bool,
) -> None:
    """List the mails of an organization."""

    async def work(services: "Services") -> "list[Mail]":
        caller = await chosen(services, organization)
        return await pages(
            services.mails.page, caller, limit=limit, after=after, state=state, reason=reason
        )

    show_rows([_record(mail) for mail in run(work)], as_json=as_json)


@mails.command()
@click.argument("mail_id", metavar="ID", type=click.UUID)
@organization_option
@json_option
def show(mail_id: "UUID", organization: str | None, as_json: bool) -> None:
    """Show a mail and every attempt to hand it over."""

    async def work(services: "Services") -> "tuple[Mail, list[Attempt]]":
        caller = await chosen(services, organization)
        mail = await services.mails.get(caller, mail_id)
        return mail, await services.mails.attempts(caller, mail_id)

    mail, attempts = run(work)
    lines = [_attempt(one) for one in attempts]
    if as_json:
        show_json(_whole(mail) | {"ledger": lines})
        return
    show_record(_whole(mail), as_json=False)
    click.echo()
    show_rows(lines, as_json=False)


@mails.command()
@click.argument("mail_id", metavar="[ID]", type=click.UUID, required=False)
@click.option("--all", "every", is_flag=True, help="Every failed one that the options choose.")
@click.option("--uncertain", is_flag=True, help="With --all: uncertain ones instead of failed.")
@filters
@organization_option
@json_option
def retry(
    mail_id: "UUID | None",
    every: bool,
    uncertain: bool,
    organization: str | None,
    as_json: bool,
    **chosen_by: Any,
) -> None:
    """Queue a failed or uncertain mail again as if it were new, or with --all many."""
    if uncertain:
        chosen_by["state"] = "uncertain"
    _check_choice(mail_id, every, chosen_by)

    async def work(services: "Services") -> "Mail | int":
        caller = await chosen(services, organization)
        if mail_id is not None:
            return await services.mails.retry(caller, mail_id)
        return await _all(lambda: services.mail_queue.retry_all(caller, chosen_by))

    _show_changed(run(work), as_json=as_json)


@mails.command()
@click.argument("mail_id", metavar="[ID]", type=click.UUID, required=False)
@click.option("--all", "every", is_flag=True, help="Every one that waits and the options choose.")
@filters
@organization_option
@json_option
def cancel(
    mail_id: "UUID | None",
    every: bool,
    organization: str | None,
    as_json: bool,
    **chosen_by: Any,
) -> None:
    """Take a mail that waits out of the queue, or with --all many."""
    _check_choice(mail_id, every, chosen_by)

    async def work(services: "Services") -> "Mail | int":
        caller = await chosen(services, organization)
        if mail_id is not None:
            return await services.mails.cancel(caller, mail_id)
        return await _all(lambda: services.mail_queue.cancel_all(caller, chosen_by))

    _show_changed(run(work), as_json=as_json)


def what(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say what is paused."""
    for option in (
        click.option("--domain", metavar="NAME", help="Only mails to this domain."),
        click.option("--transport", metavar="NAME", help="Only this transport: main or fallback."),
    ):
        command = option(command)
    return command


@mails.command()
@what
@organization_option
@json_option
def pause(
    transport: str | None, domain: str | None, organization: str | None, as_json: bool
) -> None:
    """Send nothing of an organization: at all, by a transport, or to a domain."""
    kind, name = _what(transport, domain)

    async def work(services: "Services") -> "list[Pause]":
        caller = await chosen(services, organization)
        await services.mail_queue.pause(caller, kind, name)
        return await services.mail_queue.pauses(caller)

    show_rows([_pause(one) for one in run(work)], as_json=as_json)


@mails.command()
@what
@organization_option
@json_option
def resume(
    transport: str | None, domain: str | None, organization: str | None, as_json: bool
) -> None:
    """End a pause, and print those that are left."""
    kind, name = _what(transport, domain)

    async def work(services: "Services") -> "list[Pause]":
        caller = await chosen(services, organization)
        await services.mail_queue.resume(caller, kind, name)
        return await services.mail_queue.pauses(caller)

    show_rows([_pause(one) for one in run(work)], as_json=as_json)


@mails.command()
@organization_option
@json_option
def stats(organization: str | None, as_json: bool) -> None:
    """Count mails by state and reason, and show pauses and transports."""

    async def work(services: "Services") -> "QueueStats":
        return await services.mail_queue.stats(await chosen(services, organization))

    found = run(work)
    if as_json:
        show_json(found)
        return
    show_rows(
        [{"state": one.state, "reason": one.reason, "count": one.count} for one in found.counts],
        as_json=False,
    )
    if found.oldest_due_at is not None:
        click.echo()
        show_record({"oldest_due_at": found.oldest_due_at}, as_json=False)
    for rows in ([_pause(one) for one in found.pauses], [_transport(o) for o in found.transports]):
        if rows:
            click.echo()
            show_rows(rows, as_json=False)


def _check_choice(mail_id: "UUID | None", every: bool, chosen_by: dict[str, Any]) -> None:
    if (mail_id is None) != every:
        raise CommandError("Name one mail, or choose with --all.")
    if mail_id is not None and any(one is not None for one in chosen_by.values()):
        raise CommandError("The options that choose mails need --all.")


def _what(transport: str | None, domain: str | None) -> tuple[str, str | None]:
    if transport is not None and domain is not None:
        raise CommandError("Name a transport or a domain, not both.")
    if transport is not None:
        return "transport", transport
    return ("queue", None) if domain is None else ("domain", domain)


async def _all(change: "Callable[[], Any]") -> int:
    """Change what there is, some at a time; return how many."""
    count = 0
    while True:
        changed: Changed = await change()
        count += changed.count
        if not changed.more:
            return count


def _show_changed(changed: "Mail | int", *, as_json: bool) -> None:
    record = {"count": changed} if isinstance(changed, int) else _record(changed)
    show_record(record, as_json=as_json)


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


def _whole(mail: "Mail") -> dict[str, Any]:
    return _record(mail) | {
        "reason": mail.reason,
        "message_id": mail.message_id,
        "priority": mail.priority,
        "template_key": mail.template_key,
        "job_id": mail.job_id,
        "created_at": mail.created_at,
    }


def _attempt(attempt: "Attempt") -> dict[str, Any]:
    return {
        "outcome": attempt.outcome,
        "reply": attempt.reply,
        "transport": attempt.transport,
        "worker": attempt.worker,
        "started_at": attempt.started_at,
        "ended_at": attempt.ended_at,
    }


def _pause(pause: "Pause") -> dict[str, Any]:
    return {"paused": pause.kind, "name": pause.name, "since": pause.since}


def _transport(transport: Any) -> dict[str, Any]:
    return {
        "transport": transport.name,
        "blocked_seconds": round(transport.blocked_seconds, 1),
        "failures": transport.failures,
        "reason": transport.reason,
    }
