"""Which mails go next: by priority, within limits, past what is paused.

Mails that a pause or a limit holds are set aside once, into the lane of what holds them. So a claim
reads only what it can take: a million mails to a paused domain stand in nobody's way.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import floor, inf
from uuid import UUID

from largesse.core.mail import claim_store, lane_store
from largesse.core.mail.lane_store import Lane, View
from largesse.core.mail.limits import (
    QUEUE,
    DomainRates,
    Rate,
    domain_name,
    pause_lane,
    transport_name,
)
from largesse.core.mail.model import DueMail, Priority
from largesse.senders.message import domain_of
from largesse.storage.database import Transaction

TRANSPORTS = "transports"
"""The name under which a mail waits whose organization has paused every transport."""

MOST_LANES = 20
"""Lanes that one claim looks into."""

MOST_ROUNDS = 10
ROUND = 100
"""How often one claim looks again for mails in place of those that it had to set aside, and how
many it looks at then."""


@dataclass(frozen=True, slots=True)
class MailLimits:
    """The transports, the preferred one first, and how fast mails may go."""

    transports: Mapping[str, Rate | None]
    domains: DomainRates = field(default_factory=lambda: DomainRates({}))

    @property
    def any(self) -> bool:
        """Whether there is a limit at all."""
        return bool(self.domains.named) or any(self.transports.values())

    def is_open(self, lane: str, view: View, now: Lane) -> bool:
        """Say whether mails may leave a lane."""
        kind, _, rest = lane.partition(" ")
        if kind == "domain":
            rate = self.domains.of(rest)
            return rate is None or now.tokens_now(rate) >= 1
        organization, _, name = rest.partition(" ")
        names = map(transport_name, self.transports) if name == TRANSPORTS else (name,)
        return not all((int(organization), one) in view.pauses for one in names)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many mails a worker asks for, and the transports that it can reach."""

    claim_id: UUID
    worker: str
    lease_seconds: float
    room: int
    up: Sequence[str]
    empty: set[Priority]
    """Priorities in which nothing was due a moment ago. Others that are found so are added."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim has found."""

    taken: Sequence[tuple[DueMail, str]] = ()
    """Mails, and the transport of each."""
    moved: int = 0
    """How many mails were set aside: there may be others behind them."""
    seconds: float = inf
    """In how long a limit lets the next mail through."""


async def claim(tx: Transaction, limits: MailLimits, wanted: Wanted, view: View) -> Claimed:
    """Take mails that are due, of every organization."""
    claiming = _Claim(tx, limits, wanted, view)
    if limits.any or view.pauses or view.waiting:
        taken = await claiming.within_limits()
    else:
        taken = [(mail, wanted.up[0]) for mail in await claiming.due(wanted.room)]
    if taken:
        await claim_store.claim(
            tx,
            taken,
            claim_id=wanted.claim_id,
            worker=wanted.worker,
            lease_seconds=wanted.lease_seconds,
        )
    return Claimed(taken, claiming.moved, claiming.until_next())


def any_open(limits: MailLimits, view: View) -> bool:
    """Say whether there is a lane with mails that may leave it."""
    return any(limits.is_open(lane.name, view, lane) for lane in view.waiting)


