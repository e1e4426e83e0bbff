"""customers/{id}/mails over HTTP, as SEED 000 prints it and beyond."""

import asyncio
import re
from email.message import EmailMessage
from typing import Any

import httpx
import pytest

from tests.dialects.intershop.client import (
    CODES,
    CONTACT_CENTER,
    CUSTOMER,
    MAILS,
    PASSWORD,
    add_user,
    assert_answered,
    assert_refused,
    basic,
    code_state,
    demo_caller,
    logged_in,
    mails,
    other_organization,
    play,
)
from tests.golden import load
from tests.serving import Served, serve

TITLE = "10 EUR Order discount"
DESCRIPTION = "Contact Center 10 EUR order discount coupon."
PRINTED = "CC2M8Y5VY4MW"
PRINTED_XML = "CCZN413KW8RK"
XML = {"Content-Type": "text/xml"}


def parts(message: EmailMessage) -> tuple[str, str]:
    """Return what a mail says, as text and as HTML."""
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content_type() == "text/plain"
    assert html.get_content_type() == "text/html"
    return plain.get_content(), html.get_content()


def assert_brings(message: EmailMessage, code: str) -> None:
    """Check that a mail brings a code to the printed customer, in both of its parts."""
    assert message["To"] == "patricia@test.intershop.de"
    assert message["Subject"] == TITLE
    for said in parts(message):
        assert code in said
        assert TITLE in said
        assert DESCRIPTION in said


async def send(served: Served, body: Any, **headers: str) -> httpx.Response:
    """Ask for a mail to the printed customer."""
    return await served.client.post(MAILS, json=body, headers=await logged_in(served) | headers)


class TestThePrintedRequests:
    @pytest.mark.parametrize("prefix", ["", CONTACT_CENTER])
    @pytest.mark.parametrize(
        ("name", "code"), [("mails-json-request", PRINTED), ("mails-xml-request", PRINTED_XML)]
    )
    async def test_each_sends_the_mail(
        self, served: Served, prefix: str, name: str, code: str
    ) -> None:
        answer = await play(served, name, prefix=prefix, headers=await logged_in(served))
        assert_answered(answer, load("intershop", "mails-204"))
        assert answer.content == b""
        (message,) = served.sink.messages
        assert_brings(message, code)
        assert await code_state(served, code) == "issued"

    @pytest.mark.parametrize("kind", ["application/json", "text/xml"])
    async def test_the_answer_to_the_creation_of_a_code_is_sent_on_as_it_came(
        self, served: Served, kind: str
    ) -> None:
        headers = await logged_in(served)
        created = await served.client.post(CODES, headers=headers | {"Accept": kind})
        assert created.status_code == 200
        assert created.headers["content-type"].startswith(kind)
        answer = await play(
            served,
            "mails-uri-request",
            content=created.content,
            headers=headers | {"Content-Type": created.headers["content-type"]},
        )
        assert_answered(answer, load("intershop", "mails-204"))
        (message,) = served.sink.messages
        match = re.search(r'code(?:":"|>)(CC[A-Z0-9]{10})', created.text)
        assert match
        assert_brings(message, match[1])
        assert await code_state(served, match[1]) == "issued"

    async def test_input_that_is_not_understandable(self, served: Served) -> None:
        answer = await play(
            served, "mails-json-request", content=b"{", headers=await logged_in(served)
        )
        assert_answered(answer, load("intershop", "mails-400"))

    async def test_a_mail_service_that_refuses(self, served: Served) -> None:
        served.sink.answer = "550 5.7.1 no mail for her"
        answer = await play(served, "mails-json-request", headers=await logged_in(served))
        assert_answered(answer, load("intershop", "mails-500"))
        assert "no mail for her" in assert_refused(answer, 500)
        (mail,) = await mails(served)
        assert mail.state == "failed"


