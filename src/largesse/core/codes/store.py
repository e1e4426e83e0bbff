"""Every query of codes."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select, update

from largesse.core.campaigns.model import campaigns
from largesse.core.codes.model import (
    Code,
    CodeState,
    codes,
)
from largesse.core.records import value_of
from largesse.core.text import folded
from largesse.storage.database import Transaction
from largesse.storage.records import find
from largesse.storage.sequences import next_numbers


async def code_named(tx: Transaction, organization_id: int, code: str) -> Code | None:
    """Find a code, however its letters were typed."""
    row = await find(tx, codes, organization_id, codes.c.code_key == folded(code))
    return None if row is None else value_of(Code, row)


async def code(tx: Transaction, organization_id: int, code_id: UUID) -> Code | None:
    """Return a code."""
    row = await find(tx, codes, organization_id, codes.c.id == code_id)
    return None if row is None else value_of(Code, row)


def places_of(campaign_id: UUID) -> str:
    """Return the name under which the places of a campaign's pool are counted."""
    return f"codes:{campaign_id.hex}"


async def held_keys(tx: Transaction, organization_id: int, keys: Sequence[str]) -> set[str]:
    """Return those of the keys that a code of whichever campaign has."""
    rows = await tx.rows(
        select(codes.c.code_key).where(
            codes.c.organization_id == organization_id, tx.engine.any_of(codes.c.code_key, keys)
        )
    )
    return {row.code_key for row in rows}


EXPORTED = tuple(field.name for field in fields(Code))
"""What is read of each code for an export; an id is the first."""


async def page_of_pool(
    tx: Transaction,
    organization_id: int,
    campaign_id: UUID,
    *,
    state: CodeState | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Any]:
    """Return codes of a campaign behind an id, in the order of the ids."""

    def build() -> Any:
        chosen = select(*(codes.c[name] for name in EXPORTED)).where(
            codes.c.organization_id == bindparam("organization"),
            codes.c.campaign_id == bindparam("campaign"),
        )
        if state is not None:
            chosen = chosen.where(codes.c.state == bindparam("state"))
        if after is not None:
            chosen = chosen.where(codes.c.id > bindparam("after"))
        return chosen.order_by(codes.c.id).limit(bindparam("limit"))

    statement = tx.prepared(("page of pool", state is None, after is None), build)
    asked = {"organization": organization_id, "campaign": campaign_id}
    asked |= {"state": state, "after": after, "limit": limit}
    return await tx.rows(statement, asked)


async def hold_pool(tx: Transaction, organization_id: int, campaign_id: UUID) -> None:
    """Let nobody else put codes into a campaign's pool until the transaction ends.

    What is read afterwards, the campaign's format or whether it has codes, stays so.
    """
    await next_numbers(tx, organization_id, places_of(campaign_id), 0)


async def has_codes(tx: Transaction, organization_id: int, campaign_id: UUID) -> bool:
    """Say whether a campaign has any code, in whatever state."""
    statement = select(codes.c.id).where(
        codes.c.organization_id == organization_id, codes.c.campaign_id == campaign_id
    )
    return await tx.row(statement.limit(1)) is not None


async def formats(tx: Transaction, organization_id: int, limit: int) -> Sequence[Any]:
    """Return the different code formats of an organization's campaigns, as rows of their fields."""
    fields = [column for name, column in campaigns.c.items() if name.startswith("code_")]
    statement = select(*fields).where(campaigns.c.organization_id == organization_id)
    return await tx.rows(statement.distinct().limit(limit))


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
