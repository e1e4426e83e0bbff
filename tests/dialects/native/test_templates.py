"""Templates, mails made of them, and the links in these, over real HTTP and real SMTP."""

import asyncio
from typing import Any

import dkim
import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.dialects.native.client import demo_user, problem
from tests.senders.test_dkim import RSA_KEY, record
from tests.serving import Served, serve

HELLO = {"key": "hello", "subject": "Hi {{ name }}", "body": "<p>{{ city }}</p>"}
EXAMPLE = {"example": {"city": "Rome"}}
PUBLIC_URL = "https://promotions.example.com"


async def sent(served: Served, count: int = 1) -> list[Any]:
    async with asyncio.timeout(20):
        while len(served.sink.messages) < count:
            await asyncio.sleep(0.02)
    return served.sink.messages


async def test_a_template_is_made_looked_at_changed_and_deleted(served: Served) -> None:
    api = await demo_user(served)
    problem(await api.send("POST", "/templates", HELLO), 400, "invalid_value")
    made = await api.post("/templates", HELLO | EXAMPLE)
    assert made == made | HELLO | EXAMPLE | {"locale": "", "version": 1, "text": None}
    path = f"/templates/{made['id']}"
    preview = await api.post(f"{path}/preview", {}, 200)
    assert preview == {"subject": "Hi Ada Lovelace", "text": "Rome\n", "html": "<p>Rome</p>"}
    oslo = {"values": {"city": "<Oslo>"}}
    assert (await api.post(f"{path}/preview", oslo, 200))["html"] == "<p>&lt;Oslo&gt;</p>"
    wrong = await api.send("PATCH", path, {"body": "a\n{{ b"})
    assert "line 2" in problem(wrong, 400, "invalid_value")["detail"]
    changed = await api.patch(path, {"locale": "de_AT", "text": "{{ city }}!"})
    assert (changed["locale"], changed["version"]) == ("de-at", 2)
    problem(
        await api.send("POST", "/templates", HELLO | EXAMPLE | {"locale": "de-AT"}),
        409,
        "already_exists",
    )
    assert (await api.get("/templates", key="hello", locale="de-at"))["items"] == [changed]
    assert (await api.get("/templates", key="other"))["items"] == []
    await api.delete(path)
    problem(await api.send("GET", path), 404, "unknown_template")
    problem(await api.send("POST", f"{path}/preview", {}), 404, "unknown_template")
    built_in = (await api.get("/templates/built-in"))["items"]
    assert [one["key"] for one in built_in] == ["code", "newsletter.confirm"]


async def test_a_template_is_mailed_with_a_code(served: Served) -> None:
    api = await demo_user(served)
    body = {"body": "{{ city }} {{ code('BG4') }}"}
    await api.post("/templates", HELLO | EXAMPLE | body)
    new = {"template": "hello", "customer": "egkKDgANTq4AAAFF31gHyCE_", "values": {"city": "Oslo"}}
    mail = await api.post("/mails", new)
    code = await api.get(f"/codes/{mail['code_id']}")
    assert (code["customer_id"], code["state"]) == (mail["customer_id"], "issued")
    (message,) = await sent(served)
    assert message["subject"] == "Hi Patricia Miller"
    text = message.get_body(("plain",)).get_content()
    assert text.split() == ["Oslo", code["code"]]
    assert message["list-unsubscribe"] is None


async def test_the_mail_of_a_code_is_worded_by_the_organization(served: Served) -> None:
    api = await demo_user(served)
    own = {"key": "code", "subject": "Yours", "body": "{{ promotion_code }} of {{ title }}"}
    await api.post("/templates", own)
    code = {"customer": "egkKDgANTq4AAAFF31gHyCE_", "code": "CC2M8Y5VY4MW"}
    mail = await api.post("/mails", code)
    assert (mail["subject"], mail["template_key"]) == ("Yours", "code")
    (message,) = await sent(served)
    assert "CC2M8Y5VY4MW of 10 EUR" in message.get_body(("plain",)).get_content()


async def test_what_does_not_go_together_is_refused(served: Served) -> None:
    api = await demo_user(served)
    await api.post("/templates", HELLO | EXAMPLE)
    to = {"email": "ada@example.com"}
    for body, status, code in (
        ({}, 400, "missing_value"),
        ({"template": "hello"}, 400, "missing_value"),
        ({"code": "CC2M8Y5VY4MW"}, 400, "missing_value"),
        ({"template": "hello", "code": "CC2M8Y5VY4MW"}, 400, "invalid_value"),
        ({"template": "hello", "customer": "x"} | to, 400, "invalid_value"),
        ({"template": "hello", "channel": "x"} | to, 400, "invalid_value"),
        ({"code": "CC2M8Y5VY4MW", "customer": "x"} | to, 400, "invalid_value"),
        ({"template": "nothing"} | to, 404, "unknown_template"),
        ({"template": "hello"} | to, 400, "invalid_value"),  # no city
        ({"template": "hello", "customer": "nobody"}, 404, "unknown_customer"),
        ({"template": "hello", "email": "nobody"}, 400, "invalid_email"),
    ):
        problem(await api.send("POST", "/mails", body), status, code)
    assert (await api.get("/mails"))["items"] == []


