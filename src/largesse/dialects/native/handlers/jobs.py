"""Jobs, what became of their rows, and the schedules that start them."""

from msgspec import UNSET
from starlette.responses import Response

from largesse.core.errors import UnknownJob, UnknownSchedule
from largesse.core.jobs.model import Job, JobRow
from largesse.core.jobs.service import EXPORTED
from largesse.core.schedules.model import Slot
from largesse.dialects.native import queries
from largesse.dialects.native.handlers.records import id_in, paged
from largesse.dialects.native.handlers.sheets import streamed
from largesse.dialects.native.mapping import to_uuid
from largesse.dialects.native.schemas.base import Listing
from largesse.wire.call import Call


async def list_rows(call: Call) -> Listing[JobRow]:
    """GET /jobs/{id}/rows: what became of each row."""
    job_id = id_in(call, to_uuid, UnknownJob)
    return await paged(call, queries.JobRows, call.services.jobs.rows, job_id)


async def export_rows(call: Call) -> Response:
    """GET /jobs/{id}/rows.csv: what became of each row, as a sheet."""
    asked = queries.of(call, queries.JobRowExport)
    pages = await call.services.jobs.export(
        call.caller,
        id_in(call, to_uuid, UnknownJob),
        outcome=None if asked.outcome is UNSET else asked.outcome,
    )
    return streamed(call, EXPORTED, pages, name="rows.csv")


async def cancel_job(call: Call) -> Job:
    """POST /jobs/{id}/cancel: stop a job where it is."""
    return await call.services.jobs.cancel(call.caller, id_in(call, to_uuid, UnknownJob))


async def resume_job(call: Call) -> Job:
    """POST /jobs/{id}/resume: go on with a job that was cancelled, has failed or is dead."""
    return await call.services.jobs.resume(call.caller, id_in(call, to_uuid, UnknownJob))


async def run_schedule(call: Call) -> Job:
    """POST /schedules/{id}/run: start its job now."""
    return await call.services.schedules.run(call.caller, id_in(call, to_uuid, UnknownSchedule))


async def list_slots(call: Call) -> Listing[Slot]:
    """GET /schedules/{id}/slots: what it started, the latest first."""
    schedule_id = id_in(call, to_uuid, UnknownSchedule)
    return await paged(call, queries.Paging, call.services.schedules.slots, schedule_id)
