"""Giving out codes: a batch of commands, whatever their campaigns, in a handful of statements.

Nothing is read, decided and then written: a code is taken and given by one statement, under a
lock that no one else waits for (`storage.bulk.take_each`).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from sqlalchemy import bindparam, update

from largesse.core.campaigns.model import CodeSource, WhenEmpty, campaigns
from largesse.core.codes import limits
from largesse.core.codes.format import CodeFormat
from largesse.core.codes.model import (
    AVAILABLE_INDEX,
    IS_AVAILABLE,
    Code,
    CodeRef,
    CodeState,
    Given,
    IssueCode,
    codes,
)
from largesse.core.codes.plans import (
    Plan,
    forget,
    plans_of,
    remember,
)
from largesse.core.customers.store import use_up_one_time_password
from largesse.core.errors import (
    CodeNotEffective,
    CustomerTokenNotEffective,
    InvalidCodeFormat,
    OfCampaign,
    PoolExhausted,
    Refused,
)
from largesse.core.events.model import EventKind, events
from largesse.core.events.store import BEGUN, begun, record
from largesse.core.ids import new_id
from largesse.core.text import folded
from largesse.storage.bulk import Key, Pool, Trail, Versions, take_each
from largesse.storage.database import Transaction
from largesse.storage.types import Utc

CODE = "code"
"""The kind of the log's subject."""

ATTEMPTS = 8
"""Draws of a random code before a format counts as full: each fails 1 in 1,000 at the worst."""

FREE = (
    IS_AVAILABLE,
    codes.c.expires_at.is_(None) | (codes.c.expires_at > bindparam("now", type_=Utc)),
)
GIVEN = ("state", "customer_id", "account_id", "issued_at", "issued_by_user", "issued_by_unit")
"""What a code gets when it is given out."""

KEPT = ("id", "code", "expires_at", "created_at", "created_by_user", "created_by_unit")
"""What it was before, and stays."""

POOL = Pool(
    codes,
    keys=("organization_id", "campaign_id"),
    place="pos",
    index=AVAILABLE_INDEX,
    free=FREE,
    sets=GIVEN,
    returns=KEPT,
    versions=Versions(campaigns, ("organization_id", "id"), "updated_at"),
)
TOLD = (*BEGUN, "after")
LOGGED = replace(
    POOL,
    trail=Trail(
        events,
        TOLD,
        "subject_id",
        same={"kind": EventKind.CODE_ISSUED, "subject_kind": CODE, "data": {}},
    ),
)
"""The same, where nothing can take the code away again: the log is written with it."""
NAMED = Pool(
    codes,
    keys=("organization_id", "code_key"),
    place="pos",
    index=None,
    free=FREE,
    sets=GIVEN,
    returns=KEPT,
)
"""A code by its text is a pool of one."""


async def issue(tx: Transaction, commands: Sequence[IssueCode]) -> list[Given | Exception]:
    """Give out a code for each command; return it or the refusal of each, in order.

    A refused command changes nothing. What this process remembers of a campaign can give a code,
    as the statement that takes it compares, but it refuses nobody: these commands are judged
    again by what the database says.
    """
    if not commands:
        return []
    outcomes, relied = await _attempt(tx, commands, trust=True)
    again = [i for i, outcome in enumerate(outcomes) if isinstance(outcome, OfCampaign)]
    if relied and again:
        for i in again:
            forget(tx, commands[i])
        judged, _ = await _attempt(tx, [commands[i] for i in again], trust=False)
        for i, outcome in zip(again, judged, strict=True):
            outcomes[i] = outcome
    return outcomes


async def _attempt(
    tx: Transaction, commands: Sequence[IssueCode], *, trust: bool
) -> tuple[list[Given | Exception], bool]:
    """Return the outcomes, and whether any of them relies on what is remembered."""
    plans = await plans_of(tx, commands, trust=trust)
    going = [plan for plan in plans if isinstance(plan, Plan)]
    room = await limits.reserve(tx, going)
    admitted = await _take_within(tx, going, room)
    await _use_up_passwords(tx, admitted)
    await _make_on_request(tx, admitted)
    room.give_back([plan for plan in admitted if plan.refusal is not None])
    await limits.release(tx, room)
    for plan in admitted:
        if plan.refusal is None:
            remember(tx, plan)
            _log(tx, plan)
    relied = len(going) < len(plans) or any(plan.remembered for plan in going)
    return [_outcome(plan) for plan in plans], trust and relied


