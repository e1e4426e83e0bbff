"""`largesse units`: the business units of an organization."""

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
    from largesse.core.access.model import Unit
    from largesse.services import Services


@click.group()
def units() -> None:
    """Make and list business units."""


@units.command()
@click.argument("name")
@click.option("--code", required=True, help="The alternative code, by which logins name the unit.")
@click.option("--description")
@click.option("--group-name", help="CRM.COM prints it.")
@click.option("--community-name", help="CRM.COM prints it.")
@organization_option
@json_option
def create(name: str, code: str, organization: str | None, as_json: bool, **more: Any) -> None:
    """Make a business unit."""
    given = {field: value for field, value in more.items() if value is not None}

    async def work(services: "Services") -> "Unit":
        caller = await chosen(services, organization)
        return await services.units.create(caller, {"name": name, "alternative_code": code} | given)

    show_record(_record(run(work)), as_json=as_json)


@units.command("list")
@organization_option
@limit_option
@after_option
@json_option
def list_(organization: str | None, limit: int, after: Any, as_json: bool) -> None:
    """List the business units of an organization."""

    async def work(services: "Services") -> "list[Unit]":
        caller = await chosen(services, organization)
        return await pages(services.units.page, caller, limit=limit, after=after)

    show_rows([_record(unit) for unit in run(work)], as_json=as_json)


def _record(unit: "Unit") -> dict[str, Any]:
    return {
        "id": unit.id,
        "name": unit.name,
        "code": unit.alternative_code,
        "description": unit.description,
    }
