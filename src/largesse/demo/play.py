"""Plays the documents' printed requests against a real server, and checks every answer.

The server is a process of its own (`largesse serve --demo`) over a SQLite file in a temporary
folder, the mail service is a real one in this process, and everything between goes through
sockets. Nothing is left behind, however it ends.
"""

import asyncio
import contextlib
import ctypes
import json
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from types import FrameType

import httpx
from rich.console import Console

from largesse.demo.data import DemoCredentials
from largesse.demo.exchanges import Display, JsonLines, Lines, Stage
from largesse.demo.scenes import SCENES, Play
from largesse.demo.sink import Sink
from largesse.settings import ENV_PREFIX

START_SECONDS = 60
"""How long the server may take to start and to load the demo data."""

STOP_SECONDS = 15
"""How long it may take to stop before it is ended."""

PLAY_SECONDS = 120
"""How long everything together may take."""

ANSWER_SECONDS = 30
"""How long one answer may take."""

PR_SET_PDEATHSIG = 1


class NotPlayed(Exception):
    """The play could not begin or come to its end."""


def main(environment: Mapping[str, str], *, as_json: bool) -> bool:
    """Play everything and say whether all was as it must be.

    Raises:
        NotPlayed: the server did not start, stopped, or did not answer in time.
    """
    display: Display = JsonLines(print) if as_json else Lines(Console(highlight=False))
    # SIGINT too: asyncio would cancel the play, which a library may take for its own time-out.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, _leave)
    started = time.monotonic()
    stage = asyncio.run(_play(environment, display))
    display.end(stage.exchanges, stage.failed, time.monotonic() - started)
    return not stage.failed


def _leave(number: int, _frame: FrameType | None) -> None:
    """End as after an error, so that the server is stopped and the folder removed."""
    sys.exit(128 + number)


async def _play(environment: Mapping[str, str], display: Display) -> Stage:
    with tempfile.TemporaryDirectory(prefix="largesse-demo-") as folder, Sink() as sink:
        given = _environment(environment, Path(folder), sink)
        try:
            async with asyncio.timeout(PLAY_SECONDS), _server(given, Path(folder)) as (url, demo):
                async with httpx.AsyncClient(
                    base_url=url, timeout=ANSWER_SECONDS, trust_env=False
                ) as client:
                    stage = Stage(client, display)
                    for scene in SCENES:
                        await scene(Play(stage, demo, sink))
                        client.cookies.clear()
                    return stage
        except TimeoutError:
            raise NotPlayed(f"The play did not end within {PLAY_SECONDS} seconds.") from None
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise NotPlayed(f"The server did not answer: {reason}") from error


def _environment(environment: Mapping[str, str], folder: Path, sink: Sink) -> dict[str, str]:
    """Return the server's environment: no setting of the user's, only those of the play."""
    config = folder / "largesse.toml"
    config.touch()
    kept = {name: value for name, value in environment.items() if not name.startswith(ENV_PREFIX)}
    return kept | {
        f"{ENV_PREFIX}CONFIG": str(config),
        f"{ENV_PREFIX}DATABASE_URL": f"sqlite:///{folder / 'largesse.db'}",
        f"{ENV_PREFIX}SMTP_URL": sink.url,
        f"{ENV_PREFIX}WORKER_POLL_SECONDS": "0.1",
        f"{ENV_PREFIX}LOG_LEVEL": "warning",
    }


@contextlib.asynccontextmanager
async def _server(
    environment: Mapping[str, str], folder: Path
) -> AsyncIterator[tuple[str, DemoCredentials]]:
    """Run a server; give its address and how to sign in."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "largesse", "serve", "--demo", "--json", "--port", "0"),
        env=dict(environment),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        preexec_fn=_stop_with_parent(),
    )
    try:
        yield await _told(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _told(process: asyncio.subprocess.Process) -> tuple[str, DemoCredentials]:
    """Return what the server says once it listens."""
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
    except TimeoutError:
        raise NotPlayed(f"The server did not start within {START_SECONDS} seconds.") from None
    if not line:
        raise NotPlayed("The server did not start.")
    told = json.loads(line)
    return told["url"], DemoCredentials(**told["demo"])


def _stop_with_parent() -> Callable[[], object] | None:
    """Return what makes Linux stop the server even if this process is killed."""
    if sys.platform != "linux":
        return None
    # Looked up here: between fork and exec as little as possible should run.
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
