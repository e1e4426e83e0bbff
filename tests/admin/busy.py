"""Some weeks of work for the demo organization, so that pages show what they show in a shop."""

import random
from datetime import timedelta
from uuid import UUID

from largesse.core import clock
from largesse.core.access.model import Caller
from largesse.core.codes.model import CampaignRef
from largesse.core.customers.model import ByCustomer, Identifier
from tests.serving import Served

NAMES = (
    *(("Ada", "Brandt"), ("Bela", "Fischer"), ("Chloe", "Martin"), ("Dilan", "Yilmaz")),
    *(("Emil", "Sommer"), ("Freya", "Lund"), ("Gustav", "Meier"), ("Hana", "Novak")),
    *(("Iris", "Keller"), ("Jonas", "Vogt"), ("Katja", "Lehmann"), ("Luca", "Rossi")),
)


async def make_busy(served: Served, owner: Caller) -> None:
    """Make customers, campaigns of every state, codes on their way, mails and subscriptions."""
    chance = random.Random(1)
    services = served.services
    for number, (first, last) in enumerate(NAMES, 1):
        await services.customers.create(
            owner,
            {
                "first_name": first,
                "last_name": last,
                "email": f"{first}.{last}@example.com".lower(),
                "identifiers": {"customer_number": f"K{1000 + number}"},
            },
        )
    summer = await _campaign(served, owner, "Summer sale", "SUMMER", alarm_level=400)
    await _campaign(served, owner, "Winter warmers", "WINTER", state="draft")
    await _campaign(served, owner, "Spring greetings", "SPRING", state="ended")
    await services.codes.generate(owner, CampaignRef("id", summer.hex), 480)
    for number in range(1, len(NAMES) + 1):
        for _ in range(chance.randint(1, 9)):
            receiver = ByCustomer(Identifier.CUSTOMER_NUMBER, f"K{1000 + number}")
            await services.codes.request(owner, CampaignRef("id", summer.hex), receiver)


async def _campaign(
    served: Served, owner: Caller, name: str, code: str, *, state: str = "posted", **more: int
) -> UUID:
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
    return (await served.services.campaigns.create(owner, new | more)).id
