"""Tables and values of grants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, Index, String, Table, Uuid, text

from largesse.core.events.model import Author
from largesse.core.tables import created_at, id_column, organization_column, reference
from largesse.storage.types import Utc, metadata


class GrantState(StrEnum):
    """Whether a grant counts."""

    ACTIVE = "active"
    REVOKED = "revoked"
    EXPIRED = "expired"
    """Past its end. A row may still say `active` then: it is read as expired (see store.py)."""


class RecipientKind(StrEnum):
    """By what a recipient is named."""

    PROFILE = "profile"
    EMAIL = "email"
    CUSTOMER = "customer"
    """By the id of a customer, of which every one has one, as 32 digits."""


class GrantOutcome(StrEnum):
    """What became of one recipient of a batch, or of one promotion for it."""

    GRANTED = "granted"
    PARTLY_GRANTED = "partly_granted"
    ALREADY_GRANTED = "already_granted"
    UNKNOWN_PROFILE = "unknown_profile"
    BAD_ADDRESS = "bad_address"
    UNKNOWN_PROMOTION = "unknown_promotion"
    """The promotion was deleted after the batch was accepted."""


IS_ACTIVE = text("state = 'active'")
"""The condition of the index of active grants, a literal so that both databases see it fits."""

IS_REVOKED = text("state = 'revoked'")

TO_EMAIL = text("customer_id IS NULL")

grants = Table(
    "grants",
    metadata,
    organization_column(),
    id_column(),
    Column("promotion_id", Uuid, nullable=False),
    # "c:" and the customer's id, or "e:" and the folded address: separate grants (dialects.md).
    Column("recipient_key", String(260), nullable=False),
    Column("customer_id", Uuid),
    Column("email", String(254)),
    # What one recipient may hold only once: the source, the batch, or nothing (see store.py).
    Column("once_key", String(210), nullable=False),
    Column("source_id", String(200)),
    Column("job_id", Uuid),
    Column("state", String(10), nullable=False),
    created_at(),
    Column("expires_at", Utc),
    Column("revoked_at", Utc),
    reference("promotion_id", "promotions.id"),
    reference("customer_id", "customers.id"),
    Index(
        "uq_grants_active",
        "organization_id",
        "promotion_id",
        "recipient_key",
        "once_key",
        unique=True,
        sqlite_where=IS_ACTIVE,
        postgresql_where=IS_ACTIVE,
    ),
    Index(
        "ix_grants_email",
        "organization_id",
        "recipient_key",
        "id",
        sqlite_where=TO_EMAIL,
        postgresql_where=TO_EMAIL,
    ),
    *(
        # Those whose column is null are in the way of nobody who deletes, and nobody lists them.
        Index(
            f"ix_grants_{name}",
            "organization_id",
            name,
            "id",
            sqlite_where=text(f"{name} IS NOT NULL"),
            postgresql_where=text(f"{name} IS NOT NULL"),
        )
        for name in ("customer_id", "job_id", "source_id")
    ),
    Index("ix_grants_promotion_id", "organization_id", "promotion_id", "id"),
    # Few are revoked: whoever grants a million does not wait for this one.
    Index(
        "ix_grants_revoked",
        "organization_id",
        "id",
        sqlite_where=IS_REVOKED,
        postgresql_where=IS_REVOKED,
    ),
)


@dataclass(frozen=True, slots=True)
class Grant:
    """A promotion given to a customer or to an e-mail address, from a source."""

    id: UUID
    promotion_id: UUID
    customer_id: UUID | None
    email: str | None
    source_id: str | None
    job_id: UUID | None
    state: GrantState
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class GrantPromotion:
    """A command: give a promotion to one recipient."""

    organization_id: int
    promotion_id: UUID
    repeatable: bool
    now: datetime
    customer_id: UUID | None = None
    email: str | None = None
    source_id: str | None = None
    expires_at: datetime | None = None
    by: Author | None = None
    """Whom the log tells of."""


Recipients = tuple[RecipientKind, Sequence[str]]
"""Some recipients of a batch: how they are named, and their names as they were sent."""


@dataclass(frozen=True, slots=True)
class GrantOrder:
    """What a batch gives, to whoever its recipients are."""

    promotion_keys: tuple[str, ...]
    source_id: str | None = None
    expires_at: datetime | None = None
    """None: when the promotion ends, if it does."""
    template: str | None = None
    """The key of a mail that tells each recipient of each grant."""
    dry_run: bool = False
    """Whether nothing is given: the job only says what would become of each recipient."""


@dataclass(frozen=True, slots=True)
class GrantBatch:
    """A command: give promotions to many recipients; profiles and addresses are separate grants."""

    promotion_keys: tuple[str, ...]
    profile_ids: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    source_id: str | None = None
    expires_at: datetime | None = None
    template: str | None = None
    dry_run: bool = False

    @property
    def order(self) -> GrantOrder:
        """What it gives."""
        return GrantOrder(
            self.promotion_keys, self.source_id, self.expires_at, self.template, self.dry_run
        )

    @property
    def recipients(self) -> tuple[Recipients, Recipients]:
        """To whom."""
        return (RecipientKind.PROFILE, self.profile_ids), (RecipientKind.EMAIL, self.emails)
