"""uvicorn's HTTP protocol, by which an answer leaves in one piece."""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

END_OF_HEAD = b"\r\n\r\n"


class OneWrite(HttpToolsProtocol):
    """Sends the head of an answer together with its body.

    uvicorn writes first the one and then the other, and uvloop makes a system call of each write:
    two packets for each answer, and a client that wakes up twice.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to serve a connection."""
        joined = cast("asyncio.Transport", Joined(transport, self.loop))
        super().connection_made(joined)


class Joined:
    """A transport that keeps a head back until the body is written, or the loop has turned once.

    So an answer whose body comes later, as a stream's does, shows its head at once all the same.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._call_soon = loop.call_soon
        self._head = b""
        self.is_closing = transport.is_closing

    def __getattr__(self, name: str) -> Any:
        """Return anything else of the transport."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send data behind what was kept back, or keep it back if it is a head."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.writelines((head, data))
        elif data.endswith(END_OF_HEAD):
            self._head = data
            self._call_soon(self._flush)
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Close the connection once everything is sent."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            if not self.is_closing():
                self._transport.write(head)
