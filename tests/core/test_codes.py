"""Pools are filled, and every code is given once."""

import asyncio
import dataclasses
import itertools
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from largesse.core import clock
from largesse.core.access.model import RIGHTS, Caller, Right, Role
from largesse.core.codes.model import CampaignRef, Code, CodeRef
from largesse.core.customers.model import ByCustomer, Identifier
from largesse.core.errors import (
    AlreadyExists,
    CodeNotEffective,
    InvalidCodeFormat,
    InvalidValue,
    NotPermitted,
    PoolExhausted,
    Refused,
    UnknownCampaign,
    UnknownCode,
    UnknownCustomer,
    WrongState,
)
from largesse.core.ids import new_id
from largesse.services import Services, open_services
from tests.core.people import everything, make_owner
from tests.serving import settings_for

SPRING = CampaignRef("name", "Spring")
ADA = ByCustomer(Identifier.PROFILE_ID, "ada")
PAST, FUTURE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
async def owner(services: Services) -> Caller:
    """The owner of a shop with a customer and a posted campaign."""
    caller = await make_owner(services)
    await services.customers.create(caller, {"identifiers": {"profile_id": "ada"}})
    await services.campaigns.create(caller, {"name": "Spring", "state": "posted"})
    return caller


async def change(services: Services, owner: Caller, **values: Any) -> None:
    campaign = await services.campaigns.named(owner, "name", "Spring")
    await services.campaigns.change(owner, campaign.id, values)


async def give(services: Services, owner: Caller, wanted: Any = SPRING) -> Code:
    return (await services.codes.request(owner, wanted, ADA)).code


async def give_at_once(services: Services, owner: Caller, times: int) -> list[Code | Refused]:
    """Ask so many times at once; return the codes and the refusals."""
    found: list[Any] = await asyncio.gather(
        *(give(services, owner) for _ in range(times)), return_exceptions=True
    )
    for one in found:
        if not isinstance(one, Code | Refused):
            raise one
    return found


class TestGenerate:
    async def test_it_fills_the_pool_with_codes_of_the_format(
        self, services: Services, owner: Caller
    ) -> None:
        await change(services, owner, code_prefix="CC", code_length=9, codes_expire_at=FUTURE)
        assert await services.codes.generate(owner, SPRING, 1203) == 1203
        assert await services.codes.levels(owner, SPRING) == {"available": 1203}
        page = await services.codes.page(owner, limit=1000)
        assert all(re.fullmatch("CC[A-Z2-9]{9}", code.code) for code in page.items)
        assert {code.expires_at for code in page.items} == {FUTURE}
        assert {code.created_by_user for code in page.items} == {owner.user_id}

    async def test_a_format_without_room_is_refused_before_anything_is_made(
        self, services: Services, owner: Caller
    ) -> None:
        await change(services, owner, code_alphabet="0123456789", code_length=4)
        assert await services.codes.generate(owner, SPRING, 6) == 6
        # Those that are there already count.
        with pytest.raises(InvalidCodeFormat, match="11 codes need"):
            await services.codes.generate(owner, SPRING, 5)
        assert await services.codes.levels(owner, SPRING) == {"available": 6}
        assert await services.codes.generate(owner, SPRING, 4) == 4

    async def test_a_count_that_is_none_is_refused(self, services: Services, owner: Caller) -> None:
        for count in [0, -1, 100_001, 2**70]:
            with pytest.raises(InvalidValue, match="count"):
                await services.codes.generate(owner, SPRING, count)

    async def test_a_campaign_that_makes_codes_on_request_has_no_pool(
        self, services: Services, owner: Caller
    ) -> None:
        await change(services, owner, code_source="on_request")
        with pytest.raises(WrongState):
            await services.codes.generate(owner, SPRING, 1)

    async def test_many_at_once_fill_it_together(self, services: Services, owner: Caller) -> None:
        await asyncio.gather(*(services.codes.generate(owner, SPRING, 60) for _ in range(4)))
        assert await services.codes.levels(owner, SPRING) == {"available": 240}
        given = await give_at_once(services, owner, 250)
        assert sum(isinstance(one, Code) for one in given) == 240


async def added(services: Services, caller: Caller, texts: list[str]) -> list[Code]:
    """Put codes into the pool and return them."""
    await services.codes.add(caller, SPRING, texts)
    return [await services.codes.named(caller, text) for text in texts]


