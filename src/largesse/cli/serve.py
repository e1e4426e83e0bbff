"""`largesse serve`: every dialect over HTTP."""

import rich_click as click

from largesse.cli.output import json_option
from largesse.cli.session import prepared


@click.command()
@click.option("--demo", is_flag=True, help="Load the demo organization and say how to sign in.")
@click.option("--host", help="The address to serve on, instead of the setting.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; 0 takes any free one.")
@click.option("--processes", type=click.IntRange(1, 64), help="How many serve, on PostgreSQL.")
@json_option
def serve(
    demo: bool, host: str | None, port: int | None, processes: int | None, as_json: bool
) -> None:
    """Serve every dialect over HTTP, after bringing the database up to date.

    SIGTERM and Ctrl-C let the requests in hand finish first. One SQLite file has one serving
    process; on PostgreSQL one for each processor core makes the most of a machine. With --demo and no mail service in the settings, mails are printed here.
    """
    import msgspec

    from largesse.cli.serving import serve_until_stopped

    changes = {"host": host, "port": port, "processes": processes}
    given = {name: value for name, value in changes.items() if value is not None}
    settings = msgspec.structs.replace(prepared(), **given)
    serve_until_stopped(settings, demo=demo, as_json=as_json)
