"""Sheets of codes: CSV in UTF-8, a code on each line.

Columns are parted by commas and named by the first line: `code`, and perhaps `expires_at`. A sheet
with one column may leave that line out. Lines may end with LF or CRLF, and a byte order mark is
passed over. Nothing is read that a line can not be: one of a gigabyte takes no more memory than
any other.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from largesse.core.errors import InvalidValue
from largesse.core.limits import UNKEPT

COLUMNS = ("code", "expires_at")

LONGEST_LINE = 1000
"""Characters of a line at most."""

KEPT_BYTES = 4 * LONGEST_LINE + 4
"""What is kept of a longer line: enough that it is still longer, whatever its characters are."""

NOT_A_CHARACTER = "\ufffd"
"""Stands for what is not UTF-8, and for what no text can hold, such as a NUL."""

BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Head:
    """What the first line of a sheet says."""

    columns: tuple[str, ...]
    named: bool
    """Whether the line names the columns, so that it is no code itself."""


def lines_of(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut blocks of bytes into lines, without their ends; a line that is too long is shortened."""
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
        # What follows is appended and cut off again until the line ends.
        rest = rest[:KEPT_BYTES]
    if rest:
        yield rest


def text_of(line: bytes) -> str:
    """Return a line as a text that can be kept; what is not UTF-8 in it stays recognizable."""
    line = line[:KEPT_BYTES].removesuffix(b"\r")
    text = line.decode(errors="replace")
    return text if text.isascii() and "\0" not in text else UNKEPT.sub(NOT_A_CHARACTER, text)


def head_of(text: str) -> Head:
    """Read the first line of a sheet, without a byte order mark.

    Raises:
        InvalidValue: it is no CSV in UTF-8, or has columns that a sheet of codes does not have.
    """
    if NOT_A_CHARACTER in text:
        raise InvalidValue("file", "must be CSV in UTF-8, and its first line is not")
    try:
        cells = [cell.strip().lower() for cell in cells_of(text)]
    except ValueError as error:
        raise InvalidValue("file", f"line 1 {error}") from None
    if "code" not in cells:
        if len(cells) > 1 or cells[0].startswith(("code;", "code\t")):
            raise InvalidValue("file", "needs a first line that names its columns, with commas")
        return Head(("code",), named=False)
    for cell in cells:
        if cell not in COLUMNS:
            raise InvalidValue("file", f"has a column {cell!a}; it may have {', '.join(COLUMNS)}")
        if cells.count(cell) > 1:
            raise InvalidValue("file", f"has two columns {cell!a}")
    return Head(tuple(cells), named=True)


def cells_of(text: str) -> list[str]:
    """Return the cells of a line. Raises ValueError: a quotation mark is not closed."""
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as error:
        raise ValueError(f"can not be read: {error}") from None


def row_of(text: str, columns: Sequence[str]) -> tuple[str, datetime | None]:
    """Return the code of a line, and when it expires if the line says so.

    Raises:
        ValueError: the line has no such form; the message goes on behind "the line".
    """
    if len(text) > LONGEST_LINE:
        raise ValueError(f"is longer than {LONGEST_LINE:,} characters")
    if NOT_A_CHARACTER in text:
        raise ValueError("has characters that are not UTF-8")
    cells = cells_of(text)
    if len(cells) != len(columns):
        raise ValueError(f"has {len(cells)} cells, not {len(columns)}")
    of = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
    return of["code"], _moment(of.get("expires_at", ""))


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("says when it expires in another form than 2027-01-31T23:59:59Z")
