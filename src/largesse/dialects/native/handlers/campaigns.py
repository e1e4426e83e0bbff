"""What campaigns do beside being records: their pools of codes."""

from msgspec import UNSET
from starlette.responses import Response

from largesse.core.codes.bulk import EXPORTED
from largesse.core.codes.model import CampaignRef, CodeState
from largesse.core.errors import InvalidValue, MissingValue
from largesse.core.jobs.model import Job
from largesse.dialects.native import queries
from largesse.dialects.native.handlers.sheets import CSV, streamed
from largesse.dialects.native.schemas.base import check_media
from largesse.dialects.native.schemas.offers import Added, NewCodeBatch, NewCodes, Pool
from largesse.wire.call import Call


async def add_codes(call: Call) -> Added:
    """POST /campaigns/{id}/codes: make `count` codes, or put in the `codes` given."""
    body: NewCodes = call.body
    campaign = CampaignRef("id", call.path("id"))
    if body.count is not UNSET and body.codes is not UNSET:
        raise InvalidValue("count", "does not go with codes")
    if body.count is not UNSET:
        return Added(await call.services.codes.generate(call.caller, campaign, body.count))
    if body.codes is UNSET:
        raise MissingValue("count")
    return Added(await call.services.codes.add(call.caller, campaign, body.codes))


async def generate_codes(call: Call) -> Job:
    """POST /campaigns/{id}/codes/batches: have many codes made, by a job."""
    body: NewCodeBatch = call.body
    campaign = CampaignRef("id", call.path("id"))
    return await call.services.bulk_codes.generate(call.caller, campaign, body.count)


async def import_codes(call: Call) -> Job:
    """POST /campaigns/{id}/codes/imports: have the codes of a sheet put in, by a job."""
    check_media(call, CSV)
    campaign = CampaignRef("id", call.path("id"))
    return await call.services.bulk_codes.import_sheet(call.caller, campaign, [call.raw])


async def export_codes(call: Call) -> Response:
    """GET /campaigns/{id}/codes.csv: every code, as a sheet that is written while it is read."""
    asked = queries.of(call, queries.CodeExport)
    campaign = CampaignRef("id", call.path("id"))
    pages = await call.services.bulk_codes.export(
        call.caller,
        campaign,
        state=None if asked.state is UNSET else asked.state,
        after=None if asked.after is UNSET else asked.after,
    )
    return streamed(call, EXPORTED, pages, name="codes.csv")


async def read_pool(call: Call) -> Pool:
    """GET /campaigns/{id}/pool: how many codes are in which state, and how long they last."""
    campaign = CampaignRef("id", call.path("id"))
    held = await call.services.codes.levels(call.caller, campaign)
    return Pool(
        **{state.value: held.get(state.value, 0) for state in CodeState},
        forecast=await call.services.pools.forecast(call.caller, campaign),
    )
