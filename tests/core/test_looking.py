"""Looking through the log: along one index each, whatever a query asks, and page after page."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert

from largesse.core.access.model import Caller, Right
from largesse.core.errors import InvalidValue, NotPermitted
from largesse.core.events import looking
from largesse.core.events.model import Event, events
from largesse.core.events.store import event_row
from largesse.core.ids import new_id
from largesse.core.search.browse import Browse, Browsed
from largesse.services import Services
from tests.core.people import make_owner, nobody

JOB = new_id()


@pytest.fixture
async def owner(services: Services) -> Caller:
    """The owner of a shop, of whose log sixty lines are known: by two kinds and two actors."""
    owner = await make_owner(services)
    nobody = replace(owner, user_id=None, username="worker")
    rows = [
        event_row(
            nobody if n % 3 == 0 else owner,
            "job.done" if n % 2 == 0 else "pool.low",
            ("job", JOB) if n % 2 == 0 else ("campaign", n),
            data={"n": n},
        )
        for n in range(60)
    ]
    async with services.database.write() as tx:
        await tx.execute(
            insert(events), [row | {"request_id": f"r{row['data']['n']}"} for row in rows]
        )
    return owner


def numbers(page: Browsed[Event]) -> list[int]:
    return [one.data["n"] for one in page.items if "n" in one.data]


async def walked(services: Services, caller: Caller, query: Browse) -> list[int]:
    """Return what all pages show, and assert that the way back shows the same."""
    there: list[list[int]] = []
    page = await services.events.browse(caller, query)
    last = page
    while True:
        there.append(numbers(page))
        last = page
        if page.next is None:
            break
        page = await services.events.browse(caller, replace(query, after=page.next))
    back = list(reversed(numbers(last)))
    while last.previous is not None:
        last = await services.events.browse(caller, replace(query, before=last.previous))
        back += reversed(numbers(last))
    found = [n for part in there for n in part]
    assert list(reversed(back)) == found
    return found


Fits = Callable[[int], bool]

QUERIES: list[tuple[dict[str, Any], Fits]] = [
    ({}, lambda n: True),
    ({"descending": False}, lambda n: True),
    ({"filters": {"kind": ["job.done"]}}, lambda n: n % 2 == 0),
    ({"filters": {"about": ["pool"]}}, lambda n: n % 2 == 1),
    ({"filters": {"about": ["pool", "job"]}}, lambda n: True),
    ({"filters": {"about": ["pool"], "kind": ["job.done"]}}, lambda n: False),
    ({"filters": {"kind": ["no.such"]}}, lambda n: False),
    ({"filters": {"who": ["worker"]}}, lambda n: n % 3 == 0),
    ({"filters": {"who": ["worker"], "about": ["pool"]}}, lambda n: n % 3 == 0 and n % 2 == 1),
    ({"filters": {"who": ["system"]}}, lambda n: False),
    ({"text": str(JOB)}, lambda n: n % 2 == 0),
    ({"text": JOB.hex, "filters": {"who": ["worker"]}}, lambda n: n % 6 == 0),
    ({"text": "r7"}, lambda n: n == 7),
    ({"text": "7"}, lambda n: n == 7),
    ({"text": "\x00"}, lambda n: False),
]


@pytest.mark.parametrize("window", [8, 10_000])
async def test_every_page_of_a_query_is_found(
    services: Services, owner: Caller, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "WINDOW", window)
    for asked, fits in QUERIES:
        expected = [n for n in range(60) if fits(n)]
        if asked.get("descending", True):
            expected.reverse()
        assert await walked(services, owner, Browse(limit=7, **asked)) == expected, asked
    of_owner = Browse(limit=7, filters={"who": [owner.user_id]})
    assert await walked(services, owner, of_owner) == [n for n in range(59, -1, -1) if n % 3]


async def test_days_narrow_it(services: Services, owner: Caller) -> None:
    page = await services.events.browse(owner, Browse(text="r30"))
    moment: datetime = page.items[0].created_at
    until = await services.events.browse(owner, Browse(until=moment, limit=1000))
    since = await services.events.browse(owner, Browse(since=moment, limit=1000))
    later = await services.events.browse(owner, Browse(since=moment + timedelta(days=1)))
    assert set(numbers(until)) | set(numbers(since)) == set(range(60))
    assert len(later.items) == 0


async def test_who_may_not_read_users_sees_no_line_of_them(
    services: Services, owner: Caller
) -> None:
    viewer = replace(owner, rights=frozenset({Right.READ}))
    whole = await services.events.browse(owner, Browse(limit=1000))
    shown = await services.events.browse(viewer, Browse(limit=1000))
    assert {one.subject_kind for one in whole.items} > {"user", "job"}
    assert {one.subject_kind for one in shown.items}.isdisjoint({"user", "key", "organization"})
    users = Browse(filters={"about": ["user"]})
    assert (await services.events.browse(viewer, users)).items == []
    assert (await services.events.browse(owner, users)).items != []
    (line, *_) = [one for one in whole.items if one.subject_kind == "user"]
    for text in (line.subject_id, str(line.id)):
        assert (await services.events.browse(viewer, Browse(text=text))).items == []
    assert "user.created" in await services.events.kinds(owner)
    assert {"job.done", "pool.low"} <= set(await services.events.kinds(viewer))
    assert not [one for one in await services.events.kinds(viewer) if one.startswith("user.")]
    with pytest.raises(NotPermitted):
        await services.events.browse(await nobody(services), Browse())
    with pytest.raises(InvalidValue):
        await services.events.browse(owner, Browse(filters={"actor": ["x"]}))


async def test_another_organization_sees_nothing(services: Services, owner: Caller) -> None:
    other = await make_owner(services, "Other")
    assert numbers(await services.events.browse(other, Browse(limit=1000))) == []
    assert numbers(await services.events.browse(other, Browse(text=str(JOB)))) == []
    first: UUID = (await services.events.browse(owner, Browse(limit=1))).items[0].id
    assert numbers(await services.events.browse(other, Browse(text=str(first)))) == []
