"""Codes that are used: once, as often as their campaign says, and by whom they belong to."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from largesse.core import clock
from largesse.core.access.model import Caller
from largesse.core.codes.model import CampaignRef, Code
from largesse.core.customers.model import AccountKind, ByAccount, ByCustomer, Identifier
from largesse.core.errors import (
    AmbiguousValue,
    CodeGivenToAnother,
    CodeNotEffective,
    NotPermitted,
    UnknownAccount,
    UnknownCustomer,
    WrongState,
)
from largesse.services import Services
from tests.core.people import all_but_the_log, make_owner, nobody

SPRING = CampaignRef("name", "Spring")
ADA, BOB = (ByCustomer(Identifier.PROFILE_ID, name) for name in ("ada", "bob"))


@pytest.fixture
async def owner(services: Services) -> Caller:
    """The owner of a shop with a campaign of two codes, and with two customers."""
    caller = await make_owner(services)
    for name in ("ada", "bob"):
        await services.customers.create(caller, {"identifiers": {"profile_id": name}})
    await campaign(services, caller, "Spring", ["SPRING-1", "SPRING-2"])
    return caller


async def campaign(
    services: Services, owner: Caller, name: str, codes: list[str], **more: Any
) -> None:
    await services.campaigns.create(owner, {"name": name, "state": "posted"} | more)
    await services.codes.add(owner, CampaignRef("name", name), codes)


async def named(services: Services, owner: Caller, code: str) -> Code:
    return await services.codes.named(owner, code)


async def account(services: Services, owner: Caller, number: str, *, of: str = "ada") -> Any:
    customer = await services.customers.named(owner, Identifier.PROFILE_ID, of)
    new = {"customer_id": customer.id, "kind": "subscription", "number": number}
    return await services.accounts.create(owner, new)


async def test_a_code_that_nobody_has_is_given_and_used_at_once(
    services: Services, owner: Caller
) -> None:
    used = await services.redemptions.redeem(owner, " spring-1 ", ADA)
    code = await named(services, owner, "SPRING-1")
    assert (used.code_id, used.turn, used.account_id) == (code.id, 1, None)
    assert (code.state, code.customer_id, code.issued_at) == (
        "redeemed",
        used.customer_id,
        used.created_at,
    )
    with pytest.raises(CodeNotEffective):
        await services.redemptions.redeem(owner, "SPRING-1", ADA)
    # The next one is still given out.
    given = await services.codes.request(owner, SPRING, BOB)
    assert given.code.code == "SPRING-2"


async def test_who_has_a_code_uses_it_and_nobody_else(services: Services, owner: Caller) -> None:
    given = await services.codes.request(owner, SPRING, ADA)
    before = await all_but_the_log(services)
    with pytest.raises(CodeGivenToAnother):
        await services.redemptions.redeem(owner, given.code.code, BOB)
    assert await all_but_the_log(services) == before
    await services.redemptions.redeem(owner, given.code.code, ADA)
    code = await named(services, owner, given.code.code)
    assert (code.state, code.issued_at) == ("redeemed", given.code.issued_at)


async def test_of_many_at_once_as_many_use_a_code_as_may(services: Services, owner: Caller) -> None:
    await campaign(services, owner, "Three", ["THREE"], uses_per_code=3)
    for code, most in (("SPRING-1", 1), ("THREE", 3)):
        outcomes = await asyncio.gather(
            *(services.redemptions.redeem(owner, code, ADA) for _ in range(6)),
            return_exceptions=True,
        )
        refused = [one for one in outcomes if isinstance(one, CodeNotEffective)]
        assert len(refused) == 6 - most
        used = [one.turn for one in outcomes if not isinstance(one, BaseException)]
        assert sorted(used) == list(range(1, most + 1))
        assert (await named(services, owner, code)).state == "redeemed"


async def test_a_code_for_several_uses_is_nobodys_own(services: Services, owner: Caller) -> None:
    await campaign(services, owner, "Two", ["TWO"], uses_per_code=2)
    for receiver in (ADA, BOB):
        await services.redemptions.redeem(owner, "TWO", receiver)
    code = await named(services, owner, "TWO")
    assert (code.state, code.customer_id) == ("redeemed", None)


async def test_what_can_not_be_used(services: Services, owner: Caller) -> None:
    now = clock.now()
    given = await services.codes.request(owner, SPRING, ADA)
    for name, more in (
        ("Past", {"codes_expire_at": now - timedelta(seconds=1)}),
        ("Future", {"codes_start_at": now + timedelta(hours=1)}),
        ("Draft", {}),
        ("Cancelled", {}),
    ):
        await campaign(services, owner, name, [name.upper()], **more)
    draft = await services.campaigns.named(owner, "name", "Draft")
    await services.campaigns.change(owner, draft.id, {"state": "draft"})
    cancelled = await named(services, owner, "CANCELLED")
    await services.codes.cancel(owner, cancelled.id)
    spring = await services.campaigns.named(owner, "name", "Spring")
    await services.campaigns.change(owner, spring.id, {"state": "ended"})
    before = await all_but_the_log(services)
    for code in ("PAST", "FUTURE", "DRAFT", "CANCELLED", "SPRING-2", "NO-SUCH", "", "x" * 5000):
        with pytest.raises(CodeNotEffective):
            await services.redemptions.redeem(owner, code, ADA)
    assert await all_but_the_log(services) == before
    # What was given out while the campaign went on is still good.
    await services.redemptions.redeem(owner, given.code.code, ADA)


class TestAccounts:
    async def test_a_code_is_used_on_the_only_one_of_a_kind(
        self, services: Services, owner: Caller
    ) -> None:
        kind = AccountKind.SUBSCRIPTION
        with pytest.raises(UnknownAccount):
            await services.redemptions.redeem(owner, "SPRING-1", ADA, on=kind)
        only = await account(services, owner, "S1")
        used = await services.redemptions.redeem(owner, "SPRING-1", ADA, on=kind)
        assert used.account_id == only.id
        second = await account(services, owner, "S2")
        with pytest.raises(AmbiguousValue):
            await services.redemptions.redeem(owner, "SPRING-2", ADA, on=kind)
        by_number = ByAccount(kind, "number", "S2")
        used = await services.redemptions.redeem(owner, "SPRING-2", by_number, on=kind)
        assert used.account_id == second.id


async def test_rights_and_organizations_hold(services: Services, owner: Caller) -> None:
    other = await make_owner(services, "Other")
    await services.customers.create(other, {"identifiers": {"profile_id": "ada"}})
    with pytest.raises(CodeNotEffective):
        await services.redemptions.redeem(other, "SPRING-1", ADA)
    eve = ByCustomer(Identifier.PROFILE_ID, "eve")
    with pytest.raises(UnknownCustomer):
        await services.redemptions.redeem(owner, "SPRING-1", eve)
    with pytest.raises(NotPermitted):
        await services.redemptions.redeem(await nobody(services), "SPRING-1", ADA)
    with pytest.raises(WrongState):
        await services.redemptions.create(owner, {})
    used = await services.redemptions.redeem(owner, "SPRING-1", ADA)
    assert (await services.redemptions.page(other)).items == []
    assert (await services.redemptions.page(owner, code_id=used.code_id)).items == [used]


async def test_the_log_tells_of_it(services: Services, owner: Caller) -> None:
    used = await services.redemptions.redeem(owner, "SPRING-1", ADA)
    (line,) = (await services.events.page(owner, kind="code.redeemed")).items
    assert line.subject_id == str(used.code_id)
    assert line.data == {"customer_id": str(used.customer_id), "turn": 1}
