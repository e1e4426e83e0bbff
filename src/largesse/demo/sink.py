"""A mail service that keeps what it is sent, for the demo and the tests."""

import asyncio
import socket
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller


class Sink:
    """A real SMTP server on a free port of 127.0.0.1, in a thread of its own.

    `answer` is what it says to the next messages, by default that it takes them. They are kept in
    `messages`, or handed to `on_message`, in the sink's thread.
    """

    def __init__(self, *, on_message: Callable[[EmailMessage], None] | None = None) -> None:
        self.messages: list[EmailMessage] = []
        self.contents: list[bytes] = []
        """The messages as they came: a signature is of these bytes."""
        self._on_message = on_message
        self.answer = "250 OK kept"
        self.delay = 0.0
        self._controller = Controller(self, hostname="127.0.0.1", port=_free_port())

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Take one message, as aiosmtpd calls it."""
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.answer.startswith("2"):
            message = message_from_bytes(envelope.content, policy=default)
            assert isinstance(message, EmailMessage)
            if self._on_message is not None:
                self._on_message(message)
            else:
                self.contents.append(envelope.content)
                self.messages.append(message)
        return self.answer

    @property
    def url(self) -> str:
        """The address to send to, as the setting `smtp_url` takes it."""
        return f"smtp://{self._controller.hostname}:{self._controller.port}"

    def start(self) -> "Sink":
        """Start listening."""
        self._controller.start()
        return self

    def stop(self) -> None:
        """Stop listening."""
        self._controller.stop()

    def __enter__(self) -> "Sink":
        """Start listening."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self.stop()


def _free_port() -> int:
    """Return a port that nobody listens on: aiosmtpd's controller can not take port 0."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