class TestTheMailService:
    async def test_a_refused_mail_is_tried_again_by_the_next_call(self, served: Served) -> None:
        served.sink.answer = "550 not now"
        body = {"code": PRINTED}
        assert_refused(await send(served, body), 500)
        assert_refused(await send(served, body), 500)
        served.sink.answer = "250 OK"
        assert (await send(served, body)).status_code == 204
        (mail,) = await mails(served)
        # Who sends again begins to count anew.
        assert (mail.state, mail.attempts) == ("sent", 1)
        (message,) = served.sink.messages
        assert message["Message-ID"] == mail.message_id

    async def test_of_many_repeated_calls_one_tries_again(self, served: Served) -> None:
        served.sink.answer = "550 not now"
        headers = await logged_in(served)
        assert_refused(await play(served, "mails-json-request", headers=headers), 500)
        served.sink.answer = "250 OK"
        calls = [play(served, "mails-json-request", headers=headers) for _ in range(6)]
        answers = await asyncio.gather(*calls)
        assert {answer.status_code for answer in answers} == {204}
        (mail,) = await mails(served)
        assert (mail.state, mail.attempts) == ("sent", 1)
        assert len(served.sink.messages) == 1

    async def test_a_repeated_call_joins_the_one_mail(self, served: Served) -> None:
        headers = await logged_in(served)
        calls = [play(served, "mails-json-request", headers=headers) for _ in range(6)]
        answers = await asyncio.gather(*calls)
        answers.append(await play(served, "mails-json-request", headers=headers))
        assert {answer.status_code for answer in answers} == {204}
        assert len(served.sink.messages) == len(await mails(served)) == 1

    async def test_none_is_configured(self, demo_url: str) -> None:
        async with serve(demo_url, smtp_url=None) as served:
            answer = await send(served, {"code": PRINTED})
            assert "No mail service" in assert_refused(answer, 500)
            (mail,) = await mails(served)
            assert mail.state == "failed"

    async def test_one_that_puts_off_has_time_until_it_is_over(self, demo_url: str) -> None:
        async with serve(demo_url, intershop={"confirm_seconds": 0.5}) as served:
            served.sink.answer = "451 later"
            assert (await send(served, {"code": PRINTED})).status_code == 204
            async with asyncio.timeout(10):
                while (await mails(served))[0].state == "sending":
                    await asyncio.sleep(0.05)
            (mail,) = await mails(served)
            assert (mail.state, mail.attempts) == ("queued", 1)
            assert served.sink.messages == []

    async def test_a_slow_one_gets_the_mail_after_the_answer(self, demo_url: str) -> None:
        async with serve(demo_url, intershop={"confirm_seconds": 0.2}) as served:
            served.sink.delay = 1.0
            assert (await send(served, {"code": PRINTED})).status_code == 204
            assert served.sink.messages == []
            async with asyncio.timeout(10):
                while not served.sink.messages:
                    await asyncio.sleep(0.05)
            assert_brings(served.sink.messages[0], PRINTED)

    async def test_the_queue_is_enough_where_the_setting_says_so(self, demo_url: str) -> None:
        async with serve(demo_url, worker=False, intershop={"confirm": "queued"}) as served:
            assert (await send(served, {"code": PRINTED})).status_code == 204
            (mail,) = await mails(served)
            assert (mail.state, mail.attempts) == ("queued", 0)


WHOLE = load("intershop", "mails-json-request").json()
assert isinstance(WHOLE, dict)

