"""The use cases of codes: fill a pool, give out a code, look one up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.access.service import Access
from largesse.core.campaigns import store as campaign_store
from largesse.core.campaigns.model import Campaign, CampaignType, CodeSource, Distribution
from largesse.core.codes import store
from largesse.core.codes.format import LONGEST, CodeFormat
from largesse.core.codes.model import Code, CodeState, IssueCode, IssuedCode, codes
from largesse.core.customers.model import FoundReceiver, Receiver
from largesse.core.customers.service import Receivers
from largesse.core.errors import (
    AlreadyExists,
    CampaignTypeNotAllowed,
    CodeNotEffective,
    DistributionNotAllowed,
    InvalidValue,
    NoCampaign,
    UnknownCampaign,
    UnknownCode,
    WrongState,
)
from largesse.core.promotions.service import find_in_channel
from largesse.core.records import Page, Records
from largesse.storage import records
from largesse.storage.database import Database, Transaction

CHUNK = 500
"""Codes inserted by one statement."""

MOST_AT_ONCE = 100_000
"""Codes that one call generates at most."""


@dataclass(frozen=True, slots=True)
class CampaignRef:
    """A campaign by one of the ways a client names it: `id`, `name` or `alternative_code`."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class CodeRef:
    """The very code that a client asks for."""

    code: str


