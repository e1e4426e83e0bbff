"""Logging in by keys: a program's own, and one that acts for a customer."""

import base64
from typing import Any

import httpx
import jwt
import pytest

from largesse.core.customers.model import Identifier
from tests.dialects.crmcom.client import (
    APPLY,
    CONSUMER_KEY,
    CREATE_CONTACT,
    LIST_PARTICIPANTS,
    LIST_RECEIVABLES,
    RELEASE,
    REQUEST,
    SHOW_CONTACT,
    SHOW_PARTICIPANT,
    SHOW_RECEIVABLE,
    WEB_API_KEY,
    assert_refused,
    data,
    get,
    issued,
    owner,
    post,
    request,
)
from tests.serving import Served, serve

KNOWN = {"identifier": "cyrillus.mayer@example.com", "pass_code": "1234"}
BY_CODE = {"authentication_code": "AUTH0000618"}
BG4 = {"alternative_code": "BG4"}


def basic(text: str) -> dict[str, str]:
    return {"authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}


async def key_login(served: Served, key: str | None = None, body: Any = None) -> httpx.Response:
    key = f"{served.demo.application_key}:" if key is None else key
    more = {} if body is None else {"json": body}
    return await served.client.post(WEB_API_KEY, headers=basic(key), **more)


async def consumer_login(served: Served, named: Any = BY_CODE, **more: Any) -> httpx.Response:
    body = {"access_token_identifier": named} | more
    headers = basic(f"{served.demo.application_key}:")
    return await served.client.post(CONSUMER_KEY, headers=headers, json=body)


class TestWebApiKey:
    @pytest.mark.parametrize("behind", [":", "", ":ignored"])
    async def test_the_key_is_the_user_name_with_or_without_a_colon(
        self, served: Served, behind: str
    ) -> None:
        answer = await key_login(served, served.demo.application_key + behind)
        held = data(answer)["token"]
        assert (await request(served, token=held)).status_code == 200

    async def test_the_scheme_may_be_in_small_letters(self, served: Served) -> None:
        value = basic(f"{served.demo.application_key}:")["authorization"]
        answer = await served.client.post(
            WEB_API_KEY, headers={"authorization": value.replace("Basic", "basic")}
        )
        assert data(answer)["token"]

    async def test_a_key_can_act_for_another_unit(self, served: Served) -> None:
        new = {"name": "Second Unit", "alternative_code": "second"}
        unit = await served.services.units.create(await owner(served), new)
        held = data(await key_login(served, body={"unit": unit.id.hex.upper()}))["token"]
        log = data(await request(served, token=held))["log_information"]
        assert log["updated_by_unit"]["name"] == "Second Unit"

    async def test_what_is_no_key_is_refused(self, served: Served) -> None:
        key = served.demo.application_key
        for text in (f"{key}x:", "EE73C0AE64524371B5DDEFF5F7BB2192:", "lk_1_2_3:", "x" * 5000):
            assert_refused(await key_login(served, text), 401, "INVALID_CREDENTIALS")
        for headers in (
            {},
            {"authorization": "Basic"},
            {"authorization": "Basic ="},
            {"authorization": "Basic Og=="},
            {"authorization": "Basic /////w=="},
            {"authorization": f"Bearer {key}"},
        ):
            answer = await served.client.post(WEB_API_KEY, headers=headers)
            assert_refused(answer, 401, "INVALID_TOKEN")
        answer = await key_login(served, body={"unit": "nowhere"})
        assert_refused(answer, 400, "INVALID_PARAMETER")
        assert_refused(await key_login(served, body=[]), 400, "INVALID_PARAMETER")

    async def test_a_key_that_is_revoked_ends_its_tokens(self, demo_url: str) -> None:
        async with serve(demo_url, token_recheck_seconds=0) as served:
            caller = await owner(served)
            users = await served.services.users.page(caller)
            new = {"name": "spare", "user_id": users.items[0].id}
            made = await served.services.keys.create_key(caller, new)
            held = data(await key_login(served, made.secret))["token"]
            assert (await request(served, token=held)).status_code == 200
            await served.services.keys.delete(caller, made.key.id)
            assert_refused(await request(served, token=held), 401, "INVALID_TOKEN")
            assert_refused(await key_login(served, made.secret), 401, "INVALID_CREDENTIALS")


class TestConsumer:
    @pytest.mark.parametrize("named", [KNOWN, BY_CODE])
    async def test_the_token_names_the_customer(self, served: Served, named: Any) -> None:
        held = data(await consumer_login(served, named))["token"]
        claims = jwt.decode(held, options={"verify_signature": False})
        customers = served.services.customers
        customer = await customers.named(await owner(served), Identifier.ID_NUMBER, "ID0000618")
        # DOC iZgH: cii and acr, of consumers only.
        assert claims["cii"] == customer.id.hex.upper()
        receivable = data(
            await get(
                served, SHOW_RECEIVABLE, accounts_receivable_identifier="number=ACR0000002278"
            )
        )
        assert claims["acr"] == receivable["id"]

    async def test_it_does_and_sees_what_is_the_customers_own(self, served: Served) -> None:
        held = data(await consumer_login(served))["token"]
        own = {"accounts_receivable_identifier": {"number": "ACR0000002278"}}
        assert data(
            await post(served, REQUEST, held=held, promotion_campaign_identifier=BG4, **own)
        )
        assert data(await post(served, APPLY, held=held, promo_code="SC4I0EnXfSky6Qt", **own))
        assert data(await post(served, SHOW_RECEIVABLE, held=held, **own))
        contact = "id_number=ID0000618"
        for path, query in (
            (SHOW_CONTACT, {"contact_information_identifier": contact}),
            (SHOW_RECEIVABLE, {"accounts_receivable_identifier": "number=ACR0000002278"}),
            (LIST_RECEIVABLES, {"contact_information_identifier": contact}),
            (LIST_RECEIVABLES, {"email_address": "cyrillus.mayer@example.com"}),
            (SHOW_PARTICIPANT, {"rewards_participant_identifier": "number=RP0000000618"}),
            (LIST_PARTICIPANTS, {"contact_information_identifier": contact}),
        ):
            assert data(await get(served, path, held=held, **query)), path

    async def test_of_others_there_is_nothing(self, served: Served) -> None:
        caller = await owner(served)
        company = await served.services.customers.named(
            caller, Identifier.REGISTRATION_NUMBER, "HE618"
        )
        for kind, number in (("receivable", "ACR9"), ("subscription", "S9"), ("rewards", "RP9")):
            new = {"customer_id": company.id, "kind": kind, "number": number}
            await served.services.accounts.create(caller, new)
        held = data(await consumer_login(served))["token"]
        unknown = await get(
            served, SHOW_CONTACT, held=held, contact_information_identifier="registration_number=X"
        )
        assert_refused(unknown, 404, "RECEIVER_NOT_FOUND")
        contact = "registration_number=HE618"
        for path, query in (
            (SHOW_CONTACT, {"contact_information_identifier": contact}),
            (SHOW_RECEIVABLE, {"accounts_receivable_identifier": "number=ACR9"}),
            (LIST_RECEIVABLES, {"contact_information_identifier": contact}),
            (LIST_RECEIVABLES, {"subscription_identifier": "number=S9"}),
            (SHOW_PARTICIPANT, {"rewards_participant_identifier": "number=RP9"}),
            (LIST_PARTICIPANTS, {"accounts_receivable_identifier": "number=ACR9"}),
        ):
            answer = await get(served, path, held=held, **query)
            assert_refused(answer, 404, "RECEIVER_NOT_FOUND")
        theirs = {"accounts_receivable_identifier": {"number": "ACR9"}}
        for path, body in (
            (REQUEST, theirs | {"promotion_campaign_identifier": BG4}),
            (APPLY, theirs | {"promo_code": "SC4I0EnXfSky6Qt"}),
            (SHOW_RECEIVABLE, theirs),
        ):
            answer = await post(served, path, held=held, **body)
            assert_refused(answer, 404, "RECEIVER_NOT_FOUND")
        by_email = {"email_address": "office@oilcorp.example.com"}
        assert data(await get(served, LIST_RECEIVABLES, held=held, **by_email)) == []
        assert await issued(served) == 0

    async def test_nothing_else_is_permitted_in_whichever_dialect(self, served: Served) -> None:
        held = data(await consumer_login(served))["token"]
        new = {"type": "PERSON", "first_name": "Ada", "last_name": "Byron"}
        answer = await post(served, CREATE_CONTACT, held=held, **new)
        assert_refused(answer, 403, "NOT_PERMITTED")
        headers = {"authorization": f"Bearer {held}"}
        for path in ("customers", "accounts", "codes", "users", "campaigns", "redemptions"):
            assert (await served.client.get(f"/v1/{path}", headers=headers)).status_code == 403
        answer = await served.client.get("/api/v1/customers", headers=headers)
        assert answer.status_code >= 400, answer.text

    async def test_a_token_ends_with_the_customers_token(self, demo_url: str) -> None:
        async with serve(demo_url, token_recheck_seconds=0) as served:
            caller, tokens = await owner(served), served.services.customer_tokens
            held = data(await consumer_login(served))["token"]
            query = {"contact_information_identifier": "id_number=ID0000618"}
            assert data(await get(served, SHOW_CONTACT, held=held, **query))
            (one,) = (await tokens.page(caller)).items
            await tokens.change(caller, one.id, {"state": "terminated"})
            answer = await get(served, SHOW_CONTACT, held=held, **query)
            assert_refused(answer, 401, "INVALID_TOKEN")
            assert_refused(await consumer_login(served), 401, "INVALID_CREDENTIALS")

    async def test_it_can_be_released(self, served: Served) -> None:
        held = data(await consumer_login(served))["token"]
        assert (await post(served, RELEASE, held=held)).status_code == 200
        answer = await post(served, RELEASE, held=held)
        assert_refused(answer, 401, "INVALID_TOKEN")

    async def test_what_does_not_log_in(self, served: Served) -> None:
        for named, status, code in (
            (KNOWN | {"pass_code": "4321"}, 401, "INVALID_CREDENTIALS"),
            (KNOWN | {"identifier": "nobody"}, 401, "INVALID_CREDENTIALS"),
            ({"authentication_code": "AUTH9"}, 401, "INVALID_CREDENTIALS"),
            ({"identifier": "cyrillus.mayer@example.com"}, 400, "PASS_CODE_REQUIRED"),
            ({"pass_code": "1234"}, 400, "MISSING_PARAMETER"),
            (BY_CODE | KNOWN, 400, "TOO_MANY_IDENTIFIERS"),
            (BY_CODE | {"pass_code": "1234"}, 400, "INVALID_PARAMETER"),
            # DOC x/7NoH: not by a one-time password.
            ({"one_time_password": 618618}, 400, "MISSING_PARAMETER"),
            (None, 400, "MISSING_PARAMETER"),
            (7, 400, "INVALID_PARAMETER"),
        ):
            assert_refused(await consumer_login(served, named), status, code)
        answer = await consumer_login(served, None, jwt="a.b.c", organisation="CRMDEMO")
        assert_refused(answer, 400, "INVALID_PARAMETER")
        body = {"access_token_identifier": BY_CODE}
        answer = await served.client.post(CONSUMER_KEY, json=body)
        assert_refused(answer, 401, "INVALID_TOKEN")

    async def test_guessing_is_slowed_down(self, demo_url: str) -> None:
        async with serve(demo_url, login_failures=3) as served:
            for pass_code in ("1", "2", "3"):
                answer = await consumer_login(served, KNOWN | {"pass_code": pass_code})
                assert_refused(answer, 401, "INVALID_CREDENTIALS")
            answer = await consumer_login(served, KNOWN)
            assert_refused(answer, 429, "TOO_MANY_ATTEMPTS")
            assert data(await consumer_login(served, BY_CODE))
