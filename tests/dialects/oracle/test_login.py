"""login and refresh as Oracle Commerce Cloud's clients use them; what is not offered."""

import time
from typing import Any

import jwt
import pytest

from largesse.core import errors as core
from largesse.core.errors import leaves
from largesse.dialects.oracle.errors import ERRORS
from largesse.dialects.oracle.routes import ROUTES
from largesse.wire.errors import WIRE_ERRORS
from largesse.wire.routes import Offer
from tests.dialects.oracle.client import BATCH, PREFIX, bearer, compact, log_in, owner, send
from tests.golden import load
from tests.serving import Served, serve

LOGIN, REFRESH = f"{PREFIX}/login", f"{PREFIX}/refresh"
FORM = {"content-type": "application/x-www-form-urlencoded"}
UNAUTHENTICATED = compact(load("oracle", "batch-grant-promotions-401").json())
REQUEST = load("oracle", "batch-grant-promotions-request").body


@pytest.fixture
def served_with() -> dict[str, Any]:
    """Serve without a worker: nothing is done behind an answer."""
    return {"worker": False}


async def user(served: Served, **changes: str) -> Any:
    """Log in with a name and a password."""
    form = {
        "grant_type": "password",
        "username": served.demo.username,
        "password": served.demo.password,
    } | changes
    return await served.client.post(LOGIN, data=form)


async def works(served: Served, token: str) -> bool:
    """Say whether a token is taken."""
    answer = await served.client.post(BATCH, content=b"{}", headers=bearer(token))
    return bool(answer.status_code == 400)


def claims(token: str) -> dict[str, Any]:
    """Return what a token says, unchecked."""
    return dict(jwt.decode(token, options={"verify_signature": False}))


async def test_login_and_refresh_are_answered_as_documented(served: Served) -> None:
    token = served.demo.application_key
    for request, answered in (
        ("login-request", "login-200"),
        ("login-query-request", "login-200"),
        ("refresh-request", "refresh-200"),
    ):
        sent, golden = load("oracle", request), load("oracle", answered)
        headers = bearer(token) | ({"content-type": sent.content_type} if sent.content_type else {})
        answer = await served.client.request(
            str(sent.method), str(sent.path), content=sent.body, headers=headers
        )
        assert answer.status_code == golden.status
        assert answer.headers["content-type"] == golden.content_type
        wanted = golden.body.replace(b"http://HOST", served.url.encode())
        new = answer.json()["access_token"]
        assert answer.content == wanted.replace(b"TOKEN", new.encode())
        # Two log-ins with the key, then a refresh of the token got last.
        token = new if answered == "refresh-200" or "query" in request else token


# --- login -------------------------------------------------------------------------------------


