"""What the columns of a table can hold, so that both databases refuse the same values.

SQLite keeps a text of any length in a column of any length, and PostgreSQL fails in the middle of
a statement. Here the refusal comes first, and as one of ours.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Boolean, Date, Integer, String, Table, Uuid

from largesse.core.errors import InvalidValue
from largesse.storage.types import Utc

PLAIN = ((Boolean, bool, "true or false"), (Date, date, "a date"), (Uuid, UUID, "an id"))
"""Types of columns that take every value of one type."""

UNKEPT = re.compile("[\0\ud800-\udfff]")
"""Characters that are kept in no text: NUL (PostgreSQL) and halves of surrogate pairs (UTF-8)."""

DEEPEST = 64
"""Levels of lists and objects inside one JSON value."""


def check_fits(table: Table, values: Mapping[str, Any], *, field: str | None = None) -> None:
    """Refuse a value that its column can not hold; `field` is what the client calls it.

    Raises:
        InvalidValue: too long, too large, of another type, or null where there must be a value.
    """
    for name, value in values.items():
        column = table.c[name]
        if value is None:
            reason = None if column.nullable else "must not be null"
        else:
            reason = unfit(column.type, value)
        if reason is not None:
            # What is compared is kept under a key: `username_key` is made of the username.
            raise InvalidValue(field or name.removesuffix("_key"), reason)


def unfit(kind: Any, value: Any) -> str | None:
    """Say why a column of this type can not hold the value; None: it can."""
    for column_type, wanted, name in PLAIN:
        if isinstance(kind, column_type):
            # A datetime is a date as well, but one with a time that the column would drop.
            fits = isinstance(value, wanted) and not isinstance(value, datetime)
            return None if fits else f"must be {name}"
    if isinstance(kind, Integer):
        bits = 63 if isinstance(kind, BigInteger) else 31
        if type(value) is not int:
            return "must be an integer"
        return None if -(2**bits) <= value < 2**bits else "is too large"
    if isinstance(kind, Utc):
        return _unfit_moment(value)
    if isinstance(kind, JSON):
        return _unfit_json(value, DEEPEST)
    if isinstance(kind, String):
        return _unfit_text(value, kind.length)
    raise AssertionError(f"no rule for columns of the type {kind!r}")


def _unfit_text(value: Any, length: int | None) -> str | None:
    if not isinstance(value, str):
        return "must be a text"
    if length is not None and len(value) > length:
        return f"must have at most {length} characters"
    return None if storable(value) else "has a character that can not be kept"


def storable(text: str) -> bool:
    """Say whether a text can be kept."""
    return "\0" not in text and (text.isascii() or UNKEPT.search(text) is None)


def _unfit_moment(value: Any) -> str | None:
    if not isinstance(value, datetime) or value.tzinfo is None:
        return "must be a moment with a zone"
    try:
        value.astimezone(UTC)
    except OverflowError:
        return "is outside the calendar"
    return None


def _unfit_json(value: Any, levels: int) -> str | None:
    if isinstance(value, str):
        return _unfit_text(value, None)
    if isinstance(value, float):
        return None if math.isfinite(value) else "must be a finite number"
    if value is None or isinstance(value, bool | int):
        return None
    if not isinstance(value, Mapping | list | tuple):
        return "must be JSON"
    if levels == 0:
        return f"has more than {DEEPEST} levels"
    inner = [*value.keys(), *value.values()] if isinstance(value, Mapping) else value
    return next((reason for one in inner if (reason := _unfit_json(one, levels - 1))), None)
