"""How fast a worker hands mails over, beside what the SMTP library alone does.

The ceiling is a bare loop of aiosmtplib over as many connections, whose messages lie in memory as
bytes: no database, nothing to render, nothing to record. Both talk to the same sink, in turns, in
one process of their own; every mail that the worker sends is claimed, put together, recorded as
sent and written into the ledger.

`python -m benchmarks.mail URL PORT COUNT` is that process.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import aiosmtplib
import uvloop
from sqlalchemy import func, select

from largesse import migrations
from largesse.core import clock
from largesse.core.access.model import Caller, system
from largesse.core.ids import new_id
from largesse.core.mail.model import MailState, mail_attempts, mails
from largesse.senders.message import OutgoingMail
from largesse.services import Services, open_services
from largesse.settings import Settings
from largesse.worker.mail import send_due_mail

CONNECTIONS = 8
PARTS = 4
"""Into how many turns a round is parted."""

MAIL_FROM = "Shop <shop@example.com>"
TEXT = "Hello Patricia Miller,\n\nyour promotion code is:\n\n    {code}\n\n10 EUR off.\n"
HTML = (
    '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>10 EUR</title></head>\n'
    '<body style="font-family: sans-serif; color: #1a1a1a">\n<p>Hello Patricia Miller,</p>\n'
    "<p>your promotion code is:</p>\n<p><strong>{code}</strong></p>\n"
    + "<p>It is worth ten euros on whatever you like best.</p>\n" * 12
    + "</body>\n</html>\n"
)


@dataclass(frozen=True)
class Measured:
    """One round; rates are mails a second."""

    count: int
    rate: float
    ceiling: float
    worker_us: float
    """Processor time of this process for one mail, in microseconds."""
    ceiling_us: float

    @property
    def ratio(self) -> float:
        """The rate as a part of the ceiling."""
        return self.rate / self.ceiling


async def measure(url: str, count: int) -> Measured:
    """Measure one round with so many mails, in a new process beside a new sink."""
    async with _sink() as port:
        command = ("-m", "benchmarks.mail", url, str(port), str(count))
        found = await asyncio.create_subprocess_exec(
            sys.executable, *command, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await found.communicate()
    if found.returncode:
        raise RuntimeError(f"the measurement of mails ended with {found.returncode}")
    return Measured(**json.loads(output))


@asynccontextmanager
async def _sink() -> AsyncIterator[int]:
    pipe = asyncio.subprocess.PIPE
    sink = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.sink", stdin=pipe, stdout=pipe
    )
    assert sink.stdin is not None
    assert sink.stdout is not None
    try:
        yield int(await sink.stdout.readline())
    finally:
        sink.stdin.close()
        await sink.wait()


# --- in the process that is measured -------------------------------------------------------------


async def _round(url: str, port: int, count: int) -> Measured:
    settings = Settings(
        database_url=url,
        smtp_url=f"smtp://127.0.0.1:{port}",
        smtp_connections=CONNECTIONS,
        mail_from=MAIL_FROM,
        log_level="warning",
    )
    services = open_services(settings)
    try:
        await migrations.upgrade(services.database)
        await services.start()
        caller = system(await services.access.create_organization(f"Mail {new_id()}", []))
        part = count // PARTS
        seconds, busy = [0.0, 0.0], [0.0, 0.0]
        # The first ones are a warm-up of both: connections, prepared statements.
        for number in range(PARTS + 1):
            await _queue(services, caller, part)
            for place in range(2):
                began, used = time.perf_counter(), time.process_time()
                await (_worker(services) if place else _bare(port, part))
                if number:
                    seconds[place] += time.perf_counter() - began
                    busy[place] += time.process_time() - used
        await _check(services, caller, port, part * (PARTS + 1))
    finally:
        await services.close()
    sent = part * PARTS
    return Measured(
        sent,
        *(sent / seconds[1], sent / seconds[0], busy[1] / sent * 1e6, busy[0] / sent * 1e6),
    )


async def _queue(services: Services, caller: Caller, count: int) -> None:
    now = clock.now() - timedelta(minutes=1)
    names = ("organization_id", "id", "recipient", "subject", "text", "html", "message_id")
    more = ("state", "attempts", "due_at", "created_at", "priority")
    rows = []
    for number in range(count):
        code = f"CODE-{number:08}"
        one = new_id()
        rows.append(
            (
                *(caller.organization_id, one.hex, f"customer{number}@example.com", "Your code"),
                *(TEXT.format(code=code), HTML.format(code=code), f"<{one.hex}@example.com>"),
                *("queued", 0, now, now, 2),
            )
        )
    async with services.database.write() as tx:
        await tx.load(mails, [*names, *more], rows)
    if services.database.engine.name == "postgres":
        async with services.database.read() as tx:
            await tx.connection.exec_driver_sql("ANALYZE mails")


async def _bare(port: int, count: int) -> None:
    """Send messages that are ready, on as many connections as the worker has."""
    ready = iter(_rendered(count))

    async def send() -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port)
        await client.connect()
        for recipient, content in ready:
            await client.sendmail("shop@example.com", [recipient], content)
        await client.quit()

    await asyncio.gather(*(send() for _ in range(CONNECTIONS)))


_ready: list[tuple[str, bytes]] = []


def _rendered(count: int) -> Sequence[tuple[str, bytes]]:
    while len(_ready) < count:
        number = len(_ready)
        code = f"CODE-{number:08}"
        mail = OutgoingMail(
            sender=MAIL_FROM,
            recipient=f"customer{number}@example.com",
            subject="Your code",
            text=TEXT.format(code=code),
            html=HTML.format(code=code),
            message_id=f"<{new_id().hex}@example.com>",
            date=clock.now(),
        )
        _ready.append((mail.recipient, mail.envelope().content))
    return _ready[:count]


async def _worker(services: Services) -> None:
    while await send_due_mail(services):
        pass


async def _check(services: Services, caller: Caller, port: int, count: int) -> None:
    """Every mail must be sent, once, and be in the ledger."""
    own = mails.c.organization_id == caller.organization_id
    lines = mail_attempts.c.organization_id == caller.organization_id
    async with services.database.read() as tx:
        sent = await tx.value(
            select(func.count()).where(own, mails.c.state == MailState.SENT, mails.c.attempts == 1)
        )
        written = await tx.value(select(func.count()).where(lines))
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port)
    await client.connect()
    taken = int((await client.execute_command(b"VRFY", b"count")).message)
    await client.quit()
    if (sent, written, taken) != (count, count, 2 * count):
        raise RuntimeError(f"{count} mails: {sent} sent, {written} in the ledger, {taken} taken")


def _warmed_up() -> Any:
    url, port, count = sys.argv[1:]
    _rendered(int(count) // PARTS)
    return _round(url, int(port), int(count))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(asdict(runner.run(_warmed_up()))))
