"""Jobs: what runs, how far it is, what became of each row, and stopping and resuming it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from starlette.responses import Response, StreamingResponse

from largesse.admin import lists, live, nouns, render
from largesse.admin.deeds import Deed, Deeds
from largesse.admin.language import N_
from largesse.admin.lists import Action, Column, Filter, Listing
from largesse.admin.nouns import id_text, page
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.campaigns.model import Campaign
from largesse.core.errors import UnknownCampaign
from largesse.core.ids import parsed_id
from largesse.core.jobs.model import OPEN, STOPPED, Job, JobState
from largesse.core.jobs.service import EXPORTED, FAILED
from largesse.wire.call import Call

if TYPE_CHECKING:
    from largesse.services import Services

KINDS = {
    "generate_codes": N_("Make codes"),
    "import_codes": N_("Import codes"),
    "grant_batch": N_("Grant promotions"),
    "grant_revocation": N_("Revoke grants"),
}
"""What people read for a kind of job."""

STATES = tuple((state.value, N_(state.value)) for state in JobState)

OWN = frozenset({"whole", "usual", "unit_id"})
"""Parameters that jobs note for themselves: nobody asked for them."""

ROWS = 100
"""Rows of a job on one page."""

CSV = "text/csv; charset=utf-8"

LINES = 20
"""Lines of the log that a job's page shows."""


def source(services: "Services") -> Any:
    """Return the service that keeps jobs."""
    return services.jobs


def path_of(job: Job) -> str:
    """Return where a job's page is."""
    return f"/jobs/{id_text(job.id)}"


async def _cancel(call: Call, job_id: UUID) -> None:
    await call.services.jobs.cancel(call.caller, job_id)


async def _resume(call: Call, job_id: UUID) -> None:
    await call.services.jobs.resume(call.caller, job_id)


async def _delete(call: Call, job_id: UUID) -> None:
    await call.services.jobs.delete(call.caller, job_id)


async def _named(call: Call, jobs: Sequence[Job]) -> Sequence[Any]:
    """Return the rows of the list: jobs, and what their kinds are called."""
    look = render.viewer(call)
    return [_Row(job.id, look.say(KINDS.get(job.kind, job.kind)), job) for job in jobs]


@dataclass(frozen=True, slots=True)
class _Row:
    id: UUID
    name: str
    job: Job


JOBS = Listing(
    path="/jobs",
    title=N_("Jobs"),
    source=source,
    columns=(
        Column("kind", N_("Job"), lambda row: row.name),
        Column("state", N_("State"), lambda row: row.job.state, kind="state"),
        Column("done", N_("Done"), lambda row: row.job.done, kind="number"),
        Column("total", N_("Of"), lambda row: row.job.total, kind="number"),
        Column("failed", N_("Failed"), lambda row: row.job.failed, kind="number"),
        Column("created_at", N_("Made"), lambda row: row.job.created_at, "moment", order="made"),
        Column("finished_at", N_("Over"), lambda row: row.job.finished_at, kind="moment"),
    ),
    filters=(
        Filter("state", N_("State"), STATES),
        Filter("kind", N_("Job"), tuple(KINDS.items())),
    ),
    is_dated=True,
    open=path_of,
    rows=_named,
    actions=(
        Action(
            name="cancel",
            label=N_("Cancel"),
            one=N_("Cancel one job?"),
            many=N_("Cancel %(count)s jobs?"),
            done=N_("Cancelled: %(count)s."),
            right=Right.MANAGE_JOBS,
            do=_cancel,
        ),
        Action(
            name="resume",
            label=N_("Resume"),
            one=N_("Resume one job?"),
            many=N_("Resume %(count)s jobs?"),
            done=N_("Resumed: %(count)s."),
            right=Right.MANAGE_JOBS,
            do=_resume,
            is_bad=False,
        ),
        Action(
            name="delete",
            label=N_("Delete"),
            one=N_("Delete one job, with what is known of its rows?"),
            many=N_("Delete %(count)s jobs, with what is known of their rows?"),
            done=N_("Deleted: %(count)s."),
            right=Right.MANAGE_JOBS,
            do=_delete,
        ),
    ),
    empty=N_(
        "Nothing was started yet. Codes are made and imported, and promotions granted to many, "
        "by jobs; they are all listed here."
    ),
)


