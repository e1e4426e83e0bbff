"""The use cases of coupons and of batches of them.

A coupon is a campaign with one code that everybody may use; a batch is a campaign with a pool that
is filled by a job. Both are ended, not deleted: what became of their codes stays known.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import UUID

from largesse.core.access.model import Caller, Right
from largesse.core.campaigns import store as campaign_store
from largesse.core.campaigns.model import Campaign, CampaignState, CodeSource, campaigns
from largesse.core.campaigns.service import Campaigns
from largesse.core.codes import store as code_store
from largesse.core.codes.format import LONGEST, is_code
from largesse.core.codes.generation import Generation
from largesse.core.codes.known_formats import KnownFormats
from largesse.core.codes.model import CodeState, codes
from largesse.core.coupons import store
from largesse.core.coupons.model import (
    MOST_PROMOTIONS,
    Changes,
    Coupon,
    CouponBatch,
    NewBatch,
    NewCoupon,
)
from largesse.core.coupons.rows import code_row, fields_of
from largesse.core.errors import (
    AlreadyExists,
    InvalidValue,
    MissingValue,
    StillInUse,
    UnknownCampaign,
    UnknownCode,
    UnknownPromotion,
)
from largesse.core.events.model import author_of
from largesse.core.limits import storable
from largesse.core.promotions.store import promotion_by_key, promotions_by_keys
from largesse.core.records import Page, value_of
from largesse.core.redemptions.store import times_redeemed
from largesse.core.search.model import Search
from largesse.storage import records
from largesse.storage.database import Database, Transaction
from largesse.storage.errors import DuplicateKey

COUPON = "coupon"
BATCH = "coupon batch"


class Coupons:
    """Coupons, and batches of codes."""

    def __init__(
        self,
        database: Database,
        campaigns: Campaigns,
        generation: Generation,
        formats: KnownFormats,
    ) -> None:
        self._database = database
        self._campaigns = campaigns
        self._generation = generation
        self._formats = formats

    # --- coupons -------------------------------------------------------------------------------

    async def create(self, caller: Caller, new: NewCoupon) -> Coupon:
        """Make a coupon and return it.

        Raises:
            NotPermitted, MissingValue
            InvalidValue: the code is none, or a value is outside what it may be.
            UnknownPromotion: `others` has the other keys that name none.
            AlreadyExists: the code is a coupon's or that of a pool.
        """
        if not is_code(new.code):
            raise InvalidValue("code", f"is no code (1 to {LONGEST} characters, no space)")
        async with self._making(caller, new.promotion_keys, COUPON) as (tx, promotion_ids):
            fields = fields_of(new.code, new.uses, new.starts_at) | {
                "code_source": CodeSource.SHARED,
                "promotion_id": promotion_ids[0],
            }
            campaign = await self._campaigns.add(tx, caller, fields)
            await self._bring(tx, caller, campaign, promotion_ids)
            await records.add(tx, codes, code_row(caller, campaign, new.code))
        return Coupon(new.code, CodeState.ISSUED, campaign, new.promotion_keys)

    async def get(self, caller: Caller, code: str) -> Coupon:
        """Return a coupon, or a code of a batch. Raises UnknownCode, NotPermitted."""
        caller.require(Right.READ)
        if not await self._formats.could_have(caller.organization_id, code):
            raise UnknownCode(code, "code")
        async with self._database.read() as tx:
            return await self._coupon(tx, caller, code)

    async def page(self, caller: Caller, *, after: Any = None, limit: int = 100) -> Page[Coupon]:
        """Return the coupons after a campaign's id. Raises NotPermitted, InvalidValue."""
        filters = {"code_source": CodeSource.SHARED, "state": CampaignState.POSTED}
        found = await self._campaigns.page(caller, after=after, limit=limit, **filters)
        return Page(await self._coupons(caller, found.items), found.next_after)

    async def search(
        self, caller: Caller, query: Search, *, promotion_key: str | None = None
    ) -> tuple[list[Coupon], int]:
        """Return a page of the coupons, and how many there are. Raises NotPermitted, InvalidValue."""
        found, total = await self._search(caller, query, CodeSource.SHARED, promotion_key)
        return await self._coupons(caller, found), total

    async def change(self, caller: Caller, code: str, changes: Changes) -> Coupon:
        """Change a coupon and return it.

        Raises:
            NotPermitted, UnknownCode, UnknownPromotion, InvalidValue, MissingValue
        """
        caller.require(Right.MANAGE_CAMPAIGNS)
        async with self._database.write() as tx:
            there = await self._held_coupon(tx, caller, code)
            await self._alter(tx, caller, there.campaign, changes)
            return await self._coupon(tx, caller, code)

    async def end(self, caller: Caller, code: str, *, promotion_key: str | None = None) -> None:
        """Take a coupon out of use for good.

        Raises:
            NotPermitted
            UnknownCode: there is none, or it does not bring the promotion named.
        """
        caller.require(Right.MANAGE_CAMPAIGNS)
        async with self._database.write() as tx:
            there = await self._held_coupon(tx, caller, code)
            if promotion_key is not None and promotion_key not in there.promotion_keys:
                raise UnknownCode(code, "code")
            await self._end(tx, caller, there.campaign)
            await store.cancel_codes(tx, caller.organization_id, there.campaign.id)

    # --- batches -------------------------------------------------------------------------------

    async def create_batch(self, caller: Caller, new: NewBatch) -> CouponBatch:
        """Make a batch, whose codes a job makes, and return it.

        Raises:
            NotPermitted, MissingValue, InvalidValue, InvalidCodeFormat
            UnknownPromotion: `others` has the other keys that name none.
            AlreadyExists: another campaign has the reference.
        """
        async with self._making(caller, new.promotion_keys, BATCH) as (tx, promotion_ids):
            fields = fields_of(new.reference, new.uses, new.starts_at) | {
                "code_prefix": new.prefix,
                "pool_size": new.count,
                "promotion_id": promotion_ids[0],
            }
            campaign = await self._campaigns.add(tx, caller, fields)
            await self._bring(tx, caller, campaign, promotion_ids)
            await self._generation.start(tx, author_of(caller), campaign.id, new.count)
        return CouponBatch(campaign, new.promotion_keys, new.count, 0)

    async def batch(self, caller: Caller, reference: str) -> CouponBatch:
        """Return a batch by its reference or id. Raises UnknownCampaign, NotPermitted."""
        caller.require(Right.READ)
        async with self._database.read() as tx:
            campaign = await _batch_named(tx, caller, reference)
            return (await self._batches(tx, caller, [campaign]))[0]

    async def search_batches(
        self, caller: Caller, query: Search, *, promotion_key: str | None = None
    ) -> tuple[list[CouponBatch], int]:
        """Return a page of the batches, and how many there are. Raises NotPermitted, InvalidValue."""
        found, total = await self._search(caller, query, CodeSource.POOL, promotion_key)
        async with self._database.read() as tx:
            return await self._batches(tx, caller, found), total

    async def change_batch(self, caller: Caller, reference: str, changes: Changes) -> CouponBatch:
        """Change a batch and return it; codes that it is to have more are made by a job.

        Raises:
            NotPermitted, UnknownCampaign, UnknownPromotion, MissingValue
            InvalidValue: it has more codes than it is to have.
            InvalidCodeFormat: the format has no room for so many.
        """
        caller.require(Right.MANAGE_CAMPAIGNS)
        try:
            async with self._database.write() as tx:
                there = await self._held_batch(tx, caller, reference)
                (batch,) = await self._batches(tx, caller, [there])
                campaign = await self._alter(tx, caller, there, changes)
                if changes.count is not None and changes.count != batch.size:
                    await self._grow(tx, caller, batch, changes.count)
                    campaign = await _campaign(tx, caller, campaign.id)
                return (await self._batches(tx, caller, [campaign]))[0]
        finally:
            self._formats.forget(caller.organization_id)

    async def end_batch(self, caller: Caller, reference: str, *, promotion_key: str) -> None:
        """End a batch of which no code was given out.

        Raises:
            NotPermitted
            UnknownCampaign: there is none, or it does not bring the promotion named.
            StillInUse: codes were given out.
        """
        caller.require(Right.MANAGE_CAMPAIGNS)
        async with self._database.write() as tx:
            campaign = await self._held_batch(tx, caller, reference)
            (batch,) = await self._batches(tx, caller, [campaign])
            if promotion_key not in batch.promotion_keys:
                raise UnknownCampaign(reference)
            if batch.given:
                raise StillInUse(BATCH)
            await self._end(tx, caller, campaign)

    async def prefix_taken(self, caller: Caller, prefix: str) -> bool:
        """Say whether a batch has a prefix. Raises NotPermitted."""
        caller.require(Right.READ)
        async with self._database.read() as tx:
            return await store.has_prefix(tx, caller.organization_id, prefix)

    # --- inside --------------------------------------------------------------------------------

    @asynccontextmanager
    async def _making(
        self, caller: Caller, keys: Sequence[str], noun: str
    ) -> AsyncIterator[tuple[Transaction, list[UUID]]]:
        """Open the transaction in which a campaign is made for promotions."""
        caller.require(Right.MANAGE_CAMPAIGNS)
        try:
            with _named_twice(noun):
                async with self._database.write() as tx:
                    yield tx, await _promotions(tx, caller, keys)
        finally:
            self._formats.forget(caller.organization_id)

    async def _bring(
        self, tx: Transaction, caller: Caller, campaign: Campaign, promotion_ids: Sequence[UUID]
    ) -> None:
        if len(promotion_ids) > 1:
            organization_id = caller.organization_id
            await campaign_store.set_promotions(tx, organization_id, campaign.id, promotion_ids)

    async def _alter(
        self, tx: Transaction, caller: Caller, there: Campaign, changes: Changes
    ) -> Campaign:
        values = dict(changes.values)
        if changes.promotion_keys is None:
            return await self._campaigns.alter(tx, caller, there, values) if values else there
        promotion_ids = await _promotions(tx, caller, changes.promotion_keys)
        values["promotion_id"] = promotion_ids[0]
        changed = await self._campaigns.alter(tx, caller, there, values)
        await self._bring(tx, caller, changed, promotion_ids)
        return changed

    async def _grow(self, tx: Transaction, caller: Caller, batch: CouponBatch, count: int) -> None:
        if count < batch.size:
            raise InvalidValue("count", f"must be {batch.size} or more: so many were made")
        there = await _campaign(tx, caller, batch.campaign.id)
        await self._campaigns.alter(tx, caller, there, {"pool_size": count})
        more = count - batch.size
        await self._generation.start(tx, author_of(caller), there.id, more)

    async def _end(self, tx: Transaction, caller: Caller, campaign: Campaign) -> None:
        await self._campaigns.alter(tx, caller, campaign, {"state": CampaignState.ENDED})

    async def _search(
        self, caller: Caller, query: Search, source: CodeSource, promotion_key: str | None
    ) -> tuple[list[Campaign], int]:
        equal = {**query.equal, "code_source": source, "state": CampaignState.POSTED}
        if promotion_key is not None:
            caller.require(Right.READ)
            async with self._database.read() as tx:
                found = (
                    await promotion_by_key(tx, caller.organization_id, promotion_key)
                    if storable(promotion_key)
                    else None
                )
            if found is None:
                return [], 0
            equal["promotion_id"] = found.id
        asked = Search(query.limit, query.offset, query.sort, query.descending, equal=equal)
        return await self._campaigns.search(caller, asked)

    async def _coupons(self, caller: Caller, found: Sequence[Campaign]) -> list[Coupon]:
        ids = [campaign.id for campaign in found]
        async with self._database.read() as tx:
            keys = await store.promotion_keys(tx, caller.organization_id, ids)
            of_campaign = await store.codes_of(tx, caller.organization_id, ids)
        return [
            Coupon(row.code, row.state, campaign, keys.get(campaign.id, ()), row.used)
            for campaign in found
            if (row := of_campaign.get(campaign.id)) is not None
        ]

    async def _coupon(self, tx: Transaction, caller: Caller, code: str) -> Coupon:
        row = await code_store.code_named(tx, caller.organization_id, code)
        if row is None:
            raise UnknownCode(code, "code")
        campaign = await _campaign(tx, caller, row.campaign_id)
        if campaign.state != CampaignState.POSTED:
            raise UnknownCode(code, "code")
        keys = await store.promotion_keys(tx, caller.organization_id, [campaign.id])
        used = await times_redeemed(tx, caller.organization_id, row.id)
        return Coupon(row.code, row.state, campaign, keys.get(campaign.id, ()), used)

    async def _held_coupon(self, tx: Transaction, caller: Caller, code: str) -> Coupon:
        """Return a coupon that nobody else changes. Raises UnknownCode."""
        if not storable(code):
            raise UnknownCode(code, "code")
        there = await self._coupon(tx, caller, code)
        if there.campaign.code_source != CodeSource.SHARED:
            raise UnknownCode(code, "code")
        await records.hold(
            tx, campaigns, caller.organization_id, campaigns.c.id == there.campaign.id
        )
        # Read again: it may have changed until it was held.
        return await self._coupon(tx, caller, code)

    async def _held_batch(self, tx: Transaction, caller: Caller, reference: str) -> Campaign:
        found = await _batch_named(tx, caller, reference)
        await records.hold(tx, campaigns, caller.organization_id, campaigns.c.id == found.id)
        return await _batch_named(tx, caller, reference)

    async def _batches(
        self, tx: Transaction, caller: Caller, found: Sequence[Campaign]
    ) -> list[CouponBatch]:
        ids, organization_id = [campaign.id for campaign in found], caller.organization_id
        keys = await store.promotion_keys(tx, organization_id, ids)
        given = await store.given(tx, organization_id, ids)
        places = await store.places(tx, organization_id, found)
        return [
            CouponBatch(
                campaign,
                keys.get(campaign.id, ()),
                max(campaign.pool_size or 0, places.get(campaign.id, 0)),
                given.get(campaign.id, 0),
            )
            for campaign in found
        ]


