"""A mail as a row of the queue."""

from datetime import datetime
from typing import Any
from uuid import UUID

from largesse.core.ids import new_id
from largesse.core.mail.model import MailState, Priority
from largesse.core.templates.model import Rendered
from largesse.core.text import LONGEST_EMAIL, folded
from largesse.senders.message import domain_of

LONGEST_DOMAIN = 255
"""Characters that are kept of a domain."""


def mail_row(
    organization_id: int,
    recipient: str,
    rendered: Rendered,
    *,
    domain: str,
    now: datetime,
    template_key: str,
    customer_id: UUID | None = None,
    code_id: UUID | None = None,
    job_id: UUID | None = None,
    priority: Priority = Priority.NORMAL,
    list_unsubscribe: str | None = None,
) -> dict[str, Any]:
    """Return a mail that is due at once; `domain` is that of its message id."""
    mail_id = new_id()
    return {
        "organization_id": organization_id,
        "id": mail_id,
        "customer_id": customer_id,
        "code_id": code_id,
        "recipient": recipient,
        "recipient_key": folded(recipient)[:LONGEST_EMAIL],
        "domain": domain_of(recipient)[:LONGEST_DOMAIN],
        "subject": rendered.subject,
        "text": rendered.text,
        "html": rendered.html,
        "message_id": f"<{mail_id.hex}@{domain}>",
        "state": MailState.QUEUED,
        "attempts": 0,
        "due_at": now,
        "created_at": now,
        "priority": priority,
        "template_key": template_key,
        "job_id": job_id,
        "list_unsubscribe": list_unsubscribe,
    }
