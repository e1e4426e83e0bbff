"""`largesse worker`: jobs, mail and pools in a process of their own."""

import rich_click as click

from largesse.cli.errors import CommandError
from largesse.cli.output import json_option, show_json
from largesse.cli.session import opened, prepared, shown, sqlite_file


@click.command()
@json_option
def worker(as_json: bool) -> None:
    """Run jobs, send mail and watch pools until told to stop, over PostgreSQL.

    `serve` does so too unless LARGESSE_WORKER is false. SIGTERM and Ctrl-C let the work in hand
    finish first; what remains goes on in another worker or after the next start.
    """
    import asyncio
    import signal

    import uvloop

    settings = prepared()
    if sqlite_file(settings.database_url) is not None:
        raise CommandError(
            "One SQLite file has one writing process, and that is `largesse serve`, which runs "
            "jobs and sends mail itself. A worker of its own needs PostgreSQL."
        )

    async def work() -> None:
        from largesse.worker import loop

        async with opened(settings) as services:
            stop = asyncio.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
            database = shown(settings.database_url)
            if as_json:
                show_json({"database": database, "mail": bool(services.transports)})
            else:
                click.secho(f"Largesse works for {database}. Ctrl-C stops it.", bold=True)
            if not services.transports:
                click.echo("No mail service is set: mails will fail (LARGESSE_SMTP_URL).", err=True)
            await loop.run(services, stop)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work())
