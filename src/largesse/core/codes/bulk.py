"""The use cases of many codes: have them made, imported and exported."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from largesse.core.access.model import Caller, Right
from largesse.core.campaigns import store as campaign_store
from largesse.core.campaigns.model import Campaign
from largesse.core.codes import store
from largesse.core.codes.generation import Generation, open_campaign
from largesse.core.codes.importing import Importing
from largesse.core.codes.model import CampaignRef, CodeState
from largesse.core.codes.store import EXPORTED
from largesse.core.errors import UnknownCampaign
from largesse.core.events.model import author_of
from largesse.core.jobs.model import Job
from largesse.storage.database import Database

__all__ = ["EXPORTED", "BulkCodes", "as_text"]

PAGE = 2000
"""Codes that an export reads at once."""


class BulkCodes:
    """Codes by the thousand. What takes long is a job."""

    def __init__(
        self,
        database: Database,
        generation: Generation,
        importing: Importing,
    ) -> None:
        self._database = database
        self._generation = generation
        self._importing = importing

    async def generate(self, caller: Caller, campaign: CampaignRef, count: int) -> Job:
        """Start a job that puts `count` new codes into a campaign's pool.

        Raises:
            NotPermitted, UnknownCampaign, InvalidValue
            WrongState: the campaign has ended, or makes its codes on request.
            InvalidCodeFormat: the format has no room for so many.
        """
        caller.require(Right.MANAGE_CAMPAIGNS)
        found = await self._campaign(caller, campaign)
        async with self._database.write() as tx:
            job = await self._generation.start(tx, author_of(caller), found.id, count)
        assert job is not None  # it has no key that another one could have
        return job

    async def import_sheet(
        self, caller: Caller, campaign: CampaignRef, blocks: Iterable[bytes]
    ) -> Job:
        """Keep the lines of a sheet (codes/sheet.py) with a job that puts its codes into a pool.

        Lines that are not taken become rows of the job, with a reason; others are counted.

        Raises:
            NotPermitted, UnknownCampaign, WrongState
            InvalidValue: it is no sheet of codes, or it is empty.
        """
        caller.require(Right.MANAGE_CAMPAIGNS)
        found = await self._campaign(caller, campaign)
        async with self._database.read() as tx:
            await open_campaign(tx, caller.organization_id, found.id)
        return await self._importing.read(author_of(caller), found.id, blocks)

    async def export(
        self,
        caller: Caller,
        campaign: CampaignRef,
        *,
        state: CodeState | None = None,
        after: UUID | None = None,
    ) -> AsyncIterator[Sequence[Sequence[Any]]]:
        """Return pages of a campaign's codes behind an id: the values of `EXPORTED`.

        Each page is read by itself: codes that come or change meanwhile are in it as they are
        then.

        Raises:
            NotPermitted, UnknownCampaign
        """
        caller.require(Right.READ)
        found = await self._campaign(caller, campaign)
        return self._pages(caller.organization_id, found.id, state=state, after=after)

    async def _pages(
        self,
        organization_id: int,
        campaign_id: UUID,
        *,
        state: CodeState | None,
        after: UUID | None,
    ) -> AsyncIterator[Sequence[Sequence[Any]]]:
        while True:
            async with self._database.read() as tx:
                rows = await store.page_of_pool(
                    tx, organization_id, campaign_id, state=state, after=after, limit=PAGE
                )
            if rows:
                yield rows
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    async def _campaign(self, caller: Caller, wanted: CampaignRef) -> Campaign:
        async with self._database.read() as tx:
            found = await campaign_store.campaign_named(
                tx, caller.organization_id, wanted.field, wanted.value
            )
        if found is None:
            raise UnknownCampaign(wanted.value, wanted.field)
        return found


def as_text(value: Any) -> str:
    """Return an exported value as the cell of a sheet; a moment as RFC 3339 has it, in UTC."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)
