"""The credentials file: how to log in, and what the cases need of a shop."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TABLES = ("login", "data", "secrets")
"""`login` and `data` are for conform; `secrets` names, for replay, what a client has sent."""


def read_credentials(path: Path) -> dict[str, Mapping[str, Any]]:
    """Return the tables of a file in TOML, or in JSON if its name ends so.

    Raises:
        ValueError: it is not readable as that, or has something else in it. The message shows
            nothing of what the file holds.
    """
    text = path.read_text(encoding="utf-8")
    try:
        found = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except ValueError as error:
        # tomllib's message repeats characters of the file.
        place = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "it"
        raise ValueError(f"{path}: {place} is not well-formed") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path}: it must hold the tables {', '.join(TABLES)}")
    for name, table in found.items():
        if name not in TABLES:
            raise ValueError(f"{path}: there is no table {name}; there are {', '.join(TABLES)}")
        if not isinstance(table, dict):
            raise ValueError(f"{path}: {name} must be a table")
    return found
