"""Batches of grants over HTTP: sheets, dry runs, repeated requests, and grants that are taken back."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.dialects.native.client import Api, demo_user, problem
from tests.dialects.native.test_grants import finished
from tests.serving import Served, serve

BATCHES = "/grants/batches"
SHEET = b"profile_id,email\r\nprofile1,a@example.com\r\nnobody,\r\n,no address\r\n"
OUTCOMES = {"granted": 2, "unknown_profile": 1, "bad_address": 1, "grants": 4}
BOTH = [("promotion", "promo1001"), ("promotion", "promo1002")]


async def send_sheet(api: Api, sheet: Any = SHEET, params: Any = (), **more: Any) -> httpx.Response:
    headers = {"Content-Type": "text/csv; charset=utf-8"} | more.pop("headers", {})
    params = params or BOTH
    return await api.send("POST", BATCHES, content=sheet, params=params, headers=headers, **more)


async def in_parts(body: bytes, size: int = 5) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def nothing_was_done(api: Api) -> None:
    for path in ("/jobs", "/grants"):
        assert (await api.get(path))["items"] == []


async def test_a_sheet_is_a_batch(served: Served) -> None:
    api = await demo_user(served)
    for source, sheet in (("one", SHEET), ("two", in_parts(SHEET))):
        answer = await send_sheet(api, sheet, [*BOTH, ("source_id", source)])
        assert answer.status_code == 202, answer.text
        job = await finished(api, answer.json())
        assert job["counts"] == OUTCOMES
        rows = (await api.get(f"/jobs/{job['id']}/rows"))["items"]
        assert {(row["kind"], row["value"], row["outcome"]) for row in rows} == {
            ("profile", "profile1", "granted"),
            ("profile", "nobody", "unknown_profile"),
            ("email", "a@example.com", "granted"),
            ("email", "no address", "bad_address"),
        }
        for outcome in ("granted", "unknown_profile"):
            path = f"/jobs/{job['id']}/rows"
            found = (await api.get(path, outcome=outcome))["items"]
            assert found == [row for row in rows if row["outcome"] == outcome]
        assert len((await api.get("/grants", source_id=source))["items"]) == 4


async def test_a_bad_sheet_is_refused_and_leaves_nothing(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("largesse.core.grants.intake.AT_ONCE", 2)
    api = await demo_user(served)
    for sheet, params, status, code, field in (
        (b"", BOTH, 400, "invalid_value", "file"),
        (b"name\nx\n", BOTH, 400, "invalid_value", "file"),
        (SHEET + b"one cell\n", BOTH, 400, "invalid_value", "file"),
        (b"email\n", BOTH, 400, "missing_value", "recipients"),
        (SHEET, [("source_id", "x")], 400, "invalid_value", "promotion"),
        (SHEET, [*BOTH, ("promotion", "no")], 404, "unknown_promotion", None),
        (SHEET, [*BOTH, ("template", "no")], 404, "unknown_template", None),
        (
            SHEET,
            [*BOTH, ("expires_at", "2020-01-01T00:00:00Z")],
            400,
            "invalid_value",
            "expires_at",
        ),
        (SHEET, [*BOTH, ("dry_run", "perhaps")], 400, "invalid_value", "dry_run"),
        (SHEET, [*BOTH, ("source_id", "x"), ("source_id", "y")], 400, "invalid_value", "source_id"),
        (SHEET, [*BOTH, ("unknown", "x")], 400, "invalid_value", "unknown"),
    ):
        found = problem(await send_sheet(api, sheet, params), status, code)
        assert found.get("field") == field, found
    compressed = await send_sheet(api, headers={"Content-Encoding": "gzip"})
    problem(compressed, 415, "unsupported_media_type")
    odd = await api.send("POST", BATCHES, content=b"x", headers={"Content-Type": "text/plain"})
    problem(odd, 415, "unsupported_media_type")
    query = {"promotions": ["promo1001"], "emails": ["a@example.com"]}
    problem(await api.send("POST", f"{BATCHES}?dry_run=true", query), 400, "invalid_value")
    await nothing_was_done(api)


async def test_a_dry_run_gives_nothing(served: Served) -> None:
    api = await demo_user(served)
    batch = {"promotions": ["promo1001"], "profile_ids": ["profile1", "x"], "dry_run": True}
    for answer, counts in (
        (await api.send("POST", BATCHES, batch), {"granted": 1, "unknown_profile": 1, "grants": 1}),
        (await send_sheet(api, SHEET, [*BOTH, ("dry_run", "true")]), OUTCOMES),
    ):
        job = await finished(api, answer.json())
        assert job["counts"] == counts
        assert job["parameters"]["dry_run"] is True
    assert (await api.get("/grants"))["items"] == []


@pytest.mark.parametrize("at_once", [2, 20_000])
async def test_with_an_idempotency_key_a_batch_is_accepted_once(
    served: Served, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("largesse.core.grants.intake.AT_ONCE", at_once)
    api = await demo_user(served)
    batch = {"promotions": ["promo1001"], "emails": [f"a{n}@example.com" for n in range(9)]}
    spelled = json.dumps(batch, indent=2).encode()
    json_type = {"Content-Type": "application/json"}
    first = await api.send("POST", BATCHES, batch, key="one")
    again = await api.send("POST", BATCHES, content=in_parts(spelled), key="one", headers=json_type)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await api.send("POST", BATCHES, batch | {"dry_run": True}, key="one")
    problem(other, 422, "idempotency_mismatch")
    other = await send_sheet(api, b"email\nb@example.com", key="one")
    problem(other, 422, "idempotency_mismatch")
    unknown = batch | {"promotions": ["no"]}
    problem(await api.send("POST", BATCHES, unknown, key="two"), 404, "unknown_promotion")
    assert (await api.send("POST", BATCHES, batch, key="two")).status_code == 202
    assert len((await api.get("/jobs", kind="grant_batch"))["items"]) == 2


async def test_a_batch_is_larger_than_other_bodies_may_be(demo_url: str) -> None:
    async with serve(demo_url, max_body_bytes=2000, max_batch_body_bytes=20_000) as served:
        api = await demo_user(served)
        emails = [f"shopper{number}@example.com" for number in range(500)]
        job = await api.post(BATCHES, {"promotions": ["promo1001"], "emails": emails}, status=202)
        assert (await finished(api, job))["counts"] == {"granted": 500, "grants": 500}
        larger = {"promotions": ["promo1001"], "emails": emails * 2}
        problem(await api.send("POST", BATCHES, larger), 413, "body_too_large")
        many = {"promotions": [f"promo{number:04}" for number in range(500)], "emails": emails[:1]}
        problem(await api.send("POST", BATCHES, many), 413, "body_too_large")


async def test_grants_end_and_are_listed_by_address_and_state(served: Served) -> None:
    api = await demo_user(served)
    new = {"promotion": "promo1001", "email": "Somebody@Example.com"}
    made = await api.post("/grants", new | {"expires_at": "2039-01-31T12:00:00+02:00"})
    assert made["expires_at"] == "2039-01-31T10:00:00Z"
    past = new | {"email": "b@example.com", "expires_at": "2020-01-31T12:00:00Z"}
    assert (
        problem(await api.send("POST", "/grants", past), 400, "invalid_value")["field"]
        == "expires_at"
    )
    assert (await api.get("/grants", email="SOMEBODY@example.com"))["items"] == [made]
    assert (await api.get("/grants", state="active"))["items"] == [made]
    assert (await api.get("/grants", state="expired"))["items"] == []


async def test_the_grants_of_a_batch_or_a_source_are_revoked(served: Served) -> None:
    api = await demo_user(served)
    job = await finished(api, (await send_sheet(api)).json())
    await api.post(
        "/grants", {"promotion": "promo1001", "email": "c@example.com", "source_id": "s"}
    )
    for body, revoked in (({"job_id": job["id"]}, 4), ({"source_id": "s"}, 1)):
        started = await api.post("/grants/revocations", body, status=202)
        assert (started["kind"], started["total"]) == ("grant_revocation", revoked)
        done = await finished(api, started)
        assert done["counts"] == {"revoked": revoked}
    assert (await api.get("/grants", state="active"))["items"] == []
    assert len((await api.get("/grants", state="revoked"))["items"]) == 5
    for body, status, code in (
        ({}, 400, "missing_value"),
        ({"job_id": job["id"], "source_id": "s"}, 400, "invalid_value"),
        ({"job_id": done["id"]}, 404, "unknown_job"),
        ({"job_id": "x"}, 400, "invalid_value"),
    ):
        problem(await api.send("POST", "/grants/revocations", body), status, code)
