"""Bounces, complaints and suppressed addresses over real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from largesse.core.access.model import Role
from largesse.demo.sink import Sink
from tests.dialects.native.client import Api, bounce, demo_user, problem, user_of_role
from tests.senders import posting
from tests.senders.test_returned_messages import MESSAGE_ID, returned
from tests.serving import Served, serve

CUSTOMER = "egkKDgANTq4AAAFF31gHyCE_"
CODES = ("CC2M8Y5VY4MW", "CCZN413KW8RK")
OWN = "patricia@test.intershop.de"
MESSAGE = {"Content-Type": "message/rfc822"}


class Envelopes(Sink):
    """A mail service that also keeps the envelope senders."""

    def __init__(self) -> None:
        super().__init__()
        self.senders: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take a message."""
        self.senders.append(envelope.mail_from)
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture
def envelopes() -> Iterator[Envelopes]:
    with Envelopes() as started:
        assert isinstance(started, Envelopes)
        yield started


@pytest.fixture
async def shop(demo_url: str, tmp_path: Path, envelopes: Envelopes) -> AsyncIterator[Served]:
    """The demo data, with every mail service set up."""
    certificate = tmp_path / "sns.pem"
    certificate.write_bytes(posting.ses_certificate())
    reports = {
        "max_bytes": 20_000,
        "ses_topics": posting.TOPIC,
        "ses_certificate": str(certificate),
        "sendgrid_public_key": posting.sendgrid_public_key(),
        "mailgun_signing_key": posting.MAILGUN_KEY,
        "postmark_secret": posting.POSTMARK_SECRET,
    }
    changes = {"bounce_address": "bounces@shop.example", "smtp_url": envelopes.url}
    async with serve(demo_url, reports=reports, **changes) as served:
        yield served


async def sent(api: Api, code: str, state: str = "sent") -> Any:
    """Return a mail that has been handed over."""
    mail = await api.post("/mails", {"customer": CUSTOMER, "code": code})
    async with asyncio.timeout(20):
        while (found := await api.get(f"/mails/{mail['id']}"))["state"] != state:
            await asyncio.sleep(0.02)
    return found


async def post(api: Api, path: str, request: posting.Request) -> httpx.Response:
    return await api.client.post(path, content=request.body, headers=request.headers)


async def test_a_bounce_stops_the_next_mail_until_it_is_taken_back(
    shop: Served, envelopes: Envelopes
) -> None:
    api = await demo_user(shop)
    mail = await sent(api, CODES[0])
    token = mail["id"].replace("-", "")
    assert envelopes.senders == [f"bounces+{token}@shop.example"]

    taken = await api.report(mail)
    assert [(one["kind"], one["mail_id"]) for one in taken["recorded"]] == [
        ("hard_bounce", mail["id"])
    ]
    assert (await api.report(mail))["repeated"] == 1
    assert (await api.get("/mails", report="hard_bounce"))["items"][0]["id"] == mail["id"]
    (report,) = (await api.get("/mail-reports", mail_id=mail["id"]))["items"]
    assert await api.get(f"/mail-reports/{report['id']}") == report
    assert (await api.get("/mail-reports", kind="complaint"))["items"] == []
    (one,) = (await api.get("/suppressions", address=OWN.upper()))["items"]
    assert (one["reason"], one["source"], one["mail_id"]) == ("hard_bounce", "dsn", mail["id"])

    held = await sent(api, CODES[1], "suppressed")
    attempts = (await api.get(f"/mails/{held['id']}/attempts"))["items"]
    assert [attempt["outcome"] for attempt in attempts] == ["suppressed"]
    assert "hard_bounce" in held["last_reply"]
    assert len(envelopes.messages) == 1

    await api.delete(f"/suppressions/{one['id']}")
    await api.post(f"/mails/{held['id']}/retry", status=200)
    await sent(api, CODES[1])
    assert len(envelopes.messages) == 2


