"""Groups, lists and assignments, on both databases."""

import asyncio
import itertools
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from largesse.core.access.model import RIGHTS, Caller, Role, system
from largesse.core.customers.model import customers
from largesse.core.errors import (
    AlreadyAssigned,
    InvalidValue,
    ListAppliesToAll,
    NotPermitted,
    Refused,
    StillInUse,
    UnknownAssignment,
    UnknownGroup,
    UnknownPromotionList,
)
from largesse.core.lists.model import Assignment, ByReference, customer_groups, promotion_lists
from largesse.core.search.model import MOST_IN_A_PAGE, MomentFilter, Search
from largesse.services import Services
from tests.core.hand import Hand

BEYOND = 2**63
"""The first number that 64 bits do not hold."""

START = datetime(2016, 8, 24, 11, 32, 37, tzinfo=UTC)


@pytest.fixture
async def caller(services: Services) -> Caller:
    """Someone who may do everything in an organization of their own."""
    return system(await services.access.create_organization("Lyon", []))


@pytest.fixture
async def stranger(services: Services, caller: Caller) -> Caller:
    """Someone who may do everything in another organization."""
    return system(await services.access.create_organization("Marseille", []))


@pytest.fixture
def hand(hand: Hand) -> Hand:
    hand.at = START
    return hand


async def groups(services: Services, caller: Caller, *references: str) -> list[int]:
    """Make groups, named after their references backwards."""
    return [
        (await services.groups.create(caller, {"reference": one, "name": one[::-1]})).id
        for one in references
    ]


async def lists(services: Services, caller: Caller, *references: str) -> list[int]:
    """Make lists."""
    return [
        (await services.promotion_lists.create(caller, {"reference": one})).id for one in references
    ]


async def every_pair(services: Services, caller: Caller, count: int = 3) -> list[Assignment]:
    """Assign `count` lists to `count` groups, each to each."""
    of_groups = await groups(services, caller, *(f"CG-{n}" for n in range(count)))
    of_lists = await lists(services, caller, *(f"RP-{n}" for n in range(count)))
    return [
        await services.assignments.assign(caller, group=g, promotion_list=p)
        for g, p in itertools.product(of_groups, of_lists)
    ]


async def found(services: Services, caller: Caller, **query: Any) -> list[Assignment]:
    """Search, and check that the total is what was found."""
    query["like"] = {
        name: query.pop(name) for name in ("group_reference", "list_reference") if name in query
    }
    items, total = await services.assignments.search(caller, Search(**query))
    if "limit" not in query and "offset" not in query:
        assert len(items) == total
    return items


async def outcomes(*calls: Awaitable[Any]) -> list[Any]:
    """Run calls at the same time; a refusal is an outcome, anything else that is raised is not."""
    ended = await asyncio.gather(*calls, return_exceptions=True)
    for one in ended:
        if isinstance(one, BaseException) and not isinstance(one, Refused):
            raise one
    return ended


async def open_connections(services: Services) -> None:
    """Have every connection open: a first caller is otherwise done before the second begins."""
    everybody_is_in = asyncio.Barrier(4)

    async def reader() -> None:
        async with services.database.read():
            await everybody_is_in.wait()

    await asyncio.gather(*(reader() for _ in range(4)))


# --- assigning -----------------------------------------------------------------------------------


async def test_numbers_count_up_in_each_organization(
    services: Services, caller: Caller, stranger: Caller
) -> None:
    for who in (caller, stranger):
        assert [one.id for one in await every_pair(services, who, 2)] == [1, 2, 3, 4]


async def test_both_ends_are_named_by_id_or_by_reference(
    services: Services, caller: Caller
) -> None:
    (group,), (plist,) = (
        await groups(services, caller, "777"),
        await lists(services, caller, "888"),
    )
    made = await services.assignments.assign(caller, group="777", promotion_list=plist)
    assert (made.group.id, made.group.reference, made.group.name) == (group, "777", "777")
    assert (made.list.id, made.list.reference) == (plist, "888")
    with pytest.raises(AlreadyAssigned):
        await services.assignments.assign(caller, group=group, promotion_list="888")
    assert await services.assignments.find(caller, ByReference("777", "888")) == made
    assert await services.assignments.find(caller, made.id) == made


