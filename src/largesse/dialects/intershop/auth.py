"""Who calls: a token, a Basic login or two plain headers, and the organization they are for."""

import base64
import binascii

from largesse.core.access.model import Caller, Organization, anonymous
from largesse.core.access.service import KEY_PREFIX
from largesse.core.errors import BadCredentials, BadToken, LoginRequired, UnknownOrganization
from largesse.dialects.intershop import paths
from largesse.dialects.intershop.errors import OrganizationMissing, OtherOrganization
from largesse.wire.call import Call

CONTACT_CENTER = "ContactCenter"
"""The site of the contact centre, whose users are no customers (SEED 000: its links)."""

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
    if caller is None or not caller.is_somebody:
        raise LoginRequired()
    return caller


async def identify(call: Call) -> Caller:
    """Return who calls, or nobody in particular: then of the organization that is named.

    Raises:
        OrganizationMissing: nothing in the request or the settings tells the organization.
        and what `authenticate` raises, but for LoginRequired.
    """
    caller = await _presented(call)
    return await visitor(call) if caller is None else caller


async def visitor(call: Call) -> Caller:
    """Return nobody in particular, of the organization that is named. Raises as `identify`."""
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


async def client(call: Call, client_id: str | None, client_secret: str | None) -> Caller:
    """Return who asks for tokens as a client: by the request's headers, or by two fields.

    DOC 29Y744: "client-authentication grant via basic authentication or bearer token". The fields
    are those of RFC 6749; an application key is a secret that says whose it is.

    Raises as `authenticate`.
    """
    if client_secret is None:
        return await authenticate(call)
    if client_secret.startswith(f"{KEY_PREFIX}_"):
        caller = await call.services.access.log_in_with_key(client_secret, address=call.address)
        await _check_organization(call, caller)
        return caller
    return await by_password(call, client_id or "", client_secret)


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
        return await _with_token(call, *_basic(value))
    username, password = call.header("UserLogin"), call.header("UserPassword")
    if username is not None and password is not None:
        return await _with_token(call, _text(username), _text(password))
    if scheme or username is not None or password is not None:
        raise BadCredentials()
    return None


async def _by_token(call: Call, given: str) -> Caller:
    try:
        caller = await call.services.access.authenticate(given)
    except BadToken:
        caller = await call.services.sessions.authenticate(given)
    await _check_organization(call, caller)
    return caller


async def _check_organization(call: Call, caller: Caller) -> None:
    named = await _named(call)
    if named is not None and named.id != caller.organization_id:
        raise OtherOrganization()


async def by_password(
    call: Call, username: str, password: str, *, organization: str | None = None
) -> Caller:
    """Return the customer, or else the user, that a name and password mean.

    DECIDED: the contact centre, which names an organization in a header on every call, has users
    only. In a shop a customer's login comes first.

    Raises:
        BadCredentials, SecondFactorRequired, TooManyAttempts, UnknownOrganization
    """
    access = call.services.access
    named = await (
        _named(call) if organization is None else access.organization_named(organization)
    )
    if _organization(call) is None and paths.site(call) != CONTACT_CENTER:
        shop = named or await _only(call)
        if shop is not None:
            found = await call.services.sessions.log_in(
                username, password, organization=shop, address=call.address
            )
            if found is not None:
                return found
    return await access.log_in(
        username,
        password,
        organization=None if named is None else named.name,
        address=call.address,
    )


async def _with_token(call: Call, username: str, password: str) -> Caller:
    caller = await by_password(call, username, password)
    # DOC U29770: the reply to a request with a Basic login carries a token for the next ones;
    # DOC M25763 prints the same for the two plain headers.
    known = call.services.access if caller.customer_id is None else call.services.sessions
    issued = await known.issue_token(caller, seconds=call.settings.token_seconds)
    call.response_headers[TOKEN] = issued.token
    return caller


async def _only(call: Call) -> Organization | None:
    """Return the organization of a request that names none."""
    try:
        return await call.services.access.organization()
    except UnknownOrganization:
        return None


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
