"""Codes: pools filled, codes given to receivers however they are named, cancelled."""

import asyncio
from typing import Any

import pytest

from tests.dialects.native.client import Api, demo_user, problem
from tests.serving import POOL, Served

RECEIVERS = (
    {"customer": {"customer_id": "egkKDgANTq4AAAFF31gHyCE_"}},
    {"customer": {"id": "egkKDgANTq4AAAFF31gHyCE_"}},
    {"customer": {"profile_id": "PROFILE1"}},
    {"customer": {"passport_number": "P0000618"}},
    {"customer": {"vat_registration_number": "CY10000618X"}},
    {"account": {"kind": "rewards", "number": "RP0000000618"}},
    {"account": {"kind": "receivable", "name": "Cyrillus Mayer"}},
    {"customer_token": {"kind": "rewards", "authentication_code": "AUTH0000618"}},
    {
        "customer_token": {
            "kind": "receivable",
            "identifier": "cyrillus.mayer@example.com",
            "pass_code": "1234",
        }
    },
    {"customer_token": {"kind": "rewards", "one_time_password": "618618"}},
)


@pytest.fixture
def served_with() -> dict[str, Any]:
    """Serve without a worker: nothing is done behind an answer."""
    return {"worker": False}


async def campaign(api: Api, **fields: Any) -> str:
    """Make a posted campaign and return its id."""
    made = await api.post("/campaigns", {"name": "new", "state": "posted"} | fields)
    return str(made["id"])


async def test_a_code_is_given_to_receivers_however_they_are_named(served: Served) -> None:
    api = await demo_user(served)
    (bulk,) = (await api.get("/campaigns", alternative_code="BG4"))["items"]
    names = ({"alternative_code": "BG4"}, {"name": "Bulk Generation 4"}, {"id": bulk["id"]})
    given = []
    for index, receiver in enumerate(RECEIVERS):
        request = {"campaign": names[index % 3], "receiver": receiver}
        code = await api.post("/codes/request", request, status=200)
        assert (code["state"], code["campaign_id"]) == ("issued", bulk["id"])
        assert code["customer_id"] is not None
        assert (code["account_id"] is None) == ("customer" in receiver)
        given.append(code["id"])
    assert len(set(given)) == len(RECEIVERS)
    pool = await api.get(f"/campaigns/{bulk['id']}/pool")
    assert pool == {
        "available": POOL + 1 - len(given),
        "issued": len(given),
        "redeemed": 0,
        "expired": 0,
        "cancelled": 0,
        "forecast": {
            "alarm_level": None,
            "level": None,
            "available": POOL + 1 - len(given),
            "exact": False,
            "codes_per_hour": None,
            "runs_out_at": None,
        },
    }


async def test_the_very_code_is_given(served: Served) -> None:
    api = await demo_user(served)
    request = {"code": "cc2m8y5vy4mw", "receiver": {"customer": {"profile_id": "profile1"}}}
    code = await api.post("/codes/request", request, status=200)
    assert code["code"] == "CC2M8Y5VY4MW"
    problem(await api.send("POST", "/codes/request", request), 409, "code_not_effective")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"campaign": {"name": "no"}}, 404, "unknown_campaign"),
        ({"campaign": {"id": "no"}}, 404, "unknown_campaign"),
        ({"campaign": {}}, 400, "missing_value"),
        ({"campaign": {"id": "1", "name": "2"}}, 400, "invalid_value"),
        ({"campaign": None}, 400, "invalid_value"),
        ({"code": "CC2M8Y5VY4MW"}, 400, "invalid_value"),
        ({"receiver": {}}, 400, "missing_value"),
        ({"receiver": {"customer": {}}}, 400, "missing_value"),
        ({"receiver": {"customer": {"profile_id": "no"}}}, 404, "unknown_customer"),
        ({"receiver": {"customer": {"id": "1", "profile_id": "1"}}}, 400, "invalid_value"),
        ({"receiver": {"account": {"kind": "rewards"}}}, 400, "missing_value"),
        ({"receiver": {"account": {"number": "1"}}}, 400, "invalid_value"),
        ({"receiver": {"account": {"kind": "rewards", "number": "1"}}}, 404, "unknown_account"),
        (
            {"receiver": {"customer_token": {"kind": "rewards", "identifier": "cyr@x.example"}}},
            400,
            "pass_code_required",
        ),
        (
            {
                "receiver": {
                    "customer_token": {
                        "kind": "rewards",
                        "identifier": "cyrillus.mayer@example.com",
                        "pass_code": "4321",
                    }
                }
            },
            409,
            "pass_code_wrong",
        ),
        (
            {
                "receiver": {
                    "customer_token": {
                        "kind": "rewards",
                        "authentication_code": "no",
                        "pass_code": "1",
                    }
                }
            },
            400,
            "invalid_value",
        ),
    ],
)
@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_a_bad_request_gives_no_code(
    served: Served, change: dict[str, Any], status: int, code: str
) -> None:
    api = await demo_user(served)
    good = {"campaign": {"alternative_code": "BG4"}, "receiver": RECEIVERS[0]}
    problem(await api.send("POST", "/codes/request", good | change), status, code)
    assert (await api.get("/codes", state="issued"))["items"] == []


