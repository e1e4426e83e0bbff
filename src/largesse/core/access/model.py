"""Tables and values of access."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from largesse.core.errors import NotPermitted
from largesse.core.tables import created_at, id_column, organization_column, reference
from largesse.storage.types import Utc, metadata


class Right(StrEnum):
    """What a caller may do; every use case names the one it needs."""

    READ = "read"
    ISSUE_CODES = "issue_codes"
    REDEEM_CODES = "redeem_codes"
    SEND_MAIL = "send_mail"
    GRANT_PROMOTIONS = "grant_promotions"
    MANAGE_CUSTOMERS = "manage_customers"
    MANAGE_PROMOTIONS = "manage_promotions"
    MANAGE_CAMPAIGNS = "manage_campaigns"
    MANAGE_LISTS = "manage_lists"
    MANAGE_SUBSCRIPTIONS = "manage_subscriptions"
    MANAGE_TEMPLATES = "manage_templates"
    MANAGE_JOBS = "manage_jobs"
    MANAGE_ACCESS = "manage_access"


class Role(StrEnum):
    """What a user is; a role is a set of rights."""

    OWNER = "owner"
    MARKETER = "marketer"
    SUPPORT = "support"
    VIEWER = "viewer"
    SHOPPER = "shopper"


RIGHTS: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        Role.OWNER: frozenset(Right),
        Role.MARKETER: frozenset(Right) - {Right.MANAGE_ACCESS},
        Role.SUPPORT: frozenset(
            {
                Right.READ,
                Right.ISSUE_CODES,
                Right.REDEEM_CODES,
                Right.SEND_MAIL,
                Right.MANAGE_CUSTOMERS,
                Right.MANAGE_SUBSCRIPTIONS,
            }
        ),
        Role.VIEWER: frozenset({Right.READ}),
        # A shopper reads and changes only what is their own, e.g. their subscription.
        Role.SHOPPER: frozenset(),
    }
)

OF_CONSUMERS = frozenset({Right.READ, Right.ISSUE_CODES, Right.REDEEM_CODES})
"""The rights that a client can have on what belongs to the one customer it acts for."""

organizations = Table(
    "organizations",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    created_at(),
)

organization_aliases = Table(
    "organization_aliases",
    metadata,
    # The directory by which an organization is found: the one key it can not lead.
    Column("alias_key", String(200), primary_key=True),
    Column(
        "organization_id",
        BigInteger,
        ForeignKey("organizations.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("alias", String(200), nullable=False),
    Column("wire", String(40)),
    Index("ix_organization_aliases_organization_id", "organization_id"),
)
"""Names by which clients know an organization; `wire` says in which dialect it is printed so."""

units = Table(
    "units",
    metadata,
    organization_column(),
    id_column(),
    Column("name", String(200), nullable=False),
    Column("alternative_code", String(100), nullable=False),
    Column("description", Text),
    Column("group_name", String(200)),
    Column("community_name", String(200)),
    Column("parent_name", String(200)),
    created_at(),
    UniqueConstraint("organization_id", "alternative_code"),
)

users = Table(
    "users",
    metadata,
    organization_column(),
    id_column(),
    Column("unit_id", Uuid, nullable=False),
    Column("username", String(200), nullable=False),
    Column("username_key", String(200), nullable=False),
    Column("password_hash", Text),
    Column("role", String(20), nullable=False),
    Column("first_name", String(200)),
    Column("last_name", String(200)),
    Column("person_name", String(400)),
    Column("email", String(254)),
    Column("active", Boolean, nullable=False),
    # The secret of one-time passcodes, sealed, and the last step of which one was taken.
    Column("totp_secret", String(200)),
    Column("totp_step", BigInteger),
    created_at(),
    reference("unit_id", "units.id"),
    UniqueConstraint("organization_id", "username_key"),
    # Oracle's and Valomnia's logins name no organization: the user's name finds it.
    Index("ix_users_username_key", "username_key"),
)

application_keys = Table(
    "application_keys",
    metadata,
    organization_column(),
    id_column(),
    Column("user_id", Uuid, nullable=False),
    Column("name", String(200), nullable=False),
    Column("secret_hash", String(64), nullable=False),
    created_at(),
    Column("revoked_at", Utc),
    reference("user_id", "users.id", ondelete="CASCADE"),
)

revoked_tokens = Table(
    "revoked_tokens",
    metadata,
    organization_column(),
    Column("token_id", Uuid, primary_key=True),
    Column("expires_at", Utc, nullable=False),
)

installation = Table(
    "installation",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
"""What the whole installation shares: the key that signs tokens, unless settings name one."""


@dataclass(frozen=True, slots=True)
class Organization:
    """A tenant: every row belongs to one."""

    id: int
    name: str
    created_at: datetime
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """A business unit: the part of an organization that a user acts for."""

    id: UUID
    name: str
    alternative_code: str
    description: str | None
    group_name: str | None
    community_name: str | None
    parent_name: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class User:
    """A person or system that logs in. The password's hash never leaves the store."""

    id: UUID
    unit_id: UUID
    username: str
    role: Role
    first_name: str | None
    last_name: str | None
    person_name: str | None
    email: str | None
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ApplicationKey:
    """A key that a program presents instead of a name and password."""

    id: UUID
    user_id: UUID
    name: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Actor:
    """A user and the unit it acted for, as records of what was done print them."""

    user: User | None
    unit: Unit | None


