"""Paths as Intershop's clients write them, browsers of other origins, and every refusal's row."""

from typing import Any

import pytest

from largesse.core.errors import Refused, leaves
from largesse.dialects.intershop.errors import ERRORS
from largesse.wire.errors import WIRE_ERRORS
from tests.dialects.intershop.client import (
    CONTACT_CENTER,
    STOREFRONT,
    assert_refused,
    logged_in,
)
from tests.serving import Served, serve

RECIPIENT = "user+tag@test.example"
ODD = "o'h%40re;x@test.example"

WAYS = [
    "/subscriptions/user+tag@test.example",
    "/subscriptions/user+tag%40test.example",
    "/subscriptions/user%2Btag%40test.example",
    "/subscriptions/user%252Btag%2540test.example",
    "/subscriptions/user+tag%2540test.example",
    "/subscriptions/USER+tag%40test.example",
    "/subscriptions;pgid=x;spgid=y/user+tag%40test.example",
    "/subscriptions/user+tag%40test.example;a=b;c",
    "/sub%73criptions/user%2btag%40test.example",
    f"{CONTACT_CENTER}/subscriptions/user+tag%40test.example",
    f"{CONTACT_CENTER};loc=en_US/subscriptions/user+tag%40test.example",
    f"{STOREFRONT}/subscriptions;pgid=x/user+tag%40test.example",
    f"{STOREFRONT}/subscriptions/user%252Btag%2540test.example",
    "/INTERSHOP/rest/BOS/PrimeTech-PrimeTechSpecials-Site;x=y/-;a;b=/subscriptions/user+tag@test.example",
]


@pytest.fixture
def served_with() -> dict[str, Any]:
    """Serve without a worker: nothing is done behind an answer."""
    return {"worker": False}


class TestPaths:
    async def test_every_way_to_write_an_address(self, served: Served) -> None:
        headers = await logged_in(served)
        made = await served.client.post(
            "/subscriptions", json={"recipient": RECIPIENT}, headers=headers
        )
        assert made.status_code == 201
        for path in WAYS:
            answer = await served.client.get(path, headers=headers)
            assert answer.status_code == 200, (path, answer.text)
            assert answer.json()["recipient"] == RECIPIENT

    async def test_other_addresses_are_other_addresses(self, served: Served) -> None:
        headers = await logged_in(served)
        await served.client.post("/subscriptions", json={"recipient": RECIPIENT}, headers=headers)
        for path in (
            "/subscriptions/user%20tag@test.example",
            "/subscriptions/user+tag%252540test.example",
            "/subscriptions/user%2Ftag@test.example",
            "/subscriptions/user;tag@test.example",
        ):
            answer = await served.client.get(path, headers=headers)
            assert_refused(answer, 404, "subscriptions.subscription_not_found.error")

    async def test_what_is_encoded_in_a_value_is_part_of_it(self, served: Served) -> None:
        headers = await logged_in(served)
        local = "50%25"
        await served.client.post(
            "/subscriptions", json={"recipient": "a%40b@test.example"}, headers=headers
        )
        answer = await served.client.get("/subscriptions/a%2540b@test.example", headers=headers)
        assert answer.json()["recipient"] == "a%40b@test.example"
        answer = await served.client.get(f"/channels/{local}%3Bx/promotions", headers=headers)
        assert "50%;x" in assert_refused(answer, 404, "channel.channel_not_found.error")

    async def test_what_leads_nowhere(self, served: Served) -> None:
        headers = await logged_in(served)
        for path in (
            "/subscriptions/",
            "/subscriptions/a/b",
            "/users",
            "/users/1",
            "/customers/x/mails/y",
            "/customers//mails",
            "/customers/;UserID=x/mails",
            "/customers%2Fx%2Fmails",
            "/channels/%ff%00",
            CONTACT_CENTER,
            f"{CONTACT_CENTER}/",
            f"{CONTACT_CENTER}/nothing",
        ):
            answer = await served.client.get(path, headers=headers)
            assert_refused(answer, 404)
            assert answer.headers["x-request-id"]

    async def test_another_prefix(self, demo_url: str) -> None:
        async with serve(demo_url, intershop={"prefixes": ["/icm"]}) as served:
            body = {"recipient": RECIPIENT}
            answer = await served.client.post("/icm/subscriptions", json=body)
            assert answer.status_code == 201
            assert (await served.client.post("/subscriptions", json=body)).status_code == 404


class TestBrowsers:
    ORIGIN = {"Origin": "https://shop.example"}  # noqa: RUF012

    async def test_ask_before_they_send(self, served: Served) -> None:
        asked = {
            "Access-Control-Request-Method": "DELETE",
            "Access-Control-Request-Headers": "authentication-token,content-type",
        }
        answer = await served.client.options(
            f"{STOREFRONT}/subscriptions/user%40test.com", headers=self.ORIGIN | asked
        )
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "DELETE" in answer.headers["access-control-allow-methods"]
        assert answer.headers["access-control-allow-headers"] == "authentication-token,content-type"

    async def test_may_read_the_headers_of_a_refusal(self, served: Served) -> None:
        answer = await served.client.post("/subscriptions", json={}, headers=self.ORIGIN)
        assert_refused(answer, 400, "subscriptions.recipient.missing.error")
        exposed = answer.headers["access-control-expose-headers"].split(", ")
        assert {"error-key", "error-type", "authentication-token"} <= set(exposed)


async def test_another_method(served: Served) -> None:
    for method in ("GET", "DELETE", "PUT", "PATCH", "OPTIONS", "TRACE"):
        answer = await served.client.request(method, "/subscriptions")
        assert_refused(answer, 405)
        assert answer.headers["allow"] == "POST"


def test_every_refusal_has_a_row() -> None:
    core = {kind for kind in leaves(Refused) if kind.__module__.startswith("largesse.core")}
    assert not (core | set(WIRE_ERRORS)) - set(ERRORS)