async def test_suppressions_are_added_listed_and_taken_back(shop: Served) -> None:
    api = await demo_user(shop)
    new = {"address": "Ada@Gone.example", "reason": "unsubscribed", "note": "by letter"}
    made = await api.post("/suppressions", new)
    assert {name: made[name] for name in new} == new
    answer = await api.send("POST", "/suppressions", new | {"address": "ada@gone.example"})
    problem(answer, 409, "already_exists")
    problem(await api.send("POST", "/suppressions", {"address": "none"}), 400, "invalid_email")
    for wrong in ({}, new | {"reason": "x"}, new | {"source": "x"}, new | {"note": "x" * 1001}):
        problem(await api.send("POST", "/suppressions", wrong), 400, "invalid_value")
    path = f"/suppressions/{made['id']}"
    problem(await api.send("PATCH", path, {}), 405, "method_not_allowed")
    assert (await api.get("/suppressions", reason="unsubscribed"))["items"] == [made]
    await api.delete(path)
    problem(await api.send("DELETE", path), 404, "unknown_suppression")


async def test_a_message_that_is_no_report_is_refused(shop: Served) -> None:
    api = await demo_user(shop)
    for content, status, code in (
        (b"", 400, "invalid_value"),
        (returned("reply"), 400, "invalid_value"),
        (returned("postfix") + b"x" * 20_000, 413, "body_too_large"),
    ):
        answer = await api.send("POST", "/mail-reports", content=content, headers=MESSAGE)
        problem(answer, status, code)
    answer = await api.send("POST", "/mail-reports", {"message": "x"})
    problem(answer, 415, "unsupported_media_type")
    viewer = await user_of_role(shop, api, Role.VIEWER)
    answer = await viewer.send("POST", "/mail-reports", content=bounce(MESSAGE_ID), headers=MESSAGE)
    problem(answer, 403, "not_permitted")
    answer = await api.send(
        "POST", "/mail-reports", content=returned("vacation"), headers=MESSAGE, key="k"
    )
    assert answer.json() == {
        "recorded": [],
        "repeated": 0,
        "unknown": 0,
        "note": "it is an automatic reply",
    }
    assert (await api.get("/mail-reports"))["items"] == []


async def test_each_mail_service_posts_to_its_hook(shop: Served) -> None:
    api = await demo_user(shop)
    hooks = (await api.get("/mail-reports/hooks"))["hooks"]
    assert sorted(hooks) == ["mailgun", "postmark", "sendgrid", "ses"]
    mail = await sent(api, CODES[0])
    named = mail["message_id"]
    requests = {
        "ses": posting.ses(posting.ses_bounce(message_id=named)),
        "sendgrid": posting.sendgrid([posting.sendgrid_event(**{"smtp-id": named})]),
        "mailgun": posting.mailgun(
            posting.mailgun_event(message={"headers": {"message-id": named[1:-1]}})
        ),
        "postmark": posting.postmark(posting.postmark_event(Metadata={"mail": named})),
    }
    counts = []
    for name, request in requests.items():
        answer = await post(api, hooks[name], request)
        assert answer.status_code == 200, answer.text
        counts.append((len(answer.json()["recorded"]), answer.json()["repeated"]))
    # Whoever tells of it first: a mail bounces once.
    assert counts == [(1, 0), (0, 1), (0, 1), (0, 1)]
    assert [one["address"] for one in (await api.get("/suppressions"))["items"]] == [OWN]


async def test_a_request_that_is_not_signed_is_refused(shop: Served) -> None:
    api = await demo_user(shop)
    hooks = (await api.get("/mail-reports/hooks"))["hooks"]
    for name, path in hooks.items():
        for body in (b"", b"{}", b"[]", b"\xff", b'{"signature":{}}'):
            answer = await api.client.post(path, content=body)
            assert answer.status_code in (400, 401), (name, answer.text)
        answer = await api.client.post(f"{path}x", content=b"{}")
        problem(answer, 401, "bad_credentials")
    problem(await post(api, hooks["sendgrid"], posting.Request(b"[]")), 401, "bad_signature")
    wrong = posting.mailgun(posting.mailgun_event(), key="wrong")
    assert (
        "Mailgun"
        in problem(await post(api, hooks["mailgun"], wrong), 401, "bad_signature")["detail"]
    )
    unknown = hooks["ses"].replace("/ses/", "/pigeon/")
    assert problem(await api.client.post(unknown), 400, "invalid_value")["field"] == "provider"
    large = posting.Request(b"x" * 20_001)
    problem(await post(api, hooks["postmark"], large), 413, "body_too_large")
    viewer = await user_of_role(shop, api, Role.VIEWER)
    problem(await viewer.send("GET", "/mail-reports/hooks"), 403, "not_permitted")
    assert (await api.get("/mail-reports"))["items"] == []
    assert (await api.get("/suppressions"))["items"] == []
