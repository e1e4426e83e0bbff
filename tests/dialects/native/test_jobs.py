"""Jobs and schedules over HTTP: how far, what of it failed, and what starts by the clock."""

import asyncio
import csv
import io
from typing import Any

from tests.dialects.native.client import Api, organization, problem
from tests.serving import Served


async def ended(api: Api, job: Any) -> Any:
    """Wait for a job and return it."""
    async with asyncio.timeout(30):
        while (found := await api.get(f"/jobs/{job['id']}"))["state"] in ("waiting", "running"):
            await asyncio.sleep(0.02)
    return found


async def test_a_job_tells_how_far_it_is_and_what_of_it_failed(served: Served) -> None:
    api = await organization(served, "A")
    await api.post("/promotions", {"key": "ten", "title": "Ten off"})
    new = {"promotions": ["ten"], "profile_ids": ["no,body"], "emails": ["a@b.com", "x@"]}
    job = await api.post("/grants/batches", new, status=202)
    assert (job["failed"], job["rate_per_second"], job["seconds_left"]) == (0, None, None)
    job = await ended(api, job)
    assert (job["state"], job["done"], job["failed"]) == ("done", 3, 2)
    assert job["rate_per_second"] == job["done"] / job["seconds_worked"]
    assert job["seconds_left"] is None

    rows = f"/jobs/{job['id']}/rows"
    page = await api.get(rows, outcome="failed", limit=1)
    assert [row["value"] for row in page["items"]] == ["no,body"]
    page = await api.get(rows, outcome="failed", limit=1, cursor=page["next"])
    assert ([row["value"] for row in page["items"]], page["next"]) == (["x@"], None)
    assert [row["pos"] for row in (await api.get(rows, outcome="granted"))["items"]] == [1]

    answer = await api.send("GET", f"{rows}.csv?outcome=failed")
    assert answer.headers["content-type"].startswith("text/csv")
    sheet = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["kind"], row["value"], row["outcome"]) for row in sheet] == [
        ("profile", "no,body", "unknown_profile"),
        ("email", "x@", "bad_address"),
    ]
    whole = await api.send("GET", f"{rows}.csv")
    assert len(list(csv.DictReader(io.StringIO(whole.text)))) == 3
    assert (await api.send("HEAD", f"{rows}.csv")).text == ""
    problem(await api.send("GET", f"{rows}.csv?outcomes=failed"), 400, "invalid_value")
    problem(await api.send("GET", f"/jobs/{'0' * 32}/rows.csv"), 404, "unknown_job")


async def test_a_schedule_starts_its_job_by_hand_and_tells_what_it_started(served: Served) -> None:
    api = await organization(served, "A")
    campaign = await api.post("/campaigns", {"name": "Spring", "state": "posted"})
    new = {
        "name": "nightly",
        "cron": "0 3 * * *",
        "zone": "Europe/Berlin",
        "kind": "generate_codes",
        "parameters": {"campaign": campaign["id"], "count": 2},
    }
    made = await api.post("/schedules", new)
    assert made["next_at"].endswith("Z")
    one = f"/schedules/{made['id']}"
    jobs = [await api.post(f"{one}/run", None, status=202) for _ in range(2)]
    assert [(await ended(api, job))["counts"] for job in jobs] == [{"added": 2}] * 2
    page = await api.get(f"{one}/slots", limit=1)
    assert [slot["job_id"] for slot in page["items"]] == [jobs[1]["id"]]
    page = await api.get(f"{one}/slots", limit=1, cursor=page["next"])
    assert [slot["job_id"] for slot in page["items"]] == [jobs[0]["id"]]

    for wrong, field in (
        ({"cron": "61 * * * *"}, "cron"),
        ({"zone": "Nowhere"}, "zone"),
        ({"kind": "import_codes"}, "kind"),
        ({"parameters": {"campaign": campaign["id"], "count": 0}}, "parameters.count"),
    ):
        for method, path, body in (("POST", "/schedules", new | wrong), ("PATCH", one, wrong)):
            answer = await api.send(method, path, body)
            problem(answer, 400, "invalid_value")
            assert answer.json()["field"] == field
    problem(await api.send("POST", "/schedules", new), 409, "already_exists")
