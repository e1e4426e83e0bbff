"""Every query of suppressions, beside those that are alike for every kind of record."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, case, delete, select

from largesse.core.ids import new_id
from largesse.core.records import value_of
from largesse.core.search.browse import Shelf, exactly
from largesse.core.suppressions.model import (
    Reason,
    Suppression,
    address_key,
    soft_bounces,
    suppressions,
)
from largesse.storage.bulk import Parameter
from largesse.storage.database import Transaction
from largesse.storage.records import remove

Reasons = Mapping[tuple[int, str], Reason]

SUPPRESSION_SHELF = Shelf(
    suppressions,
    filters={"reason": suppressions.c.reason},
    lookups=(exactly(suppressions.c.address_key, key=address_key),),
)


async def suppressed_among(
    tx: Transaction, recipients: Iterable[tuple[int, str, bool]]
) -> dict[tuple[int, str, bool], Reason]:
    """Return those of the recipients that must not be mailed, each with a reason.

    A recipient is an organization, an address, and whether the mail is marketing: who has only
    unsubscribed is not mailed that.
    """
    wanted: dict[int, dict[str, list[tuple[int, str, bool]]]] = defaultdict(dict)
    for recipient in recipients:
        wanted[recipient[0]].setdefault(address_key(recipient[1]), []).append(recipient)
    found: dict[tuple[int, str, bool], Reason] = {}

    def build() -> Any:
        return select(suppressions.c.address_key, suppressions.c.reason).where(
            suppressions.c.organization_id == bindparam("wanted_organization"),
            tx.engine.any_of(suppressions.c.address_key, Parameter("wanted_keys")),
        )

    for organization_id, by_key in wanted.items():
        values = {"wanted_organization": organization_id, "wanted_keys": list(by_key)}
        rows = await tx.rows(tx.prepared("suppressed among", build), values)
        for row in rows:
            for recipient in by_key[row.address_key]:
                if row.reason != Reason.UNSUBSCRIBED or recipient[2]:
                    found.setdefault(recipient, Reason(row.reason))
    return found


def suppression_row(
    organization_id: int,
    address: str,
    reason: Reason,
    *,
    source: str,
    now: datetime,
    note: str | None = None,
    mail_id: UUID | None = None,
    user_id: UUID | None = None,
) -> dict[str, Any]:
    """Return a suppression as a row."""
    return {
        "organization_id": organization_id,
        "id": new_id(),
        "address": address,
        "address_key": address_key(address),
        "reason": reason,
        "source": source,
        "note": note,
        "mail_id": mail_id,
        "user_id": user_id,
        "created_at": now,
    }


async def suppress(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> list[Suppression]:
    """Suppress addresses and return the new suppressions; one that exists stays as it is."""
    # Sorted, so that two transactions never wait for each other in a circle.
    ordered = sorted(rows, key=lambda row: (row["address_key"], row["reason"]))
    added = await tx.insert_new(suppressions, ordered, returning=(suppressions,))
    return [value_of(Suppression, row) for row in added]


async def count_soft_bounce(
    tx: Transaction, organization_id: int, key: str, *, now: datetime, since: datetime
) -> int:
    """Count a soft bounce and return how many there are in a row, the last before it `since`."""
    statement = tx.engine.insert(soft_bounces).values(
        organization_id=organization_id, address_key=key, count=1, last_at=now
    )
    columns = soft_bounces.c
    counted = statement.on_conflict_do_update(
        index_elements=[columns.organization_id, columns.address_key],
        set_={
            "count": case((columns.last_at < since, 1), else_=columns.count + 1),
            "last_at": now,
        },
    )
    rows = await tx.rows(counted.returning(columns.count))
    return int(rows[0].count)


async def take_back(tx: Transaction, organization_id: int, *where: Any) -> list[Suppression]:
    """Delete suppressions, and what was counted for their addresses; return them."""
    rows = await tx.rows(
        delete(suppressions)
        .where(suppressions.c.organization_id == organization_id, *where)
        .returning(suppressions)
    )
    for key in sorted({row.address_key for row in rows}):
        await remove(tx, soft_bounces, organization_id, soft_bounces.c.address_key == key)
    return [value_of(Suppression, row) for row in rows]
