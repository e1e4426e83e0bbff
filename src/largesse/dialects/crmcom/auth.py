"""Who calls: the `token` that CRM.COM's clients send inside the body."""

import msgspec

from largesse.core.access.model import Caller
from largesse.core.errors import LoginRequired
from largesse.wire import bodies
from largesse.wire.call import Call
from largesse.wire.errors import MalformedBody, WrongType


class TokenField(msgspec.Struct):
    """The one field of a body that is read before the caller is known."""

    token: str | None = None


async def authenticate(call: Call) -> Caller:
    """Return the caller that the body's `token` stands for.

    Raises:
        LoginRequired, BadToken, ExpiredToken
    """
    # SEED 002: "token: The token retrieved from the login method". GET methods take the same
    # names as query parameters (DOC 512933).
    token = _in_body(call) if call.raw else call.request.query_params.get("token")
    if not token:
        raise LoginRequired()
    return await call.services.access.authenticate(token)


def _in_body(call: Call) -> str | None:
    """Return the token of the body, which is decoded to its whole type if it can be."""
    if call.kind is not None:
        try:
            call.body = bodies.json(call.raw, call.kind)
            return str(call.body.token or "")
        except (MalformedBody, WrongType):
            # What is wrong is told to a caller who is known, when the body is decoded again.
            call.body = None
    field: TokenField = bodies.json(call.raw, TokenField)
    return field.token
