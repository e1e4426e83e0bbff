"""Pages: a template and its data, with what every page shows around them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from largesse.admin import assets, auth, formats
from largesse.admin.formats import Viewer
from largesse.admin.language import N_, catalogues, chosen
from largesse.admin.navigation import NAVIGATION, SETTINGS
from largesse.core.access.model import Right
from largesse.wire.call import Call

LANGUAGE = "largesse_language"
ZONE = "largesse_zone"
"""Cookies: the language chosen, and the zone that the browser says it is in."""

TOLD = "largesse_told"
"""The cookie that carries one sentence over a redirect: what was just done."""

LONGEST_TOLD = 1000
"""Characters of such a sentence at most."""

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Page:
    """What a handler answers: a template, and what it needs."""

    template: str
    data: Mapping[str, Any] = field(default_factory=dict)
    status: int | None = None
    """Of the answer, where it is not the route's."""


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence about what was done; a bad one says what was not."""

    text: str
    is_bad: bool = False


def viewer(call: Call) -> Viewer:
    """Return in which language and zone a call's page is looked at."""
    cookies = call.request.cookies
    locale = chosen(cookies.get(LANGUAGE), call.header("accept-language"))
    return Viewer(locale, formats.zone_of(unquote(cookies.get(ZONE, ""))))


def url(call: Call, path: str, **query: Any) -> str:
    """Return where a page is: below where the pages are mounted."""
    wanted = [(name, value) for name, value in query.items() if value not in (None, "")]
    root: str = call.scope["root_path"]
    return root + path + (f"?{urlencode(wanted, doseq=True)}" if wanted else "")


def html(call: Call, result: Any, status: int) -> Response:
    """Return the answer with a page."""
    assert isinstance(result, Page)
    text = environment().get_template(result.template).render(_context(call), **result.data)
    response = HTMLResponse(text, result.status or status)
    if TOLD in call.request.cookies and not is_part(call):
        response.delete_cookie(TOLD, path=call.scope["root_path"] or "/")
    return response


def part(call: Call, template: str, **data: Any) -> str:
    """Return a part of a page as a stream sends it (`live`)."""
    return environment().get_template(template).render(_context(call), **data)


def asking(
    call: Call,
    question: str,
    label: str,
    *,
    back: str,
    explanation: str = "",
    is_bad: bool = True,
    hidden: Sequence[tuple[str, Any]] = (),
) -> Page:
    """Return the question that comes before something is done; its button posts to the same path."""
    data = {
        "question": question,
        "explanation": explanation,
        "label": label,
        "is_bad": is_bad,
        "hidden": hidden,
        "action": call.scope["path"],
        "back": back,
    }
    return Page("confirm.html", data)


def go(call: Call, path: str, told: str = "", *, is_bad: bool = False) -> Response:
    """Return the answer that leads to another page, which tells what was done."""
    response: Response = RedirectResponse(path if "://" in path else url(call, path), 303)
    if is_part(call):
        # What a script asked for has no page of its own to be led to.
        response = Response(status_code=204, headers={"HX-Redirect": url(call, path)})
    if told:
        kept = quote(json.dumps([told[:LONGEST_TOLD], is_bad]))
        root = call.scope["root_path"] or "/"
        response.set_cookie(TOLD, kept, max_age=60, path=root, httponly=True, samesite="lax")
    return response


def is_part(call: Call) -> bool:
    """Say whether a script asks for a part of a page."""
    return call.header("hx-request") == "true"


def told(call: Call) -> Told | None:
    """Return what the page before has to tell."""
    try:
        text, is_bad = json.loads(unquote(call.request.cookies.get(TOLD, "")))
    except ValueError:
        return None
    return Told(str(text)[:LONGEST_TOLD], bool(is_bad))


@cache
def environment() -> Environment:
    """Return what templates are rendered in: everything is escaped, nothing may be missing."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["N_"] = N_
    made.filters |= {"utc": formats.utc, "iso": formats.iso, "seconds": formats.seconds}
    return made


def _context(call: Call) -> dict[str, Any]:
    """Return what every template may say."""
    look = viewer(call)
    caller = call.login

    def can(right: str | Right) -> bool:
        return caller is not None and right in caller.rights

    def to(path: str, **query: Any) -> str:
        return url(call, path, **query)

    def asset(name: str) -> str:
        return url(call, f"/static/{name}", v=assets.fingerprint(name))

    context: dict[str, Any] = {
        "_": look.say,
        "many": look.say_many,
        "viewer": look,
        "who": caller,
        "can": can,
        "url": to,
        "asset": asset,
        "here": call.scope["path"].removeprefix(call.scope["root_path"]) or "/",
        "navigation": NAVIGATION,
        "settings": SETTINGS,
        "csrf_token": call.scope.get(auth.FORM_TOKEN, ""),
        "told": told(call),
        "is_part": is_part(call),
        "languages": {tag: look.locale.parse(tag).get_display_name() for tag in catalogues()},
    }
    return context
