"""The use cases of codes: fill a pool, give out a code, look one up."""

from collections.abc import Sequence
from typing import Any

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.access.service import Access
from largesse.core.campaigns import store as campaign_store
from largesse.core.campaigns.model import Campaign, CodeSource
from largesse.core.codes import store
from largesse.core.codes.format import LONGEST, CodeFormat
from largesse.core.codes.issue import issue
from largesse.core.codes.model import (
    CampaignRef,
    Code,
    CodeRef,
    CodeState,
    IssueCode,
    IssuedCode,
    codes,
)
from largesse.core.customers.model import ByAccount, ByCustomer, FoundReceiver, Receiver
from largesse.core.customers.service import Receivers
from largesse.core.errors import (
    AlreadyExists,
    InvalidValue,
    NoCampaign,
    UnknownCampaign,
    UnknownCode,
    WrongState,
)
from largesse.core.promotions.service import find_in_channel
from largesse.core.records import Records
from largesse.core.text import folded
from largesse.core.together import together
from largesse.storage import records
from largesse.storage.database import Database, Transaction

CHUNK = 500
"""Codes inserted by one statement."""

MOST_AT_ONCE = 100_000
"""Codes that one call generates at most."""


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
        return await self._issue(caller, wanted, await self._receivers.prepared(caller, receiver))

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
        ref = CampaignRef("id", campaign.id.hex)
        return await self._issue(caller, ref, None, on_request_only=False)

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
            if not _is_code(code):
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

    # --- inside --------------------------------------------------------------------------------

    async def _campaign(self, caller: Caller, wanted: CampaignRef) -> Campaign:
        async with self.database.read() as tx:
            found = await campaign_store.campaign_named(
                tx, caller.organization_id, wanted.field, wanted.value
            )
        if found is None:
            raise UnknownCampaign(wanted.value, wanted.field)
        return found

    async def _issue(
        self,
        caller: Caller,
        wanted: CampaignRef | CodeRef,
        receiver: ByCustomer | ByAccount | FoundReceiver | None,
        *,
        on_request_only: bool = True,
    ) -> IssuedCode:
        command = IssueCode(
            organization_id=caller.organization_id,
            wanted=wanted,
            now=clock.now(),
            receiver=receiver,
            on_request_only=on_request_only,
            user_id=caller.user_id,
            unit_id=caller.unit_id,
        )
        given = await together(self.database, issue, command)
        code, actor = given.code, self._access.actor
        organization_id = caller.organization_id
        return IssuedCode(
            code,
            given.campaign,
            created_by=await actor(organization_id, code.created_by_user, code.created_by_unit),
            issued_by=await actor(organization_id, code.issued_by_user, code.issued_by_unit),
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


def _is_code(text: str) -> bool:
    # The key that it is compared by may be longer than the code: both have a column.
    return (
        1 <= len(text)
        and max(len(text), len(folded(text))) <= LONGEST
        and (text.isprintable() and " " not in text)
    )
