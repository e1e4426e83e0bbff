"""`largesse record` and `largesse replay`: a client's traffic, kept and sent to another server."""

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from largesse.cli.conform import (
    credentials_option,
    needs_httpx,
    server,
    show,
    timeout_option,
)
from largesse.cli.errors import CommandError
from largesse.cli.output import json_option, show_json

if TYPE_CHECKING:
    from largesse.conform.replay import Exchange
    from largesse.conform.report import Report

LARGEST_MIB = 8
PATIENCE_SECONDS = 5


@click.command()
@click.option("--upstream", required=True, help="The server that the client talks to by now.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="A new or empty folder for the recorded exchanges.",
)
@click.option(
    "--listen", default="127.0.0.1:0", show_default=True, help="HOST:PORT; port 0 is a free one."
)
@click.option("--allow-remote", is_flag=True, help="Listen on an address that others can reach.")
@click.option(
    "--mask", multiple=True, help="Another name of headers, parameters and members to hide."
)
@click.option(
    "--max-body",
    type=click.IntRange(min=1),
    default=LARGEST_MIB,
    show_default=True,
    help="MiB that a body may have.",
)
@timeout_option
@json_option
def record(
    upstream: str,
    out: Path,
    listen: str,
    allow_remote: bool,
    mask: tuple[str, ...],
    max_body: int,
    timeout: float,
    as_json: bool,
) -> None:
    """Record what a client and a server say to each other, until Ctrl-C.

    Listens on this machine and passes everything on: let the client's base URL be the address that
    is printed. Each exchange becomes a file in OUT, without passwords, tokens, keys and cookies. What
    else is personal stays in the files: see --mask.
    """
    import asyncio

    needs_httpx("record")
    host, port = _address(listen, allow_remote=allow_remote)
    upstream = server(upstream, option="--upstream")
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(out.iterdir()):
        raise CommandError(f"{out} is not empty.")
    with _listener(host, port) as listener:
        asyncio.run(
            _record(
                upstream,
                out,
                listener,
                mask=mask,
                largest=max_body * 2**20,
                timeout=timeout,
                as_json=as_json,
            )
        )


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path))
@click.option("--base-url", required=True, help="The server that is sent the requests.")
@credentials_option
@click.option("--vary", multiple=True, help="A name of members that are not compared.")
@click.option(
    "--patience",
    type=click.FloatRange(min=0),
    default=PATIENCE_SECONDS,
    show_default=True,
    help="Seconds for which a GET is asked again while its answer is another one.",
)
@timeout_option
@json_option
def replay(
    folder: Path,
    base_url: str,
    credentials: Path | None,
    vary: tuple[str, ...],
    patience: float,
    timeout: float,
    as_json: bool,
) -> None:
    """Send recorded requests to another server, and show where its answers are others.

    Ids, codes, tokens and moments may be others: later requests name those of the new server.
    Passwords and keys come from the credentials file. Exits with 0 if everything was
    sent and nothing differs. What was recorded is done again: what wrote then writes now.
    """
    import asyncio

    needs_httpx("replay")
    from largesse.conform.credentials import read_credentials
    from largesse.conform.replay import read_recording

    given = {} if credentials is None else read_credentials(credentials)
    found, url = read_recording(folder), server(base_url)
    report = asyncio.run(_replay(found, url, given, patience=patience, vary=vary, timeout=timeout))
    show(report, as_json=as_json, complete=True)


def _address(listen: str, *, allow_remote: bool) -> tuple[str, int]:
    """Return host and port. Raises CommandError."""
    from largesse.conform.record import is_loopback

    host, colon, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise CommandError("--listen must be HOST:PORT.")
    if not allow_remote and not is_loopback(host):
        raise CommandError(
            f"{host} can be reached from other machines, and so could what is recorded: "
            "--allow-remote is needed."
        )
    return host, int(port)


def _listener(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise CommandError(f"{host}:{port}: {error.strerror or error}") from error


async def _record(
    upstream: str, out: Path, listener: socket.socket, *, as_json: bool, timeout: float, **more: Any
) -> None:
    import asyncio

    import httpx
    import uvicorn

    from largesse.cli.serving import Server
    from largesse.conform.record import Recorder

    async with httpx.AsyncClient(timeout=timeout, trust_env=False) as client:
        recorder = Recorder(client, upstream, out, **more)
        config = uvicorn.Config(
            recorder, log_config=None, lifespan="off", server_header=False, date_header=False
        )
        host, port = listener.getsockname()[:2]
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        if as_json:
            show_json({"url": url, "upstream": upstream, "out": str(out)})
        else:
            click.echo(f"Recording {upstream} at {url} into {out}. Ctrl-C ends it.")
        await Server(config, asyncio.Event()).serve(sockets=[listener])
        if not as_json:
            click.echo(f"{recorder.exchanges} exchanges.")


async def _replay(
    exchanges: "list[Exchange]", base_url: str, given: Any, *, timeout: float, **more: Any
) -> "Report":
    import httpx

    from largesse.conform.replay import replay

    async with httpx.AsyncClient(base_url=base_url, timeout=timeout, trust_env=False) as client:
        return await replay(exchanges, client, given, **more)