def _outcome(plan: Plan | Refused) -> Given | Exception:
    if isinstance(plan, Refused):
        return plan
    if plan.refusal is not None or plan.code is None:
        return plan.refusal or PoolExhausted(plan.campaign.name)
    return Given(plan.code, plan.campaign)


# --- taking ------------------------------------------------------------------------------------


async def _take_within(tx: Transaction, plans: list[Plan], room: limits.Room) -> list[Plan]:
    """Take codes for the plans that the limits have room for, and return these plans.

    Who gets none leaves its room to those who were refused for want of it, as one by one.
    """
    going: list[Plan] = []
    for turn in _turns(plans):
        going += await _take_turn(tx, turn, room)
    return going


def _turns(plans: list[Plan]) -> list[list[Plan]]:
    """Part plans where it matters which of two comes first: a code by its name, and a limit."""
    if not any(p.limited and isinstance(p.command.wanted, CodeRef) for p in plans):
        return [plans]
    turns: list[list[Plan]] = []
    for named, group in groupby(plans, lambda plan: isinstance(plan.command.wanted, CodeRef)):
        one_turn = list(group)
        turns += [[plan] for plan in one_turn] if named else [one_turn]
    return turns


async def _take_turn(tx: Transaction, waiting: list[Plan], room: limits.Room) -> list[Plan]:
    going: list[Plan] = []
    while waiting:
        over = room.admit(waiting)
        admitted = [plan for plan in waiting if plan.refusal is None]
        await _take(tx, admitted)
        without = [plan for plan in admitted if plan.refusal is not None]
        room.give_back(without)
        going += [plan for plan in admitted if plan.refusal is None]
        waiting = over if without else []
    return going


async def _take(tx: Transaction, plans: Sequence[Plan]) -> None:
    """Give out codes that are there: the next of a pool, or the very one that is named."""
    pooled: dict[Key, list[Plan]] = defaultdict(list)
    named: dict[Key, list[Plan]] = defaultdict(list)
    for plan in plans:
        wanted, organization_id = plan.command.wanted, plan.command.organization_id
        if isinstance(wanted, CodeRef):
            named[organization_id, folded(wanted.code)].append(plan)
        elif plan.campaign.code_source == CodeSource.POOL:
            pooled[organization_id, plan.campaign.id].append(plan)
    last = not named and all(_is_pool_only(plan) for plan in plans)
    for plan in await _taken(tx, LOGGED if last else POOL, pooled, last=last):
        if plan.campaign.when_empty != WhenEmpty.ON_REQUEST:
            plan.refusal = PoolExhausted(plan.campaign.name)
    for plan in await _taken(tx, NAMED, named):
        plan.refusal = CodeNotEffective(plan.command.wanted.code)  # type: ignore[union-attr]


def _is_pool_only(plan: Plan) -> bool:
    """Say whether nothing but taking from the pool is written for a plan."""
    receiver = plan.receiver
    return plan.pool_only and (receiver is None or receiver.one_time_token_id is None)


async def _taken(
    tx: Transaction, pool: Pool, asking: dict[Key, list[Plan]], *, last: bool = False
) -> list[Plan]:
    """Give each plan a code of its pool while there are any; return the plans that got none."""
    if not asking:
        return []
    give = _all_given if pool.trail is None else _all_logged
    takers = {key: give(plans) for key, plans in asking.items()}
    now = next(plans[0].now for plans in asking.values())
    versions = {
        key: next((plan.campaign.updated_at for plan in plans if plan.remembered), None)
        for key, plans in asking.items()
    }
    taken = await take_each(tx, pool, takers, {"now": now}, versions=versions, last=last)
    without: list[Plan] = []
    for key, plans in asking.items():
        rows = taken[key]
        for plan, row in zip(plans, rows, strict=False):
            kept = (row.id, row.code, row.expires_at, row.created_at)
            plan.code = _code(plan, *kept, row.created_by_user, row.created_by_unit)
            plan.logged = pool.trail is not None
        without += plans[len(rows) :]
    return without


