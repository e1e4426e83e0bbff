"""Sheets of recipients: CSV in UTF-8, with a column `profile_id`, `email`, or both.

The first line names the columns. A line with both has two recipients: profiles and addresses are
separate grants. Empty cells and empty lines are passed over.
"""

from collections.abc import AsyncIterable, AsyncIterator, Iterator, Sequence

from largesse.core.codes.sheet import BOM, KEPT_BYTES, LONGEST_LINE, cells_of, text_of
from largesse.core.errors import InvalidValue
from largesse.core.grants.model import RecipientKind, Recipients

COLUMNS = {"profile_id": RecipientKind.PROFILE, "email": RecipientKind.EMAIL}

STEP = 256 * 1024
"""Bytes that are read at once: others wait for no more."""


async def recipients_in(blocks: AsyncIterable[bytes]) -> AsyncIterator[Recipients]:
    """Yield the recipients of a sheet, some at a time.

    Raises:
        InvalidValue: it is no sheet of recipients, or a line has not its form.
        and whatever the blocks raise.
    """
    sheet, rest = _Sheet(), b""
    async for block in blocks:
        for start in range(0, len(block), STEP):
            *whole, rest = (rest + block[start : start + STEP]).split(b"\n")
            # What follows in this line is appended and cut off again until the line ends.
            rest = rest[:KEPT_BYTES]
            for found in sheet.read(whole):
                yield found
    for found in sheet.read([rest] if rest else []):
        yield found
    if not sheet.columns:
        raise InvalidValue("file", "is empty")


class _Sheet:
    """A sheet and how far it is read."""

    def __init__(self) -> None:
        self.columns: tuple[str, ...] = ()
        self._line = 0

    def read(self, lines: Sequence[bytes]) -> Iterator[Recipients]:
        """Read the next lines, without their ends."""
        found: dict[str, list[str]] = {name: [] for name in COLUMNS}
        for line in lines:
            self._line += 1
            text = text_of(line)
            if not text.strip(f"{BOM} \t"):
                continue
            if not self.columns:
                self.columns = self._head(text.removeprefix(BOM))
                continue
            for name, cell in zip(self.columns, self._cells(text), strict=True):
                if cell:
                    found[name].append(cell)
        for name, texts in found.items():
            if texts:
                yield COLUMNS[name], texts

    def _head(self, text: str) -> tuple[str, ...]:
        cells = tuple(cell.strip().lower() for cell in self._parted(text))
        if len(set(cells)) < len(cells) or not set(cells) <= COLUMNS.keys():
            names = " and ".join(COLUMNS)
            raise InvalidValue(
                "file", f"needs a first line that names its columns: {names}, or one of them"
            )
        return cells

    def _cells(self, text: str) -> list[str]:
        if len(text) > LONGEST_LINE:
            raise self._bad(f"is longer than {LONGEST_LINE:,} characters")
        cells = [cell.strip() for cell in self._parted(text)]
        if len(cells) != len(self.columns):
            raise self._bad(f"has {len(cells)} cells, not {len(self.columns)}")
        return cells

    def _parted(self, text: str) -> list[str]:
        try:
            return cells_of(text)
        except ValueError as error:
            raise self._bad(str(error)) from None

    def _bad(self, reason: str) -> InvalidValue:
        return InvalidValue("file", f"line {self._line:,} {reason}")
