"""`largesse grants`: give promotions to many, list who was given which, and revoke."""

from datetime import datetime
from typing import IO, TYPE_CHECKING, Any
from uuid import UUID

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
from largesse.cli.working import background_option, run_here

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from largesse.core.jobs.model import Job
    from largesse.services import Services

BLOCK = 256 * 1024
"""Bytes of a file that are read at once."""


@click.group()
def grants() -> None:
    """Give promotions to many, list grants, and revoke them."""


@grants.command("import")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--promotion",
    "promotions",
    metavar="KEY",
    multiple=True,
    required=True,
    help="What each of them gets; may be given several times.",
)
@click.option("--source", metavar="ID", help="One recipient gets one grant of each source.")
@click.option(
    "--expires-at",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d"]),
    help="When the grants end (2027-01-31, or 2027-01-31T23:59:59Z), if not with the promotion.",
)
@click.option("--template", metavar="KEY", help="Mail each recipient of each grant this template.")
@click.option("--dry-run", is_flag=True, help="Only say what would become of each recipient.")
@background_option
@organization_option
@json_option
def import_(
    file: IO[bytes],
    promotions: tuple[str, ...],
    source: str | None,
    expires_at: datetime | None,
    template: str | None,
    dry_run: bool,
    background: bool,
    organization: str | None,
    as_json: bool,
) -> None:
    """Give promotions to the recipients of a CSV FILE; - is standard input.

    The first line names the columns: profile_id, email, or both. The file is read to its end and
    checked first. Then a job gives the promotions: it can be cancelled and resumed without the
    file. `largesse jobs rows ID` says what became of each recipient.
    """
    from datetime import UTC

    from largesse.core.grants.model import GrantOrder
    from largesse.core.grants.sheet import recipients_in

    if expires_at is not None and expires_at.tzinfo is None:
        expires_at = expires_at.replace(tzinfo=UTC)
    order = GrantOrder(promotions, source, expires_at, template, dry_run)

    async def blocks() -> "AsyncIterator[bytes]":
        while block := file.read(BLOCK):
            yield block

    async def work(services: "Services") -> dict[str, Any]:
        caller = await chosen(services, organization)
        intake = services.grants.intake
        async with intake.received(caller, recipients_in(blocks()), lambda: order) as received:
            job = await received.accept()
        if not background:
            job = await run_here(services, caller, job.id, noun="recipients")
        return _record(job)

    show_record(run(work), as_json=as_json)


@grants.command()
@click.argument("grant_id", type=click.UUID, metavar="[ID]", required=False)
@click.option("--job", "job_id", type=click.UUID, metavar="ID", help="All grants of this batch.")
@click.option("--source", "source_id", metavar="ID", help="All grants from this source.")
@background_option
@organization_option
@json_option
def revoke(
    grant_id: UUID | None,
    job_id: UUID | None,
    source_id: str | None,
    background: bool,
    organization: str | None,
    as_json: bool,
) -> None:
    """Revoke the grant ID, or by a job all those of a batch or from a source."""
    if [grant_id, job_id, source_id].count(None) != 2:
        raise click.UsageError("Give one of: the id of a grant, --job, --source.")

    async def work(services: "Services") -> dict[str, Any]:
        caller = await chosen(services, organization)
        if grant_id is not None:
            await services.grants.delete(caller, grant_id)
            found = await services.grants.get(caller, grant_id)
            return {"id": found.id, "state": found.state, "revoked_at": found.revoked_at}
        job = await services.grants.revoke_all(caller, job_id=job_id, source_id=source_id)
        if not background:
            job = await run_here(services, caller, job.id, noun="grants")
        return _record(job)

    show_record(run(work), as_json=as_json)


def _record(job: "Job") -> dict[str, Any]:
    return {"job": job.id, "state": job.state, "total": job.total, **job.counts}


@grants.command("list")
@click.option("--promotion", metavar="KEY", help="Only those of this promotion.")
@click.option("--email", help="Only those to this address, in any case.")
@click.option("--customer", "customer_id", type=click.UUID, metavar="ID")
@click.option("--job", "job_id", type=click.UUID, metavar="ID", help="Only those of this batch.")
@click.option("--source", "source_id", metavar="ID", help="Only those from this source.")
@click.option("--state", type=click.Choice(("active", "revoked", "expired")))
@organization_option
@limit_option
@after_option
@json_option
def list_(
    promotion: str | None,
    organization: str | None,
    limit: int,
    after: Any,
    as_json: bool,
    **filters: Any,
) -> None:
    """List grants."""

    async def work(services: "Services") -> list[dict[str, Any]]:
        caller = await chosen(services, organization)
        if promotion is not None:
            filters["promotion_id"] = (await services.promotions.by_key(caller, promotion)).id
        found = await pages(services.grants.page, caller, limit=limit, after=after, **filters)
        keys = {
            promotion_id: (await services.promotions.get(caller, promotion_id)).key
            for promotion_id in {grant.promotion_id for grant in found}
        }
        return [
            {
                "id": grant.id,
                "promotion": keys[grant.promotion_id],
                "customer_id": grant.customer_id,
                "email": grant.email,
                "source_id": grant.source_id,
                "job_id": grant.job_id,
                "state": grant.state,
                "created_at": grant.created_at,
                "expires_at": grant.expires_at,
            }
            for grant in found
        ]

    show_rows(run(work), as_json=as_json)
