"""Who calls: a token, a Basic login or two plain headers, and the organization they are for."""

import base64
import binascii

from largesse.core.access.model import Caller, Organization, anonymous
from largesse.core.errors import BadCredentials, LoginRequired, UnknownOrganization
from largesse.dialects.intershop import paths
from largesse.dialects.intershop.errors import OrganizationMissing, OtherOrganization
from largesse.wire.call import Call

TOKEN = "authentication-token"
"""The header that carries a token, in requests and in answers (DOC M25763, PWA)."""


async def authenticate(call: Call) -> Caller:
    """Return who calls.

    Raises:
        LoginRequired: the request carries no credentials.
        BadToken, ExpiredToken, BadCredentials, TooManyAttempts
        UnknownOrganization: the organization named in the header does not exist.
        OtherOrganization: the token belongs to another one than the request names.
    """
    caller = await _presented(call)
    if caller is None:
        raise LoginRequired()
    return caller


async def identify(call: Call) -> Caller:
    """Return who calls, or nobody in particular: then of the organization that is named.

    Raises:
        OrganizationMissing: nothing in the request or the settings tells the organization.
        and what `authenticate` raises, but for LoginRequired.
    """
    caller = await _presented(call)
    if caller is not None:
        return caller
    access, header = call.services.access, _organization(call)
    if header is not None:
        return anonymous(await access.organization_named(header))
    try:
        return anonymous(await access.organization(paths.site(call)))
    except UnknownOrganization:
        raise OrganizationMissing() from None


async def subscriber(call: Call) -> Caller:
    """Return who asks about a subscription: anybody, where the settings say so. Raises as above."""
    if call.services.settings.newsletter_open_status:
        return await identify(call)
    return await authenticate(call)


def token(call: Call) -> str | None:
    """Return the token that the request carries, in one of two headers (DOC U29770)."""
    scheme, value = _authorization(call)
    return call.header(TOKEN) or (value if scheme == "bearer" else None)


async def _presented(call: Call) -> Caller | None:
    given = token(call)
    if given is not None:
        return await _by_token(call, given)
    scheme, value = _authorization(call)
    if scheme == "basic":
        return await _by_password(call, *_basic(value))
    username, password = call.header("UserLogin"), call.header("UserPassword")
    if username is not None and password is not None:
        return await _by_password(call, _text(username), _text(password))
    if scheme or username is not None or password is not None:
        raise BadCredentials()
    return None


async def _by_token(call: Call, given: str) -> Caller:
    caller = await call.services.access.authenticate(given)
    named = await _named(call)
    if named is not None and named.id != caller.organization_id:
        raise OtherOrganization()
    return caller


async def _by_password(call: Call, username: str, password: str) -> Caller:
    access, named = call.services.access, await _named(call)
    caller = await access.log_in(
        username,
        password,
        organization=None if named is None else named.name,
        address=call.address,
    )
    # DOC U29770: the reply to a request with a Basic login carries a token for the next ones;
    # DOC M25763 prints the same for the two plain headers.
    issued = await access.issue_token(caller, seconds=call.settings.token_seconds)
    call.response_headers[TOKEN] = issued.token
    return caller


def _authorization(call: Call) -> tuple[str, str]:
    scheme, _, value = (call.header("authorization") or "").partition(" ")
    return scheme.lower(), value.strip()


async def _named(call: Call) -> Organization | None:
    """Return the organization that the request names. Raises UnknownOrganization.

    DOC M25763 asks for the header on every call. DECIDED: it may be left out, since a token and
    most user names say the organization too. A site in the path then stands in for it, because
    the storefront sends no such header; a site that is nobody's alias says nothing.
    """
    access, header, site = call.services.access, _organization(call), paths.site(call)
    if header is not None:
        return await access.organization_named(header)
    try:
        return None if site is None else await access.organization_named(site)
    except UnknownOrganization:
        return None


def _organization(call: Call) -> str | None:
    header = call.header("UserOrganization")
    return None if header is None else _text(header)


def _basic(value: str) -> tuple[str, str]:
    """Return the name and password of a Basic login. Raises BadCredentials."""
    try:
        decoded = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise BadCredentials() from None
    name, colon, password = _text(decoded.decode("latin-1")).partition(":")
    if not colon:
        raise BadCredentials()
    return name, password


def _text(value: str) -> str:
    """Return what a client wrote in UTF-8 into a place that is read as Latin-1."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
