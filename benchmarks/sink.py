"""`python -m benchmarks.sink`: a mail service that takes everything and keeps nothing but a count.

aiosmtpd takes a fifth of the mails that this one does: with it, the sink would be what is measured.
It prints its port, and stops when its standard input is closed.
"""

import asyncio
import sys
from typing import Any

import uvloop

END = b"\r\n.\r\n"
REPLIES = {
    b"EHLO": b"250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE\r\n",
    b"DATA": b"354 go ahead\r\n",
    b"QUIT": b"221 bye\r\n",
}


class Conversation(asyncio.Protocol):
    """One connection. Clients wait for each answer: lines do not come in parts of two commands."""

    taken = 0
    """Mails, over all connections."""

    def connection_made(self, transport: Any) -> None:
        """Greet."""
        self._transport = transport
        self._held = bytearray()
        self._in_data = False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer a command, or the end of a message."""
        self._held += data
        if self._in_data:
            if self._held.endswith(END):
                Conversation.taken += 1
                self._in_data = False
                self._held.clear()
                self._transport.write(b"250 OK %d\r\n" % Conversation.taken)
        elif self._held.endswith(b"\r\n"):
            verb = bytes(self._held[:4]).upper()
            self._held.clear()
            self._in_data = verb == b"DATA"
            if verb == b"VRFY":
                self._transport.write(b"252 %d\r\n" % Conversation.taken)
            else:
                self._transport.write(REPLIES.get(verb, b"250 OK\r\n"))


async def main() -> None:
    """Serve until nobody holds the other end of standard input."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Conversation, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
