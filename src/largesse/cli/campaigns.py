"""`largesse campaigns`: how codes are given out."""

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
def campaigns() -> None:
    """List campaigns."""


@campaigns.command("list")
@click.option("--state", type=click.Choice(("draft", "posted", "ended")))
@organization_option
@limit_option
@after_option
@json_option
def list_(
    state: str | None, organization: str | None, limit: int, after: Any, as_json: bool
) -> None:
    """List campaigns with the number of their codes in each state."""
    from largesse.core.codes.model import CampaignRef

    async def work(services: "Services") -> list[dict[str, Any]]:
        caller = await chosen(services, organization)
        found = await pages(services.campaigns.page, caller, limit=limit, after=after, state=state)
        return [
            {
                "id": campaign.id,
                "name": campaign.name,
                "alternative_code": campaign.alternative_code,
                "state": campaign.state,
                "type": campaign.type,
                "distribution": campaign.distribution,
                "code_source": campaign.code_source,
                "codes": await services.codes.levels(caller, CampaignRef("id", campaign.id.hex)),
            }
            for campaign in found
        ]

    show_rows(run(work), as_json=as_json)
