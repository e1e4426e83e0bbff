"""Tables and values of mail."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, Index, Integer, String, Table, Text, UniqueConstraint, Uuid, text

from largesse.core.tables import created_at, id_column, organization_column, reference
from largesse.storage.types import Utc, metadata


class MailState(StrEnum):
    """What became of a mail."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    """An attempt was cut off after it began: the mail may or may not have been delivered."""


IS_OPEN = text("state IN ('queued', 'sending')")
"""The condition of the index of due mails, a literal so that both databases see it fits."""

mails = Table(
    "mails",
    metadata,
    organization_column(),
    id_column(),
    Column("customer_id", Uuid),
    Column("code_id", Uuid),
    Column("recipient", String(254), nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("message_id", String(200), nullable=False),
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("lease_until", Utc),
    Column("last_reply", Text),
    created_at(),
    Column("sent_at", Utc),
    reference("customer_id", "customers.id"),
    reference("code_id", "codes.id"),
    # One mail per customer and code: a repeated request joins the first (dialects.md, Intershop).
    UniqueConstraint("organization_id", "customer_id", "code_id"),
    Index(
        "ix_mails_due",
        "due_at",
        sqlite_where=IS_OPEN,
        postgresql_where=IS_OPEN,
    ),
)

mail_attempts = Table(
    "mail_attempts",
    metadata,
    organization_column(),
    id_column(),
    Column("mail_id", Uuid, nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("reply", Text),
    created_at(),
    reference("mail_id", "mails.id", ondelete="CASCADE"),
    Index("ix_mail_attempts_mail_id", "organization_id", "mail_id"),
)


@dataclass(frozen=True, slots=True)
class Mail:
    """One message in the durable queue. What it says stays out of lists and logs."""

    id: UUID
    customer_id: UUID | None
    code_id: UUID | None
    recipient: str
    subject: str
    message_id: str
    """Stable over all attempts, so that a recipient's system can see a repeated one."""
    state: MailState
    attempts: int
    due_at: datetime
    last_reply: str | None
    """What the mail service last said."""
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to hand a mail over."""

    outcome: str
    reply: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DueMail:
    """A mail claimed for sending, whole."""

    organization_id: int
    id: UUID
    recipient: str
    subject: str
    text: str
    html: str
    message_id: str
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SendCode:
    """A command: mail a code to a customer (SEED 000)."""

    customer: str
    code: str
    promotion_key: str | None
    channel_id: str | None
