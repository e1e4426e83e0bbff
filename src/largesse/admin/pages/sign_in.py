"""Signing in and out, and the language of the pages."""

import json
import re
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from largesse.admin import auth, forms, render
from largesse.admin.errors import ERRORS, SIGN_IN
from largesse.admin.language import N_, catalogues
from largesse.admin.nouns import page
from largesse.admin.render import Page
from largesse.core.errors import (
    BadCredentials,
    NotAuthenticated,
    NotPermitted,
    Refused,
    SecondFactorRequired,
    UnknownOrganization,
)
from largesse.wire.call import Call
from largesse.wire.errors import row_for

YEAR = 365 * 24 * 3600


async def ask(call: Call) -> Any:
    """Show the page to sign in."""
    return _page(call, call.request.query_params.get("next", ""))


async def sign_in(call: Call) -> Any:
    """Sign a person in, and lead to where they wanted to go."""
    auth.check_origin(call)
    typed = forms.fields(call)
    wanted = typed.get("next", "")
    try:
        caller = await call.services.access.log_in(
            typed.get("username", "").strip(),
            typed.get("password", ""),
            address=call.address,
            passcode=typed.get("passcode", "").strip() or None,
            organization=typed.get("organization", "").strip() or None,
        )
        if not caller.rights:
            raise NotPermitted("read")
    except (NotAuthenticated, NotPermitted, UnknownOrganization) as refusal:
        return _page(call, wanted, refusal)
    issued = await auth.new_session(call, caller)
    response = await _onwards(call, wanted, issued.token)
    auth.keep_session(call, response, issued)
    return response


async def sign_out(call: Call) -> Response:
    """End the session."""
    token = auth.session_token(call)
    if token is not None:
        await call.services.access.release(token)
    said = render.viewer(call).say(N_("You are signed out."))
    response = render.go(call, SIGN_IN, said)
    auth.drop_session(call, response)
    return response


async def choose_language(call: Call) -> Response:
    """Keep the language that was chosen."""
    auth.check_origin(call)
    wanted = forms.fields(call).get("language", "")
    response = render.go(call, _local(forms.fields(call).get("back", "")))
    if wanted in catalogues():
        root = call.scope["root_path"] or "/"
        response.set_cookie(render.LANGUAGE, wanted, max_age=YEAR, path=root, samesite="lax")
    return response


def _page(call: Call, wanted: str, refusal: Refused | None = None) -> Page:
    typed = forms.fields(call)
    look = render.viewer(call)
    if isinstance(refusal, UnknownOrganization):
        # Who guesses names of organizations learns nothing.
        refusal = BadCredentials()
    said = None if refusal is None else look.refusal(refusal)
    status = None if refusal is None else row_for(ERRORS, refusal).status
    data = {
        "next": _local(wanted),
        "typed": {name: typed.get(name, "") for name in ("username", "organization")},
        "kept": _kept(call),
        "ended": False,
        "refusal": said,
        "needs_passcode": isinstance(refusal, SecondFactorRequired),
        "is_unsafe": call.scope["scheme"] != "https" and auth.must_be_secure(call),
    }
    return Page("sign_in.html", data, status)


def _kept(call: Call) -> list[tuple[str, str]]:
    """Return the fields of a form whose session ended, which the sign-in carries along."""
    try:
        pairs = json.loads(forms.fields(call).get("kept", "") or "[]")
        return [(str(name), str(value)) for name, value in pairs]
    except (ValueError, TypeError):
        return []


async def _onwards(call: Call, wanted: str, token: str) -> Response:
    kept = _kept(call)
    if not kept:
        return render.go(call, _local(wanted))
    proof = call.scope[auth.FORM_TOKEN] = await auth.form_token(call, token)
    action = re.sub(rf"(?<=[?&]{auth.TOKEN_FIELD}=)\w*", proof, _local(wanted))
    data = {"action": render.url(call, action), "hidden": kept}
    return render.html(call, Page("send_again.html", data), 200)


def _local(path: str) -> str:
    """Return a path of these pages, quoted; one of elsewhere is none."""
    if not path.startswith("/") or path.startswith(("//", "/\\")) or path.startswith(SIGN_IN):
        return "/"
    return quote(path, safe="/?=&%;+:@,")


ROUTES = (
    page("GET", SIGN_IN, ask, public="it is the login"),
    page("POST", SIGN_IN, sign_in, public="it is the login"),
    page("POST", "/sign-out", sign_out),
    page("POST", "/language", choose_language, public="the login has a language, too"),
)
