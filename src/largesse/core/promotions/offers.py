"""What anybody may see of promotions: those that a channel offers now."""

from dataclasses import dataclass

from largesse.core import clock
from largesse.core.access.model import Caller
from largesse.core.campaigns.store import campaign_of_promotion
from largesse.core.errors import UnknownPromotion
from largesse.core.promotions import store
from largesse.core.promotions.model import Promotion
from largesse.storage.database import Database


@dataclass(frozen=True, slots=True)
class Offer:
    """A promotion that is offered."""

    promotion: Promotion
    needs_code: bool
    """Whether a campaign gives out codes for it."""


class Offers:
    """Shows promotions to visitors of a shop, who need no right for it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def one(self, caller: Caller, key: str) -> Offer:
        """Return a promotion that a channel offers now. Raises UnknownPromotion."""
        async with self._database.read() as tx:
            found = await store.promotion_by_key(tx, caller.organization_id, key)
            if found is None or not _is_offered(found):
                raise UnknownPromotion(key, "key")
            campaign = await campaign_of_promotion(tx, caller.organization_id, found.id)
        return Offer(found, campaign is not None)


def _is_offered(promotion: Promotion) -> bool:
    now = clock.now()
    return (
        promotion.enabled
        and promotion.channel_id is not None
        and (promotion.starts_at is None or promotion.starts_at <= now)
        and (promotion.ends_at is None or now < promotion.ends_at)
    )
