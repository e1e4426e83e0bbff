"""The use cases of codes: fill a pool, give out a code, look one up."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.access.service import Access
from largesse.core.campaigns import store as campaign_store
from largesse.core.campaigns.model import Campaign
from largesse.core.codes import store
from largesse.core.codes.browsing import CODE_SHELF, shelf_of, sift
from largesse.core.codes.format import LONGEST, is_code
from largesse.core.codes.generation import check_room, make_codes, open_campaign
from largesse.core.codes.issue import issue
from largesse.core.codes.known_formats import KnownFormats
from largesse.core.codes.load import Filling, load_codes
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
from largesse.core.customers.receivers import Receivers
from largesse.core.errors import (
    AlreadyExists,
    CodeNotEffective,
    InvalidValue,
    NoCampaign,
    UnknownCampaign,
    UnknownCode,
    WrongState,
)
from largesse.core.events.model import EventKind, author_of
from largesse.core.events.store import record
from largesse.core.limits import check_fits
from largesse.core.promotions.service import find_in_channel
from largesse.core.records import Records
from largesse.core.search.browse import Browse, Browsed, Shelf
from largesse.core.text import folded
from largesse.core.together import together
from largesse.storage import records
from largesse.storage.database import Database, Transaction

MOST_AT_ONCE = 100_000
"""Codes that one call puts into a pool at most: nobody else fills it meanwhile."""


class Codes(Records[Code]):
    """Codes. They are made and given out; nobody changes or deletes one."""

    table = codes
    value = Code
    unknown = UnknownCode
    write_right = Right.MANAGE_CAMPAIGNS
    changeable = frozenset()
    shelf = CODE_SHELF

    def __init__(
        self, database: Database, access: Access, receivers: Receivers, formats: KnownFormats
    ) -> None:
        super().__init__(database)
        self._access = access
        self._receivers = receivers
        self._formats = formats

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
        caller.require_own(Right.ISSUE_CODES)
        if isinstance(wanted, CodeRef) and not await self._formats.could_have(
            caller.organization_id, wanted.code
        ):
            raise CodeNotEffective(wanted.code)
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
        """Put `count` new codes into a campaign's pool at once, and return the count.

        Many are made by a job (`BulkCodes.generate`), between whose chunks others get their turn.

        Raises:
            NotPermitted, UnknownCampaign, InvalidValue, WrongState
            InvalidCodeFormat: the format has no room for so many.
        """
        caller.require(Right.MANAGE_CAMPAIGNS)
        if not 1 <= count <= MOST_AT_ONCE:
            raise InvalidValue("count", f"must be from 1 to {MOST_AT_ONCE:,}")
        async with self.database.write() as tx:
            filling = await self._filling(tx, caller, campaign)
            found = filling.campaign
            await check_room(tx, self._formats, caller.organization_id, found, count)
            made = await self._formats.of(caller.organization_id, found)
            await make_codes(tx, filling, made, count)
            _record_added(tx, caller, found, count)
        return count

    async def add(self, caller: Caller, campaign: CampaignRef, new: Sequence[str]) -> int:
        """Put the codes given into a campaign's pool, all of them or none; return their count.

        Raises:
            NotPermitted, UnknownCampaign, WrongState
            InvalidValue: a code is empty, too long or has spaces, or it does not pass the check
                characters of the campaign.
            AlreadyExists: a code exists already, here or in the database.
        """
        caller.require(Right.MANAGE_CAMPAIGNS)
        if not 1 <= len(new) <= MOST_AT_ONCE:
            raise InvalidValue("codes", f"must be from 1 to {MOST_AT_ONCE:,} codes")
        for code in new:
            if not is_code(code):
                raise InvalidValue(
                    "codes", f"{code[:80]!r} is no code (1 to {LONGEST} characters, no space)"
                )
        by_key = {folded(code): code for code in new}
        if len(by_key) != len(new):
            raise AlreadyExists("code")
        async with self.database.write() as tx:
            filling = await self._filling(tx, caller, campaign)
            fits = (await self._formats.of(caller.organization_id, filling.campaign)).could_be
            if (unfit := next((code for code in new if not fits(code)), None)) is not None:
                raise InvalidValue("codes", f"{unfit!r} has not the form or check of the campaign")
            if await load_codes(tx, filling, by_key, look_first=True):
                raise AlreadyExists("code")
            _record_added(tx, caller, filling.campaign, len(new))
        return len(new)

    async def named(self, caller: Caller, code: str) -> Code:
        """Return a code by its text. Raises UnknownCode, NotPermitted."""
        caller.require(Right.READ)
        if not await self._formats.could_have(caller.organization_id, code):
            raise UnknownCode(code, "code")
        async with self.database.read() as tx:
            found = await store.code_named(tx, caller.organization_id, code)
        if found is None:
            raise UnknownCode(code, "code")
        return found

    async def browse(self, caller: Caller, query: Browse) -> Browsed[Code]:
        """Return a page of codes: those that begin with the text, or else have it anywhere.

        What no index finds comes as a `Sifted` page. Raises NotPermitted, InvalidValue.
        """
        if query.text or "state" not in query.filters:
            page = await super().browse(caller, query)
            if page.items or not query.text:
                return page
        caller.require(self.read_right)
        self.shelf.check(query)
        organization_id = caller.organization_id
        async with self.database.read() as tx:
            sifted = await sift(tx, organization_id, query)
            found = await self._many(tx, organization_id, sifted.items) if sifted.items else {}
        return replace(sifted, items=[found[one] for one in sifted.items])

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
            told = {"campaign_id": str(row.campaign_id)}
            record(tx, caller, EventKind.CODE_CANCELLED, ("code", row.id), data=told)
        return self._value(row)

    async def extend(self, caller: Caller, code_id: Any, expires_at: datetime | None) -> Code:
        """Let a code be used until another moment; None: for good.

        Raises:
            UnknownCode, NotPermitted
            InvalidValue: the moment is over.
            WrongState: the code is redeemed or cancelled.
        """
        caller.require(Right.MANAGE_CAMPAIGNS)
        values = {"expires_at": expires_at}
        check_fits(codes, values)
        if expires_at is not None and expires_at <= clock.now():
            raise InvalidValue("expires_at", "must lie ahead")
        async with self.database.write() as tx:
            before = await self._locked(tx, caller.organization_id, code_id)
            if before.state not in (CodeState.AVAILABLE, CodeState.ISSUED):
                raise WrongState("code", before.state)
            own = codes.c.id == code_id
            row = await records.change(tx, codes, caller.organization_id, own, values=values)
            after = self._value(row)
            self._record(tx, caller, "extended", before=before, after=after)
        return after

    # --- inside --------------------------------------------------------------------------------

    async def _shelf_of(self, tx: Transaction, organization_id: int, query: Browse) -> Shelf:
        return await shelf_of(tx, organization_id, query)

    async def _campaign(self, caller: Caller, wanted: CampaignRef) -> Campaign:
        async with self.database.read() as tx:
            found = await campaign_store.campaign_named(
                tx, caller.organization_id, wanted.field, wanted.value
            )
        if found is None:
            raise UnknownCampaign(wanted.value, wanted.field)
        return found

    async def _filling(self, tx: Transaction, caller: Caller, wanted: CampaignRef) -> Filling:
        """Return a pool to fill; nobody else fills it or changes its format meanwhile.

        Raises:
            UnknownCampaign
            WrongState: the campaign has ended.
        """
        organization_id = caller.organization_id
        found = await campaign_store.campaign_named(tx, organization_id, wanted.field, wanted.value)
        if found is None:
            raise UnknownCampaign(wanted.value, wanted.field)
        await store.hold_pool(tx, organization_id, found.id)
        # Read again: it may have changed until now.
        campaign = await open_campaign(tx, organization_id, found.id)
        return Filling(organization_id, campaign, caller.user_id, caller.unit_id)

    async def _issue(
        self,
        caller: Caller,
        wanted: CampaignRef | CodeRef,
        receiver: ByCustomer | ByAccount | FoundReceiver | None,
        *,
        on_request_only: bool = True,
    ) -> IssuedCode:
        command = IssueCode(
            by=author_of(caller),
            wanted=wanted,
            now=clock.now(),
            format_key=await self._formats.key(caller.organization_id),
            receiver=receiver,
            on_request_only=on_request_only,
        )
        given = await together(self.database, issue, command)
        code, actor = given.code, self._access.actor
        creator = code.created_by_user, code.created_by_unit
        issuer = code.issued_by_user, code.issued_by_unit
        created_by = issued_by = await actor(caller.organization_id, *issuer)
        if creator != issuer:
            created_by = await actor(caller.organization_id, *creator)
        return IssuedCode(code, given.campaign, created_by, issued_by)


def _record_added(tx: Transaction, caller: Caller, campaign: Campaign, count: int) -> None:
    told = {"count": count}
    record(tx, caller, EventKind.CODES_ADDED, ("campaign", campaign.id), data=told)
