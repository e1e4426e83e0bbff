"""The route table and the error table are whole."""

import msgspec
import pytest

from largesse.core.errors import leaves
from largesse.dialects.native.errors import ERRORS
from largesse.dialects.native.routes import NATIVE
from largesse.wire.errors import WIRE_ERRORS
from largesse.wire.routes import Offer, Route
from tests.dialects.native.client import demo_user, problem
from tests.serving import Served

NOUNS = {
    "/units",
    "/users",
    "/keys",
    "/customers",
    "/accounts",
    "/customer-tokens",
    "/channels",
    "/promotions",
    "/campaigns",
    "/codes",
    "/redemptions",
    "/groups",
    "/promotion-lists",
    "/assignments",
    "/grants",
    "/jobs",
    "/schedules",
    "/events",
    "/subscriptions",
    "/mails",
}


def table() -> dict[tuple[str, str], Route]:
    return {(route.method, route.path): route for route in NATIVE.routes}


def test_every_refusal_has_a_row() -> None:
    own = {kind for kind in leaves() if kind.__module__ == "largesse.core.errors"}
    assert own - ERRORS.keys() == set()
    assert set(WIRE_ERRORS) - ERRORS.keys() == set()


@pytest.mark.parametrize("noun", sorted(NOUNS))
def test_every_object_is_made_read_listed_changed_and_deleted_or_says_why_not(noun: str) -> None:
    routes = table()
    assert len(routes) == len(NATIVE.routes)
    for key in (
        ("GET", noun),
        ("POST", noun),
        ("GET", f"{noun}/{{id}}"),
        ("PATCH", f"{noun}/{{id}}"),
        ("DELETE", f"{noun}/{{id}}"),
    ):
        route = routes[key]
        assert route.offer is Offer.DONE or route.reason


@pytest.mark.parametrize("route", NATIVE.routes, ids=lambda r: f"{r.method} {r.path}")
def test_every_type_of_the_table_has_a_schema(route: Route) -> None:
    kinds = [kind for kind in (route.request, route.response, route.query) if kind is not None]
    found, _ = msgspec.json.schema_components(kinds)
    assert len(found) == len(kinds)
    if route.offer is Offer.DONE:
        assert route.response is not None or route.status == 204


async def test_what_is_never_offered_says_why(served: Served) -> None:
    api = await demo_user(served)
    refused = [route for route in NATIVE.routes if route.offer is Offer.NEVER]
    assert refused
    for route in refused:
        answer = await api.send(route.method, route.path.replace("{id}", "1"), {})
        # Each of these paths takes other methods.
        assert problem(answer, 405, "method_not_allowed")["detail"].endswith(route.reason)


async def test_another_method_is_told_which_are_taken(served: Served) -> None:
    api = await demo_user(served)
    answer = await api.send("PUT", "/codes/1")
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD"


async def test_an_unknown_path_is_a_problem(served: Served) -> None:
    problem(await served.client.get("/v1/nothing/here"), 404, "unknown_path")
    problem(await served.client.get("/v1/units/"), 404, "unknown_path")


async def test_head_answers_as_get_does(served: Served) -> None:
    api = await demo_user(served)
    answer = await api.send("HEAD", "/units")
    assert answer.status_code == 200
    assert answer.content == b""
