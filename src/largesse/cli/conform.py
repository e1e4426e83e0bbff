"""`largesse conform`: whether a server answers as a dialect's documents say."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click
from click.exceptions import Exit

from largesse.cli.errors import CommandError
from largesse.cli.output import json_option, show_json, show_rows

if TYPE_CHECKING:
    from largesse.conform.cases import Suite
    from largesse.conform.report import Report

DIALECTS = ("crmcom", "intershop", "oracle", "valomnia")
MARKS = ("SEED", "DOC", "INFERRED", "PWA", "DECIDED")
ANSWER_SECONDS = 30

credentials_option = click.option(
    "--credentials",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="TOML or JSON with the tables [login] and [data]; see docs/conformance.md.",
)
timeout_option = click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=ANSWER_SECONDS,
    show_default=True,
    help="Seconds that one answer may take.",
)


@click.command()
@click.option("--dialect", type=click.Choice(DIALECTS), required=True)
@click.option("--base-url", help="Where the server is, without the path of a dialect.")
@credentials_option
@click.option("--write", is_flag=True, help="Run the cases that write, too.")
@click.option(
    "--mark",
    "marks",
    type=click.Choice(MARKS),
    multiple=True,
    help="Run only cases that are known so; may be given several times.",
)
@click.option("--list", "listed", is_flag=True, help="List the cases, and run none.")
@timeout_option
@json_option
def conform(
    dialect: str,
    base_url: str | None,
    credentials: Path | None,
    write: bool,
    marks: tuple[str, ...],
    listed: bool,
    timeout: float,
    as_json: bool,
) -> None:
    """Check a server against the documents of a dialect.

    Sends the documents' requests and checks status, headers and body of each answer; ids and
    moments count by their form. Only reads, unless --write is given. Exits with 0 if everything
    that ran passed, with 1 if not.
    """
    import asyncio

    suite = _suite(dialect)
    if listed:
        _list(suite, as_json=as_json)
        return
    if base_url is None or credentials is None:
        raise click.UsageError("--base-url and --credentials are needed.")
    from largesse.conform.credentials import read_credentials

    given = read_credentials(credentials)
    report = asyncio.run(
        _run(suite, server(base_url), given, write=write, marks=marks, timeout=timeout)
    )
    show(report, as_json=as_json)


def show(report: "Report", *, as_json: bool, complete: bool = False) -> None:
    """Print a report. Exits with 1 unless all that ran passed; `complete`: and all ran."""
    if as_json:
        show_json(report.as_json())
    else:
        for line in report.lines():
            # What a server answered must not get at the terminal.
            click.echo("".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in line))
    if not report.perfect or (complete and report.ran < len(report.outcomes)):
        raise Exit(1)


def server(base_url: str, *, option: str = "--base-url") -> str:
    """Return a server's address without the slash at its end. Raises CommandError."""
    import httpx

    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise CommandError(f"{option}: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise CommandError(f"{option} must begin with http:// or https:// and name a host.")
    if url.userinfo or url.query or url.fragment:
        raise CommandError(f"{option} must have neither a user nor a query.")
    return base_url.rstrip("/")


def needs_httpx(command: str) -> None:
    """Say how to install what is missing. Raises CommandError."""
    try:
        import httpx  # noqa: F401
    except ImportError:
        raise CommandError(f"{command} needs largesse[demo]: httpx is not installed.") from None


def _suite(dialect: str) -> "Suite":
    needs_httpx("conform")
    from largesse.conform.suites import SUITES

    return SUITES[dialect]


def _list(suite: "Suite", *, as_json: bool) -> None:
    rows = [
        {
            "operation": case.operation,
            "case": case.what,
            "writes": case.writes,
            "source": case.source,
        }
        for case in suite.cases
    ]
    show_rows(rows, as_json=as_json)


async def _run(
    suite: "Suite",
    base_url: str,
    given: Mapping[str, Mapping[str, Any]],
    *,
    write: bool,
    marks: tuple[str, ...],
    timeout: float,
) -> "Report":
    import httpx

    from largesse.conform.run import run

    async with httpx.AsyncClient(base_url=base_url, timeout=timeout, trust_env=False) as client:
        return await run(suite, client, given, write=write, marks=marks)