@pytest.mark.parametrize("number", [0, -1, 999, 2**63 - 1, BEYOND, 10**100, -BEYOND - 1])
async def test_a_number_that_belongs_to_nothing_is_unknown(
    services: Services, caller: Caller, number: int
) -> None:
    (made,) = await every_pair(services, caller, 1)
    assign, reassign = services.assignments.assign, services.assignments.reassign
    for call, refusal in (
        (assign(caller, group=number, promotion_list=made.list.id), UnknownGroup),
        (assign(caller, group=made.group.id, promotion_list=number), UnknownPromotionList),
        (reassign(caller, made.id, group=number), UnknownGroup),
        (reassign(caller, made.id, promotion_list=number), UnknownPromotionList),
        (reassign(caller, number), UnknownAssignment),
        (services.assignments.find(caller, number), UnknownAssignment),
        (services.assignments.delete(caller, number), UnknownAssignment),
        (services.groups.get(caller, number), UnknownGroup),
        (services.promotion_lists.get(caller, number), UnknownPromotionList),
    ):
        with pytest.raises(refusal) as caught:
            await call
        assert caught.value.value == str(number)
    assert await found(services, caller) == [made]


@pytest.mark.parametrize(
    "reference", ["", "nothing", "CG-0\0", "\0", "C" * 10_000, "cg-0", "CG-0 "]
)
async def test_a_reference_that_belongs_to_nothing_is_unknown(
    services: Services, caller: Caller, reference: str
) -> None:
    (made,) = await every_pair(services, caller, 1)
    assign = services.assignments.assign
    with pytest.raises(UnknownGroup):
        await assign(caller, group=reference, promotion_list="RP-0")
    with pytest.raises(UnknownPromotionList):
        await assign(caller, group="CG-0", promotion_list=reference)
    with pytest.raises(UnknownAssignment):
        await services.assignments.find(caller, ByReference(reference, "RP-0"))
    with pytest.raises(UnknownAssignment):
        await services.assignments.delete(caller, ByReference("CG-0", reference))
    assert await found(services, caller) == [made]


async def test_another_organization_is_another_world(
    services: Services, caller: Caller, stranger: Caller
) -> None:
    (mine,) = await every_pair(services, caller, 1)
    await every_pair(services, stranger, 3)
    (unseen,) = await groups(services, stranger, "CG-unseen")
    with pytest.raises(UnknownGroup):
        await services.assignments.assign(caller, group=unseen, promotion_list=mine.list.id)
    for wanted in (9, ByReference("CG-2", "RP-2")):
        with pytest.raises(UnknownAssignment):
            await services.assignments.find(caller, wanted)
        with pytest.raises(UnknownAssignment):
            await services.assignments.reassign(caller, wanted, group=mine.group.id)
        with pytest.raises(UnknownAssignment):
            await services.assignments.delete(caller, wanted)
    assert await found(services, caller) == [mine]
    assert len(await found(services, stranger)) == 9


async def test_a_list_for_all_customers_is_not_assigned(services: Services, caller: Caller) -> None:
    (made,) = await every_pair(services, caller, 1)
    (for_all,) = await lists(services, caller, "RP-ALL")
    await services.promotion_lists.change(caller, for_all, {"applies_to_all": True})
    with pytest.raises(ListAppliesToAll):
        await services.assignments.assign(caller, group=made.group.id, promotion_list=for_all)
    with pytest.raises(ListAppliesToAll):
        await services.assignments.reassign(caller, made.id, promotion_list=for_all)
    assert await found(services, caller) == [made]


async def test_a_pair_asked_for_by_many_at_once_is_assigned_once(
    services: Services, caller: Caller
) -> None:
    await groups(services, caller, "CG-0")
    await lists(services, caller, "RP-0")
    await open_connections(services)
    assign = services.assignments.assign
    ended = await outcomes(
        *(assign(caller, group="CG-0", promotion_list="RP-0") for _ in range(20))
    )
    assert sorted(type(one).__name__ for one in ended) == ["AlreadyAssigned"] * 19 + ["Assignment"]
    (only,) = await found(services, caller)
    assert only.id == 1
    # A refused one uses up no number.
    await groups(services, caller, "CG-1")
    assert (await assign(caller, group="CG-1", promotion_list="RP-0")).id == 2


async def test_a_reader_may_not_write(services: Services, caller: Caller) -> None:
    (made,) = await every_pair(services, caller, 1)
    reader = replace(caller, rights=RIGHTS[Role.VIEWER])
    nobody = replace(caller, rights=frozenset())
    assert await services.assignments.find(reader, made.id) == made
    assignments = services.assignments
    for call in (
        assignments.assign(reader, group=1, promotion_list=1),
        assignments.reassign(reader, made.id, group=1),
        assignments.delete(reader, made.id),
        assignments.find(nobody, made.id),
        assignments.search(nobody, Search()),
    ):
        with pytest.raises(NotPermitted):
            await call


