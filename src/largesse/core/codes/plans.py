"""What the commands of a batch mean: campaigns and receivers, and who is refused for them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from largesse.core.campaigns.model import (
    Campaign,
    CampaignState,
    CampaignType,
    CodeSource,
    Distribution,
    WhenEmpty,
)
from largesse.core.campaigns.store import campaigns_by_id, campaigns_named
from largesse.core.codes.model import CampaignRef, Code, CodeRef, IssueCode, codes
from largesse.core.customers.model import ByAccount, ByCustomer, FoundReceiver
from largesse.core.customers.store import find_receivers
from largesse.core.errors import (
    CampaignNotPosted,
    CampaignTypeNotAllowed,
    CodeNotEffective,
    DistributionNotAllowed,
    Refused,
    UnknownCampaign,
)
from largesse.core.text import folded
from largesse.storage.database import Transaction

MOST_REMEMBERED = 1000
"""Campaigns that a process remembers at most."""


@dataclass(slots=True, eq=False)
class Plan:
    """A command on its way to a code."""

    command: IssueCode
    campaign: Campaign
    receiver: FoundReceiver | None
    remembered: bool
    """Whether the campaign is as this process remembers it: taking a code proves it right."""
    code: Code | None = None
    refusal: Refused | None = None
    logged: bool = False
    """Whether the log has been told of the code."""


async def plans_of(
    tx: Transaction, commands: Sequence[IssueCode], *, trust: bool
) -> list[Plan | Refused]:
    """Return what each command means, or its refusal.

    `trust` allows campaigns to be taken as they were when they last gave a code.
    """
    remembered = _remembered(tx, commands) if trust else {}
    campaigns = await _campaigns(tx, [c for c in commands if _key(c) not in remembered])
    receivers = await find_receivers(
        tx,
        {
            (command.organization_id, command.receiver)
            for command in commands
            if isinstance(command.receiver, (ByCustomer, ByAccount))
        },
    )
    return [
        _plan(
            command,
            remembered.get(key := _key(command)) or campaigns.get(key),
            receivers.get((command.organization_id, command.receiver), command.receiver),
            remembered=key in remembered,
        )
        for command in commands
    ]


Wanted = tuple[int, CampaignRef | CodeRef]


def _key(command: IssueCode) -> Wanted:
    return command.organization_id, command.wanted


def _remembered(tx: Transaction, commands: Sequence[IssueCode]) -> dict[Wanted, Campaign]:
    return {key: tx.remembered[key] for key in map(_key, commands) if key in tx.remembered}


def remember(tx: Transaction, plan: Plan) -> None:
    """Remember a campaign that has given a code, if nothing but its pool decides who gets one."""
    if plan.remembered or isinstance(plan.command.wanted, CodeRef):
        return  # a code that was named is gone: nobody gets it again
    if not needs_more(plan.campaign):
        if len(tx.remembered) >= MOST_REMEMBERED:
            tx.remembered.clear()
        tx.remembered[_key(plan.command)] = plan.campaign


def forget(tx: Transaction, command: IssueCode) -> None:
    """Look the command's campaign up again next time."""
    tx.remembered.pop(_key(command), None)


def is_limited(campaign: Campaign) -> bool:
    """Say whether a campaign gives out no more than a number of codes."""
    most = campaign.codes_in_all, campaign.codes_per_day, campaign.codes_per_receiver
    return any(limit is not None for limit in most)


def needs_more(campaign: Campaign) -> bool:
    """Say whether more than taking from a pool may have to be done for a code."""
    return (
        campaign.code_source != CodeSource.POOL
        or campaign.when_empty == WhenEmpty.ON_REQUEST
        or is_limited(campaign)
    )


def _plan(
    command: IssueCode, campaign: Campaign | None, receiver: Any, *, remembered: bool
) -> Plan | Refused:
    if campaign is None:
        return _nothing(command)
    if (refusal := refusal_of(campaign, command)) is not None:
        return refusal
    if isinstance(receiver, Refused):
        return receiver
    return Plan(command, campaign, receiver, remembered)


def _nothing(command: IssueCode) -> Refused:
    if isinstance(command.wanted, CodeRef):
        return CodeNotEffective(command.wanted.code)
    return UnknownCampaign(command.wanted.value, command.wanted.field)


def refusal_of(campaign: Campaign, command: IssueCode) -> Refused | None:
    """Return why the campaign gives no code to the command, or None."""
    if campaign.state != CampaignState.POSTED:
        return CampaignNotPosted(campaign.name)
    if campaign.code_source == CodeSource.SHARED:
        return DistributionNotAllowed(campaign.name)
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
