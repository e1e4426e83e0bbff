"""Who calls: a bearer token, or the session cookie that carries the same token.

DOC v2: calls carry `Authorization: Bearer <token>` and `Cookie: JSESSIONID=<v>`. DOC mule: an older
client sends the token as the JSESSIONID. So both are one and the same token of ours here (DECIDED):
there is no table of sessions, and either one alone will do.
"""

from urllib.parse import urlsplit

from starlette.responses import Response

from largesse.core.access.model import Caller
from largesse.core.errors import LoginRequired, UnknownOrganization
from largesse.dialects.valomnia.errors import ForeignSite, MissingParameter
from largesse.wire import bodies
from largesse.wire.call import Call

COOKIE = "JSESSIONID"
LANDING = "/login/ajaxSuccess"
FORM = "application/x-www-form-urlencoded"


async def authenticate(call: Call) -> Caller:
    """Return the caller that the bearer token, or else the cookie, stands for.

    Raises:
        LoginRequired, BadToken, ExpiredToken, ForeignSite
    """
    token = _bearer(call)
    if token is None and _changes(call) and _from_another_site(call):
        raise ForeignSite()
    return await call.services.access.authenticate(presented(call))


def presented(call: Call) -> str:
    """Return the token that the request presents. Raises LoginRequired."""
    token = _bearer(call)
    if token is None:
        token = call.request.cookies.get(COOKIE) or None
    if token is None:
        raise LoginRequired()
    return token


def credentials(call: Call) -> tuple[str, str]:
    """Return the user's name and password, from the form or from the query. Raises MissingParameter.

    DOC: one client sends them in the query of a POST, another in the query and the form of a GET.
    """
    fields = dict(call.request.query_params)
    if (call.header("content-type") or "").partition(";")[0].strip().lower() == FORM:
        fields |= bodies.form(call.raw)
    for name in ("j_username", "j_password"):
        if not fields.get(name):
            raise MissingParameter(name)
    return fields["j_username"], fields["j_password"]


async def organization(call: Call) -> str | None:
    """Return the organization that the host names, or None.

    DOC v2: the vendor's address is `https://{organisation}.valomnia.com`. Where the first label of
    our host is no organization's name, the user's name has to tell (DECIDED).
    """
    label = (call.header("host") or "").partition(":")[0].partition(".")[0]
    try:
        return (await call.services.access.organization_named(label)).name
    except UnknownOrganization:
        return None


def landing(call: Call, token: str) -> Response:
    """Return the answer to a login that went well: where to go on, and the cookie (DOC)."""
    root = call.request.scope["root_path"]
    response = Response(status_code=302, headers={"Location": f"{root}{LANDING}"})
    response.headers["Cache-Control"] = "no-store"
    # Strict: no browser sends it along with what another site asks for (DECIDED).
    response.set_cookie(
        COOKIE,
        token,
        path="/",
        secure=call.request.scope["scheme"] == "https",
        httponly=True,
        samesite="strict",
    )
    return response


def _bearer(call: Call) -> str | None:
    scheme, _, token = (call.header("authorization") or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _changes(call: Call) -> bool:
    return call.request.method not in ("GET", "HEAD")


def _from_another_site(call: Call) -> bool:
    """Say whether a browser sends this for a page of another site; programs send no such header."""
    if call.header("sec-fetch-site") in ("cross-site", "same-site"):
        return True
    origin = call.header("origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc != call.header("host")
    except ValueError:
        return True
