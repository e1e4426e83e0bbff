"""The pages' script and stylesheet, which `make setup` builds out of npm's packages."""

import hashlib
from functools import cache
from pathlib import Path

from starlette.responses import Response

from largesse.wire.call import Call
from largesse.wire.errors import UnknownPath

FOLDER = Path(__file__).parent.parent / "static" / "admin"

KINDS = {"admin.js": "text/javascript", "admin.css": "text/css", "icon.svg": "image/svg+xml"}

YEAR = 365 * 24 * 3600


async def serve(call: Call) -> Response:
    """Answer with one of the files, compressed if the browser takes that. Raises UnknownPath."""
    name = call.path("name")
    if name not in KINDS or not (FOLDER / name).exists():
        raise UnknownPath()
    headers = {"Vary": "Accept-Encoding"}
    if call.request.query_params.get("v") == fingerprint(name):
        # Another content has another address.
        headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    content = _content(name)
    if "gzip" in (call.header("accept-encoding") or "") and (FOLDER / f"{name}.gz").exists():
        headers["Content-Encoding"] = "gzip"
        content = _content(f"{name}.gz")
    return Response(content, media_type=KINDS[name], headers=headers)


@cache
def fingerprint(name: str) -> str:
    """Return what the address of a file says of its content; empty if it was not built."""
    path = FOLDER / name
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.exists() else ""


@cache
def _content(name: str) -> bytes:
    return (FOLDER / name).read_bytes()
