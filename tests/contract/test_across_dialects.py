"""One set of data behind every wire: what is done through one is seen through the others."""

import asyncio
from typing import Any

import httpx

from tests.dialects.crmcom import client as crmcom
from tests.dialects.intershop import client as intershop
from tests.dialects.native import client as native
from tests.dialects.oracle import client as oracle
from tests.dialects.valomnia import client as valomnia
from tests.serving import Served

ADA = "ada@example.com"


async def test_granted_through_oracle_seen_and_revoked_natively(served: Served) -> None:
    api = await native.demo_user(served)
    batch = {"promotionIds": ["promo1001"], "profileIds": ["profile1"], "emailAddresses": [ADA]}
    answer = await oracle.send(served, batch)
    job = await oracle.finished(served, answer)
    assert (await api.get(f"/jobs/{job.id}"))["state"] == "done"
    grants = (await api.get("/grants", job_id=str(job.id)))["items"]
    assert {grant["email"] for grant in grants} == {ADA, None}
    profile = (await api.get("/customers", profile_id="profile1"))["items"][0]
    assert {grant["customer_id"] for grant in grants} == {profile["id"], None}

    # Nobody gets a second one, but whose grant was revoked.
    mine = next(grant for grant in grants if grant["email"] == ADA)
    await api.delete(f"/grants/{mine['id']}")
    again = await oracle.finished(served, await oracle.send(served, batch))
    made = (await api.get("/grants", job_id=str(again.id)))["items"]
    assert [grant["email"] for grant in made] == [ADA]


async def test_subscribed_through_intershop_ended_natively(served: Served) -> None:
    api, headers = await native.demo_user(served), await intershop.logged_in(served)
    organization = {"UserOrganization": served.demo.intershop_organization}
    body = {"recipient": ADA}
    made = await served.client.post("/subscriptions", json=body, headers=organization)
    assert made.status_code == 201, made.text
    (found,) = (await api.get("/subscriptions", recipient=ADA.upper()))["items"]
    assert found["active"] is True
    await api.delete(f"/subscriptions/{found['id']}")
    gone = await served.client.get(f"/subscriptions/{ADA}", headers=headers)
    assert gone.status_code == 404
    assert gone.headers["error-key"] == "subscriptions.subscription_not_found.error"
    made = await served.client.post("/subscriptions", json=body, headers=organization)
    assert made.status_code == 201
    evidence = (await api.get("/consents", recipient=ADA))["items"]
    assert [one["action"] for one in evidence] == ["subscribed", "unsubscribed", "subscribed"]


async def test_a_code_made_through_intershop_is_followed_everywhere(served: Served) -> None:
    api, headers = await native.demo_user(served), await intershop.logged_in(served)
    accept = {"accept": "application/json"}
    answer = await served.client.post(intershop.CODES, headers=headers | accept)
    code = answer.json()["code"]
    (found,) = (await api.get("/codes", code=code))["items"]
    assert (found["state"], found["customer_id"]) == ("issued", None)
    sent = await served.client.post(intershop.MAILS, json=answer.json(), headers=headers)
    assert sent.status_code == 204, sent.text
    (mail,) = (await api.get("/mails", code_id=found["id"]))["items"]
    assert (mail["state"], mail["recipient"]) == ("sent", "patricia@test.intershop.de")
    assert code in served.sink.messages[0].as_string()
    customer = (await api.get("/customers", customer_id=intershop.CUSTOMER))["items"][0]
    assert (await api.get(f"/codes/{found['id']}"))["customer_id"] == customer["id"]
    taken = {"promotion_campaign_identifier": None, "promo_code": code}
    refused = await crmcom.request(served, **taken)
    crmcom.assert_refused(refused, 400, "PROMO_CODE_NOT_EFFECTIVE")


async def test_a_campaign_ended_natively_gives_nothing_anywhere(served: Served) -> None:
    api, headers = await native.demo_user(served), await intershop.logged_in(served)
    name = "Contact Center 10 EUR"
    (campaign,) = (await api.get("/campaigns", name=name))["items"]
    await api.patch(f"/campaigns/{campaign['id']}", {"state": "ended"})
    wanted = {"promotion_campaign_identifier": {"name": name}}
    crmcom.assert_refused(await crmcom.request(served, **wanted), 400, "CAMPAIGN_NOT_POSTED")
    answer = await served.client.post(intershop.CODES, headers=headers)
    assert answer.status_code == 409
    assert answer.headers["error-key"] == "promotion.codegroup_missing.error"


async def test_assigned_through_valomnia_seen_and_ended_natively(served: Served) -> None:
    api = await native.demo_user(served)
    other = valomnia.Api(served, api.token)
    body = {"customerGroupId": "CG-003", "promotionListId": "RP-002", "useExternalId": True}
    made = await other.send("POST", valomnia.LISTS, json=body)
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    seen = await api.get(f"/assignments/{number}")
    assert (seen["group"]["reference"], seen["list"]["reference"]) == ("CG-003", "RP-002")
    await api.delete(f"/assignments/{number}")
    gone = await other.send("GET", f"{valomnia.LISTS}/{number}")
    assert gone.status_code == 404, gone.text


async def calls(served: Served, token: str) -> dict[str, httpx.Response]:
    """Make a call that changes nothing through every wire, with one and the same token."""
    bearer = {"Authorization": f"Bearer {token}"}
    nothing: dict[str, Any] = {"promotion_campaign_identifier": {"name": "nothing"}}
    return {
        "crmcom": await crmcom.request(served, token=token, **nothing),
        "intershop": await served.client.get("/users/-", headers={"authentication-token": token}),
        "native": await served.client.get("/v1/tokens/current", headers=bearer),
        "oracle": await served.client.post("/ccadmin/v1/refresh", headers=bearer),
        "valomnia": await served.client.get(f"/api/v1{valomnia.LISTS}", headers=bearer),
    }


async def test_a_token_of_one_wire_opens_all_until_it_is_released(served: Served) -> None:
    token = await crmcom.token(served)
    opened = {name: answer.status_code for name, answer in (await calls(served, token)).items()}
    assert opened == {
        "crmcom": 404,
        "intershop": 200,
        "native": 200,
        "oracle": 200,
        "valomnia": 200,
    }
    released = await served.client.post(crmcom.RELEASE, json={"token": token})
    assert released.status_code == 200
    closed = {answer.status_code for answer in (await calls(served, token)).values()}
    assert closed == {401}


async def test_a_user_made_inactive_natively_is_nobody_anywhere(served: Served) -> None:
    api = await native.demo_user(served)
    user = await native.user_of_role(served, api, native.Role.OWNER)
    me = await user.get("/tokens/current")
    await api.patch(f"/users/{me['user_id']}", {"active": False})
    await asyncio.sleep(served.services.settings.token_recheck_seconds + 0.05)
    answers = await calls(served, user.token)
    assert {answer.status_code for answer in answers.values()} == {401}
    login = {"username": me["username"], "password": native.PASSWORD}
    crmcom.assert_refused(await crmcom.log_in(served, **login), 401, "INVALID_CREDENTIALS")