UNREADABLE = [
    b"",
    b"  ",
    b"{",
    b"[]",
    b"null",
    b"5",
    b'"text"',
    b"\xff\xfe",
    b'{"code": "CC2M8Y5VY4MW"',
    b"{}",
    b'{"code": null}',
    b'{"code": ""}',
    b'{"code": " "}',
    b'{"code": 5}',
    b'{"code": ["CC2M8Y5VY4MW"]}',
    b'{"code": "CC2M8Y5VY4MW\\u0000"}',
    b'{"code": "\\ud800"}',
    b'{"code": "CC2M8Y5VY4MW", "promotionID": 10}',
    b'{"code": "CC2M8Y5VY4MW", "channelID": {}}',
    b'{"code": "CC2M8Y5VY4MW", "type": 1}',
    b'{"code": "CC2M8Y5VY4MW", "promotion": "CC_10EUR_OrderDiscount"}',
    b'{"code": "CC2M8Y5VY4MW", "promotion": {"title": 5}}',
    b'{"code": "CC0000000000"}',
    b'{"code": "' + b"C" * 10_000 + b'"}',
    b"[" * 100_000,
]

UNREADABLE_XML = [
    b"",
    b"<PromotionCode>",
    b"<PromotionCode/>",
    b"<PromotionCode><code></code></PromotionCode>",
    b"<PromotionCode><code><b>CC2M8Y5VY4MW</b></code></PromotionCode>",
    b"<PromotionCode><code>CC2M8Y5VY4MW</code><code>CCZN413KW8RK</code></PromotionCode>",
    b"<PromotionCode><code>CC2M8Y5VY4MW</code><promotion>x</promotion></PromotionCode>",
    b"<Subscription><code>CC2M8Y5VY4MW</code></Subscription>",
    b"<PromotionCode><code>CC2M8Y5VY4MW&#0;</code></PromotionCode>",
    b"<PromotionCode><code>\xff</code></PromotionCode>",
    b'<?xml version="1.0" encoding="klingon"?><PromotionCode><code>CC2M8Y5VY4MW</code></PromotionCode>',
    b"<!DOCTYPE PromotionCode><PromotionCode><code>CC2M8Y5VY4MW</code></PromotionCode>",
    b'<!DOCTYPE a [<!ENTITY c "CC2M8Y5VY4MW">]><PromotionCode><code>&c;</code></PromotionCode>',
    b'<!DOCTYPE a [<!ENTITY c SYSTEM "file:///etc/passwd">]><PromotionCode><code>&c;</code></PromotionCode>',
    b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><PromotionCode><code>CC2M8Y5VY4MW</code></PromotionCode>',
    b'<!DOCTYPE a [<!ENTITY a0 "ha">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
    + b"]><PromotionCode><code>&a9;</code></PromotionCode>",
    b"<PromotionCode>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</PromotionCode>",
    b"<PromotionCode>" + b"<a/>" * 100_000 + b"</PromotionCode>",
]


