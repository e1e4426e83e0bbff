"""The use case of idempotency: carry a request out once, and answer its repetitions the same."""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from largesse.core import clock
from largesse.core.access.model import Caller
from largesse.core.errors import IdempotencyMismatch, InvalidValue, LoginRequired
from largesse.core.idempotency import store
from largesse.core.idempotency.model import LONGEST_KEY, Answer, Once
from largesse.core.idempotency.store import KeyOf
from largesse.storage.database import Database

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
        if caller.user_id is None:
            raise LoginRequired()
        if not 1 <= len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
            raise InvalidValue("Idempotency-Key", f"must be 1 to {LONGEST_KEY} ASCII characters")
        of = KeyOf(caller.organization_id, caller.user_id, key)
        now = clock.now()
        expired = now - self._keep
        async with self._database.together() as tx:
            if not await store.claim(tx, of, fingerprint, now=now, expired=expired):
                kept = await store.kept(tx, of)
                if kept is None or kept[0] != fingerprint:
                    raise IdempotencyMismatch()
                return Once(kept[1], replayed=True)
            answer = await run()
            await store.keep(tx, of, answer)
        await self._forget(caller.organization_id, expired)
        return Once(answer, replayed=False)

    async def _forget(self, organization_id: int, expired: datetime) -> None:
        """Delete old keys, which may hold personal data, now and then."""
        last = self._forgot.get(organization_id)
        if last is not None and time.monotonic() - last < FORGET_EVERY:
            return
        self._forgot[organization_id] = time.monotonic()
        async with self._database.write() as tx:
            await store.forget(tx, organization_id, expired=expired)
