"""How the installation is: the database, the worker, what waits, and the versions."""

import platform
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any

from largesse import __version__
from largesse.admin import render
from largesse.admin.formats import Viewer
from largesse.admin.language import N_
from largesse.admin.nouns import page
from largesse.admin.pages.settings import PATH
from largesse.admin.render import Page
from largesse.core.health.model import Backlog, Health
from largesse.wire.call import Call

LATE = timedelta(minutes=5)
"""What waits for longer seems to be worked off by nobody."""

LITTLE_ROOM = 1024**3
"""Bytes of free disk below which somebody is to know."""

PARTS = ("starlette", "sqlalchemy", "msgspec", "uvicorn")
"""Whose versions are told."""

NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


async def show(call: Call) -> Page:
    """Show how the installation is."""
    found = await call.services.health.look(call.caller)
    look = render.viewer(call)
    database = f"{NAMES.get(found.database, found.database)} {found.database_version}"
    parts = (
        (
            N_("Database"),
            (
                (N_("Kind and version"), database, "text"),
                (N_("Tables are up to date"), found.is_migrated, "flag"),
                (N_("Free on its disk"), _room(look, found.free_bytes), "text"),
            ),
        ),
        (N_("Worker and queues"), _queues(look, found)),
        (
            N_("Versions"),
            (
                ("Largesse", __version__, "text"),
                ("Python", platform.python_version(), "text"),
                *((name, version(name), "text") for name in PARTS),
            ),
        ),
    )
    return Page("health.html", {"warnings": _warnings(look, found), "parts": parts})


def _queues(look: Viewer, found: Health) -> tuple[tuple[str, Any, str], ...]:
    waits = found.backlog
    runs = N_("in this process") if found.runs_worker else N_("in a process of its own")
    return (
        (N_("The worker runs"), look.say(runs), "text"),
        (N_("Last job ended"), waits.last_job_at, "moment"),
        (N_("Last mail left"), waits.last_mail_at, "moment"),
        (N_("Jobs that wait"), waits.open_jobs, "number"),
        (N_("The first of them was made"), waits.oldest_job_at, "moment"),
        (N_("The first mail was or is due"), waits.oldest_mail_at, "moment"),
    )


def _warnings(look: Viewer, found: Health) -> list[str]:
    """Return what somebody is to look after."""
    said = []
    if not found.is_migrated:
        said.append(N_("The tables are not up to date. The command is: largesse db upgrade."))
    if found.free_bytes is not None and found.free_bytes < LITTLE_ROOM:
        said.append(N_("There is hardly any room left on the database's disk."))
    if _is_late(found.backlog):
        said.append(N_("Work waits, and nobody seems to do it. Is a worker running?"))
    return [look.say(one) for one in said]


def _is_late(waits: Backlog) -> bool:
    late = datetime.now(UTC) - LATE
    return any(at is not None and at < late for at in (waits.oldest_job_at, waits.oldest_mail_at))


def _room(look: Viewer, free: int | None) -> str | None:
    return None if free is None else f"{look.number(round(free / 1024**3, 1))} GiB"


ROUTES = (page("GET", f"{PATH}/health", show),)
