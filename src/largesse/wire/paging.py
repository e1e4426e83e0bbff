"""Cursors: where the next page begins, signed so that a client can only hand one back.

Pages follow the ids (`after`), not offsets: a page is found by an index however far behind it is,
and a record that comes or goes meanwhile moves no other one to another page.
"""

import base64
import binascii
import hashlib
import hmac
from uuid import UUID

from largesse.core.errors import InvalidValue

_SIGNATURE = 12
"""Bytes of a signature: the chance to guess one is 1 in 2**96."""

_KINDS: dict[str, type[UUID] | type[int] | type[str]] = {"u": UUID, "i": int, "s": str}


def cursor(key: bytes, place: str, after: UUID | int | str) -> str:
    """Return the cursor for the page behind an id; `place` says which list it is of."""
    kind = next(letter for letter, kind in _KINDS.items() if isinstance(after, kind))
    text = f"{kind}{after.hex if isinstance(after, UUID) else after}".encode()
    return base64.urlsafe_b64encode(_signature(key, place, text) + text).decode().rstrip("=")


def after(key: bytes, place: str, text: str) -> UUID | int | str:
    """Return the id behind which a cursor's page begins.

    Raises:
        InvalidValue: it was not made by `cursor` with this key and place.
    """
    try:
        # Without `validate` characters outside the alphabet would be passed over.
        raw = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    signature, value = raw[:_SIGNATURE], raw[_SIGNATURE:]
    if not hmac.compare_digest(signature, _signature(key, place, value)):
        raise InvalidValue("cursor", "is not one that this list gave out")
    kind, rest = value[:1].decode(), value[1:].decode()
    return _KINDS[kind](rest)


def _signature(key: bytes, place: str, text: bytes) -> bytes:
    message = b"\0".join((b"cursor", place.encode(), text))
    return hmac.new(key, message, hashlib.sha256).digest()[:_SIGNATURE]
