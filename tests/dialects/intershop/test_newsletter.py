"""subscriptions over HTTP, as SEED 004 prints it and beyond."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.dialects.intershop.client import (
    PASSWORD,
    STOREFRONT,
    add_user,
    assert_answered,
    assert_refused,
    basic,
    demo_caller,
    logged_in,
    other_organization,
    play,
)
from tests.golden import load
from tests.serving import Served, serve

PATRICIA = "patricia@test.intershop.de"
WEIERS = "d.weiers@test.intershop.de"
OWN = "test@crm.com"

INVALID = "subscriptions.recipient.invalid.error"
MISSING = "subscriptions.recipient.missing.error"
NOT_FOUND = "subscriptions.subscription_not_found.error"
NO_PROVIDER = "subscriptions.provider_not_found.error"

PRINTED = {
    name: value
    for name, value in load("intershop", "subscribe-request").examples
    if name != "active"
} | {"active": True}


@pytest.fixture
def served_with() -> dict[str, Any]:
    """Serve without a worker: nothing is done behind an answer."""
    return {"worker": False}


async def subscribe(served: Served, body: Any = None, **changes: Any) -> httpx.Response:
    """Send the printed request, anonymously, with the printed example values or another body."""
    content = json.dumps(PRINTED | changes if body is None else body).encode()
    return await play(served, "subscribe-request", content=content)


async def subscribed(served: Served) -> list[str]:
    """Return the demo organization's recipients."""
    page = await served.services.newsletter.page(await demo_caller(served))
    return sorted(subscription.recipient for subscription in page.items)


async def rename(served: Served, old: str, new: str) -> None:
    """Give a table another name, so that whatever needs it really fails."""
    async with served.services.database.write() as tx:
        await tx.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


class TestSubscribe:
    async def test_the_printed_request(self, served: Served) -> None:
        answer = await subscribe(served)
        assert_answered(answer, load("intershop", "subscribe-201"))
        assert_answered(answer, load("intershop", "subscribe-201-body"))
        assert answer.json() == {
            "name": "Newsletter",
            "type": load("intershop", "value-subscription-type").body.decode(),
            "active": load("intershop", "value-subscription-active").json(),
            "recipient": load("intershop", "value-subscription-recipient").body.decode(),
        }
        assert WEIERS in await subscribed(served)
        evidence = await served.services.newsletter.evidence(await demo_caller(served), WEIERS)
        assert [(e.action, e.source, e.user_id) for e in evidence] == [
            ("subscribed", "intershop", None)
        ]

    async def test_the_request_of_the_storefront(self, served: Served) -> None:
        body = {
            "name": "News & more",
            "type": "Subscription",
            "active": True,
            "recipient": "A+b@x.example",
        }
        headers = {"Accept": "application/json", "Origin": "https://shop.example"}
        answer = await served.client.post(f"{STOREFRONT}/subscriptions", json=body, headers=headers)
        assert (answer.status_code, answer.json()) == (201, body)
        assert "A+b@x.example" in await subscribed(served)

    async def test_in_xml(self, served: Served) -> None:
        answer = await play(served, "subscribe-xml-request")
        assert_answered(answer, load("intershop", "subscribe-201-xml"))
        assert WEIERS in await subscribed(served)

    async def test_what_a_clients_own_xml_says_as_attributes(self, served: Served) -> None:
        content = (
            '<?xml version="1.0" encoding="ISO-8859-1"?>'
            f'<s:Subscription xmlns:s="urn:x" name="B\xf6rse" type="Subscription">'
            f"<active>true</active><recipient>{WEIERS}</recipient><more/></s:Subscription>"
        )
        answer = await served.client.post(
            "/subscriptions",
            content=content.encode("latin-1"),
            headers={"Content-Type": "text/xml", "Accept": "application/json"},
        )
        assert (answer.status_code, answer.json()["name"]) == (201, "B\xf6rse")

    async def test_oneself(self, served: Served) -> None:
        await add_user(
            served, await demo_caller(served), "shopper", role="shopper", email="me@shop.example"
        )
        headers = {"Authorization": basic("shopper", PASSWORD)}
        answer = await served.client.post(
            "/subscriptions", json={"recipient": "-"}, headers=headers
        )
        assert (answer.status_code, answer.json()["recipient"]) == (201, "me@shop.example")
        assert_refused(await subscribe(served, {"recipient": "-"}), 401)

    async def test_a_recipient_who_is_subscribed(self, served: Served) -> None:
        assert (await subscribe(served)).status_code == 201
        golden = load("intershop", "subscribe-409-recipient-missing")
        assert_answered(await subscribe(served), golden)
        assert_answered(await subscribe(served, recipient=WEIERS.upper()), golden)
        assert (await subscribed(served)).count(WEIERS) == 1

    async def test_the_key_that_the_storefront_translates(self, demo_url: str) -> None:
        key = "subscriptions.recipient.already_subscribed.error"
        async with serve(demo_url, intershop={"conflict_key": key}) as served:
            assert_answered(
                await subscribe(served, recipient=PATRICIA),
                load("intershop", "subscribe-409-already-subscribed"),
            )

    async def test_of_many_at_once_one_wins(self, served: Served) -> None:
        answers = await asyncio.gather(*(subscribe(served) for _ in range(8)))
        assert sorted(answer.status_code for answer in answers) == [201] + 7 * [409]

    async def test_an_invalid_recipient(self, served: Served) -> None:
        for recipient in (
            "nobody",
            "a@",
            "@b.example",
            "a b@c.example",
            "Pat <a@b.example>",
            "x" * 5000,
            5,
            {},
            "a@b.example\0",
        ):
            answer = await subscribe(served, recipient=recipient)
            assert_answered(answer, load("intershop", "subscribe-400-recipient-invalid"))
            assert_refused(answer, 400, INVALID)
        assert await subscribed(served) == [PATRICIA, OWN]

    async def test_a_missing_recipient(self, served: Served) -> None:
        for recipient in (None, "", "  "):
            answer = await subscribe(served, recipient=recipient)
            assert_answered(answer, load("intershop", "subscribe-400-recipient-missing"))
            assert_refused(answer, 400, MISSING)

    async def test_bodies_that_say_nothing(self, served: Served) -> None:
        for content in (b"", b" ", b"{}"):
            answer = await play(served, "subscribe-request", content=content)
            assert_refused(answer, 400, MISSING)
        for body in ([], "text", 5, {"active": "yes"}, {"name": 5}, {"name": "x" * 201}):
            body = PRINTED | body if isinstance(body, dict) else body
            assert_refused(await subscribe(served, body), 400, INVALID)
        for content in (b"{", b"null", b"\xff", b"[" * 100_000):
            answer = await play(served, "subscribe-request", content=content)
            assert_refused(answer, 400, INVALID)
        doctype = b'<!DOCTYPE a [<!ENTITY e "a@b.example">]><Subscription><recipient>&e;</recipient></Subscription>'
        headers = {"Content-Type": "text/xml"}
        answer = await served.client.post("/subscriptions", content=doctype, headers=headers)
        assert_refused(answer, 400, INVALID)
        assert await subscribed(served) == [PATRICIA, OWN]

    async def test_another_media_type(self, served: Served) -> None:
        answer = await served.client.post("/subscriptions", data={"recipient": WEIERS})
        assert_refused(answer, 415)

    @pytest.mark.parametrize("table", ["subscriptions", "consents"])
    async def test_a_provider_that_fails_leaves_nothing_half_done(
        self, served: Served, table: str
    ) -> None:
        await rename(served, table, "elsewhere")
        answer = await subscribe(served)
        assert_answered(answer, load("intershop", "subscribe-500-external-service"))
        await rename(served, "elsewhere", table)
        assert await subscribed(served) == [PATRICIA, OWN]
        assert (await subscribe(served)).status_code == 201


