"""Tables and values of customers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)

from largesse.core.tables import (
    created_at,
    id_column,
    organization_column,
    reference,
    updated_at,
)
from largesse.core.text import folded
from largesse.storage.types import Json, Utc, code_points, metadata


class CustomerKind(StrEnum):
    """What a customer is."""

    PERSON = "person"
    COMPANY = "company"


class Identifier(StrEnum):
    """A way to name a customer; inside one organization it names one customer only."""

    CUSTOMER_ID = "customer_id"
    """The shop's own id."""
    CUSTOMER_NUMBER = "customer_number"
    PROFILE_ID = "profile_id"
    ID_NUMBER = "id_number"
    PASSPORT_NUMBER = "passport_number"
    SOCIAL_SECURITY_NUMBER = "social_security_number"
    VAT_REGISTRATION_NUMBER = "vat_registration_number"
    REGISTRATION_NUMBER = "registration_number"


KIND_OF_IDENTIFIER: Mapping[Identifier, CustomerKind] = {
    # SEED 002: "Applicable only for contact information that represent PERSON" (or COMPANY).
    Identifier.ID_NUMBER: CustomerKind.PERSON,
    Identifier.PASSPORT_NUMBER: CustomerKind.PERSON,
    Identifier.SOCIAL_SECURITY_NUMBER: CustomerKind.PERSON,
    Identifier.VAT_REGISTRATION_NUMBER: CustomerKind.COMPANY,
    Identifier.REGISTRATION_NUMBER: CustomerKind.COMPANY,
}


class AccountKind(StrEnum):
    """What a customer can have beside its own record."""

    RECEIVABLE = "receivable"
    SUBSCRIPTION = "subscription"
    REWARDS = "rewards"


class TokenState(StrEnum):
    """Only an effective customer token identifies."""

    PENDING = "pending"
    EFFECTIVE = "effective"
    TERMINATED = "terminated"


LONGEST_NAME = 602
"""Characters of a full name: three parts of 200, and the blanks between them."""

LONGEST_KEY = 200
"""Characters of a name by which it is compared: an index has no room for more."""

PHONES = ("phone", "mobile_phone", "business_phone")

