"""`largesse grants`: who was given which promotion."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from largesse.cli.output import json_option, show_rows
from largesse.cli.session import (
    after_option,
    chosen,
    limit_option,
    organization_option,
    pages,
    run,
)

if TYPE_CHECKING:
    from largesse.services import Services


@click.group()
def grants() -> None:
    """List grants."""


@grants.command("list")
@click.option("--promotion", metavar="KEY", help="Only those of this promotion.")
@click.option("--email", help="Only those to this address, as it was sent.")
@click.option("--customer", "customer_id", type=click.UUID, metavar="ID")
@click.option("--job", "job_id", type=click.UUID, metavar="ID", help="Only those of this batch.")
@click.option("--source", "source_id", metavar="ID", help="Only those from this source.")
@click.option("--state", type=click.Choice(("active", "revoked")))
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
            }
            for grant in found
        ]

    show_rows(run(work), as_json=as_json)
