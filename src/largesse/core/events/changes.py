"""What the log tells of a record: its fields before and after, and no secret. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

HIDDEN = "***"
"""Stands for a value that is kept from the log."""

UNTOLD = frozenset({"organization_id", "id", "created_at", "updated_at"})
"""Fields that a line has beside it."""

SECRET = re.compile(r"secret|hash|digest|password|passphrase|pass_code|private|credential|token$")

SECRET_NAMES = frozenset({"authentication_code", "code", "code_key", "body", "text", "html"})
"""Further names of what is secret or too much for the log: codes as they are printed, and mails."""


def is_hidden(name: str, masked: Collection[str] = ()) -> bool:
    """Say whether the values of a field are kept from the log, whatever record it is in."""
    return name in masked or name in SECRET_NAMES or SECRET.search(name) is not None


State = Mapping[str, Any]


def difference(
    before: State | None,
    after: State | None,
    *,
    masked: Collection[str] = (),
    given: State | None = None,
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the fields that differ, before and after, as the log shows them.

    Without a state before a record is made, without one after it is deleted. `given` is what the
    client sent: of a secret, which no state has, it tells that there is a new one.
    """
    old, new = before or {}, after or {}
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    secrets = {
        name: None if value is None else HIDDEN
        for name, value in (given or {}).items()
        if is_hidden(name, masked) and name not in new
    }
    return (
        None if before is None else _shown(old, names, masked),
        None if after is None else _shown(new, names, masked) | secrets,
    )


def fields_of(value: Any) -> dict[str, Any]:
    """Return a record's fields as JSON has them, but for those that the line has beside it."""
    fields = msgspec.to_builtins(value)
    return {name: field for name, field in fields.items() if name not in UNTOLD}


def _shown(fields: State, names: Iterable[str], masked: Collection[str]) -> dict[str, Any]:
    return {
        name: HIDDEN if is_hidden(name, masked) and value is not None else value
        for name in names
        for value in (fields.get(name),)
    }
