"""Logging in and out as CRM.COM's clients do, and the envelope around everything that fails."""

import asyncio
import time
from typing import Any

import jwt
import pytest

from tests.dialects.crmcom.client import (
    LOGIN,
    PREFIX,
    RELEASE,
    REQUEST,
    assert_refused,
    issued,
    log_in,
    owner,
    request,
    token,
)
from tests.serving import Served, serve

JSON = {"content-type": "application/json"}


class TestToken:
    async def test_a_login_is_answered_as_documented(self, served: Served) -> None:
        answer = await log_in(served)
        body = answer.json()
        held = body["data"].pop("token")
        # DOC 532580: null, not empty, description and message.
        assert body == {
            "status": {"code": "OK", "description": None, "message": None},
            "data": {},
        }
        claims = jwt.decode(held, options={"verify_signature": False})
        # DOC 494531: exactly two hours; DOC iZgH: the claims' names.
        assert claims["exp"] - claims["iat"] == 7200
        assert claims["usr"] == served.demo.username
        assert jwt.get_unverified_header(held) == {"alg": "HS256", "typ": "JWT"}

    async def test_what_does_not_log_in(self, served: Served) -> None:
        for changes, status, code in (
            ({"password": "wrong"}, 401, "INVALID_CREDENTIALS"),
            ({"username": "nobody"}, 401, "INVALID_CREDENTIALS"),
            ({"organisation": "nowhere"}, 401, "INVALID_CREDENTIALS"),
            ({"username": "x" * 5000}, 401, "INVALID_CREDENTIALS"),
            ({"password": None}, 400, "MISSING_PARAMETER"),
            ({"organisation": None}, 400, "MISSING_PARAMETER"),
            ({"username": 7}, 400, "INVALID_PARAMETER"),
            ({"username": "a\0b"}, 400, "INVALID_PARAMETER"),
            ({"unit": "nowhere"}, 400, "INVALID_PARAMETER"),
            ({"unit": "0" * 32}, 400, "INVALID_PARAMETER"),
        ):
            answer = await log_in(served, **changes)
            assert_refused(answer, status, code)

    async def test_an_unknown_organisation_answers_as_a_wrong_password_does(
        self, served: Served
    ) -> None:
        answers = [
            await log_in(served, password="wrong"),
            await log_in(served, organisation="nowhere"),
        ]
        assert answers[0].json() == answers[1].json()

    async def test_guessing_is_slowed_down_however_the_name_is_typed(self, demo_url: str) -> None:
        async with serve(demo_url, login_failures=3) as served:
            for name in ("MPAdministrator", "mpadministrator", " MPADMINISTRATOR "):
                answer = await log_in(served, username=name, password="wrong")
                assert_refused(answer, 401, "INVALID_CREDENTIALS")
            for changes in ({}, {"username": "mpAdministrator  "}, {"organisation": "demo"}):
                answer = await log_in(served, **changes)
                assert_refused(answer, 429, "TOO_MANY_ATTEMPTS")
                assert 1 <= int(answer.headers["retry-after"]) <= 61

    @pytest.mark.parametrize("by", ["id", "alternative_code"])
    async def test_a_user_may_act_for_another_unit(self, served: Served, by: str) -> None:
        new = {"name": "Second Unit", "alternative_code": "second"}
        unit = await served.services.units.create(await owner(served), new)
        named = {"id": unit.id.hex.upper(), "alternative_code": "second"}[by]
        held = await token(served, unit=named)
        log = (await request(served, token=held)).json()["data"]["log_information"]
        assert log["updated_by_unit"] == {
            "id": unit.id.hex.upper(),
            "name": "Second Unit",
            "alternative_code": "second",
        }
        assert log["created_by_unit"]["name"] == "Admin Unit"


