"""Tables and values of campaigns."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from largesse.core.tables import (
    created_at,
    id_column,
    organization_column,
    reference,
    updated_at,
)
from largesse.storage.types import Utc, metadata


class CampaignState(StrEnum):
    """The life cycle: codes are given out while a campaign is posted."""

    DRAFT = "draft"
    POSTED = "posted"
    ENDED = "ended"


class CampaignType(StrEnum):
    """What the campaign's codes bring."""

    DISCOUNT = "discount"
    REWARD = "reward"


class Distribution(StrEnum):
    """When a code reaches its receiver."""

    UPON_REQUEST = "upon_request"
    INSTANT = "instant"


class CodeSource(StrEnum):
    """Where a campaign's codes come from."""

    POOL = "pool"
    """Generated ahead or imported."""
    ON_REQUEST = "on_request"
    """Made at the moment one is given out."""
    SHARED = "shared"
    """There is one, which everybody may use: a coupon (`core.coupons`)."""


class CodeCheck(StrEnum):
    """What a code's last characters prove."""

    NONE = "none"
    CHARACTER = "character"
    """One character that shows most typing errors."""
    KEYED = "keyed"
    """Characters that only this installation can make: they show guesses."""


class WhenEmpty(StrEnum):
    """What a campaign does once its pool is used up."""

    REFUSE = "refuse"
    ON_REQUEST = "on_request"
    """Make codes at the moment one is given out."""
    GENERATE = "generate"
    """Generate more ahead; requests are refused until there are some."""


campaigns = Table(
    "campaigns",
    metadata,
    organization_column(),
    id_column(),
    Column("promotion_id", Uuid),
    Column("name", String(200), nullable=False),
    Column("alternative_code", String(100)),
    Column("state", String(10), nullable=False),
    Column("type", String(10), nullable=False),
    Column("distribution", String(20), nullable=False),
    Column("code_source", String(20), nullable=False),
    Column("code_prefix", String(40), nullable=False),
    Column("code_length", Integer, nullable=False),
    Column("code_alphabet", String(100), nullable=False),
    Column("code_suffix", String(40), nullable=False),
    Column("code_pattern", String(64)),
    Column("code_check", String(10), nullable=False),
    Column("code_check_length", Integer, nullable=False),
    Column("codes_in_all", BigInteger),
    Column("codes_per_receiver", Integer),
    Column("codes_per_day", BigInteger),
    Column("when_empty", String(10), nullable=False),
    Column("alarm_level", BigInteger),
    Column("codes_start_at", Utc),
    Column("codes_expire_at", Utc),
    Column("uses_per_code", Integer),
    Column("pool_size", BigInteger),
    Column("description", Text),
    Column("short_description", Text),
    Column("long_description", Text),
    created_at(),
    updated_at(),
    reference("promotion_id", "promotions.id"),
    UniqueConstraint("organization_id", "name"),
    UniqueConstraint("organization_id", "alternative_code"),
    Index("ix_campaigns_promotion_id", "organization_id", "promotion_id"),
    Index("ix_campaigns_code_source", "organization_id", "code_source", "state", "id"),
    Index("ix_campaigns_code_prefix", "organization_id", "code_prefix"),
)

campaign_promotions = Table(
    "campaign_promotions",
    metadata,
    organization_column(),
    Column("campaign_id", Uuid, primary_key=True),
    Column("promotion_id", Uuid, primary_key=True),
    Column("pos", Integer, nullable=False),
    reference("campaign_id", "campaigns.id", ondelete="CASCADE"),
    reference("promotion_id", "promotions.id"),
    Index("ix_campaign_promotions_promotion_id", "organization_id", "promotion_id", "campaign_id"),
)
"""What a campaign's codes bring: `campaigns.promotion_id` first, and what else comes with it."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """How codes for a promotion are given out: life cycle, code format, source and limits."""

    id: UUID
    promotion_id: UUID | None
    name: str
    alternative_code: str | None
    state: CampaignState
    type: CampaignType
    distribution: Distribution
    code_source: CodeSource
    code_prefix: str
    code_length: int
    """Characters behind the prefix."""
    code_alphabet: str
    code_suffix: str
    code_pattern: str | None
    """The whole form, e.g. `AB-####-????`, instead of prefix, length and suffix."""
    code_check: CodeCheck
    code_check_length: int
    """Check characters behind the random ones."""
    codes_in_all: int | None
    """The most codes that are given out; None: no limit."""
    codes_per_receiver: int | None
    """The most codes that one receiver gets; None: no limit."""
    codes_per_day: int | None
    """The most codes that are given out on one day (UTC); None: no limit."""
    when_empty: WhenEmpty
    alarm_level: int | None
    """Available codes below which an alarm is raised, and again at each half of it; None: never."""
    codes_expire_at: datetime | None
    description: str | None
    short_description: str | None
    long_description: str | None
    created_at: datetime
    updated_at: datetime
    codes_start_at: datetime | None = None
    """The moment from which its codes can be used; None: at once."""
    uses_per_code: int | None = None
    """How often each code can be used; None: no limit."""
    pool_size: int | None = None
    """Codes that its pool was ordered to have; None: it was filled by hand."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A posted campaign whose codes expire, or whose promotion ends."""

    campaign_id: UUID
    name: str
    ends_at: datetime
