"""Tokens and application keys."""

from typing import Any

from msgspec import UNSET

from largesse.core.access.model import Caller
from largesse.core.errors import InvalidValue, UnknownUnit, UnknownUser
from largesse.dialects.native.auth import bearer, is_key
from largesse.dialects.native.handlers.records import id_in
from largesse.dialects.native.mapping import from_caller, given, only_one, to_uuid
from largesse.dialects.native.schemas.access import (
    KeyWithSecret,
    Me,
    NewToken,
    SecondFactor,
    Token,
)
from largesse.wire.call import Call


async def create_token(call: Call) -> Token:
    """POST /tokens: exchange a user's name and password, or a key, for an access token."""
    body: NewToken = call.body
    way, _ = only_one(given(body), ("username", "application_key"), "username")
    caller = await (_with_password(call, body) if way == "username" else _with_key(call, body))
    issued = await call.services.access.issue_token(caller, seconds=call.settings.token_seconds)
    return Token(issued.token, issued.expires_in)


async def _with_password(call: Call, body: NewToken) -> Caller:
    try:
        return await call.services.access.log_in(
            body.username or "",
            body.password or "",
            passcode=None if body.passcode is UNSET else body.passcode,
            organization=body.organization or None,
            unit=body.unit or None,
            address=call.address,
        )
    except UnknownUnit as unknown:
        raise InvalidValue("unit", f"there is no unit {unknown.value!r}") from None


async def _with_key(call: Call, body: NewToken) -> Caller:
    for name in given(body).keys() - {"application_key"}:
        raise InvalidValue(name, "does not go with an application key")
    key = body.application_key or ""
    return await call.services.access.log_in_with_key(key, address=call.address)


async def read_token(call: Call) -> Me:
    """GET /tokens/current: who the token or key stands for, and what it may do."""
    return from_caller(call.caller)


async def release_token(call: Call) -> None:
    """DELETE /tokens/current: end the token's life."""
    token = bearer(call)
    if is_key(token):
        raise InvalidValue("Authorization", "is an application key; DELETE /keys/{id} revokes it")
    await call.services.access.release(token)


async def create_key(call: Call) -> KeyWithSecret:
    """POST /keys: make an application key and show its secret, this once."""
    new = await call.services.keys.create_key(call.caller, given(call.body))
    return KeyWithSecret(new.key, new.secret)


def without_secret(result: Any) -> KeyWithSecret:
    """Return the answer to POST /keys as it may be kept."""
    assert isinstance(result, KeyWithSecret)
    return KeyWithSecret(result.key, None)


async def enrol(call: Call) -> SecondFactor:
    """POST /users/{id}/second-factor: give a user a second factor, and show its secret, this once."""
    made = await call.services.second_factors.enrol(call.caller, id_in(call, to_uuid, UnknownUser))
    return SecondFactor(made.secret, made.uri)


def without_factor(result: Any) -> SecondFactor:
    """Return the answer to POST /users/{id}/second-factor as it may be kept."""
    return SecondFactor(None, None)


async def remove_factor(call: Call) -> None:
    """DELETE /users/{id}/second-factor: let a user log in by the password alone again."""
    await call.services.second_factors.remove(call.caller, id_in(call, to_uuid, UnknownUser))
