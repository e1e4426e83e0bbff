"""Every noun: made, read, listed, filtered, changed, emptied, deleted."""

from dataclasses import dataclass, field
from typing import Any

from largesse.dialects.native.routes import NATIVE
from tests.dialects.native.client import (
    Api,
    Everything,
    demo_user,
    one_of_everything,
    organization,
    problem,
)
from tests.dialects.native.walk import bodies
from tests.serving import Served


@dataclass(frozen=True)
class Life:
    """What is done to one kind of record."""

    change: dict[str, Any]
    """Fields to change, and what they are read back as."""
    listed: dict[str, str]
    """Filters that find the changed record and no other."""
    missed: dict[str, str] = field(default_factory=dict)
    """Filters that find none."""


LIVES = {
    "/units": Life({"name": "n", "description": "d"}, {"name": "n"}, {"alternative_code": "no"}),
    "/users": Life(
        {"email": "n@example.com", "active": False, "role": "support"},
        {"username": "NEW", "role": "support", "active": "false"},
        {"username": "no"},
    ),
    "/customers": Life(
        {
            "kind": "company",
            "company_name": "Ü" * 400,
            "birthday": "1970-01-31",
            "attributes": {"a": [1, {"b": None}], "\u2603": 1.5},
            "email": "New@Example.com",
        },
        {"email": "new@example.com"},
        {"email": "no@example.com", "profile_id": "no"},
    ),
    "/accounts": Life(
        {"kind": "subscription", "name": None}, {"number": "new"}, {"kind": "rewards"}
    ),
    "/customer-tokens": Life(
        {"state": "terminated", "effective_to": "2030-01-01T00:00:00Z"},
        {"state": "terminated"},
        {"state": "pending"},
    ),
    "/channels": Life({"name": "n", "description": None}, {}),
    "/promotions": Life(
        {
            "title": "t",
            "discount": {"kind": "percent", "percent": "10"},
            "starts_at": "2026-01-01T00:00:00Z",
            "ends_at": "2026-02-01T00:00:00Z",
            "enabled": False,
            "repeatable": True,
        },
        {"key": "new", "enabled": "false"},
        {"key": "no"},
    ),
    "/campaigns": Life(
        {
            "alternative_code": "N",
            "state": "ended",
            "code_length": 12,
            "codes_per_receiver": 2,
            "codes_expire_at": "2030-01-01T00:00:00Z",
            "description": "d",
        },
        {"alternative_code": "N", "state": "ended"},
        {"state": "draft"},
    ),
    "/promotion-folders": Life({"name": "n"}, {}),
    "/groups": Life({"name": "n", "description": "d"}, {"reference": "new"}, {"reference": "no"}),
    "/promotion-lists": Life(
        {"name": None, "applies_to_all": True}, {"applies_to_all": "true"}, {"reference": "no"}
    ),
    "/schedules": Life(
        {"name": "n", "cron": "*/5 * * * 1-5", "zone": "Europe/Berlin", "enabled": False},
        {"name": "n", "kind": "generate_codes", "enabled": "false"},
        {"name": "no"},
    ),
    "/templates": Life(
        {"locale": "de", "kind": "marketing", "subject": "t", "text": "u", "example": {"a": 1}},
        {"key": "new", "locale": "de"},
        {"key": "no"},
    ),
    "/subscriptions": Life(
        {"name": "n", "active": False}, {"recipient": "NEW@example.com"}, {"recipient": "no"}
    ),
}


OTHERS = {"/keys/{id}", "/assignments/{id}", "/customer-assignments/{id}", "/coupons/{id}"}
"""What has tests of its own, because what is made and read differs."""


async def live(api: Api, noun: str, new: dict[str, Any], life: Life) -> None:
    made = await api.post(noun, new)
    one = f"{noun}/{made['id']}"
    assert await api.get(one) == made
    changed = await api.patch(one, life.change)
    assert {name: changed[name] for name in life.change} == life.change
    assert await api.get(one) == changed
    assert await api.patch(one, {}) | {"updated_at": 0} == changed | {"updated_at": 0}
    found = (await api.get(noun, **life.listed))["items"]
    assert made["id"] in [item["id"] for item in found]
    assert life.listed == {} or len(found) == 1
    for name, value in life.missed.items():
        items = (await api.get(noun, **{name: value}))["items"]
        assert made["id"] not in [item["id"] for item in items]
    await api.delete(one)
    gone = "unknown_" + noun.strip("/").replace("-", "_").removesuffix("s")
    problem(await api.send("GET", one), 404, gone)
    problem(await api.send("PATCH", one, {}), 404, gone)
    problem(await api.send("DELETE", one), 404, gone)


