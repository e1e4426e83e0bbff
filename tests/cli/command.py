"""Run `largesse`, in this process or, as a user does, in one of its own."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from click.testing import CliRunner

from largesse.cli.main import main

SECONDS = 60
"""How long a command may take on a busy machine."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its output as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Largesse:
    """The command, over one database and in one folder."""

    folder: Path
    database: str | None = None
    settings: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Return the environment: nothing of LARGESSE_* but what this test says."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("LARGESSE_")}
        given = {"DATABASE_URL": self.database} if self.database else {}
        given |= {name.upper(): value for name, value in self.settings.items()}
        # A pipe is asked for in UTF-8 whatever the machine's locale.
        return kept | {f"LARGESSE_{k}": v for k, v in given.items()} | {"PYTHONUTF8": "1"}

    async def start(self, *arguments: str, **more: Any) -> asyncio.subprocess.Process:
        """Start a command."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "largesse", *arguments),
            env=self.environment(),
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            **more,
        )

    async def __call__(self, *arguments: str, stdin: str = "") -> Ran:
        """Run a command to its end in this process, which spares it a second of imports."""
        with logs_restored():
            return await asyncio.to_thread(self._inside, arguments, stdin)

    async def process(self, *arguments: str, stdin: str = "") -> Ran:
        """Run a command to its end in a process of its own."""
        process = await self.start(*arguments, stdin=asyncio.subprocess.PIPE)
        return await ended(process, stdin)

    async def json(self, *arguments: str) -> Any:
        """Run a command that succeeds and return its output as JSON."""
        ran = await self(*arguments, "--json")
        assert ran.code == 0, ran.err
        return ran.json

    def _inside(self, arguments: Sequence[str], stdin: str) -> Ran:
        given = self.environment()
        none = {name: None for name in os.environ if name not in given}
        with contextlib.chdir(self.folder):
            result = CliRunner().invoke(main, list(arguments), input=stdin, env=given | none)
        return Ran(result.exit_code, result.stdout, result.stderr)

    @asynccontextmanager
    async def running(self, *arguments: str) -> AsyncIterator["Running"]:
        """Run `serve` or `worker` until the block ends, once it says that it is up."""
        process = await self.start(*arguments, "--json", stdin=asyncio.subprocess.DEVNULL)
        assert process.stdout is not None
        try:
            line = await asyncio.wait_for(process.stdout.readline(), SECONDS)
            if not line:
                raise AssertionError((await ended(process)).err)
            yield Running(process, json.loads(line))
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


@dataclass(frozen=True, slots=True)
class Running:
    """A command that stays up, and what it said when it was."""

    process: asyncio.subprocess.Process
    said: dict[str, Any]

    @property
    def url(self) -> str:
        """Where it serves."""
        return str(self.said["url"])

    async def line(self) -> Any:
        """Return the next line that it prints, as JSON."""
        assert self.process.stdout is not None
        return json.loads(await asyncio.wait_for(self.process.stdout.readline(), SECONDS))

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> Ran:
        """Ask it to stop, and return what it left behind."""
        self.process.send_signal(number)
        return await ended(self.process)


@contextlib.contextmanager
def logs_restored() -> Iterator[None]:
    """Put back, behind a command, how this process writes its log lines."""
    root, mine = logging.getLogger(), logging.getLogger("largesse")
    before = (root.handlers, root.level, mine.level, structlog.get_config())
    try:
        yield
    finally:
        root.handlers, root.level, mine.level, config = before
        structlog.configure(**config)


async def ended(process: asyncio.subprocess.Process, stdin: str | None = None) -> Ran:
    """Wait for a process to end."""
    given = None if stdin is None else stdin.encode()
    try:
        out, err = await asyncio.wait_for(process.communicate(given), SECONDS)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        raise
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode())


def one_line(ran: Ran, *words: str, code: int = 1) -> None:
    """Check that a command failed with one plain line that has these words in it."""
    assert (ran.code, ran.out) == (code, ""), ran
    assert ran.err.startswith("Error: "), ran.err
    assert ran.err.count("\n") == 1, ran.err
    missing = [word for word in words if word not in ran.err]
    assert not missing, ran.err


def columns(ran: Ran) -> Sequence[str]:
    """Return the lines that a command printed for people."""
    assert ran.code == 0, ran.err
    return ran.out.splitlines()
