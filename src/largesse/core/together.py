"""How a use case takes part in a group commit."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from largesse.core.errors import (
    DatabaseFull,
    DatabaseUnavailable,
    OutcomeUnknown,
    Overloaded,
    Refused,
)
from largesse.storage.database import Database, Transaction
from largesse.storage.errors import CommitFailed, ConnectionLost, NoRoom, QueueFull, StorageError

C = TypeVar("C")
R = TypeVar("R")


async def together(
    database: Database,
    batch: Callable[[Transaction, Sequence[C]], Awaitable[Sequence[R | Exception]]],
    command: C,
) -> R:
    """Carry a command out in the next group commit; see `Database.submit`.

    Raises:
        Overloaded: too many commands wait already; nothing was done.
        OutcomeUnknown: the commit failed. Where a command has a key of its own (a one-time
            password, a customer and code, a recipient), repeating it is safe.
        DatabaseUnavailable: the database can not be reached; nothing was done.
        DatabaseFull: the database has no room left; nothing was done.
        and whatever the batch refuses the command with.
    """
    try:
        return await database.submit(batch, command)
    except StorageError as error:
        if (refusal := refusal_of(error)) is None:
            raise
        raise refusal from error


def refusal_of(error: Exception) -> Refused | None:
    """Return what a failure of the database means to whoever calls; None for any other fault."""
    if isinstance(error, QueueFull):
        return Overloaded()
    if isinstance(error, CommitFailed):
        return OutcomeUnknown()
    if isinstance(error, NoRoom):
        return DatabaseFull()
    return DatabaseUnavailable() if isinstance(error, ConnectionLost) else None
