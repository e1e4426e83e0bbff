"""A client that knows exactly what it sent and what it got, also when the server dies."""

import asyncio
import json
import re
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

HOST = "127.0.0.1"


class CutOff(Exception):
    """The connection ended before the answer was whole: its fate is unknown to the client."""


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: int
    body: Any


class Client:
    """One connection, kept open over many requests."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def post(self, path: str, body: Any, *, method: str = "POST", **headers: str) -> Answer:
        """Send a request and return its answer. Raises CutOff."""
        try:
            self.send(request(path, body, method=method, **headers))
            await self._writer.drain()
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = re.search(r"^content-length: *(\d+)", head, re.MULTILINE)
            content = await self._reader.readexactly(int(length[1]) if length else 0)
        except (OSError, asyncio.IncompleteReadError) as error:
            raise CutOff() from error
        return Answer(int(head.split(" ", 2)[1]), json.loads(content) if content else None)

    def send(self, data: bytes) -> None:
        """Send bytes as they are, and wait for nothing."""
        self._writer.write(data)

    def hang_up(self, *, rudely: bool) -> None:
        """Close the connection at once; rudely: with a reset instead of a goodbye."""
        if rudely:
            own = self._writer.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


def request(path: str, body: Any, *, method: str = "POST", **headers: str) -> bytes:
    """Return a request with a JSON body as bytes."""
    content = json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", "Content-Type: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, f"Content-Length: {len(content)}", "", ""]).encode() + content


@asynccontextmanager
async def connect(port: int) -> AsyncIterator[Client]:
    """Open a connection. Raises CutOff: nobody listens."""
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
    except OSError as error:
        raise CutOff() from error
    try:
        yield Client(reader, writer)
    finally:
        writer.transport.abort()
