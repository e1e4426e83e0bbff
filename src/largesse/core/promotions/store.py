"""Every query of promotions."""

from collections.abc import Sequence

from sqlalchemy import select

from largesse.core.limits import storable
from largesse.core.promotions.model import Channel, Promotion, channels, promotions
from largesse.core.records import value_of
from largesse.storage.database import Transaction
from largesse.storage.records import find, find_all


async def channel(tx: Transaction, organization_id: int, channel_id: str) -> Channel | None:
    """Find a channel."""
    row = await find(tx, channels, organization_id, channels.c.id == channel_id)
    return None if row is None else value_of(Channel, row)


async def promotion_by_key(tx: Transaction, organization_id: int, key: str) -> Promotion | None:
    """Find a promotion by the key that clients know it by."""
    row = await find(tx, promotions, organization_id, promotions.c.key == key)
    return None if row is None else value_of(Promotion, row)


async def promotions_by_keys(
    tx: Transaction, organization_id: int, keys: Sequence[str]
) -> dict[str, Promotion]:
    """Find many promotions by their keys."""
    rows = await tx.rows(
        select(promotions).where(
            promotions.c.organization_id == organization_id,
            tx.engine.any_of(promotions.c.key, [key for key in keys if storable(key)]),
        )
    )
    return {row.key: value_of(Promotion, row) for row in rows}


async def promotions_of_channel(
    tx: Transaction, organization_id: int, channel_id: str
) -> list[Promotion]:
    """Return the enabled promotions of a channel, by key."""
    rows = await find_all(
        tx,
        promotions,
        organization_id,
        promotions.c.channel_id == channel_id,
        promotions.c.enabled,
        order=(promotions.c.key,),
    )
    return [value_of(Promotion, row) for row in rows]
