"""The use cases of grants: give a promotion, revoke it, and give many in a job."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.customers import store as customer_store
from largesse.core.customers.model import Identifier
from largesse.core.customers.service import find_customer
from largesse.core.errors import (
    AlreadyExists,
    InvalidEmail,
    InvalidValue,
    MissingValue,
    StillInUse,
    UnknownGrant,
    UnknownPromotion,
    WrongState,
)
from largesse.core.grants import store
from largesse.core.grants.model import (
    Grant,
    GrantBatch,
    GrantOutcome,
    GrantPromotion,
    GrantState,
    RecipientKind,
    grants,
)
from largesse.core.ids import new_id
from largesse.core.jobs import store as job_store
from largesse.core.jobs.kind import Chunk, Outcome
from largesse.core.jobs.model import Claim, Job, JobRow, JobState
from largesse.core.limits import UNKEPT, check_fits
from largesse.core.promotions import store as promotion_store
from largesse.core.promotions.model import Promotion
from largesse.core.records import Records
from largesse.core.text import checked_email, folded
from largesse.core.together import together
from largesse.storage import records
from largesse.storage.database import Database, Transaction
from largesse.storage.errors import BrokenReference

BATCH = "grant_batch"
"""The kind of job that gives promotions to many recipients."""

LONGEST_KEPT = 1000
"""Characters that are kept of what a client sent as a profile id or address. No profile id and no
address is as long, so that what is cut off can not turn one recipient into another."""

NOT_A_CHARACTER = "\ufffd"
"""Stands for what can not be kept, such as a NUL. Nothing is granted to it."""

CHUNK_GRANTS = 1500
"""Grants in one transaction of a job: few enough that other requests hardly wait for it."""


class Grants(Records[Grant]):
    """Grants. One is made or revoked, never changed otherwise."""

    table = grants
    value = Grant
    unknown = UnknownGrant
    write_right = Right.GRANT_PROMOTIONS
    changeable = frozenset()
    failures: ClassVar[frozenset[str]] = frozenset(
        {
            GrantOutcome.UNKNOWN_PROFILE,
            GrantOutcome.UNKNOWN_PROMOTION,
            GrantOutcome.BAD_ADDRESS,
        }
    )

    def __init__(
        self, database: Database, *, most_recipients: int, wake: Callable[[], None]
    ) -> None:
        super().__init__(database)
        self._most_recipients = most_recipients
        self._wake = wake

    async def create(self, caller: Caller, new: Mapping[str, Any]) -> Grant:
        """Give a promotion (`promotion`: its key) to a `customer` or to an `email`.

        Raises:
            NotPermitted, MissingValue, InvalidValue, InvalidEmail
            UnknownPromotion, UnknownCustomer
            AlreadyExists: the recipient holds an active grant of it.
            StillInUse: the promotion or the customer was deleted meanwhile.
        """
        caller.require(self.write_right)
        if not new.get("promotion"):
            raise MissingValue("promotion")
        if bool(new.get("customer")) == bool(new.get("email")):
            raise MissingValue("customer")
        source_id = _checked_source(new.get("source_id"))
        async with self.database.read() as tx:
            (promotion,) = await _promotions(tx, caller.organization_id, [new["promotion"]])
            customer_id = None
            if new.get("customer"):
                customer_id = await find_customer(tx, caller.organization_id, None, new["customer"])
        command = GrantPromotion(
            organization_id=caller.organization_id,
            promotion_id=promotion.id,
            repeatable=promotion.repeatable,
            now=clock.now(),
            customer_id=customer_id,
            email=checked_email(new["email"]) if new.get("email") else None,
            source_id=source_id,
        )
        try:
            granted = await together(self.database, store.insert, command)
        except BrokenReference:
            raise StillInUse("grant") from None
        if granted is None:
            raise AlreadyExists("grant")
        return granted

    async def delete(self, caller: Caller, record_id: Any) -> None:
        """Revoke a grant. Raises UnknownGrant, NotPermitted, WrongState."""
        caller.require(self.write_right)
        self._check_id(record_id)
        async with self.database.write() as tx:
            row = await records.change(
                tx,
                grants,
                caller.organization_id,
                grants.c.id == record_id,
                grants.c.state == GrantState.ACTIVE,
                values={"state": GrantState.REVOKED, "revoked_at": clock.now()},
            )
            if row is None:
                found = await self._one(tx, caller.organization_id, record_id)
                raise WrongState("grant", found.state)

    async def start_batch(self, caller: Caller, batch: GrantBatch) -> Job:
        """Accept a batch durably as a job that a worker will run, and return the job.

        The same source with the same body is the same job: nothing is granted a second time. One
        that failed goes on from where it stopped; one that was cancelled stays so.

        Raises:
            NotPermitted, MissingValue, InvalidValue
            UnknownPromotion: for all the promotions that do not exist.
        """
        caller.require(self.write_right)
        items = self._items(batch)
        source_id = _checked_source(batch.source_id)
        async with self.database.read() as tx:
            await _promotions(tx, caller.organization_id, batch.promotion_keys)
        key = None if source_id is None else _job_key(source_id, batch)
        async with self.database.write() as tx:
            job = await job_store.add_job(tx, _job(caller, batch, key))
            if job is not None:
                await job_store.add_items(tx, caller.organization_id, job.id, items)
            else:
                assert key is not None
                job = await _same_job(tx, caller.organization_id, key)
        self._wake()
        return job

    def _items(self, batch: GrantBatch) -> list[tuple[str, list[str]]]:
        if not batch.promotion_keys:
            raise MissingValue("promotions")
        recipients = len(batch.profile_ids) + len(batch.emails)
        if not recipients:
            raise MissingValue("recipients")
        for field, given in (("promotions", len(batch.promotion_keys)), ("recipients", recipients)):
            if given > self._most_recipients:
                raise InvalidValue(field, f"must be at most {self._most_recipients:,}")
        return [
            (RecipientKind.PROFILE, [_kept(value) for value in batch.profile_ids]),
            (RecipientKind.EMAIL, [_kept(value) for value in batch.emails]),
        ]

    # --- the worker's side ---------------------------------------------------------------------

    async def next_chunk(self, tx: Transaction, claim: Claim) -> Chunk:
        """Return the next recipients: as many as make a transaction of about so many grants."""
        limit = max(1, CHUNK_GRANTS // max(1, len(claim.parameters["promotions"])))
        rows = await job_store.to_do(
            tx, claim.organization_id, claim.id, start=claim.done, limit=limit
        )
        if not rows:
            raise LookupError(f"the items of the job end at {claim.done} of {claim.total}")
        return Chunk(claim.done + len(rows), rows)

    async def run_chunk(self, tx: Transaction, claim: Claim, chunk: Chunk) -> Outcome:
        """Grant the promotions of a batch to some of its recipients."""
        rows = chunk.rows
        keys = list(claim.parameters["promotions"])
        found = await promotion_store.promotions_by_keys(tx, claim.organization_id, keys)
        customers = await customer_store.customer_ids_of(
            tx,
            claim.organization_id,
            Identifier.PROFILE_ID,
            [row.value for row in rows if row.kind == RecipientKind.PROFILE],
        )
        commands: list[GrantPromotion] = []
        refused: dict[int, GrantOutcome] = {}
        for row in rows:
            recipient = _recipient(row, customers)
            if isinstance(recipient, GrantOutcome):
                refused[row.pos] = recipient
            else:
                commands += [_command(claim, promotion, recipient) for promotion in found.values()]
        made = iter(await store.insert(tx, commands))
        ended = [
            replace(row, outcome=refused[row.pos].value)
            if row.pos in refused
            else _ended(row, keys, {key: next(made) for key in found})
            for row in rows
        ]
        return Outcome(_counted(claim.counts, ended), ended)


def _recipient(row: JobRow, customers: Mapping[str, UUID]) -> dict[str, Any] | GrantOutcome:
    as_sent = NOT_A_CHARACTER not in row.value and len(row.value) < LONGEST_KEPT
    if row.kind == RecipientKind.PROFILE:
        customer_id = customers.get(folded(row.value)) if as_sent else None
        return {"customer_id": customer_id} if customer_id else GrantOutcome.UNKNOWN_PROFILE
    try:
        return {"email": checked_email(row.value)} if as_sent else GrantOutcome.BAD_ADDRESS
    except InvalidEmail:
        return GrantOutcome.BAD_ADDRESS


def _command(claim: Claim, promotion: Promotion, recipient: Mapping[str, Any]) -> GrantPromotion:
    return GrantPromotion(
        organization_id=claim.organization_id,
        promotion_id=promotion.id,
        repeatable=promotion.repeatable,
        now=clock.now(),
        source_id=claim.parameters.get("source_id"),
        job_id=claim.id,
        **recipient,
    )


def _ended(row: JobRow, keys: Sequence[str], made: Mapping[str, Grant | None]) -> JobRow:
    """Sum up one recipient: an outcome for all the promotions, and one for each."""
    each = {key: _outcome_of(key, made) for key in keys}
    kinds = set(each.values())
    if len(kinds) == 1:
        (whole,) = kinds
    elif GrantOutcome.GRANTED in kinds:
        whole = GrantOutcome.PARTLY_GRANTED
    else:
        whole = GrantOutcome.ALREADY_GRANTED
    detail = {key: outcome.value for key, outcome in each.items()}
    return replace(row, outcome=whole.value, detail=detail)


def _outcome_of(key: str, made: Mapping[str, Grant | None]) -> GrantOutcome:
    if key not in made:
        return GrantOutcome.UNKNOWN_PROMOTION
    return GrantOutcome.ALREADY_GRANTED if made[key] is None else GrantOutcome.GRANTED


def _counted(counts: Mapping[str, int], ended: Sequence[JobRow]) -> dict[str, int]:
    """Add rows to a job's counts: recipients by outcome, and `grants` made."""
    total = Counter(counts)
    for row in ended:
        total[str(row.outcome)] += 1
        total["grants"] += sum(v == GrantOutcome.GRANTED for v in (row.detail or {}).values())
    return dict(total)


