"""Who calls: `Authorization: Bearer` with an access token."""

from largesse.core.access.model import Caller
from largesse.core.errors import LoginRequired
from largesse.wire.call import Call


def bearer(call: Call) -> str:
    """Return what follows `Bearer` (DOC 22A, REST API authentication). Raises LoginRequired."""
    scheme, _, token = (call.header("authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise LoginRequired()
    return token.strip()


async def authenticate(call: Call) -> Caller:
    """Return the caller that the bearer token stands for.

    An application key is exchanged for a token first (DOC 12-17): it is none by itself.

    Raises:
        LoginRequired, BadToken, ExpiredToken
    """
    return await call.services.access.authenticate(bearer(call))
