"""Tables and values of lists. Their ids are integers per organization: Valomnia prints those."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from largesse.core.tables import created_at, organization_column, reference, updated_at
from largesse.storage.types import code_points, metadata


def _number_column() -> Column[int]:
    return Column("id", BigInteger, primary_key=True, autoincrement=False)


customer_groups = Table(
    "customer_groups",
    metadata,
    organization_column(),
    _number_column(),
    Column("reference", code_points(200), nullable=False),
    Column("name", code_points(200), nullable=False),
    Column("description", Text),
    created_at(),
    updated_at(),
    UniqueConstraint("organization_id", "reference"),
    Index("ix_customer_groups_name", "organization_id", "name", "id"),
    Index("ix_customer_groups_created_at", "organization_id", "created_at", "id"),
    Index("ix_customer_groups_updated_at", "organization_id", "updated_at", "id"),
)

customer_group_members = Table(
    "customer_group_members",
    metadata,
    organization_column(),
    _number_column(),
    Column("customer_id", Uuid, nullable=False),
    Column("group_id", BigInteger, nullable=False),
    created_at(),
    updated_at(),
    reference("group_id", "customer_groups.id", ondelete="CASCADE"),
    reference("customer_id", "customers.id", ondelete="CASCADE"),
    UniqueConstraint("organization_id", "group_id", "customer_id"),
    Index("ix_customer_group_members_customer_id", "organization_id", "customer_id", "id"),
    Index("ix_customer_group_members_group_id", "organization_id", "group_id", "id"),
    Index("ix_customer_group_members_created_at", "organization_id", "created_at", "id"),
    Index("ix_customer_group_members_updated_at", "organization_id", "updated_at", "id"),
)

promotion_lists = Table(
    "promotion_lists",
    metadata,
    organization_column(),
    _number_column(),
    Column("reference", code_points(200), nullable=False),
    Column("name", String(200)),
    Column("description", Text),
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("enabled", Boolean, nullable=False),
    Column("applies_to_all", Boolean, nullable=False),
    created_at(),
    updated_at(),
    UniqueConstraint("organization_id", "reference"),
    Index("ix_promotion_lists_starts_on", "organization_id", "starts_on", "id"),
    Index("ix_promotion_lists_ends_on", "organization_id", "ends_on", "id"),
    Index("ix_promotion_lists_enabled", "organization_id", "enabled", "id"),
    Index("ix_promotion_lists_applies_to_all", "organization_id", "applies_to_all", "id"),
    Index("ix_promotion_lists_created_at", "organization_id", "created_at", "id"),
    Index("ix_promotion_lists_updated_at", "organization_id", "updated_at", "id"),
)

promotion_list_items = Table(
    "promotion_list_items",
    metadata,
    organization_column(),
    Column("list_id", BigInteger, primary_key=True),
    Column("promotion_id", Uuid, primary_key=True),
    created_at(),
    reference("list_id", "promotion_lists.id", ondelete="CASCADE"),
    reference("promotion_id", "promotions.id", ondelete="CASCADE"),
    Index("ix_promotion_list_items_promotion_id", "organization_id", "promotion_id"),
)

assignments = Table(
    "assignments",
    metadata,
    organization_column(),
    _number_column(),
    Column("group_id", BigInteger, nullable=False),
    Column("list_id", BigInteger, nullable=False),
    created_at(),
    updated_at(),
    reference("group_id", "customer_groups.id"),
    reference("list_id", "promotion_lists.id"),
    UniqueConstraint("organization_id", "group_id", "list_id"),
    Index("ix_assignments_group_id", "organization_id", "group_id", "id"),
    Index("ix_assignments_list_id", "organization_id", "list_id", "id"),
    Index("ix_assignments_created_at", "organization_id", "created_at", "id"),
    Index("ix_assignments_updated_at", "organization_id", "updated_at", "id"),
)

customer_assignments = Table(
    "customer_assignments",
    metadata,
    organization_column(),
    _number_column(),
    Column("customer_id", Uuid, nullable=False),
    Column("list_id", BigInteger, nullable=False),
    created_at(),
    updated_at(),
    reference("customer_id", "customers.id", ondelete="CASCADE"),
    reference("list_id", "promotion_lists.id"),
    UniqueConstraint("organization_id", "customer_id", "list_id"),
    Index("ix_customer_assignments_customer_id", "organization_id", "customer_id", "id"),
    Index("ix_customer_assignments_list_id", "organization_id", "list_id", "id"),
    Index("ix_customer_assignments_created_at", "organization_id", "created_at", "id"),
    Index("ix_customer_assignments_updated_at", "organization_id", "updated_at", "id"),
)


@dataclass(frozen=True, slots=True)
class CustomerGroup:
    """A group of customers."""

    id: int
    reference: str
    name: str
    description: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PromotionList:
    """A list of promotions."""

    id: int
    reference: str
    name: str | None
    description: str | None
    starts_on: date | None
    ends_on: date | None
    """The last day."""
    enabled: bool
    applies_to_all: bool
    """Whether every customer gets it, so that it is not assigned."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """That a customer is in a group."""

    customer_id: UUID
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ListedPromotion:
    """That a promotion is on a list."""

    promotion_id: UUID
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ShortCustomer:
    """A customer as the records beside it show it."""

    id: UUID
    number: int
    reference: str
    """The shop's own id: the identifier `customer_id`."""
    name: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """That a group gets a list, with both."""

    id: int
    group: CustomerGroup
    list: PromotionList
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CustomerAssignment:
    """That a single customer gets a list, with both."""

    id: int
    customer: ShortCustomer
    list: PromotionList
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Membership:
    """That a customer is in a group, with both."""

    id: int
    customer: ShortCustomer
    group: CustomerGroup
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ByReference:
    """A pair named by the references of its first and its second end."""

    first: str
    second: str
