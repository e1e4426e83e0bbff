"""Looking through records: pages that follow a record, either way, and texts that are looked up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from largesse.core.access.model import Caller
from largesse.core.errors import ChangedMeanwhile, InvalidValue
from largesse.core.ids import moment_of
from largesse.core.promotions.model import Promotion
from largesse.core.records import fingerprint
from largesse.core.search.browse import MOST_COUNTED, Browse
from largesse.services import Services
from tests.core.people import make_owner

MADE = 25


@pytest.fixture
async def owner(services: Services) -> Caller:
    return await make_owner(services)


@pytest.fixture
async def made(services: Services, owner: Caller) -> list[Promotion]:
    """Promotions whose keys go the other way round than they are made; two of three are enabled."""
    return [
        await services.promotions.create(
            owner,
            {"title": f"Number {at}", "key": f"key-{MADE - at:02}", "enabled": at % 3 != 0},
        )
        for at in range(MADE)
    ]


@pytest.mark.parametrize("order", ["made", "key"])
@pytest.mark.parametrize("descending", [False, True])
async def test_pages_lead_there_and_back(
    services: Services, owner: Caller, made: list[Promotion], order: str, descending: bool
) -> None:
    wanted = [one.id for one in made]
    if (order == "key") is not descending:
        wanted.reverse()
    query = Browse(order=order, descending=descending, limit=7)
    seen, pages = [], []
    after = None
    while True:
        page = await services.promotions.browse(owner, replace(query, after=after))
        pages.append([one.id for one in page.items])
        seen += pages[-1]
        assert (page.count, page.is_more) == (MADE, False)
        if page.next is None:
            break
        after = page.next
    assert seen == wanted
    for expected in reversed(pages[:-1]):
        page = await services.promotions.browse(owner, replace(query, before=page.previous))
        assert [one.id for one in page.items] == expected
    assert page.previous is None
    assert page.next == expected[-1]


async def test_a_page_follows_a_record_that_is_gone(
    services: Services, owner: Caller, made: list[Promotion]
) -> None:
    await services.promotions.delete(owner, made[10].id)
    query = Browse(descending=False, limit=2)
    page = await services.promotions.browse(owner, replace(query, after=made[10].id))
    assert [one.id for one in page.items] == [made[11].id, made[12].id]
    by_key = Browse(order="key", limit=2, after=made[10].id)
    assert (await services.promotions.browse(owner, by_key)).previous is None


async def test_filters_texts_and_moments_narrow(
    services: Services, owner: Caller, made: list[Promotion]
) -> None:
    async def found(**wanted: object) -> set[str]:
        page = await services.promotions.browse(owner, Browse(**wanted))  # type: ignore[arg-type]
        assert page.count == len(page.items)
        return {one.title for one in page.items}

    assert await found(text="NUMBER 2") == {"Number 2", *(f"Number 2{at}" for at in range(5))}
    assert await found(text="key-24") == {"Number 1"}
    assert await found(text=made[3].id.hex) == {"Number 3"}
    assert await found(text="number 2", filters={"enabled": [False]}) == {"Number 21", "Number 24"}
    assert await found(filters={"enabled": ["no boolean"]}) == set()
    for odd in ("%", "_", "\\", "*", "\0", "\ud800", "'", "x" * 5000):
        assert await found(text=odd) == set()
    moment = moment_of(made[20].id) + timedelta(milliseconds=1)
    assert made[24].title in await found(since=moment)
    assert made[0].title not in await found(since=moment)
    assert made[24].title not in await found(until=moment)
    assert await found(until=datetime(1970, 1, 1, tzinfo=UTC)) == set()


async def test_what_can_not_be_asked_is_refused(services: Services, owner: Caller) -> None:
    for query in (
        Browse(limit=0),
        Browse(limit=1001),
        Browse(order="title"),
        Browse(filters={"title": ["x"]}),
    ):
        with pytest.raises(InvalidValue):
            await services.promotions.browse(owner, query)


async def test_what_is_rare_is_found_first_and_put_in_order_then(
    services: Services, owner: Caller, made: list[Promotion]
) -> None:
    query = Browse(filters={"enabled": [False]}, order="key", limit=4)
    wanted = sorted((one.key for one in made if not one.enabled), reverse=True)
    first = await services.promotions.browse(owner, query)
    second = await services.promotions.browse(owner, replace(query, after=first.next))
    assert [one.key for one in (*first.items, *second.items)] == wanted[:8]
    assert (first.count, first.is_more) == (len(wanted), False)
    back = await services.promotions.browse(owner, replace(query, before=second.previous))
    assert back.items == first.items


async def test_many_are_counted_up_to_a_thousand_whether_a_text_finds_them_or_not(
    services: Services, owner: Caller
) -> None:
    for at in range(MOST_COUNTED + 1):
        await services.channels.create(owner, {"id": f"found{at}", "name": "many"})
    for query in (Browse(limit=10), Browse(text="many", limit=10)):
        page = await services.channels.browse(owner, query)
        assert (page.count, page.is_more) == (MOST_COUNTED, True)


async def test_others_records_are_not_found(
    services: Services, owner: Caller, made: list[Promotion]
) -> None:
    stranger = await make_owner(services, "Another shop")
    page = await services.promotions.browse(stranger, Browse(text="number"))
    assert (page.items, page.count) == ([], 0)


async def test_what_was_changed_meanwhile_is_not_written_over(
    services: Services, owner: Caller, made: list[Promotion]
) -> None:
    seen = fingerprint(made[0])
    changed = await services.promotions.change(owner, made[0].id, {"title": "First"}, seen=seen)
    with pytest.raises(ChangedMeanwhile):
        await services.promotions.change(owner, made[0].id, {"title": "Second"}, seen=seen)
    kept = await services.promotions.get(owner, made[0].id)
    assert kept == changed