class TestBadInput:
    async def assert_unchanged(self, served: Served) -> None:
        assert await mails(served) == []
        assert served.sink.messages == []
        assert await code_state(served, PRINTED) == "available"

    async def test_json(self, served: Served) -> None:
        headers = await logged_in(served) | {"Content-Type": "application/json; charset=UTF-8"}
        for body in UNREADABLE:
            answer = await served.client.post(MAILS, content=body, headers=headers)
            assert_refused(answer, 400)
        await self.assert_unchanged(served)

    async def test_xml(self, served: Served) -> None:
        headers = await logged_in(served) | {"Content-Type": "text/xml; charset=UTF-8"}
        for body in UNREADABLE_XML:
            answer = await served.client.post(MAILS, content=body, headers=headers)
            assert_refused(answer, 400)
        await self.assert_unchanged(served)

    @pytest.mark.parametrize(
        "changes",
        [
            {"promotionID": "CC_20EUR_OrderDiscount"},
            {"promotionID": "no-such-promotion"},
            {"channelID": "PrimeTech-PrimeTechBusiness"},
        ],
    )
    async def test_a_code_of_another_promotion_or_channel(
        self, served: Served, changes: dict[str, str]
    ) -> None:
        assert isinstance(WHOLE, dict)
        assert_refused(await send(served, WHOLE | changes), 400)
        await self.assert_unchanged(served)

    async def test_a_code_given_to_another_customer(self, served: Served) -> None:
        caller = await demo_caller(served)
        other = await served.services.customers.create(caller, {"email": "second@example.com"})
        path = MAILS.replace(CUSTOMER, other.id.hex.upper())
        headers = await logged_in(served)
        first = await served.client.post(path, json={"code": PRINTED}, headers=headers)
        assert first.status_code == 204
        assert "another customer" in assert_refused(await send(served, {"code": PRINTED}), 400)
        assert len(await mails(served)) == 1

    async def test_a_code_that_is_cancelled(self, served: Served) -> None:
        caller = await demo_caller(served)
        code = await served.services.codes.named(caller, PRINTED)
        await served.services.codes.cancel(caller, code.id)
        assert_refused(await send(served, {"code": PRINTED}), 400)
        assert await mails(served) == []

    async def test_a_customer_without_an_address(self, served: Served) -> None:
        caller = await demo_caller(served)
        silent = await served.services.customers.create(caller, {"last_name": "Silent"})
        path = MAILS.replace(CUSTOMER, silent.id.hex.upper())
        answer = await served.client.post(
            path, json={"code": PRINTED}, headers=await logged_in(served)
        )
        assert "no e-mail address" in assert_refused(answer, 400)
        await self.assert_unchanged(served)

    async def test_an_unknown_customer(self, served: Served) -> None:
        headers = await logged_in(served)
        for customer in ("nobody", "-", "%00", "a%2Fb", "%F0%9F%8E%81", "x" * 5000):
            path = MAILS.replace(CUSTOMER, customer)
            answer = await served.client.post(path, json={"code": PRINTED}, headers=headers)
            key = None if customer == "%00" else "customer.customer_not_found.error"
            assert_refused(answer, 404, key)
            if customer == "nobody":
                assert_answered(answer, load("intershop", "mails-404-customer-not-found"))
        await self.assert_unchanged(served)

    async def test_another_organizations_customer_and_code(self, served: Served) -> None:
        other = await other_organization(served)
        path = MAILS.replace(CUSTOMER, other.customer)
        answer = await served.client.post(
            path, json={"code": PRINTED}, headers=await logged_in(served)
        )
        assert_refused(answer, 404, "customer.customer_not_found.error")
        answer = await served.client.post(path, json={"code": PRINTED}, headers=other.headers)
        assert_refused(answer, 400)
        answer = await served.client.post(MAILS, json={"code": PRINTED}, headers=other.headers)
        assert_refused(answer, 404, "customer.customer_not_found.error")
        await self.assert_unchanged(served)

    async def test_another_media_type(self, served: Served) -> None:
        body, headers = load("intershop", "mails-json-request").body, await logged_in(served)
        for kind in (
            None,
            "text/plain",
            "application/x-www-form-urlencoded",
            "json",
            "image/svg+xml",
        ):
            sent = headers | ({} if kind is None else {"Content-Type": kind})
            answer = await served.client.post(MAILS, content=body, headers=sent)
            assert_answered(answer, load("intershop", "mails-415"))
        await self.assert_unchanged(served)

    async def test_a_body_that_is_too_large(self, demo_url: str) -> None:
        async with serve(demo_url, max_body_bytes=1000) as served:
            assert_refused(await send(served, {"code": PRINTED, "more": "x" * 1000}), 413)
            await self.assert_unchanged(served)

    async def test_another_method(self, served: Served) -> None:
        headers = await logged_in(served)
        for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS"):
            answer = await served.client.request(method, MAILS, headers=headers)
            assert_refused(answer, 405)
            assert answer.headers["allow"] == "POST"

    async def test_who_may_not_send_mail(self, served: Served) -> None:
        caller = await demo_caller(served)
        await add_user(served, caller, "viewer", role="viewer")
        headers = {"Authorization": basic("viewer", PASSWORD)}
        answer = await served.client.post(MAILS, json={"code": PRINTED}, headers=headers)
        assert_refused(answer, 403)
        await self.assert_unchanged(served)