class TestAdd:
    async def test_codes_leave_in_the_order_in_which_they_came(
        self, services: Services, owner: Caller
    ) -> None:
        names = [f"Code-{number}" for number in range(5)]
        assert await services.codes.add(owner, SPRING, names[:3]) == 3
        await services.codes.add(owner, SPRING, names[3:])
        assert [(await give(services, owner)).code for _ in names] == names
        with pytest.raises(PoolExhausted):
            await give(services, owner)

    async def test_all_are_added_or_none(self, services: Services, owner: Caller) -> None:
        await services.campaigns.create(owner, {"name": "Other"})
        await services.codes.add(owner, CampaignRef("name", "Other"), ["TAKEN"])
        before = await everything(services)
        many = [f"C{number}" for number in range(1200)]
        for new in (["A", "A"], ["A", "a"], ["A", " taken "[1:-1]], [*many, "TAKEN"]):
            with pytest.raises(AlreadyExists):
                await services.codes.add(owner, SPRING, new)
        assert await everything(services) == before

    async def test_what_is_no_code_is_refused(self, services: Services, owner: Caller) -> None:
        for code in ["", " ", "A B", "A\n", "\0", "x" * 65, "ß" * 33, "\ud800", "\u2028"]:
            with pytest.raises(InvalidValue, match="codes"):
                await services.codes.add(owner, SPRING, ["GOOD", code])
        assert await services.codes.levels(owner, SPRING) == {}

    async def test_the_longest_code_there_is(self, services: Services, owner: Caller) -> None:
        longest = ["x" * 64, "ß" * 32, "Ä" * 64, "€" * 64]
        await services.codes.add(owner, SPRING, longest)
        for code in longest:
            assert (await services.codes.named(owner, code.upper())).code == code

    async def test_none_or_too_many_are_refused(self, services: Services, owner: Caller) -> None:
        for new in ([], ["x"] * 100_001):
            with pytest.raises(InvalidValue, match="codes"):
                await services.codes.add(owner, SPRING, new)


class TestRequest:
    async def test_a_code_says_who_has_it_and_who_gave_it(
        self, services: Services, owner: Caller
    ) -> None:
        await services.codes.add(owner, SPRING, ["A1"])
        before = clock.now()
        issued = await services.codes.request(owner, SPRING, ADA)
        ada = await services.customers.named(owner, Identifier.PROFILE_ID, "ada")
        code = issued.code
        assert (code.code, code.state, code.customer_id) == ("A1", "issued", ada.id)
        assert (code.issued_by_user, code.issued_by_unit) == (owner.user_id, owner.unit_id)
        assert code.issued_at is not None
        assert before <= code.issued_at <= clock.now()
        assert await services.codes.get(owner, code.id) == code
        assert issued.campaign.name == "Spring"
        assert issued.issued_by.user is not None
        assert issued.issued_by.user.username == "owner"

    async def test_of_many_requests_at_once_none_gets_anothers_code(
        self, services: Services, owner: Caller
    ) -> None:
        await services.codes.generate(owner, SPRING, 150)
        found = await give_at_once(services, owner, 200)
        given = Counter(one.code for one in found if isinstance(one, Code))
        assert (len(given), set(given.values())) == (150, {1})
        refused = [one for one in found if isinstance(one, Refused)]
        assert {type(one) for one in refused} == {PoolExhausted}
        assert await services.codes.levels(owner, SPRING) == {"issued": 150}

    async def test_nor_with_another_process_on_the_same_pool(
        self, services: Services, owner: Caller, empty_url: str
    ) -> None:
        await services.codes.generate(owner, SPRING, 60)
        second = open_services(settings_for(empty_url))
        try:
            found = await asyncio.gather(
                *(give_at_once(each, owner, 35) for each in (services, second))
            )
        finally:
            await second.close()
        given = Counter(one.code for one in itertools.chain(*found) if isinstance(one, Code))
        assert (len(given), set(given.values())) == (60, {1})

    async def test_a_refused_request_changes_nothing(
        self, services: Services, owner: Caller
    ) -> None:
        await services.codes.add(owner, SPRING, ["A1"])
        before = await everything(services)
        stranger = ByCustomer(Identifier.PROFILE_ID, "nobody")
        for wanted, receiver, refusal in (
            (SPRING, stranger, UnknownCustomer),
            (CodeRef("A1"), stranger, UnknownCustomer),
            (CampaignRef("name", "Autumn"), ADA, UnknownCampaign),
            (CodeRef("B1"), ADA, CodeNotEffective),
        ):
            with pytest.raises(refusal):
                await services.codes.request(owner, wanted, receiver)
        assert await everything(services) == before

    async def test_refused_ones_do_not_harm_their_neighbours(
        self, services: Services, owner: Caller
    ) -> None:
        await services.codes.generate(owner, SPRING, 40)
        stranger = ByCustomer(Identifier.PROFILE_ID, "nobody")
        asked = [(SPRING, ADA), (SPRING, stranger), (CodeRef("B1"), ADA)] * 20
        found = await asyncio.gather(
            *(services.codes.request(owner, *one) for one in asked), return_exceptions=True
        )
        kinds = [type(one).__name__ for one in found]
        assert kinds == ["IssuedCode", "UnknownCustomer", "CodeNotEffective"] * 20

    async def test_codes_that_have_expired_are_passed_over(
        self, services: Services, owner: Caller
    ) -> None:
        await change(services, owner, codes_expire_at=PAST)
        await services.codes.add(owner, SPRING, ["OLD1", "OLD2"])
        for wanted, refusal in ((SPRING, PoolExhausted), (CodeRef("OLD1"), CodeNotEffective)):
            with pytest.raises(refusal):
                await give(services, owner, wanted)
        await change(services, owner, codes_expire_at=clock.now() + timedelta(hours=1))
        await services.codes.add(owner, SPRING, ["NEW"])
        assert (await give(services, owner)).code == "NEW"

    async def test_it_needs_the_right_to_issue_codes(
        self, services: Services, owner: Caller
    ) -> None:
        codes = services.codes
        for right, method, arguments in (
            (Right.ISSUE_CODES, codes.request, (SPRING, ADA)),
            (Right.ISSUE_CODES, codes.create_for_promotion, ("channel", "key")),
            (Right.MANAGE_CAMPAIGNS, codes.generate, (SPRING, 1)),
            (Right.MANAGE_CAMPAIGNS, codes.add, (SPRING, ["A"])),
            (Right.MANAGE_CAMPAIGNS, codes.cancel, (new_id(),)),
        ):
            without = dataclasses.replace(owner, rights=RIGHTS[Role.OWNER] - {right})
            with pytest.raises(NotPermitted, match=right.value):
                await method(without, *arguments)


