"""request_promo_code over HTTP, as SEED 002 prints it and beyond."""

from typing import Any

from tests.golden import load
from tests.serving import Served

PATH = "/crmapi/rest/v2/promotion_campaigns/request_promo_code"


async def token(served: Served) -> str:
    """Log in as CRM.COM's clients do."""
    answer = await served.client.post(
        "/crmapi/rest/v2/authentication/token",
        json={
            "username": served.demo.username,
            "password": served.demo.password,
            "organisation": served.demo.crmcom_organisation,
        },
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["token"])


async def request(served: Served, **changes: Any) -> Any:
    """Send the document's request, with some of its members changed; None takes one out."""
    body = {
        "token": await token(served),
        "promotion_campaign_identifier": {"alternative_code": "BG4"},
        "rewards_participant_identifier": {"number": "RP0000000618"},
    } | changes
    return await served.client.post(PATH, json={k: v for k, v in body.items() if v is not None})


async def test_the_printed_request_gets_the_printed_answer(served: Served) -> None:
    golden = load("crmcom", "request-promo-code-request")
    body = golden.body.replace(b"{{token}}", (await token(served)).encode())
    answer = await served.client.post(
        PATH, content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["code"] == "SC4dcj1p4sathzZ"