customers = Table(
    "customers",
    metadata,
    organization_column(),
    id_column(),
    Column("number", BigInteger, nullable=False),
    # The identifier `customer_id` again: lists are filtered and ordered by it.
    Column("reference", code_points(200), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("title", String(50)),
    Column("first_name", String(200)),
    Column("middle_name", String(200)),
    Column("last_name", String(200)),
    Column("company_name", String(400)),
    Column("name", code_points(LONGEST_NAME), nullable=False),
    Column("email", String(254)),
    Column("email_key", code_points(254)),
    # Customers are looked for by it; a company's is its name.
    Column("last_name_key", code_points(LONGEST_KEY)),
    Column("name_key", code_points(LONGEST_KEY), nullable=False),
    *(Column(name, String(50)) for name in PHONES),
    # Their digits, the last first: a number is known by its end, however its beginning is written.
    *(Column(f"{name}_key", code_points(50)) for name in PHONES),
    Column("street", String(400)),
    Column("postal_code", String(40)),
    Column("city", String(200)),
    Column("country", String(200)),
    Column("country_code", String(2)),
    Column("birthday", Date),
    Column("locale", String(20)),
    Column("category", code_points(200)),
    Column("active", Boolean, nullable=False),
    Column("attributes", Json, nullable=False),
    created_at(),
    updated_at(),
    Index("uq_customers_number", "organization_id", "number", unique=True),
    Index("ix_customers_name", "organization_id", "name", "number"),
    Index("ix_customers_reference", "organization_id", "reference", "number"),
    Index("ix_customers_email", "organization_id", "email_key", "number"),
    Index("ix_customers_last_name_key", "organization_id", "last_name_key", "id"),
    Index("ix_customers_name_key", "organization_id", "name_key", "id"),
    *(
        Index(
            f"ix_customers_{name}_key",
            "organization_id",
            f"{name}_key",
            sqlite_where=text(f"{name}_key IS NOT NULL"),
            postgresql_where=text(f"{name}_key IS NOT NULL"),
        )
        for name in PHONES
    ),
    Index("ix_customers_kind", "organization_id", "kind", "id"),
    Index("ix_customers_active_id", "organization_id", "active", "id"),
    Index("ix_customers_category", "organization_id", "category", "number"),
    Index("ix_customers_active", "organization_id", "active", "number"),
    Index("ix_customers_created_at", "organization_id", "created_at", "number"),
    Index("ix_customers_updated_at", "organization_id", "updated_at", "number"),
)

customer_identifiers = Table(
    "customer_identifiers",
    metadata,
    organization_column(),
    Column("kind", String(30), primary_key=True),
    Column("value_key", String(200), primary_key=True),
    Column("value", String(200), nullable=False),
    Column("customer_id", Uuid, nullable=False),
    reference("customer_id", "customers.id", ondelete="CASCADE"),
    Index("ix_customer_identifiers_customer_id", "organization_id", "customer_id"),
)

accounts = Table(
    "accounts",
    metadata,
    organization_column(),
    id_column(),
    Column("customer_id", Uuid, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("number", String(100), nullable=False),
    Column("name", String(200)),
    created_at(),
    reference("customer_id", "customers.id", ondelete="CASCADE"),
    UniqueConstraint("organization_id", "kind", "number"),
    Index("ix_accounts_name", "organization_id", "kind", "name"),
    Index("ix_accounts_customer_id", "organization_id", "customer_id", "kind", "id"),
)

customer_tokens = Table(
    "customer_tokens",
    metadata,
    organization_column(),
    id_column(),
    Column("customer_id", Uuid, nullable=False),
    Column("identifier", String(254)),
    Column("identifier_key", String(254)),
    Column("pass_code_hash", String(200)),
    Column("authentication_code_hash", String(64)),
    Column("one_time_password_hash", String(64)),
    Column("state", String(20), nullable=False),
    Column("effective_from", Utc),
    Column("effective_to", Utc),
    created_at(),
    reference("customer_id", "customers.id", ondelete="CASCADE"),
    UniqueConstraint("organization_id", "identifier_key"),
    UniqueConstraint("organization_id", "authentication_code_hash"),
    UniqueConstraint("organization_id", "one_time_password_hash"),
    Index("ix_customer_tokens_customer_id", "organization_id", "customer_id"),
)


@dataclass(frozen=True, slots=True)
class Customer:
    """A person or company that can receive something."""

    id: UUID
    number: int
    """Counted up in the organization, for the wires that print integers."""
    kind: CustomerKind
    title: str | None
    first_name: str | None
    middle_name: str | None
    last_name: str | None
    company_name: str | None
    name: str
    """The full name, or the company's: made of the fields before it."""
    email: str | None
    phone: str | None
    mobile_phone: str | None
    business_phone: str | None
    street: str | None
    """With its number. The customer's own address has five fields."""
    postal_code: str | None
    city: str | None
    country: str | None
    country_code: str | None
    """ISO 3166-1, two letters."""
    birthday: date | None
    locale: str | None
    category: str | None
    active: bool
    """Whether the shop still deals with it; nothing of ours depends on it."""
    attributes: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    identifiers: Mapping[str, str] = field(default_factory=dict)


def full_name(fields: Mapping[str, Any]) -> str:
    """Return the name that a customer with these fields is shown by."""
    parts = (fields.get(name) for name in ("first_name", "middle_name", "last_name"))
    return fields.get("company_name") or " ".join(str(part) for part in parts if part)


def name_key(name: str) -> str:
    """Return what a customer's full name is compared and put in order by."""
    return folded(name)[:LONGEST_KEY]


def phone_key(number: str | None) -> str | None:
    """Return what a telephone number is looked for by: its digits, the last first.

    Leading zeros are left out: they stand for a country's code, or before it.
    """
    digits = "".join(one for one in number or "" if one in "0123456789").lstrip("0")
    return digits[::-1] or None


def last_name_key(fields: Mapping[str, Any]) -> str | None:
    """Return what a customer's last name, or else a company's, is compared by."""
    name = fields.get("last_name") or fields.get("company_name")
    return folded(name)[:LONGEST_KEY] if name else None


@dataclass(frozen=True, slots=True)
class Account:
    """A customer's accounts receivable, subscription or rewards participation."""

    id: UUID
    customer_id: UUID
    kind: AccountKind
    number: str
    name: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CustomerToken:
    """What identifies a customer without a log-in of ours; its secrets are never read back."""

    id: UUID
    customer_id: UUID
    identifier: str | None
    state: TokenState
    effective_from: datetime | None
    effective_to: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ByCustomer:
    """A receiver named by one of a customer's identifiers; `identifier` None is an id."""

    identifier: Identifier | None
    value: str


@dataclass(frozen=True, slots=True)
class ByAccount:
    """A receiver named by an account: by its id, its number or its name."""

    kind: AccountKind
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class ByToken:
    """A receiver named by a customer token: one of the three ways SEED 002 names.

    Either `authentication_code`, or `identifier` with `pass_code`, or `one_time_password`.
    """

    kind: AccountKind
    authentication_code: str | None = None
    identifier: str | None = None
    pass_code: str | None = None
    one_time_password: str | None = None


Receiver = ByCustomer | ByAccount | ByToken


@dataclass(frozen=True, slots=True)
class FoundReceiver:
    """The customer that a receiver means, the account it was named by, and the token to use up."""

    customer_id: UUID
    account_id: UUID | None = None
    one_time_token_id: UUID | None = None