# --- changing and deleting -----------------------------------------------------------------------


async def test_reassigning_changes_one_end_or_both(
    services: Services, caller: Caller, hand: Hand
) -> None:
    made, *_ = await every_pair(services, caller, 1)
    await groups(services, caller, "CG-new")
    await lists(services, caller, "RP-new")
    hand.at += timedelta(hours=1)
    changed = await services.assignments.reassign(caller, made.id, group="CG-new")
    assert (changed.id, changed.group.reference, changed.list) == (made.id, "CG-new", made.list)
    assert (changed.created_at, changed.updated_at) == (START, hand.at)
    both = await services.assignments.reassign(
        caller, ByReference("CG-new", "RP-0"), group=made.group.id, promotion_list="RP-new"
    )
    assert (both.id, both.group, both.list.reference) == (made.id, made.group, "RP-new")
    assert await found(services, caller) == [both]


async def test_reassigning_to_its_own_pair_changes_nothing(
    services: Services, caller: Caller, hand: Hand
) -> None:
    made, *_ = await every_pair(services, caller, 1)
    hand.at += timedelta(hours=1)
    same = await services.assignments.reassign(caller, made.id, group="CG-0", promotion_list="RP-0")
    assert same == made


async def test_reassigning_to_the_pair_of_another_is_refused(
    services: Services, caller: Caller
) -> None:
    first, second, *rest = await every_pair(services, caller, 2)
    with pytest.raises(AlreadyAssigned) as caught:
        await services.assignments.reassign(caller, first.id, promotion_list=second.list.id)
    assert (caught.value.what, caught.value.to) == ("promotion list", "group")
    assert await found(services, caller) == [first, second, *rest]


async def test_two_that_want_each_others_pair_are_both_refused(
    services: Services, caller: Caller
) -> None:
    first, second, *_ = await every_pair(services, caller, 2)
    await open_connections(services)
    move = services.assignments.reassign
    for _ in range(100):
        ended = await outcomes(
            move(caller, first.id, promotion_list=second.list.id),
            move(caller, second.id, promotion_list=first.list.id),
        )
        assert [type(one) for one in ended] == [AlreadyAssigned, AlreadyAssigned]


async def test_of_many_that_want_one_free_pair_one_gets_it(
    services: Services, caller: Caller
) -> None:
    made = await every_pair(services, caller, 3)
    await lists(services, caller, "RP-free")
    await open_connections(services)
    of_one_group = [one for one in made if one.group.reference == "CG-0"]
    move = services.assignments.reassign
    ended = await outcomes(
        *(move(caller, one.id, promotion_list="RP-free") for one in of_one_group)
    )
    assert sorted(type(one).__name__ for one in ended) == ["AlreadyAssigned"] * 2 + ["Assignment"]


async def test_an_assignment_is_deleted_once(services: Services, caller: Caller) -> None:
    made, *rest = await every_pair(services, caller, 2)
    await open_connections(services)
    delete = services.assignments.delete
    ended = await outcomes(*(delete(caller, made.id) for _ in range(10)))
    assert ended.count(None) == 1
    assert [type(one) for one in ended if one is not None] == [UnknownAssignment] * 9
    await delete(caller, ByReference("CG-1", "RP-1"))
    assert await found(services, caller) == rest[:-1]


async def test_what_is_referred_to_is_not_deleted(services: Services, caller: Caller) -> None:
    (made,) = await every_pair(services, caller, 1)
    with pytest.raises(StillInUse):
        await services.groups.delete(caller, made.group.id)
    with pytest.raises(StillInUse):
        await services.promotion_lists.delete(caller, made.list.id)
    async with services.database.write() as tx:
        await tx.execute(
            text(
                "CREATE TABLE visits (organization_id BIGINT, assignment_id BIGINT, FOREIGN KEY"
                " (organization_id, assignment_id) REFERENCES assignments (organization_id, id))"
            )
        )
        await tx.execute(text("INSERT INTO visits SELECT organization_id, id FROM assignments"))
    with pytest.raises(StillInUse):
        await services.assignments.delete(caller, made.id)
    assert await found(services, caller) == [made]


