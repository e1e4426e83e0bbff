"""`largesse demo`: the five documents' own examples."""

import os
from typing import TYPE_CHECKING

import rich_click as click
from click.exceptions import Exit

from largesse.cli.errors import CommandError
from largesse.cli.output import json_option, show_record
from largesse.cli.session import opened, prepared

if TYPE_CHECKING:
    from largesse.demo.data import DemoCredentials


@click.command()
@click.option("--load-only", is_flag=True, help="Load the demo organization into the database.")
@click.option("--play", is_flag=True, help="Play the printed requests on a database of their own.")
@json_option
def demo(load_only: bool, play: bool, as_json: bool) -> None:
    """Load the demo organization, or play the documents' requests.

    --load-only migrates the database of the settings, loads the data unless it is there, and
    prints what a client needs to sign in.

    --play starts a server on a temporary SQLite file, sends it the printed requests over HTTP,
    shows every exchange and checks the answers. Nothing is left behind.
    """
    if load_only == play:
        raise click.UsageError("Choose one of --load-only and --play.")
    if load_only:
        _load(as_json=as_json)
    else:
        _play(as_json=as_json)


def _load(*, as_json: bool) -> None:
    import asyncio
    import dataclasses

    async def work() -> "DemoCredentials":
        from largesse.core.request import REQUEST_ID, new_request_id
        from largesse.demo import data

        REQUEST_ID.set(new_request_id())
        async with opened(settings, migrate=True) as services:
            return await data.load(services)

    settings = prepared()
    show_record(dataclasses.asdict(asyncio.run(work())), as_json=as_json)


def _play(*, as_json: bool) -> None:
    try:
        from largesse.demo import play
    except ImportError as error:
        raise CommandError(f"--play needs largesse[demo]: {error}") from None
    try:
        held = play.main(os.environ, as_json=as_json)
    except play.NotPlayed as error:
        raise CommandError(str(error)) from error
    if not held:
        raise Exit(1)