def _given(plan: Plan) -> tuple[Any, ...]:
    """Return the values of the columns `GIVEN`."""
    command, receiver = plan.command, plan.receiver
    customer_id, account_id = (
        (receiver.customer_id, receiver.account_id) if receiver else (None, None)
    )
    return (
        CodeState.ISSUED,
        customer_id,
        account_id,
        plan.now,
        command.by.user_id,
        command.by.unit_id,
    )


def _all_given(plans: Sequence[Plan]) -> list[tuple[Any, ...]]:
    return [_given(plan) for plan in plans]


def _all_logged(plans: Sequence[Plan]) -> list[tuple[Any, ...]]:
    """Return the values of the columns `GIVEN`, and those of `TOLD`."""
    lines = begun([plan.command.by for plan in plans])
    return [(*_given(plan), *line, _after(plan)) for plan, line in zip(plans, lines, strict=True)]


def _log(tx: Transaction, plan: Plan) -> None:
    """Tell the log of a code, unless that was done when it was taken."""
    if not plan.logged and plan.code is not None:
        subject = CODE, plan.code.id
        record(tx, plan.command.by, EventKind.CODE_ISSUED, subject, after=_after(plan))


def _after(plan: Plan) -> dict[str, str]:
    customer = plan.receiver and plan.receiver.customer_id
    return {"state": CodeState.ISSUED} | ({"customer_id": str(customer)} if customer else {})


def _code(
    plan: Plan,
    code_id: Any,
    text: str,
    expires_at: Any,
    created_at: Any,
    created_by_user: Any,
    created_by_unit: Any,
) -> Code:
    state, customer_id, account_id, *issued = _given(plan)
    return Code(
        code_id,
        plan.campaign.id,
        text,
        state,
        customer_id,
        account_id,
        expires_at,
        created_at,
        created_by_user,
        created_by_unit,
        *issued,
    )


async def _use_up_passwords(tx: Transaction, plans: Sequence[Plan]) -> None:
    """Take one-time passwords away; a plan whose password is gone gives its code back.

    A format that has run out of codes is found only after this: then the password is gone too.
    """
    using = [p for p in plans if p.receiver is not None and p.receiver.one_time_token_id]
    for plan in sorted(using, key=lambda plan: str(plan.receiver)):
        assert plan.receiver is not None
        assert plan.receiver.one_time_token_id is not None
        organization_id = plan.command.organization_id
        if await use_up_one_time_password(tx, organization_id, plan.receiver.one_time_token_id):
            continue
        plan.refusal = CustomerTokenNotEffective()
        if plan.code is not None:
            await tx.execute(
                update(codes)
                .where(codes.c.organization_id == organization_id, codes.c.id == plan.code.id)
                .values(dict.fromkeys(GIVEN) | {"state": CodeState.AVAILABLE})
            )


# --- making ------------------------------------------------------------------------------------


async def _make_on_request(tx: Transaction, plans: Sequence[Plan]) -> None:
    """Make codes at the moment they are given out; nothing is stored before."""
    waiting = [plan for plan in plans if plan.code is None and plan.refusal is None]
    for _ in range(ATTEMPTS):
        if not waiting:
            return
        drawn = [(plan, _made(plan)) for plan in waiting]
        rows = [row for _, row in drawn]
        new = await tx.insert_new(codes, rows, returning=(codes.c.id,))
        added = {row.id for row in new}
        for plan, row in drawn:
            if row["id"] in added:
                plan.code = _code(plan, *(row[name] for name in KEPT))
        waiting = [plan for plan in waiting if plan.code is None]
    for plan in waiting:
        plan.refusal = InvalidCodeFormat(f"{plan.campaign.name!r} has run out of codes to make.")


def _made(plan: Plan) -> dict[str, Any]:
    command = plan.command
    text = CodeFormat.of(plan.campaign, key=command.format_key).make()
    return {
        "organization_id": command.organization_id,
        "id": new_id(),
        "campaign_id": plan.campaign.id,
        # Only codes that wait in a pool have a place in it.
        "pos": 0,
        "code": text,
        "code_key": folded(text),
        "expires_at": plan.campaign.codes_expire_at,
        "created_at": plan.now,
        "created_by_user": command.by.user_id,
        "created_by_unit": command.by.unit_id,
        **dict(zip(GIVEN, _given(plan), strict=True)),
    }
