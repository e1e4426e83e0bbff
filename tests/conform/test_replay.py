"""What is recorded of one instance is replayed at another: ids and tokens differ, and nothing else."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from rich.console import Console
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from largesse.conform.record import Recorder
from largesse.conform.replay import read_recording, replay
from largesse.demo.exchanges import Lines, Stage
from largesse.demo.scenes import SCENES, Play
from tests.conform.serving import credentials, listening, printed
from tests.databases import Databases
from tests.serving import Served, serve


@pytest.fixture
def engine_name() -> str:
    """SQLite: no database is seen from a proxy."""
    return "sqlite"


@pytest.fixture
async def fresh(databases: Databases) -> AsyncIterator[Served]:
    """Another instance with the demo data."""
    url = await databases.take("sqlite", None, demo=True)
    async with serve(url) as instance:
        yield instance
    await databases.give_back(url, None, demo=True)


async def recorded_play(served: Served, folder: Path) -> None:
    """Play everything through the proxy."""
    recorder = Recorder(served.client, served.url, folder)
    quiet = Lines(Console(quiet=True))
    async with listening(recorder) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
        stage = Stage(client, quiet)
        for scene in SCENES:
            await scene(Play(stage, served.demo, served.sink))
            client.cookies.clear()
    assert stage.failed == []
    assert recorder.exchanges >= stage.exchanges


async def test_the_play_is_replayed_without_a_difference(
    served: Served, fresh: Served, tmp_path: Path
) -> None:
    await recorded_play(served, tmp_path)
    given = credentials(served)
    for file in tmp_path.iterdir():
        text = file.read_text()
        for secret in (given["login"]["password"], given["login"]["application_key"], "eyJ"):
            assert secret not in text, file
        assert file.stat().st_mode & 0o077 == 0
    exchanges = read_recording(tmp_path)
    report = await replay(exchanges, fresh.client, credentials(fresh), patience=20)
    assert report.perfect, printed(report)
    assert report.ran == len(report.outcomes)


class Shop:
    """A server that numbers its orders from a number on, and gives a token for a password."""

    def __init__(self, first: int, *, state: str = "new") -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.token = f"token-{first}-of-this-server"
        self._next, self._state = first, state
        self.application = Starlette(
            routes=[
                Route("/login", self.log_in, methods=["POST"]),
                Route("/orders", self.make, methods=["POST"]),
                Route("/orders/{id}", self.show),
                Route("/large", self.large),
                Route("/bytes", self.bytes),
            ]
        )

    async def log_in(self, request: Request) -> Response:
        body, is_form = await request.body(), "form" in request.headers["content-type"]
        given = dict(parse_qsl(body.decode())) if is_form else json.loads(body)
        assert given["password"] == "correct horse"
        answer = JSONResponse(
            {"token": self.token, "at": f"2026-01-0{self._next % 9 + 1}T00:00:00Z"}
        )
        answer.set_cookie("sid", f"session-{self.token}", secure=True, domain="shop.example")
        return answer

    async def make(self, request: Request) -> Response:
        assert request.headers["authorization"] == f"Bearer {self.token}"
        assert request.cookies["sid"] == f"session-{self.token}"
        number, self._next = self._next, self._next + 1
        here = f"{request.url.scheme}://{request.headers['host']}/orders/{number}"
        order = {"id": number, "state": self._state, "href": here, "of": await request.json()}
        self.orders[str(number)] = order
        return JSONResponse(order, 201, headers={"Location": here})

    async def show(self, request: Request) -> Response:
        assert request.query_params["token"] == self.token
        self.asked.append(request.url.path)
        found = self.orders.get(request.path_params["id"])
        return JSONResponse(found) if found else JSONResponse({"error": "not_found"}, 404)

    async def large(self, request: Request) -> Response:
        return Response("x" * 2000)

    async def bytes(self, request: Request) -> Response:
        return Response(b"\xff\xfe", media_type="application/octet-stream")


async def recorded_shop(folder: Path, **more: Any) -> list[httpx.Response]:
    """Log in at a shop, make an order and look at it, through the proxy."""
    shop = Shop(7)
    async with (
        httpx.AsyncClient() as passing,
        listening(shop.application) as upstream,
        listening(Recorder(passing, upstream, folder, **more)) as url,
        httpx.AsyncClient(base_url=url) as client,
    ):
        answers = [await client.post("/login", json={"user": "ada", "password": "correct horse"})]
        own = {"Authorization": f"Bearer {shop.token}"}
        answers.append(await client.post("/orders", json={"item": "a", "pin": 1234}, headers=own))
        answers.append(await client.get(f"/orders/7?token={shop.token}&x=a%20b"))
        answers.append(await client.get("/large"))
        answers.append(await client.get("/bytes"))
        form = {"username": "ada", "password": "correct horse"}
        answers.append(await client.post("/login", data=form))
        # What a client follows leads through the proxy again.
        assert answers[1].headers["location"] == f"{url}/orders/7"
        assert answers[1].json()["href"] == f"{url}/orders/7"
        assert "domain" not in answers[0].headers["set-cookie"].lower()
    return answers


async def replayed_shop(folder: Path, shop: Shop, login: dict[str, Any]) -> Any:
    exchanges = read_recording(folder)
    async with (
        listening(shop.application) as url,
        httpx.AsyncClient(base_url=url) as client,
    ):
        return await replay(exchanges, client, {"login": login}, patience=0)


PASSWORD = {"password": "correct horse", "pin": 1234}


async def test_ids_tokens_and_cookies_are_those_of_the_new_server(tmp_path: Path) -> None:
    answers = await recorded_shop(tmp_path)
    assert [answer.status_code for answer in answers] == [200, 201, 200, 200, 200, 200]
    shop = Shop(41)
    report = await replayed_shop(tmp_path, shop, PASSWORD)
    assert report.perfect, printed(report)
    assert shop.asked == ["/orders/41"]
    assert shop.orders["41"]["of"] == {"item": "a", "pin": 1234}


async def test_a_changed_answer_is_shown(tmp_path: Path) -> None:
    await recorded_shop(tmp_path)
    report = await replayed_shop(tmp_path, Shop(41, state="paid"), PASSWORD)
    assert not report.perfect
    places = {(one.operation, d.path): d for one in report.outcomes for d in one.differences}
    wrong = places.pop(("POST /orders", "body.state"))
    assert (wrong.expected, wrong.got) == ('"new"', '"paid"')
    assert set(places) == {("GET /orders/7", "body.state")}
    assert "body.state: expected" in printed(report)


async def test_no_secret_is_recorded(tmp_path: Path) -> None:
    await recorded_shop(tmp_path, mask=["item"])
    texts = [file.read_text() for file in sorted(tmp_path.iterdir())]
    assert len(texts) == 6
    for secret in ("correct horse", "correct+horse", "correct%20horse", "of-this-server", "1234"):
        assert not [text for text in texts if secret in text], secret
    first, second, third = (json.loads(text) for text in texts[:3])
    assert first["request"]["body"] == {
        "json": {"user": "ada", "password": "{{secret 1 password}}"}
    }
    token = first["answer"]["body"]["json"]["token"]
    assert ["authorization", f"Bearer {token}"] in second["request"]["headers"]
    assert second["request"]["body"]["json"]["item"].startswith("{{secret ")
    assert third["request"]["path"] == f"/orders/7?token={token}&x=a%20b"


async def test_what_is_needed_and_not_known_is_not_sent(tmp_path: Path) -> None:
    await recorded_shop(tmp_path)
    report = await replayed_shop(tmp_path, Shop(41), {})
    assert not report.perfect
    assert report.outcomes[0].not_run == "it needs password in the credentials file"
    assert "correct" not in printed(report)


async def test_bodies_have_a_limit(tmp_path: Path) -> None:
    answers = await recorded_shop(tmp_path, largest=1000)
    assert answers[3].status_code == 502
    shop = Shop(1)
    async with (
        httpx.AsyncClient() as passing,
        listening(shop.application) as upstream,
        listening(Recorder(passing, upstream, tmp_path, largest=10)) as url,
        httpx.AsyncClient(base_url=url) as client,
    ):
        assert (await client.post("/login", json={"password": "x" * 20})).status_code == 413


async def test_a_server_that_is_away_is_told(tmp_path: Path) -> None:
    async with (
        httpx.AsyncClient() as passing,
        listening(Recorder(passing, "http://127.0.0.1:1", tmp_path)) as url,
        httpx.AsyncClient() as client,
    ):
        assert (await client.get(f"{url}/x")).status_code == 502
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"number": 1, "request": {}, "answer": []}'])
def test_what_is_no_recording_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="no recorded exchange"):
        read_recording(tmp_path)
    (tmp_path / "1.json").write_text(text)
    with pytest.raises(ValueError, match="no recorded exchange"):
        read_recording(tmp_path)
