"""Many at once: customers who are put into a group, and the assignments of a table."""

from dataclasses import replace

import pytest

from largesse.core.access.model import RIGHTS, Caller, Role, system
from largesse.core.errors import (
    ChangedMeanwhile,
    InvalidValue,
    ListAppliesToAll,
    NotPermitted,
    UnknownGroup,
    UnknownPromotionList,
)
from largesse.core.search.browse import Browse
from largesse.services import Services
from tests.core.people import make_owner


@pytest.fixture
async def owner(services: Services) -> Caller:
    return await make_owner(services)


async def assigned(services: Services, caller: Caller) -> set[tuple[str, str]]:
    page = await services.assignments.browse(caller, Browse())
    return {(one.group.reference, one.list.reference) for one in page.items}


async def test_customers_are_named_by_whatever_they_have(services: Services, owner: Caller) -> None:
    group = await services.groups.create(owner, {"reference": "G", "name": "Group"})
    people = [
        await services.customers.create(
            owner,
            {
                "last_name": f"Nr. {n}",
                "email": email,
                "identifiers": {"customer_number": f"N-{n}", "profile_id": f"P-{n}"},
            },
        )
        for n, email in enumerate(("a@example.com", "b@example.com", "b@example.com", None))
    ]
    names = [
        "n-0",
        " N-0 ",
        "P-0",
        "A@example.com",
        people[1].id.hex,
        "b@example.com",
        "nobody",
        "",
    ]
    names += ["x" * 500, str(people[3].id)]
    done = await services.groups.add_members(owner, group.id, names)
    assert (done.added, done.present) == (3, 0)
    assert list(done.unknown) == ["nobody", "x" * 500]
    assert list(done.ambiguous) == ["b@example.com"]
    again = await services.groups.add_members(owner, group.id, ["P-2", "P-0"])
    assert (again.added, again.present) == (1, 1)
    page = await services.memberships.browse(owner, Browse(filters={"group_id": [group.id]}))
    assert {one.customer.id for one in page.items} == {one.id for one in people}
    told = await services.events.page(owner, kind="group.member_added")
    assert len(told.items) == 4


async def test_who_may_not_or_names_too_many_adds_nobody(services: Services, owner: Caller) -> None:
    group = await services.groups.create(owner, {"reference": "G", "name": "Group"})
    viewer = replace(owner, rights=RIGHTS[Role.VIEWER])
    with pytest.raises(NotPermitted):
        await services.groups.add_members(viewer, group.id, ["a"])
    with pytest.raises(NotPermitted):
        await services.assignments.rearrange(viewer, add=[(group.id, 1)], remove=[])
    with pytest.raises(InvalidValue):
        await services.groups.add_members(owner, group.id, [str(n) for n in range(1001)])
    stranger = system(await services.access.create_organization("Other", []))
    with pytest.raises(UnknownGroup):
        await services.groups.add_members(stranger, group.id, ["a"])


async def test_assignments_are_changed_together_or_not_at_all(
    services: Services, owner: Caller
) -> None:
    first, second = [
        (await services.groups.create(owner, {"reference": f"G{n}", "name": f"G{n}"})).id
        for n in range(2)
    ]
    one, two = [
        (await services.promotion_lists.create(owner, {"reference": f"L{n}"})).id for n in range(2)
    ]
    to_all = await services.promotion_lists.create(
        owner, {"reference": "ALL", "applies_to_all": True}
    )
    change = services.assignments.rearrange
    await change(owner, add=[(first, one), (second, two)], remove=[])
    assert await assigned(services, owner) == {("G0", "L0"), ("G1", "L1")}
    await change(owner, add=[(first, two)], remove=[(first, one)])
    there = {("G0", "L1"), ("G1", "L1")}
    assert await assigned(services, owner) == there
    for add, remove, refusal in (
        ([(second, one), (first, two)], [], ChangedMeanwhile),
        ([(second, one)], [(first, one)], ChangedMeanwhile),
        ([(second, one), (first, to_all.id)], [], ListAppliesToAll),
        ([(second, one), (99, one)], [], UnknownGroup),
        ([(second, one), (first, 99)], [(second, two)], UnknownPromotionList),
    ):
        with pytest.raises(refusal):
            await change(owner, add=add, remove=remove)
        assert await assigned(services, owner) == there
    told = await services.events.page(owner, kind="assignment.deleted")
    assert len(told.items) == 1
