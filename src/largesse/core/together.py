"""How a use case takes part in a group commit."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from largesse.core.errors import OutcomeUnknown, Overloaded
from largesse.storage.database import Database, Transaction
from largesse.storage.errors import CommitFailed, QueueFull

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
        and whatever the batch refuses the command with.
    """
    try:
        return await database.submit(batch, command)
    except QueueFull:
        raise Overloaded() from None
    except CommitFailed as error:
        raise OutcomeUnknown() from error
