"""Mails, and the evidence of newsletter consent."""

from largesse.core.errors import UnknownMail
from largesse.core.mail.model import Attempt, Mail
from largesse.core.newsletter.model import Consent
from largesse.dialects.native import queries
from largesse.dialects.native.handlers.records import id_in
from largesse.dialects.native.mapping import to_uuid
from largesse.dialects.native.schemas.base import Listing
from largesse.wire.call import Call


async def list_attempts(call: Call) -> Listing[Attempt]:
    """GET /mails/{id}/attempts: every attempt to hand a mail over, first to last."""
    mail_id = id_in(call, to_uuid, UnknownMail)
    return Listing(await call.services.mails.attempts(call.caller, mail_id))


async def retry_mail(call: Call) -> Mail:
    """POST /mails/{id}/retry: queue a failed or uncertain mail again."""
    return await call.services.mails.retry(call.caller, id_in(call, to_uuid, UnknownMail))


async def cancel_mail(call: Call) -> Mail:
    """POST /mails/{id}/cancel: take a mail that waits out of the queue."""
    return await call.services.mails.cancel(call.caller, id_in(call, to_uuid, UnknownMail))


async def list_consents(call: Call) -> Listing[Consent]:
    """GET /consents: how a recipient subscribed and unsubscribed, first to last."""
    asked = queries.of(call, queries.Consents)
    return Listing(await call.services.newsletter.evidence(call.caller, asked.recipient))
