"""The job that revokes the grants of a batch, or those from a source."""

from typing import Any, ClassVar
from uuid import UUID

from largesse.core import clock
from largesse.core.access.model import Caller
from largesse.core.grants import bulk_store
from largesse.core.ids import new_id
from largesse.core.jobs.kind import Chunk, Outcome
from largesse.core.jobs.model import Claim, JobState
from largesse.storage.database import Transaction

REVOCATION = "grant_revocation"
"""The kind of job that revokes many grants."""

CHUNK = 5000
"""Grants that one transaction revokes at most; see also `Engine.load_rows`."""

FIRST = UUID(int=0)


class GrantRevoking:
    """Runs the jobs that revoke."""

    failures: ClassVar[frozenset[str]] = frozenset()

    def __init__(self) -> None:
        self._behind: dict[UUID, tuple[int, UUID]] = {}
        """Of each job at work here: at which cursor there is more behind which grant. Who does not
        know it begins at the first one, and passes over those that are revoked."""

    async def next_chunk(self, tx: Transaction, claim: Claim) -> Chunk:
        """Return the cursor behind the next grants; at the end where there are no more."""
        limit = self._limit(tx)
        found = await self._next(tx, claim, limit)
        return Chunk(claim.total if len(found) < limit else min(claim.total, claim.done + limit))

    async def run_chunk(self, tx: Transaction, claim: Claim, chunk: Chunk) -> Outcome:
        """Revoke the next grants."""
        ids = await self._next(tx, claim, self._limit(tx))
        revoked = await bulk_store.revoke(tx, claim.organization_id, ids) if ids else 0
        self._behind.pop(claim.id, None)
        if ids and chunk.done < claim.total:
            self._behind[claim.id] = (chunk.done, ids[-1])
        return Outcome({**claim.counts, "revoked": claim.counts.get("revoked", 0) + revoked})

    def _limit(self, tx: Transaction) -> int:
        return min(CHUNK, tx.engine.load_rows)

    async def _next(self, tx: Transaction, claim: Claim, limit: int) -> list[UUID]:
        done, behind = self._behind.get(claim.id, (0, FIRST))
        return await bulk_store.active_behind(
            tx,
            claim.organization_id,
            behind if done == claim.done else FIRST,
            limit=limit,
            **_of(claim.parameters),
        )


def _of(parameters: Any) -> dict[str, Any]:
    job_id = parameters["job_id"]
    return {"job_id": job_id and UUID(job_id), "source_id": parameters["source_id"]}


def revocation(
    caller: Caller, total: int, *, job_id: UUID | None, source_id: str | None
) -> dict[str, Any]:
    """Return the job that revokes so many grants; with none there is nothing to be done."""
    now = clock.now()
    return {
        "organization_id": caller.organization_id,
        "id": new_id(),
        "kind": REVOCATION,
        "key": None,
        "parameters": {"job_id": job_id and job_id.hex, "source_id": source_id},
        "state": JobState.WAITING if total else JobState.DONE,
        "total": total,
        "done": 0,
        "counts": {},
        "attempts": 0,
        "created_at": now,
        "created_by_user": caller.user_id,
        "finished_at": None if total else now,
    }
