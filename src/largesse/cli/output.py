"""What commands print: columns or lines for people, JSON for programs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import rich_click as click

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def show_json(value: Any) -> None:
    """Print any value of the core as one line of JSON."""
    import msgspec

    click.echo(msgspec.json.encode(value).decode())


def show_rows(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print records that have the same fields: a JSON array, or columns under a heading."""
    if as_json:
        show_json(rows)
        return
    if not rows:
        return
    table = [[name.replace("_", " ").upper() for name in rows[0]]]
    table += [[_cell(value) for value in row.values()] for row in rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for number, row in enumerate(table):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        click.secho("  ".join(cells).rstrip(), bold=number == 0 or None)


def show_record(record: Mapping[str, Any], *, as_json: bool) -> None:
    """Print one record: a JSON object, or a line for each of its fields."""
    if as_json:
        show_json(record)
        return
    width = max(len(name) for name in record)
    for name, value in record.items():
        click.echo(f"{name.replace('_', ' '):{width}}  {_cell(value)}".rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_cell(held)}" for name, held in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_cell(held) for held in value)
    # A line break or a control sequence in a name must not get at the terminal.
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value))
