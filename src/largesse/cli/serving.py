"""What `largesse serve` does; apart from the command, because it imports the whole service."""

import asyncio
import contextlib
import dataclasses
import gc
import os
import signal
import socket
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import msgspec
import rich_click as click
import uvicorn
import uvloop
from starlette.types import ASGIApp

from largesse.app import Application, running
from largesse.cli.errors import CommandError
from largesse.cli.one_write import OneWrite
from largesse.cli.output import show_json
from largesse.cli.session import database_errors, shown
from largesse.demo import data
from largesse.services import open_services
from largesse.settings import Settings

BACKLOG = 2048
"""Connections that may wait to be accepted."""

GRACE_SECONDS = 30
"""How long requests in hand may take once the process is told to stop."""

STOPPING = (signal.SIGINT, signal.SIGTERM)


class Server(uvicorn.Server):
    """A server whose process ends by itself once it is told to stop."""

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
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, demo=demo, as_json=as_json))


async def _serve(settings: Settings, *, demo: bool, as_json: bool) -> None:
    async with contextlib.AsyncExitStack() as stack:
        settings, prints_mail = _with_mail(settings, stack, demo=demo, as_json=as_json)
        with database_errors(settings):
            services = open_services(settings)
            stack.push_async_callback(services.close)
            await stack.enter_async_context(running(services))
        listener = stack.enter_context(_listen(settings.host, settings.port))
        settings = _at(settings, listener)
        loaded = None
        if demo:
            loaded = await data.load(dataclasses.replace(services, settings=settings))
        _announce(settings, loaded, prints_mail=prints_mail, as_json=as_json)
        config = configured(Application(services), settings)
        # What was loaded up to here stays: to look through all of it for garbage takes 60 ms, in
        # which no request is answered.
        gc.collect()
        gc.freeze()
        await Server(config).serve(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        CommandError: the address is not ours, or another program has it.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        # create_server adds the address to the reason; getaddrinfo's errors are no errno.
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error.strerror
        raise CommandError(
            f"{host} port {port} can not be served on: {reason}. --host and --port choose others."
        ) from None


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
    settings: Settings, stack: contextlib.AsyncExitStack, *, demo: bool, as_json: bool
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
  CRM.COM           organisation {demo.crmcom_organisation}
  Intershop         UserOrganization {demo.intershop_organization}

README.md has a request of each of the five documents to try out."""
    )
    if prints_mail:
        click.echo("Mails go nowhere; they are printed here.")
