"""Hands mails to a mail service through SMTP, over connections that are kept open."""

import asyncio
from urllib.parse import SplitResult, unquote

import aiosmtplib

from largesse.senders.conversation import Conversation, HungUp
from largesse.senders.message import Envelope


class SmtpSender:
    """A small pool of connections to one mail service."""

    def __init__(
        self, parts: SplitResult, *, name: str, connections: int, timeout: float, answer: float
    ) -> None:
        if not parts.hostname:
            raise ValueError(f"not a mail service: {parts.scheme}://... (smtp://host:port)")
        self.name = name
        self.connections = connections
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or (465 if self._tls else 25)
        self._username = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._timeout = timeout
        self._answer = answer
        self._places = asyncio.Semaphore(connections)
        self._idle: list[Conversation] = []
        self._busy = 0

    @property
    def is_open(self) -> bool:
        """Whether a connection is open."""
        return self._busy > 0 or any(one.is_open for one in self._idle)

    async def open(self) -> None:
        """Connect, unless a connection is open. Raises Unreachable."""
        if not self.is_open:
            self._idle.append(await self._connect())

    async def send(self, envelope: Envelope) -> str:
        """Hand a mail over and return the service's answer.

        Raises:
            Unreachable, PutOff, TurnedDown, CutOff
        """
        async with self._places:
            self._busy += 1
            try:
                return await self._send(envelope)
            finally:
                self._busy -= 1

    async def close(self) -> None:
        """Say goodbye on every connection."""
        while self._idle:
            await self._idle.pop().quit()

    async def _send(self, envelope: Envelope) -> str:
        while True:
            kept = self._idle.pop() if self._idle else None
            if kept is not None and not kept.is_open:
                continue
            connection = kept or await self._connect()
            try:
                return await connection.deliver(envelope)
            except HungUp:
                # On who was silent for long: that says nothing about the mail, nor the service.
                if kept is None:
                    raise
            finally:
                if connection.is_open:
                    self._idle.append(connection)

    async def _connect(self) -> Conversation:
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            use_tls=self._tls,
            username=self._username,
            password=self._password,
            timeout=self._timeout,
        )
        connection = Conversation(client, answer=self._answer)
        await connection.connect()
        return connection
