"""Giving out codes: a batch of commands, whatever their campaigns, in a handful of statements.

Nothing is read, decided and then written: a code is taken with a lock that no one else waits for
(`storage.bulk.take_each`) and given in the same transaction.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select

from largesse.core.campaigns.model import (
    Campaign,
    CampaignState,
    CampaignType,
    CodeSource,
    Distribution,
)
from largesse.core.campaigns.store import campaigns_by_id, campaigns_named
from largesse.core.codes.format import CodeFormat
from largesse.core.codes.model import (
    AVAILABLE_INDEX,
    IS_AVAILABLE,
    CampaignRef,
    Code,
    CodeRef,
    CodeState,
    Given,
    IssueCode,
    codes,
)
from largesse.core.customers.model import ByAccount, ByCustomer, FoundReceiver
from largesse.core.customers.store import find_receivers, use_up_one_time_password
from largesse.core.errors import (
    CampaignNotPosted,
    CampaignTypeNotAllowed,
    CodeNotEffective,
    CustomerTokenNotEffective,
    DistributionNotAllowed,
    InvalidCodeFormat,
    PoolExhausted,
    ReceiverLimitReached,
    Refused,
    UnknownCampaign,
)
from largesse.core.ids import new_id
from largesse.core.records import value_of
from largesse.core.text import folded
from largesse.storage.bulk import Pool, take_each, update_each
from largesse.storage.database import Transaction
from largesse.storage.sequences import next_numbers
from largesse.storage.types import Utc

ATTEMPTS = 8
"""Draws of a random code before a format counts as full: each fails 1 in 1,000 at the worst."""

POOL = Pool(
    table=codes,
    keys=("organization_id", "campaign_id"),
    place="pos",
    index=AVAILABLE_INDEX,
    free=(
        IS_AVAILABLE,
        codes.c.expires_at.is_(None) | (codes.c.expires_at > bindparam("now", type_=Utc)),
    ),
)


@dataclass(slots=True, eq=False)
class Plan:
    """A command on its way to a code."""

    command: IssueCode
    campaign: Campaign
    receiver: FoundReceiver | None
    code: Code | None = None
    refusal: Refused | None = None


async def issue(tx: Transaction, commands: Sequence[IssueCode]) -> list[Given | Exception]:
    """Give out a code for each command; return it or the refusal of each, in order.

    A refused command changes nothing.
    """
    plans = await _plans(tx, commands)
    open_plans = [plan for plan in plans if isinstance(plan, Plan)]
    await _check_receiver_limits(tx, open_plans)
    await _take_from_pools(tx, [plan for plan in open_plans if _comes_from(plan, CodeSource.POOL)])
    await _take_named(tx, [p for p in open_plans if isinstance(p.command.wanted, CodeRef)])
    await _use_up_passwords(tx, open_plans)
    await _give(tx, [plan for plan in open_plans if plan.code is not None])
    await _make_on_request(tx, [p for p in open_plans if _comes_from(p, CodeSource.ON_REQUEST)])
    return [_outcome(plan) for plan in plans]


def _outcome(plan: Plan | Refused) -> Given | Exception:
    if isinstance(plan, Refused):
        return plan
    if plan.refusal is not None or plan.code is None:
        return plan.refusal or PoolExhausted(plan.campaign.name)
    return Given(plan.code, plan.campaign)


def _comes_from(plan: Plan, source: CodeSource) -> bool:
    return (
        plan.refusal is None
        and isinstance(plan.command.wanted, CampaignRef)
        and plan.campaign.code_source == source
    )


# --- what the commands mean --------------------------------------------------------------------


async def _plans(tx: Transaction, commands: Sequence[IssueCode]) -> list[Plan | Refused]:
    campaigns = await _campaigns(tx, commands)
    named = [
        (command.organization_id, command.receiver)
        for command in commands
        if isinstance(command.receiver, (ByCustomer, ByAccount))
    ]
    receivers = await find_receivers(tx, named)
    plans: list[Plan | Refused] = []
    for command in commands:
        campaign = campaigns.get((command.organization_id, command.wanted))
        if campaign is None:
            plans.append(_nothing(command))
            continue
        if (refusal := refusal_of(campaign, command)) is not None:
            plans.append(refusal)
            continue
        found = command.receiver
        if isinstance(found, (ByCustomer, ByAccount)):
            receiver = receivers[command.organization_id, found]
            if isinstance(receiver, Refused):
                plans.append(receiver)
                continue
            found = receiver
        plans.append(Plan(command, campaign, found))
    return plans


def _nothing(command: IssueCode) -> Refused:
    if isinstance(command.wanted, CodeRef):
        return CodeNotEffective(command.wanted.code)
    return UnknownCampaign(command.wanted.value, command.wanted.field)


def refusal_of(campaign: Campaign, command: IssueCode) -> Refused | None:
    """Return why the campaign gives no code to the command, or None."""
    if campaign.state != CampaignState.POSTED:
        return CampaignNotPosted(campaign.name)
    if command.on_request_only and campaign.type != CampaignType.DISCOUNT:
        return CampaignTypeNotAllowed(campaign.name)
    if command.on_request_only and campaign.distribution != Distribution.UPON_REQUEST:
        return DistributionNotAllowed(campaign.name)
    return None


async def _campaigns(
    tx: Transaction, commands: Sequence[IssueCode]
) -> dict[tuple[int, CampaignRef | CodeRef], Campaign]:
    """Find the campaigns that the commands name, by one statement for each way of naming."""
    asked: dict[tuple[int, str], set[str]] = defaultdict(set)
    for command in commands:
        wanted = command.wanted
        field = wanted.field if isinstance(wanted, CampaignRef) else "code"
        text = wanted.value if isinstance(wanted, CampaignRef) else wanted.code
        asked[command.organization_id, field].add(text)
    found: dict[tuple[int, CampaignRef | CodeRef], Campaign] = {}
    for (organization_id, field), values in asked.items():
        if field == "code":
            for code, campaign in (await _by_code(tx, organization_id, values)).items():
                found[organization_id, CodeRef(code)] = campaign
            continue
        for value, campaign in (
            await campaigns_named(tx, organization_id, field, sorted(values))
        ).items():
            found[organization_id, CampaignRef(field, value)] = campaign
    return found


async def _by_code(tx: Transaction, organization_id: int, texts: set[str]) -> dict[str, Campaign]:
    rows = await tx.rows(
        select(codes.c.code_key, codes.c.campaign_id).where(
            codes.c.organization_id == organization_id,
            tx.engine.any_of(codes.c.code_key, sorted({folded(text) for text in texts})),
        )
    )
    of_key = {row.code_key: row.campaign_id for row in rows}
    campaigns = await campaigns_by_id(tx, organization_id, list(of_key.values()))
    return {text: campaigns[of_key[folded(text)]] for text in texts if folded(text) in of_key}


# --- what limits them --------------------------------------------------------------------------


async def _check_receiver_limits(tx: Transaction, plans: Sequence[Plan]) -> None:
    """Refuse the plans of receivers who have, or get in this batch, all that they may have."""
    limited: dict[tuple[int, UUID, UUID], list[Plan]] = defaultdict(list)
    for plan in plans:
        if plan.campaign.codes_per_receiver is not None and plan.receiver is not None:
            key = (plan.command.organization_id, plan.campaign.id, plan.receiver.customer_id)
            limited[key].append(plan)
    # In the order of their keys, so that two batches never wait for each other in a circle.
    for key in sorted(limited, key=lambda key: (key[0], key[1].int, key[2].int)):
        limit = limited[key][0].campaign.codes_per_receiver or 0
        room = max(0, limit - await _held(tx, *key))
        for plan in limited[key][room:]:
            plan.refusal = ReceiverLimitReached(plan.campaign.name, limit)


async def _held(tx: Transaction, organization_id: int, campaign_id: UUID, customer_id: UUID) -> int:
    # Two batches that give to one receiver must count one after the other: this row of the
    # receiver and campaign is where the second one waits.
    name = f"receiver:{campaign_id.hex}:{customer_id.hex}"
    await next_numbers(tx, organization_id, name, 0)
    return int(
        await tx.value(
            select(func.count())
            .select_from(codes)
            .where(
                codes.c.organization_id == organization_id,
                codes.c.campaign_id == campaign_id,
                codes.c.customer_id == customer_id,
            )
        )
    )


# --- taking ------------------------------------------------------------------------------------


async def _take_from_pools(tx: Transaction, plans: Sequence[Plan]) -> None:
    if not plans:
        return
    waiting: dict[tuple[Any, ...], list[Plan]] = defaultdict(list)
    for plan in plans:
        waiting[plan.command.organization_id, plan.campaign.id].append(plan)
    wanted = {key: len(asking) for key, asking in waiting.items()}
    now = max(plan.command.now for plan in plans)
    taken = await take_each(tx, POOL, wanted, {"now": now})
    for key, asking in waiting.items():
        for plan, row in zip(asking, taken[key], strict=False):
            plan.code = value_of(Code, row)
        for plan in asking[len(taken[key]) :]:
            plan.refusal = PoolExhausted(plan.campaign.name)


async def _take_named(tx: Transaction, plans: Sequence[Plan]) -> None:
    gone: set[UUID] = set()
    for plan in plans:
        if plan.refusal is not None or not isinstance(plan.command.wanted, CodeRef):
            continue
        statement = select(codes).where(
            codes.c.organization_id == plan.command.organization_id,
            codes.c.code_key == folded(plan.command.wanted.code),
            codes.c.state == CodeState.AVAILABLE,
            codes.c.expires_at.is_(None) | (codes.c.expires_at > plan.command.now),
        )
        row = await tx.row(tx.engine.take(statement, codes))
        if row is None or row.id in gone:
            plan.refusal = CodeNotEffective(plan.command.wanted.code)
        else:
            gone.add(row.id)
            plan.code = value_of(Code, row)


async def _use_up_passwords(tx: Transaction, plans: Sequence[Plan]) -> None:
    """Take one-time passwords away; a plan whose password is gone leaves its code where it was.

    A format that has run out of codes to make is found only after this: then the password is
    gone as well. Such a campaign was refused when it was made (`CodeFormat.check_room`).
    """
    using = [p for p in plans if p.receiver is not None and p.receiver.one_time_token_id]
    for plan in sorted(using, key=lambda plan: str(plan.receiver)):
        assert plan.receiver is not None
        assert plan.receiver.one_time_token_id is not None
        if plan.refusal is None and not await use_up_one_time_password(
            tx, plan.command.organization_id, plan.receiver.one_time_token_id
        ):
            plan.refusal, plan.code = CustomerTokenNotEffective(), None


# --- giving ------------------------------------------------------------------------------------


def _given(plan: Plan) -> dict[str, Any]:
    command, receiver = plan.command, plan.receiver
    return {
        "state": CodeState.ISSUED,
        "customer_id": receiver.customer_id if receiver else None,
        "account_id": receiver.account_id if receiver else None,
        "issued_at": command.now,
        "issued_by_user": command.user_id,
        "issued_by_unit": command.unit_id,
    }


async def _give(tx: Transaction, plans: Sequence[Plan]) -> None:
    rows = []
    for plan in plans:
        assert plan.code is not None
        key = {"organization_id": plan.command.organization_id, "id": plan.code.id}
        rows.append(key | _given(plan))
        plan.code = replace(plan.code, **_given(plan))
    changed = await update_each(tx, codes, ("organization_id", "id"), rows)
    if changed != len(rows):
        # Taken rows are locked, so this can not be; if it is, nothing must be committed.
        raise RuntimeError(f"{changed} of {len(rows)} codes changed")


async def _make_on_request(tx: Transaction, plans: Sequence[Plan]) -> None:
    """Make codes at the moment they are given out; nothing is stored before."""
    waiting = list(plans)
    for _ in range(ATTEMPTS):
        if not waiting:
            return
        drawn = {plan: CodeFormat.of(plan.campaign).make() for plan in waiting}
        rows = [_made(plan, text) for plan, text in drawn.items()]
        added = {
            (row.organization_id, row.code_key): value_of(Code, row)
            for row in await tx.insert_new(codes, rows, returning=(codes,))
        }
        for plan, text in drawn.items():
            plan.code = added.pop((plan.command.organization_id, folded(text)), None)
        waiting = [plan for plan in waiting if plan.code is None]
    for plan in waiting:
        plan.refusal = InvalidCodeFormat(f"{plan.campaign.name!r} has run out of codes to make.")


def _made(plan: Plan, text: str) -> dict[str, Any]:
    command = plan.command
    return {
        "organization_id": command.organization_id,
        "id": new_id(),
        "campaign_id": plan.campaign.id,
        # Only codes that wait in a pool have a place in it.
        "pos": 0,
        "code": text,
        "code_key": folded(text),
        "expires_at": plan.campaign.codes_expire_at,
        "created_at": command.now,
        "created_by_user": command.user_id,
        "created_by_unit": command.unit_id,
    } | _given(plan)
