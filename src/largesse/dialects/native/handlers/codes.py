"""Codes: looked up, given out, cancelled."""

from msgspec import UNSET

from largesse.core.codes.model import Code, Given
from largesse.core.errors import UnknownCode
from largesse.core.redemptions.model import Redemption
from largesse.dialects.native.handlers.records import id_in
from largesse.dialects.native.mapping import to_receiver, to_uuid, to_wanted
from largesse.dialects.native.schemas.giving import CodeRedemption
from largesse.wire.call import Call


async def read_code(call: Call) -> Code:
    """GET /codes/{id}: a code by its id or, however its letters are typed, by its text."""
    text = call.path("id")
    code_id = to_uuid(text)
    if code_id is not None:
        try:
            return await call.services.codes.get(call.caller, code_id)
        except UnknownCode:
            pass  # a code may look like an id
    return await call.services.codes.named(call.caller, text)


async def request_code(call: Call) -> Code:
    """POST /codes/request: give a receiver the next code of a campaign, or the very code named."""
    wanted, receiver = to_wanted(call.body), to_receiver(call.body)
    return (await call.services.codes.request(call.caller, wanted, receiver)).code


async def redeem_code(call: Call) -> Redemption:
    """POST /codes/redeem: use a code for a customer."""
    body: CodeRedemption = call.body
    on = None if body.on is UNSET else body.on
    return await call.services.redemptions.redeem(call.caller, body.code, to_receiver(body), on=on)


def from_given(given: Given) -> Code:
    """Return the answer to POST /codes/request out of what the group commit gives."""
    return given.code


async def cancel_code(call: Call) -> Code:
    """POST /codes/{id}/cancel: take a code out of use for good."""
    return await call.services.codes.cancel(call.caller, id_in(call, to_uuid, UnknownCode))
