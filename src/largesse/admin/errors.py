"""How the pages tell a refusal: as a page, or as a way to sign in again.

The statuses follow the core's tree, whose branches are rows here: a page says a refusal's own
sentence, so none needs a row to itself.
"""

import re
from urllib.parse import quote

from starlette.responses import Response

from largesse.admin import auth, forms, render
from largesse.admin.language import N_
from largesse.admin.render import Page
from largesse.core import errors as core
from largesse.core.request import request_id
from largesse.wire import errors as wire
from largesse.wire.call import Call
from largesse.wire.errors import ErrorTable, Row, headers_of, row_for

ERRORS: ErrorTable = {
    core.NotAuthenticated: Row(401, N_("Please sign in")),
    core.TooManyAttempts: Row(429, N_("Too many attempts")),
    core.NotPermitted: Row(403, N_("You may not do this")),
    core.Unknown: Row(404, N_("There is nothing here")),
    core.Invalid: Row(400, N_("This can not be accepted")),
    core.Conflict: Row(409, N_("This is not possible now")),
    core.Unavailable: Row(503, N_("A part of the service does not answer")),
    wire.UnknownPath: Row(404, N_("There is nothing here")),
    wire.MethodNotAllowed: Row(405, N_("This can not be done here")),
    wire.NotOffered: Row(501, N_("This can not be done here")),
    wire.MalformedBody: Row(400, N_("This can not be accepted")),
    wire.WrongType: Row(400, N_("This can not be accepted")),
    wire.BodyTooLarge: Row(413, N_("This is too large")),
    wire.UnsupportedMediaType: Row(415, N_("This can not be accepted")),
    auth.ForeignForm: Row(403, N_("Nothing was done")),
    wire.Fault: Row(500, N_("Something went wrong")),
}

SIGN_IN = "/sign-in"


def answer(call: Call, error: Exception) -> Response:
    """Return the page of a failure; who has to sign in is led there, and loses nothing typed."""
    row = row_for(ERRORS, error)
    if isinstance(error, core.NotAuthenticated) and not isinstance(error, core.TooManyAttempts):
        return _ask_to_sign_in(call)
    data = {
        "title": row.code,
        "sentence": render.viewer(call).refusal(error),
        "request_id": request_id() if isinstance(error, wire.Fault) else None,
    }
    response = render.html(call, Page("error.html", data), row.status)
    response.headers.update(headers_of(error))
    return response


def _ask_to_sign_in(call: Call) -> Response:
    path = call.scope["path"].removeprefix(call.scope["root_path"]) or "/"
    query = call.scope["query_string"].decode("latin-1")
    here = f"{path}?{query}" if query else path
    if call.scope["method"] in auth.SAFE:
        return render.go(
            call, f"{SIGN_IN}?next={quote(here, safe='/')}" if here != "/" else SIGN_IN
        )
    if render.is_part(call):
        return render.go(call, SIGN_IN)
    # The session ended in the middle of a form: it is sent again behind the sign-in. The proof of
    # one with a file, which stands in the query, is another one then.
    here = re.sub(rf"(?<=[?&]{auth.TOKEN_FIELD}=)\w*", "", here)
    data = {
        "next": here,
        "typed": {"username": "", "organization": ""},
        "kept": _kept(call),
        "ended": True,
        "refusal": None,
        "needs_passcode": False,
        "is_unsafe": False,
    }
    return render.html(call, Page("sign_in.html", data), 401)


def _kept(call: Call) -> list[tuple[str, str]]:
    """Return what was typed, but for secrets; of a body that is no form nothing is kept."""
    try:
        names = forms.fields(call)
    except wire.WireError:
        return []
    told = [name for name in names if name != auth.TOKEN_FIELD and "password" not in name]
    return [(name, value) for name in told for value in forms.many(call, name)]
