"""Tables and values of newsletter."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Column, Index, String, Table, UniqueConstraint, Uuid

from largesse.core.events.model import Author
from largesse.core.tables import created_at, id_column, organization_column, updated_at
from largesse.storage.types import code_points, metadata

LONGEST_REASON = 400

subscriptions = Table(
    "subscriptions",
    metadata,
    organization_column(),
    id_column(),
    Column("recipient", String(254), nullable=False),
    Column("recipient_key", code_points(254), nullable=False),
    Column("name", String(200)),
    Column("active", Boolean, nullable=False),
    created_at(),
    updated_at(),
    UniqueConstraint("organization_id", "recipient_key"),
    Index("ix_subscriptions_active", "organization_id", "active", "id"),
)

consents = Table(
    "consents",
    metadata,
    organization_column(),
    id_column(),
    # No foreign key: the evidence outlives the subscription.
    Column("recipient_key", String(254), nullable=False),
    Column("action", String(20), nullable=False),
    Column("source", String(40), nullable=False),
    Column("reason", String(LONGEST_REASON)),
    Column("user_id", Uuid),
    created_at(),
    Index("ix_consents_recipient_key", "organization_id", "recipient_key"),
)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A recipient's newsletter subscription."""

    id: UUID
    recipient: str
    name: str | None
    active: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Consent:
    """The evidence of how a subscription came about or ended."""

    action: str
    source: str
    reason: str | None
    """What the user said who did it for the recipient."""
    user_id: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Subscribe:
    """A command: subscribe a recipient."""

    organization_id: int
    recipient: str
    now: datetime
    source: str
    by: Author
    name: str | None = None
    active: bool = True
    """Whether the subscription counts at once, or only when it is confirmed."""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """A command: end a recipient's subscription."""

    organization_id: int
    recipient: str
    now: datetime
    source: str
    by: Author
    reason: str | None = None
