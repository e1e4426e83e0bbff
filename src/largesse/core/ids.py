"""Identifiers: UUIDv7, so that rows made one after another lie side by side in an index."""

import os
import time
from datetime import UTC, datetime
from uuid import UUID

VARIANTS = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


def new_id() -> UUID:
    """Return a new UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, 12 of their fraction, 62 random.

    Rows that one process makes one after another are listed in that order: each takes longer than
    the 244 nanoseconds of the last bit of time.
    """
    return UUID(int=_moment() << 62 | int.from_bytes(os.urandom(8)) >> 2)


def _moment() -> int:
    """Return the first 66 bits of a UUIDv7 that is made now: all but what is random."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    return (milliseconds & 0xFFFF_FFFF_FFFF) << 18 | 0x7 << 14 | fraction << 2 | 0x2


def new_uuids(count: int) -> list[UUID]:
    """Return new UUIDv7s of one moment, in their order."""
    first = _moment() << 62
    random = os.urandom(8 * count)
    parts = sorted(int.from_bytes(random[i : i + 8]) >> 2 for i in range(0, 8 * count, 8))
    return [UUID(int=first | part) for part in parts]


def moment_of(made: UUID) -> datetime:
    """Return when a UUIDv7 was made, to the millisecond."""
    return datetime.fromtimestamp((made.int >> 80) / 1000, UTC)


def first_id_at(moment: datetime) -> UUID:
    """Return the least UUIDv7 that can be made at a moment, taken to the millisecond."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=max(0, min(milliseconds, 2**48 - 1)) << 80)


def new_ids(count: int) -> list[str]:
    """Return new UUIDv7s of one moment as 32 hexadecimal digits each, in no order."""
    half = f"{_moment() >> 2:016x}"
    random = os.urandom(8 * count).hex()
    # The variant's two bits (RFC 9562) leave four of the sixteen digits.
    return [
        f"{half}{VARIANTS[random[i]]}{random[i + 1 : i + 16]}" for i in range(0, 16 * count, 16)
    ]


def parsed_id(text: str) -> UUID | None:
    """Return the UUID that a client wrote, with or without hyphens, or None if it is none."""
    if len(text) not in (32, 36):
        return None
    try:
        return UUID(text)
    except ValueError:
        return None
