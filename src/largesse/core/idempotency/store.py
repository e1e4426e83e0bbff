"""Every query of idempotency."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, delete, select, tuple_

from largesse.core.idempotency.model import Answer, idempotency_keys
from largesse.storage.bulk import update_each
from largesse.storage.database import Transaction
from largesse.storage.types import Utc

KEY = ("organization_id", "user_id", "key")


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
    rows = [
        _columns(claim.of)
        | {
            "fingerprint": claim.fingerprint,
            "status": None,
            "body": None,
            "created_at": claim.now,
            "expired": claim.expired,
        }
        for claim in sorted(claims, key=lambda claim: _order(claim.of))
    ]
    if not rows:
        return set()
    statement = tx.prepared("idempotency.claim", lambda: _claim(tx))
    taken = await tx.rows(statement, rows)
    return {KeyOf(row.organization_id, row.user_id, row.key) for row in taken}


def _claim(tx: Transaction) -> Any:
    table = idempotency_keys
    statement = tx.engine.insert(table)
    new = {name: statement.excluded[name] for name in ("fingerprint", "status", "body")}
    statement = statement.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_=new | {"created_at": statement.excluded.created_at},
        where=table.c.created_at < bindparam("expired", type_=Utc),
    )
    return statement.returning(*(table.c[name] for name in KEY))


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
    rows = [
        _columns(of) | {"status": answer.status, "body": answer.body}
        for of, answer in answers.items()
    ]
    await update_each(tx, idempotency_keys, KEY, rows)


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


def _columns(of: KeyOf) -> dict[str, Any]:
    return {"organization_id": of.organization_id, "user_id": of.user_id, "key": of.key}


def _order(of: KeyOf) -> tuple[int, int, str]:
    return of.organization_id, of.user_id.int, of.key


def _conditions(keys: Collection[KeyOf]) -> list[tuple[int, ColumnElement[bool]]]:
    """Return, for each organization, the condition that names its keys."""
    names = tuple_(idempotency_keys.c.user_id, idempotency_keys.c.key)
    return [
        (one, names.in_([(of.user_id, of.key) for of in keys if of.organization_id == one]))
        for one in sorted({of.organization_id for of in keys})
    ]
