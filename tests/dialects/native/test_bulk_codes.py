"""Many codes over HTTP: jobs that make and import them, and a sheet that is streamed."""

import asyncio
import csv
from typing import Any

import pytest

from tests.core.people import everything
from tests.dialects.native.client import Api, demo_user, problem
from tests.serving import Served, serve

CSV = {"Content-Type": "text/csv"}


@pytest.fixture
async def api(served: Served) -> Api:
    return await demo_user(served)


async def campaign(api: Api, **values: Any) -> str:
    new = {"name": "Bulk", "state": "posted"} | values
    return str((await api.post("/campaigns", new))["id"])


async def ended(api: Api, job: Any) -> Any:
    """Wait until the worker is done with a job."""
    while (found := await api.get(f"/jobs/{job['id']}"))["state"] in ("waiting", "running"):
        await asyncio.sleep(0.02)
    return found


async def sent(api: Api, one: str, sheet: bytes, **more: Any) -> Any:
    headers = more.pop("headers", CSV)
    path = f"/campaigns/{one}/codes/imports"
    return await api.send("POST", path, content=sheet, headers=headers, **more)


async def exported(api: Api, one: str, query: str = "") -> list[dict[str, str]]:
    answer = await api.send("GET", f"/campaigns/{one}/codes.csv{query}")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(answer.text.splitlines()))


async def test_a_job_makes_them(api: Api) -> None:
    one = await campaign(api)
    job = await api.post(f"/campaigns/{one}/codes/batches", {"count": 12_345}, status=202)
    assert (job["kind"], job["total"]) == ("generate_codes", 12_345)
    job = await ended(api, job)
    assert (job["state"], job["counts"]) == ("done", {"added": 12_345})
    assert (await api.get(f"/campaigns/{one}/pool"))["available"] == 12_345


async def test_a_count_or_a_campaign_that_can_not_be_is_refused(served: Served, api: Api) -> None:
    one = await campaign(api, code_length=5, code_alphabet="digits")
    over = await campaign(api, name="Over", state="ended")
    before = await everything(served.services)
    for path, body, status, code in (
        (one, {"count": 0}, 400, "invalid_value"),
        (one, {"count": -1}, 400, "invalid_value"),
        (one, {"count": 10**12}, 400, "invalid_value"),
        (one, {}, 400, "invalid_value"),
        (one, {"count": 101}, 400, "invalid_code_format"),
        (over, {"count": 1}, 409, "wrong_state"),
        ("0" * 32, {"count": 1}, 404, "unknown_campaign"),
    ):
        problem(await api.send("POST", f"/campaigns/{path}/codes/batches", body), status, code)
    problem(await sent(api, over, b"A1"), 409, "wrong_state")
    assert await everything(served.services) == before


async def test_a_repeated_request_is_one_job(api: Api) -> None:
    one = await campaign(api)
    path = f"/campaigns/{one}/codes/batches"
    jobs = [(await api.send("POST", path, {"count": 5}, key="b")).json() for _ in range(2)]
    assert jobs[0]["id"] == jobs[1]["id"]
    sheets = [(await sent(api, one, b"A1\nA2", key="s")).json() for _ in range(2)]
    assert sheets[0]["id"] == sheets[1]["id"]
    problem(await sent(api, one, b"A1\nA3", key="s"), 422, "idempotency_mismatch")
    for job in (jobs[0], sheets[0]):
        await ended(api, job)
    assert (await api.get(f"/campaigns/{one}/pool"))["available"] == 7


async def test_a_sheet_is_imported_and_each_line_that_is_not_is_told(api: Api) -> None:
    one = await campaign(api)
    sheet = b"\xef\xbb\xbfcode,expires_at\r\nA1,2098-01-31T23:59:59Z\r\na1,\r\nA 2,\r\nA3,\r\n"
    answer = await sent(api, one, sheet, headers={"Content-Type": "text/csv; charset=utf-8"})
    assert answer.status_code == 202, answer.text
    job = await ended(api, answer.json())
    assert (job["state"], job["counts"]) == ("done", {"added": 2, "duplicate": 1, "invalid": 1})
    rows = (await api.get(f"/jobs/{job['id']}/rows"))["items"]
    assert [(row["pos"], row["value"], row["outcome"]) for row in rows] == [
        (3, "a1", "duplicate"),
        (4, "A 2", "invalid"),
    ]
    assert rows[0]["detail"] == {"reason": "the code stands in line 2 already"}
    expiring = {row["code"]: row["expires_at"] for row in await exported(api, one)}
    assert expiring == {"A1": "2098-01-31T23:59:59Z", "A3": ""}


async def test_what_is_no_sheet_is_refused(served: Served, api: Api) -> None:
    one = await campaign(api)
    before = await everything(served.services)
    for sheet in (b"", b"\n", b"code\n", b"code,code\nA1,A2", b"a,b\n1,2", b"\xff\xfeA\0"):
        found = problem(await sent(api, one, sheet), 400, "invalid_value")
        assert found["field"] == "file"
    json = {"Content-Type": "application/json"}
    problem(await sent(api, one, b'["A1"]', headers=json), 415, "unsupported_media_type")
    problem(await sent(api, "0" * 32, b"A1"), 404, "unknown_campaign")
    assert await everything(served.services) == before


async def test_a_sheet_beyond_the_limit_is_refused(demo_url: str) -> None:
    async with serve(demo_url, max_body_bytes=5000) as served:
        api = await demo_user(served)
        problem(await sent(api, await campaign(api), b"x" * 5001), 413, "body_too_large")


class TestExport:
    async def test_every_code_is_in_it_once(self, api: Api) -> None:
        one = await campaign(api)
        await api.post(f"/campaigns/{one}/codes", {"count": 4321})
        rows = await exported(api, one)
        assert len({row["code"] for row in rows}) == len(rows) == 4321
        page = (await api.get("/codes", campaign_id=one, limit=1000))["items"]
        for row, code in zip(rows, page, strict=False):
            assert row == {name: value or "" for name, value in code.items()}

    async def test_it_is_limited_to_a_state_and_goes_on_behind_an_id(self, api: Api) -> None:
        one = await campaign(api)
        await api.post(f"/campaigns/{one}/codes", {"codes": ["A1", "A2", "A3"]})
        rows = await exported(api, one)
        assert await exported(api, one, f"?after={rows[0]['id']}") == rows[1:]
        assert await exported(api, one, "?state=available") == rows
        assert await exported(api, one, "?state=issued") == []

    async def test_a_bad_one_is_a_problem(self, api: Api) -> None:
        one = await campaign(api)
        path = f"/campaigns/{one}/codes.csv"
        for query in ("state=no", "after=no", "limit=5"):
            problem(await api.send("GET", f"{path}?{query}"), 400, "invalid_value")
        missing = f"/campaigns/{'0' * 32}/codes.csv"
        problem(await api.send("GET", missing), 404, "unknown_campaign")
        head = await api.send("HEAD", path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"].startswith("text/csv")
