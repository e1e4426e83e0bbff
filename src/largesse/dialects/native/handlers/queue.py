"""The queue of mails as a whole: its figures, and what is done with many mails at once."""

from largesse.core.mail.queue import Changed, Pause, QueueStats
from largesse.dialects.native.mapping import given
from largesse.dialects.native.schemas.base import Listing
from largesse.wire.call import Call


async def read_stats(call: Call) -> QueueStats:
    """GET /mail-queue: counts by state and reason, the oldest due, pauses and transports."""
    return await call.services.mail_queue.stats(call.caller)


async def retry(call: Call) -> Changed:
    """POST /mail-queue/retry: queue failed mails again, as if they were new."""
    return await call.services.mail_queue.retry_all(call.caller, given(call.body))


async def cancel(call: Call) -> Changed:
    """POST /mail-queue/cancel: take mails that wait out of the queue."""
    return await call.services.mail_queue.cancel_all(call.caller, given(call.body))


async def pause(call: Call) -> Listing[Pause]:
    """POST /mail-queue/pause: send nothing, at all, by a transport or to a domain."""
    queue = call.services.mail_queue
    await queue.pause(call.caller, **given(call.body))
    return Listing(await queue.pauses(call.caller))


async def resume(call: Call) -> Listing[Pause]:
    """POST /mail-queue/resume: end a pause."""
    queue = call.services.mail_queue
    await queue.resume(call.caller, **given(call.body))
    return Listing(await queue.pauses(call.caller))
