"""Finds the dialect that a path belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

MOUNT = "largesse.mount"
"""The scope's entry with the path segments that a prefix leaves open, e.g. group, site and app."""


@dataclass(frozen=True, slots=True)
class Mount:
    """An application at a prefix (segments, `*` for any one) or at first segments of the root."""

    app: ASGIApp
    prefix: tuple[str, ...]


class Mounts:
    """Sends a request to the application with the longest prefix that fits its path."""

    def __init__(self) -> None:
        self._by_first: dict[str, list[Mount]] = {}

    def add(self, app: ASGIApp, *, prefixes: Sequence[str], roots: frozenset[str]) -> None:
        """Mount an application at prefixes such as `/crmapi/rest/v2`, and at root segments."""
        for prefix in prefixes:
            segments = tuple(prefix.strip("/").split("/"))
            self._by_first.setdefault(segments[0], []).append(Mount(app, segments))
        for root in roots:
            self._by_first.setdefault(root, []).append(Mount(app, ()))
        for mounts in self._by_first.values():
            mounts.sort(key=lambda mount: -len(mount.prefix))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            return
        segments = scope["path"].split("/")[1:]
        # `/subscriptions;pgid=x/...`: matrix parameters are no part of a segment's name.
        first = segments[0].partition(";")[0]
        for mount in self._by_first.get(first, ()):
            length = len(mount.prefix)
            if (
                all(
                    wanted in ("*", given)
                    for wanted, given in zip(mount.prefix, segments[:length], strict=False)
                )
                and len(segments) >= length
            ):
                opened = [
                    given
                    for wanted, given in zip(mount.prefix, segments[:length], strict=True)
                    if wanted == "*"
                ]
                root = "".join(f"/{segment}" for segment in segments[:length])
                child = dict(scope, root_path=scope.get("root_path", "") + root)
                child[MOUNT] = tuple(opened)
                await mount.app(child, receive, send)
                return
        response = JSONResponse(
            {"type": "about:blank", "title": "There is nothing at this path.", "status": 404},
            status_code=404,
            media_type="application/problem+json",
        )
        await response(scope, receive, send)
