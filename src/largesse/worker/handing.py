"""One attempt to hand a mail over, and what is to be recorded of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from largesse.core import clock
from largesse.core.ids import new_id
from largesse.core.mail.attempts import Ended, Outcome, next_state
from largesse.core.mail.model import DueMail
from largesse.senders.message import (
    CutOff,
    NotSent,
    OutgoingMail,
    PutOff,
    Sender,
    Sign,
    TurnedDown,
    Unreachable,
)
from largesse.senders.reports.return_path import with_token

log = structlog.get_logger(__name__)

OUTCOMES: dict[type[NotSent], Outcome] = {
    Unreachable: Outcome.NOT_BEGUN,
    PutOff: Outcome.PUT_OFF,
    TurnedDown: Outcome.REFUSED,
    CutOff: Outcome.UNCERTAIN,
}


@dataclass(slots=True)
class Taken:
    """A mail that this worker has."""

    due: DueMail
    transport: str
    claim_id: UUID
    sure_until: float
    """Until when nobody else can have taken it, on this process's clock."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is the same for all attempts of a worker."""

    worker: str
    mail_from: str
    bounce_address: str | None
    """Where bounces go; None: to `mail_from`."""
    attempts: int
    sign: Sign | None


async def hand_over(sender: Sender, taken: Taken, rules: Rules) -> tuple[Ended, NotSent | None]:
    """Try to hand a mail over; return how it ended, and what went wrong."""
    started = clock.now()
    try:
        reply = await sender.send(_outgoing(taken.due, rules).envelope(sign=rules.sign))
    except NotSent as error:
        kind = next(kind for kind in OUTCOMES if isinstance(error, kind))
        return ended(taken, OUTCOMES[kind], rules, error, started=started), error
    except Exception as error:
        # Whatever it was, it must not leave the mail behind as if it were still on its way.
        log.exception("mail fault", mail=str(taken.due.id))
        cut = CutOff(f"{type(error).__name__}: {error}", "fault")
        return ended(taken, Outcome.UNCERTAIN, rules, cut, started=started), None
    return ended(taken, Outcome.SENT, rules, started=started, reply=reply), None


def ended(
    taken: Taken,
    outcome: Outcome,
    rules: Rules,
    error: NotSent | None = None,
    *,
    started: datetime | None = None,
    reply: str | None = None,
) -> Ended:
    """Return the end of an attempt, and what it makes of the mail."""
    now = clock.now()
    due = taken.due
    state, attempts, wait = next_state(due, outcome, most=rules.attempts)
    if error is not None:
        reply = error.reply
        log.info("mail", mail=str(due.id), outcome=outcome, attempt=attempts, reply=reply)
    return Ended(
        id=new_id(),
        due=due,
        claim_id=taken.claim_id,
        outcome=outcome,
        reply=reply,
        reason=None if error is None else error.reason,
        transport=taken.transport,
        worker=rules.worker,
        started_at=started or now,
        ended_at=now,
        state=state,
        attempts=attempts,
        due_at=now + wait if wait else due.due_at,
    )


def _outgoing(due: DueMail, rules: Rules) -> OutgoingMail:
    return OutgoingMail(
        sender=rules.mail_from,
        recipient=due.recipient,
        subject=due.subject,
        text=due.text,
        html=due.html,
        message_id=due.message_id,
        date=due.created_at,
        headers=_headers(due),
        return_path=rules.bounce_address and with_token(rules.bounce_address, due.id.hex),
    )


def _headers(due: DueMail) -> tuple[tuple[str, str], ...]:
    """Return the headers by which a mail program unsubscribes at once (RFC 2369, RFC 8058)."""
    if due.list_unsubscribe is None:
        return ()
    return (
        ("List-Unsubscribe", f"<{due.list_unsubscribe}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    )
