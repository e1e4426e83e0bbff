"""Every query of codes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update

from largesse.core.campaigns.model import Campaign, CampaignState, CodeSource
from largesse.core.campaigns.store import campaigns_by_id
from largesse.core.codes.format import CodeFormat
from largesse.core.codes.model import (
    AVAILABLE_INDEX,
    IS_AVAILABLE,
    Code,
    CodeState,
    IssueCode,
    codes,
)
from largesse.core.customers.store import use_up_one_time_password
from largesse.core.errors import (
    CampaignNotPosted,
    CodeNotEffective,
    CustomerTokenNotEffective,
    InvalidCodeFormat,
    PoolExhausted,
    ReceiverLimitReached,
    Refused,
    UnknownCampaign,
)
from largesse.core.ids import new_id
from largesse.core.records import value_of
from largesse.core.text import folded
from largesse.storage.database import Transaction
from largesse.storage.records import find
from largesse.storage.sequences import next_numbers

ATTEMPTS = 8
"""Draws of a random code before a format counts as full: each fails 1 in 1,000 at the worst."""


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


async def issue(tx: Transaction, commands: Sequence[IssueCode]) -> list[Code | Exception]:
    """Give out a code for each command; return the code or the refusal of each, in order.

    The conditions are part of the statements that write, so that none of them can change
    between being read and being relied on. A refused command changes nothing.
    """
    return [await _issue_one(tx, command) for command in commands]


async def _issue_one(tx: Transaction, command: IssueCode) -> Code | Exception:
    try:
        campaign = await _posted_campaign(tx, command)
        await _check_receiver_limit(tx, command, campaign)
        row = await _claim(tx, command, campaign)
        if command.one_time_token_id is not None and not await use_up_one_time_password(
            tx, command.organization_id, command.one_time_token_id
        ):
            await _give_back(tx, command.organization_id, row.id)
            return CustomerTokenNotEffective()
    except Refused as refusal:
        return refusal
    return value_of(Code, row)


async def _posted_campaign(tx: Transaction, command: IssueCode) -> Campaign:
    found = await campaigns_by_id(tx, command.organization_id, [command.campaign_id])
    campaign = found.get(command.campaign_id)
    if campaign is None:
        raise UnknownCampaign(str(command.campaign_id))
    if campaign.state != CampaignState.POSTED:
        raise CampaignNotPosted(campaign.name)
    return campaign


async def _check_receiver_limit(tx: Transaction, command: IssueCode, campaign: Campaign) -> None:
    limit = campaign.codes_per_receiver
    if limit is None or command.customer_id is None:
        return
    # Two requests for one receiver must count one after the other: the receiver's row of this
    # campaign is the place where they wait for each other.
    name = f"receiver:{command.campaign_id.hex}:{command.customer_id.hex}"
    await next_numbers(tx, command.organization_id, name, 0)
    held = await tx.value(
        select(func.count())
        .select_from(codes)
        .where(
            codes.c.organization_id == command.organization_id,
            codes.c.campaign_id == command.campaign_id,
            codes.c.customer_id == command.customer_id,
        )
    )
    if held >= limit:
        raise ReceiverLimitReached(campaign.name, limit)


async def _claim(tx: Transaction, command: IssueCode, campaign: Campaign) -> Row[Any]:
    if command.code is not None:
        return await _claim_named(tx, command)
    if campaign.code_source == CodeSource.ON_REQUEST:
        return await _make_on_request(tx, command, campaign)
    where = (
        codes.c.organization_id == command.organization_id,
        codes.c.campaign_id == command.campaign_id,
        IS_AVAILABLE,
        (codes.c.expires_at.is_(None)) | (codes.c.expires_at > command.now),
    )
    next_one = select(codes.c.id).where(*where).order_by(codes.c.pos).limit(1)
    next_one = tx.engine.take(next_one, codes, index=AVAILABLE_INDEX)
    row = await tx.row(
        update(codes)
        .where(
            codes.c.organization_id == command.organization_id,
            codes.c.id == next_one.scalar_subquery(),
        )
        .values(_given(command))
        .returning(codes)
    )
    if row is None:
        raise PoolExhausted(campaign.name)
    return row


async def _claim_named(tx: Transaction, command: IssueCode) -> Row[Any]:
    row = await tx.row(
        update(codes)
        .where(
            codes.c.organization_id == command.organization_id,
            codes.c.campaign_id == command.campaign_id,
            codes.c.code_key == folded(command.code or ""),
            codes.c.state == CodeState.AVAILABLE,
            (codes.c.expires_at.is_(None)) | (codes.c.expires_at > command.now),
        )
        .values(_given(command))
        .returning(codes)
    )
    if row is None:
        raise CodeNotEffective(command.code or "")
    return row


async def _make_on_request(tx: Transaction, command: IssueCode, campaign: Campaign) -> Row[Any]:
    made = CodeFormat.of(campaign)
    for _ in range(ATTEMPTS):
        code = made.make()
        (pos,) = await next_numbers(tx, command.organization_id, f"codes:{command.campaign_id.hex}")
        row = {
            "organization_id": command.organization_id,
            "id": new_id(),
            "campaign_id": command.campaign_id,
            "pos": pos,
            "code": code,
            "code_key": folded(code),
            "expires_at": campaign.codes_expire_at,
            "created_at": command.now,
            "created_by_user": command.user_id,
            "created_by_unit": command.unit_id,
        }
        added = await tx.insert_new(codes, [row | _given(command)], returning=(codes,))
        if added:
            return added[0]
    raise InvalidCodeFormat(f"The campaign {campaign.name!r} has run out of codes to make.")


def _given(command: IssueCode) -> dict[str, Any]:
    return {
        "state": CodeState.ISSUED,
        "customer_id": command.customer_id,
        "account_id": command.account_id,
        "issued_at": command.now,
        "issued_by_user": command.user_id,
        "issued_by_unit": command.unit_id,
    }


async def _give_back(tx: Transaction, organization_id: int, code_id: UUID) -> None:
    await tx.execute(
        update(codes)
        .where(codes.c.organization_id == organization_id, codes.c.id == code_id)
        .values(
            state=CodeState.AVAILABLE,
            customer_id=None,
            account_id=None,
            issued_at=None,
            issued_by_user=None,
            issued_by_unit=None,
        )
    )


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