async def test_a_campaign_gives_codes_while_it_is_posted_and_has_some(served: Served) -> None:
    api = await demo_user(served)
    one = await campaign(api, state="draft", codes_per_receiver=1)
    assert await api.post(f"/campaigns/{one}/codes", {"codes": ["only-one"]}) == {"added": 1}
    request = {"campaign": {"id": one}, "receiver": RECEIVERS[0]}
    problem(await api.send("POST", "/codes/request", request), 409, "campaign_not_posted")
    await api.patch(f"/campaigns/{one}", {"state": "posted", "type": "reward"})
    answer = await api.send("POST", "/codes/request", request)
    problem(answer, 409, "campaign_type_not_allowed")
    await api.patch(f"/campaigns/{one}", {"type": "discount", "distribution": "instant"})
    answer = await api.send("POST", "/codes/request", request)
    problem(answer, 409, "distribution_not_allowed")
    await api.patch(f"/campaigns/{one}", {"distribution": "upon_request"})
    assert (await api.post("/codes/request", request, status=200))["code"] == "only-one"
    problem(await api.send("POST", "/codes/request", request), 409, "receiver_limit_reached")
    answer = await api.send("POST", "/codes/request", request | {"receiver": RECEIVERS[2]})
    problem(answer, 409, "pool_exhausted")


async def test_the_last_codes_are_given_once(served: Served) -> None:
    api = await demo_user(served)
    one = await campaign(api)
    await api.post(f"/campaigns/{one}/codes", {"count": 5})
    request = {"campaign": {"id": one}, "receiver": RECEIVERS[0]}
    answers = await asyncio.gather(
        *(api.send("POST", "/codes/request", request) for _ in range(12))
    )
    given = [answer.json()["code"] for answer in answers if answer.status_code == 200]
    assert len(given) == len(set(given)) == 5
    for answer in answers:
        if answer.status_code != 200:
            problem(answer, 409, "pool_exhausted")


async def test_a_pool_is_filled_whole_or_not_at_all(served: Served) -> None:
    api = await demo_user(served)
    one = await campaign(api)
    codes = f"/campaigns/{one}/codes"
    assert await api.post(codes, {"codes": ["one", "two"]}) == {"added": 2}
    assert await api.post(codes, {"count": 700}) == {"added": 700}
    for body, status, code in (
        ({"codes": ["three", "TWO"]}, 409, "already_exists"),
        ({"codes": ["three", "three"]}, 409, "already_exists"),
        ({"codes": ["three", "has space"]}, 400, "invalid_value"),
        ({"codes": []}, 400, "invalid_value"),
        ({"codes": ["x" * 65]}, 400, "invalid_value"),
        ({"count": 0}, 400, "invalid_value"),
        ({"count": 100_001}, 400, "invalid_value"),
        ({"count": 1, "codes": ["three"]}, 400, "invalid_value"),
        ({}, 400, "missing_value"),
    ):
        problem(await api.send("POST", codes, body), status, code)
    assert (await api.get(f"/campaigns/{one}/pool"))["available"] == 702
    missing = f"/campaigns/{'0' * 32}"
    problem(await api.send("POST", f"{missing}/codes", {"count": 1}), 404, "unknown_campaign")
    problem(await api.send("GET", f"{missing}/pool"), 404, "unknown_campaign")
    problem(await api.send("GET", "/campaigns/no/pool"), 404, "unknown_campaign")


