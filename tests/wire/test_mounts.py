"""A request goes to the application with the longest prefix that fits, and there to its path."""

from typing import Any

import pytest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from largesse.wire.application import Paths
from largesse.wire.mount import MOUNT, Mounts


class Named:
    """Answers every request with its own name, and remembers what it saw."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seen: Scope = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen = scope
        await Response(self.name)(scope, receive, send)


async def ask(app: ASGIApp, path: str) -> tuple[int, bytes]:
    sent: list[Message] = []

    async def receive() -> Any:
        raise AssertionError("nothing is to be read")

    async def send(message: Message) -> None:
        sent.append(message)

    await app({"type": "http", "method": "GET", "path": path, "headers": []}, receive, send)
    return sent[0]["status"], sent[1]["body"]


APPS = {name: Named(name) for name in ("short", "long", "open")}


@pytest.fixture
def mounts() -> Mounts:
    made = Mounts()
    made.add(APPS["short"], prefixes=("/api",), roots=frozenset({"things"}))
    made.add(APPS["long"], prefixes=("/api/v1.0/", "/other"), roots=frozenset())
    made.add(APPS["open"], prefixes=("/rest/*/x/*",), roots=frozenset())
    return made


@pytest.mark.parametrize(
    ("path", "name", "root", "opened"),
    [
        ("/api", "short", "/api", ()),
        ("/api/", "short", "/api", ()),
        ("/api/v1.0", "long", "/api/v1.0", ()),
        ("/api/v1.0/things", "long", "/api/v1.0", ()),
        ("/api/v1x0/things", "short", "/api", ()),
        ("/api/v1.00", "short", "/api", ()),
        ("/other/x", "long", "/other", ()),
        ("/things/1", "short", "", ()),
        ("/things;a=b/1", "short", "", ()),
        ("/rest/g/x/site;a=b/1", "open", "/rest/g/x/site;a=b", ("g", "site;a=b")),
        ("/rest//x/\n", "open", "/rest//x/\n", ("", "\n")),
    ],
)
async def test_a_path_finds_its_application(
    mounts: Mounts, path: str, name: str, root: str, opened: tuple[str, ...]
) -> None:
    assert await ask(mounts, path) == (200, name.encode())
    seen = APPS[name].seen
    assert (seen["path"], seen["root_path"], seen[MOUNT]) == (path, root, opened)


@pytest.mark.parametrize(
    "path", ["/", "", "*", "/apis", "/other;a=b/x", "/rest/g/x", "/rest/g/y/s", "//api", "/thing"]
)
async def test_any_other_path_is_unknown(mounts: Mounts, path: str) -> None:
    status, body = await ask(mounts, path)
    assert (status, b"There is nothing at this path." in body) == (404, True)


async def test_the_first_route_that_takes_a_path_gets_it() -> None:
    table = ("/plain", "/{name}", "/late", "/a/{name}", "/a/b/c")
    paths = Paths([Route(path, Named(path)) for path in table], nowhere=Named("nowhere"))
    found = {
        path: (await ask(paths, path))[1].decode()
        for path in ("/plain", "/late", "/other", "/a/b", "/a/b/c", "/a/b/d", "/plain/", "/plain\n")
    }
    assert found == {
        "/plain": "/plain",
        "/late": "/{name}",
        "/other": "/{name}",
        "/a/b": "/a/{name}",
        "/a/b/c": "/a/b/c",
        "/a/b/d": "nowhere",
        "/plain/": "nowhere",
        "/plain\n": "/plain",
    }
