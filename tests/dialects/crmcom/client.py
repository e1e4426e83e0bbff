"""What CRM.COM's clients do, for the tests."""

from typing import Any

import httpx

from largesse.core.access.model import Caller, system
from tests.serving import Served

PREFIX = "/crmapi/rest/v2"
LOGIN = f"{PREFIX}/authentication/token"
RELEASE = f"{PREFIX}/authentication/token/release"
REQUEST = f"{PREFIX}/promotion_campaigns/request_promo_code"

PARTICIPANT = {"number": "RP0000000618"}


async def log_in(served: Served, **changes: Any) -> httpx.Response:
    """Ask for a token; None takes a parameter out."""
    body = {
        "username": served.demo.username,
        "password": served.demo.password,
        "organisation": served.demo.crmcom_organisation,
    } | changes
    return await served.client.post(LOGIN, json=given(body))


async def token(served: Served, **changes: Any) -> str:
    """Return a token of the demo user."""
    answer = await log_in(served, **changes)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["token"])


async def request(served: Served, **changes: Any) -> httpx.Response:
    """Send the document's request, with some of its members changed; None takes one out."""
    body = {
        "token": changes.pop("token", None) or await token(served),
        "promotion_campaign_identifier": {"alternative_code": "BG4"},
        "rewards_participant_identifier": PARTICIPANT,
    } | changes
    return await served.client.post(REQUEST, json=given(body))


async def request_for(served: Served, receiver: str, identifier: Any, **changes: Any) -> Any:
    """Send the document's request for another receiver."""
    other = {"rewards_participant_identifier": None, receiver: identifier} | changes
    return await request(served, **other)


def given(body: dict[str, Any]) -> dict[str, Any]:
    """Leave out the members that are None."""
    return {name: value for name, value in body.items() if value is not None}


def assert_refused(answer: httpx.Response, status: int, code: str) -> str:
    """Check CRM.COM's envelope around a failure, and return its message."""
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert (answer.status_code, body["status"]["code"]) == (status, code), answer.text
    message = body["status"]["message"]
    assert body == {
        "data": None,
        "status": {"code": code, "description": message, "message": message},
    }
    assert message
    return str(message)


async def owner(served: Served, organization: str = "demo") -> Caller:
    """Return a caller who may do everything, to prepare and to look at data."""
    return system(await served.services.access.organization_named(organization))


async def issued(served: Served) -> int:
    """Count the codes that BG4 has given out."""
    campaigns = await served.services.campaigns.page(await owner(served), alternative_code="BG4")
    pages = await served.services.codes.page(
        await owner(served), campaign_id=campaigns.items[0].id, state="issued", limit=1000
    )
    return len(pages.items)


# --- receivers -----------------------------------------------------------------------------------

WEB_API_KEY = f"{PREFIX}/authentication/web_api_key/token"
CONSUMER_KEY = f"{PREFIX}/authentication/consumer_application_key/token"
APPLY = f"{PREFIX}/subscriptions/apply_promo_code"
SHOW_CONTACT = f"{PREFIX}/contact_information/show"
CREATE_CONTACT = f"{PREFIX}/contact_information/create"
UPDATE_CONTACT = f"{PREFIX}/contact_information/update"
SHOW_RECEIVABLE = f"{PREFIX}/accounts_receivable/show"
LIST_RECEIVABLES = f"{PREFIX}/accounts_receivable/list"
SHOW_PARTICIPANT = f"{PREFIX}/rewards_participants/show"
LIST_PARTICIPANTS = f"{PREFIX}/rewards_participants/list"


async def get(
    served: Served, path: str, *, held: str | None = None, **query: Any
) -> httpx.Response:
    """Send a GET with a token of the demo user, or the one that is held."""
    params = given({"token": held or await token(served)} | query)
    return await served.client.get(path, params=params)


async def post(
    served: Served, path: str, *, held: str | None = None, **body: Any
) -> httpx.Response:
    """Send a POST with a token of the demo user, or the one that is held."""
    content = given({"token": held or await token(served)} | body)
    return await served.client.post(path, json=content)


def data(answer: httpx.Response) -> Any:
    """Return the data of an answer, which must be a success."""
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["status"]["code"] == "OK"
    return body["data"]