class TestLinks:
    @pytest.fixture
    async def marketing(self, demo_url: str, tmp_path: Any) -> Any:
        key = tmp_path / "key.pem"
        key.write_bytes(RSA_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        changes = {
            "public_url": PUBLIC_URL,
            "newsletter_double_opt_in": True,
            "mail_from": "Shop <shop@example.com>",
            "dkim_domain": "example.com",
            "dkim_selector": "spring",
            "dkim_key_file": str(key),
        }
        async with serve(demo_url, **changes) as instance:
            yield instance

    async def test_one_click_unsubscribes_and_a_look_does_not(self, marketing: Served) -> None:
        api = await demo_user(marketing)
        recipient = "eve@example.com"
        subscription = await api.post("/subscriptions", {"recipient": recipient})
        await api.patch(f"/subscriptions/{subscription['id']}", {"active": True})
        await sent(marketing)
        await api.post("/templates", HELLO | EXAMPLE | {"kind": "marketing"})
        new = {"template": "hello", "email": recipient, "values": {"city": "Oslo"}}
        await api.post("/mails", new)
        _, message = await sent(marketing, 2)
        assert message["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
        link = message["list-unsubscribe"].removeprefix("<").removesuffix(">")
        assert link.startswith(f"{PUBLIC_URL}/v1/unsubscribe/")
        raw = marketing.sink.contents[-1]
        assert dkim.verify(raw, dnsfunc=lambda name, **_: record(RSA_KEY))
        assert b"list-unsubscribe : list-unsubscribe-post" in b" ".join(raw.split())
        path = link.removeprefix(PUBLIC_URL)
        await self.look(marketing, path, recipient)
        assert (await api.get("/subscriptions", recipient=recipient))["items"] != []
        one_click = {"List-Unsubscribe": "One-Click"}
        for _ in range(2):
            done = await marketing.client.post(path, data=one_click)
            assert (done.status_code, done.json()["recipient"]) == (200, recipient)
        assert (await api.get("/subscriptions", recipient=recipient))["items"] == []
        evidence = (await api.get("/consents", recipient=recipient))["items"]
        assert [(one["action"], one["source"]) for one in evidence][-1] == ("unsubscribed", "link")
        (suppressed,) = (await api.get("/suppressions", address=recipient))["items"]
        assert suppressed["reason"] == "unsubscribed"
        # Who subscribes again wants marketing again, once it is confirmed.
        again = await api.post("/subscriptions", {"recipient": recipient})
        assert (await api.get("/suppressions", address=recipient))["items"] == [suppressed]
        await api.patch(f"/subscriptions/{again['id']}", {"active": True})
        assert (await api.get("/suppressions", address=recipient))["items"] == []

    async def look(self, served: Served, path: str, recipient: str) -> None:
        """Follow a link as programs and people do, which changes nothing."""
        shown = await served.client.get(path)
        assert (shown.status_code, shown.json()["recipient"]) == (200, recipient)
        page = await served.client.get(f"{path}?utm_source=x", headers={"accept": "text/html"})
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert recipient in page.text
        assert '<form method="post">' in page.text

    async def test_a_subscription_is_confirmed_by_the_link_in_a_mail(
        self, marketing: Served
    ) -> None:
        new = {"recipient": "d.weiers@test.intershop.de"}
        made = await marketing.client.post("/subscriptions", json=new)
        assert made.json()["active"] is False
        recipient = new["recipient"]
        (message,) = await sent(marketing)
        assert message["to"] == recipient
        text = message.get_body(("plain",)).get_content()
        path = text.split(PUBLIC_URL)[1].split(")")[0]
        await self.look(marketing, path, recipient)
        api = await demo_user(marketing)
        (waiting,) = (await api.get("/subscriptions", recipient=recipient))["items"]
        assert waiting["active"] is False
        for _ in range(2):
            page = await marketing.client.post(path, headers={"accept": "text/html"})
            assert page.status_code == 200
            assert f"The newsletter is sent to {recipient}." in page.text
        (active,) = (await api.get("/subscriptions", recipient=recipient))["items"]
        assert active["active"] is True
        evidence = (await api.get("/consents", recipient=recipient))["items"]
        actions = [(one["action"], one["source"]) for one in evidence]
        assert actions[-1] == ("confirmed", "link")
        assert len(actions) == len(set(actions))
        await api.delete(f"/subscriptions/{active['id']}")
        problem(await marketing.client.post(path), 404, "unknown_subscription")

    async def test_a_link_that_we_did_not_make_does_nothing(self, marketing: Served) -> None:
        api = await demo_user(marketing)
        await api.post("/templates", HELLO | EXAMPLE | {"kind": "marketing"})
        new = {"template": "hello", "email": "eve@example.com", "values": {"city": "Oslo"}}
        await api.post("/mails", new)
        (message,) = await sent(marketing)
        link = message["list-unsubscribe"].removeprefix(f"<{PUBLIC_URL}").removesuffix(">")
        for path in (
            link.replace("/unsubscribe/", "/confirm/"),
            link[:-1],
            link[:-6] + "AAAAAA",
            "/v1/unsubscribe/x",
            "/v1/confirm/" + "A" * 3000,
            "/v1/unsubscribe/%00",
        ):
            for method in ("GET", "POST"):
                answer: httpx.Response = await marketing.client.request(method, path)
                assert answer.status_code in (400, 404), (path, answer.text)
        assert (await api.get("/suppressions"))["items"] == []