@dataclass(frozen=True, slots=True)
class Consumer:
    """The customer that a client acts for, and by which customer token that customer is known."""

    customer_id: UUID
    account_id: UUID | None
    """The customer's first accounts receivable."""
    customer_token_id: UUID


@dataclass(frozen=True, slots=True)
class Session:
    """What a customer's tokens are got in one after another, until a logout or its end."""

    id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Caller:
    """The authenticated actor of one request; every dialect's login ends in this type."""

    organization_id: int
    organization_name: str
    user_id: UUID | None
    unit_id: UUID | None
    username: str
    email: str | None
    rights: frozenset[Right]
    wire_names: Mapping[str, str] = field(default_factory=dict)
    """How the organization is called on each wire that calls it by another name."""
    token_id: UUID | None = None
    key_id: UUID | None = None
    """The application key behind the token: revoked, it ends the tokens got with it."""
    customer_id: UUID | None = None
    """The customer that calls for itself: no right is needed for what is its own."""
    session: Session | None = None
    proof: str | None = None
    """What tells that the user's password is still the same, and nothing else about it."""
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    first_name: str | None = None
    last_name: str | None = None
    role: str | None = None
    consumer: Consumer | None = None
    """The one customer it may act for; None: whoever its rights are for."""
    own_rights: frozenset[Right] = frozenset()
    """What it may do with what belongs to that customer."""

    def require(self, right: Right) -> None:
        """Raise NotPermitted unless the caller has the right."""
        if right not in self.rights:
            raise NotPermitted(right.value)

    def require_own(self, right: Right) -> None:
        """Raise NotPermitted unless the caller has the right, be it for its one customer only.

        Who asks this must then ask whose it is (`may_see`).
        """
        if right not in self.rights and right not in self.own_rights:
            raise NotPermitted(right.value)

    def may_see(self, customer_id: UUID) -> bool:
        """Say whether what belongs to a customer is there for this caller."""
        return self.consumer is None or self.consumer.customer_id == customer_id

    @property
    def is_somebody(self) -> bool:
        """Whether it is known who calls: a user or a customer."""
        return self.user_id is not None or self.customer_id is not None

    def name_on(self, wire: str) -> str:
        """Return the organization's name as clients of that wire know it."""
        return self.wire_names.get(wire, self.organization_name)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """An access token, its life time in seconds, and the caller it stands for."""

    token: str
    expires_in: int
    caller: Caller


def anonymous(organization: Organization) -> Caller:
    """Return the caller of a request that needs no login: it has no rights."""
    return Caller(
        organization_id=organization.id,
        organization_name=organization.name,
        user_id=None,
        unit_id=None,
        username="anonymous",
        email=None,
        rights=frozenset(),
    )


def system(organization: Organization) -> Caller:
    """Return the caller of the CLI and the worker, who may do everything in the organization."""
    return replace(anonymous(organization), username="system", rights=frozenset(Right))
