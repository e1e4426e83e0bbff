"""`/docs`: every dialect's OpenAPI description, and Swagger UI to read and try it.

Nothing of it is fetched from elsewhere: Swagger UI comes from npm when the package is built.
"""

from collections.abc import Mapping
from html import escape
from importlib.metadata import version
from pathlib import Path

import msgspec
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from largesse.wire.dialect import Dialect
from largesse.wire.openapi import document

ASSETS = Path(__file__).parent.parent / "static" / "swagger-ui"
"""What `make setup` copies out of npm's packages."""

FILES = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
}

START = """\
SwaggerUIBundle({
  url: document.currentScript.dataset.description,
  dom_id: "#description",
  deepLinking: true,
  validatorUrl: null,
});
"""
"""Served as a file: the content security policy allows no script inside a page."""

HEADERS = {
    # Swagger UI sets styles from its script, and draws its arrows as data URLs.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="{base}/swagger-ui.css">
</head>
<body>
{body}
</body>
</html>
"""


class Documentation:
    """The pages of the dialects that are served, by the prefix of each."""

    def __init__(self, dialects: Mapping[str, Dialect]) -> None:
        self._dialects = {dialect.name: (prefix, dialect) for prefix, dialect in dialects.items()}
        self._descriptions: dict[str, bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope["path"].removeprefix(scope["root_path"]).strip("/")
        response = self._answer(path, scope["root_path"])
        response.headers.update(HEADERS)
        await response(scope, receive, send)

    def _answer(self, path: str, base: str) -> Response:
        name, _, rest = path.partition("/")
        if not path:
            return self._list(base)
        if path == "start.js":
            return Response(START, media_type="text/javascript")
        if path in FILES and (ASSETS / path).exists():
            return FileResponse(ASSETS / path, media_type=FILES[path])
        if name in self._dialects and rest == "openapi.json":
            return Response(self._description(name), media_type="application/json")
        if name in self._dialects and not rest:
            return self._page(name, base)
        return HTMLResponse(_page("Nothing here", "<p>There is nothing here.</p>", base), 404)

    def _list(self, base: str) -> Response:
        lines = "".join(
            f'<li><a href="{base}/{name}">{escape(dialect.title)}</a> below '
            f"<code>{escape(prefix)}</code></li>"
            for name, (prefix, dialect) in self._dialects.items()
        )
        return HTMLResponse(
            _page("Largesse: APIs", f"<h1>APIs of this service</h1><ul>{lines}</ul>", base)
        )

    def _page(self, name: str, base: str) -> Response:
        _, dialect = self._dialects[name]
        body = (
            f'<div id="description"></div>\n<script src="{base}/swagger-ui-bundle.js"></script>\n'
            f'<script src="{base}/start.js" data-description="{base}/{name}/openapi.json"></script>'
        )
        return HTMLResponse(_page(dialect.title, body, base))

    def _description(self, name: str) -> bytes:
        if name not in self._descriptions:
            prefix, dialect = self._dialects[name]
            made = document(dialect, prefix=prefix, version=version("largesse"))
            self._descriptions[name] = msgspec.json.encode(made)
        return self._descriptions[name]


def _page(title: str, body: str, base: str) -> str:
    return PAGE.format(title=escape(title), body=body, base=base)