@contextmanager
def _named_twice(noun: str) -> Iterator[None]:
    try:
        yield
    except DuplicateKey:
        raise AlreadyExists(noun) from None


async def _promotions(tx: Transaction, caller: Caller, keys: Sequence[str]) -> list[UUID]:
    if not keys:
        raise MissingValue("promotions")
    if len(keys) > MOST_PROMOTIONS:
        raise InvalidValue("promotions", f"are {MOST_PROMOTIONS:,} at most")
    found = await promotions_by_keys(tx, caller.organization_id, keys)
    missing = [key for key in keys if key not in found]
    if missing:
        raise UnknownPromotion(missing[0], "key", others=tuple(missing[1:]))
    return [found[key].id for key in keys]


async def _campaign(tx: Transaction, caller: Caller, campaign_id: UUID) -> Campaign:
    where = campaigns.c.id == campaign_id
    return value_of(Campaign, await records.find(tx, campaigns, caller.organization_id, where))


async def _batch_named(tx: Transaction, caller: Caller, reference: str) -> Campaign:
    if storable(reference):
        for field in ("alternative_code", "id"):
            found = await campaign_store.campaign_named(
                tx, caller.organization_id, field, reference
            )
            if (
                found is not None
                and found.code_source == CodeSource.POOL
                and found.state == CampaignState.POSTED
            ):
                return found
    raise UnknownCampaign(reference)
