"""Tables and values of suppressions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Column, Index, Integer, String, Table, Text, UniqueConstraint, Uuid

from largesse.core.tables import created_at, id_column, organization_column
from largesse.core.text import folded
from largesse.senders.reports.report import Kind
from largesse.storage.types import Utc, metadata


class Reason(StrEnum):
    """Why an address gets no mail."""

    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCES = "soft_bounces"
    """Too many mails in a row were given up for reasons that might have passed."""
    COMPLAINT = "complaint"
    UNSUBSCRIBED = "unsubscribed"
    """It gets no marketing; what it is owed, such as a code that it asked for, it still gets."""
    MANUAL = "manual"


OF_KIND: Mapping[Kind, Reason] = MappingProxyType(
    {
        Kind.HARD_BOUNCE: Reason.HARD_BOUNCE,
        Kind.COMPLAINT: Reason.COMPLAINT,
        Kind.UNSUBSCRIBED: Reason.UNSUBSCRIBED,
    }
)
"""The reports of which one suffices."""

suppressions = Table(
    "suppressions",
    metadata,
    organization_column(),
    id_column(),
    Column("address", String(254), nullable=False),
    Column("address_key", String(254), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("source", String(40), nullable=False),
    Column("note", Text),
    # No reference: the suppression outlives the mail.
    Column("mail_id", Uuid),
    Column("user_id", Uuid),
    created_at(),
    # A row for each reason: who takes back one of them leaves the others.
    UniqueConstraint("organization_id", "address_key", "reason"),
    Index("ix_suppressions_reason", "organization_id", "reason", "id"),
)

soft_bounces = Table(
    "soft_bounces",
    metadata,
    organization_column(),
    Column("address_key", String(254), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", Utc, nullable=False),
)
"""How often in a row mails to an address were given up for a reason that might have passed."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address that gets no mail, and why."""

    id: UUID
    address: str
    reason: Reason
    source: str
    """What made it: dsn, arf, a mail service, native, cli, import or unsubscribe."""
    note: str | None
    mail_id: UUID | None
    """The mail that bounced or was complained of."""
    user_id: UUID | None
    created_at: datetime


def address_key(address: str) -> str:
    """Return the key by which addresses are compared: folded, the domain not in its ASCII form."""
    local, mark, domain = folded(address).rpartition("@")
    if "xn--" in domain:
        try:
            domain = folded(domain.encode().decode("idna"))
        except UnicodeError:
            pass
    return f"{local}{mark}{domain}"