class TestTheStatus:
    REQUESTS = (
        ("status-email-request", PATRICIA),
        ("status-self-request", OWN),
        ("status-key-request", WEIERS),
    )

    @pytest.mark.parametrize(("name", "recipient"), REQUESTS)
    async def test_the_printed_requests(self, served: Served, name: str, recipient: str) -> None:
        await subscribe(served)
        answer = await play(served, name, headers=await logged_in(served))
        assert_answered(answer, load("intershop", "status-200"))
        assert answer.json() == {
            "name": "Newsletter",
            "type": "Subscription",
            "active": True,
            "recipient": recipient,
        }

    async def test_a_user_who_is_not_subscribed(self, served: Served) -> None:
        answer = await play(served, "status-key-request", headers=await logged_in(served))
        assert_answered(answer, load("intershop", "status-404-subscription-not-found"))

    async def test_a_key_that_is_no_address(self, served: Served) -> None:
        headers = await logged_in(served)
        for key in ("nobody", "a@", "%20", "x" * 5000, "%2540", "a%2Fb@c.example"):
            for method in ("GET", "DELETE"):
                path = f"/subscriptions/{key}"
                answer = await served.client.request(method, path, headers=headers)
                assert_refused(answer, 404, NOT_FOUND)

    async def test_no_provider(self, demo_url: str) -> None:
        async with serve(demo_url, newsletter_provider="none") as served:
            headers = await logged_in(served)
            answer = await play(served, "status-email-request", headers=headers)
            golden = load("intershop", "status-404-no-provider")
            assert_refused(answer, golden.status or 0, NO_PROVIDER)
            answer = await play(served, "unsubscribe-email-request", headers=headers)
            golden = load("intershop", "unsubscribe-404-no-provider")
            assert_refused(answer, golden.status or 0, NO_PROVIDER)
            answer = await subscribe(served)
            assert_answered(answer, load("intershop", "subscribe-404-provider-not-found"))

    async def test_a_provider_that_fails(self, served: Served) -> None:
        headers = await logged_in(served)
        await rename(served, "subscriptions", "elsewhere")
        answer = await play(served, "status-email-request", headers=headers)
        assert_answered(answer, load("intershop", "status-500-external-service"))
        answer = await play(served, "unsubscribe-email-request", headers=headers)
        assert_answered(answer, load("intershop", "unsubscribe-500-external-service"))
        await rename(served, "elsewhere", "subscriptions")
        answer = await play(served, "status-email-request", headers=headers)
        assert_answered(answer, load("intershop", "status-200"))


