"""The audit log: what happened, when, and by whom."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from largesse.admin import lists, nouns, render, subjects
from largesse.admin.formats import Viewer
from largesse.admin.forms import Choice
from largesse.admin.language import N_
from largesse.admin.lists import Column, Filter, Listing
from largesse.admin.nouns import id_text, page
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.events.model import NOBODY, Event
from largesse.core.search.browse import Browse
from largesse.wire.call import Call

MOST_USERS = 500
"""Users that can be chosen from a list."""

DONE = (
    *(N_("created"), N_("changed"), N_("deleted"), N_("issued"), N_("redeemed"), N_("cancelled")),
    *(N_("started"), N_("resumed"), N_("done"), N_("failed"), N_("queued"), N_("retried")),
    *(N_("paused"), N_("reported"), N_("revoked"), N_("low"), N_("empty"), N_("refilled")),
    *(N_("generating"), N_("not refilled"), N_("codes added"), N_("token issued")),
    *(N_("token released"), N_("login failed"), N_("login set"), N_("login removed")),
    *(N_("second factor added"), N_("second factor removed"), N_("member added")),
    *(N_("member removed"), N_("promotion added"), N_("promotion removed")),
)
"""What people read for the second parts of kinds; the first ones are the names of things."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the log as the list shows it."""

    id: UUID
    created_at: datetime
    what: str
    subject: str
    subject_path: str | None
    actor: str
    actor_path: str


def said(look: Viewer, kind: str) -> str:
    """Return what people read for a kind of line, e.g. `Job: done`."""
    thing, _, what = kind.partition(".")
    text = f"{look.say(thing.replace('_', ' '))}: {look.say(what.replace('_', ' '))}"
    return text[:1].upper() + text[1:]


async def kinds(call: Call) -> Sequence[Choice]:
    """Return the kinds of line that there are."""
    look = render.viewer(call)
    return [(one, said(look, one)) for one in await call.services.events.kinds(call.caller)]


async def things(call: Call) -> Sequence[Choice]:
    """Return what there are lines about."""
    look, found = render.viewer(call), await call.services.events.kinds(call.caller)
    first = dict.fromkeys(kind.partition(".")[0] for kind in found)
    return [(one, look.say(one.replace("_", " "))) for one in first]


async def people(call: Call) -> Sequence[Choice]:
    """Return who may have done something: the users, for those who may see them, and nobody."""
    others = [(one, N_(one)) for one in NOBODY]
    if Right.MANAGE_ACCESS not in call.caller.rights:
        return others
    found = await call.services.users.browse(call.caller, Browse(limit=MOST_USERS))
    return [*((one.id.hex, one.username) for one in found.items), *others]


async def rows_of(call: Call, lines: Sequence[Event]) -> Sequence[Row]:
    """Return lines as the list shows them."""
    look = render.viewer(call)
    return [
        Row(
            line.id,
            line.created_at,
            said(look, line.kind),
            f"{look.say(line.subject_kind.replace('_', ' '))} {subjects.short(line.subject_id)}",
            _path_of(line),
            line.actor,
            who_path(line),
        )
        for line in lines
    ]


def who_path(line: Event) -> str:
    """Return where all is listed that the author of a line did."""
    return f"/log?who={line.actor if line.user_id is None else id_text(line.user_id)}"


def _path_of(line: Event) -> str | None:
    if line.kind.endswith(f".{subjects.GONE}"):
        return None
    return subjects.path_of(line.subject_kind, line.subject_id)


LOG = Listing(
    path="/log",
    title=N_("Audit log"),
    source=lambda services: services.events,
    columns=(
        Column("created_at", N_("When"), kind="moment", order="made"),
        Column("what", N_("What")),
        Column("subject", N_("About"), href=lambda row: row.subject_path),
        Column("actor", N_("By whom"), href=lambda row: row.actor_path),
    ),
    search=N_("Id of a thing or of a request"),
    filters=(
        Filter("about", N_("About"), things),
        Filter("kind", N_("What"), kinds),
        Filter("who", N_("By whom"), people),
    ),
    is_dated=True,
    open=lambda row: f"/log/{id_text(row.id)}",
    rows=rows_of,
)


@dataclass(frozen=True, slots=True)
class Change:
    """A field that a line tells of."""

    name: str
    before: str | None
    after: str | None


async def show(call: Call) -> Page:
    """Show one line of the log."""
    line: Event = await nouns.record_in(call, LOG.source)
    before, after = line.before or {}, line.after or {}
    changes = [
        Change(name, _text(before.get(name)), _text(after.get(name)))
        for name in {**before, **after}
    ]
    data = {
        "line": line,
        "title": said(render.viewer(call), line.kind),
        "changes": changes,
        "more": [(name, _text(value)) for name, value in line.data.items()],
        "path": _path_of(line),
        "who_path": who_path(line),
    }
    return Page("log_line.html", data)


def _text(value: Any) -> str | None:
    """Return a value of JSON as people read it."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


ROUTES = (
    page("GET", LOG.path, lists.listing(LOG)),
    page("GET", f"{LOG.path}/{{id}}", show),
)
