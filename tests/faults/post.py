"""A mail service that behaves as it is told, mails to send to it, and what the ledger must explain."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from typing import Any

from sqlalchemy import func, select, update

from largesse.core import clock
from largesse.core.access.model import Caller, system
from largesse.core.ids import new_id
from largesse.core.mail import store
from largesse.core.mail.model import mail_attempts, mail_lanes, mails
from largesse.services import Services
from largesse.worker.mail import send_due_mail

STALL = "stall"
"""Say nothing, and keep the connection."""
HANG_UP = "hang up"
OPEN = ("queued", "sending")

STAGES = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "content")
FRIENDLY = {"greeting": "220 post", "DATA": "354 go ahead", "QUIT": "221 bye"}


@dataclass
class Post:
    """An SMTP server on a real socket; `answers` says what it answers at which stage."""

    answers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds before it answers to a whole message."""
    taken: Counter[str] = field(default_factory=Counter)
    """How often it had a message in full and did not refuse it, by Message-ID."""
    recipients: list[str] = field(default_factory=list)
    """To whom these were, in that order."""
    contents: list[bytes] = field(default_factory=list)
    """What these said."""
    connections: int = 0
    port: int = 0
    _closing: asyncio.Event = field(default_factory=asyncio.Event)
    _server: Any = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        """The address as the setting takes it."""
        return f"smtp://127.0.0.1:{self.port}"

    async def open(self) -> None:
        """Listen, on the same port as before."""
        self._closing.clear()
        self._server = await asyncio.start_server(self._converse, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Refuse connections from here on, and cut those that there are."""
        self._server.close()
        self._closing.set()
        for writer in list(self._open):
            writer.transport.abort()
        while self._open:
            await asyncio.sleep(0.001)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        recipient = ""
        try:
            await self._answer(writer, "greeting")
            while line := await reader.readline():
                stage = line[:4].decode().upper()
                if stage == "RCPT":
                    recipient = line.decode().partition("<")[2].partition(">")[0]
                if not await self._answer(writer, stage):
                    continue
                if stage == "QUIT":
                    return
                if stage == "DATA" and "DATA" not in self.answers:
                    content = await reader.readuntil(b"\r\n.\r\n")
                    await asyncio.sleep(self.delay)
                    if self.answers.get("content", "250")[0] not in "45":
                        self.taken[str(message_from_bytes(content)["Message-ID"])] += 1
                        self.recipients.append(recipient)
                        self.contents.append(content[:-3].replace(b"\n..", b"\n."))
                    await self._answer(writer, "content")
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, stage: str) -> bool:
        answer = self.answers.get(stage, FRIENDLY.get(stage, "250 OK"))
        if answer == STALL:
            await self._closing.wait()
        if answer == HANG_UP:
            writer.transport.abort()
            raise ConnectionResetError
        writer.write(f"{answer}\r\n".encode())
        await writer.drain()
        return True


@asynccontextmanager
async def post_office(**settings: Any) -> AsyncIterator[Post]:
    """Keep a mail service open."""
    post = Post(**settings)
    await post.open()
    try:
        yield post
    finally:
        await post.close()


async def owner_of(services: Services, name: str = "demo") -> Caller:
    """Return the caller who may do everything in an organization."""
    return system(await services.access.organization_named(name))


async def queue_mails(
    services: Services,
    caller: Caller,
    count: int,
    *,
    priority: int = 1,
    domain: str = "example.com",
    **values: Any,
) -> list[str]:
    """Queue mails that are due; return their Message-IDs."""
    now = clock.now() - timedelta(seconds=1)
    rows = []
    for number in range(count):
        mail_id = new_id()
        rows.append(
            {
                "organization_id": caller.organization_id,
                "id": mail_id,
                "recipient": f"customer{number}@{domain}",
                "subject": "Your code",
                "text": "Hello",
                "html": "<p>Hello</p>",
                "message_id": f"<{mail_id.hex}@shop.example>",
                "state": "queued",
                "attempts": 0,
                "due_at": now,
                "created_at": now,
                "priority": priority,
            }
            | values
        )
    async with services.database.write() as tx:
        await store.enqueue(tx, rows)
    return [str(row["message_id"]) for row in rows]


async def work(services: Services) -> None:
    """Be the worker until nothing is due."""
    while await send_due_mail(services):
        pass


async def states(services: Services, caller: Caller) -> dict[str, str]:
    """Return the state of each mail by its Message-ID."""
    query = select(mails.c.message_id, mails.c.state)
    async with services.database.read() as tx:
        rows = await tx.rows(query.where(mails.c.organization_id == caller.organization_id))
    return {row.message_id: row.state for row in rows}


async def counts(services: Services, caller: Caller) -> Counter[str]:
    """Return how many mails are in which state."""
    return Counter((await states(services, caller)).values())


async def let_time_pass(services: Services) -> None:
    """Make it later: waits are over, and so are leases and the rest of transports."""
    past = datetime(2000, 1, 1, tzinfo=UTC)
    async with services.database.write() as tx:
        await tx.execute(update(mails).where(mails.c.state == "sending").values(lease_until=past))
        await tx.execute(update(mails).where(mails.c.state == "queued").values(due_at=past))
        await tx.execute(
            update(mail_lanes)
            .where(mail_lanes.c.blocked_until.is_not(None))
            .values(blocked_until=past)
        )


async def check_ledger(services: Services, *posts: Post) -> None:
    """Check that what the services took and what the ledger says is the same."""
    lines = (
        select(mails.c.message_id, mails.c.state, mails.c.attempts, mail_attempts.c.outcome)
        .join_from(
            mails,
            mail_attempts,
            (mail_attempts.c.organization_id == mails.c.organization_id)
            & (mail_attempts.c.mail_id == mails.c.id),
            isouter=True,
        )
        .order_by(mail_attempts.c.id)
    )
    async with services.database.read() as tx:
        rows = await tx.rows(lines)
        total = await tx.value(select(func.count()).select_from(mails))
    outcomes: dict[str, list[str]] = {}
    for row in rows:
        outcomes.setdefault(row.message_id, []).extend([row.outcome] if row.outcome else [])
    assert len(outcomes) == total
    for row in rows:
        assert row.attempts <= len(outcomes[row.message_id]), "each attempt is a line"
        assert (row.state == "sent") == ("sent" in outcomes[row.message_id]), row
    for post in posts:
        for message_id, times in post.taken.items():
            explained = [one for one in outcomes[message_id] if one in ("sent", "uncertain")]
            assert times <= len(explained), f"{message_id} was taken {times} times: {explained}"
    if posts:
        sent = {message_id for message_id, found in outcomes.items() if "sent" in found}
        assert sent <= {one for post in posts for one in post.taken}
