"""`largesse codes`: fill a campaign's pool, and see what became of its codes."""

import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from uuid import UUID

import rich_click as click

from largesse.cli.campaigns import campaign_named
from largesse.cli.errors import CommandError
from largesse.cli.output import json_option, show_record
from largesse.cli.session import chosen, organization_option, run
from largesse.cli.working import background_option, progress, run_here

if TYPE_CHECKING:
    from largesse.cli.sheets import Sheet
    from largesse.core.access.model import Caller
    from largesse.core.jobs.model import Job
    from largesse.services import Services

STATES = ("available", "issued", "redeemed", "expired", "cancelled")

BLOCK = 1024 * 1024
"""Bytes of a file that are read at once."""

SHOWN = 5
"""Lines of a file that are shown when they were not taken."""

campaign_option = click.option(
    "--campaign", required=True, help="Its name, alternative code or id."
)


@click.group()
def codes() -> None:
    """Generate, import, export and show promotion codes."""


@codes.command()
@campaign_option
@click.option("--count", required=True, type=click.IntRange(1), help="How many new codes to make.")
@background_option
@organization_option
@json_option
def generate(
    campaign: str, count: int, background: bool, organization: str | None, as_json: bool
) -> None:
    """Put new random codes into a campaign's pool.

    This is a job. Ctrl-C cancels it; `largesse jobs resume ID --here` goes on from where it was,
    also after a crash.
    """
    from largesse.core.codes.model import CampaignRef

    async def work(services: "Services") -> dict[str, Any]:
        caller = await chosen(services, organization)
        found = await campaign_named(services, caller, campaign)
        ref = CampaignRef("id", found.id.hex)
        job = await services.bulk_codes.generate(caller, ref, count)
        if not background:
            job = await run_here(services, caller, job.id, noun="codes")
        return _record(found.name, job)

    show_record(run(work), as_json=as_json)


@codes.command("import")
@campaign_option
@click.argument("file", type=click.File("rb"))
@click.option(
    "--errors",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the lines that were not taken into this CSV file, with the reasons.",
)
@background_option
@organization_option
@json_option
def import_(
    campaign: str,
    file: IO[bytes],
    errors: Path | None,
    background: bool,
    organization: str | None,
    as_json: bool,
) -> None:
    """Put the codes of a CSV FILE into a campaign's pool; - is standard input.

    The first line names the columns: code, and perhaps expires_at (2027-01-31T23:59:59Z). It may
    be left out if a code alone stands on each line. Lines that can not be taken, such as codes
    that exist already, are told and passed over. This is a job, which keeps the lines: it can be
    cancelled and resumed without the file.
    """
    from largesse.core.codes.model import CampaignRef

    async def work(services: "Services") -> dict[str, Any]:
        caller = await chosen(services, organization)
        found = await campaign_named(services, caller, campaign)
        ref = CampaignRef("id", found.id.hex)
        blocks = iter(lambda: file.read(BLOCK), b"")
        job = await services.bulk_codes.import_sheet(caller, ref, blocks)
        if not background:
            job = await run_here(services, caller, job.id, noun="lines")
            await _tell_errors(services, caller, job, errors)
        return _record(found.name, job)

    if background and errors is not None:
        raise click.UsageError("--errors waits for the job, and --background does not.")
    show_record(run(work), as_json=as_json)


async def _tell_errors(
    services: "Services", caller: "Caller", job: "Job", file: Path | None
) -> None:
    """Write what was not taken into a file, or show a few lines of it."""
    import csv

    refused = sum(count for outcome, count in job.counts.items() if outcome != "added")
    if file is None:
        page = await services.jobs.rows(caller, job.id, limit=SHOWN)
        for row in page.items:
            click.echo(f"line {row.pos}: {row.value!a}: {(row.detail or {})['reason']}", err=True)
        if refused > SHOWN:
            more = f"{refused - SHOWN:,} more; `largesse jobs rows {job.id}` lists them"
            click.echo(more, err=True)
        return
    with file.open("w", newline="") as opened:
        sheet = csv.writer(opened, lineterminator="\n")
        sheet.writerow(("line", "value", "outcome", "reason"))
        after: int | None = -1
        while after is not None:
            page = await services.jobs.rows(caller, job.id, after=after, limit=1000)
            for row in page.items:
                sheet.writerow((row.pos, row.value, row.outcome, (row.detail or {})["reason"]))
            after = page.next_after


