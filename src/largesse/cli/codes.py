"""`largesse codes`: fill a campaign's pool, and see what became of its codes."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

import rich_click as click

from largesse.cli.output import json_option, show_json, show_record
from largesse.cli.session import chosen, organization_option, run

if TYPE_CHECKING:
    from largesse.core.access.model import Caller
    from largesse.core.campaigns.model import Campaign
    from largesse.services import Services

STEP = 5_000
"""Codes made in one transaction: on SQLite a server waits no longer for its own."""

STATES = ("available", "issued", "redeemed", "expired", "cancelled")

campaign_option = click.option(
    "--campaign", required=True, help="Its name, alternative code or id."
)


@click.group()
def codes() -> None:
    """Generate, import, export and show promotion codes."""


@codes.command()
@campaign_option
@click.option("--count", required=True, type=click.IntRange(1), help="How many new codes to make.")
@organization_option
@json_option
def generate(campaign: str, count: int, organization: str | None, as_json: bool) -> None:
    """Put new random codes into a campaign's pool.

    They go in by thousands: after an interruption those that were counted are there.
    """
    from largesse.core.codes.model import CampaignRef

    async def work(services: "Services") -> dict[str, Any]:
        caller = await chosen(services, organization)
        found = await _campaign(services, caller, campaign)
        ref = CampaignRef("id", found.id.hex)
        await _check_room(services, caller, found, count)
        added = 0
        with _progress(count) as tell:
            while added < count:
                added += await services.codes.generate(caller, ref, min(STEP, count - added))
                tell(added)
        levels = await services.codes.levels(caller, ref)
        return {"campaign": found.name, "added": added, "codes": levels}

    show_record(run(work), as_json=as_json)


@codes.command("import")
@campaign_option
@click.argument("file", type=click.File(encoding="utf-8-sig"))
@organization_option
@json_option
def import_(campaign: str, file: TextIO, organization: str | None, as_json: bool) -> None:
    """Put the codes of a FILE into a campaign's pool, all of them or none; - is standard input.

    A code stands on each line, 100,000 at most.
    """
    from largesse.core.codes.model import CampaignRef

    given = [line.strip() for line in file]

    async def work(services: "Services") -> dict[str, Any]:
        caller = await chosen(services, organization)
        found = await _campaign(services, caller, campaign)
        ref = CampaignRef("id", found.id.hex)
        added = await services.codes.add(caller, ref, [code for code in given if code])
        levels = await services.codes.levels(caller, ref)
        return {"campaign": found.name, "added": len(added), "codes": levels}

    show_record(run(work), as_json=as_json)


@codes.command()
@campaign_option
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@organization_option
@json_option
def export(campaign: str, state: str | None, organization: str | None, as_json: bool) -> None:
    """Print every code of a campaign, as CSV or, with --json, as a line of JSON for each."""
    import csv
    from dataclasses import fields

    from largesse.core.codes.model import Code
    from largesse.core.records import PAGE_LIMIT

    names = [field.name for field in fields(Code)]
    sheet = csv.writer(sys.stdout, lineterminator="\n")

    async def work(services: "Services") -> None:
        caller = await chosen(services, organization)
        found = await _campaign(services, caller, campaign)
        if not as_json:
            sheet.writerow(names)
        after = None
        while True:
            page = await services.codes.page(
                caller, campaign_id=found.id, state=state, after=after, limit=PAGE_LIMIT
            )
            for code in page.items:
                if as_json:
                    show_json(code)
                else:
                    sheet.writerow([getattr(code, name) for name in names])
            after = page.next_after
            if after is None:
                return

    run(work)


@codes.command()
@click.argument("code")
@organization_option
@json_option
def show(code: str, organization: str | None, as_json: bool) -> None:
    """Show what became of a code; its letters may be typed in any case."""

    async def work(services: "Services") -> dict[str, Any]:
        caller = await chosen(services, organization)
        found = await services.codes.named(caller, code)
        campaign = await services.campaigns.get(caller, found.campaign_id)
        return {
            "id": found.id,
            "code": found.code,
            "state": found.state,
            "campaign": campaign.name,
            "customer_id": found.customer_id,
            "account_id": found.account_id,
            "created_at": found.created_at,
            "issued_at": found.issued_at,
            "expires_at": found.expires_at,
        }

    show_record(run(work), as_json=as_json)


async def _campaign(services: "Services", caller: "Caller", name: str) -> "Campaign":
    """Return a campaign by its name, alternative code or id. Raises UnknownCampaign."""
    from largesse.core.errors import UnknownCampaign

    for field in ("name", "alternative_code", "id"):
        try:
            return await services.campaigns.named(caller, field, name)
        except UnknownCampaign:
            continue
    raise UnknownCampaign(name, "name, alternative code or id")


async def _check_room(
    services: "Services", caller: "Caller", campaign: "Campaign", count: int
) -> None:
    """Refuse the whole count before any of it is made. Raises InvalidCodeFormat."""
    from largesse.core.codes.format import CodeFormat
    from largesse.core.codes.model import CampaignRef

    levels = await services.codes.levels(caller, CampaignRef("id", campaign.id.hex))
    CodeFormat.of(campaign).check_room(sum(levels.values()) + count)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal, else a line for each step, always on standard error."""
    if not sys.stderr.isatty():
        yield lambda done: click.echo(f"{done:,} of {total:,} codes", err=True)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("codes", total=total)
        yield lambda done: progress.update(task, completed=done)
