"""One real server process."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

START_SECONDS = 30
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Server:
    """A running server."""

    pid: int
    port: int


@asynccontextmanager
async def serve(database_url: str, *, factory: str = "application") -> AsyncIterator[Server]:
    """Serve a database from one process, on uvloop and httptools, and stop it behind the block."""
    port = _free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "uvicorn", "--factory", f"benchmarks.{factory}:create"),
            *("--host", HOST, "--port", str(port), "--loop", "uvloop", "--http", "httptools"),
            *("--no-access-log", "--log-level", "warning"),
        ],
        env=os.environ | {"LARGESSE_DATABASE_URL": database_url},
        stdin=subprocess.DEVNULL,
    )
    try:
        await _ready(process, port)
        yield Server(process.pid, port)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(process.wait, 20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _ready(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Wait until the server accepts connections: it does so after its start-up only."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise RuntimeError("the server did not start")


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])
