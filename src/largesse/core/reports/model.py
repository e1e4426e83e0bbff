"""Tables and values of reports on mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, String, Table, Text, UniqueConstraint, Uuid

from largesse.core.tables import created_at, id_column, organization_column, reference
from largesse.senders.reports.report import Kind
from largesse.storage.types import metadata

mail_reports = Table(
    "mail_reports",
    metadata,
    organization_column(),
    id_column(),
    # What it is the only report of: a kind of failure of a mail, or an event of a mail service.
    Column("once_key", String(200), nullable=False),
    Column("mail_id", Uuid),
    Column("address", String(254), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("source", String(20), nullable=False),
    Column("status", String(20)),
    Column("diagnostic", Text),
    created_at(),
    reference("mail_id", "mails.id", ondelete="CASCADE"),
    UniqueConstraint("organization_id", "once_key"),
    Index("ix_mail_reports_mail_id", "organization_id", "mail_id"),
)


@dataclass(frozen=True, slots=True)
class MailReport:
    """A bounce or a complaint, kept once however often it is reported."""

    id: UUID
    mail_id: UUID | None
    """None: a mail service vouches for the address, but the mail is none of ours."""
    address: str
    kind: Kind
    source: str
    status: str | None
    """The enhanced status code, such as 5.1.1 (RFC 3463)."""
    diagnostic: str | None
    """What the recipient's mail system said."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """What was made of a message, or of a request of a mail service."""

    recorded: Sequence[MailReport] = ()
    repeated: int = 0
    """Reports of what was recorded before."""
    unknown: int = 0
    """Reports on mails that are none of ours, about which nothing is certain."""
    note: str | None = None
    """Why there was nothing to record, e.g. that it is an automatic reply."""
