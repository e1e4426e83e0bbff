"""The use case of idempotency: carry a request out once, and answer its repetitions the same."""

import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from largesse.core import clock
from largesse.core.access.model import Caller
from largesse.core.errors import IdempotencyMismatch, InvalidValue, LoginRequired
from largesse.core.idempotency import store
from largesse.core.idempotency.batch import Keyed, Replayed, once_each
from largesse.core.idempotency.model import LONGEST_KEY, Answer, Once
from largesse.core.idempotency.store import Claim, KeyOf
from largesse.storage.database import Database

R = TypeVar("R")

FORGET_EVERY = 3600.0
"""Seconds between two times that a process deletes an organization's old keys."""


class Idempotency:
    """Remembers the answers of requests that carry an idempotency key.

    The key, the effect of the request and its answer are committed together or not at all. So a
    crash leaves either nothing, and the repetition is carried out, or all of it, and the
    repetition gets the first answer. A refused request changed nothing and leaves no key.
    """

    def __init__(self, database: Database, *, keep: timedelta) -> None:
        self._database = database
        self._keep = keep
        self._forgot: dict[int, float] = {}

    async def once(
        self,
        caller: Caller,
        key: str,
        fingerprint: str,
        run: Callable[[], Awaitable[Answer]],
    ) -> Once:
        """Run a request, in one transaction with its key, or return the answer it had before.

        `fingerprint` tells requests apart; `run` does everything through use cases that open
        their transactions on this database.

        Raises:
            LoginRequired: keys belong to users.
            InvalidValue: the key is empty, too long or has other than printable ASCII characters.
            IdempotencyMismatch: the key was used for a request with another fingerprint.
            and whatever `run` raises, after which nothing is kept.
        """
        claim = self._claim(caller, key, fingerprint)
        async with self._database.one_transaction() as tx:
            if not await store.claim_each(tx, [claim]):
                found = (await store.kept_each(tx, [claim.of])).get(claim.of)
                if found is None or found[0] != fingerprint:
                    raise IdempotencyMismatch()
                return Once(found[1], replayed=True)
            answer = await run()
            await store.keep_each(tx, {claim.of: answer})
        await self._forget(claim)
        return Once(answer, replayed=False)

    async def submit_once(
        self,
        caller: Caller,
        key: str,
        fingerprint: str,
        run: Callable[[], Awaitable[R]],
        *,
        answer: Callable[[Any], Answer],
    ) -> R | Once:
        """Run a request whose whole effect is one submitted command; return what it returns.

        It means the same as `once`, and the request shares its commit with others: `answer` makes
        the answer out of the command's outcome, inside the group commit.

        Raises:
            as `once`
        """
        claim = self._claim(caller, key, fingerprint)
        try:
            with self._database.wrapping(
                lambda batch, command: (once_each(batch), Keyed(claim, command, answer))
            ):
                result = await run()
        except Replayed as found:
            return Once(found.answer, replayed=True)
        await self._forget(claim)
        return result

    def _claim(self, caller: Caller, key: str, fingerprint: str) -> Claim:
        if caller.user_id is None:
            raise LoginRequired()
        if not 1 <= len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
            raise InvalidValue("Idempotency-Key", f"must be 1 to {LONGEST_KEY} ASCII characters")
        of = KeyOf(caller.organization_id, caller.user_id, key)
        now = clock.now()
        return Claim(of, fingerprint, now, now - self._keep)

    async def _forget(self, claim: Claim) -> None:
        """Delete old keys, which may hold personal data, now and then."""
        organization_id = claim.of.organization_id
        last = self._forgot.get(organization_id)
        if last is not None and time.monotonic() - last < FORGET_EVERY:
            return
        self._forgot[organization_id] = time.monotonic()
        async with self._database.write() as tx:
            await store.forget(tx, organization_id, expired=claim.expired)
