"""Every query of single grants; those of many at once are in `bulk_store.py`."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Table, and_, bindparam, or_, select, update

from largesse.core import clock
from largesse.core.events.model import EventKind
from largesse.core.events.store import record
from largesse.core.grants.model import (
    IS_ACTIVE,
    IS_REVOKED,
    Grant,
    GrantPromotion,
    GrantState,
    grants,
)
from largesse.core.ids import new_id
from largesse.core.search.browse import Shelf, exactly
from largesse.core.text import folded
from largesse.storage.bulk import Parameter
from largesse.storage.database import Transaction
from largesse.storage.records import find_all


def _to_address(tx: Transaction, table: Table, text: str) -> ColumnElement[bool]:
    return and_(table.c.customer_id.is_(None), table.c.recipient_key == email_key(text))


GRANT_SHELF = Shelf(
    grants,
    filters={
        name: grants.c[name] for name in ("promotion_id", "customer_id", "source_id", "job_id")
    },
    # What a row says: one that is past its end may still say `active` (`state_of`).
    conditions={"state": {GrantState.ACTIVE: IS_ACTIVE, GrantState.REVOKED: IS_REVOKED}},
    lookups=(_to_address, exactly(grants.c.source_id, key=str)),
)

Key = tuple[int, UUID, str, str]
"""Organization, promotion, recipient's key and once-key: unique among active grants."""


def customer_key(customer_id: UUID | str) -> str:
    """Return what a customer, given as an id or its 32 digits, is compared by."""
    return f"c:{customer_id.hex if isinstance(customer_id, UUID) else customer_id}"


def email_key(email: str) -> str:
    """Return what an address is compared by."""
    return f"e:{folded(email)}"


def recipient_key(command: GrantPromotion) -> str:
    """Return what a recipient is compared by."""
    if command.customer_id is not None:
        return customer_key(command.customer_id)
    return email_key(command.email or "")


def once_key(source_id: str | None, *, repeatable: bool, job_id: UUID | None = None) -> str:
    """Return what a recipient may hold one active grant for (dialects.md, Oracle, `sourceId`).

    With a source: one per source. Without: one per batch if the promotion is repeatable,
    otherwise one at all.
    """
    if source_id is not None:
        return f"s:{source_id}"
    if repeatable and job_id is not None:
        return f"j:{job_id.hex}"
    return f"g:{new_id().hex}" if repeatable else ""


