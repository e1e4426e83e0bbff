"""Tables and values of promotions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, Index, String, Table, Text, UniqueConstraint

from largesse.core.tables import (
    created_at,
    id_column,
    organization_column,
    reference,
    updated_at,
)
from largesse.storage.types import Json, Utc, metadata

channels = Table(
    "channels",
    metadata,
    organization_column(),
    Column("id", String(200), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("description", Text),
    created_at(),
)

promotions = Table(
    "promotions",
    metadata,
    organization_column(),
    id_column(),
    Column("key", String(200), nullable=False),
    Column("channel_id", String(200)),
    Column("title", String(400), nullable=False),
    Column("description", Text),
    Column("discount", Json),
    Column("enabled", Boolean, nullable=False),
    Column("repeatable", Boolean, nullable=False),
    Column("starts_at", Utc),
    Column("ends_at", Utc),
    Column("attributes", Json, nullable=False),
    created_at(),
    updated_at(),
    reference("channel_id", "channels.id"),
    UniqueConstraint("organization_id", "key"),
    Index("ix_promotions_channel_id", "organization_id", "channel_id"),
)


@dataclass(frozen=True, slots=True)
class Channel:
    """Where promotions are offered."""

    id: str
    name: str
    description: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Promotion:
    """An offer."""

    id: UUID
    key: str
    """The id that vendors' clients know it by, e.g. `promo1001` or `CC_10EUR_OrderDiscount`."""
    channel_id: str | None
    title: str
    description: str | None
    discount: Mapping[str, Any] | None
    enabled: bool
    repeatable: bool
    """Whether one recipient may hold more than one active grant of it."""
    starts_at: datetime | None
    ends_at: datetime | None
    attributes: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
