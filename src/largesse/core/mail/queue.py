"""The use cases of those who look after the queue: count, retry, cancel, pause and resume."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.errors import InvalidValue
from largesse.core.events import store as event_store
from largesse.core.events.model import EventKind
from largesse.core.limits import storable, unfit
from largesse.core.mail import lane_store, queue_store
from largesse.core.mail.claiming import MailLimits
from largesse.core.mail.limits import QUEUE, domain_name, transport_name
from largesse.core.mail.model import WAKE, MailState, mails
from largesse.core.mail.queue_store import Count, Counted
from largesse.storage.database import Database, Transaction

AT_ONCE = 10_000
"""Mails that one call changes at most: the transaction of a million would hold up all others."""

IN_ONE = 1_000
"""Mails that one transaction changes."""

SUBJECT = "mail_queue"
"""What the log calls the queue as a whole."""

DOMAIN = re.compile(r"[^\s@*\x00-\x1f]{1,253}")


@dataclass(frozen=True, slots=True)
class Pause:
    """What an organization does not send at present."""

    kind: str
    """queue: nothing at all; transport: nothing by this one; domain: nothing to this one."""
    name: str | None
    """Of the transport or the domain."""
    since: datetime


@dataclass(frozen=True, slots=True)
class Transport:
    """A way by which mails leave, and how it is."""

    name: str
    blocked_seconds: float
    """How long it is left alone, because it could not be reached or took no mail."""
    failures: int
    """How often in a row it took none."""
    reason: str | None
    """What it said then."""


@dataclass(frozen=True, slots=True)
class QueueStats:
    """The queue of an organization in figures."""

    counts: Sequence[Count]
    oldest_due_at: datetime | None
    """When the first of the mails that wait was or is due."""
    pauses: Sequence[Pause]
    transports: Sequence[Transport]


@dataclass(frozen=True, slots=True)
class Overview:
    """The queue of an organization at a glance, counted no further than anybody reads."""

    counts: Mapping[MailState, Counted]
    failures: Sequence[Count]
    """The newest of those that failed or are uncertain, by reason, the most frequent first."""
    waiting_since: datetime | None
    """When the oldest of those that wait was made."""
    pauses: Sequence[Pause]
    transports: Sequence[Transport]


@dataclass(frozen=True, slots=True)
class Changed:
    """How many mails a call has changed, and whether there are more."""

    count: int
    more: bool
    """True: call again, there are others that fit."""


class MailQueue:
    """The queue of each organization as a whole."""

    def __init__(self, database: Database, limits: MailLimits) -> None:
        self._database = database
        self.limits = limits

    async def stats(self, caller: Caller) -> QueueStats:
        """Return the queue's figures. Raises NotPermitted."""
        caller.require(Right.READ)
        async with self._database.read() as tx:
            counts, oldest = await queue_store.counts(tx, caller.organization_id)
            transports = await self._transports(tx)
            pauses = await lane_store.pauses_of(tx, caller.organization_id)
        return QueueStats(counts, oldest, [_pause(*one) for one in pauses], transports)

    async def overview(self, caller: Caller) -> Overview:
        """Return the queue at a glance, however many mails there are. Raises NotPermitted."""
        caller.require(Right.READ)
        async with self._database.read() as tx:
            counts = {
                state: await queue_store.counted(tx, caller.organization_id, state)
                for state in MailState
            }
            failures = await queue_store.newest_failures(tx, caller.organization_id)
            since = await queue_store.waiting_since(tx, caller.organization_id)
            transports = await self._transports(tx)
            pauses = await lane_store.pauses_of(tx, caller.organization_id)
        return Overview(counts, failures, since, [_pause(*one) for one in pauses], transports)

    async def transports(self, caller: Caller) -> list[Transport]:
        """Return the ways by which mails leave, the preferred first. Raises NotPermitted."""
        caller.require(Right.READ)
        async with self._database.read() as tx:
            return await self._transports(tx)

    async def retry_all(self, caller: Caller, filters: Mapping[str, Any]) -> Changed:
        """Queue failed mails again, as if they were new: those that the filters fit.

        Filters are `state` (failed or uncertain, by default failed), `reason`, `domain`, `job_id`
        and `template_key`. At most 10,000 mails a call.

        Raises:
            NotPermitted
            InvalidValue: another state is asked for.
        """
        filters = dict(filters)
        state = MailState(filters.pop("state", MailState.FAILED))
        if state not in (MailState.FAILED, MailState.UNCERTAIN):
            raise InvalidValue("state", "must be failed or uncertain")
        again = {"state": MailState.QUEUED, "attempts": 0, "reason": None}
        return await self._change_all(caller, state, filters, again)

    async def cancel_all(self, caller: Caller, filters: Mapping[str, Any]) -> Changed:
        """Cancel mails that wait: those that the filters fit, as `retry_all` has them.

        Raises:
            NotPermitted
        """
        values = {"state": MailState.CANCELLED, "lane": None}
        return await self._change_all(caller, MailState.QUEUED, filters, values)

    async def pause(self, caller: Caller, kind: str, name: str | None = None) -> Pause:
        """Send nothing of the organization: at all, by a transport, or to a domain.

        Mails that a worker has claimed go out all the same. To pause again changes nothing.

        Raises:
            NotPermitted
            InvalidValue: the kind is unknown, or there is no such transport or domain.
        """
        caller.require(Right.SEND_MAIL)
        key = self._key(kind, name)
        async with self._database.write() as tx:
            if await lane_store.pause(tx, caller.organization_id, key, now=clock.now()):
                event_store.record(tx, caller, EventKind.MAIL_PAUSED, (SUBJECT, key))
            pauses = await lane_store.pauses_of(tx, caller.organization_id)
        return next(_pause(*one) for one in pauses if one[0] == key)

    async def resume(self, caller: Caller, kind: str, name: str | None = None) -> None:
        """End a pause. To end one that there is not changes nothing. Raises as `pause` does."""
        caller.require(Right.SEND_MAIL)
        key = self._key(kind, name)
        async with self._database.write() as tx:
            if await lane_store.resume(tx, caller.organization_id, key):
                event_store.record(tx, caller, EventKind.MAIL_RESUMED, (SUBJECT, key))
            await tx.wake(WAKE)

    async def pauses(self, caller: Caller) -> list[Pause]:
        """Return what is paused. Raises NotPermitted."""
        caller.require(Right.READ)
        async with self._database.read() as tx:
            return [_pause(*one) for one in await lane_store.pauses_of(tx, caller.organization_id)]

    async def _transports(self, tx: Transaction) -> list[Transport]:
        view = await lane_store.view(tx, list(self.limits.transports))
        found = []
        for name in self.limits.transports:
            lane = view.lanes.get(transport_name(name))
            known = (
                (0.0, 0, None) if lane is None else (lane.blocked_for, lane.failures, lane.reason)
            )
            found.append(Transport(name, *known))
        return found

    def _key(self, kind: str, name: str | None) -> str:
        if kind == QUEUE:
            if name is not None:
                raise InvalidValue("name", "the queue has none")
            return QUEUE
        if kind == "transport":
            if name is None or name not in self.limits.transports:
                known = ", ".join(self.limits.transports) or "none"
                raise InvalidValue("name", f"is no transport; there are: {known}")
            return transport_name(name)
        if kind == "domain":
            return domain_name(_folded(name, "name"))
        raise InvalidValue("kind", "must be queue, transport or domain")

    async def _change_all(
        self,
        caller: Caller,
        state: MailState,
        filters: Mapping[str, Any],
        values: Mapping[str, Any],
    ) -> Changed:
        caller.require(Right.SEND_MAIL)
        fits = {name: one for name, one in filters.items() if one is not None}
        if "domain" in fits:
            fits["domain"] = _folded(fits["domain"], "domain")
        for name in fits.keys() & mails.c.keys():
            if unfit(mails.c[name].type, fits[name]):
                return Changed(0, False)  # what no column can hold, none holds
        count = 0
        while count < AT_ONCE:
            async with self._database.write() as tx:
                some = await self._change_some(tx, caller, state, fits, values)
            count += some
            if some < IN_ONE:
                return Changed(count, False)
        return Changed(count, True)

    async def _change_some(
        self,
        tx: Transaction,
        caller: Caller,
        state: MailState,
        filters: Mapping[str, Any],
        values: Mapping[str, Any],
    ) -> int:
        retried = values["state"] == MailState.QUEUED
        if retried:
            values = {**values, "due_at": clock.now()}
        ids = await queue_store.chosen(tx, caller.organization_id, state, filters, limit=IN_ONE)
        await queue_store.change(tx, caller.organization_id, ids, values)
        if ids:
            kind = EventKind.MAIL_RETRIED if retried else EventKind.MAIL_CANCELLED
            told = {"count": len(ids), **{name: str(one) for name, one in filters.items()}}
            event_store.record(tx, caller, kind, (SUBJECT, state.value), data=told)
            await tx.wake(WAKE)
        return len(ids)


def _pause(key: str, since: datetime) -> Pause:
    kind, _, name = key.partition(" ")
    return Pause(kind, name or None, since)


def _folded(domain: str | None, field: str) -> str:
    """Return a domain as addresses have it, in ASCII. Raises InvalidValue."""
    if domain is None or not DOMAIN.fullmatch(domain) or not storable(domain):
        raise InvalidValue(field, "is no domain")
    try:
        return domain.encode("idna").decode().lower()
    except UnicodeError:
        return domain.lower()
