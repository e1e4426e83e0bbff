"""Grants, batches of them, and the jobs that batches are."""

import asyncio
from typing import Any

from tests.dialects.native.client import Api, demo_user, problem
from tests.serving import Served, serve

PROFILES = ["profile1", "profile2", "no such profile"]
EMAILS = ["a@example.com", "no address"]


async def finished(api: Api, job: Any) -> Any:
    """Return a job once it is done."""
    async with asyncio.timeout(20):
        while (found := await api.get(f"/jobs/{job['id']}"))["state"] != "done":
            await asyncio.sleep(0.02)
    return found


async def test_a_grant_is_given_once_and_revoked(served: Served) -> None:
    api = await demo_user(served)
    customer = (await api.get("/customers", profile_id="profile1"))["items"][0]["id"]
    for recipient in ({"customer": customer}, {"email": "Somebody@Example.com"}):
        new = {"promotion": "promo1001"} | recipient
        made = await api.post("/grants", new)
        assert made["state"] == "active"
        problem(await api.send("POST", "/grants", new), 409, "already_exists")
        one = f"/grants/{made['id']}"
        await api.delete(one)
        assert (await api.get(one))["state"] == "revoked"
        problem(await api.send("DELETE", one), 409, "wrong_state")
        await api.post("/grants", new | {"source_id": "another"})
    assert len((await api.get("/grants", state="active"))["items"]) == 2
    assert len((await api.get("/grants", source_id="another"))["items"]) == 2
    assert len((await api.get("/grants", customer_id=customer))["items"]) == 2
    promotion = (await api.get("/promotions", key="promo1001"))["items"][0]["id"]
    assert len((await api.get("/grants", promotion_id=promotion))["items"]) == 4


async def test_a_bad_grant_is_refused(served: Served) -> None:
    api = await demo_user(served)
    good = {"promotion": "promo1001", "email": "a@example.com"}
    for body, status, code, field in (
        (good | {"customer": "x"}, 400, "invalid_value", "customer"),
        ({"promotion": "promo1001"}, 400, "missing_value", "customer"),
        ({"email": "a@example.com"}, 400, "invalid_value", "promotion"),
        (good | {"promotion": "no"}, 404, "unknown_promotion", None),
        ({"promotion": "promo1001", "customer": "no"}, 404, "unknown_customer", None),
        (good | {"email": "no address"}, 400, "invalid_email", "email"),
        (good | {"source_id": ""}, 400, "invalid_value", "source_id"),
    ):
        found = problem(await api.send("POST", "/grants", body), status, code)
        assert found.get("field") == field
    assert (await api.get("/grants"))["items"] == []


async def test_a_batch_is_a_job_with_an_outcome_for_each_recipient(served: Served) -> None:
    api = await demo_user(served)
    batch = {"promotions": ["promo1001", "promo1002"], "profile_ids": PROFILES, "emails": EMAILS}
    job = await api.post("/grants/batches", batch, status=202)
    assert (job["kind"], job["total"]) == ("grant_batch", 5)
    job = await finished(api, job)
    assert job["counts"] == {"granted": 3, "unknown_profile": 1, "bad_address": 1, "grants": 6}
    rows = (await api.get(f"/jobs/{job['id']}/rows"))["items"]
    assert [(row["value"], row["outcome"]) for row in rows] == [
        ("profile1", "granted"),
        ("profile2", "granted"),
        ("no such profile", "unknown_profile"),
        ("a@example.com", "granted"),
        ("no address", "bad_address"),
    ]
    page = await api.get(f"/jobs/{job['id']}/rows", limit=3)
    assert page["items"] == rows[:3]
    rest = await api.get(f"/jobs/{job['id']}/rows", limit=3, cursor=page["next"])
    assert rest == {"items": rows[3:], "next": None}
    assert len((await api.get("/grants", job_id=job["id"]))["items"]) == 6


async def test_a_bad_batch_makes_no_job(served: Served) -> None:
    api = await demo_user(served)
    good = {"promotions": ["promo1001"], "profile_ids": ["profile1"]}
    for body, status, code in (
        (good | {"promotions": ["promo1001", "no"]}, 404, "unknown_promotion"),
        (good | {"promotions": []}, 400, "invalid_value"),
        ({"promotions": ["promo1001"]}, 400, "missing_value"),
        (good | {"profile_ids": [1]}, 400, "invalid_value"),
        (good | {"profile_ids": None}, 400, "invalid_value"),
        (good | {"recipients": []}, 400, "invalid_value"),
    ):
        problem(await api.send("POST", "/grants/batches", body), status, code)
    assert (await api.get("/jobs"))["items"] == []


async def test_a_job_is_cancelled_resumed_and_deleted(demo_url: str) -> None:
    async with serve(demo_url, worker=False) as served:
        api = await demo_user(served)
        batch = {"promotions": ["promo1001"], "profile_ids": PROFILES}
        job = await api.post("/grants/batches", batch, status=202)
        one = f"/jobs/{job['id']}"
        assert (await api.get("/jobs", state="waiting", kind="grant_batch"))["items"][0] == job
        problem(await api.send("DELETE", one), 409, "wrong_state")
        problem(await api.send("POST", f"{one}/resume"), 409, "wrong_state")
        cancelled = await api.post(f"{one}/cancel", status=200)
        assert (cancelled["state"], cancelled["done"]) == ("cancelled", 0)
        problem(await api.send("POST", f"{one}/cancel"), 409, "wrong_state")
        assert (await api.post(f"{one}/resume", status=200))["state"] == "waiting"
        await api.post(f"{one}/cancel", status=200)
        await api.delete(one)
        problem(await api.send("GET", one), 404, "unknown_job")
        problem(await api.send("GET", f"{one}/rows"), 404, "unknown_job")


async def test_a_resumed_job_is_done_at_once(demo_url: str) -> None:
    async with serve(demo_url, worker_poll_seconds=60) as served:
        api = await demo_user(served)
        batch = {"promotions": ["promo1001"], "profile_ids": PROFILES}
        job = await finished(api, await api.post("/grants/batches", batch, status=202))
        assert job["counts"]["grants"] == 2
