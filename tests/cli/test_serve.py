"""`serve` and `worker` as processes: how they start, refuse, share a database and stop."""

import asyncio
import json
import signal
import socket
import time
from collections.abc import Callable

import httpx
import psutil
import pytest

from largesse.demo.data import KEY_SECRET, USERNAME
from largesse.demo.people import CUSTOMER, PASSWORD
from tests.cli.command import SECONDS, Largesse, Running, one_line

SERVE = ("serve", "--port", "0")


@pytest.mark.parametrize("engine_name", ["sqlite", "postgres"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_serves_until_it_is_told_to_stop(
    largesse: Largesse, number: signal.Signals
) -> None:
    async with largesse.running(*SERVE) as server:
        async with httpx.AsyncClient(base_url=server.url) as client:
            assert (await client.get("/health/ready")).json() == {"status": "ok"}
        ran = await server.stop(number)
    assert (ran.code, ran.out, ran.err) == (0, "", "")


async def test_it_makes_the_database_that_it_serves(bare: Largesse) -> None:
    async with bare.running(*SERVE) as server:
        assert server.said["database"] == "sqlite:///largesse.db"
        assert server.said["demo"] is None
    assert await bare.json("organizations", "list") == []


async def test_a_second_process_on_one_sqlite_file_is_refused(largesse: Largesse) -> None:
    async with largesse.running(*SERVE) as server:
        one_line(await largesse.process(*SERVE), "another process serves", "PostgreSQL")
        async with httpx.AsyncClient(base_url=server.url) as client:
            assert (await client.get("/health/ready")).status_code == 200
        await server.stop()
    async with largesse.running(*SERVE):
        """The lock went with the first process."""


@pytest.mark.parametrize("engine_name", ["postgres"])
async def test_several_processes_serve_one_postgres(largesse: Largesse) -> None:
    async with largesse.running(*SERVE) as one, largesse.running(*SERVE) as two:
        for server in (one, two):
            async with httpx.AsyncClient(base_url=server.url) as client:
                assert (await client.get("/health/ready")).status_code == 200


@pytest.mark.parametrize("engine_name", ["postgres"])
async def test_one_port_with_several_processes(largesse: Largesse) -> None:
    async with largesse.running(*SERVE, "--processes", "2") as server:
        first = serving(server)
        assert len(first) == 2
        await until_served(server.url)
        first[0].kill()
        await until(lambda: len(serving(server)) == 2 and first[0] not in serving(server))
        await until_served(server.url)
        before = serving(server)
        ran = await server.stop()
    assert (ran.code, ran.out) == (0, "")
    (line,) = ran.err.splitlines()
    assert "a serving process died" in line
    assert not any(process.is_running() for process in before)


@pytest.mark.parametrize("engine_name", ["postgres"])
async def test_processes_end_with_the_one_that_started_them(largesse: Largesse) -> None:
    async with largesse.running(*SERVE, "--processes", "2") as server:
        before = serving(server)
        server.process.kill()
        await until(lambda: not any(process.is_running() for process in before))


@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_sqlite_has_one_process(largesse: Largesse) -> None:
    one_line(await largesse.process(*SERVE, "--processes", "2"), "one serving process")


def serving(server: Running) -> list[psutil.Process]:
    """Return the processes that serve for one that was started with --processes."""
    children = psutil.Process(server.process.pid).children()
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


async def until_served(url: str) -> None:
    """Ask over new connections until one is served, as a client does that tries again."""
    async with httpx.AsyncClient(base_url=url) as client:
        for _ in range(100):
            try:
                assert (await client.get("/health/ready")).status_code == 200
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return
    raise AssertionError("nothing is served")


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(SECONDS):
        while not true():
            await asyncio.sleep(0.05)


async def test_an_address_that_is_taken_is_told(largesse: Largesse) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        one_line(
            await largesse.process("serve", "--port", port), f"127.0.0.1 port {port}", "in use"
        )
    one_line(
        await largesse.process("serve", "--host", "no.such.host.invalid"), "no.such.host.invalid"
    )


async def test_commands_write_while_a_server_serves_the_same_file(largesse: Largesse) -> None:
    async with largesse.running("serve", "--demo", "--port", "0") as server:
        demo = server.said["demo"]
        codes = ("codes", "generate", "--campaign", "BG4", "--count", "10000")
        headers = {"Authorization": f"Bearer {demo['application_key']}"}
        body = {
            "campaign": {"alternative_code": "BG4"},
            "receiver": {"customer": {"customer_id": CUSTOMER}},
        }
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:

            async def request() -> str:
                answer = await client.post("/v1/codes/request", json=body, headers=headers)
                assert answer.status_code == 200, answer.text
                return str(answer.json()["code"])

            two = [largesse.process(*codes, "--json"), largesse.process(*codes, "--json")]
            made, given = await asyncio.gather(
                asyncio.gather(*two), asyncio.gather(*(request() for _ in range(200)))
            )
        assert [one.json["added"] for one in made] == [10_000, 10_000]
        assert len(set(given)) == 200
        listed = await largesse.json("campaigns", "list")
        (levels,) = (one["codes"] for one in listed if one["alternative_code"] == "BG4")
        assert levels == {"available": 1001 + 20_000 - 200, "issued": 200}
        # The server's own worker may have taken up one of the jobs, and says so.
        assert "[error" not in (await server.stop()).err


async def test_the_demo_prints_its_mail(bare: Largesse) -> None:
    async with bare.running("serve", "--demo", "--port", "0") as server:
        demo = server.said["demo"]
        assert demo["admin_url"] == f"{server.url}/admin"
        headers = {"UserOrganization": demo["intershop_organization"]}
        async with httpx.AsyncClient(
            base_url=server.url, auth=(USERNAME, PASSWORD), headers=headers, timeout=30
        ) as client:
            body = {"code": "CC2M8Y5VY4MW", "promotionID": "CC_10EUR_OrderDiscount"}
            answer = await client.post(f"/customers/{CUSTOMER}/mails", json=body)
            assert answer.status_code == 204, answer.text
        mail = (await server.line())["mail"]
        assert mail["to"] == "patricia@test.intershop.de"
        assert "CC2M8Y5VY4MW" in mail["text"]
        (listed,) = await bare.json("mails", "list")
        assert (listed["recipient"], listed["state"]) == (mail["to"], "sent")
        assert "text" not in listed
        one_line(await bare("mails", "retry", listed["id"]), "sent")


async def test_log_lines_are_json_with_the_requests_id_and_no_secret(largesse: Largesse) -> None:
    largesse.settings.update(log_format="json", log_level="debug")
    async with largesse.running("serve", "--demo", "--port", "0") as server:
        demo = server.said["demo"]
        async with httpx.AsyncClient(base_url=server.url) as client:
            login = {"username": USERNAME, "password": PASSWORD}
            answer = await client.post(
                "/v1/tokens", json=login, headers={"X-Request-ID": "0123-abcd"}
            )
            token = answer.json()["access_token"]
            for secret in (token, demo["application_key"]):
                await client.get("/v1/jobs", headers={"Authorization": f"Bearer {secret}"})
        ran = await server.stop()
    lines = [json.loads(line) for line in ran.err.splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    assert [line["path"] for line in requests] == ["/v1/tokens", "/v1/jobs", "/v1/jobs"]
    assert (requests[0]["request_id"], requests[0]["status"]) == ("0123-abcd", 201)
    assert all({"timestamp", "level", "logger"} <= line.keys() for line in lines)
    for secret in (PASSWORD, token, KEY_SECRET):
        assert secret not in ran.err


async def test_a_worker_refuses_sqlite(largesse: Largesse) -> None:
    one_line(await largesse.process("worker"), "SQLite", "PostgreSQL")


@pytest.mark.parametrize("engine_name", ["postgres"])
async def test_a_worker_runs_what_a_server_accepted(demo: Largesse) -> None:
    demo.settings.update(worker="false", worker_poll_seconds="0.05")
    async with demo.running("serve", "--demo", "--port", "0") as server:
        key = server.said["demo"]["application_key"]
        headers = {"Authorization": f"Bearer {key}"}
        batch = {
            "promotions": ["promo1001", "promo1002"],
            "profile_ids": ["profile1", "nobody"],
            "emails": ["shopper1@example.com"],
            "source_id": "src1",
        }
        async with httpx.AsyncClient(base_url=server.url, headers=headers) as client:
            answer = await client.post("/v1/grants/batches", json=batch)
            assert answer.status_code == 202, answer.text
        job_id = answer.json()["id"]
        (listed,) = await demo.json("jobs", "list", "--state", "waiting")
        assert listed["id"] == job_id
        # Cancelled and resumed while nobody works on it.
        assert (await demo.json("jobs", "cancel", job_id))["state"] == "cancelled"
        one_line(await demo("jobs", "cancel", job_id), "cancelled")
        assert (await demo.json("jobs", "resume", job_id))["state"] == "waiting"
        async with demo.running("worker") as worker:
            assert worker.said["mail"] is False
            await until_done(demo, job_id)
            ran = await worker.stop()
            assert ran.code == 0, ran
    job = await demo.json("jobs", "show", job_id)
    assert job["counts"] == {"granted": 2, "unknown_profile": 1, "grants": 4}
    rows = await demo.json("jobs", "rows", job_id)
    assert [(row["value"], row["outcome"]) for row in rows] == [
        ("profile1", "granted"),
        ("nobody", "unknown_profile"),
        ("shopper1@example.com", "granted"),
    ]
    behind = await demo.json("jobs", "rows", job_id, "--after", "1")
    assert behind == rows[2:]
    grants = await demo.json("grants", "list", "--job", job_id, "--promotion", "promo1002")
    assert [grant["promotion"] for grant in grants] == ["promo1002", "promo1002"]
    assert len(await demo.json("grants", "list", "--source", "src1")) == 4
    assert len(await demo.json("grants", "list", "--email", "shopper1@example.com")) == 2


@pytest.mark.parametrize("engine_name", ["sqlite"])
async def test_a_page_that_watches_a_job_holds_up_no_stop(demo: Largesse) -> None:
    demo.settings.update(worker="false")
    async with demo.running("serve", "--demo", "--port", "0") as server:
        credentials = server.said["demo"]
        batch = {"promotions": ["promo1001"], "profile_ids": ["profile1"]}
        headers = {"Authorization": f"Bearer {credentials['application_key']}"}
        async with httpx.AsyncClient(base_url=server.url) as client:
            made = await client.post("/v1/grants/batches", json=batch, headers=headers)
            typed = {name: credentials[name] for name in ("username", "password")}
            await client.post("/admin/sign-in", data=typed)
            path = f"/admin/jobs/{made.json()['id'].replace('-', '')}/progress"
            async with client.stream("GET", path) as stream:
                lines = stream.aiter_lines()
                assert await anext(lines) == "retry: 3000"
                began = time.monotonic()
                stopping = asyncio.create_task(server.stop())
                # The job still waits: nobody says that it is over, and whoever looks may ask again.
                assert "event: over" not in [line async for line in lines]
            assert (await stopping).code == 0
    assert time.monotonic() - began < PATIENCE


PATIENCE = 10
"""Seconds that a stop may take; requests in hand would have thirty."""


async def until_done(demo: Largesse, job_id: str) -> None:
    """Wait until a job is done."""
    for _ in range(60):
        if (await demo.json("jobs", "show", job_id))["state"] == "done":
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the job is not done")
