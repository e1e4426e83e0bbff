"""Every query of idempotency."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, update

from largesse.core.idempotency.model import Answer, idempotency_keys
from largesse.storage.database import Transaction
from largesse.storage.records import find


@dataclass(frozen=True, slots=True)
class KeyOf:
    """An idempotency key and whose it is."""

    organization_id: int
    user_id: UUID
    key: str


async def claim(
    tx: Transaction, of: KeyOf, fingerprint: str, *, now: datetime, expired: datetime
) -> bool:
    """Take a key that is free or older than `expired`; False if it is taken.

    Where another transaction is about to take it, PostgreSQL waits here until that one ends:
    two requests with one key never run side by side. SQLite has one writer anyway.
    """
    table = idempotency_keys
    new = {"fingerprint": fingerprint, "status": None, "body": None, "created_at": now}
    statement = tx.engine.insert(table).values(
        organization_id=of.organization_id, user_id=of.user_id, key=of.key, **new
    )
    statement = statement.on_conflict_do_update(
        index_elements=list(table.primary_key), set_=new, where=table.c.created_at < expired
    )
    return await tx.value(statement.returning(table.c.key)) is not None


async def kept(tx: Transaction, of: KeyOf) -> tuple[str, Answer] | None:
    """Return the fingerprint and the answer that stand under a key."""
    row = await find(tx, idempotency_keys, of.organization_id, *_is(of))
    return None if row is None else (row.fingerprint, Answer(row.status, row.body))


async def keep(tx: Transaction, of: KeyOf, answer: Answer) -> None:
    """Record the answer under a key that this transaction has claimed."""
    await tx.execute(
        update(idempotency_keys)
        .where(idempotency_keys.c.organization_id == of.organization_id, *_is(of))
        .values(status=answer.status, body=answer.body)
    )


async def forget(tx: Transaction, organization_id: int, *, expired: datetime) -> int:
    """Delete an organization's keys that are older; return how many."""
    return await tx.execute(
        delete(idempotency_keys).where(
            idempotency_keys.c.organization_id == organization_id,
            idempotency_keys.c.created_at < expired,
        )
    )


def _is(of: KeyOf) -> tuple[ColumnElement[bool], ...]:
    return (idempotency_keys.c.user_id == of.user_id, idempotency_keys.c.key == of.key)
