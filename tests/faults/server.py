"""The service as an operator runs it: processes of their own, which can be killed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from tests.faults.starter import Forked, fork
from tests.postgres import stop_with_parent

START_SECONDS = 60
STOP_SECONDS = 45

SERVE = ("serve", "--json", "--port", "0")
WORK = ("worker", "--json")


class Server:
    """A process that serves, or tries to."""

    def __init__(
        self, process: "Forked | subprocess.Popen[bytes]", out: IO[bytes], log: IO[bytes]
    ) -> None:
        self.process = process
        self.port = 0
        self._out = out
        self._log = log

    @property
    def log(self) -> str:
        """What the process has written to standard error so far."""
        return Path(self._log.name).read_text(errors="replace")

    async def ready(self) -> None:
        """Wait until it says where it serves."""
        line = await asyncio.wait_for(asyncio.to_thread(self._out.readline), START_SECONDS)
        assert line, f"the server did not start:\n{self.log}"
        self.port = urlsplit(json.loads(line).get("url", "")).port or 0

    def kill(self) -> None:
        """End it as a power cut does: kill -9."""
        self.process.kill()
        self.process.wait()

    async def ended(self) -> int:
        """Return its exit code once it has ended."""
        try:
            return await asyncio.to_thread(self.process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            # With PYTHONFAULTHANDLER this makes it write where each of its threads stands.
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
            raise AssertionError(f"the server did not stop:\n{self.log}") from None

    async def stop(self) -> None:
        """Ask it to stop, unless it has ended, and wait until it has."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        await self.ended()


@asynccontextmanager
async def server(
    database_url: str, *, command: Sequence[str] | None = None, **settings: Any
) -> AsyncIterator[Server]:
    """Serve a database until the block ends; the server may be killed before."""
    async with launched(database_url, command=command, **settings) as one:
        await one.ready()
        yield one


@asynccontextmanager
async def worker(database_url: str, **settings: Any) -> AsyncIterator[Server]:
    """Work for a database until the block ends: `largesse worker`, or `serve` on SQLite."""
    arguments = SERVE if database_url.startswith("sqlite") else WORK
    async with launched(database_url, arguments=arguments, **settings) as one:
        await one.ready()
        yield one


@asynccontextmanager
async def servers(database_url: str, count: int) -> AsyncIterator[list[Server]]:
    """Serve a database by several processes until the block ends."""
    async with AsyncExitStack() as stack:
        starting = [stack.enter_async_context(server(database_url)) for _ in range(count)]
        yield [await one for one in starting]


@asynccontextmanager
async def launched(
    database_url: str,
    *,
    command: Sequence[str] | None = None,
    arguments: Sequence[str] = SERVE,
    **settings: Any,
) -> AsyncIterator[Server]:
    """Start a process that is to serve a database, and do not wait until it does.

    `command` runs in a Python of its own; without it `largesse` does, started by fork.
    """
    chosen = {"database_url": database_url} | settings
    environment = os.environ | {
        f"LARGESSE_{name.upper()}": str(value) for name, value in chosen.items()
    }
    read, write = os.pipe()
    with os.fdopen(read, "rb") as out, tempfile.NamedTemporaryFile(prefix="largesse-") as log:
        with os.fdopen(write, "wb") as written:
            if command is None:
                process: Any = fork(arguments, environment, out=written, err=log)
            else:
                process = _popen(command, environment, out=written, err=log)
        one = Server(process, out, log)
        try:
            yield one
        finally:
            await one.stop()


def _popen(
    command: Sequence[str], environment: Mapping[str, str], *, out: IO[bytes], err: IO[bytes]
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, *command],
        env={"PYTHONFAULTHANDLER": "1", **environment},
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        preexec_fn=stop_with_parent,
    )
