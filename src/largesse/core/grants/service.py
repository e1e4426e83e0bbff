"""The use cases of grants: give a promotion, revoke it, and do so for many in a job."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from datetime import UTC
from typing import Any
from uuid import UUID

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.customers import store as customer_store
from largesse.core.customers.service import find_customer
from largesse.core.errors import (
    AlreadyExists,
    InvalidValue,
    MissingValue,
    StillInUse,
    UnknownGrant,
    UnknownJob,
    WrongState,
)
from largesse.core.events.model import EventKind, author_of
from largesse.core.events.store import record
from largesse.core.grants import bulk_store, store
from largesse.core.grants.intake import AT_ONCE, BATCH, Intake, ordered
from largesse.core.grants.model import (
    Grant,
    GrantBatch,
    GrantPromotion,
    GrantState,
    RecipientKind,
    Recipients,
    grants,
)
from largesse.core.grants.named import promotions_named
from largesse.core.grants.revoking import revocation
from largesse.core.jobs import row_store
from largesse.core.jobs import store as job_store
from largesse.core.jobs.model import OPEN, Job, JobState, jobs
from largesse.core.limits import check_fits, storable, unfit
from largesse.core.records import Page, Records, check_after, check_limit, page_of
from largesse.core.search.browse import Browse, Shelf
from largesse.core.text import checked_email
from largesse.core.together import together
from largesse.storage import records
from largesse.storage.database import Database, Transaction
from largesse.storage.errors import BrokenReference


class Grants(Records[Grant]):
    """Grants. One is made or revoked, never changed otherwise."""

    table = grants
    value = Grant
    unknown = UnknownGrant
    write_right = Right.GRANT_PROMOTIONS
    changeable = frozenset()
    shelf = store.GRANT_SHELF

    def __init__(self, database: Database, intake: Intake) -> None:
        super().__init__(database)
        self.intake = intake

    async def create(self, caller: Caller, new: Mapping[str, Any]) -> Grant:
        """Give a promotion (`promotion`: its key) to a `customer` or to an `email`.

        Without `expires_at` it expires when the promotion ends, if it does.

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
        now, source_id, expires_at = clock.now(), new.get("source_id"), new.get("expires_at")
        check_fits(grants, {"source_id": source_id, "expires_at": expires_at})
        if expires_at is not None and expires_at <= now:
            raise InvalidValue("expires_at", "has passed")
        async with self.database.read() as tx:
            (promotion,) = await promotions_named(tx, caller.organization_id, [new["promotion"]])
            customer_id = None
            if new.get("customer"):
                customer_id = await find_customer(tx, caller.organization_id, None, new["customer"])
        command = GrantPromotion(
            organization_id=caller.organization_id,
            promotion_id=promotion.id,
            repeatable=promotion.repeatable,
            now=now,
            customer_id=customer_id,
            email=checked_email(new["email"]) if new.get("email") else None,
            source_id=source_id or None,
            expires_at=expires_at.astimezone(UTC) if expires_at else promotion.ends_at,
            by=author_of(caller),
        )
        try:
            granted = await together(self.database, store.insert, command)
        except BrokenReference:
            raise StillInUse("grant") from None
        if granted is None:
            raise AlreadyExists("grant")
        return granted

    async def page(
        self, caller: Caller, *, after: Any = None, limit: int = 100, **filters: Any
    ) -> Page[Grant]:
        """Return the grants behind an id.

        Filters: `promotion_id`, `customer_id`, `email` in any case, `source_id`, `job_id`, and
        the `state` in which a grant is now.

        Raises:
            NotPermitted, InvalidValue
        """
        caller.require(self.read_right)
        check_limit(limit)
        if after is not None:
            check_after(grants, after)
        wanted = {name: value for name, value in filters.items() if value is not None}
        if any(unfit(grants.c[name].type, value) for name, value in wanted.items()):
            return Page([], None)  # what no column can hold, none holds
        async with self.database.read() as tx:
            rows = await store.page(
                tx, caller.organization_id, wanted, after=after, limit=limit + 1
            )
        return page_of([self._value(row) for row in rows], limit)

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
                store.is_effective(clock.now()),
                values={"state": GrantState.REVOKED, "revoked_at": clock.now()},
            )
            if row is None:
                found = await self._one(tx, caller.organization_id, record_id)
                raise WrongState("grant", found.state)
            record(tx, caller, EventKind.GRANT_REVOKED, ("grant", row.id))

    async def revoke_all(
        self, caller: Caller, *, job_id: UUID | None = None, source_id: str | None = None
    ) -> Job:
        """Start a job that revokes the grants of a batch, or those from a source.

        Those that are made meanwhile, from the same source, may or may not be among them.

        Raises:
            NotPermitted, MissingValue, InvalidValue
            UnknownJob: there is no such batch.
            WrongState: the batch is not over: cancel it first.
        """
        caller.require(self.write_right)
        if (job_id is None) == (source_id is None):
            raise MissingValue("job_id")
        check_fits(grants, {"source_id": source_id})
        organization_id = caller.organization_id
        async with self.database.read() as tx:
            if job_id is not None:
                await _check_over(tx, organization_id, job_id)
            total = await bulk_store.count_active(
                tx, organization_id, job_id=job_id, source_id=source_id
            )
        new = revocation(caller, total, job_id=job_id, source_id=source_id)
        async with self.database.write() as tx:
            job = await job_store.add_job(tx, new, by=caller)
        assert job is not None  # it has no key that another one could have
        return job

    async def start_batch(self, caller: Caller, batch: GrantBatch) -> Job:
        """Accept a batch durably as a job that a worker will run, and return the job.

        The same source with the same batch is the same job: nothing is granted a second time. One
        that failed goes on from where it stopped; one that was cancelled stays so.

        Raises:
            as `Intake.received`
        """
        order = batch.order
        async with self.intake.received(caller, _each(batch.recipients), lambda: order) as received:
            return await received.accept()

    async def start_tried(self, caller: Caller, job_id: UUID) -> Job:
        """Give for real what a dry run said it would give, to the same recipients; once.

        Raises:
            UnknownJob: there is no such dry run.
            WrongState: it is not done.
            and as `start_batch`.
        """
        caller.require(self.write_right)
        async with self.database.read() as tx:
            row = await records.find(tx, jobs, caller.organization_id, jobs.c.id == job_id)
        if row is None or row.kind != BATCH or not row.parameters.get("dry_run"):
            raise UnknownJob(str(job_id))
        if row.state != JobState.DONE:
            raise WrongState("job", row.state)
        order = ordered(row.parameters)
        recipients = self._recipients_of(caller.organization_id, job_id)
        async with self.intake.received(caller, recipients, lambda: order) as received:
            return await received.accept(key=f"tried:{job_id.hex}")

    async def _recipients_of(self, organization_id: int, job_id: UUID) -> AsyncIterator[Recipients]:
        start = 0
        while True:
            async with self.database.read() as tx:
                parts = await row_store.items_from(
                    tx, organization_id, job_id, start=start, limit=AT_ONCE
                )
            if not parts:
                return
            for first, kind, texts in parts:
                yield RecipientKind(kind), texts
                start = first + len(texts)

    async def _shelf_of(self, tx: Transaction, organization_id: int, query: Browse) -> Shelf:
        """Return the shelf, with the customers whom the text names by an identifier or address."""
        if not query.text or not storable(query.text):
            return self.shelf
        ids = await customer_store.ids_named(tx, organization_id, query.text)
        if not ids:
            return self.shelf
        theirs = tx.engine.any_of(grants.c.customer_id, ids)
        return replace(self.shelf, lookups=(*self.shelf.lookups, lambda *_: theirs))

    def _value(self, row: Any) -> Grant:
        grant = super()._value(row)
        return replace(grant, state=store.state_of(grant, clock.now()))


async def _check_over(tx: Transaction, organization_id: int, job_id: UUID) -> None:
    row = await records.find(tx, jobs, organization_id, jobs.c.id == job_id, jobs.c.kind == BATCH)
    if row is None:
        raise UnknownJob(str(job_id))
    if row.state in OPEN:
        raise WrongState("job", row.state)


async def _each(parts: Iterable[Recipients]) -> AsyncIterator[Recipients]:
    for part in parts:
        yield part