async def test_groups_and_lists_that_vanish_meanwhile_are_unknown(
    services: Services, caller: Caller
) -> None:
    for n in range(10):
        (group,) = await groups(services, caller, f"CG-{n}")
        (plist,) = await lists(services, caller, f"RP-{n}")
        assigned, _, _ = await outcomes(
            services.assignments.assign(caller, group=group, promotion_list=plist),
            services.groups.delete(caller, group),
            services.promotion_lists.delete(caller, plist),
        )
        assert isinstance(assigned, Assignment | UnknownGroup | UnknownPromotionList)


# --- searching -----------------------------------------------------------------------------------

PATTERNS = {
    "CG-001": {"CG-001"},
    "CG-00": set(),
    "CG*": {"CG-001", "CG-002", "CG_001", "CG%1", "CG\\1", "CG?1", "CG[1]", "CG'1"},
    "cg*": {"cg-001"},
    "*g-00*": {"cg-001"},
    "*001": {"CG-001", "CG_001", "cg-001"},
    "*G-0*": {"CG-001", "CG-002"},
    "C*1": {"CG-001", "CG_001", "CG%1", "CG\\1", "CG?1", "CG'1"},
    "CG_0*": {"CG_001"},
    "*_*": {"CG_001"},
    "CG%*": {"CG%1"},
    "*%*": {"CG%1"},
    "CG\\*": {"CG\\1"},
    "*\\*": {"CG\\1"},
    "CG?*": {"CG?1"},
    "CG[*": {"CG[1]"},
    "*[1]": {"CG[1]"},
    "*]*": {"CG[1]"},
    "*[0-9]*": set(),
    "*'*": {"CG'1"},
    "*É*": {"Île-Étoile"},
    "*é*": set(),
    "**Étoile**": {"Île-Étoile"},
    "*" * 60_000 + "002": {"CG-002"},
    "*C*G*-*2*": {"CG-002"},
    "C" * 300 + "*": set(),
    "*\0*": set(),
    "CG-001\0": set(),
    "": set(),
}
REFERENCES = sorted({*set().union(*PATTERNS.values()), "other"})


@pytest.fixture
async def referenced(services: Services, caller: Caller) -> None:
    """One list in every group, and every list in one group."""
    await groups(services, caller, *REFERENCES, "all")
    await lists(services, caller, *REFERENCES, "all")
    for one in REFERENCES:
        await services.assignments.assign(caller, group=one, promotion_list="all")
        await services.assignments.assign(caller, group="all", promotion_list=one)


async def test_a_star_is_any_characters_and_all_else_is_itself(
    services: Services, caller: Caller, referenced: None
) -> None:
    for pattern, wanted in PATTERNS.items():
        by_group = await found(services, caller, group_reference=pattern)
        assert {one.group.reference for one in by_group} - {"all"} == wanted, pattern[:40]
        by_list = await found(services, caller, list_reference=pattern)
        assert {one.list.reference for one in by_list} - {"all"} == wanted, pattern[:40]
    both = await found(services, caller, group_reference="*", list_reference="*")
    assert len(both) == 2 * len(REFERENCES)
    assert await found(services, caller, group_reference="CG*", list_reference="CG*") == []


SORTS = {
    "id": lambda one: one.id,
    "created_at": lambda one: one.created_at,
    "updated_at": lambda one: one.updated_at,
    "group_id": lambda one: one.group.id,
    "list_id": lambda one: one.list.id,
    "group_reference": lambda one: one.group.reference,
    "group_name": lambda one: one.group.name,
    "list_reference": lambda one: one.list.reference,
}


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("descending", [False, True])
async def test_every_sort_goes_both_ways_and_pages_lose_nothing(
    services: Services, caller: Caller, hand: Hand, sort: str, descending: bool
) -> None:
    # Capitals before small letters before accents: by code point on every database.
    of_groups = await groups(services, caller, "b", "B", "a-", "a", "_", "é", "Z")
    of_lists = await lists(services, caller, "y", "Y", "x")
    for number, (plist, group) in enumerate(itertools.product(of_lists, of_groups)):
        hand.at = START + timedelta(seconds=number % 3)
        made = await services.assignments.assign(caller, group=group, promotion_list=plist)
        if number % 5 == 0:
            hand.at += timedelta(seconds=number % 2)
            await services.assignments.reassign(caller, made.id, group=of_groups[-1 - number % 2])
            await services.assignments.reassign(caller, made.id, group=group)
    everything = await found(services, caller)
    wanted = sorted(everything, key=lambda one: (SORTS[sort](one), one.id), reverse=descending)
    assert await found(services, caller, sort=sort, descending=descending) == wanted
    pages = [
        await found(services, caller, sort=sort, descending=descending, limit=4, offset=offset)
        for offset in range(0, 24, 4)
    ]
    assert [one for page in pages for one in page] == wanted


