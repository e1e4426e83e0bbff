"""Files that codes are exported to."""

import csv
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, TextIO
from uuid import UUID

from largesse.cli.errors import CommandError
from largesse.cli.output import show_json

TAIL = 64 * 1024
"""Bytes at the end of a file that hold its last whole line."""

GROUP = 100_000
"""Rows that a Parquet file keeps together."""


class Sheet(Protocol):
    """What pages of an export are written to."""

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write some rows."""

    def close(self) -> None:
        """Write what is left; only now is the file whole."""


class CsvSheet:
    """CSV with a line of names, in a file or on standard output."""

    def __init__(self, file: TextIO, names: Sequence[str], *, with_head: bool) -> None:
        self._file = file
        self._writer = csv.writer(file, lineterminator="\n")
        if with_head:
            self._writer.writerow(names)

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write some rows."""
        from largesse.core.codes.bulk import as_text

        self._writer.writerows([as_text(value) for value in row] for row in rows)
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not sys.stdout:
            self._file.close()


class JsonLines:
    """A line of JSON for each code, on standard output."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write some rows."""
        for row in rows:
            show_json(dict(zip(self._names, row, strict=True)))

    def close(self) -> None:
        """Do nothing."""


class ParquetSheet:
    """A Parquet file, which appears under its name once it is whole."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        try:
            import pyarrow
            from pyarrow.parquet import ParquetWriter
        except ImportError:
            raise CommandError(
                "Parquet needs pyarrow, which is in largesse[parquet]: pip install 'largesse[parquet]'"
            ) from None
        moment = pyarrow.timestamp("us", tz="UTC")
        text = pyarrow.string()
        kinds = [(name, moment if name.endswith("_at") else text) for name in names]
        self._schema = pyarrow.schema(kinds)
        self._pyarrow = pyarrow
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._writer = ParquetWriter(self._part, self._schema)
        self._rows: list[Sequence[Any]] = []

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Keep some rows, and write them once they are many."""
        self._rows += rows
        if len(self._rows) >= GROUP:
            self._write()

    def close(self) -> None:
        """Write the rest and the end of the file, and give it its name."""
        self._write()
        self._writer.close()
        os.replace(self._part, self._path)

    def _write(self) -> None:
        if not self._rows:
            return
        columns = [
            [str(value) if isinstance(value, UUID) else value for value in column]
            for column in zip(*self._rows, strict=True)
        ]
        self._writer.write_table(self._pyarrow.table(columns, schema=self._schema))
        self._rows = []


def cut_to_last_line(path: Path, names: Sequence[str]) -> UUID | None:
    """Cut a file behind its last whole line; return that line's id, None if it has no code.

    Raises:
        CommandError: it is no export of codes.
    """
    wanted = ",".join(names).encode() + b"\n"
    with path.open("rb+") as file:
        head = file.readline(len(wanted))
        if not wanted.startswith(head):
            raise CommandError(f"{path} is no export of codes: its first line is another one.")
        start = file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
        whole = file.read()
        file.truncate(start + whole.rfind(b"\n") + 1)
    if head != wanted:
        return None
    last = whole[: whole.rfind(b"\n")].rpartition(b"\n")[2].partition(b",")[0]
    if last == names[0].encode():
        return None
    try:
        return UUID(last.decode())
    except ValueError:
        raise CommandError(f"{path} can not be gone on with: its last line has no id.") from None
