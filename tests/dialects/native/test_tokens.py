"""Logging in: access tokens, and application keys that are tokens themselves."""

from typing import Any

import jwt
import pytest

from tests.dialects.native.client import Api, demo_user, log_in, organization, problem
from tests.serving import Served


@pytest.fixture
def served_with() -> dict[str, Any]:
    """Serve without a worker: nothing is done behind an answer."""
    return {"worker": False}


async def test_a_name_and_password_get_a_token(served: Served) -> None:
    new = {"username": served.demo.username, "password": served.demo.password}
    answer = await served.client.post("/v1/tokens", json=new)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    token = answer.json()
    assert token["token_type"] == "Bearer"
    assert token["expires_in"] == 3600
    me = await Api(served.client, token["access_token"]).get("/tokens/current")
    assert me["organization"] == "Largesse Demo"
    assert me["username"] == served.demo.username
    assert me["role"] == "owner"
    assert "manage_access" in me["rights"]
    assert me["expires_at"] is not None


async def test_the_organization_and_the_unit_may_be_named(served: Served) -> None:
    api = await log_in(
        served,
        served.demo.username,
        served.demo.password,
        organization="demo",
        unit="adminunit",
    )
    me = await api.get("/tokens/current")
    assert me["unit_id"] == (await api.get("/units"))["items"][0]["id"]


async def test_an_application_key_is_a_token_itself(served: Served) -> None:
    api = Api(served.client, served.demo.application_key)
    me = await api.get("/tokens/current")
    assert me["username"] == served.demo.username
    assert me["expires_at"] is None
    problem(await api.send("DELETE", "/tokens/current"), 400, "invalid_value")


async def test_a_key_gets_a_token_as_well(served: Served) -> None:
    new = {"application_key": served.demo.application_key}
    answer = await served.client.post("/v1/tokens", json=new)
    assert answer.status_code == 201
    me = await Api(served.client, answer.json()["access_token"]).get("/tokens/current")
    assert me["expires_at"] is not None
    for body, code, field in (
        (new | {"unit": "adminunit"}, "invalid_value", "unit"),
        (new | {"username": "x", "password": "y"}, "invalid_value", "username"),
        ({}, "missing_value", "username"),
    ):
        answer = await served.client.post("/v1/tokens", json=body)
        assert problem(answer, 400, code)["field"] == field
    new = {"application_key": served.demo.application_key + "x"}
    problem(await served.client.post("/v1/tokens", json=new), 401, "bad_credentials")


async def test_a_released_token_opens_nothing(served: Served) -> None:
    api = await demo_user(served)
    await api.delete("/tokens/current")
    answer = await api.send("GET", "/units")
    problem(answer, 401, "bad_token")
    assert answer.headers["www-authenticate"] == 'Bearer realm="largesse", error="invalid_token"'


async def test_wrong_credentials_say_nothing_of_what_is_wrong(served: Served) -> None:
    answers = []
    for change in ({"password": "no"}, {"username": "no"}, {"organization": "no"}):
        new = {"username": served.demo.username, "password": served.demo.password} | change
        answer = await served.client.post("/v1/tokens", json=new)
        answers.append(problem(answer, 401, "bad_credentials"))
        assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert len({answer["detail"] for answer in answers}) == 1


async def test_an_unknown_unit_is_named(served: Served) -> None:
    new = {"username": served.demo.username, "password": served.demo.password, "unit": "no"}
    answer = await served.client.post("/v1/tokens", json=new)
    assert problem(answer, 400, "invalid_value")["field"] == "unit"


async def test_guessing_is_slowed_down(served: Served) -> None:
    new = {"username": "somebody", "password": "guess"}
    for _ in range(served.services.settings.login_failures):
        problem(await served.client.post("/v1/tokens", json=new), 401, "bad_credentials")
    answer = await served.client.post("/v1/tokens", json=new)
    problem(answer, 429, "too_many_attempts")
    assert int(answer.headers["retry-after"]) > 0


async def test_what_is_no_token_is_refused(served: Served) -> None:
    token = (await demo_user(served)).token
    forged = jwt.encode(
        jwt.decode(token, options={"verify_signature": False}), "x" * 32, algorithm="HS256"
    )
    for text, code in (
        (forged, "bad_token"),
        ("lk_1_nothing_secret", "bad_credentials"),
        (served.demo.application_key + "x", "bad_credentials"),
        ("\xff\xfe", "bad_token"),
    ):
        headers = {"Authorization": f"Bearer {text}".encode("latin-1")}
        problem(await served.client.get("/v1/units", headers=headers), 401, code)
    for header in ("Basic eDp5", "Bearer", token):
        answer = await served.client.get("/v1/units", headers={"Authorization": header})
        problem(answer, 401, "login_required")


async def test_a_key_is_shown_once_and_revoked(served: Served) -> None:
    api = await demo_user(served)
    made = await api.post("/keys", {"name": "shop"})
    key, secret = made["key"], made["secret"]
    assert secret.startswith("lk_")
    shop = Api(served.client, secret)
    await shop.get("/units")
    assert (await api.patch(f"/keys/{key['id']}", {"name": "till"}))["name"] == "till"
    listed = await api.get("/keys")
    assert secret.rpartition("_")[2] not in str(listed)
    await api.delete(f"/keys/{key['id']}")
    problem(await shop.send("GET", "/units"), 401, "bad_credentials")
    assert (await api.get(f"/keys/{key['id']}"))["revoked_at"] is not None
    problem(await api.send("DELETE", f"/keys/{key['id']}"), 404, "unknown_key")


async def test_a_key_acts_as_the_user_it_was_made_for(served: Served) -> None:
    api = await demo_user(served)
    unit: Any = (await api.get("/units"))["items"][0]["id"]
    robot = await api.post("/users", {"username": "robot", "unit_id": unit, "role": "viewer"})
    made = await api.post("/keys", {"name": "robot", "user_id": robot["id"]})
    shop = Api(served.client, made["secret"])
    assert (await shop.get("/tokens/current"))["rights"] == ["read"]


async def test_demo_credentials_open_no_other_organization(served: Served) -> None:
    await organization(served, "Other")
    new = {"username": served.demo.username, "password": served.demo.password}
    answer = await served.client.post("/v1/tokens", json=new | {"organization": "Other"})
    problem(answer, 401, "bad_credentials")
