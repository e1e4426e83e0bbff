"""What Intershop's clients do, for the tests."""

import base64
from dataclasses import dataclass
from typing import Any

import httpx

from largesse.core.access.model import Caller, system
from tests.golden import Golden, assert_same_bytes, assert_same_json, load
from tests.serving import Served

CONTACT_CENTER = "/INTERSHOP/rest/WFS/ContactCenter/-"
STOREFRONT = "/INTERSHOP/rest/WFS/inSPIRED-inTRONICS-Site/rest;loc=en_US;cur=USD"

CUSTOMER = "egkKDgANTq4AAAFF31gHyCE_"
CHANNEL = "PrimeTech-PrimeTechSpecials"
PROMOTION = "CC_10EUR_OrderDiscount"
MAILS = f"/customers/{CUSTOMER}/mails"
CODES = f"/channels/{CHANNEL}/promotions/{PROMOTION}/codes"
PASSWORD = "correct horse"

Headers = dict[str, str]


def basic(username: str, password: str) -> str:
    """Return a Basic login as the header `Authorization` carries it."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def demo_basic(served: Served) -> Headers:
    """Return the headers of the demo user's login, form A of DOC M25763."""
    return {
        "Authorization": basic(served.demo.username, served.demo.password),
        "UserOrganization": served.demo.intershop_organization,
    }


async def token(served: Served, headers: Headers | None = None) -> str:
    """Log in as DOC M25763 says and return the token."""
    answer = await served.client.get("/users/-", headers=headers or demo_basic(served))
    assert answer.status_code == 200, answer.text
    return answer.headers["authentication-token"]


async def logged_in(served: Served) -> Headers:
    """Return the headers of every call after the login."""
    organization = served.demo.intershop_organization
    return {"authentication-token": await token(served), "UserOrganization": organization}


async def play(
    served: Served,
    name: str,
    *,
    prefix: str = "",
    content: bytes | None = None,
    headers: Headers | None = None,
) -> httpx.Response:
    """Send a printed request as printed: method, path, body and Content-Type."""
    golden = load("intershop", name)
    assert golden.method is not None
    sent = dict(headers or {})
    if golden.content_type is not None:
        sent |= {"Content-Type": golden.content_type}
    body = golden.body if content is None else content
    return await served.client.request(
        golden.method, f"{prefix}{golden.path}", content=body, headers=sent
    )


def assert_answered(answer: httpx.Response, golden: Golden) -> None:
    """Check the status, error-key and media type, and the body where the file has one."""
    assert answer.status_code == golden.status, answer.text
    assert answer.headers.get("error-key") == golden.error_key
    if golden.content_type is not None:
        assert answer.headers["content-type"] == golden.content_type
    if golden.body and golden.content_type == "application/json":
        assert_same_json(answer.content, golden)
    elif golden.body:
        assert_same_bytes(answer.content, golden)


def assert_refused(answer: httpx.Response, status: int, key: str | None = None) -> str:
    """Check the one form that every refusal has, and return its text."""
    assert answer.status_code == status, answer.text
    assert answer.headers.get("error-key") == key
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    reason, _, detail = answer.text.partition(" (")
    assert reason == answer.reason_phrase
    assert len(detail) > 1
    assert detail.endswith(")")
    return answer.text


@dataclass(frozen=True)
class Other:
    """Another organization, with a user, a customer, a channel and a promotion of its own."""

    caller: Caller
    headers: Headers
    customer: str


async def other_organization(served: Served) -> Other:
    """Make another organization; the ids of its records are those of the demo's."""
    services = served.services
    made = await services.access.create_organization("Elsewhere", [("OtherOrg", "intershop")])
    caller = system(made)
    await add_user(served, caller, "stranger", role="owner")
    customer = await services.customers.create(
        caller, {"first_name": "Other", "email": "other@example.com", "identifiers": {}}
    )
    channel = {"id": CHANNEL, "name": "Other channel"}
    await services.channels.create(caller, channel)
    await services.promotions.create(
        caller, {"key": PROMOTION, "channel_id": CHANNEL, "title": "Other promotion"}
    )
    headers = {
        "Authorization": basic("stranger", PASSWORD),
        "UserOrganization": "OtherOrg",
    }
    headers = {
        "authentication-token": await token(served, headers),
        "UserOrganization": "OtherOrg",
    }
    return Other(caller, headers, customer.id.hex.upper())


async def add_user(served: Served, caller: Caller, name: str, **values: Any) -> None:
    """Make a user, and the unit that it needs."""
    unit = await served.services.units.create(
        caller, {"name": name, "alternative_code": f"unit-{name}"}
    )
    await served.services.users.create(
        caller, {"username": name, "password": PASSWORD, "unit_id": unit.id} | values
    )


async def demo_caller(served: Served) -> Caller:
    """Return a caller who may do everything in the demo organization."""
    return system(await served.services.access.organization_named(served.demo.organization))


async def code_state(served: Served, code: str) -> str:
    """Return where a code of the demo organization is on its way."""
    return str((await served.services.codes.named(await demo_caller(served), code)).state)


async def mails(served: Served) -> list[Any]:
    """Return every mail of the demo organization."""
    return list((await served.services.mails.page(await demo_caller(served))).items)