def _kept(value: str) -> str:
    return UNKEPT.sub(NOT_A_CHARACTER, value[:LONGEST_KEPT])


def _checked_source(source_id: str | None) -> str | None:
    """Return the source; an empty text counts as none. Raises InvalidValue."""
    check_fits(grants, {"source_id": source_id})
    return source_id or None


async def _promotions(
    tx: Transaction, organization_id: int, keys: Sequence[str]
) -> list[Promotion]:
    """Return the promotions named, each once. Raises UnknownPromotion for all that are missing."""
    keys = list(dict.fromkeys(keys))
    found = await promotion_store.promotions_by_keys(tx, organization_id, keys)
    missing = tuple(key for key in keys if key not in found)
    if missing:
        raise UnknownPromotion(missing[0], "key", others=missing[1:])
    return [found[key] for key in keys]


async def _same_job(tx: Transaction, organization_id: int, key: str) -> Job:
    job = await job_store.job_by_key(tx, organization_id, BATCH, key)
    assert job is not None
    if job.state not in (JobState.FAILED, JobState.DEAD):
        return job
    again = await job_store.move(tx, organization_id, job.id, {job.state}, JobState.WAITING)
    return again or job


def _job_key(source_id: str, batch: GrantBatch) -> str:
    """Return what makes a batch of a source the same one: its body, in whatever order."""
    body = [sorted(batch.promotion_keys), sorted(batch.profile_ids), sorted(batch.emails)]
    digest = hashlib.sha256(json.dumps([source_id, *body]).encode()).hexdigest()
    return f"source:{digest}"


def _job(caller: Caller, batch: GrantBatch, key: str | None) -> dict[str, Any]:
    return {
        "organization_id": caller.organization_id,
        "id": new_id(),
        "kind": BATCH,
        "key": key,
        "parameters": {
            "promotions": list(dict.fromkeys(batch.promotion_keys)),
            "source_id": batch.source_id or None,
        },
        "state": JobState.WAITING,
        "total": len(batch.profile_ids) + len(batch.emails),
        "done": 0,
        "counts": {},
        "attempts": 0,
        "created_at": clock.now(),
        "created_by_user": caller.user_id,
    }
