"""Tables and values of redemptions."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, Integer, Table, UniqueConstraint, Uuid

from largesse.core.tables import created_at, id_column, organization_column, reference
from largesse.storage.types import metadata

redemptions = Table(
    "redemptions",
    metadata,
    organization_column(),
    id_column(),
    Column("code_id", Uuid, nullable=False),
    # A code's first use is 1: two can never be the same one.
    Column("turn", Integer, nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("account_id", Uuid),
    created_at(),
    Column("created_by_user", Uuid),
    Column("created_by_unit", Uuid),
    reference("code_id", "codes.id"),
    reference("customer_id", "customers.id"),
    UniqueConstraint("organization_id", "code_id", "turn"),
    Index("ix_redemptions_code_id", "organization_id", "code_id", "id"),
    Index("ix_redemptions_customer_id", "organization_id", "customer_id", "id"),
)


@dataclass(frozen=True, slots=True)
class Redemption:
    """One use of a code. Nobody changes one."""

    id: UUID
    code_id: UUID
    turn: int
    """Which use of the code it was, counted from 1."""
    customer_id: UUID
    account_id: UUID | None
    """The account that the code was used on, e.g. a subscription."""
    created_at: datetime
    created_by_user: UUID | None
    created_by_unit: UUID | None
