"""Codes made ahead: a job that fills a pool, chunk by chunk."""

import asyncio
from typing import ClassVar
from uuid import UUID

from largesse.core import clock
from largesse.core.campaigns.model import Campaign, CampaignState, CodeSource
from largesse.core.campaigns.store import campaigns_by_id
from largesse.core.codes import store
from largesse.core.codes.format import CodeFormat
from largesse.core.codes.known_formats import KnownFormats
from largesse.core.codes.load import Filling, load_codes
from largesse.core.errors import InvalidCodeFormat, InvalidValue, UnknownCampaign, WrongState
from largesse.core.events.model import Author
from largesse.core.ids import new_id
from largesse.core.jobs import store as job_store
from largesse.core.jobs.kind import Chunk, Outcome
from largesse.core.jobs.model import Claim, Job, JobState
from largesse.core.text import folded
from largesse.storage.database import Transaction
from largesse.storage.sequences import last_number

GENERATE = "generate_codes"
"""The kind of job that makes codes."""

MOST = 1_000_000_000
"""Codes that one job makes at most."""

VAIN_DRAWS = 8
"""Draws in a row without any new code, after which a format counts as used up."""


class Generation:
    """Runs the jobs that make codes."""

    failures: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, formats: KnownFormats) -> None:
        self._formats = formats

    async def start(
        self,
        tx: Transaction,
        by: Author,
        campaign_id: UUID,
        count: int,
        *,
        key: str | None = None,
    ) -> Job | None:
        """Add a job that puts `count` new codes into a pool; None if one with the key is there.

        Raises:
            UnknownCampaign, WrongState
            InvalidValue: a count below 1 or beyond `MOST`.
            InvalidCodeFormat: the format has no room for so many.
        """
        if not 1 <= count <= MOST:
            raise InvalidValue("count", f"must be from 1 to {MOST:,}")
        campaign = await open_campaign(tx, by.organization_id, campaign_id)
        await check_room(tx, self._formats, by.organization_id, campaign, count)
        unit_id = by.unit_id and by.unit_id.hex
        job = {
            "organization_id": by.organization_id,
            "id": new_id(),
            "kind": GENERATE,
            "key": key,
            "parameters": {"campaign_id": campaign_id.hex, "unit_id": unit_id},
            "state": JobState.WAITING,
            "total": count,
            "done": 0,
            "counts": {},
            "attempts": 0,
            "created_at": clock.now(),
            "created_by_user": by.user_id,
        }
        return await job_store.add_job(tx, job, by)

    # --- the worker's side ---------------------------------------------------------------------

    async def next_chunk(self, tx: Transaction, claim: Claim) -> Chunk:
        """Take as many as one transaction may load."""
        return Chunk(min(claim.total, claim.done + tx.engine.load_rows))

    async def run_chunk(self, tx: Transaction, claim: Claim, chunk: Chunk) -> Outcome:
        """Put that many new codes into the pool.

        Raises:
            UnknownCampaign, WrongState, InvalidCodeFormat: the campaign has changed meanwhile.
        """
        filling = await filling_of(tx, claim)
        campaign = filling.campaign
        rest = claim.total - claim.done
        await check_room(tx, self._formats, claim.organization_id, campaign, rest)
        made = await self._formats.of(claim.organization_id, campaign)
        count = chunk.done - claim.done
        met = claim.counts.get("made_again", 0)
        again = await make_codes(tx, filling, made, count, look_first=met > 0)
        counts = {"added": chunk.done}
        return Outcome(counts | ({"made_again": met + again} if met + again else {}))


async def check_room(
    tx: Transaction, formats: KnownFormats, organization_id: int, campaign: Campaign, count: int
) -> None:
    """Refuse a count of further codes that a campaign's format has no room for.

    Raises:
        WrongState: the campaign has no pool to fill.
        InvalidCodeFormat: the numbers are in its reason.
    """
    if campaign.code_source != CodeSource.POOL:
        raise WrongState("campaign", "making its codes on request")
    # No fewer than the codes that the pool ever had; to count ten million takes seconds.
    last = await last_number(tx, organization_id, store.places_of(campaign.id))
    formats.check_room(campaign, last + count)


async def make_codes(
    tx: Transaction, filling: Filling, made: CodeFormat, count: int, *, look_first: bool = False
) -> int:
    """Put `count` new random codes into a pool; return how many were made in vain for it.

    Raises:
        InvalidCodeFormat: the format has run out of codes.
    """
    missing, again, vain = count, 0, 0
    while missing:
        drawn = await asyncio.to_thread(_drawn, made, missing)
        held = await load_codes(tx, filling, drawn, look_first=look_first)
        new = len(drawn) - len(held)
        vain = 0 if new else vain + 1
        if vain == VAIN_DRAWS:
            raise InvalidCodeFormat(f"{filling.campaign.name!r} has run out of codes to make.")
        again += missing - new
        look_first |= new < missing
        missing -= new
    return again


def _drawn(made: CodeFormat, count: int) -> dict[str, str]:
    return {folded(code): code for code in made.make_many(count)}


async def open_campaign(tx: Transaction, organization_id: int, campaign_id: UUID) -> Campaign:
    """Return a campaign whose pool may be filled. Raises UnknownCampaign, WrongState."""
    found = (await campaigns_by_id(tx, organization_id, [campaign_id])).get(campaign_id)
    if found is None:
        raise UnknownCampaign(campaign_id.hex)
    if found.state == CampaignState.ENDED:
        raise WrongState("campaign", found.state)
    if found.code_source == CodeSource.SHARED:
        raise WrongState("campaign", "a coupon, which has one code")
    return found


async def filling_of(tx: Transaction, claim: Claim) -> Filling:
    """Return what a job fills; nobody else fills it or changes its format meanwhile.

    Raises:
        UnknownCampaign, WrongState: the campaign is gone, or has ended.
    """
    campaign_id = UUID(claim.parameters["campaign_id"])
    unit_id = claim.parameters["unit_id"]
    await store.hold_pool(tx, claim.organization_id, campaign_id)
    campaign = await open_campaign(tx, claim.organization_id, campaign_id)
    return Filling(
        claim.organization_id, campaign, claim.created_by_user, unit_id and UUID(unit_id)
    )
