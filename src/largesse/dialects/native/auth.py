"""Who calls: `Authorization: Bearer` with an access token, or with an application key itself."""

from largesse.core.access.model import Caller
from largesse.core.access.service import KEY_PREFIX
from largesse.core.errors import LoginRequired
from largesse.wire.call import Call


def bearer(call: Call) -> str:
    """Return the access token or application key of a call. Raises LoginRequired."""
    scheme, _, token = (call.header("authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise LoginRequired()
    return token.strip()


def is_key(token: str) -> bool:
    """Say whether a bearer's text is an application key."""
    return token.startswith(f"{KEY_PREFIX}_")


async def authenticate(call: Call) -> Caller:
    """Return the caller that the bearer's text stands for.

    Raises:
        LoginRequired, BadToken, ExpiredToken, BadCredentials, TooManyAttempts
    """
    token = bearer(call)
    access = call.services.access
    if is_key(token):
        return await access.log_in_with_key(token, address=call.address)
    return await access.authenticate(token)
