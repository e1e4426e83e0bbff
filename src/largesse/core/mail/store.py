"""Every query of mail."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from largesse.core.mail.model import WAKE, Attempt, Mail, mail_attempts, mails
from largesse.core.records import value_of
from largesse.core.search.browse import Shelf, beginning, exactly
from largesse.senders.message import domain_of
from largesse.storage.database import Transaction
from largesse.storage.records import find, find_all


def _domain_in(text: str) -> str | None:
    """Return the domain that a text such as `@example.com` names."""
    return domain_of(text) if text.startswith("@") else None


MAIL_SHELF = Shelf(
    mails,
    filters={
        name: mails.c[name]
        for name in ("state", "template_key", "transport", "domain", "reason", "customer_id")
    },
    few=frozenset({"customer_id"}),
    lookups=(beginning(mails.c.recipient_key), exactly(mails.c.domain, key=_domain_in)),
)


async def enqueue(tx: Transaction, rows: Sequence[dict[str, Any]]) -> list[Mail]:
    """Insert mails and return the new ones; one that exists for its customer and code stays."""
    added = await tx.insert_new(mails, rows, returning=(mails,))
    if added:
        await tx.wake(WAKE)
    return [value_of(Mail, row) for row in added]


async def mail_of(
    tx: Transaction, organization_id: int, customer_id: UUID, code_id: UUID
) -> Mail | None:
    """Return the mail that took a code to a customer."""
    row = await find(
        tx,
        mails,
        organization_id,
        mails.c.customer_id == customer_id,
        mails.c.code_id == code_id,
    )
    return None if row is None else value_of(Mail, row)


async def mail(tx: Transaction, organization_id: int, mail_id: UUID) -> Mail | None:
    """Return a mail."""
    row = await find(tx, mails, organization_id, mails.c.id == mail_id)
    return None if row is None else value_of(Mail, row)


async def attempts_of(tx: Transaction, organization_id: int, mail: Mail) -> list[Attempt]:
    """Return a mail's attempts, first to last."""
    rows = await find_all(
        tx,
        mail_attempts,
        organization_id,
        mail_attempts.c.mail_id == mail.id,
        order=(mail_attempts.c.id,),
    )
    return [
        Attempt(
            outcome=row.outcome,
            reply=row.reply,
            message_id=mail.message_id,
            transport=row.transport,
            worker=row.worker,
            started_at=row.started_at,
            ended_at=row.ended_at,
            created_at=row.created_at,
        )
        for row in rows
    ]