async def test_every_record_lives(served: Served) -> None:
    api = await organization(served, "A")
    ids = await one_of_everything(api, "a")
    new = bodies(ids, "a")
    nouns = {r.path for r in NATIVE.routes if r.method == "PATCH" and r.request is not None}
    assert {f"{noun}/{{id}}" for noun in LIVES} == nouns - OTHERS
    for noun, life in LIVES.items():
        await live(api, noun, new[noun], life)


async def test_what_others_refer_to_is_not_deleted(served: Served) -> None:
    api = await organization(served, "A")
    ids = await one_of_everything(api, "a")
    for noun in ("/units", "/customers", "/promotions", "/campaigns", "/groups", "/channels"):
        problem(await api.send("DELETE", f"{noun}/{ids.of(noun)}"), 409, "still_in_use")


async def test_a_second_one_of_the_same_name_is_refused(served: Served) -> None:
    api = await organization(served, "A")
    ids: Everything = await one_of_everything(api, "a")
    new = bodies(ids, "a")
    for noun in ("/units", "/users", "/accounts", "/customer-tokens", "/channels", "/promotions"):
        await api.post(noun, new[noun])
        problem(await api.send("POST", noun, new[noun]), 409, "already_exists")
    again = {"recipient": "A@Example.com"}
    problem(await api.send("POST", "/subscriptions", again), 409, "already_subscribed")
    taken = {"identifiers": {"profile_id": "PROFILE A"}}
    problem(await api.send("POST", "/customers", taken), 409, "already_exists")


async def test_identifiers_are_set_kept_and_taken_away(served: Served) -> None:
    api = await demo_user(served)
    (patricia,) = (await api.get("/customers", customer_id="egkkdgantq4aaaff31ghyce_"))["items"]
    one = f"/customers/{patricia['id']}"
    changes = {"identifiers": {"customer_number": None, "profile_id": "P1"}}
    changed = await api.patch(one, changes)
    assert changed["identifiers"] == {
        "customer_id": "egkKDgANTq4AAAFF31gHyCE_",
        "profile_id": "P1",
    }
    answer = await api.send("PATCH", one, {"identifiers": {"vat_registration_number": "1"}})
    assert problem(answer, 400, "invalid_value")["field"] == "identifiers.vat_registration_number"
    answer = await api.send("PATCH", one, {"identifiers": {"customer_id": None}})
    assert problem(answer, 400, "invalid_value")["field"] == "identifiers.customer_id"
    assert (await api.get(one))["identifiers"] == changed["identifiers"]


async def test_a_password_is_taken_and_never_shown(served: Served) -> None:
    api = await demo_user(served)
    unit = (await api.get("/units"))["items"][0]["id"]
    new = {"username": "Nora", "unit_id": unit, "role": "viewer", "password": "first password"}
    made = await api.post("/users", new)
    changed = await api.patch(f"/users/{made['id']}", {"password": "second password"})
    assert "password" not in str(made) + str(changed)
    for password, status in (("first password", 401), ("second password", 201)):
        log_in = {"username": "nora", "password": password}
        assert (await served.client.post("/v1/tokens", json=log_in)).status_code == status
    await api.patch(f"/users/{made['id']}", {"active": False})
    log_in = {"username": "nora", "password": "second password"}
    problem(await served.client.post("/v1/tokens", json=log_in), 401, "bad_credentials")


async def test_a_promotion_ends_behind_its_start(served: Served) -> None:
    api = await demo_user(served)
    promotion = (await api.get("/promotions", key="promo1001"))["items"][0]
    one = f"/promotions/{promotion['id']}"
    await api.patch(one, {"starts_at": "2026-03-01T00:00:00+01:00"})
    answer = await api.send("PATCH", one, {"ends_at": "2026-02-28T22:00:00Z"})
    assert problem(answer, 400, "invalid_value")["field"] == "ends_at"
    assert (await api.get(one))["ends_at"] is None


