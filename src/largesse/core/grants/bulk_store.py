"""Queries of many grants at once: given, and taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Uuid, bindparam, func, select, true, update

from largesse.core import clock
from largesse.core.grants.model import IS_ACTIVE, GrantState, grants
from largesse.core.grants.store import held_by, put_aside
from largesse.core.ids import new_ids
from largesse.storage.database import Transaction

# Ids are texts of 32 digits: a million UUID objects take a second to make.
_DIGITS = Uuid(as_uuid=False)

GIVEN = (
    Column("id", _DIGITS),
    grants.c.recipient_key,
    Column("customer_id", _DIGITS),
    grants.c.email,
)
"""What differs between the grants of one promotion in one batch."""

SAME = (
    *("organization_id", "promotion_id", "once_key", "source_id", "job_id"),
    *("state", "created_at", "expires_at"),
)


Recipient = tuple[str, int, str | None, str | None]
"""Whom a batch gives something: what it is compared by, its position, and its customer's id (32
digits) or its address. They are sorted."""


@dataclass(frozen=True, slots=True)
class Giving:
    """What the grants of one promotion in one batch have in common."""

    organization_id: int
    promotion_id: UUID
    job_id: UUID
    source_id: str | None
    once_key: str
    only_one: bool
    """Whether any active grant, from whatever source, stands in the way."""
    expires_at: datetime | None


async def give(tx: Transaction, what: Giving, recipients: Sequence[Recipient]) -> set[int]:
    """Give a promotion to recipients, sorted; return the positions of those who hold it already.

    The unique index decides, as in `store.insert`; who is named twice gets one grant.
    """
    left = await _without_held(tx, what, recipients) if what.only_one else recipients
    new, met = await _insert(tx, what, left)
    if met and await put_aside(
        tx, what.organization_id, what.promotion_id, what.once_key, [one[0] for one in met]
    ):
        more, _ = await _insert(tx, what, met)
        new |= more
    if len(new) == len(recipients):
        return set()
    return {one[1] for one in recipients} - new


async def would_hold(tx: Transaction, what: Giving, recipients: Sequence[Recipient]) -> set[int]:
    """Return the positions of recipients who hold already what would be given, and write nothing."""
    once = None if what.only_one else what.once_key
    keys = [one[0] for one in recipients]
    held = await held_by(tx, what.organization_id, what.promotion_id, keys, once)
    return {one[1] for one in recipients if one[0] in held}


async def _without_held(
    tx: Transaction, what: Giving, recipients: Sequence[Recipient]
) -> Sequence[Recipient]:
    keys = [one[0] for one in recipients]
    held = await held_by(tx, what.organization_id, what.promotion_id, keys)
    return [one for one in recipients if one[0] not in held] if held else recipients


async def _insert(
    tx: Transaction, what: Giving, recipients: Sequence[Recipient]
) -> tuple[set[int], Sequence[Recipient]]:
    """Insert the grants whose keys are free; return their positions, and the other recipients."""
    if not recipients:
        return set(), ()
    ids = sorted(new_ids(len(recipients)))
    keys, places, customers, emails = zip(*recipients, strict=True)
    parameters = tx.engine.give_columns("given", GIVEN, (ids, keys, customers, emails)) | {
        "organization_id": what.organization_id,
        "promotion_id": what.promotion_id,
        "once_key": what.once_key,
        "source_id": what.source_id,
        "job_id": what.job_id,
        "state": GrantState.ACTIVE.value,
        "created_at": clock.now(),
        "expires_at": what.expires_at,
    }
    statement = tx.prepared("give grants", lambda: _insert_given(tx))
    if await tx.execute(statement, parameters) == len(ids):
        return set(places), ()
    # Rarely are there many that were passed over: not every new row is to be sent back for them.
    new = await _present(tx, what.organization_id, ids)
    made = {place for grant_id, place in zip(ids, places, strict=True) if grant_id in new}
    return made, [one for one in recipients if one[1] not in made]


def _insert_given(tx: Transaction) -> Any:
    given = tx.engine.given("given", GIVEN)
    same = [bindparam(name, type_=grants.c[name].type) for name in SAME]
    # WHERE: without it SQLite takes the ON of ON CONFLICT for a join's.
    source = select(*same, *given.c).where(true())
    names = [*SAME, *(column.name for column in GIVEN)]
    return tx.engine.insert(grants).from_select(names, source).on_conflict_do_nothing()


async def _present(tx: Transaction, organization_id: int, ids: Sequence[str]) -> set[str]:
    """Return which of these ids grants have, as 32 digits."""
    found = await tx.rows(
        select(grants.c.id).where(
            grants.c.organization_id == organization_id,
            tx.engine.any_of(grants.c.id, [UUID(grant_id) for grant_id in ids]),
        )
    )
    return {row.id.hex for row in found}


# --- taken back --------------------------------------------------------------------------------


def _of(job_id: UUID | None, source_id: str | None) -> ColumnElement[bool]:
    return grants.c.job_id == job_id if job_id is not None else grants.c.source_id == source_id


async def count_active(
    tx: Transaction, organization_id: int, *, job_id: UUID | None, source_id: str | None
) -> int:
    """Count the grants of a batch, or from a source, that are not revoked yet."""
    return int(
        await tx.value(
            select(func.count())
            .select_from(grants)
            .where(grants.c.organization_id == organization_id, _of(job_id, source_id), IS_ACTIVE)
        )
    )


async def active_behind(
    tx: Transaction,
    organization_id: int,
    after: UUID,
    *,
    job_id: UUID | None,
    source_id: str | None,
    limit: int,
) -> list[UUID]:
    """Return the ids of grants of a batch, or from a source, that are not revoked yet."""
    rows = await tx.rows(
        select(grants.c.id)
        .where(
            grants.c.organization_id == organization_id,
            _of(job_id, source_id),
            grants.c.id > after,
            IS_ACTIVE,
        )
        .order_by(grants.c.id)
        .limit(limit)
    )
    return [row.id for row in rows]


async def revoke(tx: Transaction, organization_id: int, ids: Sequence[UUID]) -> int:
    """Revoke grants that are active; return how many were."""
    return await tx.execute(
        update(grants)
        .where(
            grants.c.organization_id == organization_id,
            tx.engine.any_of(grants.c.id, ids),
            IS_ACTIVE,
        )
        .values(state=GrantState.REVOKED, revoked_at=clock.now())
    )
