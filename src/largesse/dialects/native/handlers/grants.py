"""Grants, one by one and in batches, and the jobs that batches are."""

from largesse.core.grants.model import Grant
from largesse.core.jobs.model import Job
from largesse.dialects.native.mapping import given, only_one, to_batch
from largesse.wire.call import Call


async def create_grant(call: Call) -> Grant:
    """POST /grants: give a promotion to a customer or to an e-mail address."""
    new = given(call.body)
    only_one(new, ("customer", "email"), "customer")
    return await call.services.grants.create(call.caller, new)


async def create_batch(call: Call) -> Job:
    """POST /grants/batches: accept grants for many, durably, as a job."""
    return await call.services.grants.start_batch(call.caller, to_batch(call.body))
