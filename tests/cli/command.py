"""Run `largesse`, in this process or, as a user does, in one of its own.

One of its own is forked from a process that has everything imported: that spares it a second. That
Python starts `largesse` as well is seen by the play, whose server it is, and by README.md.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from click.testing import CliRunner

from largesse.cli.main import main
from tests.faults.starter import Forked, fork

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

    async def start(self, *arguments: str, stdin: str = "") -> "Process":
        """Start a command."""
        with contextlib.ExitStack() as stack, tempfile.TemporaryFile() as given:
            given.write(stdin.encode())
            given.seek(0)
            pipes = [os.pipe(), os.pipe()]
            out, err = (stack.enter_context(os.fdopen(write, "wb")) for _, write in pipes)
            where = {"given": given, "folder": str(self.folder)}
            forked = fork(arguments, self.environment(), out=out, err=err, **where)
        return Process(forked, *[await Output.of(read) for read, _ in pipes])

    async def __call__(self, *arguments: str, stdin: str = "") -> Ran:
        """Run a command to its end in this process, which spares it a second of imports."""
        with logs_restored():
            return await asyncio.to_thread(self._inside, arguments, stdin)

    async def process(self, *arguments: str, stdin: str = "") -> Ran:
        """Run a command to its end in a process of its own."""
        return await ended(await self.start(*arguments, stdin=stdin))

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
        process = await self.start(*arguments, "--json")
        try:
            line = await asyncio.wait_for(process.stdout.readline(), SECONDS)
            if not line:
                raise AssertionError((await ended(process)).err)
            yield Running(process, json.loads(line))
        finally:
            await process.end()


class Output(asyncio.StreamReader):
    """What a process writes."""

    transport: asyncio.ReadTransport

    @classmethod
    async def of(cls, number: int) -> "Output":
        """Read from a pipe."""
        made, loop = cls(), asyncio.get_running_loop()
        pipe = os.fdopen(number, "rb", buffering=0)
        reading = loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(made), pipe)
        made.transport, _ = await reading
        return made


@dataclass(frozen=True, slots=True)
class Process:
    """A process, of which asyncio's has the same and more."""

    forked: Forked
    stdout: Output
    stderr: Output

    @property
    def pid(self) -> int:
        """Its number."""
        return self.forked.pid

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        self.forked.send_signal(number)

    def kill(self) -> None:
        """End it at once."""
        self.forked.kill()

    async def communicate(self) -> tuple[int, bytes, bytes]:
        """Wait for its end; return its exit code and what was not read of its output."""
        out, err = await asyncio.gather(self.stdout.read(), self.stderr.read())
        return await asyncio.to_thread(self.forked.wait), out, err

    async def end(self) -> None:
        """End it at once, and give up its output."""
        self.kill()
        await asyncio.to_thread(self.forked.wait)
        for output in (self.stdout, self.stderr):
            output.transport.close()


@dataclass(frozen=True, slots=True)
class Running:
    """A command that stays up, and what it said when it was."""

    process: Process
    said: dict[str, Any]

    @property
    def url(self) -> str:
        """Where it serves."""
        return str(self.said["url"])

    async def line(self) -> Any:
        """Return the next line that it prints, as JSON."""
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


async def ended(process: Process) -> Ran:
    """Wait for a process to end."""
    try:
        code, out, err = await asyncio.wait_for(process.communicate(), SECONDS)
    finally:
        await process.end()
    return Ran(code, out.decode(), err.decode())


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
