"""Every query of redemptions."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from largesse.core.codes.model import Code, codes
from largesse.core.records import value_of
from largesse.core.redemptions.model import redemptions
from largesse.core.text import folded
from largesse.storage import records
from largesse.storage.database import Transaction


async def hold_code(tx: Transaction, organization_id: int, code: str) -> Code | None:
    """Return a code that nobody else gives out, redeems or cancels until the transaction ends."""
    row = await records.hold(tx, codes, organization_id, codes.c.code_key == folded(code))
    return None if row is None else value_of(Code, row)


async def times_redeemed(tx: Transaction, organization_id: int, code_id: UUID) -> int:
    """Return how often a code has been used."""
    last = select(func.max(redemptions.c.turn)).where(
        redemptions.c.organization_id == organization_id, redemptions.c.code_id == code_id
    )
    return int(await tx.value(last) or 0)


async def change_code(
    tx: Transaction, organization_id: int, code_id: UUID, values: dict[str, Any]
) -> None:
    """Write what has become of a code that is held."""
    await records.change(tx, codes, organization_id, codes.c.id == code_id, values=values)
