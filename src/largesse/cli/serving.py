"""What `largesse serve` does; apart from the command, because it imports the whole service."""

import asyncio
import contextlib
import functools
import gc
import multiprocessing
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from email.message import EmailMessage
from multiprocessing.synchronize import Semaphore
from typing import Any, TypeVar

import msgspec
import rich_click as click
import uvicorn
import uvloop
from starlette.types import ASGIApp

from largesse import log
from largesse.app import Application, running
from largesse.cli.errors import CommandError
from largesse.cli.one_write import OneWrite
from largesse.cli.output import show_json
from largesse.cli.session import database_errors, opened, shown
from largesse.cli.several import Several
from largesse.demo import data
from largesse.services import open_services
from largesse.settings import Settings

T = TypeVar("T")

BACKLOG = 2048
"""Connections that may wait to be accepted."""

GRACE_SECONDS = 30
"""How long requests in hand may take once the process is told to stop."""

YOUNG_OBJECTS = 10_000
"""New objects between two looks for garbage. Requests leave hardly any that needs looking for, and
with Python's own 700 the search takes 5 % of the processor."""

STOPPING = (signal.SIGINT, signal.SIGTERM)


class Server(uvicorn.Server):
    """A server whose process ends by itself once it is told to stop."""

    def __init__(self, config: uvicorn.Config, stopping: asyncio.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the requests in hand end, and those that would last tell that they are to."""
        self._stopping.set()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at a signal. uvicorn's own way raises it again, before the worker is done."""
        loop = asyncio.get_running_loop()
        for number in STOPPING:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def serve_until_stopped(settings: Settings, *, demo: bool, as_json: bool) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Raises:
        DatabaseInUse: another process serves from this SQLite file.
        CommandError: the database or the address can not be used.
    """
    with contextlib.ExitStack() as stack:
        settings, prints_mail = _with_mail(settings, stack, demo=demo, as_json=as_json)
        listener = stack.enter_context(_listen(settings, shared=settings.processes > 1))
        settings = _at(settings, listener)
        tell = functools.partial(_announce, prints_mail=prints_mail, as_json=as_json)
        if settings.processes > 1:
            # Bound, and not listening: it keeps the port for the others.
            loaded = _run(_prepare(settings, demo))
            Several(_serve_beside_others, settings).run(lambda: tell(settings, loaded))
        else:
            listener.listen(BACKLOG)
            _run(_serve(settings, listener, demo, tell))


Tell = Callable[[Settings, data.DemoCredentials | None], None]


def _run(running: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(running)


async def _prepare(settings: Settings, demo: bool) -> data.DemoCredentials | None:
    """Do what is done once, before several processes serve."""
    async with opened(settings, migrate=True) as services:
        if not services.database.engine.many_serve:
            raise CommandError("One SQLite file has one serving process: leave --processes out.")
        return await data.load(services) if demo else None


def _serve_beside_others(settings: Settings, serving: Semaphore) -> None:
    """Serve as one of several processes, until this one or the one that started it ends."""
    log.configure(look=settings.log_format, level=settings.log_level)
    with _listen(settings, shared=True) as listener:
        listener.listen(BACKLOG)
        _run(_serve(settings, listener, False, lambda *_: serving.release()))


async def _serve(settings: Settings, listener: socket.socket, demo: bool, tell: Tell) -> None:
    async with contextlib.AsyncExitStack() as stack:
        with database_errors(settings):
            services = open_services(settings)
            stack.push_async_callback(services.close)
            await stack.enter_async_context(running(services))
        tell(settings, await data.load(services) if demo else None)
        # What was loaded up to here stays: to look through all of it for garbage takes 60 ms, in
        # which no request is answered.
        config = configured(Application(services), settings)
        server = Server(config, services.wakeups.stopping)
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS)
        if (parent := multiprocessing.parent_process()) is not None:
            asyncio.get_running_loop().add_reader(parent.sentinel, server.handle_exit, 0, None)
        await server.serve(sockets=[listener])


def _listen(settings: Settings, *, shared: bool) -> socket.socket:
    """Return a socket at the address, not listening yet; `shared` with others at the same port.

    Raises:
        CommandError: the address is not ours, or another program has it.
    """
    host, port = settings.host, settings.port
    try:
        family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
    except OSError as error:
        # getaddrinfo's errors are no errno.
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error.strerror
        raise CommandError(
            f"{host} port {port} can not be served on: {reason}. --host and --port choose others."
        ) from None
    return listener


def _at(settings: Settings, listener: socket.socket) -> Settings:
    """Return the settings with the port that was found."""
    return msgspec.structs.replace(settings, port=listener.getsockname()[1])


def configured(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """Return how uvicorn is to serve an application that is started and stopped around it."""
    return uvicorn.Config(
        app,
        http=OneWrite,
        ws="none",
        # `running` starts and stops the service: what goes wrong there reaches the user in words.
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _with_mail(
    settings: Settings, stack: contextlib.ExitStack, *, demo: bool, as_json: bool
) -> tuple[Settings, bool]:
    """Give the demo a mail service that prints, if the settings name none; say whether it has."""
    if not demo or settings.smtp_url is not None:
        return settings, False
    try:
        from largesse.demo.sink import Sink
    except ImportError:
        click.echo("No mail is sent: the demo's mail service is in largesse[demo].", err=True)
        return settings, False
    sink = stack.enter_context(Sink(on_message=_printer(as_json=as_json)))
    return msgspec.structs.replace(settings, smtp_url=sink.url), True


def _printer(*, as_json: bool) -> Callable[[EmailMessage], None]:
    def show(message: EmailMessage) -> None:
        part = message.get_body(("plain",))
        text = str(part.get_content()).strip() if part is not None else ""
        to, subject = str(message["To"]), str(message["Subject"])
        if as_json:
            show_json({"mail": {"to": to, "subject": subject, "text": text}})
            return
        click.secho(f"\nMail to {to}: {subject}", bold=True)
        click.echo("".join(f"    {line}\n" for line in text.splitlines()))

    return show


def _announce(
    settings: Settings, demo: data.DemoCredentials | None, *, prints_mail: bool, as_json: bool
) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url, database = f"http://{host}:{settings.port}", shown(settings.database_url)
    if as_json:
        show_json({"url": url, "database": database, "demo": demo})
        return
    click.secho(f"Largesse serves on {url} from {database}. Ctrl-C stops it.", bold=True)
    if demo is None:
        return
    click.echo(
        f"""
The demo organization is loaded. How to sign in:

  user name         {demo.username}
  password          {demo.password}
  application key   {demo.application_key}
  admin pages       {demo.admin_url}
  CRM.COM           organisation {demo.crmcom_organisation}
  Intershop         UserOrganization {demo.intershop_organization}

README.md has a request of each of the five documents to try out."""
    )
    if prints_mail:
        click.echo("Mails go nowhere; they are printed here.")
