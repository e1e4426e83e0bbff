"""Batches of grants on their way in: received piece by piece, and accepted whole or not at all."""

import asyncio
import json
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b, sha256
from typing import Any

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.errors import InvalidValue, MissingValue, WrongState
from largesse.core.grants.giving import LONGEST_KEPT, NOT_A_CHARACTER
from largesse.core.grants.model import GrantOrder, GrantOutcome, Recipients, grants
from largesse.core.grants.named import promotions_named
from largesse.core.grants.telling import Telling
from largesse.core.ids import new_id
from largesse.core.jobs import row_store
from largesse.core.jobs import store as job_store
from largesse.core.jobs.model import Claim, Job, JobState
from largesse.core.limits import UNKEPT, check_fits
from largesse.storage.database import Database, Transaction
from largesse.storage.errors import DuplicateKey

BATCH = "grant_batch"
"""The kind of job that gives promotions to many recipients."""

AT_ONCE = 20_000
"""Recipients that are held until they are written; a batch with no more is written when it is
accepted, by one transaction."""

RECEIVING_SECONDS = 600.0
"""How long the sender of a batch may be silent before it counts as abandoned."""

WRITE_EVERY = 60.0
"""Seconds after which what a slow sender has sent is written, few as it is."""


class Digest:
    """What tells lists of recipients apart, in whatever order and spelling they arrive.

    The digests of the texts are added up: so nothing has to be held to be sorted. Who wants two
    lists of one organization's own to be taken for the same one can make such a pair with much
    work; nobody else can.
    """

    def __init__(self) -> None:
        self._sum = 0
        self._count = 0

    def add(self, kind: str, texts: Sequence[str]) -> None:
        """Add some recipients."""
        begun = blake2b(f"{kind}:".encode(), digest_size=32)
        total, number = 0, int.from_bytes
        for text in texts:
            one = begun.copy()
            one.update(text.encode(errors="surrogatepass"))
            total += number(one.digest())
        self._sum = (self._sum + total) % 2**256
        self._count += len(texts)

    def of(self, order: GrantOrder) -> str:
        """Return the digest of a whole batch."""
        ends = order.expires_at and order.expires_at.timestamp()
        what = [sorted(order.promotion_keys), order.source_id, ends, order.template, order.dry_run]
        text = json.dumps([what, f"{self._sum:x}", self._count])
        return sha256(text.encode()).hexdigest()


class Draft:
    """A batch that is being received.

    A large one is written as it arrives, to a job that this process has claimed: no worker takes
    it up, and it is deleted unless it is accepted. If the process is killed, the job is left, and
    ends as failed when its lease is over.
    """

    def __init__(self, database: Database, caller: Caller, *, most: int) -> None:
        self._database = database
        self.caller = caller
        self._most = most
        self._held: list[tuple[str, list[str]]] = []
        self._holding = 0
        self._written = 0
        self._wrote_at = time.monotonic()
        self.claim: Claim | None = None
        self.digest = Digest()

    @property
    def count(self) -> int:
        """How many recipients there are so far."""
        return self._written + self._holding

    @property
    def holds(self) -> bool:
        """Whether some of them are not written yet."""
        return bool(self._held)

    async def add(self, kind: str, texts: Sequence[str]) -> None:
        """Take some recipients in. Raises InvalidValue: too many."""
        if self.count + len(texts) > self._most:
            raise InvalidValue("recipients", f"must be at most {self._most:,}")
        for first in range(0, len(texts), AT_ONCE):
            part = texts[first : first + AT_ONCE]
            self.digest.add(kind, part)
            # A body arrives in many pieces: what is of one kind is kept together.
            if not self._held or self._held[-1][0] != kind:
                self._held.append((kind, []))
            self._held[-1][1].extend(_all_kept(part))
            self._holding += len(part)
            waited = time.monotonic() - self._wrote_at
            if self._holding >= AT_ONCE or (self.claim and waited > WRITE_EVERY):
                await self.write()

    async def write(self) -> None:
        """Write what is held. Raises WrongState: the job was cancelled, or counts as abandoned."""
        async with self._database.write() as tx:
            claim: Claim | None
            if self.claim is None:
                claim = await job_store.add_held(
                    tx, _job(self.caller), new_id(), lease_seconds=RECEIVING_SECONDS
                )
            else:
                claim = await job_store.extend(
                    tx,
                    self.claim,
                    total=self.count,
                    parameters=self.claim.parameters,
                    lease_seconds=RECEIVING_SECONDS,
                )
            if claim is None:
                raise WrongState("job", "not waiting for the rest of its batch any more")
            await self._add_items(tx, claim)
        self.claim = claim
        self._written += self._holding
        self._held, self._holding = [], 0
        self._wrote_at = time.monotonic()

    async def _add_items(self, tx: Transaction, job: Claim | Job) -> None:
        await row_store.add_items(
            tx, self.caller.organization_id, job.id, self._held, start=self._written
        )

    async def accept(self, order: GrantOrder, key: str | None) -> Job:
        """Let a worker begin, or return the job of the same batch that was accepted before.

        That is one with the same `key`; with a source, one of the same recipients.

        Raises:
            WrongState: the job was cancelled, or counts as abandoned.
        """
        if order.source_id is not None and not order.dry_run:
            key = f"source:{self.digest.of(order)}"
        async with self._database.write() as tx:
            begun = await self._begin(tx, order, key)
            if begun is not None:
                return begun
            assert key is not None
            return await _same_job(tx, self.caller.organization_id, key)

    async def _begin(self, tx: Transaction, order: GrantOrder, key: str | None) -> Job | None:
        """Return the job that may begin now; None if another one has the key."""
        parameters = _parameters(order)
        if self.claim is None:
            new = _job(self.caller) | {"key": key, "parameters": parameters, "total": self.count}
            job = await job_store.add_job(tx, new, by=self.caller)
            if job is not None:
                await self._add_items(tx, job)
            return job
        try:
            async with tx.savepoint():
                job = await job_store.begin(
                    tx,
                    self.claim,
                    self.caller,
                    key=key,
                    total=self.count,
                    parameters=parameters,
                )
        except DuplicateKey:
            return None
        if job is None:
            raise WrongState("job", "not waiting for the end of its batch any more")
        return job

    async def leave(self) -> None:
        """Delete what was written, unless it was accepted."""
        if self.claim is not None:
            async with self._database.write() as tx:
                await job_store.abandon(tx, self.claim)


