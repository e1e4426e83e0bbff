"""Finds the dialect that a path belongs to."""

import re
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

MOUNT = "largesse.mount"
"""The scope's entry with the path segments that a prefix leaves open, e.g. group, site and app."""


@dataclass(frozen=True, slots=True)
class Mount:
    """An application, and the start of the paths that are its own."""

    app: ASGIApp
    start: re.Pattern[str]
    """Matches whole segments; its groups are those that the prefix leaves open."""
    length: int
    """How many segments."""


class Mounts:
    """Sends a request to the application with the longest prefix that fits its path."""

    def __init__(self) -> None:
        self._by_first: dict[str, list[Mount]] = {}

    def add(self, app: ASGIApp, *, prefixes: Sequence[str], roots: frozenset[str]) -> None:
        """Mount an application at prefixes such as `/crmapi/rest/v2`, and at root segments."""
        for prefix in prefixes:
            segments = prefix.strip("/").split("/")
            self._by_first.setdefault(segments[0], []).append(_mount(app, segments))
        for root in roots:
            self._by_first.setdefault(root, []).append(_mount(app, []))
        for mounts in self._by_first.values():
            mounts.sort(key=lambda mount: -mount.length)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass a request on."""
        path: str = scope["path"]
        # `/subscriptions;pgid=x/...`: matrix parameters are no part of a segment's name.
        first = path[1:].partition("/")[0].partition(";")[0]
        for mount in self._by_first.get(first, ()):
            start = mount.start.match(path)
            if start is not None:
                child = dict(scope, root_path=scope.get("root_path", "") + start[0])
                child[MOUNT] = start.groups()
                return mount.app(child, receive, send)
        response = JSONResponse(
            {"type": "about:blank", "title": "There is nothing at this path.", "status": 404},
            status_code=404,
            media_type="application/problem+json",
        )
        return response(scope, receive, send)


def _mount(app: ASGIApp, segments: Sequence[str]) -> Mount:
    open_or_named = ("/([^/]*)" if name == "*" else "/" + re.escape(name) for name in segments)
    return Mount(app, re.compile("".join(open_or_named) + r"(?=/|\Z)"), len(segments))
