"""Logging in, and what calls may carry afterwards."""

import base64
import json
import time
from http.cookies import Morsel, SimpleCookie

import httpx
import pytest

from largesse.core.access.model import Role, system
from tests.dialects.valomnia.client import (
    CHECK,
    LANDING,
    LISTS,
    SESSION,
    Api,
    assert_refused,
    log_in,
)
from tests.serving import Served, serve

PATH = f"/api/v1{LISTS}"


def cookie(answer: httpx.Response) -> Morsel[str]:
    """Return the session cookie with its attributes."""
    jar = SimpleCookie(answer.headers["set-cookie"])
    assert list(jar) == [SESSION]
    return jar[SESSION]


def with_session(token: str, **headers: str) -> dict[str, str]:
    """Return the headers of a call that carries the cookie alone."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"Cookie": f"{SESSION}={token}"} | named


async def test_the_observed_flow_of_2016(served: Served) -> None:
    query = {"j_username": served.demo.username, "j_password": served.demo.password, "ajax": "true"}
    headers = {"Content-Type": "application/json"}
    answer = await served.client.post(CHECK, params=query, headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (302, LANDING)
    assert answer.headers["cache-control"] == "no-store"
    # The client's cookie jar sends JSESSIONID along.
    answer = await served.client.post(LANDING)
    assert answer.status_code == 200
    token = answer.json()["token"]
    # That client went on with the token as its JSESSIONID.
    answer = await served.client.get(PATH, headers=with_session(token))
    assert answer.json()["paging"]["total"] == 2


async def test_the_observed_flow_of_2024(served: Served) -> None:
    fields = {"j_username": served.demo.username, "j_password": served.demo.password}
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    content = str(httpx.QueryParams(fields))
    answer = await served.client.request(
        "GET", CHECK, params=fields | {"ajax": "true"}, content=content, headers=form
    )
    assert (answer.status_code, answer.headers["location"]) == (302, LANDING)
    answer = await served.client.get(LANDING)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert list(body) == ["success", "token", "user"]
    assert body["success"] is True
    assert {name: value for name, value in body["user"].items() if value is not None} == {
        "firstName": "Alvaro",
        "lastName": "Acevedo",
        "email": "test@crm.com",
        "companyName": "Lyon",
        "role": ["owner"],
        "enabled": True,
    }
    headers = {"Authorization": f"Bearer {body['token']}"}
    assert (await served.client.get(PATH, headers=headers)).status_code == 200


async def test_a_login_may_be_a_form_and_lie_below_the_prefix(served: Served) -> None:
    fields = {"j_username": served.demo.username, "j_password": served.demo.password}
    answer = await served.client.post(f"/api/v2.1{CHECK}", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (302, f"/api/v2.1{LANDING}")
    assert (await served.client.get(answer.headers["location"])).status_code == 200


async def test_the_cookie_is_kept_from_scripts_and_other_sites(served: Served) -> None:
    session = cookie(await log_in(served))
    assert session["httponly"] is True
    assert (session["samesite"].lower(), session["path"]) == ("strict", "/")
    assert not session["secure"]
    query = {"j_username": served.demo.username, "j_password": served.demo.password}
    answer = await served.client.get(CHECK, params=query, headers={"X-Forwarded-Proto": "https"})
    assert cookie(answer)["secure"] is True


async def test_either_token_alone_will_do(served: Served, api: Api) -> None:
    answer = await served.client.get(PATH, headers=with_session(api.token))
    assert answer.status_code == 200
    for scheme in ("Bearer", "bearer", "BEARER"):
        answer = await served.client.get(PATH, headers={"Authorization": f"{scheme} {api.token}"})
        assert answer.status_code == 200
    # The header counts before the cookie: what it says is never passed over.
    answer = await served.client.get(
        PATH, headers=with_session(api.token, Authorization="Bearer nonsense")
    )
    assert assert_refused(answer, 401, "unauthorized")
    answer = await served.client.get(
        PATH, headers=with_session("nonsense", Authorization=f"Bearer {api.token}")
    )
    assert answer.status_code == 200


async def test_who_is_not_logged_in_gets_nothing(served: Served, api: Api) -> None:
    header, claims, signature = api.token.split(".")
    forged = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    forged["oid"] += 1
    other = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode().rstrip("=")
    for headers in (
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": f"Bearer {header}.{other}.{signature}"},
        {"Authorization": b"Bearer \xe4\xff"},
        {"Authorization": "Basic TVBBZG1pbmlzdHJhdG9yOmxhcmdlc3NlLWRlbW8="},
        with_session(""),
        with_session("C5A9F6E1B0D2"),
    ):
        for method, path in (("GET", PATH), ("DELETE", f"{PATH}/4"), ("GET", LANDING)):
            answer = await served.client.request(method, path, headers=headers)
            assert_refused(answer, 401, "unauthorized")
            assert answer.headers["www-authenticate"] == "Bearer"
    assert len(await api.records()) == 2


async def test_a_token_ends(demo_url: str) -> None:
    async with serve(demo_url, valomnia={"token_seconds": 1}) as served:
        token = (await log_in(served)).cookies[SESSION]
        headers = {"Authorization": f"Bearer {token}"}
        assert (await served.client.get(PATH, headers=headers)).status_code == 200
        deadline = time.monotonic() + 10
        while (answer := await served.client.get(PATH, headers=headers)).status_code == 200:
            assert time.monotonic() < deadline
        assert "expired" in assert_refused(answer, 401, "unauthorized")


async def test_a_login_that_fails_says_nothing_more(served: Served) -> None:
    said = set()
    for changes in (
        {"j_password": "wrong"},
        {"j_username": "nobody"},
        {"j_username": "x" * 5000},
        {"j_username": "MPAdministrator\ud7ff"},
    ):
        answer = await log_in(served, **changes)
        said.add(assert_refused(answer, 401, "unauthorized"))
        assert "set-cookie" not in answer.headers
        assert "location" not in answer.headers
    assert len(said) == 1
    for name in ("j_username", "j_password"):
        answer = await log_in(served, **{name: ""})
        assert assert_refused(answer, 400, "missing_param") == f"{name} parameter is missing"
    assert_refused(await served.client.put(CHECK), 405, "method_not_allowed")
    for body in (b"j_username=%00&j_password=x", b"\xff=1", b"&".join([b"a=1"] * 500)):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await served.client.post(CHECK, content=body, headers=form)
        assert answer.status_code == 400
        assert answer.json()["error_description"]


async def test_guessing_is_slowed_down(demo_url: str) -> None:
    async with serve(demo_url, login_failures=3) as served:
        for _ in range(3):
            assert_refused(await log_in(served, j_password="guess"), 401, "unauthorized")
        answer = await log_in(served)
        assert_refused(answer, 429, "unauthorized")
        assert int(answer.headers["retry-after"]) > 0


async def test_the_host_names_the_organization_as_the_vendors_does(served: Served) -> None:
    access, users = served.services.access, served.services.users
    other = await access.create_organization("Marseille", [])
    made = await served.services.units.create(
        system(other), {"name": "Unit", "alternative_code": "unit"}
    )
    await users.create(
        system(other),
        {
            "unit_id": made.id,
            "username": served.demo.username,
            "password": "another-one",
            "role": Role.VIEWER,
        },
    )
    own, theirs = {"Host": "lyon.shop.example"}, {"Host": "marseille.shop.example:8443"}
    for headers, password, status in (
        (own, served.demo.password, 302),
        (own, "another-one", 401),
        (theirs, "another-one", 302),
        (theirs, served.demo.password, 401),
        # The name alone could be either one's.
        ({"Host": "promotions.shop.example"}, served.demo.password, 401),
        ({"Host": "[::1"}, served.demo.password, 401),
    ):
        query = {"j_username": served.demo.username, "j_password": password}
        answer = await served.client.get(CHECK, params=query, headers=headers)
        assert answer.status_code == status, headers
        served.client.cookies.clear()


@pytest.mark.parametrize(
    "sent",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_no_other_site_changes_anything_with_the_cookie_alone(
    served: Served, api: Api, sent: dict[str, str]
) -> None:
    before = await api.records()
    body = {"promotionListId": 9, "customerGroupId": 7}
    headers = with_session(api.token) | sent
    for method, path in (("POST", PATH), ("PUT", f"{PATH}/4"), ("DELETE", f"{PATH}/4")):
        answer = await served.client.request(method, path, json=body, headers=headers)
        assert_refused(answer, 403, "access_denied")
    assert await api.records() == before
    # No browser adds this header by itself, so whoever sends it knows the token.
    answer = await api.send("POST", LISTS, json=body, headers=sent)
    assert answer.status_code == 201


async def test_its_own_pages_and_programs_change_things_with_the_cookie_alone(
    served: Served, api: Api
) -> None:
    own = {"Origin": served.url, "Sec-Fetch-Site": "same-origin"}
    for headers in ({}, own):
        answer = await served.client.post(
            PATH,
            json={"promotionListId": 9, "customerGroupId": 7},
            headers=with_session(api.token) | headers,
        )
        assert answer.status_code == 201, answer.text
        answer = await served.client.delete(
            f"{PATH}/{answer.json()['id']}", headers=with_session(api.token) | headers
        )
        assert answer.status_code == 200


async def test_a_viewer_reads_and_changes_nothing(served: Served, api: Api) -> None:
    caller = await api.caller()
    (unit,) = (await served.services.units.page(caller)).items
    new = {"unit_id": unit.id, "username": "viewer", "password": "only-looking", "role": "viewer"}
    await served.services.users.create(caller, new)
    answer = await log_in(served, j_username="viewer", j_password="only-looking")
    viewer = Api(served, answer.cookies[SESSION])
    assert (await viewer.send("GET", LISTS)).status_code == 200
    answer = await viewer.send("GET", f"{LISTS}/4")
    assert answer.json()["organization"] == "Lyon"
    for method in ("PUT", "DELETE"):
        answer = await viewer.send(
            method, f"{LISTS}/4", json={"promotionListId": 9, "customerGroupId": 7}
        )
        assert_refused(answer, 403, "access_denied")
    assert len(await api.records()) == 2
