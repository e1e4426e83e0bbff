"""request_promo_code over HTTP, as SEED 002 prints it and beyond."""

import asyncio
import json
from typing import Any

import pytest

from largesse.core.codes.model import CampaignRef, Code
from tests.dialects.crmcom.client import (
    PARTICIPANT,
    PREFIX,
    REQUEST,
    assert_refused,
    issued,
    owner,
    request,
    request_for,
    token,
)
from tests.golden import Golden, assert_same_json, load
from tests.serving import Served, serve

MASKS = (
    # Made by whoever serves the request.
    "data.id",
    "data.promotion_campaign.id",
    "data.log_information.created_by_unit.id",
    "data.log_information.created_by_user.id",
    "data.log_information.updated_by_unit.id",
    "data.log_information.updated_by_user.id",
    "data.log_information.created_date",
    "data.log_information.updated_date",
    # The document prints 2019; a code that has expired is not given out.
    "data.expiration_date",
)


def as_printed_by(golden: Golden, sent: bytes) -> bytes:
    """Put the printed creators in place of ours, once each has every printed member.

    The document's creator lacks members that its updater has, since null ones are left out; in
    the demo data one unit and one user did both.
    """
    printed: Any = golden.json()
    answer = json.loads(sent)
    ours, theirs = answer["data"]["log_information"], printed["data"]["log_information"]
    unit, user = "created_by_unit", "created_by_user"
    assert theirs[unit].keys() - ours[unit].keys() == set()
    assert theirs[user].keys() - ours[user].keys() == set()
    wanted = {k: v for k, v in theirs[unit].items() if k != "id"}
    assert wanted.items() <= ours[unit].items()
    assert theirs[user]["username"] == ours[user]["username"]
    for name in (unit, user):
        ours[name] = theirs[name] | {"id": ours[name]["id"]}
    return json.dumps(answer).encode()


