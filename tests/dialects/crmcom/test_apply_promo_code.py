"""subscriptions/apply_promo_code: a code is used on a subscription (DOC 490062)."""

import asyncio
from typing import Any

import httpx
import pytest

from largesse.core.customers.model import Identifier
from tests.dialects.crmcom.client import APPLY, assert_refused, data, owner, post, request, token
from tests.serving import Served

CODE = "SC4I0EnXfSky6Qt"
RECEIVABLE = {"accounts_receivable_identifier": {"number": "ACR0000002278"}}
SUBSCRIPTION = {"subscription_identifier": {"number": "S0000001547"}}


async def apply(served: Served, code: str | None = CODE, **changes: Any) -> httpx.Response:
    return await post(served, APPLY, promo_code=code, **(changes or RECEIVABLE))


async def account(served: Served, kind: str, number: str, *, of: str = "HE618") -> None:
    """Give a company, or the demo person, one more account."""
    caller = await owner(served)
    by = Identifier.REGISTRATION_NUMBER if of == "HE618" else Identifier.ID_NUMBER
    customer = await served.services.customers.named(caller, by, of)
    new = {"customer_id": customer.id, "kind": kind, "number": number}
    await served.services.accounts.create(caller, new)


@pytest.mark.parametrize("named", [RECEIVABLE, SUBSCRIPTION], ids=lambda one: next(iter(one)))
async def test_a_code_is_used_once(served: Served, named: dict[str, Any]) -> None:
    assert data(await apply(served, **named))["number"] == "S0000001547"
    found = await served.services.codes.named(await owner(served), CODE)
    assert found.state == "redeemed"
    for again in (RECEIVABLE, SUBSCRIPTION):
        assert_refused(await apply(served, **again), 400, "PROMO_CODE_NOT_EFFECTIVE")
    (used,) = (await served.services.redemptions.page(await owner(served))).items
    assert (used.code_id, used.turn) == (found.id, 1)


async def test_of_many_at_once_one_uses_it(served: Served) -> None:
    held = await token(served)
    answers = await asyncio.gather(
        *(post(served, APPLY, held=held, promo_code=CODE, **RECEIVABLE) for _ in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200, *[400] * 7]


async def test_a_code_that_was_requested_is_used_by_its_receiver_only(served: Served) -> None:
    code = data(await request(served))["code"]
    await account(served, "subscription", "S9")
    theirs = {"subscription_identifier": {"number": "S9"}}
    assert_refused(await apply(served, code, **theirs), 400, "PROMO_CODE_NOT_EFFECTIVE")
    assert data(await apply(served, code.lower(), fields_set="number", **RECEIVABLE)) == {
        "number": "S0000001547"
    }


async def test_an_account_stands_for_a_subscription_if_there_is_just_one(served: Served) -> None:
    await account(served, "receivable", "ACR9")
    theirs = {"accounts_receivable_identifier": {"number": "ACR9"}}
    assert_refused(await apply(served, **theirs), 404, "RECEIVER_NOT_FOUND")
    await account(served, "subscription", "S2", of="ID0000618")
    assert_refused(await apply(served), 400, "INVALID_PARAMETER")
    second = {"subscription_identifier": {"number": "S2"}}
    assert data(await apply(served, **second))["number"] == "S2"


async def test_a_one_time_password_is_used_up_with_the_code_only(served: Served) -> None:
    once = {"access_token_identifier": {"one_time_password": 618618}}
    by_password = {"accounts_receivable_identifier": once}
    refused = await apply(served, "SC4NoSuchCode99", **by_password)
    assert_refused(refused, 400, "PROMO_CODE_NOT_EFFECTIVE")
    assert data(await apply(served, **by_password))
    code = data(await request(served))["code"]
    assert_refused(await apply(served, code, **by_password), 404, "RECEIVER_NOT_FOUND")


async def test_bad_requests_use_nothing(served: Served) -> None:
    for changes, status, code in (
        ({}, 400, "MISSING_PARAMETER"),
        (RECEIVABLE | SUBSCRIPTION, 400, "TOO_MANY_IDENTIFIERS"),
        ({"subscription_identifier": {}}, 400, "MISSING_PARAMETER"),
        ({"subscription_identifier": {"number": "S9"}}, 404, "RECEIVER_NOT_FOUND"),
        (RECEIVABLE | {"promo_code": ""}, 400, "MISSING_PARAMETER"),
        (RECEIVABLE | {"promo_code": None}, 400, "MISSING_PARAMETER"),
        (RECEIVABLE | {"promo_code": 7}, 400, "INVALID_PARAMETER"),
        (RECEIVABLE | {"promo_code": "x" * 5000}, 400, "PROMO_CODE_NOT_EFFECTIVE"),
        (RECEIVABLE | {"fields_set": "colour"}, 400, "INVALID_PARAMETER"),
    ):
        body = {"promo_code": CODE} | changes
        assert_refused(await post(served, APPLY, **body), status, code)
    assert (await served.services.codes.named(await owner(served), CODE)).state == "available"
    assert (await served.services.redemptions.page(await owner(served))).items == []


async def test_a_user_who_may_only_look_uses_nothing(served: Served) -> None:
    caller = await owner(served)
    unit = (await served.services.units.page(caller)).items[0]
    new = {"username": "eyes", "password": "only-looking", "role": "viewer", "unit_id": unit.id}
    await served.services.users.create(caller, new)
    held = await token(served, username="eyes", password="only-looking")
    answer = await post(served, APPLY, held=held, promo_code=CODE, **RECEIVABLE)
    assert_refused(answer, 403, "NOT_PERMITTED")
