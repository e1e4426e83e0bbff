"""Paths as Intershop's clients write them, and what its browser clients need around every answer."""

from typing import Any
from urllib.parse import quote, unquote

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from largesse.wire.call import Call
from largesse.wire.errors import UnknownPath
from largesse.wire.mount import MOUNT

PLAIN = "-._~!$&'()*+,=:@"
"""Characters that stand in a path segment as they are (RFC 3986), but for `;`."""

NAMED = 3
"""Segments that the vendor's prefix leaves open: server group, site and application."""

CONTACT_CENTER = "ContactCenter/-"
"""Site and application of the contact centre, with which its links begin (SEED 000)."""

EXPOSED = (
    # INFERRED from what the storefront reads of an answer's headers.
    "authentication-token",
    "error-key",
    "error-type",
    "error-missing-attributes",
    "error-invalid-attributes",
    "X-Request-ID",
)


def wrap(app: ASGIApp) -> ASGIApp:
    """Return the dialect with matrix parameters split off, for browsers of any origin.

    Any origin is safe: a caller is known by headers that a page must set itself, never by a cookie.
    """
    return CORSMiddleware(
        MatrixParameters(app),
        allow_origins=("*",),
        allow_methods=("GET", "POST", "PUT", "DELETE"),
        allow_headers=("*",),
        expose_headers=EXPOSED,
    )


class MatrixParameters:
    """Takes `;name=value` off every segment of the path, so that routes need not know of them.

    They sit on the application (`;loc=en_US;cur=USD`, PWA), on the first resource (`;pgid=`) or on
    an id (`;UserID=`, DOC A28246). The path as it was sent is what counts: there a `%3B` inside a
    value is not yet a separator, and a `%2F` not yet a slash. Segments stay encoded, in one way;
    `segment` decodes them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
        root: str = scope.get("root_path", "")
        segments = raw.decode("latin-1").split("/")[1 + root.count("/") :]
        path = "".join(f"/{_canonical(segment)}" for segment in segments)
        await self._app(dict(scope, path=root + path), receive, send)


def _canonical(segment: str) -> str:
    return quote(unquote(segment.partition(";")[0]), safe=PLAIN)


def segment(call: Call, name: str) -> str:
    """Return a parameter of the path, decoded. Raises UnknownPath: it can be no id at all."""
    value = unquote(call.path(name))
    if "\0" in value:
        raise UnknownPath()
    return value


def recipient(call: Call) -> str:
    """Return the key of a subscription: an address that is encoded once, or twice (PWA, 7.10).

    An address has an `@`, so a key that shows none is still encoded. `+` is a plus.
    """
    key = segment(call, "recipient")
    return key if "@" in key else unquote(key)


def site(call: Call) -> str | None:
    """Return the site that the path names, if it does."""
    opened = _opened(call)
    return opened[1] or None if len(opened) == NAMED else None


def link(call: Call, *segments: str) -> str:
    """Return the uri of a resource: relative to the server group, `{site}/{app}/...` (SEED 000)."""
    opened = _opened(call)
    base = CONTACT_CENTER
    if len(opened) == NAMED:
        base = f"{quote(opened[1], safe=PLAIN)}/{quote(opened[2], safe=PLAIN)}"
    # DOC 25360S prints the `@` of an id encoded.
    return "/".join((base, *(quote(part, safe="") for part in segments)))


def _opened(call: Call) -> tuple[str, ...]:
    opened: Any = call.request.scope.get(MOUNT, ())
    return tuple(part.partition(";")[0] for part in opened)
