"""A campaign's limits hold whoever asks at the same time, and count again when they are changed."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from largesse.core import clock
from largesse.core.access.model import Caller, system
from largesse.core.codes.model import CampaignRef, CodeRef, CodeState
from largesse.core.customers.model import ByCustomer, Identifier
from largesse.core.errors import (
    CampaignNotPosted,
    CampaignTypeNotAllowed,
    CodesLimitReached,
    InvalidValue,
    PoolExhausted,
    ReceiverLimitReached,
    UnknownCampaign,
)
from largesse.services import Services, open_services
from largesse.settings import Settings

SALE = CampaignRef("name", "Sale")


@pytest.fixture
async def owner(services: Services) -> Caller:
    """The owner of a shop with three customers."""
    caller = system(await services.access.create_organization("Shop", []))
    for name in ("ada", "bob", "eve"):
        await services.customers.create(caller, {"identifiers": {"profile_id": name}})
    return caller


async def sale(services: Services, caller: Caller, *, codes: int = 30, **changes: Any) -> Any:
    """Make the campaign with a pool."""
    made = await services.campaigns.create(
        caller, {"name": "Sale", "state": "posted", "code_length": 12} | changes
    )
    if codes:
        await services.codes.add(caller, SALE, [f"SALE-{n}" for n in range(codes)])
    return made


async def ask(services: Services, caller: Caller, times: int, name: str = "ada") -> Counter[Any]:
    """Ask for codes at the same time; count the codes and each kind of refusal."""
    receiver = ByCustomer(Identifier.PROFILE_ID, name)
    outcomes = await asyncio.gather(
        *(services.codes.request(caller, SALE, receiver) for _ in range(times)),
        return_exceptions=True,
    )
    return Counter(type(o) if isinstance(o, Exception) else "code" for o in outcomes)


async def test_no_more_than_the_limit_in_all(services: Services, owner: Caller) -> None:
    await sale(services, owner, codes_in_all=7)
    assert await ask(services, owner, 5) == {"code": 5}
    assert await ask(services, owner, 5) == {"code": 2, CodesLimitReached: 3}
    assert (await services.codes.levels(owner, SALE))[CodeState.ISSUED] == 7


async def test_no_more_than_the_limit_of_a_day(
    services: Services, owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sale(services, owner, codes_per_day=3, codes_in_all=5)
    noon = clock.now().replace(hour=12)
    monkeypatch.setattr(clock, "now", lambda: noon)
    assert await ask(services, owner, 5) == {"code": 3, CodesLimitReached: 2}
    monkeypatch.setattr(clock, "now", lambda: noon + timedelta(days=1))
    assert await ask(services, owner, 5) == {"code": 2, CodesLimitReached: 3}


async def test_no_more_than_the_limit_of_a_receiver(services: Services, owner: Caller) -> None:
    await sale(services, owner, codes_per_receiver=2)
    found = await asyncio.gather(*(ask(services, owner, 4, name) for name in ("ada", "bob", "eve")))
    assert found == [{"code": 2, ReceiverLimitReached: 2}] * 3


async def test_who_gets_none_uses_up_no_limit(services: Services, owner: Caller) -> None:
    await sale(services, owner, codes=2, codes_in_all=4, codes_per_receiver=3)
    assert await ask(services, owner, 6) == {"code": 2, PoolExhausted: 4}
    await services.codes.add(owner, SALE, ["MORE-1", "MORE-2", "MORE-3"])
    assert await ask(services, owner, 2) == {"code": 1, ReceiverLimitReached: 1}
    assert await ask(services, owner, 3, "bob") == {"code": 1, CodesLimitReached: 2}


async def test_several_processes_share_a_limit(
    services: Services, owner: Caller, empty_url: str
) -> None:
    await sale(services, owner, codes_in_all=9, codes_per_receiver=8)
    second = open_services(Settings(database_url=empty_url))
    try:
        asked = [ask(one, owner, 3) for _ in range(5) for one in (services, second)]
        found: Counter[Any] = sum(await asyncio.gather(*asked), Counter())
        assert found == {"code": 8, ReceiverLimitReached: 22}
        asked = [ask(one, owner, 3, "bob") for one in (services, second)]
        found = sum(await asyncio.gather(*asked), Counter())
        assert found == {"code": 1, CodesLimitReached: 5}
    finally:
        await second.close()


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"state": "ended"}, {CampaignNotPosted: 3}),
        ({"type": "reward"}, {CampaignTypeNotAllowed: 3}),
        ({"codes_in_all": 4}, {"code": 2, CodesLimitReached: 1}),
        ({"codes_per_receiver": 3}, {"code": 1, ReceiverLimitReached: 2}),
        ({"name": "Sold"}, {UnknownCampaign: 3}),
    ],
)
async def test_what_another_process_changes_counts_at_once(
    services: Services, owner: Caller, empty_url: str, changes: Any, found: Any
) -> None:
    campaign = await sale(services, owner)
    assert await ask(services, owner, 2) == {"code": 2}
    second = open_services(Settings(database_url=empty_url))
    try:
        await second.campaigns.change(owner, campaign.id, changes)
    finally:
        await second.close()
    assert await ask(services, owner, 3) == found
    assert await ask(services, owner, 1) == {list(found)[-1]: 1}


async def test_only_campaigns_are_remembered(services: Services, owner: Caller) -> None:
    await sale(services, owner)
    await services.codes.request(owner, CodeRef("SALE-9"), ByCustomer(Identifier.PROFILE_ID, "ada"))
    assert await ask(services, owner, 1) == {"code": 1}
    assert list(services.database.remembered) == [(owner.organization_id, SALE)]


async def test_a_pool_that_was_empty_gives_again(services: Services, owner: Caller) -> None:
    await sale(services, owner, codes=2)
    assert await ask(services, owner, 4) == {"code": 2, PoolExhausted: 2}
    await services.codes.add(owner, SALE, ["MORE-1"])
    assert await ask(services, owner, 2) == {"code": 1, PoolExhausted: 1}


async def test_a_new_limit_counts_what_was_given_before(services: Services, owner: Caller) -> None:
    campaign = await sale(services, owner)
    assert await ask(services, owner, 4) == {"code": 4}
    await services.campaigns.change(owner, campaign.id, {"codes_in_all": 6, "codes_per_day": 5})
    assert await ask(services, owner, 3) == {"code": 1, CodesLimitReached: 2}
    await services.campaigns.change(owner, campaign.id, {"codes_in_all": None})
    await services.campaigns.change(owner, campaign.id, {"codes_per_day": None})
    assert await ask(services, owner, 3) == {"code": 3}
    await services.campaigns.change(owner, campaign.id, {"codes_in_all": 9})
    assert await ask(services, owner, 3) == {"code": 1, CodesLimitReached: 2}


async def test_an_empty_pool_makes_its_codes_on_request(services: Services, owner: Caller) -> None:
    await sale(services, owner, codes=2, when_empty="on_request", codes_in_all=5)
    assert await ask(services, owner, 7) == {"code": 5, CodesLimitReached: 2}
    page = await services.codes.page(owner)
    assert sorted(code.code[:5] == "SALE-" for code in page.items) == [False] * 3 + [True] * 2
    assert {code.state for code in page.items} == {CodeState.ISSUED}


@pytest.mark.parametrize("name", ["codes_in_all", "codes_per_day", "codes_per_receiver"])
@pytest.mark.parametrize("value", [0, -1, 2**63])
async def test_a_limit_is_a_positive_number(
    services: Services, owner: Caller, name: str, value: int
) -> None:
    with pytest.raises(InvalidValue, match=name):
        await services.campaigns.create(owner, {"name": "Sale", name: value})


async def test_a_campaign_with_counts_can_be_deleted(services: Services, owner: Caller) -> None:
    campaign = await sale(services, owner, codes=0, codes_in_all=5)
    assert await ask(services, owner, 1) == {PoolExhausted: 1}
    await services.campaigns.delete(owner, campaign.id)
    assert (await services.campaigns.page(owner)).items == []
