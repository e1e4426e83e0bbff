"""Every query of campaigns."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, case, delete, or_, select

from largesse.core.campaigns.model import (
    Campaign,
    CampaignState,
    CodeSource,
    Ending,
    campaign_promotions,
    campaigns,
)
from largesse.core.ids import parsed_id
from largesse.core.promotions.model import promotions
from largesse.core.records import value_of
from largesse.core.search.browse import Shelf, containing
from largesse.core.search.store import Field, Join, Listing
from largesse.storage.bulk import Parameter
from largesse.storage.database import Transaction
from largesse.storage.statements import Prepared

OFFERS = Join(
    campaign_promotions,
    and_(
        campaign_promotions.c.organization_id == campaigns.c.organization_id,
        campaign_promotions.c.campaign_id == campaigns.c.id,
    ),
)

CAMPAIGNS = Listing(
    campaigns,
    {name: Field(campaigns.c[name]) for name in ("id", "code_source", "state")}
    | {"promotion_id": Field(campaign_promotions.c.promotion_id, joins=(OFFERS,))},
)

CAMPAIGN_SHELF = Shelf(
    campaigns,
    filters={name: campaigns.c[name] for name in ("state", "type", "code_source", "promotion_id")},
    orders={"name": campaigns.c.name},
    lookups=(containing(campaigns.c.name, campaigns.c.alternative_code),),
)


async def ending(
    tx: Transaction, organization_id: int, *, since: datetime, until: datetime, limit: int
) -> list[Ending]:
    """Return the posted campaigns that end between two moments, the first first."""
    of_codes, of_offer = campaigns.c.codes_expire_at, promotions.c.ends_at
    ends_at = case(
        (and_(of_codes.is_not(None), or_(of_offer.is_(None), of_codes < of_offer)), of_codes),
        else_=of_offer,
    ).label("ends_at")
    offer = and_(
        promotions.c.organization_id == campaigns.c.organization_id,
        promotions.c.id == campaigns.c.promotion_id,
    )
    statement = (
        select(campaigns.c.id.label("campaign_id"), campaigns.c.name, ends_at)
        .select_from(campaigns.outerjoin(promotions, offer))
        .where(
            campaigns.c.organization_id == organization_id,
            campaigns.c.state == CampaignState.POSTED,
            ends_at >= since,
            ends_at < until,
        )
        .order_by(ends_at)
        .limit(limit)
    )
    return [value_of(Ending, row) for row in await tx.rows(statement)]


async def campaign_named(
    tx: Transaction, organization_id: int, field: str, value: str
) -> Campaign | None:
    """Find a campaign by its `id`, `name` or `alternative_code`."""
    return (await campaigns_named(tx, organization_id, field, [value])).get(value)


async def campaigns_named(
    tx: Transaction, organization_id: int, field: str, values: Sequence[str]
) -> dict[str, Campaign]:
    """Find campaigns by their `id`, `name` or `alternative_code`, by what was asked for."""
    wanted = {value: parsed_id(value) if field == "id" else value for value in values}
    keys = [key for key in wanted.values() if key is not None]
    rows = await tx.rows(*_campaigns_by(tx, organization_id, field, keys))
    found = {getattr(row, field): value_of(Campaign, row) for row in rows}
    return {value: found[key] for value, key in wanted.items() if key in found}


async def campaigns_by_id(
    tx: Transaction, organization_id: int, ids: Sequence[UUID]
) -> dict[UUID, Campaign]:
    """Return the campaigns with these ids."""
    rows = await tx.rows(*_campaigns_by(tx, organization_id, "id", list(ids)))
    return {row.id: value_of(Campaign, row) for row in rows}


def _campaigns_by(
    tx: Transaction, organization_id: int, field: str, values: list[Any]
) -> tuple[Prepared, dict[str, Any]]:
    statement = tx.prepared(
        ("campaigns by", field),
        lambda: select(campaigns).where(
            campaigns.c.organization_id == bindparam("organization"),
            tx.engine.any_of(campaigns.c[field], Parameter("values")),
        ),
    )
    return statement, {"organization": organization_id, "values": values}


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
            campaigns.c.code_source != CodeSource.SHARED,
        )
        .order_by(campaigns.c.id.desc())
        .limit(1)
    )
    return None if row is None else value_of(Campaign, row)


async def set_promotions(
    tx: Transaction, organization_id: int, campaign_id: UUID, promotion_ids: Sequence[UUID]
) -> None:
    """Have a campaign's codes bring these promotions and no others."""
    own = {"organization_id": organization_id, "campaign_id": campaign_id}
    table = campaign_promotions
    await tx.execute(delete(table).where(*(table.c[name] == value for name, value in own.items())))
    rows = [
        own | {"promotion_id": promotion_id, "pos": pos}
        for pos, promotion_id in enumerate(dict.fromkeys(promotion_ids))
    ]
    if rows:
        await tx.execute(table.insert(), rows)
