"""The use cases of promotions."""

from collections.abc import Sequence
from typing import Any

from largesse.core.access.model import Caller, Right
from largesse.core.errors import InvalidValue, UnknownChannel, UnknownPromotion
from largesse.core.promotions import store
from largesse.core.promotions.model import Channel, Promotion, channels, promotions
from largesse.core.records import Records
from largesse.storage.database import Transaction


class Channels(Records[Channel]):
    """Channels; a client chooses their ids."""

    table = channels
    value = Channel
    unknown = UnknownChannel
    write_right = Right.MANAGE_PROMOTIONS
    required = ("id", "name")
    changeable = frozenset({"id", "name", "description"})


class Promotions(Records[Promotion]):
    """Promotions."""

    table = promotions
    value = Promotion
    unknown = UnknownPromotion
    write_right = Right.MANAGE_PROMOTIONS
    required = ("key", "title")
    changeable = frozenset(
        {
            "key",
            "channel_id",
            "title",
            "description",
            "discount",
            "enabled",
            "repeatable",
            "starts_at",
            "ends_at",
            "attributes",
        }
    )

    async def by_key(self, caller: Caller, key: str) -> Promotion:
        """Return a promotion by its key. Raises UnknownPromotion, NotPermitted."""
        caller.require(Right.READ)
        async with self.database.read() as tx:
            found = await store.promotion_by_key(tx, caller.organization_id, key)
        if found is None:
            raise UnknownPromotion(key, "key")
        return found

    async def by_keys(self, caller: Caller, keys: Sequence[str]) -> dict[str, Promotion]:
        """Return the promotions that exist of those named, by key. Raises NotPermitted."""
        caller.require(Right.READ)
        async with self.database.read() as tx:
            return await store.promotions_by_keys(tx, caller.organization_id, keys)

    async def in_channel(self, caller: Caller, channel_id: str) -> list[Promotion]:
        """Return the enabled promotions of a channel. Raises UnknownChannel, NotPermitted."""
        caller.require(Right.READ)
        async with self.database.read() as tx:
            if await store.channel(tx, caller.organization_id, channel_id) is None:
                raise UnknownChannel(channel_id)
            return await store.promotions_of_channel(tx, caller.organization_id, channel_id)

    async def one_in_channel(self, caller: Caller, channel_id: str, key: str) -> Promotion:
        """Return a promotion of a channel. Raises UnknownChannel, UnknownPromotion."""
        caller.require(Right.READ)
        async with self.database.read() as tx:
            return await find_in_channel(tx, caller.organization_id, channel_id, key)

    async def _insert(self, tx: Transaction, caller: Caller, new: dict[str, Any]) -> Promotion:
        defaults = {"enabled": True, "repeatable": False, "attributes": {}}
        return _checked(await super()._insert(tx, caller, defaults | new))

    async def _update(
        self, tx: Transaction, caller: Caller, record_id: Any, values: dict[str, Any]
    ) -> Promotion:
        return _checked(await super()._update(tx, caller, record_id, values))


def _checked(promotion: Promotion) -> Promotion:
    starts, ends = promotion.starts_at, promotion.ends_at
    if starts is not None and ends is not None and ends <= starts:
        raise InvalidValue("ends_at", "must be after starts_at")
    return promotion


async def find_in_channel(
    tx: Transaction, organization_id: int, channel_id: str, key: str
) -> Promotion:
    """Return an enabled promotion of a channel.

    Raises:
        UnknownChannel, UnknownPromotion
    """
    if await store.channel(tx, organization_id, channel_id) is None:
        raise UnknownChannel(channel_id)
    found = await store.promotion_by_key(tx, organization_id, key)
    if found is None or found.channel_id != channel_id or not found.enabled:
        raise UnknownPromotion(key, "key")
    return found
