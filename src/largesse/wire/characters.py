"""The one place that refuses characters which no text of ours can hold, for every dialect."""

import re

from starlette.types import Scope

from largesse.core.limits import storable
from largesse.wire.errors import WrongType

REASON = "has a character that can not be kept (NUL or half of a surrogate pair)"

# An escaped NUL that is not itself the rest of an escaped backslash. JSON has no other way to
# write a NUL, and its decoder refuses surrogates that are no pair.
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def check_text(field: str, text: str) -> None:
    """Refuse a text that can not be kept. Raises WrongType."""
    if not storable(text):
        raise WrongType(field, REASON)


def check_json(raw: bytes) -> None:
    """Refuse JSON that has such a text in it. Raises WrongType."""
    if b"\\u0000" in raw and _ESCAPED_NUL.search(raw):
        raise WrongType("", f"a text {REASON}")


def check_target(scope: Scope) -> None:
    """Refuse a path or a query with such a character. Raises WrongType."""
    check_text("path", scope["path"])
    if b"%00" in scope["query_string"]:
        raise WrongType("query", REASON)
