"""Logging in and out (DOC iZgH: in one of three ways)."""

import base64
import binascii

from largesse.core.access.model import Caller
from largesse.core.customers.model import AccountKind
from largesse.core.errors import InvalidValue, LoginRequired
from largesse.dialects.crmcom.errors import MissingParameter
from largesse.dialects.crmcom.identifiers import to_token
from largesse.dialects.crmcom.schemas import (
    Released,
    RequestConsumerToken,
    RequestKeyToken,
    Status,
    Token,
    TokenEnvelope,
)
from largesse.wire.call import Call

PRINTED_NULL = Status(description=None, message=None)
"""How older pages print success (DOC 532580); the newer ones print empty texts."""


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
    return TokenEnvelope(PRINTED_NULL, await _token(call, caller))


async def web_api_key_token(call: Call) -> TokenEnvelope:
    """POST authentication/web_api_key/token: exchange an application key."""
    body: RequestKeyToken = call.body
    caller = await call.services.access.log_in_with_key(
        _key(call), unit=body.unit or None, address=call.address
    )
    return TokenEnvelope(Status(), await _token(call, caller))


async def consumer_token(call: Call) -> TokenEnvelope:
    """POST authentication/consumer_application_key/token: act for one customer."""
    body: RequestConsumerToken = call.body
    if body.jwt:
        raise InvalidValue("jwt", "no identity management system is connected")
    if body.access_token_identifier is None:
        raise MissingParameter("access_token_identifier")
    named = to_token(body.access_token_identifier, AccountKind.RECEIVABLE)
    caller = await call.services.consumers.log_in(
        _key(call), named, unit=body.unit or None, address=call.address
    )
    return TokenEnvelope(Status(), await _token(call, caller))


async def release(call: Call) -> Released:
    """POST authentication/token/release: end the token's life."""
    await call.services.access.release(call.body.token)
    return Released(PRINTED_NULL)


async def _token(call: Call, caller: Caller) -> Token:
    seconds = call.settings.token_seconds
    return Token((await call.services.access.issue_token(caller, seconds=seconds)).token)


def _key(call: Call) -> str:
    """Return the key: the user name of Basic, whose password is empty (DOC 491003).

    Two public clients send it without the colon behind it.

    Raises:
        LoginRequired
    """
    scheme, _, value = (call.header("authorization") or "").partition(" ")
    try:
        text = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    key = text.partition(":")[0]
    if scheme.lower() != "basic" or not key:
        raise LoginRequired()
    return key
