"""Every query of idempotency."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, delete, select, true, tuple_, update

from largesse.core.idempotency.model import Answer, idempotency_keys
from largesse.storage.database import Transaction
from largesse.storage.types import Utc

KEY = ("organization_id", "user_id", "key")
CLAIMED = [idempotency_keys.c[name] for name in (*KEY, "fingerprint", "created_at")]


@dataclass(frozen=True, slots=True)
class KeyOf:
    """An idempotency key and whose it is."""

    organization_id: int
    user_id: UUID
    key: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A request that wants a key; one that is older than `expired` is free again."""

    of: KeyOf
    fingerprint: str
    now: datetime
    expired: datetime


Kept = tuple[str, Answer]
"""The fingerprint of the request that had a key, and its answer."""


async def claim_each(tx: Transaction, claims: Collection[Claim]) -> set[KeyOf]:
    """Take the keys that are free and return them. Every claim wants another key.

    Where another transaction is about to take one, PostgreSQL waits here until that one ends:
    two requests with one key never run side by side. SQLite has one writer anyway. The keys are
    taken in their order, so that two batches never wait for each other in a circle.
    """
    if not claims:
        return set()
    rows = [
        (claim.of.organization_id, claim.of.user_id, claim.of.key, claim.fingerprint, claim.now)
        for claim in sorted(claims, key=lambda claim: _order(claim.of))
    ]
    statement = tx.prepared("claim idempotency keys", lambda: _claim(tx))
    given = tx.engine.give("given", CLAIMED, rows)
    expired = min(claim.expired for claim in claims)
    taken = await tx.rows(statement, given | {"expired": expired})
    return {KeyOf(row.organization_id, row.user_id, row.key) for row in taken}


def _claim(tx: Transaction) -> Any:
    given = tx.engine.given("given", CLAIMED)
    statement = tx.engine.insert(idempotency_keys).from_select(
        [column.name for column in CLAIMED], select(*given.c).where(true())
    )
    new = {name: statement.excluded[name] for name in ("fingerprint", "created_at")}
    statement = statement.on_conflict_do_update(
        index_elements=list(idempotency_keys.primary_key),
        set_=new | {"status": None, "body": None},
        where=idempotency_keys.c.created_at < bindparam("expired", type_=Utc),
    )
    return statement.returning(*(idempotency_keys.c[name] for name in KEY))


async def kept_each(tx: Transaction, keys: Collection[KeyOf]) -> dict[KeyOf, Kept]:
    """Return what stands under the keys that have an answer."""
    found: dict[KeyOf, Kept] = {}
    for organization_id, condition in _conditions(keys):
        statement = select(idempotency_keys).where(
            idempotency_keys.c.organization_id == organization_id, condition
        )
        for row in await tx.rows(statement):
            of = KeyOf(organization_id, row.user_id, row.key)
            found[of] = (row.fingerprint, Answer(row.status, row.body))
    return found


async def keep_each(tx: Transaction, answers: Mapping[KeyOf, Answer]) -> None:
    """Record the answers under keys that this transaction has claimed."""
    table = idempotency_keys
    statement = (
        update(table)
        .where(*(table.c[name] == bindparam(f"of_{name}") for name in KEY))
        .values(status=bindparam("new_status"), body=bindparam("new_body"))
    )
    rows = [
        {f"of_{name}": getattr(of, name) for name in KEY}
        | {"new_status": answer.status, "new_body": answer.body}
        for of, answer in answers.items()
    ]
    if rows:
        await tx.execute(statement, rows)


async def drop_each(tx: Transaction, keys: Collection[KeyOf]) -> None:
    """Give keys back that this transaction has claimed."""
    for organization_id, condition in _conditions(keys):
        await tx.execute(
            delete(idempotency_keys).where(
                idempotency_keys.c.organization_id == organization_id, condition
            )
        )


async def forget(tx: Transaction, organization_id: int, *, expired: datetime) -> int:
    """Delete an organization's keys that are older; return how many."""
    return await tx.execute(
        delete(idempotency_keys).where(
            idempotency_keys.c.organization_id == organization_id,
            idempotency_keys.c.created_at < expired,
        )
    )


def _order(of: KeyOf) -> tuple[int, int, str]:
    return of.organization_id, of.user_id.int, of.key


def _conditions(keys: Collection[KeyOf]) -> list[tuple[int, ColumnElement[bool]]]:
    """Return, for each organization, the condition that names its keys."""
    names = tuple_(idempotency_keys.c.user_id, idempotency_keys.c.key)
    return [
        (one, names.in_([(of.user_id, of.key) for of in keys if of.organization_id == one]))
        for one in sorted({of.organization_id for of in keys})
    ]
