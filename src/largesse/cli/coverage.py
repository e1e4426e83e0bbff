"""`largesse coverage`: what of each vendor's API is answered, as the route tables say it."""

from pathlib import Path
from typing import Any

import rich_click as click

from largesse.cli.errors import CommandError
from largesse.cli.output import json_option, show_json

HEAD = """\
# Coverage

Which operations of each vendor's API are answered. Generated from the route tables
(`src/largesse/dialects/*/routes.py`) by `largesse coverage`; do not edit.

The source says how an operation is known: SEED, one of the five documents this service is built
from; DOC, another public document; INFERRED, a guess; DECIDED, our own choice. An operation that is
public needs no login.
"""


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if the file is stale.")
@json_option
def coverage(file: Path | None, check: bool, as_json: bool) -> None:
    """Write docs/coverage.md, or another FILE, from the route tables."""
    if as_json:
        show_json(operations())
        return
    file = file or Path("docs/coverage.md")
    text = page()
    if check:
        if not file.exists() or file.read_text() != text:
            raise CommandError(f"{file} is stale: `largesse coverage` writes it anew.")
    else:
        file.write_text(text)
    click.echo(f"{file} is current.")


def operations() -> list[dict[str, Any]]:
    """Return every operation of every dialect, in the order of the route tables."""
    from largesse.app import DIALECTS

    return [
        {
            "dialect": dialect.name,
            "method": route.method,
            "path": route.path,
            "state": route.offer.value,
            "source": route.source,
            "login": route.public is None,
            "reason": route.reason or route.public or "",
        }
        for dialect in DIALECTS
        for route in dialect.routes
    ]


def page() -> str:
    """Return the whole page."""
    from largesse.app import DIALECTS

    found = operations()
    parts = [HEAD]
    for dialect in DIALECTS:
        own = [operation for operation in found if operation["dialect"] == dialect.name]
        counts = ", ".join(
            f"{number} {state}"
            for state in ("done", "not yet", "never")
            if (number := sum(operation["state"] == state for operation in own))
        )
        prefixes = ", ".join(f"`{prefix}`" for prefix in dialect.prefixes)
        parts.append(
            f"## {dialect.title}\n\n{dialect.documents}. Below {prefixes}: {counts}.\n\n"
            "| operation | state | source | remark |\n|---|---|---|---|\n"
            + "".join(_line(operation) for operation in own)
        )
    return "\n".join(parts)


def _line(operation: dict[str, Any]) -> str:
    remark = operation["reason"]
    if operation["state"] == "done" and remark:
        remark = f"public: {remark}"
    cells = (
        f"`{operation['method']} {operation['path']}`",
        operation["state"],
        operation["source"],
        remark,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
