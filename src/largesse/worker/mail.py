"""Sends the mails that are due, and records every attempt.

A worker takes some mails, hands them over on several connections, and in short turns records what
has ended and takes the next ones: one transaction for many mails. It has no more in hand than go
out in less than a tenth of a second, because what it has in hand when it is killed may or may not
have been delivered.
"""

import asyncio
import os
import random
import socket
import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from largesse.core import clock
from largesse.core.ids import new_id
from largesse.core.mail import claim_store, claiming, lane_store
from largesse.core.mail.attempts import Ended, Outcome
from largesse.core.mail.claiming import Claimed, Wanted
from largesse.core.mail.lane_store import View
from largesse.core.mail.model import DueMail, Priority
from largesse.core.suppressions.store import suppressed_among
from largesse.senders.local import NoSender
from largesse.senders.message import Sender, Throttled, Unreachable
from largesse.storage.database import Transaction
from largesse.worker.handing import Rules, Taken, ended, hand_over
from largesse.worker.pace import TURN_SECONDS, Pace

if TYPE_CHECKING:
    from largesse.services import Services

log = structlog.get_logger(__name__)

HOUSEKEEPING_SECONDS = 10.0
"""How often mails are looked for whose worker has vanished."""

LOOK_SECONDS = 0.25
"""How often a busy worker looks for pauses, and for mails where there were none."""

FIRST_BLOCK = 5.0
LONGEST_BLOCK = 300.0
"""Seconds for which a transport that takes no mail is left alone; twice as long each time."""

PAUSE_AFTER_FAULT = 1.0
FAULTS = 120
FAULTS_WHILE_STOPPING = 5
"""How often a worker tries to record what it did, e.g. while the database is being restarted."""


async def send_due_mail(services: "Services", stop: asyncio.Event | None = None) -> bool:
    """Send mails until none is due, or `stop` is set; False if none was sent.

    What is being handed over is finished first.
    """
    return await MailRun(services, stop or asyncio.Event()).run()


