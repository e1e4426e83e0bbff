"""Transports for development: mails are printed, or put into a folder of a mail program."""

import asyncio
import os
import sys
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from uuid import uuid4

from largesse.senders.message import Envelope, TurnedDown, Unreachable


class NoSender:
    """Refuses every mail: an installation that names no mail service sends none."""

    name = "none"
    connections = 1
    is_open = True

    async def open(self) -> None:
        """Return: there is nothing to open."""

    async def send(self, envelope: Envelope) -> str:
        """Refuse a mail. Raises TurnedDown."""
        raise TurnedDown("no mail service is configured", "no service")

    async def close(self) -> None:
        """Return: there is nothing to close."""


class ConsoleSender:
    """Prints the plain-text part of each mail."""

    def __init__(self, *, name: str) -> None:
        self.name = name
        self.connections = 1
        self.is_open = True

    async def open(self) -> None:
        """Return: standard output is always there."""

    async def send(self, envelope: Envelope) -> str:
        """Print a mail."""
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        part = message.get_body(("plain",))
        text = str(part.get_content()) if part is not None else ""
        lines = "".join(f"    {line}\n" for line in text.strip().splitlines())
        print(
            f"\nMail to {envelope.recipient}: {message['Subject']}\n{lines}",
            file=sys.stdout,
            flush=True,
        )
        return "printed"

    async def close(self) -> None:
        """Return: nothing is kept open."""


class MaildirSender:
    """Puts each mail into a Maildir, which most mail programs can open."""

    def __init__(self, path: Path, *, name: str) -> None:
        if not path.is_absolute():
            raise ValueError(f"not a folder for mails: maildir:{path} (maildir:/absolute/path)")
        self.name = name
        self.connections = 1
        self.is_open = False
        self._path = path

    async def open(self) -> None:
        """Make the folder. Raises Unreachable."""
        try:
            for name in ("tmp", "new", "cur"):
                (self._path / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unreachable(f"{type(error).__name__}: {error.strerror}") from error
        self.is_open = True

    async def send(self, envelope: Envelope) -> str:
        """Write a mail. Raises Unreachable."""
        name = f"{uuid4().hex}.largesse"
        try:
            await asyncio.to_thread(self._write, name, envelope.content)
        except OSError as error:
            self.is_open = False
            raise Unreachable(f"{type(error).__name__}: {error.strerror}") from error
        return f"kept as new/{name}"

    def _write(self, name: str, content: bytes) -> None:
        # Whole, or not at all: a reader looks into `new` only.
        draft = self._path / "tmp" / name
        with draft.open("wb") as file:
            file.write(content.replace(b"\r\n", b"\n"))
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self._path / "new" / name)

    async def close(self) -> None:
        """Return: nothing is kept open."""
