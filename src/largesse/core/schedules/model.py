"""Tables and values of schedules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, Index, String, Table, Text, UniqueConstraint, text
from sqlalchemy import Uuid as UuidType

from largesse.core.tables import (
    created_at,
    id_column,
    organization_column,
    reference,
    updated_at,
)
from largesse.storage.types import Json, Utc, metadata

IS_ENABLED = text("enabled")
"""The condition of the index of due schedules, a literal so that both databases see it fits."""

schedules = Table(
    "schedules",
    metadata,
    organization_column(),
    id_column(),
    Column("name", String(200), nullable=False),
    Column("cron", String(100), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("parameters", Json, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("next_at", Utc, nullable=False),
    created_at(),
    Column("created_by_user", UuidType),
    updated_at(),
    UniqueConstraint("organization_id", "name"),
    Index(
        "ix_schedules_next_at",
        "next_at",
        sqlite_where=IS_ENABLED,
        postgresql_where=IS_ENABLED,
    ),
)

schedule_slots = Table(
    "schedule_slots",
    metadata,
    organization_column(),
    id_column(),
    Column("schedule_id", UuidType, nullable=False),
    Column("slot", Utc, nullable=False),
    # No reference: the slot stays known when its old job is deleted.
    Column("job_id", UuidType),
    Column("error", Text),
    created_at(),
    reference("schedule_id", "schedules.id", ondelete="CASCADE"),
    # What makes a slot start one job, whatever number of workers has its time come.
    UniqueConstraint("organization_id", "schedule_id", "slot"),
    Index("ix_schedule_slots_created_at", "created_at"),
)
"""The moments at which schedules started a job, or could not."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job that starts by the clock, again and again."""

    id: UUID
    name: str
    cron: str
    """Minute, hour, day of month, month, day of week."""
    zone: str
    """The time zone that the expression is meant in, e.g. Europe/Berlin."""
    kind: str
    parameters: Mapping[str, Any]
    enabled: bool
    next_at: datetime
    """When its next job starts, while it is enabled."""
    created_at: datetime
    created_by_user: UUID | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Slot:
    """A moment whose time has come, and the job that it started."""

    id: UUID
    slot: datetime
    job_id: UUID | None
    error: str | None
    """Why no job was started."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """A schedule whose time has come, held by this worker."""

    organization_id: int
    id: UUID
    cron: str
    zone: str
    kind: str
    parameters: Mapping[str, Any]
    next_at: datetime
    now: datetime
    """The time by the database's clock."""