class TestTheEnd:
    REQUESTS = (
        ("unsubscribe-email-request", PATRICIA),
        ("unsubscribe-self-request", OWN),
        ("unsubscribe-key-request", WEIERS),
    )

    @pytest.mark.parametrize(("name", "recipient"), REQUESTS)
    async def test_the_printed_requests(self, served: Served, name: str, recipient: str) -> None:
        await subscribe(served)
        headers = await logged_in(served)
        answer = await play(served, name, headers=headers)
        assert_answered(answer, load("intershop", "unsubscribe-204"))
        assert answer.content == b""
        assert recipient not in await subscribed(served)
        answer = await play(served, name, headers=headers)
        assert_answered(answer, load("intershop", "unsubscribe-404-subscription-not-found"))

    async def test_the_evidence_outlives_the_subscription(self, served: Served) -> None:
        await play(served, "unsubscribe-email-request", headers=await logged_in(served))
        evidence = await served.services.newsletter.evidence(await demo_caller(served), PATRICIA)
        assert [e.action for e in evidence] == ["subscribed", "unsubscribed"]
        assert evidence[-1].user_id is not None

    async def test_a_provider_that_fails_half_way(self, served: Served) -> None:
        await rename(served, "consents", "elsewhere")
        headers = await logged_in(served)
        answer = await play(served, "unsubscribe-email-request", headers=headers)
        assert_answered(answer, load("intershop", "unsubscribe-500-external-service"))
        await rename(served, "elsewhere", "consents")
        assert PATRICIA in await subscribed(served)


class TestWhoMayAsk:
    @pytest.mark.parametrize("method", ["GET", "DELETE"])
    @pytest.mark.parametrize("key", [PATRICIA, "-", "nobody"])
    async def test_nobody_in_particular_may_not(
        self, served: Served, method: str, key: str
    ) -> None:
        answer = await served.client.request(method, f"/subscriptions/{key}")
        assert_refused(answer, 401)
        assert await subscribed(served) == [PATRICIA, OWN]

    async def test_anybody_may_where_the_setting_says_so(self, demo_url: str) -> None:
        async with serve(demo_url, newsletter_open_status=True) as served:
            assert (await play(served, "status-email-request")).status_code == 200
            assert_refused(await play(served, "status-self-request"), 401)
            assert (await play(served, "unsubscribe-email-request")).status_code == 204
            assert await subscribed(served) == [OWN]

    async def test_a_shopper_asks_about_their_own_address_only(self, served: Served) -> None:
        await add_user(served, await demo_caller(served), "pat", role="shopper", email=PATRICIA)
        headers = {"Authorization": basic("pat", PASSWORD)}
        assert (await play(served, "status-email-request", headers=headers)).status_code == 200
        path = f"/subscriptions/{OWN}"
        assert_refused(await served.client.get(path, headers=headers), 403)
        assert_refused(await served.client.delete(path, headers=headers), 403)
        assert (await play(served, "unsubscribe-self-request", headers=headers)).status_code == 204
        assert await subscribed(served) == [OWN]

    async def test_another_organization_has_its_own_recipients(self, served: Served) -> None:
        other = await other_organization(served)
        answer = await play(served, "status-email-request", headers=other.headers)
        assert_refused(answer, 404, NOT_FOUND)
        answer = await play(served, "unsubscribe-email-request", headers=other.headers)
        assert_refused(answer, 404, NOT_FOUND)
        answer = await served.client.post(
            "/subscriptions", json=PRINTED, headers={"UserOrganization": "OtherOrg"}
        )
        assert answer.status_code == 201
        assert await subscribed(served) == [PATRICIA, OWN]
        answer = await play(served, "status-key-request", headers=other.headers)
        assert answer.status_code == 200

    async def test_a_user_without_an_address_is_not_subscribed(self, served: Served) -> None:
        await add_user(served, await demo_caller(served), "silent", role="shopper")
        headers = {"Authorization": basic("silent", PASSWORD)}
        answer = await play(served, "status-self-request", headers=headers)
        assert_refused(answer, 404, NOT_FOUND)
        answer = await served.client.post(
            "/subscriptions", json={"recipient": "-"}, headers=headers
        )
        assert_refused(answer, 400, INVALID)
