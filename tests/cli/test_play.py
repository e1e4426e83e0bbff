"""`make run` plays the documents' requests, says when an answer differs, and leaves nothing behind."""

import asyncio
import json
import signal
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from largesse.demo.exchanges import Lines, Stage
from largesse.demo.scenes import SCENES, Play
from largesse.demo.scenes.intershop import newsletter
from tests.cli.command import SECONDS, Largesse, ended
from tests.serving import Served, serve


@pytest.fixture
def temporary(bare: Largesse, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command puts its temporary files."""
    folder = bare.folder / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


async def test_everything_is_played_and_holds(bare: Largesse, temporary: Path) -> None:
    # What the user has set must not reach the play's own server.
    bare.settings.update(database_url="postgresql://nobody@127.0.0.1:1/x", port="1")
    ran = await bare.process("demo", "--play")
    assert ran.code == 0, ran.out[-4000:] + ran.err
    assert "everything was as it must be" in ran.out
    assert "DIFFERS" not in ran.out
    assert "\x1b[" not in ran.out
    for shown in (
        *("CC2M8Y5VY4MW", "CCZN413KW8RK", "SC4dcj1p4sathzZ"),
        *("< 204 No Content", "To: patricia@test.intershop.de", "Subject: 10 EUR Order discount"),
        "> POST /ccadmin/v1/profiles/batchGrantPromotions",
        "> DELETE /subscriptions/d.weiers@test.intershop.de",
        "> PUT /api/v1/customerGroupPromotionLists",
    ):
        assert shown in ran.out
    assert list(temporary.iterdir()) == []
    assert [file.name for file in bare.folder.iterdir()] == ["temporary"]


async def test_programs_read_it_as_json(bare: Largesse) -> None:
    ran = await bare.process("demo", "--play", "--json")
    assert ran.code == 0, ran.err
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert sum("scene" in line for line in lines) == len(SCENES)
    assert all(line["holds"] for line in lines if "check" in line)
    assert lines[-1]["failed"] == []
    assert lines[-1]["exchanges"] == sum("status" in line for line in lines)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_leaves_nothing_when_it_is_stopped(
    bare: Largesse, temporary: Path, number: signal.Signals
) -> None:
    process = await bare.start("demo", "--play")
    await asyncio.wait_for(process.stdout.readuntil(b"GET /users/-"), SECONDS)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    ran = await ended(process)
    assert ran.code != 0
    assert "Traceback" not in ran.err, ran.err
    assert len(children) == 1
    assert not children[0].is_running()
    assert list(temporary.iterdir()) == []


async def test_the_server_does_not_outlive_a_killed_play(bare: Largesse, temporary: Path) -> None:
    process = await bare.start("demo", "--play")
    await asyncio.wait_for(process.stdout.readuntil(b"GET /users/-"), SECONDS)
    (server,) = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    await ended(process)
    _, alive = await asyncio.to_thread(psutil.wait_procs, [server], SECONDS)
    assert alive == []


async def test_an_answer_that_differs_is_told(demo_url: str) -> None:
    """A server without newsletter provider does not answer as the newsletter's scene wants."""
    async with serve(demo_url, newsletter_provider="none") as served:
        stage = await played(served)
    assert len(stage.failed) > 3
    assert "the status is 201: expected 201, found 404" in stage.failed[0]


async def test_nothing_is_told_of_answers_that_hold(served: Served) -> None:
    assert (await played(served)).failed == []


async def played(served: Served) -> Stage:
    """Play the newsletter's scene against a served instance."""
    stage = Stage(served.client, Lines(Console(quiet=True, highlight=False)))
    await newsletter(Play(stage, served.demo, served.sink))
    return stage
