"""Every query of coupons: what belongs to campaigns, for a page of them by one statement each."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select, update

from largesse.core.campaigns.model import (
    Campaign,
    CampaignState,
    CodeSource,
    campaign_promotions,
    campaigns,
)
from largesse.core.codes.model import CodeState, codes
from largesse.core.codes.store import places_of
from largesse.core.promotions.model import promotions
from largesse.core.redemptions.model import redemptions
from largesse.storage.database import Transaction
from largesse.storage.sequences import sequences

GIVEN = (CodeState.ISSUED, CodeState.REDEEMED)


async def promotion_keys(
    tx: Transaction, organization_id: int, campaign_ids: Sequence[UUID]
) -> dict[UUID, tuple[str, ...]]:
    """Return the keys of the promotions that each campaign's codes bring, in their order."""
    offers = campaign_promotions.c
    rows = await tx.rows(
        select(offers.campaign_id, promotions.c.key)
        .join(
            promotions,
            and_(
                promotions.c.organization_id == offers.organization_id,
                promotions.c.id == offers.promotion_id,
            ),
        )
        .where(
            offers.organization_id == organization_id,
            tx.engine.any_of(offers.campaign_id, campaign_ids),
        )
        .order_by(offers.campaign_id, offers.pos)
    )
    found: dict[UUID, list[str]] = defaultdict(list)
    for row in rows:
        found[row.campaign_id].append(row.key)
    return {campaign_id: tuple(keys) for campaign_id, keys in found.items()}


async def has_prefix(tx: Transaction, organization_id: int, prefix: str) -> bool:
    """Say whether codes with a prefix are given out of a pool."""
    statement = select(campaigns.c.id).where(
        campaigns.c.organization_id == organization_id,
        campaigns.c.code_prefix == prefix,
        campaigns.c.code_source == CodeSource.POOL,
        campaigns.c.state == CampaignState.POSTED,
    )
    return await tx.row(statement.limit(1)) is not None


async def codes_of(
    tx: Transaction, organization_id: int, campaign_ids: Sequence[UUID]
) -> dict[UUID, Any]:
    """Return the code of each coupon, and how often it was used."""
    uses = func.coalesce(func.max(redemptions.c.turn), 0).label("used")
    of_code = (
        redemptions.c.organization_id == codes.c.organization_id,
        redemptions.c.code_id == codes.c.id,
    )
    rows = await tx.rows(
        select(
            *(codes.c[name] for name in ("campaign_id", "code", "state")),
            select(uses).where(*of_code).scalar_subquery().label("used"),
        ).where(
            codes.c.organization_id == organization_id,
            tx.engine.any_of(codes.c.campaign_id, campaign_ids),
        )
    )
    return {row.campaign_id: row for row in rows}


async def given(
    tx: Transaction, organization_id: int, campaign_ids: Sequence[UUID]
) -> dict[UUID, int]:
    """Count the codes of each campaign that were given out."""
    rows = await tx.rows(
        select(codes.c.campaign_id, func.count().label("given"))
        .where(
            codes.c.organization_id == organization_id,
            tx.engine.any_of(codes.c.campaign_id, campaign_ids),
            codes.c.state.in_(GIVEN),
        )
        .group_by(codes.c.campaign_id)
    )
    return {row.campaign_id: row.given for row in rows}


async def places(
    tx: Transaction, organization_id: int, campaigns: Sequence[Campaign]
) -> dict[UUID, int]:
    """Return how many codes the pool of each campaign has had."""
    names = {places_of(campaign.id): campaign.id for campaign in campaigns}
    rows = await tx.rows(
        select(sequences.c.name, sequences.c.value).where(
            sequences.c.organization_id == organization_id,
            tx.engine.any_of(sequences.c.name, list(names)),
        )
    )
    return {names[row.name]: row.value for row in rows}


async def cancel_codes(tx: Transaction, organization_id: int, campaign_id: UUID) -> None:
    """Take the code of a coupon out of use for good."""
    await tx.execute(
        update(codes)
        .where(codes.c.organization_id == organization_id, codes.c.campaign_id == campaign_id)
        .values(state=CodeState.CANCELLED)
    )
