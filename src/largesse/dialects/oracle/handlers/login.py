"""Tokens: got, renewed and given up."""

from collections.abc import Mapping

from largesse.core.access.model import Caller
from largesse.core.errors import LoginRequired
from largesse.dialects.oracle import mapping
from largesse.dialects.oracle.auth import bearer
from largesse.dialects.oracle.errors import MissingProperty, UnknownGrantType
from largesse.dialects.oracle.listing import url_of
from largesse.dialects.oracle.schemas import LoggedOut, Token
from largesse.wire import bodies
from largesse.wire.call import Call


async def login(call: Call) -> Token:
    """POST login: exchange an application key, or a user's name and password, for a token.

    A user with a second factor logs in by `mfalogin` alone (DECIDED).
    """
    given = _given(call)
    match given.get("grant_type"):
        case None | "":
            raise MissingProperty("grant_type")
        case "client_credentials":
            seconds = call.settings.key_token_seconds
            caller = await call.services.access.log_in_with_key(bearer(call), address=call.address)
        case "password":
            seconds = call.settings.user_token_seconds
            caller = await _log_in(call, given)
        case unknown:
            raise UnknownGrantType(unknown)
    issued = await call.services.access.issue_token(caller, seconds=seconds)
    return mapping.from_token(issued, url_of(call))


async def mfa_login(call: Call) -> Token:
    """POST mfalogin: exchange a user's name, password and one-time passcode for a token."""
    given = _given(call)
    kind = given.get("grant_type")
    if not kind:
        raise MissingProperty("grant_type")
    if kind != "password":
        raise UnknownGrantType(kind)
    caller = await _log_in(call, given, passcode=given.get("totp_code") or "")
    seconds = call.settings.user_token_seconds
    issued = await call.services.access.issue_token(caller, seconds=seconds)
    return Token(access_token=issued.token, expires_in=issued.expires_in)


def _given(call: Call) -> dict[str, str]:
    """Return the parameters of a login.

    DOC 12-17 has them in the form; most clients send `grant_type` in the query.
    """
    return dict(call.request.query_params) | bodies.form(call.raw)


async def _log_in(call: Call, given: Mapping[str, str], *, passcode: str | None = None) -> Caller:
    username, password = given.get("username"), given.get("password")
    if not username or not password:
        raise LoginRequired()
    return await call.services.access.log_in(
        username, password, passcode=passcode, address=call.address
    )


async def refresh(call: Call) -> Token:
    """POST refresh: exchange a token for a new one that lives as long as the old one did.

    DECIDED: the old token stays valid until its own end, minutes away. A client whose parts
    share a token, or that never got this answer, is not locked out.
    """
    caller = call.caller
    assert caller.issued_at is not None
    assert caller.expires_at is not None
    lived = int((caller.expires_at - caller.issued_at).total_seconds())
    longest = max(call.settings.key_token_seconds, call.settings.user_token_seconds)
    # A token that another dialect issued does not live longer here than one of ours.
    issued = await call.services.access.issue_token(caller, seconds=min(lived, longest))
    return Token(access_token=issued.token, expires_in=issued.expires_in)


async def logout(call: Call) -> LoggedOut:
    """POST logout: end the life of the token."""
    await call.services.access.release(bearer(call))
    return LoggedOut()
