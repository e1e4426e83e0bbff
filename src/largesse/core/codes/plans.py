"""What the commands of a batch mean: campaigns and receivers, and who is refused for them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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


Wanted = tuple[int, CampaignRef | CodeRef]
"""The organization, and the campaign or the code that a command names there."""


@dataclass(slots=True, eq=False)
class Plan:
    """A command on its way to a code."""

    command: IssueCode
    campaign: Campaign
    receiver: FoundReceiver | None
    now: datetime
    """When the code is given out: the same moment for a whole batch."""
    remembered: bool
    """Whether the campaign is as this process remembers it: taking a code proves it right."""
    limited: bool
    """Whether the campaign gives out no more than a number of codes."""
    pool_only: bool
    """Whether nothing but the campaign's pool decides who gets a code."""
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
    wanting: dict[Wanted, list[int]] = {}
    for place, command in enumerate(commands):
        wanting.setdefault(_key(command), []).append(place)
    remembered = {key: tx.remembered[key] for key in wanting if key in tx.remembered and trust}
    campaigns = await _campaigns(tx, [key for key in wanting if key not in remembered])
    campaigns |= remembered
    receivers = await _receivers(tx, commands)
    now = max(command.now for command in commands)
    plans: dict[int, Plan | Refused] = {}
    for key, places in wanting.items():
        campaign, is_remembered = campaigns.get(key), key in remembered
        limited = campaign is not None and is_limited(campaign)
        pool_only = campaign is not None and is_pool_only(campaign)
        for place in places:
            command, receiver = commands[place], receivers.get(place)
            if campaign is None:
                plans[place] = _nothing(command)
            elif (refusal := refusal_of(campaign, command)) is not None:
                plans[place] = refusal
            elif isinstance(receiver, Refused):
                plans[place] = receiver
            else:
                about = is_remembered, limited, pool_only
                plans[place] = Plan(command, campaign, receiver, now, *about)
    return [plans[place] for place in range(len(commands))]


def _key(command: IssueCode) -> Wanted:
    return command.organization_id, command.wanted


async def _receivers(
    tx: Transaction, commands: Sequence[IssueCode]
) -> dict[int, FoundReceiver | Refused]:
    """Return the receiver of each command that has one, by the command's place."""
    found: dict[int, FoundReceiver | Refused] = {}
    wanted: dict[int, tuple[int, ByCustomer | ByAccount]] = {}
    for place, command in enumerate(commands):
        receiver = command.receiver
        if isinstance(receiver, FoundReceiver):
            found[place] = receiver
        elif receiver is not None:
            wanted[place] = command.organization_id, receiver
    if wanted:
        outcomes = await find_receivers(tx, list(wanted.values()))
        found.update(zip(wanted, outcomes, strict=True))
    return found


def remember(tx: Transaction, plan: Plan) -> None:
    """Remember a campaign that has given a code, if nothing but its pool decides who gets one."""
    if plan.remembered or isinstance(plan.command.wanted, CodeRef):
        return  # a code that was named is gone: nobody gets it again
    if plan.pool_only:
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


def is_pool_only(campaign: Campaign) -> bool:
    """Say whether nothing but the campaign's pool decides who gets a code."""
    return (
        campaign.code_source == CodeSource.POOL
        and campaign.when_empty != WhenEmpty.ON_REQUEST
        and not is_limited(campaign)
    )


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


async def _campaigns(tx: Transaction, wanted: Sequence[Wanted]) -> dict[Wanted, Campaign]:
    """Find the campaigns that are named, by one statement for each way of naming."""
    asked: dict[tuple[int, str], set[str]] = defaultdict(set)
    for organization_id, named in wanted:
        if isinstance(named, CampaignRef):
            asked[organization_id, named.field].add(named.value)
        else:
            asked[organization_id, "code"].add(named.code)
    found: dict[Wanted, Campaign] = {}
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
