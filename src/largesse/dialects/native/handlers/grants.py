"""Grants, one by one and in batches, and the jobs that batches are."""

from largesse.core.errors import UnknownJob
from largesse.core.grants.model import Grant
from largesse.core.jobs.model import Job, JobRow
from largesse.dialects.native import queries
from largesse.dialects.native.handlers.records import id_in, paged
from largesse.dialects.native.mapping import given, only_one, to_batch, to_uuid
from largesse.dialects.native.schemas.base import Listing
from largesse.wire.call import Call


async def create_grant(call: Call) -> Grant:
    """POST /grants: give a promotion to a customer or to an e-mail address."""
    new = given(call.body)
    only_one(new, ("customer", "email"), "customer")
    return await call.services.grants.create(call.caller, new)


async def create_batch(call: Call) -> Job:
    """POST /grants/batches: accept grants for many, durably, as a job."""
    return await call.services.grants.start_batch(call.caller, to_batch(call.body))


async def list_rows(call: Call) -> Listing[JobRow]:
    """GET /jobs/{id}/rows: what became of each recipient."""
    job_id = id_in(call, to_uuid, UnknownJob)
    return await paged(call, queries.Paging, call.services.jobs.rows, job_id)


async def cancel_job(call: Call) -> Job:
    """POST /jobs/{id}/cancel: stop a job where it is."""
    return await call.services.jobs.cancel(call.caller, id_in(call, to_uuid, UnknownJob))


async def resume_job(call: Call) -> Job:
    """POST /jobs/{id}/resume: go on with a job that was cancelled or has failed."""
    job = await call.services.jobs.resume(call.caller, id_in(call, to_uuid, UnknownJob))
    call.services.wakeups.jobs.set()
    return job
