"""Every query of campaigns."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from largesse.core.campaigns.model import Campaign, CampaignState, campaigns
from largesse.core.ids import parsed_id
from largesse.core.records import value_of
from largesse.storage.database import Transaction
from largesse.storage.records import find


async def campaign_named(
    tx: Transaction, organization_id: int, field: str, value: str
) -> Campaign | None:
    """Find a campaign by its `id`, `name` or `alternative_code`."""
    wanted = parsed_id(value) if field == "id" else value
    if wanted is None:
        return None
    row = await find(tx, campaigns, organization_id, campaigns.c[field] == wanted)
    return None if row is None else value_of(Campaign, row)


async def campaigns_by_id(
    tx: Transaction, organization_id: int, ids: Sequence[UUID]
) -> dict[UUID, Campaign]:
    """Return the campaigns with these ids."""
    rows = await tx.rows(
        select(campaigns).where(
            campaigns.c.organization_id == organization_id, campaigns.c.id.in_(ids)
        )
    )
    return {row.id: value_of(Campaign, row) for row in rows}


async def campaign_of_promotion(
    tx: Transaction, organization_id: int, promotion_id: UUID
) -> Campaign | None:
    """Return the posted campaign that gives out a promotion's codes; the newest if several do."""
    row = await tx.row(
        select(campaigns)
        .where(
            campaigns.c.organization_id == organization_id,
            campaigns.c.promotion_id == promotion_id,
            campaigns.c.state == CampaignState.POSTED,
        )
        .order_by(campaigns.c.id.desc())
        .limit(1)
    )
    return None if row is None else value_of(Campaign, row)
