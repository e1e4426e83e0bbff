"""`largesse keys`: what programs present instead of a name and password."""

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

    from largesse.core.access.model import ApplicationKey
    from largesse.core.access.people import NewKey
    from largesse.services import Services


@click.group()
def keys() -> None:
    """Make, list and revoke application keys."""


@keys.command()
@click.argument("name")
@click.option("--user", "username", required=True, help="The user as whom the key acts.")
@organization_option
@json_option
def create(name: str, username: str, organization: str | None, as_json: bool) -> None:
    """Make an application key. Its text is shown this once and kept nowhere."""
    from largesse.core.errors import UnknownUser
    from largesse.core.text import folded

    async def work(services: "Services") -> "NewKey":
        caller = await chosen(services, organization)
        found = await services.users.page(caller, limit=1, username_key=folded(username))
        if not found.items:
            raise UnknownUser(username, "username")
        return await services.keys.create_key(caller, {"name": name, "user_id": found.items[0].id})

    made = run(work)
    record = {"id": made.key.id, "name": made.key.name, "application_key": made.secret}
    show_record(record, as_json=as_json)


@keys.command("list")
@organization_option
@limit_option
@after_option
@json_option
def list_(organization: str | None, limit: int, after: Any, as_json: bool) -> None:
    """List the application keys of an organization, the revoked ones too."""

    async def work(services: "Services") -> "list[ApplicationKey]":
        caller = await chosen(services, organization)
        return await pages(services.keys.page, caller, limit=limit, after=after)

    rows = [
        {
            "id": key.id,
            "name": key.name,
            "user_id": key.user_id,
            "created_at": key.created_at,
            "revoked_at": key.revoked_at,
        }
        for key in run(work)
    ]
    show_rows(rows, as_json=as_json)


@keys.command()
@click.argument("key_id", metavar="ID", type=click.UUID)
@organization_option
@json_option
def revoke(key_id: "UUID", organization: str | None, as_json: bool) -> None:
    """Revoke an application key, and with it the tokens that were got with it."""

    async def work(services: "Services") -> None:
        await services.keys.delete(await chosen(services, organization), key_id)

    run(work)
    show_record({"id": key_id, "revoked": True}, as_json=as_json)
