"""Who calls: the `token` that CRM.COM's clients send inside the body."""

import msgspec

from largesse.core.access.model import Caller
from largesse.core.errors import LoginRequired
from largesse.wire import bodies
from largesse.wire.call import Call


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
    if call.raw:
        token = bodies.json(call.raw, TokenField).token
    else:
        token = call.request.query_params.get("token")
    if not token:
        raise LoginRequired()
    return await call.services.access.authenticate(token)
