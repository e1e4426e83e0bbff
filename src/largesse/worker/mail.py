"""Sends the mails that are due, and records every attempt."""

import asyncio
import random
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from largesse.core import clock
from largesse.core.mail import store
from largesse.core.mail.model import DueMail, MailState
from largesse.senders.message import CutOff, OutgoingMail, PutOff, TurnedDown

if TYPE_CHECKING:
    from largesse.services import Services

log = structlog.get_logger(__name__)

BATCH = 100
"""Mails claimed at once."""

LEASE_SECONDS = 120.0
"""How long a worker has for a batch before its mails count as cut off."""

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)


async def send_due_mail(services: "Services") -> bool:
    """Send a batch of mails; False if none was due."""
    async with services.database.write() as tx:
        await store.mark_uncertain(tx)
        due = await store.claim_due(tx, limit=BATCH, lease_seconds=LEASE_SECONDS)
    if not due:
        return False
    await asyncio.gather(*(_send_one(services, mail) for mail in due))
    return True


async def _send_one(services: "Services", due: DueMail) -> None:
    if services.sender is None:
        await _record(services, due, MailState.FAILED, "failed", "no mail service is configured")
        return
    mail = OutgoingMail(
        sender=services.sender.sender,
        recipient=due.recipient,
        subject=due.subject,
        text=due.text,
        html=due.html,
        message_id=due.message_id,
        date=due.created_at,
    )
    try:
        reply = await services.sender.send(mail)
    except TurnedDown as error:
        await _record(services, due, MailState.FAILED, "refused", error.reply)
    except CutOff as error:
        await _record(services, due, MailState.UNCERTAIN, "uncertain", error.reply)
    except PutOff as error:
        await _put_off(services, due, error.reply)
    except Exception as error:
        # Whatever it was, it must not leave the mail behind as if it were still on its way.
        log.exception("mail fault", mail=str(due.id))
        reply = f"{type(error).__name__}: {error}"
        await _record(services, due, MailState.UNCERTAIN, "uncertain", reply)
    else:
        await _record(services, due, MailState.SENT, "sent", reply)


async def _put_off(services: "Services", due: DueMail, reply: str) -> None:
    if due.attempts >= services.settings.mail_attempts:
        await _record(services, due, MailState.FAILED, "put off", reply)
        return
    wait = min(LONGEST_RETRY, FIRST_RETRY * 2 ** (due.attempts - 1)) * random.uniform(0.8, 1.2)
    await _record(services, due, MailState.QUEUED, "put off", reply, wait)


async def _record(
    services: "Services",
    due: DueMail,
    state: MailState,
    outcome: str,
    reply: str,
    wait: timedelta | None = None,
) -> None:
    now = clock.now()
    async with services.database.write() as tx:
        await store.record(
            tx,
            due,
            state=state,
            outcome=outcome,
            reply=reply,
            now=now,
            due_at=None if wait is None else now + wait,
        )
    log.info("mail", mail=str(due.id), outcome=outcome, attempt=due.attempts, reply=reply)
