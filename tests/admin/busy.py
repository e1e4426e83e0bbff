"""Some weeks of work for the demo organization, so that pages show what they show in a shop."""

import random
from datetime import timedelta
from uuid import UUID

from sqlalchemy import insert

from largesse.core import clock
from largesse.core.access.model import Caller
from largesse.core.campaigns.model import Campaign
from largesse.core.codes.model import CampaignRef
from largesse.core.customers.model import ByCustomer, Identifier
from largesse.core.figures.model import ALL, What, figures, slot_of
from largesse.core.search.browse import Browse
from tests.serving import Served

NAMES = (
    *(("Ada", "Brandt"), ("Bela", "Fischer"), ("Chloe", "Martin"), ("Dilan", "Yilmaz")),
    *(("Emil", "Sommer"), ("Freya", "Lund"), ("Gustav", "Meier"), ("Hana", "Novak")),
    *(("Iris", "Keller"), ("Jonas", "Vogt"), ("Katja", "Lehmann"), ("Luca", "Rossi")),
)

DAYS = 60
"""Days that there is something to show of."""


async def make_busy(served: Served, owner: Caller) -> None:
    """Make customers, campaigns of every state, codes on their way, grants, mails and subscribers."""
    chance = random.Random(1)
    addresses = [await _customer(served, owner, number) for number in range(len(NAMES))]
    await _campaign(served, owner, "Winter warmers", "WINTER", state="draft")
    await _campaign(served, owner, "Spring greetings", "SPRING", state="ended")
    # The newest is what the page of one campaign is shown with.
    summer = await _campaign(served, owner, "Summer sale", "SUMMER", alarm_level=400)
    await served.services.codes.generate(owner, CampaignRef("id", summer.id.hex), 420)
    await _give(served, owner, summer, chance)
    for address in addresses:
        for key in ("promo1001", "promo1002"):
            new = {"promotion": key, "email": address, "source_id": "summer-2026"}
            await served.services.grants.create(owner, new)
        await served.services.newsletter.subscribe(owner, address, source="the checkout")
    await served.services.newsletter.unsubscribe(owner, addresses[3], source="a link in a mail")
    await _weeks_before(served, owner, summer.id, chance)


async def _customer(served: Served, owner: Caller, number: int) -> str:
    first, last = NAMES[number]
    address = f"{first}.{last}@example.com".lower()
    new = {"first_name": first, "last_name": last, "email": address}
    await served.services.customers.create(
        owner, new | {"identifiers": {"customer_number": _number(number)}}
    )
    return address


def _number(number: int) -> str:
    return f"K{1001 + number}"


async def _campaign(
    served: Served, owner: Caller, name: str, code: str, *, state: str = "posted", **more: int
) -> Campaign:
    promotion = await served.services.promotions.create(owner, {"title": f"{name}: 10 % off"})
    new = {
        "name": name,
        "alternative_code": code,
        "promotion_id": promotion.id,
        "type": "discount",
        "distribution": "upon_request",
        "state": state,
        "codes_expire_at": clock.now() + timedelta(days=60),
    }
    return await served.services.campaigns.create(owner, new | more)


async def _give(served: Served, owner: Caller, campaign: Campaign, chance: random.Random) -> None:
    """Give out codes of a campaign, and mail every third of them."""
    ref = CampaignRef("id", campaign.id.hex)
    promotion = await served.services.promotions.get(owner, campaign.promotion_id)
    for number in range(len(NAMES)):
        customer = _number(number)
        receiver = ByCustomer(Identifier.CUSTOMER_NUMBER, customer)
        for at in range(chance.randint(2, 7)):
            issued = await served.services.codes.request(owner, ref, receiver)
            if at % 3 == 0:
                await _mail(served, owner, issued.code.code, promotion.key, number)


async def _mail(served: Served, owner: Caller, code: str, promotion: str, number: int) -> None:
    (customer,) = (
        await served.services.customers.browse(owner, Browse(text=_number(number)))
    ).items
    new = {"code": code, "customer": customer.id.hex, "promotion": promotion}
    await served.services.mails.create(owner, new)


async def _weeks_before(
    served: Served, owner: Caller, campaign_id: UUID, chance: random.Random
) -> None:
    """Put figures of the weeks before into the table, for which the log has no lines."""
    rows = []
    for days in range(1, DAYS):
        slot = slot_of(clock.now() - timedelta(days=days))
        given = chance.randint(20, 60) + max(0, 40 - days)
        for what, part, count in (
            (What.ISSUED, ALL, given),
            (What.ISSUED, campaign_id.hex, given * 2 // 3),
            (What.REDEEMED, ALL, given // 4),
            (What.SUBSCRIBED, ALL, chance.randint(2, 9)),
            (What.UNSUBSCRIBED, ALL, chance.randint(0, 3)),
        ):
            key = {"organization_id": owner.organization_id, "what": what, "part": part}
            rows.append(key | {"slot": slot, "count": count})
    async with served.services.database.write() as tx:
        await tx.execute(insert(figures).values(rows))
