"""Grants, one by one and in batches, and the jobs that batches are."""

from collections.abc import AsyncIterator, Callable

from largesse.core.grants.model import Grant, GrantOrder, Recipients
from largesse.core.grants.sheet import recipients_in
from largesse.core.jobs.model import Job
from largesse.dialects.native import mapping, queries
from largesse.dialects.native.schemas.base import check_is_json, encode, media_of
from largesse.dialects.native.schemas.giving import NewBatch, NewRevocation
from largesse.wire.call import Call
from largesse.wire.idempotency import carried_out_once
from largesse.wire.members import Members

CSV = "text/csv"
ACCEPTED = 202


async def create_grant(call: Call) -> Grant:
    """POST /grants: give a promotion to a customer or to an e-mail address."""
    new = mapping.given(call.body)
    mapping.only_one(new, ("customer", "email"), "customer")
    return await call.services.grants.create(call.caller, new)


async def create_batch(call: Call) -> Job:
    """POST /grants/batches: accept grants for many, durably, as a job.

    The recipients are members of a JSON object, or a sheet: then the query says what they get.
    """
    is_sheet = media_of(call, "application/json") == CSV
    recipients, order = _sheet(call) if is_sheet else _members(call)
    intake = call.services.grants.intake
    async with intake.received(call.caller, recipients, order) as received:
        job: Job = await carried_out_once(
            call,
            received.accept,
            encode=encode,
            status=ACCEPTED,
            body=lambda: received.digest,
        )
    return job


def _sheet(call: Call) -> tuple[AsyncIterator[Recipients], Callable[[], GrantOrder]]:
    asked = queries.of(call, queries.SheetBatch)
    assert call.blocks is not None
    return recipients_in(call.blocks), lambda: mapping.to_order_of_sheet(asked)


def _members(call: Call) -> tuple[AsyncIterator[Recipients], Callable[[], GrantOrder]]:
    queries.of(call, queries.NoQuery)
    check_is_json(call)
    assert call.blocks is not None
    limit = call.services.settings.max_body_bytes
    members = Members(call.blocks, NewBatch, long=mapping.RECIPIENTS, limit=limit)

    async def recipients() -> AsyncIterator[Recipients]:
        async for name, texts in members.lists():
            yield mapping.RECIPIENTS[name], texts

    return recipients(), lambda: mapping.to_order(members.rest)


async def revoke_many(call: Call) -> Job:
    """POST /grants/revocations: revoke the grants of a batch, or those from a source, by a job."""
    body: NewRevocation = call.body
    name, value = mapping.only_one(mapping.given(body), ("job_id", "source_id"), "job_id")
    return await call.services.grants.revoke_all(call.caller, **{name: value})
