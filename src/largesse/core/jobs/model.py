"""Tables and values of jobs."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy import Uuid as UuidType

from largesse.core.tables import created_at, id_column, organization_column, reference
from largesse.storage.types import Json, Utc, metadata


class JobState(StrEnum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """Refused: it can not go on as things stand, e.g. because its campaign has ended."""
    DEAD = "dead"
    """Given up after too many faults in a row: somebody is to look why."""
    CANCELLED = "cancelled"


OPEN = frozenset({JobState.WAITING, JobState.RUNNING})
STOPPED = frozenset({JobState.FAILED, JobState.DEAD, JobState.CANCELLED})
"""Over, and not done: these may be resumed."""

WAKE = "jobs"
"""What a commit tells of that leaves a job to do."""


IS_OPEN = text("state IN ('waiting', 'running')")
"""The condition of the index of open jobs, a literal so that both databases see it fits."""

IS_OVER = text("finished_at IS NOT NULL")
"""The condition of the index by which old jobs are found."""

jobs = Table(
    "jobs",
    metadata,
    organization_column(),
    id_column(),
    Column("kind", String(40), nullable=False),
    # What makes a repeated request the same job: unique where it is given.
    Column("key", String(200)),
    Column("parameters", Json, nullable=False),
    Column("state", String(10), nullable=False),
    Column("total", BigInteger, nullable=False),
    # The cursor: how many rows are behind it. It moves in the transaction of their effect.
    Column("done", BigInteger, nullable=False),
    Column("counts", Json, nullable=False),
    # Rows with an outcome that its kind calls a failure.
    Column("failed", BigInteger, nullable=False, server_default="0"),
    # Time spent on the rows behind the cursor; waiting for a worker does not count.
    Column("seconds_worked", Float, nullable=False, server_default="0"),
    Column("owner", UuidType),
    # While it runs: until when its owner has it. While it waits: before when not to take it up.
    Column("lease_until", Utc),
    Column("attempts", Integer, nullable=False),
    Column("error", Text),
    created_at(),
    Column("created_by_user", UuidType),
    Column("started_at", Utc),
    Column("finished_at", Utc),
    UniqueConstraint("organization_id", "kind", "key"),
    Index("ix_jobs_state", "organization_id", "state", "id"),
    Index("ix_jobs_kind", "organization_id", "kind", "id"),
    Index(
        "ix_jobs_open",
        "created_at",
        sqlite_where=IS_OPEN,
        postgresql_where=IS_OPEN,
    ),
    Index(
        "ix_jobs_finished_at",
        "finished_at",
        sqlite_where=IS_OVER,
        postgresql_where=IS_OVER,
    ),
)

job_items = Table(
    "job_items",
    metadata,
    organization_column(),
    Column("job_id", UuidType, primary_key=True),
    # The position of the first text.
    Column("pos", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(20), nullable=False),
    Column("texts", Json, nullable=False),
    reference("job_id", "jobs.id", ondelete="CASCADE"),
)
"""What a job has still to do, many in a row of the table: a million are accepted in seconds."""

job_rows = Table(
    "job_rows",
    metadata,
    organization_column(),
    Column("job_id", UuidType, primary_key=True),
    Column("pos", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(20), nullable=False),
    Column("value", Text, nullable=False),
    Column("outcome", String(30), nullable=False),
    Column("detail", Json),
    reference("job_id", "jobs.id", ondelete="CASCADE"),
)
"""What a job has done."""


@dataclass(frozen=True, slots=True)
class Job:
    """Long work and how far it is."""

    id: UUID
    kind: str
    parameters: Mapping[str, Any]
    state: JobState
    total: int
    done: int
    counts: Mapping[str, int]
    """How many rows had which outcome."""
    failed: int
    """How many had one that counts as a failure."""
    seconds_worked: float
    """Time that workers spent on it."""
    attempts: int
    """How often in a row the job was stopped by a fault, or by the loss of its worker."""
    error: str | None
    created_at: datetime
    created_by_user: UUID | None
    started_at: datetime | None
    finished_at: datetime | None
    rate_per_second: float | None = None
    """Rows done in a second of work; None before the first chunk is done."""
    seconds_left: float | None = None
    """What the rest takes at this rate, in seconds of work; None if it is over, or not known."""


@dataclass(frozen=True, slots=True)
class JobRow:
    """One item of a job and what became of it."""

    pos: int
    kind: str
    value: str
    outcome: str | None = None
    """None while it is still to be done."""
    detail: Mapping[str, str] | None = None
    """What became of each part of it, e.g. of each promotion."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this worker owns until its lease ends."""

    organization_id: int
    id: UUID
    kind: str
    parameters: Mapping[str, Any]
    total: int
    done: int
    counts: Mapping[str, int]
    attempts: int
    owner: UUID
    created_by_user: UUID | None
    since: float = field(default_factory=time.monotonic)
    """When this process took it up, or was done with the chunk before, in seconds."""
