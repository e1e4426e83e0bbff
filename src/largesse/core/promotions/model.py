"""Tables and values of promotions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from largesse.core.tables import (
    created_at,
    id_column,
    organization_column,
    reference,
    updated_at,
)
from largesse.storage.types import Json, Utc, code_points, metadata

LONGEST_PATH = 600
"""Characters of a folder's path at most: in an index of PostgreSQL there is room for no more."""


class AppliesTo(StrEnum):
    """What a promotion makes cheaper."""

    ITEM = "item"
    ORDER = "order"
    SHIPPING = "shipping"


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
    Column("applies_to", String(10)),
    # No reference: SQLite can add none to a table that others refer to. Whoever writes it holds
    # the folder, and a folder with promotions is not deleted.
    Column("folder_id", BigInteger),
    Column("locale", String(20)),
    Column("translations", Json, nullable=False, server_default="{}"),
    # The key and the title, folded: what a search looks through.
    Column("search_key", Text, nullable=False, server_default=""),
    created_at(),
    updated_at(),
    reference("channel_id", "channels.id"),
    UniqueConstraint("organization_id", "key"),
    Index("ix_promotions_channel_id", "organization_id", "channel_id"),
    Index("ix_promotions_enabled", "organization_id", "enabled", "id"),
    Index("ix_promotions_applies_to", "organization_id", "applies_to", "id"),
    Index("ix_promotions_folder_id", "organization_id", "folder_id", "id"),
)

promotion_folders = Table(
    "promotion_folders",
    metadata,
    organization_column(),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("parent_id", BigInteger),
    Column("name", code_points(200), nullable=False),
    Column("name_key", Text, nullable=False),
    # The names from the top down to its own, parted by slashes.
    Column("path", code_points(LONGEST_PATH), nullable=False),
    created_at(),
    updated_at(),
    reference("parent_id", "promotion_folders.id"),
    Index("ix_promotion_folders_parent_id", "organization_id", "parent_id"),
    Index("ix_promotion_folders_path", "organization_id", "path", "id"),
    Index("ix_promotion_folders_name", "organization_id", "name", "id"),
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
    applies_to: AppliesTo | None
    folder_id: int | None
    locale: str | None
    """The language of the title and the description, e.g. `en_US`."""
    translations: Mapping[str, Any]
    """The two in other languages: an object with `title` and `description` for each."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PromotionFolder:
    """A folder that promotions are kept in."""

    id: int
    parent_id: int | None
    name: str
    path: str
    """The names from the top down to its own, parted by slashes."""
    created_at: datetime
    updated_at: datetime
