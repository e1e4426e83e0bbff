"""The use cases of campaigns."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.campaigns import code_format, store
from largesse.core.campaigns.model import (
    Campaign,
    CampaignState,
    CampaignType,
    CodeCheck,
    CodeSource,
    Distribution,
    Ending,
    WhenEmpty,
    campaigns,
)
from largesse.core.codes import limits
from largesse.core.codes import store as code_store
from largesse.core.codes.format import CodeFormat
from largesse.core.codes.known_formats import KnownFormats
from largesse.core.errors import InvalidValue, UnknownCampaign, WrongState
from largesse.core.limits import check_fits
from largesse.core.pools import store as pool_store
from largesse.core.search.service import Searched
from largesse.storage.database import Database, Transaction

ENUMS = {
    "state": CampaignState,
    "type": CampaignType,
    "distribution": Distribution,
    "code_source": CodeSource,
    "code_check": CodeCheck,
    "when_empty": WhenEmpty,
}

COUNTS = (
    *("codes_in_all", "codes_per_receiver", "codes_per_day", "alarm_level"),
    *("uses_per_code", "pool_size"),
)
"""What is 1 or more, or not given."""

ROOM = {"code_source", "when_empty", "codes_in_all"}
"""What says, beside its format, how many codes a campaign must be able to make."""

COUNTED = {"codes_in_all", "codes_per_day"}

EXAMPLES = 5
"""Codes that a sketch of a format shows."""


class Campaigns(Searched[Campaign]):
    """Campaigns."""

    table = campaigns
    value = Campaign
    listing = store.CAMPAIGNS
    shelf = store.CAMPAIGN_SHELF
    unknown = UnknownCampaign
    write_right = Right.MANAGE_CAMPAIGNS
    required = ("name",)
    changeable = frozenset(campaigns.c.keys()) - {
        "organization_id",
        "id",
        "created_at",
        "updated_at",
        "pool_size",
    }

    def __init__(self, database: Database, formats: KnownFormats) -> None:
        super().__init__(database)
        self._formats = formats

    async def named(self, caller: Caller, field: str, value: str) -> Campaign:
        """Return a campaign by its id, name or alternative code. Raises UnknownCampaign."""
        async with self.database.read() as tx:
            found = await store.campaign_named(tx, caller.organization_id, field, value)
        if found is None:
            raise UnknownCampaign(value, field)
        return found

    async def ending(self, caller: Caller, *, within: timedelta, limit: int) -> list[Ending]:
        """Return the posted campaigns that end within a time, the first first.

        One ends with its codes or with its promotion, whichever is first. Raises NotPermitted.
        """
        caller.require(Right.READ)
        now = clock.now()
        async with self.database.read() as tx:
            return await store.ending(
                tx, caller.organization_id, since=now, until=now + within, limit=limit
            )

    async def sketch(self, caller: Caller, given: Mapping[str, Any]) -> code_format.Sketch:
        """Show what the codes of a format would be like; `given` are fields of a campaign.

        Raises:
            NotPermitted, InvalidValue
            InvalidCodeFormat: such codes could not be made.
        """
        caller.require(self.write_right)
        self._check_fields(given)
        fields = code_format.settled(self._checked(dict(given)), code_format.DEFAULTS)
        campaign: Any = SimpleNamespace(**{**code_format.DEFAULTS, **fields})
        CodeFormat.of(campaign).check()
        made = await self._formats.of(caller.organization_id, campaign)
        return code_format.Sketch(
            examples=made.make_many(EXAMPLES),
            space=made.space,
            room=self._formats.room(made),
            false_accepts=made.false_accepts,
        )

    async def create(self, caller: Caller, new: Mapping[str, Any]) -> Campaign:
        """Make a campaign and return it.

        Raises:
            InvalidCodeFormat: its codes could not be made, or not as many as it may give out.
            and what `Records.create` raises.
        """
        try:
            return await super().create(caller, new)
        finally:
            self._formats.forget(caller.organization_id)

    async def change(
        self, caller: Caller, record_id: Any, values: Mapping[str, Any], *, seen: str | None = None
    ) -> Campaign:
        """Change the fields given and return the campaign.

        Raises:
            InvalidCodeFormat: its codes could not be made, or not as many as it may give out.
            WrongState: its new check characters would refuse codes that it has.
            and what `Records.change` raises.
        """
        try:
            return await super().change(caller, record_id, values, seen=seen)
        finally:
            self._formats.forget(caller.organization_id)

    async def add(self, tx: Transaction, caller: Caller, new: dict[str, Any]) -> Campaign:
        """Make a campaign inside a transaction; the caller has the right to.

        Raises:
            As `create`, but for DuplicateKey and BrokenReference, which end the transaction.
        """
        made = await self._insert(tx, caller, new)
        self._record(tx, caller, "created", after=made)
        return made

    async def alter(
        self, tx: Transaction, caller: Caller, there: Campaign, values: dict[str, Any]
    ) -> Campaign:
        """Change a campaign that is held, as `add` makes one."""
        changed = await self._update(tx, caller, there.id, values)
        self._record(tx, caller, "changed", before=there, after=changed)
        return changed

    def _check_fields(self, values: Mapping[str, Any]) -> None:
        super()._check_fields(values)
        if values.get("code_source") == CodeSource.SHARED:
            raise InvalidValue("code_source", "is what a coupon has, and nothing else")

    async def _insert(self, tx: Transaction, caller: Caller, new: dict[str, Any]) -> Campaign:
        defaults = {
            "state": CampaignState.DRAFT,
            "type": CampaignType.DISCOUNT,
            "distribution": Distribution.UPON_REQUEST,
            "code_source": CodeSource.POOL,
            "when_empty": WhenEmpty.REFUSE,
        }
        new = self._checked(defaults | new)
        complete = {**code_format.DEFAULTS, **code_format.settled(new, code_format.DEFAULTS)}
        campaign = await super()._insert(tx, caller, complete)
        CodeFormat.of(campaign).check()
        self._check_room(campaign)
        await self._follow_promotion(tx, caller, campaign)
        await pool_store.follow(tx, caller.organization_id, campaign)
        return campaign

    async def _update(
        self, tx: Transaction, caller: Caller, record_id: Any, values: dict[str, Any]
    ) -> Campaign:
        values = self._checked(values)
        if "code_source" in values:
            there = await self._one(tx, caller.organization_id, record_id)
            if there.code_source == CodeSource.SHARED:
                raise WrongState("campaign", "a coupon")
        if code_format.DEFAULTS.keys() & values.keys():
            campaign = await self._update_format(tx, caller, record_id, values)
        else:
            campaign = await super()._update(tx, caller, record_id, values)
        if (ROOM | code_format.DEFAULTS.keys()) & values.keys():
            self._check_room(campaign)
        if COUNTED & values.keys():
            await limits.count_again(tx, caller.organization_id, campaign.id)
        if "promotion_id" in values:
            await self._follow_promotion(tx, caller, campaign)
        await pool_store.follow(tx, caller.organization_id, campaign)
        return campaign

    async def _follow_promotion(self, tx: Transaction, caller: Caller, campaign: Campaign) -> None:
        ids = [] if campaign.promotion_id is None else [campaign.promotion_id]
        await store.set_promotions(tx, caller.organization_id, campaign.id, ids)

    async def _update_format(
        self, tx: Transaction, caller: Caller, record_id: Any, values: dict[str, Any]
    ) -> Campaign:
        self._check_id(record_id)
        # Codes that are on their way into the pool are there before the question, or come after
        # the answer and meet the new format.
        await code_store.hold_pool(tx, caller.organization_id, record_id)
        before = await self._one(tx, caller.organization_id, record_id)
        values = code_format.settled(values, asdict(before))
        campaign = await super()._update(tx, caller, record_id, values)
        new = CodeFormat.of(campaign)
        new.check()
        if new.proof != CodeCheck.NONE and new != CodeFormat.of(before):
            await self._check_no_codes(tx, caller, before)
        return campaign

    async def _check_no_codes(self, tx: Transaction, caller: Caller, before: Campaign) -> None:
        """Refuse check characters that codes made before would not have. Raises WrongState."""
        if before.state == CampaignState.POSTED and _makes_on_request(before):
            raise WrongState("campaign", "posted and makes codes on request")
        if await code_store.has_codes(tx, caller.organization_id, before.id):
            raise WrongState(
                "campaign", "one with codes: check characters can then only be given up"
            )

    def _check_room(self, campaign: Campaign) -> None:
        makes = _makes_on_request(campaign) or campaign.when_empty == WhenEmpty.GENERATE
        if makes and campaign.codes_in_all is not None:
            self._formats.check_room(campaign, campaign.codes_in_all)

    def _checked(self, values: dict[str, Any]) -> dict[str, Any]:
        for name, kind in ENUMS.items():
            if name in values and values[name] not in list(kind):
                raise InvalidValue(name, f"must be one of {', '.join(kind)}")
        for name in COUNTS:
            if isinstance(limit := values.get(name), int) and limit < 1:
                raise InvalidValue(name, "must be 1 or more")
        check_fits(self.table, values)
        return values


def _makes_on_request(campaign: Campaign) -> bool:
    return (
        campaign.code_source == CodeSource.ON_REQUEST or campaign.when_empty == WhenEmpty.ON_REQUEST
    )
