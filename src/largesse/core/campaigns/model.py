"""Tables and values of campaigns."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, Index, Integer, String, Table, Text, UniqueConstraint, Uuid

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
    Column("codes_per_receiver", Integer),
    Column("codes_expire_at", Utc),
    Column("description", Text),
    Column("short_description", Text),
    Column("long_description", Text),
    created_at(),
    updated_at(),
    reference("promotion_id", "promotions.id"),
    UniqueConstraint("organization_id", "name"),
    UniqueConstraint("organization_id", "alternative_code"),
    Index("ix_campaigns_promotion_id", "organization_id", "promotion_id"),
)


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
    codes_per_receiver: int | None
    """The most codes that one receiver gets; None: no limit."""
    codes_expire_at: datetime | None
    description: str | None
    short_description: str | None
    long_description: str | None
    created_at: datetime
    updated_at: datetime
