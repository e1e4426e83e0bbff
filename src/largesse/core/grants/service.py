"""The use cases of grants: give a promotion, revoke it, and give many in a job."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any
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
from largesse.core.jobs.model import Claim, Job, JobRow, JobState
from largesse.core.promotions import store as promotion_store
from largesse.core.promotions.model import Promotion
from largesse.core.records import Records
from largesse.core.text import checked_email, folded
from largesse.storage import records
from largesse.storage.database import Database, Transaction

BATCH = "grant_batch"
"""The kind of job that gives promotions to many recipients."""

LONGEST_ID = 254
"""Characters of a profile id or address that are kept of what a client sent."""


class Grants(Records[Grant]):
    """Grants. One is made or revoked, never changed otherwise."""

    table = grants
    value = Grant
    unknown = UnknownGrant
    write_right = Right.GRANT_PROMOTIONS
    changeable = frozenset()

    def __init__(
        self, database: Database, *, most_recipients: int, wake: Callable[[], None]
    ) -> None:
        super().__init__(database)
        self._most_recipients = most_recipients
        self._wake = wake

    async def create(self, caller: Caller, new: Mapping[str, Any]) -> Grant:
        """Give a promotion (`promotion`: its key) to a `customer` or to an `email`.

        Raises:
            NotPermitted, MissingValue, UnknownPromotion, UnknownCustomer, InvalidEmail
            AlreadyExists: the recipient holds an active grant of it.
        """
        caller.require(self.write_right)
        if not new.get("promotion"):
            raise MissingValue("promotion")
        if bool(new.get("customer")) == bool(new.get("email")):
            raise MissingValue("customer")
        async with self.database.read() as tx:
            promotion = await promotion_store.promotion_by_key(
                tx, caller.organization_id, new["promotion"]
            )
            if promotion is None:
                raise UnknownPromotion(new["promotion"], "key")
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
            source_id=new.get("source_id"),
        )
        granted = await self.database.submit(store.insert, command)
        if granted is None:
            raise AlreadyExists("grant")
        return granted

    async def delete(self, caller: Caller, record_id: Any) -> None:
        """Revoke a grant. Raises UnknownGrant, NotPermitted, WrongState."""
        caller.require(self.write_right)
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

        The same source with the same body is the same job: nothing is granted a second time.

        Raises:
            NotPermitted, MissingValue, InvalidValue
            UnknownPromotion: for the first promotion that does not exist.
        """
        caller.require(self.write_right)
        items = self._items(batch)
        async with self.database.read() as tx:
            found = await promotion_store.promotions_by_keys(
                tx, caller.organization_id, batch.promotion_keys
            )
        for key in batch.promotion_keys:
            if key not in found:
                raise UnknownPromotion(key, "key")
        job_key = _job_key(batch)
        async with self.database.write() as tx:
            job = await job_store.add_job(tx, _job(caller, batch, job_key, len(items)))
            if job is not None:
                await job_store.add_rows(tx, caller.organization_id, job.id, items)
            else:
                assert job_key is not None
                job = await job_store.job_by_key(tx, caller.organization_id, BATCH, job_key)
                assert job is not None
        self._wake()
        return job

    def _items(self, batch: GrantBatch) -> list[tuple[str, str]]:
        if not batch.promotion_keys:
            raise MissingValue("promotions")
        items = [(RecipientKind.PROFILE.value, value) for value in batch.profile_ids]
        items += [(RecipientKind.EMAIL.value, value) for value in batch.emails]
        if not items:
            raise MissingValue("recipients")
        if len(items) > self._most_recipients:
            raise InvalidValue("recipients", f"must be at most {self._most_recipients:,}")
        return [(kind, value[:LONGEST_ID].replace("\0", "\ufffd")) for kind, value in items]

    # --- the worker's side ---------------------------------------------------------------------

    async def run_chunk(
        self, tx: Transaction, claim: Claim, rows: Sequence[JobRow]
    ) -> list[tuple[int, str, Mapping[str, str] | None]]:
        """Grant the promotions of a batch to some of its recipients; return the outcomes."""
        keys = list(claim.parameters["promotions"])
        promotions = await promotion_store.promotions_by_keys(tx, claim.organization_id, keys)
        offered = [promotions[key] for key in keys if key in promotions]
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
                commands += [_command(claim, promotion, recipient) for promotion in offered]
        made = iter(await store.insert(tx, commands))
        return [
            (row.pos, refused[row.pos].value, None)
            if row.pos in refused
            else (row.pos, *_outcome(offered, [next(made) for _ in offered]))
            for row in rows
        ]


def _recipient(row: JobRow, customers: Mapping[str, UUID]) -> dict[str, Any] | GrantOutcome:
    if row.kind == RecipientKind.PROFILE:
        customer_id = customers.get(folded(row.value))
        return {"customer_id": customer_id} if customer_id else GrantOutcome.UNKNOWN_PROFILE
    try:
        return {"email": checked_email(row.value)}
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


def _outcome(
    offered: Sequence[Promotion], made: Sequence[Grant | None]
) -> tuple[str, Mapping[str, str]]:
    """Sum up one recipient: an outcome for all the promotions, and one for each."""
    each = {
        promotion.key: (
            GrantOutcome.ALREADY_GRANTED if grant is None else GrantOutcome.GRANTED
        ).value
        for promotion, grant in zip(offered, made, strict=True)
    }
    kinds = set(each.values())
    return (kinds.pop() if len(kinds) == 1 else GrantOutcome.PARTLY_GRANTED.value), each


def counted(
    counts: Mapping[str, int], outcomes: Sequence[tuple[int, str, Mapping[str, str] | None]]
) -> dict[str, int]:
    """Add outcomes to a job's counts: recipients by outcome, and `grants` made."""
    total = Counter(counts)
    for _, outcome, each in outcomes:
        total[outcome] += 1
        total["grants"] += sum(v == GrantOutcome.GRANTED for v in (each or {}).values())
    return dict(total)


def _job_key(batch: GrantBatch) -> str | None:
    if batch.source_id is None:
        return None
    body = [sorted(batch.promotion_keys), sorted(batch.profile_ids), sorted(batch.emails)]
    digest = hashlib.sha256(json.dumps([batch.source_id, *body]).encode()).hexdigest()
    return f"source:{digest}"


def _job(caller: Caller, batch: GrantBatch, key: str | None, total: int) -> dict[str, Any]:
    return {
        "organization_id": caller.organization_id,
        "id": new_id(),
        "kind": BATCH,
        "key": key,
        "parameters": {
            "promotions": list(dict.fromkeys(batch.promotion_keys)),
            "source_id": batch.source_id,
        },
        "state": JobState.WAITING,
        "total": total,
        "done": 0,
        "counts": {},
        "attempts": 0,
        "created_at": clock.now(),
        "created_by_user": caller.user_id,
    }