def test_postgresql_does_not_order_by_its_locale() -> None:
    # The tests' server knows no collation that orders otherwise, so only the SQL can tell.
    for table, name in (
        (customer_groups, "reference"),
        (customer_groups, "name"),
        (promotion_lists, "reference"),
        (customers, "name"),
        (customers, "reference"),
    ):
        kind = table.c[name].type.dialect_impl(postgresql.dialect())
        assert 'COLLATE "C"' in str(kind.compile(dialect=postgresql.dialect()))


Operator = Literal["gt", "gte", "lt", "lte"]


@pytest.mark.parametrize(
    ("operator", "wanted"),
    [("gt", [3]), ("gte", [2, 3]), ("lt", [1]), ("lte", [1, 2])],
)
@pytest.mark.parametrize("field", ["created_at", "updated_at"])
async def test_moments_are_bounds(
    services: Services,
    caller: Caller,
    hand: Hand,
    field: Literal["created_at", "updated_at"],
    operator: Operator,
    wanted: list[int],
) -> None:
    await lists(services, caller, "RP", "RP-before")
    for n in (1, 2, 3):
        # What was made first was changed last; each field has to look at its own column.
        hand.at = START + timedelta(microseconds=n if field == "created_at" else -n)
        await groups(services, caller, f"CG-{n}")
        await services.assignments.assign(caller, group=f"CG-{n}", promotion_list="RP-before")
        hand.at = START + timedelta(microseconds=n if field == "updated_at" else -n)
        await services.assignments.reassign(caller, n, promotion_list="RP")
    middle = START + timedelta(microseconds=2)
    bound = MomentFilter(field, operator, middle)
    assert [one.id for one in await found(services, caller, moments=(bound,))] == wanted
    other_zone = MomentFilter(field, operator, middle.astimezone(timezone(timedelta(hours=2))))
    assert [one.id for one in await found(services, caller, moments=(other_zone,))] == wanted
    between = (MomentFilter(field, "gte", middle), MomentFilter(field, "lte", middle))
    assert [one.id for one in await found(services, caller, moments=between)] == [2]


async def test_a_bound_may_lie_at_the_end_of_the_calendar(
    services: Services, caller: Caller
) -> None:
    (made,) = await every_pair(services, caller, 1)
    for operator, moment in (("gt", datetime.min), ("lt", datetime.max)):
        bound = MomentFilter("created_at", operator, moment.replace(tzinfo=UTC))  # type: ignore[arg-type]
        assert await found(services, caller, moments=(bound,)) == [made]


async def test_pages_have_a_size_and_a_total(services: Services, caller: Caller) -> None:
    made = await every_pair(services, caller, 3)
    for limit, offset, wanted in (
        (1, 0, made[:1]),
        (2, 3, made[3:5]),
        (4, 8, made[8:]),
        (4, 9, []),
        (MOST_IN_A_PAGE, BEYOND - 1, []),
    ):
        query = Search(limit=limit, offset=offset)
        assert await services.assignments.search(caller, query) == (wanted, 9)
    for query, field in (
        (Search(limit=0), "limit"),
        (Search(limit=-1), "limit"),
        (Search(limit=MOST_IN_A_PAGE + 1), "limit"),
        (Search(offset=-1), "offset"),
        (Search(offset=BEYOND), "offset"),
        (Search(sort="organization_id"), "sort"),
    ):
        with pytest.raises(InvalidValue) as caught:
            await services.assignments.search(caller, query)
        assert caught.value.field == field


async def test_assignments_are_read_page_by_page_as_other_records_are(
    services: Services, caller: Caller
) -> None:
    made = await every_pair(services, caller, 2)
    first = await services.assignments.page(caller, limit=3)
    assert (list(first.items), first.next_after) == (made[:3], made[2].id)
    rest = await services.assignments.page(caller, limit=3, after=first.next_after)
    assert (list(rest.items), rest.next_after) == (made[3:], None)
    of_one = await services.assignments.page(caller, group_id=made[0].group.id)
    assert list(of_one.items) == made[:2]
    assert list((await services.assignments.page(caller, list_id=BEYOND)).items) == []
