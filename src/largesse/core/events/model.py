"""Tables and values of events."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, String, Table

from largesse.core.tables import created_at, id_column, organization_column
from largesse.storage.types import Json, metadata


class EventKind(StrEnum):
    """What happened."""

    POOL_LOW = "pool.low"
    """A pool has come down to its alarm level, or to the next half of it."""
    POOL_EMPTY = "pool.empty"
    POOL_REFILLED = "pool.refilled"
    """A pool that had come down is above its alarm level again."""
    POOL_GENERATING = "pool.generating"
    """A job was started that makes more codes."""
    POOL_NOT_REFILLED = "pool.not_refilled"
    """More codes are needed, and none can be made."""


class SubjectKind(StrEnum):
    """What an event is about."""

    CAMPAIGN = "campaign"


events = Table(
    "events",
    metadata,
    organization_column(),
    id_column(),
    Column("kind", String(40), nullable=False),
    Column("subject_kind", String(20), nullable=False),
    # No reference: the log outlives what it tells of. A text, for not every id is a UUID.
    Column("subject_id", String(200), nullable=False),
    Column("data", Json, nullable=False),
    created_at(),
    Index("ix_events_kind", "organization_id", "kind", "id"),
    Index("ix_events_subject_id", "organization_id", "subject_id", "id"),
)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log. Nobody changes or deletes one."""

    id: UUID
    kind: EventKind
    subject_kind: SubjectKind
    subject_id: str
    data: Mapping[str, Any]
    created_at: datetime
