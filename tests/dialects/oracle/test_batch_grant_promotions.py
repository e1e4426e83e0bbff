"""batchGrantPromotions over HTTP, as SEED 001 prints it and beyond."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.core.shop import open_shop
from tests.dialects.oracle.client import (
    BATCH,
    PREFIX,
    bearer,
    compact,
    finished,
    held,
    log_in,
    owner,
    rows,
    send,
    untouched,
)
from tests.golden import assert_same_json, load
from tests.serving import Served, serve

REQUEST = load("oracle", "batch-grant-promotions-request")
UNAUTHENTICATED = load("oracle", "batch-grant-promotions-401")
PRINTED: dict[str, Any] = json.loads(REQUEST.body)
EVERYBODY = {
    (promotion, recipient, "src10001"): 1
    for promotion in ("promo1001", "promo1002")
    for recipient in (
        *("shopper1@example.com", "shopper2@example.com"),
        *("profile1", "profile2"),
    )
}


def changed(**members: Any) -> dict[str, Any]:
    """Return the printed request with other members; one that is ... is left out."""
    return {k: v for k, v in (PRINTED | members).items() if v is not ...}


def error(code: str, message: str, status: int = 400) -> dict[str, str]:
    """Return the single envelope."""
    return {"errorCode": code, "message": message, "status": str(status)}


# --- as printed --------------------------------------------------------------------------------


async def test_the_printed_request_gets_the_printed_answer_and_its_grants(served: Served) -> None:
    assert (REQUEST.method, REQUEST.path) == ("POST", BATCH)
    golden = load("oracle", "batch-grant-promotions-200")
    answer = await send(served, REQUEST.body)
    assert answer.status_code == golden.status
    assert answer.headers["content-type"] == golden.content_type
    assert_same_json(answer.content, golden, masked=["links.0.href"])
    printed: Any = golden.json()
    assert answer.content == compact(printed).replace(b"http://localhost:9080", served.url.encode())
    job = await finished(served, answer)
    assert (job.state, job.counts) == ("done", {"granted": 4, "grants": 8})
    assert await held(served) == EVERYBODY


async def test_the_uri_and_the_values_are_those_of_the_printed_request() -> None:
    uri = load("oracle", "batch-grant-promotions-uri-request")
    assert (uri.method, uri.path) == (REQUEST.method, REQUEST.path)
    for name, member in (
        ("value-email-addresses", "emailAddresses"),
        ("value-profile-ids", "profileIds"),
        ("value-promotion-ids", "promotionIds"),
    ):
        assert load("oracle", name).json() == PRINTED[member]
    assert load("oracle", "value-source-id").body.decode() == PRINTED["sourceId"]


async def test_one_invalid_promotion_is_the_printed_single_error(served: Served) -> None:
    golden = load("oracle", "batch-grant-promotions-400-single-error")
    await without_promotions(served, "promo1001")
    answer = await send(served, REQUEST.body)
    assert answer.status_code == golden.status
    assert answer.headers["content-type"] == golden.content_type
    assert answer.content == compact(golden.json())
    await untouched(served)


async def test_several_invalid_promotions_are_the_printed_array(served: Served) -> None:
    golden = load("oracle", "batch-grant-promotions-400-multiple-errors")
    await without_promotions(served, "promo1001", "promo1002")
    answer = await send(served, REQUEST.body)
    assert answer.status_code == golden.status
    assert answer.headers["content-type"] == golden.content_type
    assert answer.content == compact(golden.json())
    await untouched(served)


async def without_promotions(served: Served, *keys: str) -> None:
    """Delete promotions, so that the very ids that the document prints are invalid."""
    caller = await owner(served)
    for key in keys:
        promotion = await served.services.promotions.by_key(caller, key)
        await served.services.promotions.delete(caller, promotion.id)


async def test_nobody_to_grant_to_is_13001(served: Served) -> None:
    golden = load("oracle", "batch-grant-promotions-400-13001")
    for body in (
        changed(profileIds=..., emailAddresses=...),
        changed(profileIds=[], emailAddresses=[]),
        changed(profileIds=None, emailAddresses=None),
        changed(profileIds=[], emailAddresses=...),
    ):
        answer = await send(served, body)
        assert answer.status_code == golden.status
        assert answer.json()["errorCode"] == golden.error_code
        assert answer.content == load("oracle", "batch-grant-promotions-400-13001-body").body
    await untouched(served)


async def test_without_a_valid_token_the_answer_is_the_printed_401(served: Served) -> None:
    shown: list[bytes | None] = [None, b"Bearer", b"Bearer no.such.token", b"Bearer \xe9\xff"]
    for value in (*shown, b"Basic dXNlcjpwYXNzd29yZA=="):
        headers = {} if value is None else {"authorization": value}
        # Neither a good body nor a bad one is looked at.
        for body in (REQUEST.body, b"{", b""):
            answer = await served.client.post(BATCH, content=body, headers=headers)
            assert answer.status_code == UNAUTHENTICATED.status, value
            assert answer.headers["content-type"] == UNAUTHENTICATED.content_type
            assert answer.content == compact(UNAUTHENTICATED.json())
            assert answer.headers["www-authenticate"] == "Bearer"
    await untouched(served)


async def test_an_application_key_is_no_token(served: Served) -> None:
    answer = await served.client.post(
        BATCH, content=REQUEST.body, headers=bearer(served.demo.application_key)
    )
    assert answer.status_code == 401


# --- who receives ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("absent", "how"), [("profileIds", ...), ("emailAddresses", None), ("sourceId", ...)]
)
async def test_each_optional_member_may_be_absent(served: Served, absent: str, how: Any) -> None:
    job = await finished(served, await send(served, changed(**{absent: how})))
    assert job.total == (4 if absent == "sourceId" else 2)
    source = None if absent == "sourceId" else "src10001"
    recipients = set(PRINTED["profileIds"] + PRINTED["emailAddresses"])
    if absent != "sourceId":
        recipients -= set(PRINTED[absent])
    assert await held(served) == {
        (promotion, recipient, source): 1
        for promotion in PRINTED["promotionIds"]
        for recipient in recipients
    }


async def test_unknown_recipients_are_accepted_and_reported_row_by_row(served: Served) -> None:
    body = changed(
        profileIds=["profile1", "nobody", "p" * 5000],
        emailAddresses=["shopper1@example.com", "no address", ""],
    )
    job = await finished(served, await send(served, body))
    # In the order of the printed request, whose addresses come first.
    assert [(row.kind, row.value, row.outcome) for row in await rows(served, job)] == [
        ("email", "shopper1@example.com", "granted"),
        ("email", "no address", "bad_address"),
        ("email", "", "bad_address"),
        ("profile", "profile1", "granted"),
        ("profile", "nobody", "unknown_profile"),
        ("profile", "p" * 1000, "unknown_profile"),
    ]


async def test_the_same_request_again_is_the_same_batch(served: Served) -> None:
    first = await send(served, REQUEST.body)
    await finished(served, first)
    again = await send(served, REQUEST.body)
    assert again.headers["X-Batch-Id"] == first.headers["X-Batch-Id"]
    assert again.content == first.content
    await finished(served, again)
    assert await held(served) == EVERYBODY


async def test_the_same_request_many_times_at_once_is_one_batch(served: Served) -> None:
    answers = await asyncio.gather(*(send(served, REQUEST.body) for _ in range(6)))
    assert len({answer.headers["X-Batch-Id"] for answer in answers}) == 1
    await finished(served, answers[0])
    assert await held(served) == EVERYBODY


async def test_the_source_with_another_body_is_a_new_batch_that_skips_what_is_granted(
    served: Served,
) -> None:
    first = await send(served, REQUEST.body)
    await finished(served, first)
    more = await send(served, changed(emailAddresses=["shopper1@example.com", "new@example.com"]))
    assert more.headers["X-Batch-Id"] != first.headers["X-Batch-Id"]
    job = await finished(served, more)
    assert job.counts == {"already_granted": 3, "granted": 1, "grants": 2}


async def test_without_a_source_a_second_call_grants_nothing_twice(served: Served) -> None:
    body = changed(sourceId=...)
    first, second = await send(served, body), await send(served, body)
    assert first.headers["X-Batch-Id"] != second.headers["X-Batch-Id"]
    for answer in (first, second):
        await finished(served, answer)
    assert set((await held(served)).values()) == {1}


async def test_an_address_of_a_listed_profile_is_a_separate_grant(served: Served) -> None:
    body = changed(profileIds=["profile1"], emailAddresses=["profile1@example.com"])
    await finished(served, await send(served, body))
    assert {recipient for _, recipient, _ in await held(served)} == {
        "profile1",
        "profile1@example.com",
    }


# --- what a client may send --------------------------------------------------------------------


async def test_headers_of_clients_are_accepted(served: Served) -> None:
    for number, headers in enumerate(
        (
            {"X-CCAsset-Language": "en"},
            {"x-ccasset-language": "de_DE"},
            {"X-CCAsset-Language": "klingon"},
            {"Content-Type": "application/json; charset=UTF-8"},
            {"content-type": "text/plain"},
        )
    ):
        job = await finished(
            served, await send(served, changed(sourceId=f"src{number}"), **headers)
        )
        assert job.counts == {"granted": 4, "grants": 8}, headers


async def test_members_that_no_document_has_are_ignored(served: Served) -> None:
    await finished(served, await send(served, changed(comment="hi", siteId=["siteUS"])))
    assert await held(served) == EVERYBODY


async def test_the_link_is_the_url_that_was_called(served: Served) -> None:
    headers = bearer(await log_in(served)) | {"Host": "ccadmin-z32a.oracleoutsourcing.com"}
    answer = await served.client.post(f"{BATCH}?x=secret", content=REQUEST.body, headers=headers)
    (link,) = answer.json()["links"]
    assert link["href"] == f"http://ccadmin-z32a.oracleoutsourcing.com{BATCH}"


async def test_a_host_that_is_none_does_not_break_the_answer(served: Served) -> None:
    headers = bearer(await log_in(served))
    for host in ("a b", '"><x>', "[::1", "x:99999999", ""):
        answer = await served.client.post(
            BATCH, content=REQUEST.body, headers=headers | {"Host": host}
        )
        assert answer.status_code in (200, 400), (host, answer.text)
        assert b"<x>" not in answer.content


# --- refusals ----------------------------------------------------------------------------------


async def test_missing_promotions_are_13037(served: Served) -> None:
    for body in (
        {},
        changed(promotionIds=...),
        changed(promotionIds=None),
        changed(promotionIds=[]),
        {"promotionIds": [], "profileIds": []},
    ):
        answer = await send(served, body)
        assert answer.status_code == 400
        assert answer.content == load("oracle", "batch-grant-promotions-400-13037").body, body
    await untouched(served)


async def test_a_wrong_type_is_refused_by_its_name(served: Served) -> None:
    for body, message in (
        (changed(promotionIds="promo1001"), "promotionIds: Expected `array | null`, got `str`"),
        (changed(promotionIds=[1001]), "promotionIds[0]: Expected `str`, got `int`"),
        (changed(promotionIds=[None]), "promotionIds[0]: Expected `str`, got `null`"),
        (changed(profileIds={}), "profileIds: Expected `array | null`, got `object`"),
        (changed(profileIds=["a", 7]), "profileIds[1]: Expected `str`, got `int`"),
        (changed(emailAddresses=[["a"]]), "emailAddresses[0]: Expected `str`, got `array`"),
        (changed(sourceId=10001), "sourceId: Expected `str | null`, got `int`"),
        ([PRINTED], "Expected `object`, got `array`"),
        (None, "Expected `object`, got `null`"),
    ):
        answer = await send(served, body)
        assert answer.status_code == 400
        assert answer.json() == error("10002", message)
    answer = await send(served, changed(promotionIds=[1001]))
    assert answer.content == load("oracle", "batch-grant-promotions-400-10002").body
    await untouched(served)


async def test_a_body_that_is_no_json_is_refused(served: Served) -> None:
    for body in (
        b"",
        b"  ",
        b"{",
        b"promotionIds=promo1001",
        b"\xff\xfe{}",
        b"\xef\xbb\xbf" + REQUEST.body,
        b'{"promotionIds":["\\ud800"],"profileIds":["profile1"]}',
        b'{"promotionIds":["\xed\xa0\x80"],"profileIds":["profile1"]}',
        b'{"x":' * 100_000,
        gzip.compress(REQUEST.body),
        REQUEST.body + b"x",
    ):
        answer = await send(served, body)
        assert answer.status_code == 400, body
        refused = answer.json()
        assert refused == error(refused["errorCode"], refused["message"])
        assert refused["errorCode"] in ("00000000", "10002"), body
    await untouched(served)


async def test_what_is_no_promotion_is_21171(served: Served) -> None:
    for key in ("", "promo1001 ", "PROMO1001", "x" * 5000, "é'\"%_*"):
        answer = await send(served, changed(promotionIds=["promo1001", key, key]))
        assert answer.status_code == 400
        assert answer.json() == error("21171", f"{key} is not a valid promotion id")
    await untouched(served)


async def test_all_promotions_are_checked_and_a_thousand_errors_listed(served: Served) -> None:
    keys = [f"no{number}" for number in range(40_000)]
    answer = await send(served, changed(promotionIds=["promo1001", *keys]))
    assert answer.status_code == 400
    (several,) = answer.json()
    assert list(several) == ["errorCode", "message", "errors", "status"]
    assert several["message"] == "no0 is not a valid promotion id"
    assert several["errors"] == [
        error("21171", f"{key} is not a valid promotion id") for key in keys[:1000]
    ]
    await untouched(served)


async def test_a_source_that_is_too_long_is_refused(served: Served) -> None:
    answer = await send(served, changed(sourceId="s" * 201))
    assert answer.status_code == 400
    assert answer.json() == error("10002", "sourceId: must have at most 200 characters")
    await untouched(served)


async def test_a_text_with_a_nul_is_refused(served: Served) -> None:
    for member in ("promotionIds", "profileIds", "emailAddresses", "sourceId"):
        value = "nul\0" if member == "sourceId" else ["nul\0"]
        answer = await send(served, changed(**{member: value}))
        assert answer.status_code == 400
        assert answer.json()["errorCode"] == "10002"
    await untouched(served)


async def test_the_longest_source_is_kept_whole(served: Served) -> None:
    await finished(served, await send(served, changed(sourceId="é" * 200)))
    assert {source for _, _, source in await held(served)} == {"é" * 200}


async def test_who_may_not_grant_is_refused(served: Served) -> None:
    caller = await owner(served)
    unit = (await served.services.units.page(caller)).items[0]
    viewer = {"username": "viewer", "password": "viewer-viewer", "role": "viewer"}
    await served.services.users.create(caller, viewer | {"unit_id": unit.id})
    answer = await served.client.post(
        f"{PREFIX}/login",
        data={"grant_type": "password", "username": "viewer", "password": "viewer-viewer"},
    )
    headers = bearer(answer.json()["access_token"])
    answer = await served.client.post(BATCH, content=REQUEST.body, headers=headers)
    assert answer.status_code == 403
    assert answer.json() == error("00000000", "This needs the right 'grant_promotions'.", 403)
    await untouched(served)


async def test_promotions_and_profiles_of_another_organization_are_not_there(
    served: Served,
) -> None:
    other = await open_shop(served.services, name="Another shop")
    answer = await send(served, changed(promotionIds=["promo0"]))
    assert answer.json() == error("21171", "promo0 is not a valid promotion id")
    body = changed(profileIds=["profile0"], emailAddresses=...)
    job = await finished(served, await send(served, body))
    assert (await rows(served, job))[0].outcome == "unknown_profile"
    assert (await served.services.grants.page(other)).items == []


# --- the releases and settings -----------------------------------------------------------------


async def test_too_many_recipients_and_too_large_bodies_are_refused(demo_url: str) -> None:
    async with serve(demo_url, max_batch_recipients=5, max_batch_body_bytes=400) as served:
        await finished(served, await send(served, changed(profileIds=["a", "b", "c"])))
        answer = await send(served, changed(sourceId="x", profileIds=["a", "b", "c", "d"]))
        assert answer.status_code == 400
        assert answer.json() == error("10002", "profileIds and emailAddresses: must be at most 5")
        for parts in (False, True):
            body = json.dumps(changed(profileIds=["a" * 400])).encode()
            answer = await send(served, in_parts(body, 100) if parts else body)
            assert answer.status_code == 413
            said = "The body is larger than 400 bytes."
            assert answer.json() == error("00000000", said, status=413)
    async with serve(demo_url, max_body_bytes=400) as served:
        # This limit is for all the rest of such a body.
        emails = [f"shopper{number}@example.com" for number in range(100)]
        await finished(served, await send(served, changed(sourceId="y", emailAddresses=emails)))
        answer = await send(served, changed(comment="x" * 400))
        assert answer.status_code == 413


async def test_several_errors_may_be_one_object(demo_url: str) -> None:
    async with serve(demo_url, oracle={"multi_error": "object"}) as served:
        await without_promotions(served, "promo1001", "promo1002")
        answer = await send(served, REQUEST.body)
    assert (
        answer.content == load("oracle", "batch-grant-promotions-400-multiple-errors-object").body
    )
    printed: Any = load("oracle", "batch-grant-promotions-400-multiple-errors").json()
    assert answer.content == compact(printed[0])


async def test_release_21d_has_its_own_bodies(demo_url: str) -> None:
    async with serve(demo_url, oracle={"release": "21D"}) as served:
        for body, code, message in (
            (changed(promotionIds=...), "13037", "Missing required property: promotionIds"),
            (changed(profileIds=...), "13037", "Missing required property: profileIds"),
            (changed(promotionIds=["a", "b"]), "21171", "a is not a valid promotion id"),
            (changed(profileIds=1), "10002", "profileIds: Expected `array | null`, got `int`"),
        ):
            answer = await send(served, body)
            assert answer.status_code == 400
            assert answer.content == compact({"Status": code, "Message": message})
        answer = await send(served, changed(promotionIds=...))
        assert answer.content == load("oracle", "batch-grant-promotions-21d-400").body
        answer = await served.client.post(BATCH, content=REQUEST.body)
        assert answer.content == compact(UNAUTHENTICATED.json())
        await untouched(served)

        answer = await send(served, REQUEST.body)
        assert answer.content == load("oracle", "batch-grant-promotions-21d-200").body
        await finished(served, answer)
        assert await held(served) == {
            (promotion, profile, None): 1
            for promotion in PRINTED["promotionIds"]
            for profile in PRINTED["profileIds"]
        }


async def test_release_22a_has_sources_and_links_but_no_addresses(demo_url: str) -> None:
    async with serve(demo_url, oracle={"release": "22A"}) as served:
        answer = await send(served, changed(profileIds=...))
        assert answer.status_code == 400
        assert answer.json() == error("13037", "Missing required property: profileIds")
        await untouched(served)
        answer = await send(served, REQUEST.body)
        golden = load("oracle", "batch-grant-promotions-200")
        assert_same_json(answer.content, golden, masked=["links.0.href"])
        await finished(served, answer)
        assert {recipient for _, recipient, _ in await held(served)} == {"profile1", "profile2"}


# --- a large batch -----------------------------------------------------------------------------


async def test_a_large_batch_is_accepted_at_once_and_done_soon(served: Served) -> None:
    caller = await owner(served)
    await served.services.promotions.create(caller, {"key": "promo1003", "title": "Third"})
    emails = [f"shopper{number}@example.com" for number in range(20_000)]
    body = changed(
        promotionIds=["promo1001", "promo1002", "promo1003"], profileIds=..., emailAddresses=emails
    )
    job = await finished(served, await send(served, body))
    assert (job.state, job.total) == ("done", 20_000)
    assert job.counts == {"granted": 20_000, "grants": 60_000}


async def in_parts(body: bytes, size: int) -> AsyncIterator[bytes]:
    """Yield a body in parts, whose length nobody knows beforehand."""
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.mark.parametrize("at_once", [3, 20_000])
async def test_the_body_may_come_in_parts_of_any_size_and_spelling(
    served: Served, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("largesse.core.grants.intake.AT_ONCE", at_once)
    first = await send(served, REQUEST.body)
    for number, body in enumerate((REQUEST.body, json.dumps(PRINTED, indent=3).encode()), 1):
        again = await send(served, in_parts(body, number * 7))
        assert again.headers["X-Batch-Id"] == first.headers["X-Batch-Id"]
    await finished(served, first)
    assert await held(served) == EVERYBODY
    assert len((await served.services.jobs.page(await owner(served))).items) == 1


@pytest.mark.parametrize("at_once", [3, 20_000])
async def test_of_a_body_that_ends_badly_nothing_is_left(
    served: Served, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("largesse.core.grants.intake.AT_ONCE", at_once)
    whole = json.dumps(changed(profileIds=[f"p{number}" for number in range(40)]))
    for body in (
        whole[:-1],
        whole.replace("promo1002", "promo9999"),
        whole.replace('"p39"', "39"),
        whole.replace('"p39"', '"p39",'),
        whole.replace('"p39"', '"\\ud800"'),
        whole.replace('"promo1002"]', '"promo1002"], "profileIds": []'),
        whole + whole,
    ):
        answer = await send(served, in_parts(body.encode(), 50))
        assert answer.status_code == 400, body
        assert set(answer.json()) == {"errorCode", "message", "status"}, answer.text
    await untouched(served)


@pytest.mark.parametrize("at_once", [3, 20_000])
async def test_of_a_body_that_is_cut_off_nothing_is_left(
    served: Served, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("largesse.core.grants.intake.AT_ONCE", at_once)
    token = await log_in(served)
    for length in (b"Content-Length: 100000", b"Transfer-Encoding: chunked"):
        host, port = served.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        recipients = ",".join(f'"a{number}@example.com"' for number in range(40))
        body = f'{{"promotionIds": ["promo1001"], "emailAddresses": [{recipients}'.encode()
        if b"chunked" in length:
            body = b"%x\r\n%b\r\n" % (len(body), body)
        head = (f"POST {BATCH} HTTP/1.1", "Host: x", f"Authorization: Bearer {token}")
        writer.write("\r\n".join(head).encode() + b"\r\n" + length + b"\r\n\r\n" + body)
        await writer.drain()
        if at_once == 3:
            # It is being written: a job that no worker takes up.
            await until_jobs(served, 1)
        writer.close()
        await until_jobs(served, 0)
    await untouched(served)


async def until_jobs(served: Served, count: int) -> None:
    """Wait until there are so many jobs."""
    caller = await owner(served)
    async with asyncio.timeout(30):
        while len((await served.services.jobs.page(caller)).items) != count:
            await asyncio.sleep(0.02)


async def test_a_body_that_is_compressed_is_refused(served: Served) -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    for encoding in ("gzip", "br", "GZIP, deflate"):
        answer = await send(served, bomb, **{"Content-Encoding": encoding})
        assert answer.status_code == 415
        assert answer.json()["errorCode"] == "00000000"
        assert encoding in answer.json()["message"]
    await finished(served, await send(served, REQUEST.body, **{"Content-Encoding": "identity"}))
    assert len((await served.services.jobs.page(await owner(served))).items) == 1


async def test_who_is_not_logged_in_is_refused_before_the_body_has_come(served: Served) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"POST {BATCH} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n".encode())
    assert await reader.readline() == b"HTTP/1.1 401 Unauthorized\r\n"
    writer.close()
    await untouched(served)
