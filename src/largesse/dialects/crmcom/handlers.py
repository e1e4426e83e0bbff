"""CRM.COM's operations."""

from typing import Any

import msgspec

from largesse.core.codes.model import IssuedCode
from largesse.dialects.crmcom import mapping
from largesse.dialects.crmcom.schemas import Released, Status, Token, TokenEnvelope
from largesse.wire.call import Call


async def token(call: Call) -> TokenEnvelope:
    """POST authentication/token: exchange a user's name and password for an access token."""
    body = call.body
    caller = await call.services.access.log_in(
        body.username,
        body.password,
        organization=body.organisation,
        unit=body.unit or None,
        address=call.address,
    )
    issued = await call.services.access.issue_token(caller, seconds=call.settings.token_seconds)
    return TokenEnvelope(Status(description=None, message=None), Token(issued.token))


async def release(call: Call) -> Released:
    """POST authentication/token/release: end the token's life."""
    await call.services.access.release(call.body.token)
    return Released(Status(description=None, message=None))


async def request_promo_code(call: Call) -> dict[str, Any]:
    """POST promotion_campaigns/request_promo_code: give a receiver a code of a campaign."""
    wanted, receiver = mapping.to_wanted(call.body), mapping.to_receiver(call.body)
    fields = mapping.to_fields(call.body.fields_set)
    issued = await call.services.codes.request(call.caller, wanted, receiver)
    return answer(call, issued, fields)


def answer(call: Call, issued: IssuedCode, fields: frozenset[str] | None) -> dict[str, Any]:
    """Return a code just given out as `request_promo_code` answers it, cut down to the fields."""
    data = mapping.from_issued(issued, legacy_names=call.settings.legacy_names)
    if fields is None:
        return {"data": data, "status": Status()}
    chosen = {name: getattr(data, name) for name in data.__struct_fields__ if name in fields}
    return {"data": msgspec.to_builtins(chosen), "status": Status()}