async def test_a_format_without_room_is_refused(served: Served) -> None:
    api = await demo_user(served)
    new = {"name": "small", "code_length": 2, "code_alphabet": "AB"}
    one = (await api.post("/campaigns", new))["id"]
    answer = await api.send("POST", f"/campaigns/{one}/codes", {"count": 1})
    problem(answer, 400, "invalid_code_format")
    bad = {"name": "bad", "code_alphabet": "AA"}
    problem(await api.send("POST", "/campaigns", bad), 400, "invalid_code_format")


async def test_a_code_is_read_by_its_id_and_by_its_text(served: Served) -> None:
    api = await demo_user(served)
    found = await api.get("/codes/cc2M8Y5VY4MW")
    assert found["code"] == "CC2M8Y5VY4MW"
    assert await api.get(f"/codes/{found['id']}") == found
    assert await api.get(f"/codes/{found['id'].replace('-', '')}") == found
    assert (await api.get("/codes", code="CC2m8y5vy4mw"))["items"] == [found]
    problem(await api.send("GET", "/codes/no"), 404, "unknown_code")
    problem(await api.send("GET", f"/codes/{'0' * 32}"), 404, "unknown_code")
    one = await campaign(api)
    await api.post(f"/campaigns/{one}/codes", {"codes": ["a" * 32]})
    assert (await api.get(f"/codes/{'A' * 32}"))["code"] == "a" * 32


async def test_a_cancelled_code_is_out_of_use(served: Served) -> None:
    api = await demo_user(served)
    code = await api.get("/codes/CC2M8Y5VY4MW")
    one = f"/codes/{code['id']}/cancel"
    assert (await api.post(one, status=200))["state"] == "cancelled"
    problem(await api.send("POST", one), 409, "wrong_state")
    request = {"code": "CC2M8Y5VY4MW", "receiver": RECEIVERS[0]}
    problem(await api.send("POST", "/codes/request", request), 409, "code_not_effective")
    problem(await api.send("POST", "/codes/no/cancel"), 404, "unknown_code")
    assert (await api.get("/codes", state="cancelled"))["items"][0]["id"] == code["id"]


async def test_codes_are_listed_by_campaign_and_customer(served: Served) -> None:
    api = await demo_user(served)
    one = await campaign(api)
    await api.post(f"/campaigns/{one}/codes", {"count": 3})
    request = {"campaign": {"id": one}, "receiver": RECEIVERS[0]}
    given = await api.post("/codes/request", request, status=200)
    assert len((await api.get("/codes", campaign_id=one))["items"]) == 3
    mine = await api.get("/codes", customer_id=given["customer_id"], campaign_id=one)
    assert mine["items"] == [given]


async def test_a_code_is_redeemed_once_and_on_an_account(served: Served) -> None:
    api = await demo_user(served)
    receiver = {"account": {"kind": "receivable", "number": "ACR0000002278"}}
    asked = {"code": "sc4i0enxfsky6qt", "receiver": receiver, "on": "subscription"}
    used = await api.post("/codes/redeem", asked)
    (account,) = (await api.get("/accounts", kind="subscription"))["items"]
    assert (used["turn"], used["account_id"]) == (1, account["id"])
    assert (await api.get(f"/codes/{used['code_id']}"))["state"] == "redeemed"
    listed = await api.get("/redemptions", code_id=used["code_id"])
    assert listed["items"] == [used] == [await api.get(f"/redemptions/{used['id']}")]
    problem(await api.send("POST", "/codes/redeem", asked), 409, "code_not_effective")
    for name, value in (("on", "wallet"), ("code", ""), ("receiver", {}), ("colour", "red")):
        answer = await api.send("POST", "/codes/redeem", asked | {name: value})
        assert answer.status_code in (400, 422), answer.text
