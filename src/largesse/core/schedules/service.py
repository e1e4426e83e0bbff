"""The use cases of schedules: keep them, and start what is due."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.errors import AlreadyExists, InvalidValue, Refused, UnknownSchedule
from largesse.core.events import store as event_store
from largesse.core.events.model import EventKind
from largesse.core.jobs.model import Job
from largesse.core.limits import check_fits
from largesse.core.records import Page, Records, check_after, check_limit, page_of
from largesse.core.schedules import cron, store
from largesse.core.schedules.kind import Starter
from largesse.core.schedules.model import Due, Schedule, Slot, schedule_slots, schedules
from largesse.storage.database import Database, Transaction

log = structlog.get_logger(__name__)

BATCH = 20
"""Schedules looked after in one transaction."""


class Schedules(Records[Schedule]):
    """Schedules. Any number of workers may look after them: a slot starts one job."""

    table = schedules
    value = Schedule
    unknown = UnknownSchedule
    write_right = Right.MANAGE_JOBS
    changeable = frozenset({"name", "cron", "zone", "kind", "parameters", "enabled"})
    required = ("name", "cron", "kind")
    shelf = store.SCHEDULE_SHELF

    def __init__(
        self, database: Database, starters: Mapping[str, Starter], *, keep: timedelta | None
    ) -> None:
        super().__init__(database)
        self._keep = keep
        self._starters = starters
        """What starts each kind of job that can be started by the clock."""

    @property
    def kinds(self) -> list[str]:
        """The kinds of jobs that a schedule may start."""
        return sorted(self._starters)

    async def run(self, caller: Caller, schedule_id: UUID) -> Job:
        """Start a schedule's job now, beside its slots, also if it is paused.

        Raises:
            NotPermitted, UnknownSchedule
            Refused: what the job is refused for.
        """
        caller.require(self.write_right)
        async with self.database.write() as tx:
            found = await self._one(tx, caller.organization_id, schedule_id)
            starter = self._starter(found.kind)
            caller.require(starter.right)
            now, own = clock.now(), caller.organization_id
            slot_id = await store.take_slot(tx, own, found.id, now)
            if slot_id is None:
                raise AlreadyExists("slot")
            job = await starter.start(tx, own, found.parameters)
            await store.end_slot(tx, own, slot_id, job_id=job.id, error=None)
            subject, told = ("schedule", found.id), {"job_id": str(job.id)}
            event_store.record(tx, caller, EventKind.SCHEDULE_STARTED, subject, data=told)
        return job

    async def slots(
        self, caller: Caller, schedule_id: UUID, *, after: Any = None, limit: int = 100
    ) -> Page[Slot]:
        """Return what a schedule started, the latest first.

        Raises:
            UnknownSchedule, NotPermitted, InvalidValue
        """
        caller.require(self.read_right)
        check_limit(limit)
        if after is not None:
            check_after(schedule_slots, after)
        async with self.database.read() as tx:
            await self._one(tx, caller.organization_id, schedule_id)
            found = await store.slots_of(
                tx, caller.organization_id, schedule_id, after=after, limit=limit + 1
            )
        return page_of(found, limit)

    # --- the worker's side ---------------------------------------------------------------------

    async def start_due(self) -> bool:
        """Start the jobs whose time has come; False if there may be no more of them.

        Of slots that were missed, because no worker ran, the last one is made up for.
        """
        async with self.database.read() as tx:
            if not await store.is_any_due(tx):
                return False
        async with self.database.one_transaction() as tx:
            due = await store.claim_due(tx, limit=BATCH)
            for one in due:
                await self._start(tx, one)
        return len(due) == BATCH

    async def prune(self) -> bool:
        """Forget the slots of all organizations that are older than `jobs_keep_days`."""
        if self._keep is not None:
            async with self.database.write() as tx:
                await store.prune_slots(tx, before=clock.now() - self._keep)
        return False

    async def _start(self, tx: Transaction, due: Due) -> None:
        slot = cron.last_until(due.cron, due.zone, due.next_at, due.now)
        await store.move_on(tx, due, cron.next_after(due.cron, due.zone, due.now))
        slot_id = await store.take_slot(tx, due.organization_id, due.id, slot)
        if slot_id is None:
            return
        job, error = None, None
        try:
            # A transaction within: of what is refused, or fails, nothing is kept but the slot.
            async with self.database.write() as part:
                starter = self._starter(due.kind)
                job = await starter.start(part, due.organization_id, due.parameters)
        except Refused as refusal:
            error = f"{type(refusal).__name__}: {refusal}"
            log.warning("schedule refused", schedule=str(due.id), refusal=type(refusal).__name__)
        except Exception as fault:
            error = type(fault).__name__
            log.exception("schedule fault", schedule=str(due.id))
        job_id = None if job is None else job.id
        await store.end_slot(tx, due.organization_id, slot_id, job_id=job_id, error=error)

    # --- inside --------------------------------------------------------------------------------

    async def _insert(self, tx: Transaction, caller: Caller, new: dict[str, Any]) -> Schedule:
        standard: dict[str, Any] = {"zone": "UTC", "parameters": {}, "enabled": True}
        new = standard | new
        await self._check(tx, caller, new)
        new |= {
            "next_at": cron.next_after(new["cron"], new["zone"], clock.now()),
            "created_by_user": caller.user_id,
        }
        return await super()._insert(tx, caller, new)

    async def _update(
        self, tx: Transaction, caller: Caller, record_id: Any, values: dict[str, Any]
    ) -> Schedule:
        found = await self._one(tx, caller.organization_id, record_id)
        whole = {name: getattr(found, name) for name in self.changeable} | values
        await self._check(tx, caller, whole)
        if {"cron", "zone", "enabled"} & values.keys():
            # What was missed while it was paused, or another one, is not made up for.
            values["next_at"] = cron.next_after(whole["cron"], whole["zone"], clock.now())
        return await super()._update(tx, caller, record_id, values)

    async def _check(self, tx: Transaction, caller: Caller, whole: dict[str, Any]) -> None:
        check_fits(schedules, whole)
        cron.check(whole["cron"], whole["zone"])
        starter = self._starter(whole["kind"])
        caller.require(starter.right)
        if not isinstance(whole["parameters"], Mapping):
            raise InvalidValue("parameters", "must be an object")
        await starter.check(tx, caller.organization_id, whole["parameters"])

    def _starter(self, kind: str) -> Starter:
        if (found := self._starters.get(kind)) is None:
            raise InvalidValue("kind", f"must be one of {', '.join(self.kinds)}")
        return found
