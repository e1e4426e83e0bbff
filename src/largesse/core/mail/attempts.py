"""What an attempt to hand a mail over makes of the mail."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from largesse.core.mail.model import DueMail, MailState

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=4)


class Outcome(StrEnum):
    """How an attempt ended; every one but `not begun` is a line of the ledger."""

    SENT = "sent"
    REFUSED = "refused"
    PUT_OFF = "put off"
    UNCERTAIN = "uncertain"
    SUPPRESSED = "suppressed"
    NOT_BEGUN = "not begun"


STATES = {
    Outcome.SENT: MailState.SENT,
    Outcome.REFUSED: MailState.FAILED,
    Outcome.PUT_OFF: MailState.QUEUED,
    Outcome.UNCERTAIN: MailState.UNCERTAIN,
    Outcome.SUPPRESSED: MailState.SUPPRESSED,
    Outcome.NOT_BEGUN: MailState.QUEUED,
}


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that is over, and the mail as it stands then."""

    id: UUID
    due: DueMail
    claim_id: UUID
    outcome: Outcome
    reply: str | None
    reason: str | None
    transport: str
    worker: str
    started_at: datetime
    ended_at: datetime
    state: MailState
    attempts: int
    due_at: datetime

    @property
    def sent_at(self) -> datetime | None:
        """When the mail was sent, if it was."""
        return self.ended_at if self.outcome == Outcome.SENT else None


def next_state(due: DueMail, outcome: Outcome, *, most: int) -> tuple[MailState, int, timedelta]:
    """Return a mail's state behind an attempt, how many it has had, and how long it waits.

    `most` is the number of attempts after which a mail that is put off has failed.
    """
    attempts = due.attempts + (outcome != Outcome.NOT_BEGUN)
    if outcome != Outcome.PUT_OFF:
        return STATES[outcome], attempts, timedelta(0)
    if attempts >= most:
        return MailState.FAILED, attempts, timedelta(0)
    return MailState.QUEUED, attempts, retry_wait(attempts)


def retry_wait(attempts: int) -> timedelta:
    """Return how long a mail waits after so many attempts: three times as long each time."""
    longer: int = 3 ** min(attempts - 1, 12)
    wait = min(LONGEST_RETRY, FIRST_RETRY * longer)
    return wait * random.uniform(0.8, 1.2)
