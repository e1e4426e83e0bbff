"""What campaigns do beside being records: their pools of codes."""

from msgspec import UNSET

from largesse.core.codes.model import CampaignRef, CodeState
from largesse.core.errors import InvalidValue, MissingValue
from largesse.dialects.native.schemas.offers import Added, NewCodes, Pool
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


async def read_pool(call: Call) -> Pool:
    """GET /campaigns/{id}/pool: how many codes are in which state, and how long they last."""
    campaign = CampaignRef("id", call.path("id"))
    held = await call.services.codes.levels(call.caller, campaign)
    return Pool(
        **{state.value: held.get(state.value, 0) for state in CodeState},
        forecast=await call.services.pools.forecast(call.caller, campaign),
    )
