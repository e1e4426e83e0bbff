"""Tables and values of events."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Index, String, Table, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from largesse.core.access.model import Caller
from largesse.core.request import request_id
from largesse.core.tables import created_at, id_column, organization_column
from largesse.storage.types import Json, metadata

SYSTEM, WORKER, ANONYMOUS = "system", "worker", "anonymous"
"""Actors that are no user: the command line, the worker, and whoever needs no login."""
NOBODY = (WORKER, SYSTEM, ANONYMOUS)


class EventKind(StrEnum):
    """What happened beside records being made, changed and deleted.

    Those are `campaign.created`, `campaign.changed`, `campaign.deleted`, and the same for every
    other kind of record (`core.records`).
    """

    POOL_LOW = "pool.low"
    """A pool has come down to its alarm level, or to the next half of it."""
    POOL_EMPTY = "pool.empty"
    POOL_REFILLED = "pool.refilled"
    """A pool that had come down is above its alarm level again."""
    POOL_GENERATING = "pool.generating"
    """A job was started that makes more codes."""
    POOL_NOT_REFILLED = "pool.not_refilled"
    """More codes are needed, and none can be made."""
    CODES_ADDED = "campaign.codes_added"
    """Codes were put into a pool at once."""
    CODE_ISSUED = "code.issued"
    CODE_REDEEMED = "code.redeemed"
    CODE_CANCELLED = "code.cancelled"
    CODE_EXTENDED = "code.extended"
    """It can be used until another moment."""
    CODE_MAILED_AGAIN = "code.mailed_again"
    TOKEN_ISSUED = "user.token_issued"
    """A login; an application key that is presented itself needs none."""
    TOKEN_RELEASED = "user.token_released"
    LOGIN_FAILED = "user.login_failed"
    CUSTOMER_TOKEN_ISSUED = "customer.token_issued"
    """A customer's login, or a user's on behalf of a customer."""
    CUSTOMER_TOKEN_RELEASED = "customer.token_released"
    CUSTOMER_LOGIN_FAILED = "customer.login_failed"
    CUSTOMER_LOGIN_SET = "customer.login_set"
    CUSTOMER_LOGIN_REMOVED = "customer.login_removed"
    SECOND_FACTOR_ADDED = "user.second_factor_added"
    SECOND_FACTOR_REMOVED = "user.second_factor_removed"
    KEY_FAILED = "key.login_failed"
    KEY_REVOKED = "key.revoked"
    ORGANIZATION_CREATED = "organization.created"
    MEMBER_ADDED = "group.member_added"
    MEMBER_REMOVED = "group.member_removed"
    PROMOTION_ADDED = "promotion_list.promotion_added"
    PROMOTION_REMOVED = "promotion_list.promotion_removed"
    GRANT_CREATED = "grant.created"
    GRANT_REVOKED = "grant.revoked"
    MAIL_QUEUED = "mail.queued"
    MAIL_RETRIED = "mail.retried"
    MAIL_CANCELLED = "mail.cancelled"
    MAIL_PAUSED = "mail.paused"
    """Nothing is sent: at all, by a transport, or to a domain."""
    MAIL_RESUMED = "mail.resumed"
    MAIL_TRIED = "mail.tried"
    """A test mail was handed to a transport, or was to be."""
    MAIL_REPORTED = "mail.reported"
    """A bounce or a complaint came back."""
    SUBSCRIBED = "subscription.created"
    UNSUBSCRIBED = "subscription.deleted"
    JOB_STARTED = "job.started"
    JOB_DONE = "job.done"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"
    JOB_RESUMED = "job.resumed"
    JOB_DELETED = "job.deleted"
    SCHEDULE_STARTED = "schedule.started"
    """A schedule's job was started by hand."""


# A line that has no state before or after keeps nothing there: SQL's NULL, not JSON's.
_State = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

events = Table(
    "events",
    metadata,
    organization_column(),
    id_column(),
    Column("kind", String(40), nullable=False),
    # No references: the log outlives what it tells of.
    Column("subject_kind", String(20), nullable=False),
    # A text, for not every id is a UUID.
    Column("subject_id", String(200), nullable=False),
    Column("actor", String(200), nullable=False, server_default=WORKER),
    Column("user_id", Uuid),
    Column("key_id", Uuid),
    Column("unit_id", Uuid),
    Column("request_id", String(64)),
    Column("before", _State),
    Column("after", _State),
    Column("data", Json, nullable=False),
    created_at(),
    Index("ix_events_kind", "organization_id", "kind", "id"),
    Index("ix_events_subject_id", "organization_id", "subject_id", "id"),
    Index("ix_events_user_id", "organization_id", "user_id", "id"),
)
for _name in ("key_id", "request_id"):
    _given = events.c[_name].is_not(None)
    Index(
        f"ix_events_{_name}",
        *(events.c[name] for name in ("organization_id", _name, "id")),
        postgresql_where=_given,
        sqlite_where=_given,
    )


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log. Nobody changes one."""

    id: UUID
    kind: str
    subject_kind: str
    subject_id: str
    actor: str
    """The user's name as it was then, or `system`, `worker` or `anonymous`."""
    user_id: UUID | None
    key_id: UUID | None
    """The application key that the user's rights were used with."""
    unit_id: UUID | None
    request_id: str | None
    before: Mapping[str, Any] | None
    """The fields that were changed or deleted, as they were."""
    after: Mapping[str, Any] | None
    """The fields that were changed or set, as they are since then."""
    data: Mapping[str, Any]
    """What else there is to tell."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Author:
    """Who did something, and in which request: made while the request is in hand.

    A command of a group commit carries it, since a batch runs in another request's context.
    """

    organization_id: int
    actor: str
    user_id: UUID | None = None
    key_id: UUID | None = None
    unit_id: UUID | None = None
    request_id: str | None = None


def author_of(caller: Caller) -> Author:
    """Return the author of what the request in hand does."""
    return Author(
        caller.organization_id,
        caller.username,
        caller.user_id,
        caller.key_id,
        caller.unit_id,
        request_id(),
    )


def worker_of(organization_id: int, *, user_id: UUID | None = None) -> Author:
    """Return the author of what the worker does, on behalf of a user if there is one."""
    return Author(organization_id, WORKER, user_id)
