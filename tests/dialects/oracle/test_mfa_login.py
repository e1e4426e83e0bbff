"""mfalogin and logout as Oracle Commerce Cloud's clients use them."""

import time
from typing import Any

import httpx
import pyotp

from tests.dialects.oracle.client import BATCH, PREFIX, bearer, compact, log_in, owner
from tests.golden import load
from tests.serving import Served

LOGIN, MFA, LOGOUT = f"{PREFIX}/login", f"{PREFIX}/mfalogin", f"{PREFIX}/logout"
UNAUTHENTICATED = compact(load("oracle", "batch-grant-promotions-401").json())


async def admin(served: Served) -> pyotp.TOTP:
    """Make the user of the printed request, with a second factor."""
    caller = await owner(served)
    (unit, *_) = (await served.services.units.page(caller)).items
    user = {
        "username": "admin1@example.com",
        "password": "A3ddj3w2",
        "role": "owner",
        "unit_id": unit.id,
    }
    made = await served.services.users.create(caller, user)
    factor = await served.services.second_factors.enrol(caller, made.id)
    return pyotp.TOTP(factor.secret)


async def sent(served: Served, body: bytes, path: str = MFA) -> httpx.Response:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return await served.client.post(path, content=body, headers=headers)


async def test_a_passcode_is_exchanged_for_fifteen_minutes(served: Served) -> None:
    app = await admin(served)
    printed = load("oracle", "mfalogin-request")
    assert (await sent(served, printed.body)).content == UNAUTHENTICATED
    body = printed.body.replace(b"365214", app.now().encode())
    answer = await sent(served, body, str(printed.path))
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    wanted = load("oracle", "mfalogin-200").body.replace(b"TOKEN", token.encode())
    assert answer.content == wanted
    taken = await served.client.post(BATCH, content=b"{}", headers=bearer(token))
    assert taken.status_code == 400
    # A passcode counts once, and without one the password alone opens nothing.
    assert (await sent(served, body)).content == UNAUTHENTICATED
    alone = printed.body.partition(b"&totp_code")[0]
    for path in (MFA, LOGIN):
        refused = await sent(served, alone, path)
        assert (refused.status_code, refused.content) == (401, UNAUTHENTICATED)


async def test_what_is_no_such_login_is_refused(served: Served) -> None:
    app = await admin(served)
    form: dict[str, Any] = {
        "grant_type": "password",
        "username": "admin1@example.com",
        "password": "A3ddj3w2",
        "totp_code": app.at(int(time.time()) + 300),
    }
    for changes, status, code in (
        ({}, 401, "60006000"),
        ({"password": ""}, 401, "60006000"),
        ({"username": served.demo.username, "password": served.demo.password}, 401, "60006000"),
        ({"grant_type": "client_credentials"}, 400, "10002"),
        ({"grant_type": ""}, 400, "13037"),
    ):
        answer = await served.client.post(MFA, data=form | changes)
        assert (answer.status_code, answer.json()["errorCode"]) == (status, code), changes


async def test_a_token_that_was_given_up_is_taken_no_more(served: Served) -> None:
    token = await log_in(served)
    answer = await served.client.post(LOGOUT, headers=bearer(token))
    assert (answer.status_code, answer.content) == (200, load("oracle", "logout-200").body)
    for path in (LOGOUT, BATCH):
        answer = await served.client.post(path, content=b"{}", headers=bearer(token))
        assert (answer.status_code, answer.content) == (401, UNAUTHENTICATED)
