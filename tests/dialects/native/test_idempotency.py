"""`Idempotency-Key` over HTTP."""

import asyncio
from typing import Any

from largesse.core.idempotency.model import idempotency_keys
from largesse.storage import records
from tests.dialects.native.client import Api, demo_user, problem
from tests.serving import Served, serve

REQUEST = {
    "campaign": {"alternative_code": "BG4"},
    "receiver": {"account": {"kind": "rewards", "number": "RP0000000618"}},
}


async def issued(api: Api) -> int:
    return len((await api.get("/codes", state="issued", limit=1000))["items"])


async def test_a_repeated_request_gets_the_same_code(served: Served) -> None:
    api = await demo_user(served)
    first = await api.send("POST", "/codes/request", REQUEST, key="order 1")
    again = await api.send("POST", "/codes/request", REQUEST, key="order 1")
    other = await api.send("POST", "/codes/request", REQUEST, key="order 2")
    assert first.status_code == again.status_code == 200
    assert first.content == again.content
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert other.json()["code"] != first.json()["code"]
    assert await issued(api) == 2


async def test_requests_side_by_side_give_one_code(served: Served) -> None:
    api = await demo_user(served)
    answers = await asyncio.gather(
        *(api.send("POST", "/codes/request", REQUEST, key="one") for _ in range(25)),
        *(api.send("POST", "/codes/request", REQUEST) for _ in range(10)),
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers[:25]}) == 1
    assert len({answer.json()["code"] for answer in answers}) == 11
    assert await issued(api) == 11


async def test_the_spelling_of_a_body_does_not_matter(served: Served) -> None:
    api = await demo_user(served)
    headers = {"Content-Type": "application/json; charset=utf-8"}
    bodies = ('{"name": "x", "id": "x"}', '{"id":"x",\n"name":"\\u0078"}')
    first, again = [
        await api.send("POST", "/channels", key="k", content=body, headers=headers)
        for body in bodies
    ]
    assert first.status_code == again.status_code == 201
    assert again.headers["idempotency-replayed"] == "true"


async def test_another_body_or_path_under_the_same_key_is_refused(served: Served) -> None:
    api = await demo_user(served)
    assert (await api.send("POST", "/channels", {"id": "x", "name": "x"}, key="k")).is_success
    other = await api.send("POST", "/channels", {"id": "y", "name": "x"}, key="k")
    problem(other, 422, "idempotency_mismatch")
    problem(await api.send("POST", "/customers", {}, key="k"), 422, "idempotency_mismatch")
    problem(await api.send("GET", "/channels/y"), 404, "unknown_channel")


async def test_a_refusal_is_judged_anew(served: Served) -> None:
    api = await demo_user(served)
    for _ in range(2):
        answer = await api.send("POST", "/promotions", {"key": "promo1001", "title": "x"}, key="k")
        problem(answer, 409, "already_exists")
        assert "idempotency-replayed" not in answer.headers
    answer = await api.send("POST", "/promotions", {"key": "new", "title": "x"}, key="k")
    assert answer.status_code == 201


async def test_a_batch_is_one_job_and_a_mail_goes_out_once(served: Served) -> None:
    api = await demo_user(served)
    batch = {"promotions": ["promo1001"], "profile_ids": ["profile1", "profile2"]}
    jobs = [(await api.send("POST", "/grants/batches", batch, key="b")).json() for _ in range(3)]
    assert len({job["id"] for job in jobs}) == 1
    mail = {"customer": "egkKDgANTq4AAAFF31gHyCE_", "code": "CC2M8Y5VY4MW"}
    mails = [(await api.send("POST", "/mails", mail, key="m")).json() for _ in range(3)]
    assert len({mail["id"] for mail in mails}) == 1
    while (await api.get(f"/mails/{mails[0]['id']}"))["state"] != "sent":
        await asyncio.sleep(0.02)
    while (await api.get(f"/jobs/{jobs[0]['id']}"))["state"] != "done":
        await asyncio.sleep(0.02)
    assert len(served.sink.messages) == 1
    assert len((await api.get("/grants"))["items"]) == 2


async def test_a_mail_with_a_key_does_not_wait_for_the_workers_next_look(demo_url: str) -> None:
    async with serve(demo_url, worker_poll_seconds=60) as served:
        api = await demo_user(served)
        mail = {"customer": "egkKDgANTq4AAAFF31gHyCE_", "code": "CC2M8Y5VY4MW"}
        made = (await api.send("POST", "/mails", mail, key="m")).json()
        async with asyncio.timeout(10):
            while (await api.get(f"/mails/{made['id']}"))["state"] != "sent":
                await asyncio.sleep(0.02)


async def test_a_secret_is_not_kept_for_a_repetition(served: Served) -> None:
    api = await demo_user(served)
    first = (await api.send("POST", "/keys", {"name": "shop"}, key="k")).json()
    again = (await api.send("POST", "/keys", {"name": "shop"}, key="k")).json()
    assert again == {"key": first["key"], "secret": None}
    assert await Api(served.client, first["secret"]).get("/tokens/current")
    organization = await served.services.access.organization_named("demo")
    async with served.services.database.read() as tx:
        rows: Any = await records.find_all(tx, idempotency_keys, organization.id)
    assert first["secret"].rpartition("_")[2].encode() not in rows[0].body


async def test_what_is_no_key_is_refused(served: Served) -> None:
    api = await demo_user(served)
    for key in (b"", b"x" * 256, b"\xe9", b"a\tb"):
        answer = await api.send("POST", "/customers", {}, headers={"Idempotency-Key": key})
        assert problem(answer, 400, "invalid_value")["field"] == "Idempotency-Key"


async def test_two_keys_are_refused(served: Served) -> None:
    headers = [
        ("Authorization", f"Bearer {served.demo.application_key}"),
        ("Idempotency-Key", "a"),
        ("Idempotency-Key", "b"),
    ]
    answer = await served.client.post("/v1/customers", json={}, headers=headers)
    assert problem(answer, 400, "invalid_value")["field"] == "Idempotency-Key"