class TestOnRequest:
    @pytest.fixture(autouse=True)
    async def made_on_request(self, services: Services, owner: Caller) -> None:
        await change(
            services, owner, code_source="on_request", code_prefix="X-", codes_expire_at=FUTURE
        )

    async def test_each_is_made_when_it_is_asked_for(
        self, services: Services, owner: Caller
    ) -> None:
        found = await give_at_once(services, owner, 60)
        codes = [one for one in found if isinstance(one, Code)]
        assert len({code.code for code in codes}) == 60
        assert all(re.fullmatch("X-[A-Z2-9]{10}", code.code) for code in codes)
        assert {(code.state, code.expires_at) for code in codes} == {("issued", FUTURE)}
        assert await services.codes.levels(owner, SPRING) == {"issued": 60}

    async def test_a_format_that_is_used_up_makes_none(
        self, services: Services, owner: Caller
    ) -> None:
        await change(services, owner, code_alphabet="AB", code_length=1)
        # Two codes: each draw may meet one that is taken, so it is asked often enough.
        found = [one for _ in range(4) for one in await give_at_once(services, owner, 5)]
        given = Counter(one.code for one in found if isinstance(one, Code))
        assert set(given.values()) == {1}
        assert set(given) <= {"X-A", "X-B"}
        assert {type(one) for one in found if isinstance(one, Refused)} == {InvalidCodeFormat}


class TestCancel:
    async def test_one_that_waits_is_not_given(self, services: Services, owner: Caller) -> None:
        first, second = await added(services, owner, ["A1", "A2"])
        assert (await services.codes.cancel(owner, first.id)).state == "cancelled"
        assert (await give(services, owner)).id == second.id
        with pytest.raises(CodeNotEffective):
            await give(services, owner, CodeRef("A1"))

    async def test_one_that_was_given_is_taken_out_of_use(
        self, services: Services, owner: Caller
    ) -> None:
        await services.codes.add(owner, SPRING, ["A1"])
        code = await give(services, owner)
        cancelled = await services.codes.cancel(owner, code.id)
        assert (cancelled.state, cancelled.customer_id) == ("cancelled", code.customer_id)
        with pytest.raises(WrongState, match="cancelled"):
            await services.codes.cancel(owner, code.id)
        with pytest.raises(UnknownCode):
            await services.codes.cancel(owner, new_id())

    async def test_it_is_found_however_it_is_typed(self, services: Services, owner: Caller) -> None:
        (code,) = await added(services, owner, ["SC4dcj1p4sathzZ"])
        for text in ("SC4dcj1p4sathzZ", " sc4DCJ1P4SATHzz"):
            assert await services.codes.named(owner, text) == code
        for text in ("", "SC4dcj1p4sathz", "x" * 500):
            with pytest.raises(UnknownCode):
                await services.codes.named(owner, text)


class TestTwoOrganizations:
    @pytest.fixture
    async def other(self, services: Services, owner: Caller) -> Caller:
        return await make_owner(services, "Other")

    async def test_the_same_code_may_be_in_both_and_each_has_its_own(
        self, services: Services, owner: Caller, other: Caller
    ) -> None:
        (ours,) = await added(services, owner, ["SAME"])
        await services.campaigns.create(other, {"name": "Spring", "state": "posted"})
        (theirs,) = await added(services, other, ["SAME"])
        assert (await services.codes.named(other, "same")).id == theirs.id
        with pytest.raises(UnknownCustomer):
            await give(services, other)
        for call in (
            services.codes.get(other, ours.id),
            services.codes.cancel(other, ours.id),
        ):
            with pytest.raises(UnknownCode):
                await call
        assert (await give(services, owner)).id == ours.id
        assert (await services.codes.get(other, theirs.id)).state == "available"
