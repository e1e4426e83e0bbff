"""Values of health."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Backlog:
    """What an organization waits for, and what was done last."""

    open_jobs: int
    oldest_job_at: datetime | None
    """When the first of the jobs that wait was made."""
    last_job_at: datetime | None
    """When a job ended last."""
    oldest_mail_at: datetime | None
    """When the first of the mails that wait was or is due."""
    last_mail_at: datetime | None
    """When a mail was handed over last."""


@dataclass(frozen=True, slots=True)
class Health:
    """How the installation is, as one organization sees it."""

    database: str
    """sqlite or postgresql."""
    database_version: str
    is_migrated: bool
    """Whether the database is at the newest revision."""
    free_bytes: int | None
    """Room left where the database's file is; None: it is on a server."""
    runs_worker: bool
    """Whether the process that serves works off jobs and mails, too."""
    backlog: Backlog