class Received:
    """A batch that has arrived whole, with nothing wrong in it."""

    def __init__(self, draft: Draft, order: GrantOrder) -> None:
        self._draft = draft
        self._order = order

    @property
    def digest(self) -> str:
        """What tells it from other batches, in whatever order and spelling it arrived."""
        return self._draft.digest.of(self._order)

    async def accept(self, key: str | None = None) -> Job:
        """Accept it durably, and return its job, or that of its key; see `Grants.start_batch`."""
        return await self._draft.accept(self._order, key)


class Intake:
    """Takes batches in."""

    def __init__(
        self,
        database: Database,
        telling: Telling,
        *,
        most_recipients: int,
    ) -> None:
        self._database = database
        self._telling = telling
        self._most = most_recipients

    @asynccontextmanager
    async def received(
        self,
        caller: Caller,
        recipients: AsyncIterable[Recipients],
        order: Callable[[], GrantOrder],
    ) -> AsyncIterator[Received]:
        """Receive a batch; inside the block it may be accepted, and else nothing is left of it.

        What it gives may stand behind its recipients: `order` is called when they have come to
        their end.

        Raises:
            NotPermitted, MissingValue, InvalidValue
            UnknownPromotion: for all the promotions that do not exist.
            UnknownTemplate
            WrongState: the sender was silent for too long.
            and whatever `recipients` and `order` raise.
        """
        caller.require(Right.GRANT_PROMOTIONS)
        draft = Draft(self._database, caller, most=self._most)
        try:
            async for kind, texts in recipients:
                await draft.add(kind, texts)
            wanted = order()
            # An empty text counts as none.
            wanted = replace(wanted, source_id=wanted.source_id or None)
            await self._check(draft, wanted)
            if draft.claim is not None and draft.holds:
                await draft.write()
            yield Received(draft, wanted)
        finally:
            await asyncio.shield(draft.leave())

    async def _check(self, draft: Draft, order: GrantOrder) -> None:
        if not order.promotion_keys:
            raise MissingValue("promotions")
        if not draft.count:
            raise MissingValue("recipients")
        if len(order.promotion_keys) > self._most:
            raise InvalidValue("promotions", f"must be at most {self._most:,}")
        check_fits(grants, {"source_id": order.source_id, "expires_at": order.expires_at})
        if order.expires_at is not None and order.expires_at <= clock.now():
            raise InvalidValue("expires_at", "has passed")
        organization_id = draft.caller.organization_id
        async with self._database.read() as tx:
            await promotions_named(tx, organization_id, order.promotion_keys)
            if order.template is not None:
                await self._telling.check(tx, organization_id, order.template)


def _all_kept(texts: Sequence[str]) -> Sequence[str]:
    """Return the texts as they can be kept: cut, and without what no text can hold."""
    whole = "".join(texts)
    plain = whole.isascii() and "\0" not in whole
    if plain and max(map(len, texts), default=0) <= LONGEST_KEPT:
        return texts
    return [UNKEPT.sub(NOT_A_CHARACTER, text[:LONGEST_KEPT]) for text in texts]


async def _same_job(tx: Transaction, organization_id: int, key: str) -> Job:
    job = await job_store.job_by_key(tx, organization_id, BATCH, key)
    assert job is not None
    if job.state not in (JobState.FAILED, JobState.DEAD):
        return job
    again = await job_store.move(tx, organization_id, job.id, {job.state}, JobState.WAITING)
    return again or job


def _parameters(order: GrantOrder) -> dict[str, Any]:
    """Return what the worker has to know; what is not asked for is left out."""
    asked = {
        "expires_at": order.expires_at and order.expires_at.isoformat(),
        "template": order.template,
        "dry_run": order.dry_run or None,
    }
    return {
        "promotions": list(dict.fromkeys(order.promotion_keys)),
        "source_id": order.source_id,
        "whole": True,
        row_store.USUAL: GrantOutcome.GRANTED.value,
    } | {name: value for name, value in asked.items() if value is not None}


def ordered(parameters: Mapping[str, Any]) -> GrantOrder:
    """Return what a job gives, for real."""
    ends = parameters.get("expires_at")
    return GrantOrder(
        tuple(parameters["promotions"]),
        parameters.get("source_id"),
        datetime.fromisoformat(ends) if ends else None,
        parameters.get("template"),
    )


def _job(caller: Caller) -> dict[str, Any]:
    return {
        "organization_id": caller.organization_id,
        "id": new_id(),
        "kind": BATCH,
        "key": None,
        "parameters": {"whole": False},
        "state": JobState.WAITING,
        "total": 0,
        "done": 0,
        "counts": {},
        "attempts": 0,
        "created_at": clock.now(),
        "created_by_user": caller.user_id,
    }