async def test_an_application_key_is_exchanged_for_five_minutes(served: Served) -> None:
    kind = {"grant_type": "client_credentials"}
    key = bearer(served.demo.application_key)
    for form, query, headers in (
        (kind, None, key),
        (None, kind, key),
        (None, kind, key | FORM),
        (kind, {"grant_type": "password"}, key),  # the form wins
    ):
        answer = await served.client.post(LOGIN, data=form, params=query, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        body = answer.json()
        token = body.pop("access_token")
        assert body == {
            "token_type": "bearer",
            "expires_in": 300,
            "links": [{"rel": "self", "href": f"{served.url}{LOGIN}"}],
        }
        assert claims(token)["exp"] - claims(token)["iat"] == 300
        assert await works(served, token)


async def test_a_name_and_a_password_are_exchanged_for_fifteen_minutes(served: Served) -> None:
    answer = await user(served)
    assert answer.status_code == 200
    body = answer.json()
    token = body.pop("access_token")
    assert (body["token_type"], body["expires_in"]) == ("bearer", 900)
    assert claims(token)["exp"] - claims(token)["iat"] == 900
    assert await works(served, token)


async def test_the_link_of_a_login_never_repeats_the_query(served: Served) -> None:
    query = {
        "grant_type": "password",
        "username": served.demo.username,
        "password": served.demo.password,
    }
    answer = await served.client.post(LOGIN, params=query)
    assert answer.status_code == 200
    assert answer.json()["links"] == [{"rel": "self", "href": f"{served.url}{LOGIN}"}]


async def test_a_wrong_name_or_password_is_the_printed_401(served: Served) -> None:
    for changes in (
        {"password": "wrong"},
        {"password": ""},
        {"username": "nobody"},
        {"username": ""},
        {"username": "n" * 5000},
    ):
        answer = await user(served, **changes)
        assert (answer.status_code, answer.content) == (401, UNAUTHENTICATED), changes


async def test_a_wrong_application_key_is_the_printed_401(served: Served) -> None:
    key = served.demo.application_key
    token = await log_in(served)
    strangers = ["", "x", key[:-1], key + "x", key.replace("_1_", "_2_"), token, "lk_1_2_3_4"]
    strangers += ["lk_" + "9" * 30 + "_" + "0" * 32 + "_x"]
    for stranger in strangers:
        headers = {"Authorization": f"Bearer {stranger}".strip()}
        answer = await served.client.post(
            LOGIN, data={"grant_type": "client_credentials"}, headers=headers
        )
        assert (answer.status_code, answer.content) == (401, UNAUTHENTICATED), stranger
    answer = await served.client.post(LOGIN, data={"grant_type": "client_credentials"})
    assert (answer.status_code, answer.content) == (401, UNAUTHENTICATED)


async def test_a_login_without_its_kind_is_refused(served: Served) -> None:
    headers = bearer(served.demo.application_key) | FORM
    for content in (b"", b"{}", b"grant_type=", b"username=x&password=y"):
        answer = await served.client.post(LOGIN, content=content, headers=headers)
        assert answer.status_code == 400
        assert answer.json() == {
            "errorCode": "13037",
            "message": "Missing required property: grant_type",
            "status": "400",
        }


async def test_another_kind_of_login_is_refused(served: Served) -> None:
    for kind in ("refresh_token", "PASSWORD", "client_credentials "):
        answer = await user(served, grant_type=kind)
        assert answer.status_code == 400
        assert answer.json() == {
            "errorCode": "10002",
            "message": f"The value {kind} for parameter grant_type is invalid.",
            "status": "400",
        }


async def test_a_form_that_can_not_be_read_is_refused(served: Served) -> None:
    for content in (b"\xff\xfe", b"a=1&" * 200, b"grant_type=password&username=%00&password=x"):
        answer = await served.client.post(LOGIN, content=content, headers=FORM)
        assert answer.status_code == 400
        assert set(answer.json()) == {"errorCode", "message", "status"}


async def test_guessing_is_slowed_down(demo_url: str) -> None:
    async with serve(demo_url, login_failures=2) as served:
        for _ in range(2):
            assert (await user(served, password="wrong")).status_code == 401
        answer = await user(served)
        assert answer.status_code == 429
        assert answer.json()["errorCode"] == "60006000"
        assert 0 < int(answer.headers["retry-after"]) <= 61
        # Neither another user nor a key has to wait.
        assert await works(served, await log_in(served))


async def test_life_times_are_settings(demo_url: str) -> None:
    chosen = {"key_token_seconds": 11, "user_token_seconds": 22}
    async with serve(demo_url, oracle=chosen) as served:
        assert claims(await log_in(served))["exp"] <= time.time() + 11
        assert (await user(served)).json()["expires_in"] == 22


# --- tokens ------------------------------------------------------------------------------------


@pytest.mark.parametrize("life", [300, 900])
async def test_refresh_gives_a_new_token_of_the_same_life(served: Served, life: int) -> None:
    old = await log_in(served) if life == 300 else (await user(served)).json()["access_token"]
    # Some clients send the parameters of a login along.
    for sent in ({}, {"params": {"grant_type": "client_credentials"}}, {"json": {"a": 1}}):
        answer = await served.client.post(REFRESH, headers=bearer(old), **sent)
        assert answer.status_code == 200
        body = answer.json()
        new = body.pop("access_token")
        assert body == {"expires_in": life, "token_type": "bearer"}
        assert new != old
        assert claims(new)["sub"] == claims(old)["sub"]
        # DECIDED: the old one stays valid until its own end.
        assert await works(served, new)
        assert await works(served, old)
        old = new


async def test_another_wires_longer_token_gets_no_longer_life_here(served: Served) -> None:
    caller = await served.services.access.log_in(
        served.demo.username, served.demo.password, address="test"
    )
    issued = await served.services.access.issue_token(caller, seconds=7200)
    answer = await served.client.post(REFRESH, headers=bearer(issued.token))
    assert answer.json()["expires_in"] == 900


async def test_only_a_valid_token_is_refreshed(served: Served) -> None:
    caller = await served.services.access.log_in(
        served.demo.username, served.demo.password, address="test"
    )
    expired = await served.services.access.issue_token(caller, seconds=-1)
    forged = jwt.encode(claims(await log_in(served)), "x" * 32, algorithm="HS256")
    unsigned = jwt.encode(claims(await log_in(served)), None, algorithm="none")
    tokens = (expired.token, forged, unsigned, served.demo.application_key, "x")
    for headers in ({}, *(bearer(token) for token in tokens)):
        for path in (REFRESH, BATCH):
            answer = await served.client.post(path, headers=headers)
            assert (answer.status_code, answer.content) == (401, UNAUTHENTICATED)


async def test_a_released_token_is_not_refreshed(served: Served) -> None:
    token = await log_in(served)
    await served.services.access.release(token)
    answer = await served.client.post(REFRESH, headers=bearer(token))
    assert (answer.status_code, answer.content) == (401, UNAUTHENTICATED)


async def test_a_revoked_key_ends_the_tokens_got_with_it(demo_url: str) -> None:
    async with serve(demo_url, token_recheck_seconds=0) as served:
        caller = await owner(served)
        new = {"name": "shop", "user_id": (await served.services.users.page(caller)).items[0].id}
        made = await served.services.keys.create_key(caller, new)
        answer = await served.client.post(
            LOGIN, data={"grant_type": "client_credentials"}, headers=bearer(made.secret)
        )
        token = answer.json()["access_token"]
        answer = await served.client.post(REFRESH, headers=bearer(token))
        refreshed = answer.json()["access_token"]
        assert await works(served, token)
        await served.services.keys.delete(caller, made.key.id)
        for ended in (token, refreshed):
            assert not await works(served, ended)
            answer = await served.client.post(REFRESH, headers=bearer(ended))
            assert (answer.status_code, answer.content) == (401, UNAUTHENTICATED)
        # Other keys and the user's own log-in are not touched.
        assert await works(served, await log_in(served))
        assert await works(served, (await user(served)).json()["access_token"])


async def test_tokens_of_all_wires_are_taken(served: Served) -> None:
    answer = await served.client.post(
        "/crmapi/rest/v2/authentication/token",
        json={
            "username": served.demo.username,
            "password": served.demo.password,
            "organisation": served.demo.crmcom_organisation,
        },
    )
    assert await works(served, answer.json()["data"]["token"])


# --- what is not offered -----------------------------------------------------------------------


async def test_what_is_not_offered_says_why(served: Served) -> None:
    for missing in (one for one in ROUTES if one.offer is not Offer.DONE):
        path = missing.path.replace("{", "").replace("}", "")
        answer = await served.client.request(missing.method, f"{PREFIX}{path}")
        assert answer.status_code == 501
        assert answer.json() == {
            "errorCode": "00000000",
            "message": missing.reason,
            "status": "501",
        }
        assert missing.reason


async def test_an_unknown_path_answers_in_the_envelope(served: Served) -> None:
    for path in ("", "/", "/profiles", "/profiles/batchGrantPromotions/", "/x/é"):
        for method in ("GET", "POST"):
            answer = await served.client.request(method, f"{PREFIX}{path}")
            assert answer.status_code == 404, path
            assert answer.json() == {
                "errorCode": "00000000",
                "message": "There is nothing at this path.",
                "status": "404",
            }


async def test_a_wrong_method_answers_in_the_envelope(served: Served) -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS"):
        for path in (BATCH, LOGIN, REFRESH):
            answer = await served.client.request(method, path)
            assert answer.status_code == 405
            assert answer.headers["allow"] == "POST"
            assert answer.json() == {
                "errorCode": "00000000",
                "message": "The path does not take this method.",
                "status": "405",
            }


async def test_a_fault_answers_in_the_envelope_and_tells_nothing(served: Served) -> None:
    token = await log_in(served)
    async with served.services.database.write() as tx:
        await tx.connection.exec_driver_sql("ALTER TABLE job_items RENAME TO elsewhere")
    answer = await served.client.post(BATCH, content=REQUEST, headers=bearer(token))
    async with served.services.database.write() as tx:
        await tx.connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO job_items")
    assert answer.status_code == 500
    assert answer.json() == {
        "errorCode": "00000000",
        "message": "Something went wrong; the log knows more under the request's id.",
        "status": "500",
    }
    assert answer.headers["x-request-id"]
    # The job that was begun is gone with the rest of its transaction.
    assert (await served.services.jobs.page(await owner(served))).items == []
    assert (await send(served, REQUEST)).status_code == 200


def test_every_refusal_has_a_row() -> None:
    of_core = [kind for kind in leaves() if kind.__module__ == core.__name__]
    for kind in (*of_core, *WIRE_ERRORS):
        assert kind in ERRORS, kind
