"""Bodies about who acts: tokens, units, users, application keys."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from largesse.core.access.model import ApplicationKey, Role
from largesse.dialects.native.schemas.base import (
    Body,
    Email,
    FilledLabel,
    FilledName,
    Long,
    Name,
    Password,
    Text,
)
from largesse.wire.schemas import one_of


class NewToken(Body, kw_only=True):
    """A log-in: `username` and `password`, or an `application_key`.

    Without `organization` the user's name must belong to one only.
    """

    SCHEMA: ClassVar = one_of("username", "application_key") | {
        "dependentRequired": {
            key: ["username"] for key in ("password", "passcode", "organization", "unit")
        }
    }
    username: Name | UnsetType = UNSET
    password: Annotated[str, Meta(max_length=1000)] | UnsetType = UNSET
    passcode: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET
    """The one-time passcode of a user with a second factor."""
    application_key: Annotated[str, Meta(max_length=1000)] | UnsetType = UNSET
    organization: Name | UnsetType = UNSET
    unit: Name | UnsetType = UNSET
    """A unit's id or alternative code, instead of the user's own."""


class Token(Struct):
    """An access token."""

    access_token: str
    expires_in: int
    token_type: str = "Bearer"


class Me(Struct):
    """Who a token or key stands for."""

    organization: str
    username: str
    user_id: UUID | None
    unit_id: UUID | None
    role: str | None
    rights: list[str]
    expires_at: datetime | None


class UnitChanges(Body, kw_only=True):
    """What may be changed of a unit."""

    name: FilledName | UnsetType = UNSET
    alternative_code: FilledLabel | UnsetType = UNSET
    description: Text | UnsetType | None = UNSET
    group_name: Name | UnsetType | None = UNSET
    community_name: Name | UnsetType | None = UNSET
    parent_name: Name | UnsetType | None = UNSET


class NewUnit(UnitChanges, kw_only=True):
    """A business unit."""

    name: FilledName
    alternative_code: FilledLabel


class UserChanges(Body, kw_only=True):
    """What may be changed of a user."""

    username: FilledName | UnsetType = UNSET
    password: Password | UnsetType = UNSET
    unit_id: UUID | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    first_name: Name | UnsetType | None = UNSET
    last_name: Name | UnsetType | None = UNSET
    person_name: Long | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET


class NewUser(UserChanges, kw_only=True):
    """A user. Without a password it can only be acted for by an application key."""

    username: FilledName
    unit_id: UUID
    role: Role


class KeyChanges(Body, kw_only=True):
    """What may be changed of an application key."""

    name: FilledName | UnsetType = UNSET


class NewKey(KeyChanges, kw_only=True):
    """An application key; it acts as the user named, or as the caller."""

    name: FilledName
    user_id: UUID | UnsetType = UNSET


class KeyWithSecret(Struct):
    """A key just made. `secret` is the text to authenticate with, shown this once."""

    key: ApplicationKey
    secret: str | None
    """Null when the request is repeated with its `Idempotency-Key`: we do not have it any more."""


class SecondFactor(Struct):
    """A second factor just given to a user: what an authenticator app is told, this once."""

    secret: str | None
    """Null when the request is repeated with its `Idempotency-Key`, like `uri`."""
    uri: str | None
    """The secret as an `otpauth:` URI, to be shown as a QR code."""
