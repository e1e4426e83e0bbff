"""Codes from a sheet: a job that puts them into a pool and says which lines it could not take.

The lines are kept with the job until they are done. So a job goes on wherever a worker is, and
needs no file that somebody may have changed meanwhile.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import chain, islice
from typing import Any, ClassVar
from uuid import UUID

from largesse.core import clock
from largesse.core.codes.format import LONGEST, CodeFormat, is_code
from largesse.core.codes.generation import filling_of
from largesse.core.codes.known_formats import KnownFormats
from largesse.core.codes.load import load_codes
from largesse.core.codes.sheet import BOM, Head, head_of, lines_of, row_of, text_of
from largesse.core.errors import InvalidValue, WrongState
from largesse.core.events.model import Author
from largesse.core.ids import new_id
from largesse.core.jobs import row_store
from largesse.core.jobs import store as job_store
from largesse.core.jobs.kind import Chunk, Outcome
from largesse.core.jobs.model import Claim, Job, JobRow, JobState
from largesse.core.text import folded
from largesse.storage.database import Database, Transaction

IMPORT = "import_codes"
"""The kind of job that takes codes from a sheet."""

LINE = "line"
"""What an item of such a job is called."""

LINES_AT_ONCE = 50_000
"""Lines kept in one transaction while a sheet is read."""

READING_SECONDS = 60.0
"""How long the reader of a sheet may be silent before its job counts as abandoned."""

SHOWN = 100
"""Characters that are kept of a line that is not taken."""


class LineOutcome(StrEnum):
    """What became of a line; one that was taken is only counted."""

    ADDED = "added"
    DUPLICATE = "duplicate"
    INVALID = "invalid"


@dataclass(slots=True)
class _Sorted:
    """The lines of a chunk: codes to load, and what is not taken."""

    new: dict[str, str] = field(default_factory=dict)
    line_of: dict[str, int] = field(default_factory=dict)
    expire: dict[str, datetime] = field(default_factory=dict)
    refused: list[JobRow] = field(default_factory=list)

    def refuse(
        self, line: int, value: str, reason: str, outcome: str = LineOutcome.DUPLICATE
    ) -> None:
        """Keep a line that is not taken, and why."""
        self.refused.append(JobRow(line, LINE, value[:SHOWN], outcome, {"reason": reason}))


class Importing:
    """Reads sheets, and runs the jobs that put their codes into pools."""

    failures: ClassVar[frozenset[str]] = frozenset({LineOutcome.DUPLICATE, LineOutcome.INVALID})

    def __init__(self, database: Database, formats: KnownFormats) -> None:
        self._database = database
        self._formats = formats

    async def read(self, by: Author, campaign_id: UUID, blocks: Iterable[bytes]) -> Job:
        """Keep a sheet's lines with a new job, and return the job.

        They are read some thousands at a time, each in a transaction of its own: whoever reads
        may take minutes, and others go on. An abandoned job fails when a worker takes it up.

        Raises:
            InvalidValue: it is no sheet of codes, or it is empty.
        """
        head, first, lines = _opened(blocks)
        batch = list(islice(lines, LINES_AT_ONCE))
        if not batch:
            raise InvalidValue("file", "has no codes")
        new, organization_id = _job(by, campaign_id, head), by.organization_id
        async with self._database.write() as tx:
            await job_store.add_job(tx, new, by)
            claim = await job_store.claim(
                tx, new_id(), lease_seconds=READING_SECONDS, job_id=new["id"]
            )
        while batch:
            # Not inside the transaction: the file may be a pipe that somebody else fills.
            following = list(islice(lines, LINES_AT_ONCE))
            async with self._database.write() as tx:
                assert claim is not None
                first = await row_store.add_items(
                    tx, organization_id, claim.id, [(LINE, batch)], start=first
                )
                claim = await job_store.extend(
                    tx,
                    claim,
                    total=first - 1,
                    parameters=new["parameters"] | {"whole": not following},
                    lease_seconds=READING_SECONDS,
                )
                if claim is None:
                    raise WrongState("job", "cancelled")
            batch = following
        assert claim is not None
        async with self._database.write() as tx:
            await job_store.release(tx, claim)
            return await job_store.job(tx, organization_id, claim.id)

    # --- the worker's side ---------------------------------------------------------------------

    async def next_chunk(self, tx: Transaction, claim: Claim) -> Chunk:
        """Return as many lines as one transaction may load.

        Raises:
            WrongState: whoever read the sheet did not come to its end.
        """
        if not claim.parameters.get("whole"):
            raise WrongState("sheet", "not read to its end; import it again")
        # Lines are numbered from 1 on.
        rows = await row_store.to_do(
            tx, claim.organization_id, claim.id, start=claim.done + 1, limit=tx.engine.load_rows
        )
        if not rows:
            raise LookupError(f"the lines of the job end at {claim.done} of {claim.total}")
        return Chunk(rows[-1].pos, rows)

    async def run_chunk(self, tx: Transaction, claim: Claim, chunk: Chunk) -> Outcome:
        """Put the codes of some lines into the pool, and say why others were not taken.

        Raises:
            UnknownCampaign, WrongState: the campaign has gone or ended meanwhile.
        """
        filling = await filling_of(tx, claim)
        made = await self._formats.of(claim.organization_id, filling.campaign)
        columns = claim.parameters["columns"]
        found = await asyncio.to_thread(_sorted_out, chunk.rows, columns, made)
        held = await load_codes(
            tx,
            filling,
            found.new,
            expire=found.expire,
            # Where some exist, more are likely to.
            look_first=LineOutcome.DUPLICATE in claim.counts,
        )
        for key in held:
            found.refuse(found.line_of[key], found.new[key], "the code exists already")
        counts = Counter(claim.counts)
        counts[LineOutcome.ADDED] += len(found.new) - len(held)
        counts.update(str(row.outcome) for row in found.refused)
        return Outcome(dict(counts), sorted(found.refused, key=lambda row: row.pos))


def _opened(blocks: Iterable[bytes]) -> tuple[Head, int, Iterator[str]]:
    """Return what the first line says, and the lines of codes with the number of the first one.

    Raises:
        InvalidValue: it is no sheet of codes, or it is empty.
    """
    lines = enumerate(map(text_of, lines_of(blocks)), 1)
    number, text = next(((n, text) for n, text in lines if text.strip(f"{BOM} \t")), (0, ""))
    if not text:
        raise InvalidValue("file", "is empty")
    text = text.removeprefix(BOM)
    head = head_of(text)
    rest = (text for _, text in lines)
    return (head, number + 1, rest) if head.named else (head, number, chain([text], rest))


def _job(by: Author, campaign_id: UUID, head: Head) -> dict[str, Any]:
    return {
        "organization_id": by.organization_id,
        "id": new_id(),
        "kind": IMPORT,
        "key": None,
        "parameters": {
            "campaign_id": campaign_id.hex,
            "unit_id": by.unit_id and by.unit_id.hex,
            "columns": list(head.columns),
        },
        "state": JobState.WAITING,
        "total": 0,
        "done": 0,
        "counts": {},
        "attempts": 0,
        "created_at": clock.now(),
        "created_by_user": by.user_id,
    }


def _sorted_out(rows: Sequence[JobRow], columns: Sequence[str], made: CodeFormat) -> _Sorted:
    found = _Sorted()
    for row in rows:
        if row.value.strip():
            _sort_out(row, columns, made, found)
    return found


def _sort_out(row: JobRow, columns: Sequence[str], made: CodeFormat, found: _Sorted) -> None:
    try:
        code, expires_at = row_of(row.value, columns)
    except ValueError as error:
        found.refuse(row.pos, row.value, f"the line {error}", LineOutcome.INVALID)
        return
    key = folded(code)
    if not is_code(code):
        reason = f"is no code (1 to {LONGEST} characters, no space)"
        found.refuse(row.pos, code, reason, LineOutcome.INVALID)
    elif not made.could_be(code):
        reason = "has not the form or check of the campaign"
        found.refuse(row.pos, code, reason, LineOutcome.INVALID)
    elif key in found.new:
        found.refuse(row.pos, code, f"the code stands in line {found.line_of[key]} already")
    else:
        found.new[key], found.line_of[key] = code, row.pos
        if expires_at is not None:
            found.expire[key] = expires_at
