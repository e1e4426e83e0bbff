"""Promotions granted to many at once."""

from collections.abc import AsyncIterator
from typing import Any

from largesse.core.grants.model import GrantOrder, Recipients
from largesse.dialects.oracle import mapping
from largesse.dialects.oracle.listing import url_of
from largesse.dialects.oracle.schemas import BatchGrantPromotions
from largesse.wire.call import Call
from largesse.wire.members import Members

BATCH_ID = "X-Batch-Id"
"""The header that names the job of a batch. It is ours: no document has one (DECIDED)."""


async def batch_grant_promotions(call: Call) -> Any:
    """POST profiles/batchGrantPromotions: accept a batch of grants, which a worker then gives."""
    assert call.blocks is not None
    release = call.settings.release
    members = Members(
        call.blocks,
        BatchGrantPromotions,
        long=mapping.RECIPIENTS,
        limit=call.services.settings.max_body_bytes,
    )
    given: set[str] = set()

    async def recipients() -> AsyncIterator[Recipients]:
        async for name, texts in members.lists():
            kind = mapping.to_kind(name, release)
            if texts and kind is not None:
                given.add(name)
                yield kind, texts

    def order() -> GrantOrder:
        return mapping.to_order(members.rest, release, given)

    intake = call.services.grants.intake
    async with intake.received(call.caller, recipients(), order) as received:
        job = await received.accept()
    call.response_headers[BATCH_ID] = str(job.id)
    return mapping.from_accepted(url_of(call), release)
