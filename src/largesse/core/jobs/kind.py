"""What a kind of job has to offer to the worker that runs it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from largesse.core.jobs.model import Claim, JobRow
from largesse.storage.database import Transaction

Part = tuple[int, str, list[str]]
"""Items that follow each other: the position of the first, their kind, their texts."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a job does in one transaction."""

    done: int
    """The cursor behind it."""
    rows: Sequence[JobRow] = ()
    """The items to do, where the job has a list of them."""
    parts: Sequence[Part] = ()
    """The same by many, for kinds that do not need them one by one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a chunk."""

    counts: Mapping[str, int]
    """The job's counts behind it."""
    rows: Sequence[JobRow] = field(default=())
    """What is kept of single rows."""


class JobKind(Protocol):
    """One kind of job. What it raises as `Refused` ends the job; it may be resumed then."""

    failures: ClassVar[frozenset[str]]
    """The outcomes of rows that count as failures."""

    async def next_chunk(self, tx: Transaction, claim: Claim) -> Chunk:
        """Say what is next. This only reads: the cursor has not moved yet."""

    async def run_chunk(self, tx: Transaction, claim: Claim, chunk: Chunk) -> Outcome:
        """Do it, in the transaction that moved the cursor."""
