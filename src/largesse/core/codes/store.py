"""Every query of codes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update

from largesse.core.codes.model import (
    Code,
    CodeState,
    codes,
)
from largesse.core.ids import new_id
from largesse.core.records import value_of
from largesse.core.text import folded
from largesse.storage.database import Transaction
from largesse.storage.records import find
from largesse.storage.sequences import next_numbers


async def code_named(tx: Transaction, organization_id: int, code: str) -> Code | None:
    """Find a code, however its letters were typed."""
    row = await find(tx, codes, organization_id, codes.c.code_key == folded(code))
    return None if row is None else value_of(Code, row)


async def add_codes(
    tx: Transaction,
    organization_id: int,
    campaign_id: UUID,
    new: Sequence[str],
    *,
    now: datetime,
    expires_at: datetime | None,
    user_id: UUID | None,
    unit_id: UUID | None,
) -> list[Code]:
    """Put codes into a campaign's pool and return those that did not exist before, in order."""
    places = await next_numbers(tx, organization_id, f"codes:{campaign_id.hex}", len(new))
    rows = [
        {
            "organization_id": organization_id,
            "id": new_id(),
            "campaign_id": campaign_id,
            "pos": pos,
            "code": code,
            "code_key": folded(code),
            "state": CodeState.AVAILABLE,
            "expires_at": expires_at,
            "created_at": now,
            "created_by_user": user_id,
            "created_by_unit": unit_id,
        }
        for pos, code in zip(places, new, strict=True)
    ]
    added = await tx.insert_new(codes, rows, returning=(codes,))
    return [value_of(Code, row) for row in added]


async def pool_levels(tx: Transaction, organization_id: int, campaign_id: UUID) -> dict[str, int]:
    """Count a campaign's codes by state."""
    rows = await tx.rows(
        select(codes.c.state, func.count().label("held"))
        .where(codes.c.organization_id == organization_id, codes.c.campaign_id == campaign_id)
        .group_by(codes.c.state)
    )
    return {row.state: row.held for row in rows}


async def give_to_customer(
    tx: Transaction,
    organization_id: int,
    code_id: UUID,
    customer_id: UUID,
    *,
    now: datetime,
    user_id: UUID | None,
    unit_id: UUID | None,
) -> bool:
    """Mark a code as issued to a customer; False if it is another's, or no longer effective."""
    touched = await tx.execute(
        update(codes)
        .where(
            codes.c.organization_id == organization_id,
            codes.c.id == code_id,
            codes.c.state.in_([CodeState.AVAILABLE, CodeState.ISSUED]),
            codes.c.customer_id.is_(None) | (codes.c.customer_id == customer_id),
            codes.c.expires_at.is_(None) | (codes.c.expires_at > now),
        )
        .values(
            state=CodeState.ISSUED,
            customer_id=customer_id,
            issued_at=func.coalesce(codes.c.issued_at, now),
            issued_by_user=func.coalesce(codes.c.issued_by_user, user_id),
            issued_by_unit=func.coalesce(codes.c.issued_by_unit, unit_id),
        )
    )
    return bool(touched)
