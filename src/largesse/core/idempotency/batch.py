"""Idempotency keys inside a group commit: many requests, each with its key, in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from largesse.core.errors import IdempotencyMismatch
from largesse.core.idempotency import store
from largesse.core.idempotency.model import Answer
from largesse.core.idempotency.store import Claim, Kept, KeyOf
from largesse.storage.database import Transaction
from largesse.storage.group_commit import Batch


@dataclass(frozen=True, slots=True, eq=False)
class Keyed:
    """A command that is to be carried out once under its key."""

    claim: Claim
    command: Any
    answer: Callable[[Any], Answer]
    """Makes the answer out of the command's outcome; it reads and writes nothing."""


@dataclass(eq=False)
class Replayed(Exception):
    """The outcome of a command whose key has an answer already."""

    answer: Answer


@cache
def once_each(batch: Batch) -> Batch:
    """Return the batch function for `Keyed` commands around one for the commands in them.

    A command that is refused gives its key back.
    """

    async def run(tx: Transaction, commands: Sequence[Keyed]) -> list[Any]:
        outcomes: dict[Keyed, Any] = {}
        known: dict[KeyOf, Kept] = {}
        while waiting := [command for command in commands if command not in outcomes]:
            # Of those with the same key one is carried out, and then the others are judged.
            firsts = {command.claim.of: command for command in reversed(waiting)}
            await _carry_out(tx, batch, firsts, outcomes=outcomes, known=known)
            for command in waiting:
                if command not in outcomes and command.claim.of in known:
                    outcomes[command] = _replay(command, known[command.claim.of])
        return [outcomes[command] for command in commands]

    return run


async def _carry_out(
    tx: Transaction,
    batch: Batch,
    firsts: dict[KeyOf, Keyed],
    *,
    outcomes: dict[Keyed, Any],
    known: dict[KeyOf, Kept],
) -> None:
    """Carry out the commands whose keys are free, and find the answers of the others."""
    claimed = await store.claim_each(tx, [command.claim for command in firsts.values()])
    taken = [of for of in firsts if of not in claimed]
    found = await store.kept_each(tx, taken) if taken else {}
    for of in taken:
        # A key that was there and is not: its user was deleted in between.
        known[of] = found.get(of, ("", Answer(0, b"")))
    mine = [command for of, command in firsts.items() if of in claimed]
    results = await batch(tx, [command.command for command in mine]) if mine else []
    answers: dict[KeyOf, Answer] = {}
    for command, result in zip(mine, results, strict=True):
        outcomes[command] = result
        if not isinstance(result, Exception):
            answers[command.claim.of] = answer = command.answer(result)
            known[command.claim.of] = (command.claim.fingerprint, answer)
    await store.keep_each(tx, answers)
    refused = [command.claim.of for command in mine if command.claim.of not in answers]
    if refused:
        await store.drop_each(tx, refused)


def _replay(command: Keyed, kept: Kept) -> Exception:
    fingerprint, answer = kept
    return Replayed(answer) if fingerprint == command.claim.fingerprint else IdempotencyMismatch()