def is_effective(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Return the condition that a grant counts: it is active, and not past its end."""
    return and_(IS_ACTIVE, or_(grants.c.expires_at.is_(None), grants.c.expires_at > now))


def in_state(state: GrantState, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a grant is in a state, as `state_of` sees it."""
    if state == GrantState.ACTIVE:
        return is_effective(now)
    if state == GrantState.EXPIRED:
        past = and_(IS_ACTIVE, grants.c.expires_at <= now)
        return or_(past, grants.c.state == GrantState.EXPIRED)
    return grants.c.state == state


def state_of(row: Any, now: datetime) -> GrantState:
    """Return the state of a row: nobody has to tell it that it is past its end."""
    past = row.state == GrantState.ACTIVE and row.expires_at is not None and row.expires_at <= now
    return GrantState.EXPIRED if past else GrantState(row.state)


async def page(
    tx: Transaction,
    organization_id: int,
    filters: Mapping[str, Any],
    *,
    after: UUID | None,
    limit: int,
) -> Sequence[Any]:
    """Return the grants behind an id that filters leave: columns, `email` in any case, `state`."""
    where = []
    for name, wanted in filters.items():
        if name == "email":
            where += [grants.c.customer_id.is_(None), grants.c.recipient_key == email_key(wanted)]
        elif name == "state":
            where.append(in_state(wanted, clock.now()))
        else:
            where.append(grants.c[name] == wanted)
    if after is not None:
        where.append(grants.c.id > after)
    return await find_all(tx, grants, organization_id, *where, order=(grants.c.id,), limit=limit)


async def insert(tx: Transaction, commands: Sequence[GrantPromotion]) -> list[Grant | None]:
    """Insert a grant for each command; None where the recipient holds it already.

    The unique index decides, not a look beforehand: two that meet grant once, and of two equal
    commands the first gets the grant. Rows are inserted in the order of their keys, so that two
    batches never wait for each other in a circle. Commands may be of several organizations.
    """
    keys = [
        (
            command.organization_id,
            command.promotion_id,
            recipient_key(command),
            once_key(command.source_id, repeatable=command.repeatable),
        )
        for command in commands
    ]
    held = await _held(tx, [k for k, c in zip(keys, commands, strict=True) if _is_only_one(c)])
    rows = {
        index: _row(commands[index], keys[index])
        for index in sorted(range(len(commands)), key=keys.__getitem__)
        if not (_is_only_one(commands[index]) and keys[index][:3] in held)
    }
    new = await _insert_new(tx, list(rows.values()))
    if len(new) < len(rows):
        # What is past its end is in nobody's way. It is put aside only where it was met.
        met = {index: row for index, row in rows.items() if row["id"] not in new}
        if await _put_aside(tx, [keys[index] for index in met]):
            new |= await _insert_new(tx, list(met.values()))
    made = [
        _grant(rows[index]) if index in rows and rows[index]["id"] in new else None
        for index in range(len(commands))
    ]
    for command, grant in zip(commands, made, strict=True):
        if grant is not None and command.by is not None:
            _tell(tx, command.by, grant)
    return made


def _tell(tx: Transaction, by: Any, grant: Grant) -> None:
    after = {
        "promotion_id": grant.promotion_id.hex,
        "customer_id": grant.customer_id and grant.customer_id.hex,
        "source_id": grant.source_id,
    }
    record(tx, by, EventKind.GRANT_CREATED, ("grant", grant.id), after=after)


async def _insert_new(tx: Transaction, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    added = await tx.insert_new(grants, rows, returning=(grants.c.id,))
    return {row.id for row in added}


async def _put_aside(tx: Transaction, keys: Sequence[Key]) -> int:
    """Mark grants with these keys that are past their end as expired; return how many."""
    recipients: defaultdict[tuple[int, UUID, str], list[str]] = defaultdict(list)
    for organization_id, promotion_id, recipient, once in keys:
        recipients[organization_id, promotion_id, once].append(recipient)
    count = 0
    for (organization_id, promotion_id, once), wanted in recipients.items():
        count += await put_aside(tx, organization_id, promotion_id, once, wanted)
    return count


def _is_only_one(command: GrantPromotion) -> bool:
    """Say whether any active grant, from whatever source, stands in the command's way."""
    return command.source_id is None and not command.repeatable


async def _held(tx: Transaction, keys: Sequence[Key]) -> set[tuple[int, UUID, str]]:
    """Return which recipients hold an active grant of which promotion."""
    recipients: defaultdict[tuple[int, UUID], list[str]] = defaultdict(list)
    for organization_id, promotion_id, recipient, _ in keys:
        recipients[organization_id, promotion_id].append(recipient)
    held: set[tuple[int, UUID, str]] = set()
    for (organization_id, promotion_id), wanted in recipients.items():
        rows = await held_by(tx, organization_id, promotion_id, wanted)
        held.update((organization_id, promotion_id, recipient) for recipient in rows)
    return held


async def held_by(
    tx: Transaction,
    organization_id: int,
    promotion_id: UUID,
    recipient_keys: Sequence[str],
    once: str | None = None,
) -> set[str]:
    """Return which of these recipients hold a grant of a promotion; with `once`: that very one."""

    def build() -> Any:
        statement = select(grants.c.recipient_key).where(
            grants.c.organization_id == bindparam("organization"),
            grants.c.promotion_id == bindparam("promotion"),
            tx.engine.any_of(grants.c.recipient_key, Parameter("recipients")),
            is_effective(bindparam("now", type_=grants.c.expires_at.type)),
        )
        if once is not None:
            statement = statement.where(grants.c.once_key == bindparam("once"))
        return tx.engine.walk(statement, grants, index="uq_grants_active")

    values = {
        "organization": organization_id,
        "promotion": promotion_id,
        "recipients": list(recipient_keys),
        "now": clock.now(),
        "once": once,
    }
    rows = await tx.rows(tx.prepared(("grants held", once is None), build), values)
    return {row.recipient_key for row in rows}


async def put_aside(
    tx: Transaction,
    organization_id: int,
    promotion_id: UUID,
    once: str,
    recipient_keys: Sequence[str],
) -> int:
    """Mark grants that are past their end as expired, so that others can be made."""
    return await tx.execute(
        update(grants)
        .where(
            grants.c.organization_id == organization_id,
            grants.c.promotion_id == promotion_id,
            tx.engine.any_of(grants.c.recipient_key, recipient_keys),
            grants.c.once_key == once,
            IS_ACTIVE,
            grants.c.expires_at <= clock.now(),
        )
        .values(state=GrantState.EXPIRED)
    )


def _row(command: GrantPromotion, key: Key) -> dict[str, Any]:
    return {
        "organization_id": command.organization_id,
        "id": new_id(),
        "promotion_id": command.promotion_id,
        "recipient_key": key[2],
        "customer_id": command.customer_id,
        "email": command.email,
        "once_key": key[3],
        "source_id": command.source_id,
        "job_id": None,
        "state": GrantState.ACTIVE,
        "created_at": command.now,
        "expires_at": command.expires_at,
    }


def _grant(row: dict[str, Any]) -> Grant:
    return Grant(
        id=row["id"],
        promotion_id=row["promotion_id"],
        customer_id=row["customer_id"],
        email=row["email"],
        source_id=row["source_id"],
        job_id=row["job_id"],
        state=row["state"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=None,
    )
