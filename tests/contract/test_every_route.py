"""What holds for every route of every dialect, read from the tables that serve them."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from starlette.routing import compile_path

from largesse.app import DIALECTS
from largesse.core.errors import LoginRequired
from largesse.wire.call import Call
from largesse.wire.dialect import Dialect
from largesse.wire.errors import (
    BodyTooLarge,
    Fault,
    MethodNotAllowed,
    MethodNotOffered,
    NotOffered,
    UnknownPath,
    row_for,
)
from largesse.wire.routes import Offer, Route
from tests.serving import Served, serve

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")

ANY_DIALECT = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)


def filled(path: str) -> str:
    return re.sub(r"\{\w+\}", "x", path)


def places(dialect: Dialect, path: str) -> Iterator[str]:
    """Yield where a path of the dialect is found: behind each prefix, and at the root."""
    for prefix in dialect.prefixes:
        yield prefix.replace("*", "PrimeTech") + path
    if path.split("/")[1] in dialect.roots:
        yield path


def answer_to(served: Served, dialect: Dialect, error: Exception, method: str, path: str) -> Any:
    """Return the dialect's answer to a refusal of a request, as it is rendered."""
    scope = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": path,
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", served.url.encode())],
        "server": ("127.0.0.1", 80),
    }
    settings = getattr(served.services.settings, dialect.name)
    return dialect.render(Call(scope, served.services, settings), error)


def assert_answered(
    served: Served, dialect: Dialect, answer: httpx.Response, error: Exception
) -> None:
    """Check that a request was answered as the dialect renders this refusal."""
    request = answer.request
    wanted = answer_to(served, dialect, error, request.method, request.url.path)
    said = (request.method, str(request.url), answer.text)
    assert answer.status_code == row_for(dialect.errors, error).status, said
    assert answer.headers["content-type"] == wanted.headers["content-type"], said
    assert answer.headers["x-request-id"], said
    if request.method != "HEAD":
        assert answer.content == bytes(wanted.body), said


def offered(dialect: Dialect) -> list[Route]:
    return [route for route in dialect.routes if route.offer is Offer.DONE]


def allowed_at(dialect: Dialect, path: str) -> set[str]:
    """Return the methods that a path takes."""
    methods = {route.method for route in offered(dialect) if route.path == path}
    return methods | ({"HEAD"} if "GET" in methods else set())


@ANY_DIALECT
async def test_one_that_is_not_public_asks_who_calls(served: Served, dialect: Dialect) -> None:
    private = [route for route in offered(dialect) if route.public is None]
    assert private
    assert dialect.errors[LoginRequired].status == 401
    for route in private:
        for path in places(dialect, filled(route.path)):
            answer = await served.client.request(
                route.method, path, content=b"{}", headers={"content-type": "application/json"}
            )
            assert_answered(served, dialect, answer, LoginRequired())


@ANY_DIALECT
def test_one_that_is_public_says_why(dialect: Dialect) -> None:
    for route in offered(dialect):
        assert route.public is None or len(route.public) > 10, route.path
    public = {route.path for route in offered(dialect) if route.public is not None}
    assert len(public) < 6


@ANY_DIALECT
def test_none_is_hidden_behind_an_earlier_one(dialect: Dialect) -> None:
    paths = dict.fromkeys(route.path for route in dialect.routes)
    patterns = {path: compile_path(path)[0] for path in paths}
    for path in paths:
        found = next(one for one in paths if patterns[one].match(filled(path)))
        assert found == path, f"{path} is never reached: {found} comes before it"


class TestRouting:
    @pytest.fixture
    def engine_name(self) -> str:
        """One database will do: no route has been chosen yet when these are answered."""
        return "sqlite"

    @ANY_DIALECT
    async def test_one_that_is_not_offered_says_so(self, served: Served, dialect: Dialect) -> None:
        for route in dialect.routes:
            if route.offer is not Offer.DONE:
                assert route.reason, route.path
                others = allowed_at(dialect, route.path)
                refusal: Exception = NotOffered(route.reason)
                if others:
                    refusal = MethodNotOffered(tuple(sorted(others)), route.reason)
                for path in places(dialect, filled(route.path)):
                    answer = await served.client.request(route.method, path)
                    assert_answered(served, dialect, answer, refusal)

    @ANY_DIALECT
    async def test_what_is_nowhere_is_not_found(self, served: Served, dialect: Dialect) -> None:
        nowhere = [p.replace("*", "PrimeTech") for p in dialect.prefixes]
        nowhere += [
            f"{prefix}{path}" for prefix in nowhere for path in ("/", "/nothing", "//", "/%00")
        ]
        nowhere += [f"/{root}/nothing/is/here" for root in sorted(dialect.roots)]
        nowhere += [f"{path}/" for path in places(dialect, filled(dialect.routes[0].path))]
        for path in nowhere:
            for method in ("GET", "POST"):
                answer = await served.client.request(method, path)
                assert_answered(served, dialect, answer, UnknownPath())

    @ANY_DIALECT
    async def test_another_method_is_not_allowed(self, served: Served, dialect: Dialect) -> None:
        by_path: dict[str, dict[str, Route]] = {}
        for route in dialect.routes:
            by_path.setdefault(route.path, {})[route.method] = route
        for path, routes in by_path.items():
            known = set(routes) | ({"HEAD"} if "GET" in routes else set())
            allowed = allowed_at(dialect, path)
            for method in set(METHODS) - known:
                for place in places(dialect, filled(path)):
                    answer = await served.client.request(method, place)
                    refusal = MethodNotAllowed(tuple(sorted(allowed)))
                    assert_answered(served, dialect, answer, refusal)
                    given = {one for one in re.split(r",\s*", answer.headers["allow"]) if one}
                    assert given == allowed, (method, place)

    @ANY_DIALECT
    async def test_a_body_beyond_the_limit_is_refused(
        self, demo_url: str, dialect: Dialect
    ) -> None:
        async with serve(demo_url, max_body_bytes=500, max_batch_body_bytes=500) as served:
            for route in offered(dialect):
                if route.request is not None:
                    (path, *_) = places(dialect, filled(route.path))
                    answer = await served.client.request(route.method, path, content=b"{" * 501)
                    assert_answered(served, dialect, answer, BodyTooLarge(500))


@ANY_DIALECT
async def test_a_fault_answers_in_the_dialects_envelope(served: Served, dialect: Dialect) -> None:
    demo, access = served.demo, served.services.access
    caller = await access.log_in(
        demo.username, demo.password, organization=demo.organization, address="test"
    )
    token = (await access.issue_token(caller, seconds=60)).token
    async with served.services.database.write() as tx:
        await tx.execute(text("ALTER TABLE users RENAME TO nobody_finds_this"))
    for route in offered(dialect):
        if route.public is None:
            (path, *_) = places(dialect, filled(route.path))
            headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
            body = b'{"token":"%s"}' % token.encode()
            answer = await served.client.request(route.method, path, content=body, headers=headers)
            assert_answered(served, dialect, answer, Fault())
            for secret in ("Traceback", "nobody_finds_this", "sqlalche", "SELECT"):
                assert secret not in answer.text