class TestWhoCalls:
    async def test_a_call_without_a_good_token_is_refused(self, served: Served) -> None:
        held = await token(served)
        head, payload, signature = held.split(".")
        claims = jwt.decode(held, options={"verify_signature": False})
        forged = [
            jwt.encode(claims, "not the key, but as long as a key of that kind", "HS256"),
            jwt.encode(claims, None, algorithm="none"),
            f"{head}.{payload}.{signature[:-4]}AAAA",
            f"{head}.{payload}",
            "4AD9C84FA60F9FE407140E20F707726A",
            "..",
            "x" * 100_000,
        ]
        for bad in forged:
            assert_refused(await request(served, token=bad), 401, "INVALID_TOKEN")
        for missing in ({}, {"token": None}, {"token": ""}):
            answer = await served.client.post(REQUEST, json=missing)
            assert_refused(answer, 401, "INVALID_TOKEN")
        assert_refused(
            await served.client.post(REQUEST, json={"token": 7}), 400, "INVALID_PARAMETER"
        )
        assert await issued(served) == 0

    async def test_an_expired_token_is_refused(self, demo_url: str) -> None:
        async with serve(demo_url, crmcom={"token_seconds": 1}) as served:
            held = await token(served)
            expires = jwt.decode(held, options={"verify_signature": False})["exp"]
            await asyncio.sleep(expires - time.time() + 0.05)
            assert_refused(await request(served, token=held), 401, "INVALID_TOKEN")
            assert_refused(
                await served.client.post(RELEASE, json={"token": held}), 401, "INVALID_TOKEN"
            )

    async def test_a_released_token_is_refused(self, served: Served) -> None:
        held, other = await token(served), await token(served)
        assert (await request(served, token=held)).status_code == 200
        answer = await served.client.post(RELEASE, json={"token": held})
        assert answer.json() == {"status": {"code": "OK", "description": None, "message": None}}
        assert_refused(await request(served, token=held), 401, "INVALID_TOKEN")
        again = await served.client.post(RELEASE, json={"token": held})
        assert_refused(again, 401, "INVALID_TOKEN")
        assert (await request(served, token=other)).status_code == 200

    async def test_a_user_without_the_right_is_not_permitted(self, served: Served) -> None:
        caller = await owner(served)
        units = await served.services.units.page(caller)
        new = {"username": "eyes", "password": "only-looking", "role": "viewer"}
        await served.services.users.create(caller, new | {"unit_id": units.items[0].id})
        held = await token(served, username="eyes", password="only-looking")
        assert_refused(await request(served, token=held), 403, "NOT_PERMITTED")


class TestEnvelope:
    async def test_bodies_that_are_none(self, served: Served) -> None:
        held = (await token(served)).encode()
        good = b'{"token":"%s","promotion_campaign_identifier":{"alternative_code":"BG4"}' % held
        for content in (
            b"",
            b" ",
            b"{",
            b"[]",
            b"null",
            b"\xff\xfe",
            good,
            good + b',"subscription_identifier":[]}',
            good + b',"subscription_identifier":{"number":5}}',
            good + b',"subscription_identifier":{"number":"S\\u0000"}}',
            good + b',"subscription_identifier":{"number":"\\ud800"}}',
            b"[" * 50_000 + b"]" * 50_000,
        ):
            answer = await served.client.post(REQUEST, content=content, headers=JSON)
            assert answer.status_code in (400, 401), (content[:80], answer.text)
            assert_refused(answer, answer.status_code, answer.json()["status"]["code"])
        assert await issued(served) == 0

    async def test_an_escaped_backslash_is_no_nul(self, served: Served) -> None:
        content = b'{"username":"a\\\\u0000","password":"x","organisation":"demo"}'
        answer = await served.client.post(LOGIN, content=content)
        assert_refused(answer, 401, "INVALID_CREDENTIALS")

    async def test_members_that_nobody_knows_are_passed_over(self, served: Served) -> None:
        answer = await request(
            served,
            colour="red",
            rewards_participant_identifier={
                "number": "RP0000000618",
                "mood": None,
            },
        )
        assert answer.status_code == 200, answer.text

    async def test_a_body_beyond_the_limit(self, demo_url: str) -> None:
        async with serve(demo_url, max_body_bytes=1000) as served:
            answer = await served.client.post(REQUEST, content=b"{" + b" " * 1000)
            assert_refused(answer, 413, "REQUEST_TOO_LARGE")

            async def pieces() -> Any:
                for _ in range(20):
                    yield b" " * 100

            answer = await served.client.post(REQUEST, content=pieces())
            assert_refused(answer, 413, "REQUEST_TOO_LARGE")

    async def test_paths_and_methods(self, served: Served) -> None:
        client = served.client
        for method, path, status, code in (
            ("POST", f"{PREFIX}/promotion_campaigns/nothing", 404, "UNKNOWN_METHOD"),
            ("POST", "/promotion_campaigns/nothing", 404, "UNKNOWN_METHOD"),
            ("POST", f"{REQUEST}/", 404, "UNKNOWN_METHOD"),
            ("GET", PREFIX, 404, "UNKNOWN_METHOD"),
            ("GET", REQUEST, 405, "METHOD_NOT_ALLOWED"),
            ("DELETE", LOGIN, 405, "METHOD_NOT_ALLOWED"),
            ("OPTIONS", LOGIN, 405, "METHOD_NOT_ALLOWED"),
            ("GET", f"{PREFIX}/promotion_campaigns/x%00", 404, "UNKNOWN_METHOD"),
        ):
            answer = await client.request(method, path)
            assert_refused(answer, status, code)
            assert answer.headers["x-request-id"]
        assert (await client.get(REQUEST)).headers["allow"] == "POST"

    async def test_a_request_id_comes_back(self, served: Served) -> None:
        answer = await served.client.get(REQUEST, headers={"x-request-id": "client-chose-1"})
        assert answer.headers["x-request-id"] == "client-chose-1"
        answer = await served.client.get(REQUEST, headers={"x-request-id": "no good <b>"})
        assert answer.headers["x-request-id"] != "no good <b>"