def _record(campaign: str, job: "Job") -> dict[str, Any]:
    return {"campaign": campaign, "job": job.id, "state": job.state, "added": 0, **job.counts}


@codes.command()
@campaign_option
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write into this file instead of to standard output.",
)
@click.option("--format", "kind", type=click.Choice(("csv", "parquet")), default="csv")
@click.option("--resume", is_flag=True, help="Go on behind the last whole line of the file.")
@organization_option
@json_option
def export(
    campaign: str,
    state: str | None,
    output: Path | None,
    kind: str,
    resume: bool,
    organization: str | None,
    as_json: bool,
) -> None:
    """Print every code of a campaign, as CSV or, with --json, as a line of JSON for each.

    Parquet needs largesse[parquet]. What was cut off goes on with --resume.
    """
    from largesse.core.codes.model import CampaignRef, CodeState

    if output is None and (resume or kind == "parquet"):
        raise click.UsageError("--resume and Parquet need a file: --output.")
    if as_json and (output is not None or kind == "parquet"):
        raise click.UsageError("--json prints lines, and only to standard output.")
    if resume and kind == "parquet":
        raise click.UsageError("A Parquet file has no use before its end: it is not resumed.")

    async def work(services: "Services") -> int:
        caller = await chosen(services, organization)
        found = await campaign_named(services, caller, campaign)
        ref = CampaignRef("id", found.id.hex)
        wanted = None if state is None else CodeState(state)
        sheet, after = _sheet(output, kind, resume=resume, as_json=as_json)
        pages = await services.bulk_codes.export(caller, ref, state=wanted, after=after)
        total, written = None, 0
        if output is not None and sys.stderr.isatty():
            held = await services.codes.levels(caller, ref)
            total = sum(held.values()) if state is None else held.get(state, 0)
        with progress("codes", total) as tell:
            async for page in pages:
                sheet.write(page)
                written += len(page)
                tell(written)
        sheet.close()
        return written

    written = run(work)
    if output is not None:
        click.echo(f"{written:,} codes written to {output}", err=True)


def _sheet(
    output: Path | None, kind: str, *, resume: bool, as_json: bool
) -> "tuple[Sheet, UUID | None]":
    """Return what to write to, and the id behind which to begin.

    Raises:
        CommandError: the file can not be written, or gone on with.
    """
    from largesse.cli import sheets
    from largesse.core.codes.bulk import EXPORTED

    if as_json:
        return sheets.JsonLines(EXPORTED), None
    if output is None:
        return sheets.CsvSheet(sys.stdout, EXPORTED, with_head=True), None
    try:
        if kind == "parquet":
            return sheets.ParquetSheet(output, EXPORTED), None
        after, begun = None, resume and output.exists()
        if begun:
            after = sheets.cut_to_last_line(output, EXPORTED)
            begun = output.stat().st_size > 0
        file = output.open("a" if begun else "w", newline="")
    except OSError as error:
        raise CommandError(f"{output} can not be written: {error.strerror}") from None
    return sheets.CsvSheet(file, EXPORTED, with_head=not begun), after


@codes.command()
@campaign_option
@organization_option
@json_option
def levels(campaign: str, organization: str | None, as_json: bool) -> None:
    """Count a campaign's codes by state, and foresee when its pool runs out."""
    from dataclasses import asdict

    from largesse.core.codes.model import CampaignRef

    async def work(services: "Services") -> dict[str, Any]:
        caller = await chosen(services, organization)
        found = await campaign_named(services, caller, campaign)
        ref = CampaignRef("id", found.id.hex)
        held = await services.codes.levels(caller, ref)
        return {
            "campaign": found.name,
            "when_empty": found.when_empty,
            "codes": held,
            **asdict(await services.pools.forecast(caller, ref)),
        }

    show_record(run(work), as_json=as_json)


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
