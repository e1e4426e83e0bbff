"""Tables and values of mail."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from largesse.core.tables import created_at, id_column, organization_column, reference
from largesse.storage.types import Utc, code_points, metadata

WAKE = "mail"
"""What a commit tells of that leaves a mail to send."""


class MailState(StrEnum):
    """What became of a mail."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    """An attempt was cut off after it began: the mail may or may not have been delivered."""
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"
    """Its address was suppressed before it was handed over."""


class Priority(IntEnum):
    """Who goes first: all due mails of a lower number are taken before the next one's."""

    URGENT = 0
    """Somebody waits for it, e.g. a customer on the phone with the contact centre."""
    NORMAL = 1
    BULK = 2


# The conditions of partial indexes, literals so that both databases see that they fit.
IS_QUEUED = text("state = 'queued' AND lane IS NULL")
IS_ASIDE = text("state = 'queued' AND lane IS NOT NULL")
IS_SENDING = text("state = 'sending'")
IS_WAITING = text("waiting")

mails = Table(
    "mails",
    metadata,
    organization_column(),
    id_column(),
    Column("customer_id", Uuid),
    Column("code_id", Uuid),
    Column("recipient", String(254), nullable=False),
    # The address folded, and its domain in ASCII: by these mails are looked up.
    Column("recipient_key", code_points(254)),
    Column("domain", String(255)),
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
    Column("priority", SmallInteger, nullable=False, server_default="1"),
    Column("template_key", String(100)),
    Column("job_id", Uuid),
    Column("list_unsubscribe", Text),
    Column("reason", String(20)),
    Column("lane", String(300)),
    Column("claim_id", Uuid),
    Column("claimed_at", Utc),
    Column("worker", String(100)),
    Column("transport", String(20)),
    Column("report", String(20)),
    reference("customer_id", "customers.id"),
    reference("code_id", "codes.id"),
    # One mail per customer and code: a repeated request joins the first (dialects.md, Intershop).
    UniqueConstraint("organization_id", "customer_id", "code_id"),
    Index("ix_mails_due", "priority", "due_at", sqlite_where=IS_QUEUED, postgresql_where=IS_QUEUED),
    Index(
        "ix_mails_lane",
        "lane",
        "priority",
        "due_at",
        sqlite_where=IS_ASIDE,
        postgresql_where=IS_ASIDE,
    ),
    Index("ix_mails_sending", "lease_until", sqlite_where=IS_SENDING, postgresql_where=IS_SENDING),
    # Lists by state walk it, and counts by state and reason read nothing else.
    Index("ix_mails_state", "organization_id", "state", "id", "reason", "due_at"),
    # What a mail says is some thousand bytes: an index of its own for each filter weighs little.
    *(
        Index(f"ix_mails_{name}", "organization_id", name, "id")
        for name in ("recipient_key", "domain", "template_key", "transport")
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
    Column("transport", String(20)),
    Column("worker", String(100)),
    Column("started_at", Utc),
    Column("ended_at", Utc),
    reference("mail_id", "mails.id", ondelete="CASCADE"),
    Index("ix_mail_attempts_mail_id", "organization_id", "mail_id"),
)

mail_pauses = Table(
    "mail_pauses",
    metadata,
    organization_column(),
    Column("name", String(300), primary_key=True),
    created_at(),
)
"""What an organization does not send at present: everything, by a transport, or to a domain."""

mail_lanes = Table(
    "mail_lanes",
    metadata,
    Column("name", String(300), primary_key=True),
    Column("tokens", Float, nullable=False),
    Column("refilled_at", Utc, nullable=False),
    Column("waiting", Boolean, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("blocked_until", Utc),
    Column("reason", Text),
    Index("ix_mail_lanes_waiting", "name", sqlite_where=IS_WAITING, postgresql_where=IS_WAITING),
)
"""What many mails may have to wait for, whosoever they are: a limit, a pause, a transport.

Mails that can not go stand aside in the lane of what holds them, so that nobody walks past them to
find those that can. The workers of an installation share its mail service, and so these rows.
"""


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
    reason: str | None
    """The kind of its last failure, e.g. `550 5.1.1`, `timeout` or `connection`."""
    priority: int
    """0: somebody waits for it; 1: as usual; 2: one of many. Lower numbers go first."""
    template_key: str | None
    job_id: UUID | None
    """The job that made it."""
    report: str | None
    """What came back after it was handed over: hard_bounce, soft_bounce, complaint, unsubscribed."""
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to hand a mail over."""

    outcome: str
    """sent, refused, put off, not begun, suppressed, or uncertain: perhaps delivered."""
    reply: str | None
    message_id: str
    transport: str | None
    worker: str | None
    started_at: datetime | None
    ended_at: datetime | None
    """None: nobody saw its end; its worker vanished."""
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
    due_at: datetime
    created_at: datetime
    priority: int
    lane: str | None
    """What it stood aside for before it was taken."""
    list_unsubscribe: str | None


@dataclass(frozen=True, slots=True)
class SendCode:
    """A command: mail a code to a customer (SEED 000)."""

    customer: str
    code: str
    promotion_key: str | None
    channel_id: str | None
