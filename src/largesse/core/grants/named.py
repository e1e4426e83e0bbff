"""The promotions that clients name."""

from collections.abc import Sequence

from largesse.core.errors import UnknownPromotion
from largesse.core.promotions import store as promotion_store
from largesse.core.promotions.model import Promotion
from largesse.storage.database import Transaction


async def promotions_named(
    tx: Transaction, organization_id: int, keys: Sequence[str]
) -> list[Promotion]:
    """Return the promotions named, each once. Raises UnknownPromotion for all that are missing."""
    keys = list(dict.fromkeys(keys))
    found = await promotion_store.promotions_by_keys(tx, organization_id, keys)
    missing = tuple(key for key in keys if key not in found)
    if missing:
        raise UnknownPromotion(missing[0], "key", others=missing[1:])
    return [found[key] for key in keys]
