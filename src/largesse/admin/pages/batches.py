"""Batches of grants: tried first, then given, and followed row by row."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from largesse.admin import auth, forms, nouns, render, uploads
from largesse.admin.formats import Viewer
from largesse.admin.forms import Choice, Field, Form
from largesse.admin.language import N_
from largesse.admin.nouns import page
from largesse.admin.render import Page
from largesse.admin.uploads import Upload
from largesse.core.access.model import Right
from largesse.core.errors import InvalidEmail, UnknownJob
from largesse.core.grants.intake import BATCH
from largesse.core.grants.model import GrantOrder, RecipientKind, Recipients
from largesse.core.grants.sheet import COLUMNS, recipients_in
from largesse.core.jobs.model import OPEN, Job, JobState
from largesse.core.jobs.service import FAILED
from largesse.core.search.browse import Browse
from largesse.core.text import checked_email
from largesse.wire.call import Call

MOST_CHOICES = 500
"""Promotions, groups or templates that can be chosen from."""

MOST_TOLD = 10
"""Lines whose faults are told at once."""

AT_ONCE = 1000
"""Members of a group that are read at once."""

SHOWN = 50
"""Rows of a batch that its page shows at once."""


async def _promotions(call: Call) -> Sequence[Choice]:
    query = Browse(limit=MOST_CHOICES, filters={"enabled": [True]})
    found = await call.services.promotions.browse(call.caller, query)
    return [
        (one.key, one.title if one.title == one.key else f"{one.title} ({one.key})")
        for one in found.items
    ]


async def _groups(call: Call) -> Sequence[Choice]:
    found = await call.services.groups.page(call.caller, limit=MOST_CHOICES)
    return [(str(one.id), one.name) for one in found.items]


async def _templates(call: Call) -> Sequence[Choice]:
    found = await call.services.templates.page(call.caller, limit=MOST_CHOICES)
    return [(key, key) for key in sorted({one.key for one in found.items})]


FIELDS = (
    Field("promotions", N_("Promotions"), "choices", required=True, choices=_promotions),
    Field(
        "recipients",
        N_("Addresses or profile ids"),
        "long",
        help=N_("One on each line; ten thousand and more can be pasted."),
    ),
    Field("group_id", N_("Everybody in a group"), "choice", choices=_groups),
    Field(
        "source_id",
        N_("Source"),
        longest=200,
        help=N_("Where the grants come from. From one source nobody gets the same twice."),
    ),
    Field(
        "expires_at",
        N_("Ends"),
        "moment",
        help=N_("Left empty, a grant ends when its promotion does."),
    ),
    Field(
        "template",
        N_("Mail for each grant"),
        "choice",
        choices=_templates,
        help=N_("A template of yours. Left empty, nobody is told."),
    ),
    Field(
        "file",
        N_("A sheet (CSV)"),
        "file",
        help=N_("Its first line names its columns: profile_id, email, or both."),
    ),
)


async def ask(call: Call) -> Page:
    """GET /grants/new."""
    call.caller.require(Right.GRANT_PROMOTIONS)
    return _asking(call, await forms.blank(call, render.viewer(call), FIELDS))


async def try_out(call: Call) -> Any:
    """POST /grants/new: start a dry run for whoever was pasted, is in the group or in the sheet."""
    call.caller.require(Right.GRANT_PROMOTIONS)
    upload = await uploads.received(call)
    form = await forms.read(call, render.viewer(call), FIELDS)
    pasted = _pasted(form)
    if form.is_good:
        with form.refusing():
            order = GrantOrder(
                tuple(form.values["promotions"]),
                form.values["source_id"],
                form.values["expires_at"],
                form.values["template"],
                dry_run=True,
            )
            recipients = _recipients(call, pasted, form.values["group_id"], upload)
            intake = call.services.grants.intake
            async with intake.received(call.caller, recipients, lambda: order) as received:
                job = await received.accept()
            return render.go(call, f"/grants/batches/{job.id.hex}")
    await upload.drain()
    return _asking(call, form)


async def show(call: Call) -> Page:
    """GET /grants/batches/{id}: how far a batch is, and what became of its rows."""
    job = await _batch(call)
    asked = call.request.query_params
    outcome = asked.get("outcome", "")
    after = asked.get("after", "")
    rows = await call.services.jobs.rows(
        call.caller,
        job.id,
        after=int(after) if after.isascii() and after.isdecimal() and len(after) < 18 else -1,
        limit=SHOWN,
        outcome=outcome or None,
    )
    keys = job.parameters.get("promotions", [])[:MOST_CHOICES]
    known = await call.services.promotions.by_keys(call.caller, keys)
    data = {
        "job": job,
        "is_dry": bool(job.parameters.get("dry_run")),
        "is_open": job.state in OPEN,
        "is_done": job.state == JobState.DONE,
        "promotions": [known[key].title if key in known else key for key in keys],
        "outcomes": {name: n for name, n in job.counts.items() if name not in ("grants", "mails")},
        "outcome": outcome,
        "after": after,
        "rows": rows,
        "failed": FAILED,
    }
    return Page("batch.html", data)


async def start(call: Call) -> Any:
    """POST /grants/batches/{id}/start: give for real what a dry run has tried."""
    call.caller.require(Right.GRANT_PROMOTIONS)
    tried = await _batch(call)
    form = await forms.blank(call, render.viewer(call), ())
    with form.refusing():
        job = await call.services.grants.start_tried(call.caller, tried.id)
        return render.go(call, f"/grants/batches/{job.id.hex}")
    return render.go(call, f"/grants/batches/{tried.id.hex}", form.errors[""], is_bad=True)


# --- inside ------------------------------------------------------------------------------------


def _asking(call: Call, form: Form) -> Page:
    # A body that is read while it comes has its proof in front of it.
    action = f"{call.scope['path']}?{auth.TOKEN_FIELD}={call.scope[auth.FORM_TOKEN]}"
    fields = {one.name: one for one in FIELDS}
    data = {"form": form, "asked": fields, "action": action}
    return Page("batch_new.html", data, status=None if form.is_good else 422)


async def _batch(call: Call) -> Job:
    job: Job = await nouns.record_in(call, lambda services: services.jobs)
    if job.kind != BATCH:
        raise UnknownJob(str(job.id))
    return job


def _pasted(form: Form) -> Sequence[Recipients]:
    """Return the recipients that were pasted; what is wrong in a line is told beside the field."""
    text = form.typed["recipients"]
    first = next((line for line in text.splitlines() if line.strip()), "")
    if {cell.strip().lower() for cell in first.split(",")} <= COLUMNS.keys():
        form.errors["recipients"] = form.viewer.say(
            N_("The first line names columns. Leave it out, or choose the sheet as a file.")
        )
        return []
    found: list[Recipients] = []
    wrong: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            found += _recipient(form.viewer, line.strip())
        except ValueError as error:
            wrong.append((number, str(error)))
    if wrong:
        form.errors["recipients"] = "\n".join(_faults(form.viewer, wrong))
    return found


def _recipient(look: Viewer, text: str) -> Sequence[Recipients]:
    """Return whom a line names, if anybody. Raises ValueError with a sentence."""
    if not text:
        return []
    if any(mark in text for mark in ",;\t"):
        raise ValueError(look.say(N_("has more than one; put each on a line of its own")))
    if "@" not in text:
        return [(RecipientKind.PROFILE, [text])]
    try:
        return [(RecipientKind.EMAIL, [checked_email(text)])]
    except InvalidEmail:
        raise ValueError(
            look.say(N_("%(address)s is no e-mail address"), address=text[:80])
        ) from None


def _faults(look: Viewer, wrong: Sequence[tuple[int, str]]) -> Iterator[str]:
    for number, reason in wrong[:MOST_TOLD]:
        yield look.say(N_("Line %(line)s: %(reason)s."), line=look.number(number), reason=reason)
    left = len(wrong) - MOST_TOLD
    if left > 0:
        yield look.say_many("And %(count)s more.", "And %(count)s more.", left)


async def _recipients(
    call: Call, pasted: Sequence[Recipients], group_id: str | None, upload: Upload
) -> AsyncIterator[Recipients]:
    """Yield everybody: those pasted, those of the group, those of the sheet."""
    for one in pasted:
        yield one
    if group_id is not None:
        async for one in _members(call, int(group_id)):
            yield one
    if upload.name:
        async for one in recipients_in(upload.blocks):
            yield one


async def _members(call: Call, group_id: int) -> AsyncIterator[Recipients]:
    after = None
    while True:
        found = await call.services.groups.members(
            call.caller, group_id, after=after, limit=AT_ONCE
        )
        yield RecipientKind.CUSTOMER, [one.customer_id.hex for one in found.items]
        after = found.next_after
        if after is None:
            return


ROUTES = (
    page("GET", "/grants/new", ask),
    page("POST", "/grants/new", try_out, streamed=True),
    page("GET", "/grants/batches/{id}", show),
    page("POST", "/grants/batches/{id}/start", start),
)