class Codes(Records[Code]):
    """Codes. They are made and given out; nobody changes or deletes one."""

    table = codes
    value = Code
    unknown = UnknownCode
    write_right = Right.MANAGE_CAMPAIGNS
    changeable = frozenset()

    def __init__(self, database: Database, access: Access, receivers: Receivers) -> None:
        super().__init__(database)
        self._access = access
        self._receivers = receivers

    async def request(
        self, caller: Caller, wanted: CampaignRef | CodeRef, receiver: Receiver
    ) -> IssuedCode:
        """Give a receiver the next code of a campaign, or the very code named.

        Only posted discount campaigns that distribute upon request take part (SEED 002).

        Raises:
            NotPermitted, UnknownCampaign, CampaignNotPosted, CampaignTypeNotAllowed,
            DistributionNotAllowed, PoolExhausted, ReceiverLimitReached, CodeNotEffective
            and what `Receivers.find` raises.
        """
        caller.require(Right.ISSUE_CODES)
        campaign = await self._campaign(caller, wanted)
        if campaign.type != CampaignType.DISCOUNT:
            raise CampaignTypeNotAllowed(campaign.name)
        if campaign.distribution != Distribution.UPON_REQUEST:
            raise DistributionNotAllowed(campaign.name)
        found = await self._receivers.find(caller, receiver)
        code = wanted.code if isinstance(wanted, CodeRef) else None
        return await self._issue(caller, campaign, found, code)

    async def create(self, caller: Caller, new: Any) -> Code:
        """Refuse: codes come from a campaign (`generate`, `add`), not from a form."""
        raise WrongState("code", "not of a campaign")

    async def create_for_promotion(self, caller: Caller, channel_id: str, key: str) -> IssuedCode:
        """Give out a code of a promotion in a channel, to a customer yet to be named (SEED 000).

        Raises:
            NotPermitted, UnknownChannel, UnknownPromotion, NoCampaign, PoolExhausted
        """
        caller.require(Right.ISSUE_CODES)
        async with self.database.read() as tx:
            promotion = await find_in_channel(tx, caller.organization_id, channel_id, key)
            campaign = await campaign_store.campaign_of_promotion(
                tx, caller.organization_id, promotion.id
            )
        if campaign is None:
            raise NoCampaign(key)
        return await self._issue(caller, campaign, None, None)

    async def generate(self, caller: Caller, campaign: CampaignRef, count: int) -> int:
        """Put `count` new codes into a campaign's pool and return how many it got.

        Raises:
            NotPermitted, UnknownCampaign, InvalidValue
            InvalidCodeFormat: the format has no room for so many.
        """
        caller.require(Right.MANAGE_CAMPAIGNS)
        if not 1 <= count <= MOST_AT_ONCE:
            raise InvalidValue("count", f"must be from 1 to {MOST_AT_ONCE:,}")
        found = await self._campaign(caller, campaign)
        made = CodeFormat.of(found)
        if found.code_source != CodeSource.POOL:
            raise WrongState("campaign", "making its codes on request")
        added = 0
        async with self.database.write() as tx:
            levels = await store.pool_levels(tx, caller.organization_id, found.id)
            made.check_room(sum(levels.values()) + count)
            while added < count:
                new = {made.make() for _ in range(min(CHUNK, count - added))}
                added += len(await self._add(tx, caller, found, list(new)))
        return added

    async def add(self, caller: Caller, campaign: CampaignRef, new: Sequence[str]) -> list[Code]:
        """Put the codes given into a campaign's pool; all of them or none.

        Raises:
            NotPermitted, UnknownCampaign
            InvalidValue: a code is empty, too long or has spaces.
            AlreadyExists: a code exists already, here or in the database.
        """
        caller.require(Right.MANAGE_CAMPAIGNS)
        if not 1 <= len(new) <= MOST_AT_ONCE:
            raise InvalidValue("codes", f"must be from 1 to {MOST_AT_ONCE:,} codes")
        for code in new:
            if not 1 <= len(code) <= LONGEST or not code.isprintable() or " " in code:
                raise InvalidValue(
                    "codes", f"{code[:80]!r} is no code (1 to {LONGEST} characters, no space)"
                )
        found = await self._campaign(caller, campaign)
        added: list[Code] = []
        async with self.database.write() as tx:
            for start in range(0, len(new), CHUNK):
                added += await self._add(tx, caller, found, new[start : start + CHUNK])
            if len(added) != len(new):
                raise AlreadyExists("code")
        return added

    async def named(self, caller: Caller, code: str) -> Code:
        """Return a code by its text. Raises UnknownCode, NotPermitted."""
        caller.require(Right.READ)
        async with self.database.read() as tx:
            found = await store.code_named(tx, caller.organization_id, code)
        if found is None:
            raise UnknownCode(code, "code")
        return found

    async def levels(self, caller: Caller, campaign: CampaignRef) -> dict[str, int]:
        """Count a campaign's codes by state. Raises UnknownCampaign, NotPermitted."""
        caller.require(Right.READ)
        found = await self._campaign(caller, campaign)
        async with self.database.read() as tx:
            return await store.pool_levels(tx, caller.organization_id, found.id)

    async def cancel(self, caller: Caller, code_id: Any) -> Code:
        """Take a code out of use for good. Raises UnknownCode, NotPermitted, WrongState."""
        caller.require(Right.MANAGE_CAMPAIGNS)
        async with self.database.write() as tx:
            row = await records.change(
                tx,
                codes,
                caller.organization_id,
                codes.c.id == code_id,
                codes.c.state.in_([CodeState.AVAILABLE, CodeState.ISSUED]),
                values={"state": CodeState.CANCELLED},
            )
            if row is None:
                code = await self._one(tx, caller.organization_id, code_id)
                raise WrongState("code", code.state)
        return self._value(row)

    async def page(self, caller: Caller, **arguments: Any) -> Page[Code]:
        """Return the codes after an id; filters: campaign_id, customer_id, state."""
        return await super().page(caller, **arguments)

    # --- inside --------------------------------------------------------------------------------

    async def _campaign(self, caller: Caller, wanted: CampaignRef | CodeRef) -> Campaign:
        async with self.database.read() as tx:
            if isinstance(wanted, CodeRef):
                return await self._campaign_of_code(tx, caller, wanted.code)
            found = await campaign_store.campaign_named(
                tx, caller.organization_id, wanted.field, wanted.value
            )
        if found is None:
            raise UnknownCampaign(wanted.value, wanted.field)
        return found

    async def _campaign_of_code(self, tx: Transaction, caller: Caller, code: str) -> Campaign:
        found = await store.code_named(tx, caller.organization_id, code)
        if found is None:
            raise CodeNotEffective(code)
        ids = [found.campaign_id]
        campaigns = await campaign_store.campaigns_by_id(tx, caller.organization_id, ids)
        return campaigns[found.campaign_id]

    async def _issue(
        self, caller: Caller, campaign: Campaign, found: FoundReceiver | None, code: str | None
    ) -> IssuedCode:
        command = IssueCode(
            organization_id=caller.organization_id,
            campaign_id=campaign.id,
            now=clock.now(),
            customer_id=found.customer_id if found else None,
            account_id=found.account_id if found else None,
            one_time_token_id=found.one_time_token_id if found else None,
            code=code,
            user_id=caller.user_id,
            unit_id=caller.unit_id,
        )
        issued = await self.database.submit(store.issue, command)
        return IssuedCode(
            issued,
            campaign,
            created_by=await self._access.actor(
                caller.organization_id, issued.created_by_user, issued.created_by_unit
            ),
            issued_by=await self._access.actor(
                caller.organization_id, issued.issued_by_user, issued.issued_by_unit
            ),
        )

    async def _add(
        self, tx: Transaction, caller: Caller, campaign: Campaign, new: Sequence[str]
    ) -> list[Code]:
        return await store.add_codes(
            tx,
            caller.organization_id,
            campaign.id,
            new,
            now=clock.now(),
            expires_at=campaign.codes_expire_at,
            user_id=caller.user_id,
            unit_id=caller.unit_id,
        )
