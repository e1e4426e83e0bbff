"""What the pages beside SEED 002 print, and what we decided where they are silent."""

import base64
from collections.abc import Awaitable, Callable

import httpx
import pytest

from tests.dialects.crmcom.client import PREFIX, SHOW_RECEIVABLE, log_in, token
from tests.golden import Golden, all_golden, assert_same_json, load
from tests.serving import Served

Act = Callable[[Served], Awaitable[httpx.Response]]


async def send(served: Served, golden: Golden, **headers: str) -> httpx.Response:
    """Send a printed request with a token of the demo user."""
    assert golden.method is not None
    assert golden.path is not None
    held = await token(served)
    body = golden.body.replace(b"{{token}}", held.encode())
    path = golden.path.replace("{{token}}", held)
    if body:
        headers["content-type"] = "application/json"
    return await served.client.request(
        golden.method, f"{PREFIX}{path}", content=body, headers=headers
    )


async def login(served: Served) -> httpx.Response:
    """The printed login; but the demo user's password is another one."""
    printed = load("crmcom", "authentication-token-request").json()
    assert isinstance(printed, dict)
    return await log_in(served, **(printed | {"password": served.demo.password}))


async def key_login(served: Served) -> httpx.Response:
    """The printed login by a key, with the demo key."""
    key = base64.b64encode(f"{served.demo.application_key}:".encode()).decode()
    golden = load("crmcom", "web-api-key-token-request")
    return await send(served, golden, authorization=f"Basic {key}")


async def nobodys(served: Served) -> httpx.Response:
    query = {"token": await token(served), "accounts_receivable_identifier": "number=ACR1"}
    return await served.client.get(SHOW_RECEIVABLE, params=query)


def printed_request(name: str) -> Act:
    return lambda served: send(served, load("crmcom", name))


LOG = ("data.log_information.created_date", "data.log_information.updated_date")
ANSWERS: dict[str, tuple[Act, tuple[str, ...]]] = {
    "apply-promo-code-200": (
        printed_request("apply-promo-code-request"),
        ("data.id", "data.first_activated_date", "data.accounts_receivable.id"),
    ),
    "contact-information-show-200": (
        printed_request("contact-information-show-request"),
        ("data.id",),
    ),
    "accounts-receivable-show-200": (
        printed_request("accounts-receivable-show-request"),
        ("data.id", "data.account_owner.id", *LOG),
    ),
    "rewards-participants-show-200": (
        printed_request("rewards-participants-show-request"),
        ("data.id", "data.sign_up_on", "data.accounts_receivable.id", *LOG),
    ),
    "failure-404": (nobodys, ()),
}
LOGINS = {"authentication-token-200": login, "web-api-key-token-200": key_login}


@pytest.mark.parametrize("name", ANSWERS)
async def test_it_is_answered_as_the_file_says(served: Served, name: str) -> None:
    act, masks = ANSWERS[name]
    golden, answer = load("crmcom", name), await act(served)
    assert answer.status_code == golden.status, answer.text
    assert_same_json(answer.content, golden, masks)


@pytest.mark.parametrize("name", LOGINS)
async def test_a_login_is_answered_as_printed_but_for_the_token(served: Served, name: str) -> None:
    golden, answer = load("crmcom", name), await LOGINS[name](served)
    assert answer.status_code == golden.status, answer.text
    printed, sent = golden.json(), answer.json()
    assert isinstance(printed, dict)
    # DOC 494531: from R12.0.0 a token has more than 32 characters.
    assert len(sent["data"].pop("token")) > 32
    assert printed["data"].pop("token")
    assert sent == printed


def test_every_answer_of_the_folder_is_tried() -> None:
    responses = {one.name for one in all_golden("crmcom") if one.kind == "response"}
    assert responses - {"request-promo-code-response"} == ANSWERS.keys() | LOGINS.keys()