class MailRun:
    """One run of a worker through the queue."""

    def __init__(self, services: "Services", stop: asyncio.Event) -> None:
        self._database = services.database
        self._stop = stop
        self._wake = services.wakeups.mail
        self._limits = services.mail_queue.limits
        self._rules = Rules(
            worker=f"{socket.gethostname()}:{os.getpid()}"[-100:],
            mail_from=services.settings.mail_from,
            bounce_address=services.settings.bounce_address,
            attempts=services.settings.mail_attempts,
            sign=services.sign,
        )
        self._senders: dict[str, Sender] = {
            one.name: one for one in services.transports or [NoSender()]
        }
        self._poll = services.settings.worker_poll_seconds
        self._lease = services.settings.mail_lease_seconds
        self._pace = Pace(max(one.connections for one in self._senders.values()))
        self._view = View({}, frozenset())
        self._waiting: dict[str, deque[Taken]] = {name: deque() for name in self._senders}
        self._in_hand: dict[UUID, Taken] = {}
        self._ended: list[Ended] = []
        self._troubles: dict[str, str] = {}
        """Transports that took no mail since the last turn, and what they said."""
        self._alone_until = dict.fromkeys(self._senders, 0.0)
        self._opening: dict[str, asyncio.Task[None]] = {}
        self._sending: dict[str, set[asyncio.Task[None]]] = {name: set() for name in self._senders}
        self._something = asyncio.Event()
        self._unsure_claims: list[UUID] = []
        self._empty: set[Priority] = set()
        self._looked = self._kept_house = self._renewed = 0.0
        self._sent = 0

    async def run(self) -> bool:
        """Send what is due; False if nothing was sent."""
        if not await self._anything_due():
            return False
        faults = 0
        try:
            while True:
                try:
                    claimed = await self._turn()
                    faults = 0
                except Exception:
                    faults += 1
                    most = FAULTS_WHILE_STOPPING if self._stop.is_set() else FAULTS
                    if faults >= most or not self._in_hand:
                        raise
                    log.exception("mail turn fault", in_hand=len(self._in_hand))
                    await asyncio.sleep(PAUSE_AFTER_FAULT)
                    continue
                news = self._something.is_set()  # since the turn began, e.g. of a connection
                if claimed.taken or claimed.moved or news or self._in_hand or self._opening:
                    await self._wait()
                elif claimed.seconds < self._poll and not self._stop.is_set():
                    await asyncio.sleep(max(claimed.seconds, TURN_SECONDS))
                else:
                    return self._sent > 0
        finally:
            await self._leave()

    async def _anything_due(self) -> bool:
        async with self._database.read() as tx:
            due = await claim_store.anything_due(tx)
            self._view = await lane_store.view(tx, list(self._senders))
        return due or claiming.any_open(self._limits, self._view)

    # --- turns -----------------------------------------------------------------------------------

    async def _turn(self) -> Claimed:
        """Record what has ended and take more; return what was found."""
        began = time.monotonic()
        if self._wake.is_set() or began - self._looked > LOOK_SECONDS:
            self._looked = 0.0
            self._empty.clear()
        self._wake.clear()
        self._something.clear()
        over, self._ended = self._ended, []
        done = {one.due.id: self._in_hand.pop(one.due.id) for one in over}
        troubles, self._troubles = self._troubles, {}
        claim_id = new_id()
        try:
            async with self._database.write() as tx:
                if over:
                    await claim_store.record(tx, over)
                await self._keep_house(tx, began)
                claimed = await self._claim(tx, claim_id)
                going = await self._without_suppressed(tx, claim_id, claimed.taken)
                await self._note(tx, over, troubles)
        except BaseException:
            # It may have been kept: the same again changes nothing, and the claim is given back.
            self._ended = over + self._ended
            self._in_hand |= done
            self._troubles = troubles | self._troubles
            self._unsure_claims.append(claim_id)
            raise
        self._sent += sum(one.outcome == Outcome.SENT for one in over)
        self._pace.note(len(over), time.monotonic() - began)
        for due, transport in going:
            self._take(Taken(due, transport, claim_id, began + self._lease))
        return claimed

    async def _keep_house(self, tx: Transaction, now: float) -> None:
        while self._unsure_claims:
            await claim_store.give_back(tx, self._unsure_claims[-1])
            self._unsure_claims.pop()
        if now - self._kept_house > min(HOUSEKEEPING_SECONDS, self._lease / 4):
            self._kept_house = now
            cut_off = await claim_store.mark_uncertain(tx, now=clock.now(), limit=1000)
            if cut_off:
                log.warning("mails cut off", count=cut_off)
        if now - self._renewed > self._lease / 4:
            self._renewed = now
            kept = list(self._in_hand.values())
            if kept:
                await claim_store.renew(tx, [one.due for one in kept], lease_seconds=self._lease)
            for one in kept:
                one.sure_until = now + self._lease

    async def _claim(self, tx: Transaction, claim_id: UUID) -> Claimed:
        in_hand = len(self._in_hand) - len(self._ended)
        room = self._pace.room(in_hand)
        if self._stop.is_set() or room <= 0:
            return Claimed()
        if not self._looked:
            self._looked = time.monotonic()
            self._view = await lane_store.view(tx, list(self._senders))
        up = self._reachable()
        if not up:
            return Claimed()
        if self._view.failures(up[0]):
            # One mail tells whether it takes any again.
            room = 1 - in_hand
        wanted = Wanted(claim_id, self._rules.worker, self._lease, room, up, self._empty)
        if room <= 0:
            return Claimed()
        return await claiming.claim(tx, self._limits, wanted, self._view)

    async def _without_suppressed(
        self, tx: Transaction, claim_id: UUID, found: Sequence[tuple[DueMail, str]]
    ) -> list[tuple[DueMail, str]]:
        """Record the mails whose addresses are suppressed, and return the others."""
        recipients = [
            (due.organization_id, due.recipient, due.list_unsubscribe is not None)
            for due, _ in found
        ]
        suppressed = await suppressed_among(tx, recipients)
        if not suppressed:
            return list(found)
        going: list[tuple[DueMail, str]] = []
        over: list[Ended] = []
        for (due, transport), recipient in zip(found, recipients, strict=True):
            if (reason := suppressed.get(recipient)) is None:
                going.append((due, transport))
            else:
                taken = Taken(due, transport, claim_id, 0.0)
                reply = f"the address is suppressed: {reason}"
                over.append(ended(taken, Outcome.SUPPRESSED, self._rules, reply=reply))
        await claim_store.record(tx, over)
        return going

    def _reachable(self) -> list[str]:
        """Return the transports that take mail now, the preferred one first; connect if needed.

        The second one is used only while the first is known to be down, or somebody pauses it.
        """
        up: list[str] = []
        for name, sender in self._senders.items():
            if self._view.is_blocked(name) or time.monotonic() < self._alone_until[name]:
                continue
            if not sender.is_open:
                if name not in self._opening:
                    self._opening[name] = asyncio.create_task(self._open(name))
                break
            up.append(name)
            if not any(paused.startswith("transport") for _, paused in self._view.pauses):
                break
        return up

    async def _note(self, tx: Transaction, over: Sequence[Ended], troubles: dict[str, str]) -> None:
        """Leave transports alone that take no mail; forget the failures of those that do."""
        for name, reply in troubles.items():
            wait = min(LONGEST_BLOCK, FIRST_BLOCK * 2.0 ** min(self._view.failures(name), 10))
            seconds = wait * random.uniform(0.8, 1.2)
            await lane_store.block(tx, name, seconds=seconds, reason=reply)
            log.warning("mail service down", transport=name, reply=reply)
        for took in {one.transport for one in over if one.outcome == Outcome.SENT}:
            if took not in troubles and self._view.failures(took):
                await lane_store.unblock(tx, took)
                log.info("mail service up again", transport=took)

    async def _wait(self) -> None:
        """Wait until there is something to record or to take."""
        if len(self._in_hand) == len(self._ended) and not self._opening:
            return  # nobody else would wake it
        events = [asyncio.ensure_future(one.wait()) for one in (self._something, self._wake)]
        try:
            await asyncio.wait(events, timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in events:
                one.cancel()

    # --- attempts --------------------------------------------------------------------------------

    async def _open(self, name: str) -> None:
        try:
            await self._senders[name].open()
        except Unreachable as error:
            self._trouble(name, error.reply)
        finally:
            del self._opening[name]
            self._something.set()

    def _trouble(self, name: str, reply: str) -> None:
        self._troubles.setdefault(name, reply)
        self._alone_until[name] = time.monotonic() + FIRST_BLOCK / 2
        self._something.set()

    def _take(self, taken: Taken) -> None:
        name = taken.transport
        self._in_hand[taken.due.id] = taken
        self._waiting[name].append(taken)
        if len(self._sending[name]) < self._senders[name].connections:
            task = asyncio.create_task(self._send_from(name))
            self._sending[name].add(task)
            task.add_done_callback(self._sending[name].discard)

    async def _send_from(self, name: str) -> None:
        """Hand over what waits for a transport, one after the other."""
        waiting = self._waiting[name]
        while waiting:
            taken = waiting.popleft()
            now = time.monotonic()
            leave = self._stop.is_set() or now < self._alone_until[name]
            if leave or now > taken.sure_until - self._lease / 4:
                self._over(ended(taken, Outcome.NOT_BEGUN, self._rules))
                continue
            try:
                over, error = await hand_over(self._senders[name], taken, self._rules)
            except asyncio.CancelledError:
                self._over(ended(taken, Outcome.UNCERTAIN, self._rules, reply="cut off"))
                raise
            if isinstance(error, Unreachable | Throttled):
                self._trouble(name, error.reply)
            self._over(over)

    def _over(self, one: Ended) -> None:
        if not self._ended:
            asyncio.get_running_loop().call_later(TURN_SECONDS, self._something.set)
        self._ended.append(one)
        if len(self._in_hand) - len(self._ended) <= self._pace.low:
            self._something.set()

    async def _leave(self) -> None:
        """Record what is known of the mails in hand, whatever made the run end."""
        tasks = [
            *self._opening.values(),
            *(one for group in self._sending.values() for one in group),
        ]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for waiting in self._waiting.values():
            while waiting:
                self._over(ended(waiting.popleft(), Outcome.NOT_BEGUN, self._rules))
        if self._ended or self._unsure_claims:
            async with self._database.write() as tx:
                for claim_id in self._unsure_claims:
                    await claim_store.give_back(tx, claim_id)
                if self._ended:
                    await claim_store.record(tx, self._ended)
