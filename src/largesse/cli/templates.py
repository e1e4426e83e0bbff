"""`largesse templates`: what mails say."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

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
    from largesse.core.templates.model import MailTemplate, Rendered
    from largesse.services import Services

KINDS = ("marketing", "transactional")

locale_option = click.option(
    "--locale", metavar="LOCALE", help="A language such as de or de-AT; none: any."
)
file_type = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def templates() -> None:
    """Word the mails of an organization; docs/mail.md says what templates can do."""


@templates.command("list")
@organization_option
@limit_option
@after_option
@json_option
def list_(organization: str | None, limit: int, after: Any, as_json: bool) -> None:
    """List the templates of an organization, and the built-in ones."""

    async def work(services: "Services") -> "list[MailTemplate]":
        caller = await chosen(services, organization)
        own: list[MailTemplate] = await pages(
            services.templates.page, caller, limit=limit, after=after
        )
        return [*own, *(await services.templates.built_in(caller) if after is None else ())]

    show_rows([_line(template) for template in run(work)], as_json=as_json)


@templates.command()
@click.argument("key")
@locale_option
@organization_option
@json_option
def show(key: str, locale: str | None, organization: str | None, as_json: bool) -> None:
    """Show the template of a KEY that serves a locale, with its sources."""

    async def work(services: "Services") -> "MailTemplate":
        return await services.templates.named(await chosen(services, organization), key, locale)

    found = run(work)
    if as_json:
        show_json(found)
        return
    show_record(_line(found) | {"example": found.example, "subject": found.subject}, as_json=False)
    for name, source in (("body", found.body), ("text", found.text)):
        if source is not None:
            click.echo(f"\n--- {name} ---\n{source}")


@templates.command()
@click.argument("key")
@locale_option
@click.option("--subject", help="One line; may have expressions as well.")
@click.option("--body", "body_file", type=file_type, help="A file of MJML or HTML.")
@click.option("--text", "text_file", type=file_type, help="A file of plain text, else made.")
@click.option("--kind", type=click.Choice(KINDS), help="Marketing can be unsubscribed from.")
@click.option("--example", metavar="JSON", help="Values for previews, by their names.")
@organization_option
@json_option
def save(
    key: str,
    locale: str | None,
    subject: str | None,
    body_file: Path | None,
    text_file: Path | None,
    kind: str | None,
    example: str | None,
    organization: str | None,
    as_json: bool,
) -> None:
    """Make the template of a KEY and a locale, or change what is given of it."""
    given: dict[str, Any] = {
        "key": key,
        "locale": locale,
        "subject": subject,
        "body": _read(body_file),
        "text": _read(text_file),
        "kind": kind,
        "example": _object(example, "--example"),
    }
    new = {name: value for name, value in given.items() if value is not None}

    async def work(services: "Services") -> "MailTemplate":
        return await services.templates.save(await chosen(services, organization), new)

    show_record(_line(run(work)), as_json=as_json)


@templates.command()
@click.argument("key")
@locale_option
@click.option("--values", metavar="JSON", help="Values instead of those of the example.")
@click.option("--html", "as_html", is_flag=True, help="Print the HTML instead of the text.")
@organization_option
@json_option
def preview(
    key: str,
    locale: str | None,
    values: str | None,
    as_html: bool,
    organization: str | None,
    as_json: bool,
) -> None:
    """Fill the template of a KEY with its example, for nobody; no code is given."""
    given = _object(values, "--values") or {}

    async def work(services: "Services") -> "Rendered":
        caller = await chosen(services, organization)
        return await services.templates.preview_named(caller, key, locale, given)

    made = run(work)
    if as_json:
        show_json(made)
    elif as_html:
        click.echo(made.html)
    else:
        click.echo(f"Subject: {made.subject}\n\n{made.text}", nl=False)


@templates.command()
@click.argument("key")
@locale_option
@organization_option
def delete(key: str, locale: str | None, organization: str | None) -> None:
    """Delete the template of a KEY and this very locale. Built-in ones stay."""

    async def work(services: "Services") -> None:
        await services.templates.delete_named(await chosen(services, organization), key, locale)

    run(work)


def _line(template: "MailTemplate") -> dict[str, Any]:
    return {
        "id": template.id or "built in",
        "key": template.key,
        "locale": template.locale,
        "kind": template.kind,
        "version": template.version,
        "updated_at": template.updated_at,
    }


def _read(file: Path | None) -> str | None:
    try:
        return None if file is None else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} can not be read: {error}") from None


def _object(text: str | None, option: str) -> Mapping[str, Any] | None:
    import msgspec

    if text is None:
        return None
    try:
        found: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise CommandError(f"{option} is no JSON object: {error}") from None
    return found
