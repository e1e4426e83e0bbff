"""What the storefront logs in with and asks first: tokens, personalization, configurations."""

from starlette.responses import Response

from largesse.core.access.model import Caller
from largesse.core.errors import BadToken, ExpiredToken, InvalidValue
from largesse.dialects.intershop import auth, schemas, shop
from largesse.dialects.intershop.errors import RefreshRefused
from largesse.dialects.intershop.schemas import Grant
from largesse.wire.answers import Json
from largesse.wire.call import Call

CONFIGURATION = "application/vnd.intershop.configuration.v1+json"
"""The only media type that DOC 31G269 prints for configurations."""

GRANTS = ("anonymous", "password", "client_credentials", "refresh_token")
"""Ways to get a token (PWA)."""

# --- tokens ------------------------------------------------------------------------------------


async def token(call: Call) -> Response:
    """POST token: log in, in one of four ways (DOC U29770, PWA)."""
    grant: Grant = call.body
    match grant.grant_type:
        case "anonymous":
            caller = await auth.visitor(call)
        case "password":
            caller = await auth.by_password(
                call,
                _needed("username", grant.username),
                _needed("password", grant.password),
                organization=grant.organization or None,
            )
        case "client_credentials":
            caller = await auth.client(call, grant.client_id, grant.client_secret)
        case "refresh_token":
            return _answer(await _refreshed(call, _needed("refresh_token", grant.refresh_token)))
        case _:
            raise InvalidValue("grant_type", f"must be one of {', '.join(GRANTS)}")
    return _answer(await _tokens(call, caller))


def _answer(tokens: schemas.TokenSet) -> Response:
    # RFC 6749, 5.1: no cache keeps it. In JSON whatever is accepted: there is no other form.
    return Json(tokens, 200, headers=[(b"cache-control", b"no-store")])


async def _tokens(call: Call, caller: Caller) -> schemas.TokenSet:
    if caller.user_id is not None:
        # DECIDED: a user of ours, who is no customer, logs in again when the token has expired.
        issued = await call.services.access.issue_token(caller, seconds=call.settings.token_seconds)
        return shop.from_tokens(issued)
    pair = await call.services.sessions.start(
        caller,
        seconds=call.settings.token_seconds,
        refresh_seconds=call.settings.refresh_token_seconds,
    )
    return shop.from_tokens(pair.access, pair.refresh_token)


async def _refreshed(call: Call, refresh_token: str) -> schemas.TokenSet:
    try:
        pair = await call.services.sessions.refresh(
            refresh_token, seconds=call.settings.token_seconds
        )
    except (BadToken, ExpiredToken):
        raise RefreshRefused() from None
    return shop.from_tokens(pair.access, pair.refresh_token)


def _needed(name: str, value: str | None) -> str:
    if not value:
        raise InvalidValue(name, "is missing")
    return value


async def log_out(call: Call) -> None:
    """PUT token/logout: end the token, and the session that it was got in (PWA)."""
    given = auth.token(call)
    if given is None:
        return
    if call.caller.user_id is not None:
        await call.services.access.release(given)
    else:
        await call.services.sessions.end(given)


# --- what is asked behind a login ---------------------------------------------------------------


async def personalization(call: Call) -> schemas.Personalization:
    """GET personalization: customers of the same groups have the same id (PWA)."""
    groups = await call.services.memberships.own_groups(call.caller)
    key = await call.services.access.signing_key()
    return shop.from_groups(call.caller.organization_id, groups, key)


async def configurations(call: Call) -> Response:
    """GET configurations: above all, whether there is a newsletter (DOC 31G269, PWA)."""
    with_newsletter = call.services.settings.newsletter_provider != "none"
    found = shop.from_settings(call.settings, with_newsletter=with_newsletter)
    response = Json(found, 200)
    response.headers["content-type"] = CONFIGURATION
    return response
