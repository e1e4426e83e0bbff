"""Mails with codes, newsletter subscriptions and the evidence of consent."""

import asyncio
from typing import Any

from tests.dialects.native.client import Api, demo_user, problem
from tests.serving import Served

MAIL = {"customer": "egkKDgANTq4AAAFF31gHyCE_", "code": "CC2M8Y5VY4MW"}


async def settled(api: Api, mail: Any, state: str) -> Any:
    """Return a mail once it is in a state."""
    async with asyncio.timeout(20):
        while (found := await api.get(f"/mails/{mail['id']}"))["state"] != state:
            await asyncio.sleep(0.02)
    return found


async def test_a_code_is_mailed_and_the_mail_followed(served: Served) -> None:
    api = await demo_user(served)
    promotion = {"promotion": "CC_10EUR_OrderDiscount", "channel": "PrimeTech-PrimeTechSpecials"}
    mail = await settled(api, await api.post("/mails", MAIL | promotion), "sent")
    assert mail["recipient"] == "patricia@test.intershop.de"
    assert "CC2M8Y5VY4MW" in str(served.sink.messages[0])
    attempts = (await api.get(f"/mails/{mail['id']}/attempts"))["items"]
    assert [attempt["outcome"] for attempt in attempts] == ["sent"]
    for name in ("customer_id", "code_id", "state"):
        assert (await api.get("/mails", **{name: mail[name]}))["items"] == [mail]
    assert (await api.get("/mails", state="failed"))["items"] == []
    problem(await api.send("POST", f"/mails/{mail['id']}/retry"), 409, "wrong_state")
    assert (await api.get("/codes/CC2M8Y5VY4MW"))["customer_id"] == mail["customer_id"]


async def test_a_refused_mail_is_retried(served: Served) -> None:
    api = await demo_user(served)
    served.sink.answer = "550 no"
    mail = await settled(api, await api.post("/mails", MAIL), "failed")
    assert "550" in mail["last_reply"]
    served.sink.answer = "250 OK kept"
    assert (await api.post(f"/mails/{mail['id']}/retry", status=200))["state"] == "queued"
    # Retried by hand it is as if it were new; the ledger keeps both attempts.
    assert (await settled(api, mail, "sent"))["attempts"] == 1
    attempts = (await api.get(f"/mails/{mail['id']}/attempts"))["items"]
    assert [attempt["outcome"] for attempt in attempts] == ["refused", "sent"]


async def test_a_bad_mail_is_refused(served: Served) -> None:
    api = await demo_user(served)
    for change, status, code in (
        ({"customer": "no"}, 404, "unknown_customer"),
        ({"code": "no"}, 404, "unknown_code"),
        ({"promotion": "promo1001"}, 409, "code_of_other_promotion"),
        ({"channel": "no"}, 409, "code_of_other_promotion"),
        ({"code": ""}, 400, "invalid_value"),
    ):
        problem(await api.send("POST", "/mails", MAIL | change), status, code)
    assert (await api.get("/codes/CC2M8Y5VY4MW"))["state"] == "available"
    await api.post("/mails", MAIL)
    other = (await api.get("/customers", profile_id="profile1"))["items"][0]["id"]
    answer = await api.send("POST", "/mails", MAIL | {"customer": other})
    problem(answer, 409, "code_given_to_another")


async def test_the_evidence_of_consent_outlives_the_subscription(served: Served) -> None:
    api = await demo_user(served)
    made = await api.post("/subscriptions", {"recipient": "New@Example.com", "name": "News"})
    assert (made["recipient"], made["active"]) == ("New@Example.com", True)
    await api.delete(f"/subscriptions/{made['id']}")
    problem(await api.send("GET", f"/subscriptions/{made['id']}"), 404, "unknown_subscription")
    evidence = (await api.get("/consents", recipient="new@example.com"))["items"]
    assert [(one["action"], one["source"]) for one in evidence] == [
        ("subscribed", "native"),
        ("unsubscribed", "native"),
    ]
    me = await api.get("/tokens/current")
    assert {one["user_id"] for one in evidence} == {me["user_id"]}


async def test_a_bad_address_names_its_field(served: Served) -> None:
    api = await demo_user(served)
    answer = await api.send("POST", "/subscriptions", {"recipient": "no address"})
    assert problem(answer, 400, "invalid_email")["field"] == "recipient"
    answer = await api.send("POST", "/customers", {"email": "no address"})
    assert problem(answer, 400, "invalid_email")["field"] == "email"
