"""The use cases of promotions."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from largesse.core.access.model import Caller, Right
from largesse.core.errors import (
    AlreadyExists,
    InvalidValue,
    MissingValue,
    UnknownChannel,
    UnknownPromotion,
    UnknownReference,
)
from largesse.core.limits import check_fits
from largesse.core.promotions import store
from largesse.core.promotions.model import (
    AppliesTo,
    Channel,
    Promotion,
    channels,
    promotion_folders,
    promotions,
)
from largesse.core.records import Records, is_blank, value_of
from largesse.core.search.service import Searched
from largesse.core.text import folded
from largesse.storage import records
from largesse.storage.database import Transaction
from largesse.storage.errors import BrokenReference, DuplicateKey

LOCALE = re.compile(r"[A-Za-z]{2,3}(?:[_-][A-Za-z0-9]{2,8}){0,2}", re.ASCII)
"""A language, as RFC 5646 or Java writes it: `en`, `en-GB`, `zh_Hant_TW`."""

TRANSLATED = {"title", "description"}


class Channels(Records[Channel]):
    """Channels; a client chooses their ids."""

    table = channels
    value = Channel
    shelf = store.CHANNEL_SHELF
    unknown = UnknownChannel
    write_right = Right.MANAGE_PROMOTIONS
    required = ("id", "name")
    changeable = frozenset({"id", "name", "description"})


class Promotions(Searched[Promotion]):
    """Promotions. One that is made without a key gets one."""

    table = promotions
    value = Promotion
    listing = store.PROMOTIONS
    shelf = store.PROMOTION_SHELF
    unknown = UnknownPromotion
    write_right = Right.MANAGE_PROMOTIONS
    required = ("title",)
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
            "applies_to",
            "folder_id",
            "locale",
            "translations",
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

    async def revise(
        self, caller: Caller, key: str, change: Callable[[Promotion], Mapping[str, Any]]
    ) -> Promotion:
        """Change the promotion with a key to what `change` makes of it, and return it.

        Nobody else changes it between the two.

        Raises:
            As `change`, and what the function raises.
        """
        caller.require(self.write_right)
        values: Mapping[str, Any] = {}
        where = promotions.c.key == key
        try:
            async with self.database.write() as tx:
                row = await records.hold(tx, promotions, caller.organization_id, where)
                if row is None:
                    raise UnknownPromotion(key, "key")
                before = value_of(Promotion, row)
                values = change(before)
                self._check_fields(values)
                if is_blank(values.get("title", before.title)):
                    raise MissingValue("title")
                after = await self._update(tx, caller, before.id, dict(values))
                self._record(tx, caller, "changed", before=before, after=after, given=values)
                return after
        except DuplicateKey:
            raise AlreadyExists(self.unknown.noun) from None
        except BrokenReference:
            raise await self._broken(caller, values) from None

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
        defaults = {"enabled": True, "repeatable": False, "attributes": {}, "translations": {}}
        if new.get("key") is None:
            new["key"] = await store.free_key(tx, caller.organization_id)
        await self._prepare(tx, caller, new)
        new["search_key"] = _search_key(new["key"], new["title"])
        return _checked(await super()._insert(tx, caller, defaults | new))

    async def _update(
        self, tx: Transaction, caller: Caller, record_id: Any, values: dict[str, Any]
    ) -> Promotion:
        await self._prepare(tx, caller, values)
        if not {"key", "title"}.isdisjoint(values):
            there = await self._one(tx, caller.organization_id, record_id)
            values["search_key"] = _search_key(
                values.get("key", there.key), values.get("title", there.title)
            )
        return _checked(await super()._update(tx, caller, record_id, values))

    async def _prepare(self, tx: Transaction, caller: Caller, values: dict[str, Any]) -> None:
        """Refuse what a column alone could not, and hold the folder that is named."""
        check_fits(self.table, values)
        if "key" in values and is_blank(values["key"]):
            raise MissingValue("key")
        applies_to = values.get("applies_to")
        if applies_to is not None and applies_to not in list(AppliesTo):
            raise InvalidValue("applies_to", f"must be one of {', '.join(AppliesTo)}")
        if (locale := values.get("locale")) is not None:
            check_locale("locale", locale)
        _check_translations(values.get("translations") or {})
        folder_id = values.get("folder_id")
        if folder_id is not None:
            where = promotion_folders.c.id == folder_id
            if not await records.hold(tx, promotion_folders, caller.organization_id, where):
                raise UnknownReference("folder_id", str(folder_id))


def check_locale(field: str, locale: str) -> None:
    """Refuse what is no language. Raises InvalidValue."""
    if not LOCALE.fullmatch(locale):
        raise InvalidValue(field, "must be a language, e.g. en or en_US")


def _check_translations(translations: Any) -> None:
    if not isinstance(translations, Mapping):
        raise InvalidValue("translations", "must be an object")
    for locale, texts in translations.items():
        check_locale("translations", locale)
        if not isinstance(texts, Mapping) or not texts.keys() <= TRANSLATED:
            raise InvalidValue("translations", "has for each language a title and a description")
        if any(not isinstance(text, str | None) for text in texts.values()):
            raise InvalidValue("translations", "has texts only")


def _search_key(key: str, title: str) -> str:
    return folded(f"{key}\n{title}")


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
