"""Folders, languages, coupons and second factors over the native API."""

import pyotp
import pytest

from tests.dialects.native.client import PASSWORD, Api, organization
from tests.serving import Served


@pytest.fixture
async def api(served: Served) -> Api:
    """The owner of an organization without anything in it."""
    return await organization(served, "Shop")


async def test_promotions_have_folders_and_languages(api: Api) -> None:
    folder = await api.post("/promotion-folders", {"name": "Spring"})
    inner = await api.post("/promotion-folders", {"name": "May", "parent_id": folder["id"]})
    assert inner["path"] == "Spring/May"
    new = {
        "title": "Ten off",
        "folder_id": inner["id"],
        "applies_to": "order",
        "locale": "en",
        "translations": {"de": {"title": "Zehn weniger"}},
    }
    made = await api.post("/promotions", new)
    assert made["key"].startswith("promo")
    assert {name: made[name] for name in new} == new
    for query in ({"folder_id": inner["id"]}, {"applies_to": "order"}):
        found = (await api.get("/promotions", **query))["items"]
        assert [one["key"] for one in found] == [made["key"]]
    await api.patch(f"/promotion-folders/{folder['id']}", {"name": "Autumn"})
    assert (await api.get(f"/promotion-folders/{inner['id']}"))["path"] == "Autumn/May"
    for path, body in (
        ("/promotions", {"title": "x", "folder_id": 999}),
        ("/promotion-folders", {"name": "x", "parent_id": 999}),
    ):
        answer = await api.send("POST", path, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_reference")
    answer = await api.send(
        "PATCH", f"/promotion-folders/{folder['id']}", {"parent_id": inner["id"]}
    )
    assert (answer.status_code, answer.json()["field"]) == (400, "parent_id")
    answer = await api.send("DELETE", f"/promotion-folders/{inner['id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "still_in_use")


async def test_a_coupon_is_made_changed_and_ended(api: Api) -> None:
    for key in ("ten", "free"):
        await api.post("/promotions", {"key": key, "title": key})
    made = await api.post("/coupons", {"code": "Hello", "promotions": ["ten"], "uses": 5})
    assert (made["code"], made["used"], made["campaign"]["code_source"]) == ("Hello", 0, "shared")
    changed = await api.patch("/coupons/hello", {"promotions": ["free", "ten"], "uses": None})
    assert changed["promotion_keys"] == ["free", "ten"]
    assert changed["campaign"]["uses_per_code"] is None
    assert (await api.get("/coupons"))["items"] == [await api.get("/coupons/HELLO")]
    answer = await api.send("POST", "/coupons", {"code": "x", "promotions": ["none"]})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_reference")
    answer = await api.send("DELETE", "/coupons/hello")
    assert answer.status_code == 204
    assert (await api.send("GET", "/coupons/hello")).status_code == 404


async def test_a_second_factor_is_given_and_taken_away(api: Api) -> None:
    unit = await api.post("/units", {"name": "two", "alternative_code": "two"})
    user = {"username": "bo", "unit_id": unit["id"], "role": "viewer", "password": PASSWORD}
    path = f"/users/{(await api.post('/users', user))['id']}/second-factor"
    key = {"Idempotency-Key": "once"}
    made = (await api.send("POST", path, headers=key)).json()
    again = (await api.send("POST", path, headers=key)).json()
    assert again == {"secret": None, "uri": None}
    login = {"username": "bo", "password": PASSWORD}
    answer = await api.send("POST", "/tokens", login)
    assert (answer.status_code, answer.json()["code"]) == (401, "second_factor_required")
    passcode = pyotp.TOTP(made["secret"]).now()
    assert (await api.post("/tokens", login | {"passcode": passcode}))["access_token"]
    answer = await api.send("POST", "/tokens", login | {"passcode": passcode})
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_credentials")
    answer = await api.send("POST", path)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    assert (await api.send("DELETE", path)).status_code == 204
    assert (await api.post("/tokens", login))["access_token"]
