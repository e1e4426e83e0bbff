"""Tables and values of codes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, String, Table, UniqueConstraint, Uuid, text

from largesse.core.access.model import Actor
from largesse.core.campaigns.model import Campaign
from largesse.core.customers.model import ByAccount, ByCustomer, FoundReceiver
from largesse.core.events.model import Author
from largesse.core.tables import created_at, id_column, organization_column, reference
from largesse.storage.types import Utc, code_points, metadata


class CodeState(StrEnum):
    """Where a code is on its way."""

    AVAILABLE = "available"
    ISSUED = "issued"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


AVAILABLE_INDEX = "ix_codes_available"
IS_AVAILABLE = text("state = 'available'")
"""The index's condition. Statements repeat it as a literal: behind a parameter neither database
can see that the index covers them."""

codes = Table(
    "codes",
    metadata,
    organization_column(),
    id_column(),
    Column("campaign_id", Uuid, nullable=False),
    # The place in the pool: codes leave in this order, which says nothing about the code.
    Column("pos", BigInteger, nullable=False),
    Column("code", String(64), nullable=False),
    Column("code_key", code_points(64), nullable=False),
    Column("state", String(10), nullable=False),
    Column("customer_id", Uuid),
    Column("account_id", Uuid),
    Column("expires_at", Utc),
    created_at(),
    Column("created_by_user", Uuid),
    Column("created_by_unit", Uuid),
    Column("issued_at", Utc),
    Column("issued_by_user", Uuid),
    Column("issued_by_unit", Uuid),
    reference("campaign_id", "campaigns.id"),
    reference("customer_id", "customers.id"),
    UniqueConstraint("organization_id", "code_key"),
    Index(
        AVAILABLE_INDEX,
        "organization_id",
        "campaign_id",
        "pos",
        sqlite_where=IS_AVAILABLE,
        postgresql_where=IS_AVAILABLE,
    ),
    Index(
        "ix_codes_customer_id",
        "organization_id",
        "customer_id",
        "campaign_id",
        sqlite_where=text("customer_id IS NOT NULL"),
        postgresql_where=text("customer_id IS NOT NULL"),
    ),
    # Codes are listed by id, and one campaign's too.
    Index("ix_codes_campaign_id", "organization_id", "campaign_id", "id"),
)

code_counts = Table(
    "code_counts",
    metadata,
    organization_column(),
    Column("campaign_id", Uuid, primary_key=True),
    # A day (UTC), or empty: in all.
    Column("day", String(10), primary_key=True),
    Column("given", BigInteger, nullable=False),
    # How many of those asked for last there was room for, and under which limit.
    Column("reserved", BigInteger, nullable=False),
    Column("most", BigInteger, nullable=False),
    reference("campaign_id", "campaigns.id", ondelete="CASCADE"),
)
"""How many codes a campaign with limits has given out; see `limits.py`."""


@dataclass(frozen=True, slots=True)
class Code:
    """One promotion code."""

    id: UUID
    campaign_id: UUID
    code: str
    state: CodeState
    customer_id: UUID | None
    account_id: UUID | None
    expires_at: datetime | None
    created_at: datetime
    created_by_user: UUID | None
    created_by_unit: UUID | None
    issued_at: datetime | None
    issued_by_user: UUID | None
    issued_by_unit: UUID | None


@dataclass(frozen=True, slots=True)
class CampaignRef:
    """A campaign by one of the ways a client names it: `id`, `name` or `alternative_code`."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class CodeRef:
    """The very code that a client asks for."""

    code: str


@dataclass(frozen=True, slots=True)
class IssueCode:
    """A command: give out one code, to a receiver or to whoever will bring it."""

    by: Author
    wanted: CampaignRef | CodeRef
    now: datetime
    format_key: bytes
    """What keyed check characters are made with (`KnownFormats.key`)."""
    receiver: ByCustomer | ByAccount | FoundReceiver | None = None
    on_request_only: bool = True
    """Whether the campaign must be one of discounts that distributes upon request (SEED 002)."""

    @property
    def organization_id(self) -> int:
        """Whose code it is to be."""
        return self.by.organization_id


@dataclass(frozen=True, slots=True)
class Given:
    """The outcome of a command: the code, and the campaign it is of."""

    code: Code
    campaign: Campaign


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A code just given out, with what describes it."""

    code: Code
    campaign: Campaign
    created_by: Actor
    issued_by: Actor
