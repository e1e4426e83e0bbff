"""`largesse organizations`: the tenants of an installation."""

from typing import TYPE_CHECKING

import rich_click as click

from largesse.cli.output import json_option, show_record, show_rows
from largesse.cli.session import run

if TYPE_CHECKING:
    from largesse.core.access.model import Organization
    from largesse.services import Services


@click.group()
def organizations() -> None:
    """Make and list organizations."""


@organizations.command()
@click.argument("name")
@click.option("--alias", "aliases", multiple=True, help="Another name that clients send.")
@click.option(
    "--called",
    "called",
    nargs=2,
    multiple=True,
    metavar="DIALECT NAME",
    help="An alias that one dialect also prints, e.g. --called valomnia Lyon.",
)
@json_option
def create(
    name: str, aliases: tuple[str, ...], called: tuple[tuple[str, str], ...], as_json: bool
) -> None:
    """Make an organization. Its name and aliases are unique, in any case of letters."""
    from largesse.app import DIALECTS

    known = [dialect.name for dialect in DIALECTS]
    for dialect, _ in called:
        if dialect not in known:
            raise click.BadParameter(f"{dialect!r} is none of {', '.join(known)}.")
    names = [(alias, None) for alias in aliases]
    printed = [(alias, dialect) for dialect, alias in called]

    async def work(services: "Services") -> "Organization":
        return await services.access.create_organization(name, [*names, *printed])

    made = run(work)
    everything = [alias for alias, _ in (*names, *printed)]
    record = {"id": made.id, "name": made.name, "aliases": everything}
    show_record(record, as_json=as_json)


@organizations.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the organizations with all names by which clients know them."""

    async def work(services: "Services") -> "list[Organization]":
        return await services.access.organizations()

    rows = [
        {"id": found.id, "name": found.name, "aliases": [*found.aliases]} for found in run(work)
    ]
    show_rows(rows, as_json=as_json)