@pytest.mark.parametrize("prefix", [PREFIX, ""], ids=["prefix", "literal path"])
async def test_the_printed_request_gets_the_printed_answer(served: Served, prefix: str) -> None:
    sent, printed = (
        load("crmcom", f"request-promo-code-{kind}") for kind in ("request", "response")
    )
    body = sent.body.replace(b"{{token}}", (await token(served)).encode())
    assert sent.method == "POST"
    answer = await served.client.post(
        f"{prefix}{sent.path}", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert_same_json(as_printed_by(printed, answer.content), printed, MASKS)


async def test_the_answer_says_when_the_code_was_made_and_when_it_was_handed_out(
    served: Served,
) -> None:
    answer = await request(served)
    code = await code_of(served, answer)
    log = answer.json()["data"]["log_information"]
    assert code.issued_at is not None
    assert log["created_date"] == code.created_at.strftime("%Y-%m-%dT%H:%M:%S")
    assert log["updated_date"] == code.issued_at.strftime("%Y-%m-%dT%H:%M:%S")
    assert answer.json()["data"]["id"] == code.id.hex.upper()


async def test_every_request_gets_another_code(served: Served) -> None:
    held = await token(served)
    answers = await asyncio.gather(*(request(served, token=held) for _ in range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({answer.json()["data"]["code"] for answer in answers}) == 8


async def code_of(served: Served, answer: Any) -> Code:
    assert answer.status_code == 200, answer.text
    return await served.services.codes.named(await owner(served), answer.json()["data"]["code"])


class TestCampaign:
    async def test_it_is_named_in_any_of_three_ways(self, served: Served) -> None:
        found = (await request(served)).json()["data"]["promotion_campaign"]
        for field in ("id", "name", "alternative_code"):
            answer = await request(served, promotion_campaign_identifier={field: found[field]})
            assert answer.status_code == 200, answer.text
            assert answer.json()["data"]["promotion_campaign"] == found

    async def test_one_that_is_not_there_is_not_found(self, served: Served) -> None:
        for identifier in (
            {"id": "0" * 32},
            {"id": "1"},
            {"id": "x" * 32},
            {"name": "Bulk Generation 5"},
            {"alternative_code": "bg4"},
            {"alternative_code": "x" * 5000},
        ):
            answer = await request(served, promotion_campaign_identifier=identifier)
            assert_refused(answer, 404, "CAMPAIGN_NOT_FOUND")
        assert await issued(served) == 0

    async def test_only_posted_discounts_upon_request_take_part(self, served: Served) -> None:
        caller = await owner(served)
        campaign = await served.services.campaigns.named(caller, "alternative_code", "BG4")
        plain = {"state": "posted", "type": "discount", "distribution": "upon_request"}
        by_code = {"promotion_campaign_identifier": None, "promo_code": "SC4dcj1p4sathzZ"}
        for changes, code in (
            ({"state": "draft"}, "CAMPAIGN_NOT_POSTED"),
            ({"state": "ended"}, "CAMPAIGN_NOT_POSTED"),
            ({"type": "reward"}, "CAMPAIGN_TYPE_NOT_ALLOWED"),
            ({"distribution": "instant"}, "DISTRIBUTION_METHOD_NOT_ALLOWED"),
        ):
            await served.services.campaigns.change(caller, campaign.id, plain | changes)
            assert_refused(await request(served), 400, code)
            assert_refused(await request(served, **by_code), 400, code)
        assert await issued(served) == 0

    async def test_a_receiver_gets_no_more_codes_than_the_campaign_gives_to_one(
        self, served: Served
    ) -> None:
        caller = await owner(served)
        campaign = await served.services.campaigns.named(caller, "alternative_code", "BG4")
        await served.services.campaigns.change(caller, campaign.id, {"codes_per_receiver": 2})
        held = await token(served)
        answers = await asyncio.gather(*(request(served, token=held) for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [200, 200, 409, 409, 409, 409]
        assert_refused(max(answers, key=lambda a: a.status_code), 409, "PER_RECEIVER_LIMIT")
        by_account = await request_for(
            served, "accounts_receivable_identifier", {"number": "ACR0000002278"}
        )
        assert_refused(by_account, 409, "PER_RECEIVER_LIMIT")
        company = {"vat_registration_number": "CY10000618X"}
        other = await request_for(served, "contact_information_identifier", company)
        assert other.status_code == 200, other.text

    async def test_an_empty_pool_is_said_and_a_filled_one_gives_again(self, served: Served) -> None:
        caller = await owner(served)
        empty = {"name": "Empty", "alternative_code": "EMPTY", "state": "posted"}
        campaign = await served.services.campaigns.create(caller, empty)
        wanted = {"promotion_campaign_identifier": {"name": "Empty"}}
        assert_refused(await request(served, **wanted), 409, "NO_PROMO_CODE_AVAILABLE")
        await served.services.codes.add(caller, CampaignRef("id", campaign.id.hex), ["LAST1"])
        assert (await request(served, **wanted)).json()["data"]["code"] == "LAST1"
        assert_refused(await request(served, **wanted), 409, "NO_PROMO_CODE_AVAILABLE")


class TestPromoCode:
    named: dict[str, Any] = {"promotion_campaign_identifier": None}  # noqa: RUF012

    async def test_the_very_code_is_given_out_once(self, served: Served) -> None:
        wanted = self.named | {"promo_code": "SC4dcj1p4sathzZ"}
        answer = await request(served, **wanted)
        assert answer.status_code == 200, answer.text
        data = answer.json()["data"]
        assert (data["code"], data["life_cycle_state"]) == ("SC4dcj1p4sathzZ", "EFFECTIVE")
        assert data["promotion_campaign"]["alternative_code"] == "BG4"
        assert_refused(await request(served, **wanted), 400, "PROMO_CODE_NOT_EFFECTIVE")
        assert await issued(served) == 1

    async def test_its_letters_are_compared_without_regard_to_case(self, served: Served) -> None:
        answer = await request(served, **self.named, promo_code=" sc4DCJ1P4SATHzz ")
        assert answer.json()["data"]["code"] == "SC4dcj1p4sathzZ"

    async def test_one_that_is_not_there_is_not_effective(self, served: Served) -> None:
        for code in ("SC4dcj1p4sathzY", "x" * 65, "ß" * 64):
            answer = await request(served, **self.named, promo_code=code)
            assert_refused(answer, 400, "PROMO_CODE_NOT_EFFECTIVE")

    async def test_one_that_was_cancelled_is_not_effective(self, served: Served) -> None:
        caller = await owner(served)
        code = await served.services.codes.named(caller, "SC4dcj1p4sathzZ")
        await served.services.codes.cancel(caller, code.id)
        answer = await request(served, **self.named, promo_code=code.code)
        assert_refused(answer, 400, "PROMO_CODE_NOT_EFFECTIVE")
        next_one = await request(served)
        assert next_one.json()["data"]["code"] != code.code

    async def test_eight_requests_for_one_code_get_it_once(self, served: Served) -> None:
        held = await token(served)
        wanted = self.named | {"promo_code": "SC4dcj1p4sathzZ", "token": held}
        answers = await asyncio.gather(*(request(served, **wanted) for _ in range(8)))
        assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7


NOT_EXACTLY_ONE: tuple[tuple[dict[str, Any], str], ...] = (
    ({"promotion_campaign_identifier": None}, "MISSING_PARAMETER"),
    ({"promotion_campaign_identifier": {}}, "MISSING_PARAMETER"),
    ({"promotion_campaign_identifier": {"name": ""}}, "MISSING_PARAMETER"),
    ({"promo_code": "SC4dcj1p4sathzZ"}, "TOO_MANY_IDENTIFIERS"),
    ({"promotion_campaign_identifier": {"id": "1", "name": "x"}}, "TOO_MANY_IDENTIFIERS"),
    ({"rewards_participant_identifier": None}, "MISSING_PARAMETER"),
    ({"rewards_participant_identifier": {}}, "MISSING_PARAMETER"),
    ({"rewards_participant_identifier": PARTICIPANT | {"id": "1"}}, "TOO_MANY_IDENTIFIERS"),
    ({"subscription_identifier": {"number": "S0000001547"}}, "TOO_MANY_IDENTIFIERS"),
    ({"rewards_participant_identifier": {"access_token_identifier": {}}}, "MISSING_PARAMETER"),
)


async def test_everything_is_named_in_exactly_one_way(served: Served) -> None:
    for changes, code in NOT_EXACTLY_ONE:
        assert_refused(await request(served, **changes), 400, code)
    assert await issued(served) == 0


class TestFieldsSet:
    async def test_it_cuts_the_data(self, served: Served) -> None:
        for fields, names in (
            ("code", ["code"]),
            ("code, life_cycle_state", ["code", "life_cycle_state"]),
            ("log_information,id,", ["id", "log_information"]),
        ):
            answer = await request(served, fields_set=fields)
            assert sorted(answer.json()["data"]) == names
            assert answer.json()["status"] == {"code": "OK", "description": "", "message": ""}

    async def test_empty_it_cuts_nothing(self, served: Served) -> None:
        assert len((await request(served, fields_set="")).json()["data"]) == 6

    async def test_a_field_that_is_none_is_refused_and_no_code_given(self, served: Served) -> None:
        message = assert_refused(
            await request(served, fields_set="code,colour"), 400, "INVALID_PARAMETER"
        )
        assert "colour" in message
        assert await issued(served) == 0


class TestSettings:
    async def test_failures_answer_200_where_http_errors_are_off(self, demo_url: str) -> None:
        async with serve(demo_url, crmcom={"http_errors": False}) as served:
            unknown = {"promotion_campaign_identifier": {"name": "nothing"}}
            assert_refused(await request(served, **unknown), 200, "CAMPAIGN_NOT_FOUND")
            assert_refused(await served.client.post(REQUEST, content="{"), 200, "INVALID_PARAMETER")
            assert_refused(await served.client.get(REQUEST), 200, "METHOD_NOT_ALLOWED")
            assert_refused(await served.client.get(f"{PREFIX}/x"), 200, "UNKNOWN_METHOD")
            assert (await request(served)).json()["status"]["code"] == "OK"

    async def test_names_are_empty_where_legacy_names_are_off(self, demo_url: str) -> None:
        async with serve(demo_url, crmcom={"legacy_names": False}) as served:
            log = (await request(served)).json()["data"]["log_information"]
            for did in ("created", "updated"):
                unit, user = log[f"{did}_by_unit"], log[f"{did}_by_user"]
                assert (unit["group_name"], unit["community_name"]) == ("", "")
                assert (user["person_name"], user["email"]) == ("", "")
                assert (unit["name"], user["username"]) == ("Admin Unit", "MPAdministrator")

    async def test_elsewhere_where_it_is_told_to(self, demo_url: str) -> None:
        async with serve(demo_url, crmcom={"prefixes": ["/elsewhere/v9"]}) as served:
            body = {"username": served.demo.username, "password": served.demo.password}
            body["organisation"] = served.demo.crmcom_organisation
            at = "/authentication/token"
            assert (await served.client.post(f"/elsewhere/v9{at}", json=body)).status_code == 200
            assert (await served.client.post(f"{PREFIX}{at}", json=body)).status_code == 404
            assert (await served.client.post(at, json=body)).status_code == 404

    async def test_nowhere_where_it_is_switched_off(self, demo_url: str) -> None:
        async with serve(demo_url, crmcom={"enabled": False}) as served:
            answer = await served.client.post(REQUEST, json={})
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"
