"""What is told of before somebody asks: pools that run out, and campaigns that end."""

from datetime import timedelta

import pytest

from largesse.core.access.model import Caller, system
from largesse.core.campaigns.model import Campaign
from largesse.core.codes.model import CampaignRef
from largesse.core.customers.model import ByCustomer, Identifier
from largesse.core.errors import NotPermitted
from largesse.services import Services
from tests.core.hand import START, Hand
from tests.core.people import nobody

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ADA = ByCustomer(Identifier.PROFILE_ID, "ada")


@pytest.fixture
def owner(keeper: Caller) -> Caller:
    return keeper


async def posted(services: Services, owner: Caller, name: str, codes: int) -> Campaign:
    new = {"name": name, "state": "posted", "alarm_level": 2}
    made = await services.campaigns.create(owner, new)
    if codes:
        await services.codes.generate(owner, CampaignRef("id", made.id.hex), codes)
    return made


async def give(services: Services, owner: Caller, campaign: Campaign, count: int) -> None:
    for _ in range(count):
        await services.codes.request(owner, CampaignRef("id", campaign.id.hex), ADA)


async def test_pools_that_run_out_are_told_of_the_most_urgent_first(
    eager: Services, owner: Caller, hand: Hand
) -> None:
    await posted(eager, owner, "Empty", 0)
    await posted(eager, owner, "Full", 50)
    few = await posted(eager, owner, "Few", 3)
    fast = await posted(eager, owner, "Fast", 20)
    await eager.pools.check_due()
    for _ in range(2):
        hand.at += HOUR
        await give(eager, owner, fast, 5)
        await eager.pools.check_due()
    await give(eager, owner, few, 1)
    await eager.pools.check_due()
    found = await eager.pools.low(owner, within=DAY)
    assert [one.name for one in found] == ["Empty", "Fast", "Few"]
    assert [one.forecast.available for one in found] == [0, 10, 2]
    assert found[1].campaign_id == fast.id
    assert found[1].forecast.runs_out_at is not None
    assert hand.at < found[1].forecast.runs_out_at < hand.at + 3 * HOUR
    # What runs out later is no matter yet; what is low is.
    later = await eager.pools.low(owner, within=HOUR / 2)
    assert [one.name for one in later] == ["Empty", "Few"]
    await eager.campaigns.change(owner, few.id, {"state": "ended"})
    assert [one.name for one in await eager.pools.low(owner, within=HOUR / 2)] == ["Empty"]
    # What was filled up to its alarm level is low, and not empty any more.
    (empty,) = found[:1]
    await eager.codes.generate(owner, CampaignRef("id", empty.campaign_id.hex), 2)
    await eager.pools.check_due()
    (refilled,) = await eager.pools.low(owner, within=HOUR / 2)
    assert (refilled.name, refilled.forecast.available) == ("Empty", 2)
    other = system(await eager.access.create_organization("Other", []))
    assert await eager.pools.low(other, within=DAY) == []
    with pytest.raises(NotPermitted):
        await eager.pools.low(await nobody(eager), within=DAY)


async def test_campaigns_end_with_their_codes_or_their_promotion(
    eager: Services, owner: Caller, hand: Hand
) -> None:
    offer = {"title": "Soon over", "ends_at": START + 2 * DAY}
    promotion = await eager.promotions.create(owner, offer)

    async def campaign(name: str, days: int | None, *, with_offer: bool, state: str) -> None:
        new = {"name": name, "state": state}
        new |= {} if days is None else {"codes_expire_at": START + days * DAY}
        new |= {"promotion_id": promotion.id} if with_offer else {}
        await eager.campaigns.create(owner, new)

    await campaign("by its promotion", 5, with_offer=True, state="posted")
    await campaign("by its codes", 1, with_offer=True, state="posted")
    await campaign("by its codes alone", 3, with_offer=False, state="posted")
    await campaign("later", 9, with_offer=False, state="posted")
    await campaign("never", None, with_offer=False, state="posted")
    await campaign("a draft", 1, with_offer=False, state="draft")
    found = await eager.campaigns.ending(owner, within=7 * DAY, limit=10)
    assert [(one.name, one.ends_at - START) for one in found] == [
        ("by its codes", DAY),
        ("by its promotion", 2 * DAY),
        ("by its codes alone", 3 * DAY),
    ]
    assert len(await eager.campaigns.ending(owner, within=7 * DAY, limit=2)) == 2
    hand.at = START + 4 * DAY
    assert await eager.campaigns.ending(owner, within=DAY, limit=10) == []
    with pytest.raises(NotPermitted):
        await eager.campaigns.ending(await nobody(eager), within=DAY, limit=1)
