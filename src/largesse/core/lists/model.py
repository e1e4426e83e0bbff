"""Tables and values of lists. Their ids are integers per organization: Valomnia prints those."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
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
    Uuid,
)

from largesse.core.tables import created_at, organization_column, reference, updated_at
from largesse.storage.types import metadata


def _number_column() -> Column[int]:
    return Column("id", BigInteger, primary_key=True, autoincrement=False)


customer_groups = Table(
    "customer_groups",
    metadata,
    organization_column(),
    _number_column(),
    Column("reference", String(200), nullable=False),
    Column("name", String(200), nullable=False),
    Column("description", Text),
    created_at(),
    updated_at(),
    UniqueConstraint("organization_id", "reference"),
)

customer_group_members = Table(
    "customer_group_members",
    metadata,
    organization_column(),
    Column("group_id", BigInteger, primary_key=True),
    Column("customer_id", Uuid, primary_key=True),
    created_at(),
    reference("group_id", "customer_groups.id", ondelete="CASCADE"),
    reference("customer_id", "customers.id", ondelete="CASCADE"),
    Index("ix_customer_group_members_customer_id", "organization_id", "customer_id"),
)

promotion_lists = Table(
    "promotion_lists",
    metadata,
    organization_column(),
    _number_column(),
    Column("reference", String(200), nullable=False),
    Column("name", String(200)),
    Column("description", Text),
    Column("applies_to_all", Boolean, nullable=False),
    created_at(),
    updated_at(),
    UniqueConstraint("organization_id", "reference"),
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
    Index("ix_assignments_list_id", "organization_id", "list_id"),
    Index("ix_assignments_created_at", "organization_id", "created_at", "id"),
    Index("ix_assignments_updated_at", "organization_id", "updated_at", "id"),
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
    applies_to_all: bool
    """Whether every customer gets it, so that it is not assigned to groups."""
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
class Assignment:
    """That a group gets a list, with both."""

    id: int
    group: CustomerGroup
    list: PromotionList
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ByReference:
    """An assignment named by the references of its group and its list."""

    group: str
    list: str


@dataclass(frozen=True, slots=True)
class MomentFilter:
    """A bound on a moment, e.g. created_at gte 2016-08-24T11:32:37Z."""

    field: Literal["created_at", "updated_at"]
    operator: Literal["gt", "gte", "lt", "lte"]
    moment: datetime


@dataclass(frozen=True, slots=True)
class AssignmentQuery:
    """What a listing of assignments asks for."""

    limit: int = 100
    offset: int = 0
    sort: str = "id"
    """id, created_at, updated_at, group_id, list_id, group_reference, group_name, list_reference"""
    descending: bool = False
    moments: tuple[MomentFilter, ...] = ()
    group_reference: str | None = None
    """A reference, in which `*` stands for any characters; all else, case too, counts."""
    list_reference: str | None = None
    """The like."""
