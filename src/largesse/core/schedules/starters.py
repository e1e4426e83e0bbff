"""The kinds of jobs that schedules may start, and what they need for it."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from largesse.core.access.model import Right
from largesse.core.campaigns.store import campaign_named
from largesse.core.codes.generation import MOST, Generation
from largesse.core.errors import InvalidValue, UnknownCampaign
from largesse.core.events.model import worker_of
from largesse.core.jobs.model import Job
from largesse.storage.database import Transaction


class ScheduledCodes:
    """New codes for the pool of a `campaign` (its id or name), so many (`count`) each time."""

    right: ClassVar[Right] = Right.MANAGE_CAMPAIGNS

    def __init__(self, generation: Generation) -> None:
        self._generation = generation

    async def check(
        self, tx: Transaction, organization_id: int, parameters: Mapping[str, Any]
    ) -> None:
        """Refuse parameters without a campaign or a count. Raises InvalidValue, UnknownCampaign."""
        _check_names(parameters, {"campaign", "count"})
        count = parameters.get("count")
        if type(count) is not int or not 1 <= count <= MOST:
            raise InvalidValue("parameters.count", f"must be from 1 to {MOST:,}")
        await self._campaign_id(tx, organization_id, parameters)

    async def start(
        self, tx: Transaction, organization_id: int, parameters: Mapping[str, Any]
    ) -> Job:
        """Add the job.

        Raises:
            UnknownCampaign, WrongState, InvalidCodeFormat
        """
        campaign_id = await self._campaign_id(tx, organization_id, parameters)
        count = parameters["count"]
        job = await self._generation.start(tx, worker_of(organization_id), campaign_id, count)
        assert job is not None  # it has no key that another one could have
        return job

    async def _campaign_id(
        self, tx: Transaction, organization_id: int, parameters: Mapping[str, Any]
    ) -> UUID:
        named = parameters.get("campaign")
        if not isinstance(named, str):
            raise InvalidValue("parameters.campaign", "must be the id or name of a campaign")
        for field in ("id", "name"):
            if (found := await campaign_named(tx, organization_id, field, named)) is not None:
                return found.id
        raise UnknownCampaign(named)


def _check_names(parameters: Mapping[str, Any], known: set[str]) -> None:
    for name in parameters:
        if name not in known:
            raise InvalidValue(f"parameters.{name}", "is no parameter of this kind of job")
