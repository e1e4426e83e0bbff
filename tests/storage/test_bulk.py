"""Taking from a pool: what is behind the hint, and then what was given back before it."""

from contextlib import suppress

from largesse.core import clock
from largesse.core.access.model import Caller
from largesse.core.codes.issue import POOL
from largesse.core.codes.model import CampaignRef
from largesse.core.customers.model import ByCustomer, Identifier
from largesse.demo.data import USERNAME
from largesse.demo.people import PASSWORD
from largesse.services import Services
from largesse.storage.bulk import take_each
from largesse.storage.group_commit import MOST_IN_A_BATCH

SHOPPER = ByCustomer(Identifier.PROFILE_ID, "profile1")


async def pool_of_five(services: Services, caller: Caller) -> CampaignRef:
    """Make a campaign with five codes and give the first two of them out."""
    campaign = await services.campaigns.create(caller, {"name": "new", "state": "posted"})
    ref = CampaignRef("id", campaign.id.hex)
    await services.codes.add(caller, ref, [f"code-{n}" for n in range(5)])
    for _ in range(2):
        await services.codes.request(caller, ref, SHOPPER)
    return ref


class Undone(Exception):
    """Ends a transaction without a trace."""


async def taken(services: Services, caller: Caller, ref: CampaignRef, wanted: int) -> list[str]:
    """Take codes in a transaction that is not committed, and return them."""
    campaign = await services.campaigns.named(caller, ref.field, ref.value)
    key = (caller.organization_id, campaign.id)
    taker = ("issued", None, None, clock.now(), None, None)
    with suppress(Undone):
        async with services.database.write() as tx:
            rows = await take_each(tx, POOL, {key: [taker] * wanted}, {"now": clock.now()})
            raise Undone
    return [row.code for row in rows[key]]


async def test_a_pool_that_comes_back_short_gives_each_row_once(demo_services: Services) -> None:
    caller = await demo_services.access.log_in(USERNAME, PASSWORD, address="test")
    ref = await pool_of_five(demo_services, caller)
    # The second of five is known to be taken. Four are asked for and three are there.
    assert await taken(demo_services, caller, ref, 4) == ["code-2", "code-3", "code-4"]


async def test_what_was_not_kept_is_found_before_the_hint(demo_services: Services) -> None:
    caller = await demo_services.access.log_in(USERNAME, PASSWORD, address="test")
    ref = await pool_of_five(demo_services, caller)
    assert await taken(demo_services, caller, ref, 2) == ["code-2", "code-3"]
    # The fourth is believed to be taken, but that transaction was undone.
    assert await taken(demo_services, caller, ref, 1) == ["code-4"]
    assert await taken(demo_services, caller, ref, 3) == ["code-2", "code-3", "code-4"]


async def test_more_than_a_batch_may_want_codes(demo_services: Services) -> None:
    caller = await demo_services.access.log_in(USERNAME, PASSWORD, address="test")
    campaign = await demo_services.campaigns.create(caller, {"name": "new", "state": "posted"})
    ref = CampaignRef("id", campaign.id.hex)
    many = [f"code-{n}" for n in range(2 * MOST_IN_A_BATCH + 5)]
    await demo_services.codes.add(caller, ref, many)
    assert await taken(demo_services, caller, ref, len(many) + 3) == many
