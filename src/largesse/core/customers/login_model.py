"""Tables and values of customers' logins."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, String, Table, Text, UniqueConstraint, Uuid

from largesse.core.access.model import IssuedToken
from largesse.core.tables import created_at, organization_column, reference, updated_at
from largesse.storage.types import metadata

customer_logins = Table(
    "customer_logins",
    metadata,
    organization_column(),
    # A customer has one login at most.
    Column("customer_id", Uuid, primary_key=True),
    Column("login", String(254), nullable=False),
    Column("login_key", String(254), nullable=False),
    Column("password_hash", Text, nullable=False),
    created_at(),
    updated_at(),
    reference("customer_id", "customers.id", ondelete="CASCADE"),
    UniqueConstraint("organization_id", "login_key"),
)


@dataclass(frozen=True, slots=True)
class CustomerLogin:
    """What a customer logs in with; the password's hash never leaves the store."""

    customer_id: UUID
    login: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class TokenPair:
    """An access token, and what is exchanged for the next one until a session ends."""

    access: IssuedToken
    refresh_token: str
