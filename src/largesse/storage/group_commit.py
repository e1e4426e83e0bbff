"""Group commit: commands that arrive while a batch is in flight share the next commit.

A commit waits for the disk, and the disk takes as long for one row as for a hundred. So while one
batch is being committed the next one gathers; under load a commit serves many callers, and a
caller alone waits for nobody: there is no timer.

Where the database lets several transactions write, a second batch may be in flight beside the
first: this process works on one while the database works on the other. It sets out as soon as it
is as large as the first, so that the callers fall into two halves that take turns.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from largesse.storage.errors import CommitFailed, ConnectionLost, NoRoom, QueueFull

if TYPE_CHECKING:
    from largesse.storage.database import Transaction

Batch = Callable[["Transaction", Sequence[Any]], Awaitable[Sequence[Any]]]
"""Takes a list of commands and returns the result or the refusal of each, in order."""

MOST_IN_A_BATCH = 512
"""Commands that share one commit at most: a bound on how long the first of them waits."""

WORTH_PARTING = 16
"""Commands from which on two batches are made of them: fewer cost more than they gain."""


@dataclass(slots=True, eq=False)
class Entry:
    """A command on its way, and the caller that waits for its outcome."""

    batch: Batch
    command: Any
    future: asyncio.Future[Any]

    def settle(self, outcome: Any) -> None:
        """Hand the caller its result or its refusal, unless it has given up waiting."""
        if self.future.done():
            return
        if isinstance(outcome, Exception):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)


class GroupCommit:
    """One queue of commands for one database."""

    def __init__(
        self,
        open_transaction: Callable[[], AbstractAsyncContextManager["Transaction"]],
        *,
        most_waiting: int,
        lanes: int,
    ) -> None:
        self._open = open_transaction
        self._most_waiting = most_waiting
        self._lanes = lanes
        """Batches in flight at most."""
        self._waiting: deque[Entry] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._in_flight: list[int] = []
        """The size of each batch in flight."""

    async def submit(self, batch: Batch, command: Any) -> Any:
        """Run a command in the next batch; return its result or raise its refusal.

        A caller that is cancelled leaves its command behind: it is carried out and recorded.

        Raises:
            QueueFull: too many commands wait already; nothing was done.
            CommitFailed: the commit itself failed; it may or may not have happened.
        """
        if len(self._waiting) >= self._most_waiting:
            raise QueueFull()
        entry = Entry(batch, command, asyncio.get_running_loop().create_future())
        self._waiting.append(entry)
        self._start_lane()
        return await entry.future

    async def drain(self) -> None:
        """Wait until every command that was accepted has its outcome."""
        while self._running:
            await asyncio.wait(self._running)

    def _start_lane(self) -> None:
        if len(self._running) < self._lanes and self._is_worth_it():
            self._running.add(asyncio.get_running_loop().create_task(self._run()))

    def _is_worth_it(self) -> bool:
        return len(self._waiting) >= max(self._in_flight, default=1)

    def _next(self) -> list[Entry]:
        """Take the commands of the next batch: half of many, where two may be in flight."""
        count = len(self._waiting)
        if count >= WORTH_PARTING:
            count //= self._lanes - len(self._in_flight)
        return [self._waiting.popleft() for _ in range(min(count, MOST_IN_A_BATCH))]

    async def _run(self) -> None:
        try:
            # Whoever has come in with the first of a batch goes with it.
            await asyncio.sleep(0)
            while self._is_worth_it():
                entries = self._next()
                self._in_flight.append(len(entries))
                self._start_lane()
                try:
                    await self._commit(entries)
                finally:
                    self._in_flight.remove(len(entries))
        finally:
            self._running.discard(asyncio.current_task())

    async def _commit(self, entries: list[Entry], *, again: bool = False) -> None:
        """Carry out entries in one transaction and settle them once it is committed."""
        tx: Transaction | None = None
        try:
            async with self._open() as tx:
                outcomes = await _outcomes(tx, entries)
        except Exception as error:
            if tx is not None and tx.kept:
                failed = CommitFailed(str(error))
                failed.__cause__ = error
                _settle(entries, [failed] * len(entries))
            elif isinstance(error, ConnectionLost) and not again:
                # E.g. the first batch after the database was restarted: nothing of it was kept.
                await self._commit(entries, again=True)
            elif isinstance(error, (ConnectionLost, NoRoom)) or len(entries) == 1:
                _settle(entries, [error] * len(entries))
            else:
                # One command broke the statement for all. Nothing was kept, so each is carried
                # out again by itself and only the bad one fails.
                for entry in entries:
                    await self._commit([entry])
        else:
            _settle(entries, outcomes)


async def _outcomes(tx: "Transaction", entries: Sequence[Entry]) -> list[Any]:
    """Run each batch function once over all its commands; return the outcomes in entry order."""
    of_batch: dict[Batch, list[int]] = {}
    for index, entry in enumerate(entries):
        of_batch.setdefault(entry.batch, []).append(index)
    outcomes: list[Any] = [None] * len(entries)
    tx.sole = len(of_batch) == 1
    # In one order in every process, so that two batches never wait for each other in a circle.
    for batch, indexes in sorted(of_batch.items(), key=lambda one: _name(one[0])):
        results = await batch(tx, [entries[index].command for index in indexes])
        for index, result in zip(indexes, results, strict=True):
            outcomes[index] = result
    return outcomes


def _name(batch: Batch) -> str:
    return f"{batch.__module__}.{batch.__qualname__}"


def _settle(entries: Sequence[Entry], outcomes: Sequence[Any]) -> None:
    for entry, outcome in zip(entries, outcomes, strict=True):
        entry.settle(outcome)
