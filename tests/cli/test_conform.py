"""`largesse conform`, `record` and `replay` as a user runs them."""

import json
import signal
import sys
from pathlib import Path

import httpx
import pytest

from tests.cli.command import Largesse, columns, one_line
from tests.conform.serving import credentials
from tests.serving import Served

SECRET = "not-to-be-printed"


@pytest.fixture
def given(served: Served, tmp_path: Path) -> str:
    """A credentials file for the served instance."""
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(credentials(served)))
    return str(file)


async def test_a_server_is_checked(bare: Largesse, served: Served, given: str) -> None:
    asked = ("conform", "--dialect", "oracle", "--base-url", served.url, "--credentials", given)
    lines = columns(await bare.process(*asked))
    assert lines[0] == f"oracle at {served.url}"
    assert any("GET /promotions" in line for line in lines)
    assert lines[-1].startswith("Score: 100 %")
    ran = await bare.process(*asked, "--json")
    assert ran.json["score"] == 1
    assert served.demo.application_key not in ran.out
    wrong = Path(given).with_name("wrong.toml")
    wrong.write_text(f'[login]\napplication_key = "{SECRET}"\n')
    ran = await bare.process(*asked[:-1], str(wrong))
    assert ran.code == 1
    assert "POST /login: an application key" in ran.out
    assert "status: expected 200, got 401" in ran.out
    assert SECRET not in ran.out + ran.err


async def test_the_cases_are_listed(bare: Largesse) -> None:
    lines = columns(await bare("conform", "--dialect", "intershop", "--list"))
    assert lines[0].split() == ["OPERATION", "CASE", "WRITES", "SOURCE"]
    assert any("SEED 004" in line and "yes" in line.split() for line in lines)
    listed = await bare.json("conform", "--dialect", "valomnia", "--list")
    assert {case["writes"] for case in listed} == {True, False}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.toml", f'[login]\npassword = {SECRET}"', "is not well-formed"),
        ("a.json", f'{{"login": "{SECRET}"', "line 1 is not well-formed"),
        ("a.json", f'["{SECRET}"]', "must hold the tables login, data, secrets"),
        ("a.json", f'{{"login": "{SECRET}"}}', "login must be a table"),
        ("a.toml", "[logins]", "there is no table logins"),
    ],
)
async def test_a_file_that_is_wrong_is_refused(
    bare: Largesse, name: str, text: str, said: str
) -> None:
    (bare.folder / name).write_text(text)
    asked = ("conform", "--dialect", "oracle", "--base-url", "http://127.0.0.1:1")
    ran = await bare(*asked, "--credentials", name)
    one_line(ran, name, said)
    assert SECRET not in ran.err


async def test_what_is_no_address_is_refused(bare: Largesse) -> None:
    for url in ("shop", "ftp://shop.example", "http://", "http://a:b@shop.example", "http://x?y=1"):
        ran = await bare("record", "--upstream", url, "--out", "new")
        one_line(ran, "--upstream must")
    for address in ("127.0.0.1", "127.0.0.1:x", ":80", "127.0.0.1:70000"):
        ran = await bare("record", "--upstream", "http://x", "--out", "new", "--listen", address)
        one_line(ran, "--listen must be HOST:PORT")
    for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0", "shop.example:80"):
        ran = await bare("record", "--upstream", "http://x", "--out", "new", "--listen", address)
        one_line(ran, "can be reached from other machines", "--allow-remote")
    assert list(bare.folder.iterdir()) == []
    (bare.folder / "full").mkdir()
    (bare.folder / "full" / "1.json").touch()
    one_line(await bare("record", "--upstream", "http://x", "--out", "full"), "is not empty")
    one_line(await bare("replay", ".", "--base-url", "http://x"), "no recorded exchanges")


async def test_traffic_is_recorded_and_replayed(bare: Largesse, served: Served, given: str) -> None:
    async with bare.running("record", "--upstream", served.url, "--out", "kept") as recording:
        async with httpx.AsyncClient(base_url=recording.url) as client:
            bearer = {"Authorization": f"Bearer {served.demo.application_key}"}
            login = "/ccadmin/v1/login?grant_type=client_credentials"
            token = (await client.post(login, headers=bearer)).json()["access_token"]
            bearer = {"Authorization": f"Bearer {token}"}
            assert (await client.get("/ccadmin/v1/promotions", headers=bearer)).status_code == 200
        assert (await recording.stop(signal.SIGINT)).code == 0
    texts = [file.read_text() for file in (bare.folder / "kept").iterdir()]
    assert len(texts) == 2
    assert not [text for text in texts if served.demo.application_key in text or token in text]
    asked = ("replay", "kept", "--base-url", served.url)
    lines = columns(await bare.process(*asked, "--credentials", given))
    assert lines[-1] == "Score: 100 % (2 of 2)"
    ran = await bare.process(*asked)
    assert ran.code == 1
    assert "it needs authorization in the credentials file" in ran.out


@pytest.mark.parametrize(
    "asked",
    [
        ("conform", "--dialect", "oracle", "--list"),
        ("record", "--upstream", "http://x", "--out", "new"),
        ("replay", ".", "--base-url", "http://x"),
    ],
)
async def test_without_httpx_they_say_what_is_missing(
    bare: Largesse, monkeypatch: pytest.MonkeyPatch, asked: tuple[str, ...]
) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    one_line(await bare(*asked), f"{asked[0]} needs largesse[demo]")
