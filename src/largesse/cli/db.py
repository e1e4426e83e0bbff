"""`largesse db`: the tables."""

import rich_click as click

from largesse.cli.output import json_option, show_record
from largesse.cli.session import opened, prepared, shown


@click.group()
def db() -> None:
    """Bring the database up to date."""


@db.command()
@json_option
def upgrade(as_json: bool) -> None:
    """Make the tables of this version, or migrate those of an older one.

    `serve` does the same when it starts.
    """
    import asyncio

    async def work() -> None:
        async with opened(settings, migrate=True):
            pass

    settings = prepared()
    asyncio.run(work())
    show_record({"database": shown(settings.database_url), "current": True}, as_json=as_json)