async def test_assignments_join_groups_and_lists(served: Served) -> None:
    api = await demo_user(served)
    made = await api.post("/assignments", {"group_id": 7, "list_id": 10})
    assert (made["group"]["reference"], made["list"]["reference"]) == ("CG-003", "RP-002")
    one = f"/assignments/{made['id']}"
    assert (await api.get("/assignments", group_id="7"))["items"] == [made]
    changed = await api.patch(one, {"list_id": 11})
    assert (changed["group"]["id"], changed["list"]["id"]) == (7, 11)
    answer = await api.send("POST", "/assignments", {"group_id": 7, "list_id": 11})
    problem(answer, 409, "already_assigned")
    answer = await api.send("POST", "/assignments", {"group_id": 7, "list_id": 12})
    problem(answer, 409, "list_applies_to_all")
    answer = await api.send("POST", "/assignments", {"group_id": 99, "list_id": 11})
    problem(answer, 404, "unknown_group")
    await api.delete(one)
    problem(await api.send("GET", one), 404, "unknown_assignment")


async def test_assignments_join_single_customers_and_lists(served: Served) -> None:
    api = await demo_user(served)
    customer = (await api.post("/customers", {"first_name": "Nora"}))["id"]
    made = await api.post("/customer-assignments", {"customer_id": customer, "list_id": 10})
    assert (made["customer"]["id"], made["list"]["reference"]) == (customer, "RP-002")
    one = f"/customer-assignments/{made['id']}"
    assert (await api.get("/customer-assignments", customer_id=customer))["items"] == [made]
    assert (await api.patch(one, {"list_id": 11}))["list"]["id"] == 11
    again = {"customer_id": customer, "list_id": 11}
    problem(await api.send("POST", "/customer-assignments", again), 409, "already_assigned")
    problem(
        await api.send("POST", "/customer-assignments", again | {"list_id": 12}),
        409,
        "list_applies_to_all",
    )
    await api.delete(one)
    problem(await api.send("GET", one), 404, "unknown_customer_assignment")


async def test_members_and_listed_promotions_come_and_go(served: Served) -> None:
    api = await demo_user(served)
    customer = (await api.get("/customers", profile_id="profile1"))["items"][0]["id"]
    promotion = (await api.get("/promotions", key="promo1001"))["items"][0]["id"]
    for place, one, unknown in (
        ("/groups/5/members", customer, "unknown_customer"),
        ("/promotion-lists/9/promotions", promotion, "unknown_promotion"),
    ):
        before = (await api.get(place))["items"]
        for _ in range(2):
            answer = await api.send("PUT", f"{place}/{one}")
            assert (answer.status_code, answer.content) == (204, b"")
        assert len((await api.get(place))["items"]) == len(before) + 1
        problem(await api.send("PUT", f"{place}/{'0' * 32}"), 404, unknown)
        problem(await api.send("PUT", f"{place}/none"), 404, unknown)
        await api.delete(f"{place}/{one}")
        problem(await api.send("DELETE", f"{place}/{one}"), 404, unknown)
        assert (await api.get(place))["items"] == before


async def test_a_query_that_no_path_takes_is_refused(served: Served) -> None:
    api = await demo_user(served)
    for method, path in (
        ("GET", "/customers?offset=1"),
        ("GET", "/customers?limit=1&Limit=1"),
        ("GET", "/tokens/current?x=1"),
        ("POST", "/channels?dry_run=true"),
        ("DELETE", "/channels/PrimeTech-PrimeTechSpecials?force=1"),
        ("GET", "/customers?email=a&email=b"),
        ("GET", "/codes?state=lost"),
        ("GET", "/codes?campaign_id=BG4"),
        ("GET", "/users?active=maybe"),
        ("GET", "/assignments?group_id=9223372036854775808"),
        ("GET", "/consents"),
    ):
        body = {"id": "x", "name": "x"} if method == "POST" else None
        found = problem(await api.send(method, path, body), 400, "invalid_value")
        name = path.partition("?")[2].rpartition("&")[2].partition("=")[0] or "recipient"
        assert found["field"] == name
        assert found["instance"] == "/v1" + path.partition("?")[0]
    problem(await api.send("GET", "/channels/x"), 404, "unknown_channel")


async def test_a_promotion_has_texts_in_other_languages(served: Served) -> None:
    api = await demo_user(served)
    texts = {"de": {"title": "Rabatt"}, "fr_FR": {"title": "Remise", "description": None}}
    new = {"key": "translated", "title": "Discount", "locale": "en", "translations": texts}
    made = await api.post("/promotions", new)
    assert made["translations"] == texts
    path = f"/promotions/{made['id']}"
    changed = await api.send("PATCH", path, {"translations": {"de": {"title": "Nachlass"}}})
    assert changed.json()["translations"] == {"de": {"title": "Nachlass"}}
    answer = await api.send("PATCH", path, {"translations": {"not a language": {"title": "x"}}})
    problem(answer, 400, "invalid_value")