class _Claim:
    """One claim of one worker, inside its transaction."""

    def __init__(self, tx: Transaction, limits: MailLimits, wanted: Wanted, view: View) -> None:
        self._tx = tx
        self._limits = limits
        self._wanted = wanted
        self._view = view
        self._taken: list[tuple[DueMail, str]] = []
        self._tokens: dict[str, float] = {}
        """What is left of the buckets that were drawn from."""
        self._rates: dict[str, Rate] = {}
        self._read_at: dict[str, datetime | None] = {}
        self._room = 0
        self.moved = 0

    async def due(self, limit: int) -> list[DueMail]:
        """Return mails of the common queue, most urgent first."""
        found: list[DueMail] = []
        for priority in Priority:
            left = limit - len(found)
            if left > 0 and priority not in self._wanted.empty:
                some = await claim_store.due(self._tx, priority=priority, limit=left)
                if len(some) < left:
                    self._wanted.empty.add(priority)
                found += some
        return found

    async def within_limits(self) -> list[tuple[DueMail, str]]:
        """Take what the limits let through; set the rest aside."""
        await lane_store.hold_gate(self._tx)
        self._view = await lane_store.view(self._tx, list(self._limits.transports))
        self._room = await self._room_now()
        urgent = await claim_store.due(self._tx, priority=Priority.URGENT, limit=self._room)
        await self._judge(urgent)
        open_ = [
            one for one in self._view.waiting if self._limits.is_open(one.name, self._view, one)
        ]
        # The common queue always has a part of the room.
        share = (self._room - len(self._taken) + 1) // 2
        for lane in random.sample(open_, min(MOST_LANES, len(open_))):
            share -= await self._empty(lane, share)
        for number in range(MOST_ROUNDS):
            left = self._room - len(self._taken)
            if left <= 0 or not await self._judge(await self._others(max(left, number and ROUND))):
                break
        await self._keep_tokens()
        return self._taken

    async def _others(self, limit: int) -> list[DueMail]:
        """Return mails of the common queue beside those that are taken: these stand there still."""
        taken = {mail.id for mail, _ in self._taken}
        return [mail for mail in await self.due(limit + len(taken)) if mail.id not in taken]

    def until_next(self) -> float:
        """Return in how many seconds a bucket that is empty has its next token."""
        waits = [
            (1 - self._tokens[name]) / rate.per_second
            for name, rate in self._rates.items()
            if self._tokens[name] < 1
        ]
        for lane in self._view.waiting:
            kind, _, domain = lane.name.partition(" ")
            rate = self._limits.domains.of(domain) if kind == "domain" else None
            if rate is not None and lane.name not in self._rates:
                waits.append((1 - lane.tokens_now(rate)) / rate.per_second)
        return min((wait for wait in waits if wait > 0), default=inf)

    async def _room_now(self) -> int:
        """Return how many mails the preferred transport takes now."""
        first = self._wanted.up[0]
        rate = self._limits.transports.get(first)
        if rate is None:
            return self._wanted.room
        await self._fill({transport_name(first): rate})
        return min(self._wanted.room, floor(self._tokens[transport_name(first)]))

    async def _empty(self, lane: Lane, share: int) -> int:
        """Take mails out of a lane; return how many."""
        kind, _, rest = lane.name.partition(" ")
        if kind == "domain" and (rate := self._limits.domains.of(rest)) is not None:
            share = min(share, floor(lane.tokens_now(rate)))
        if share <= 0:
            return 0
        before = len(self._taken)
        found = await claim_store.due_aside(self._tx, lane=lane.name, limit=share)
        await self._judge(found)
        if not found and not await claim_store.any_aside(self._tx, lane.name):
            await lane_store.keep_waiting(self._tx, [lane.name], waiting=False)
        return len(self._taken) - before

    async def _judge(self, found: Sequence[DueMail]) -> int:
        """Take mails, or set them aside; return how many were."""
        rates = {}
        for mail in found:
            domain = domain_of(mail.recipient)
            if (rate := self._limits.domains.of(domain)) is not None:
                rates[domain_name(domain)] = rate
        await self._fill(rates)
        held = []
        for mail in found:
            if len(self._taken) == self._room:
                self._wanted.empty.clear()  # this one is left where it is
                break
            obstacle = self._obstacle(mail)
            if obstacle is not None:
                held.append((mail, obstacle))
        if held:
            moved = [(mail, lane) for mail, lane in held if mail.lane != lane]
            self.moved += len(moved)
            await claim_store.set_aside(self._tx, moved)
            await lane_store.keep_waiting(self._tx, {lane for _, lane in moved}, waiting=True)
        return len(held)

    def _obstacle(self, mail: DueMail) -> str | None:
        """Take a mail, or return the lane of what holds it."""
        pauses, organization = self._view.pauses, mail.organization_id
        domain = domain_name(domain_of(mail.recipient))
        for name in (QUEUE, domain):
            if (organization, name) in pauses:
                return pause_lane(organization, name)
        allowed = [
            one
            for one in self._limits.transports
            if (organization, transport_name(one)) not in pauses
        ]
        transport = next((one for one in self._wanted.up if one in allowed), None)
        if transport is None:
            return pause_lane(organization, TRANSPORTS)
        if self._tokens.get(domain, 1) < 1:
            return domain
        self._draw(domain)
        self._draw(transport_name(transport))
        self._taken.append((mail, transport))
        return None

    def _draw(self, bucket: str) -> None:
        if bucket in self._tokens:
            self._tokens[bucket] -= 1

    async def _fill(self, rates: Mapping[str, Rate]) -> None:
        """Look up the buckets that are not known yet; one that there is not is full."""
        missing = [name for name in rates if name not in self._tokens]
        if not missing:
            return
        lanes = await lane_store.lanes_named(self._tx, missing)
        for name in missing:
            lane, rate = lanes.get(name), rates[name]
            self._rates[name] = rate
            self._tokens[name] = rate.burst if lane is None else lane.tokens_now(rate)
            self._read_at[name] = None if lane is None else lane.now

    async def _keep_tokens(self) -> None:
        for name, left in sorted(self._tokens.items()):
            await lane_store.keep_tokens(self._tx, name, left, at=self._read_at[name])