async def show(call: Call) -> Page:
    """Show one job: how far it is, who started it, and what became of its rows."""
    job: Job = await nouns.record_in(call, source)
    asked = call.request.query_params
    outcome = FAILED if asked.get("outcome") == FAILED else None
    after = asked.get("after", "")
    start = int(after) if after.isascii() and after.isdecimal() and len(after) < 18 else -1
    rows = await call.services.jobs.rows(
        call.caller, job.id, after=start, limit=ROWS, outcome=outcome
    )
    lines = await call.services.events.page(
        call.caller, subject_kind="job", subject_id=str(job.id), limit=LINES
    )
    data = {
        "job": job,
        "asked": {key: value for key, value in job.parameters.items() if key not in OWN},
        "campaign": await _campaign(call, job),
        "name": KINDS.get(job.kind, job.kind),
        "rows": rows,
        "outcome": outcome,
        "is_first": start < 0,
        "lines": lines.items,
        "is_open": job.state in OPEN,
        "may_resume": job.state in STOPPED,
    }
    return Page("job.html", data)


async def _campaign(call: Call, job: Job) -> Campaign | None:
    """Return the campaign that a job is for; None if it is for none, or that is gone."""
    try:
        return await call.services.campaigns.get(
            call.caller, parsed_id(str(job.parameters.get("campaign_id")))
        )
    except UnknownCampaign:
        return None


async def progress(call: Call) -> Response:
    """Answer with a stream that tells how far a job is, until it is over."""
    first: Job | None = await nouns.record_in(call, source)
    assert first is not None
    job_id = first.id

    async def look() -> live.Seen:
        job = await call.services.jobs.get(call.caller, job_id)
        events = {
            "progress": render.part(call, "job_progress.html", job=job),
            "said": render.part(call, "job_said.html", job=job),
        }
        return live.Seen(events, is_over=job.state not in OPEN)

    return await live.stream(call, look)


async def sheet(call: Call) -> Response:
    """Answer with a job's rows as CSV, or with those that failed."""
    job: Job = await nouns.record_in(call, source)
    outcome = FAILED if call.request.query_params.get("outcome") == FAILED else None
    pages = await call.services.jobs.export(call.caller, job.id, outcome=outcome)
    name = "failed-rows" if outcome else "rows"
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    if call.scope["method"] == "HEAD":
        return Response(headers=headers, media_type=CSV)
    return StreamingResponse(_lines(pages), headers=headers, media_type=CSV)


async def _lines(pages: AsyncIterator[Sequence[Sequence[Any]]]) -> AsyncIterator[str]:
    yield lists.csv_text([EXPORTED])
    async for rows in pages:
        yield lists.csv_text(rows)


DEEDS = Deeds(
    path=JOBS.path,
    source=source,
    right=Right.MANAGE_JOBS,
    all=(
        Deed(
            name="cancel",
            label=N_("Cancel the job"),
            question=N_("Cancel this job?"),
            explanation=N_("What is done stays done. The rest may be resumed later."),
            told=N_("The job was cancelled."),
            do=_cancel,
            is_bad=True,
        ),
        Deed(
            name="resume",
            label=N_("Resume the job"),
            question=N_("Resume this job?"),
            explanation=N_("It goes on where it stopped; nothing is done twice."),
            told=N_("The job goes on."),
            do=_resume,
        ),
        Deed(
            name="delete",
            label=N_("Delete the job"),
            question=N_("Delete this job?"),
            explanation=N_("What is known of its rows goes with it; what it has done stays."),
            told=N_("The job was deleted."),
            do=_delete,
            is_bad=True,
            ends_at=JOBS.path,
        ),
    ),
)


ROUTES = (
    page("GET", JOBS.path, lists.listing(JOBS)),
    page("POST", f"{JOBS.path}/actions", lists.acting(JOBS)),
    page("GET", f"{JOBS.path}/{{id}}", show),
    page("GET", f"{JOBS.path}/{{id}}/progress", progress),
    page("GET", f"{JOBS.path}/{{id}}/rows.csv", sheet),
    *DEEDS.routes(),
)
