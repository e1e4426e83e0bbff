"""The log of what happened: written with what it tells, and never changed."""

import pytest

from largesse.core import clock
from largesse.core.access.model import Caller
from largesse.core.errors import InvalidValue, NotPermitted, UnknownEvent, WrongState
from largesse.core.events import store
from largesse.core.events.model import Event, EventKind, SubjectKind
from largesse.core.ids import new_id
from largesse.services import Services
from tests.core.people import make_owner, nobody


@pytest.fixture
async def owner(services: Services) -> Caller:
    """The owner of a shop."""
    return await make_owner(services)


async def recorded(
    services: Services, caller: Caller, kind: EventKind = EventKind.POOL_LOW, subject: str = "1"
) -> Event:
    async with services.database.write() as tx:
        return await store.record(
            tx,
            caller.organization_id,
            kind,
            (SubjectKind.CAMPAIGN, subject),
            data={"a": [1, None, "ü"]},
            now=clock.now(),
        )


async def test_an_event_is_read_as_it_was_recorded(services: Services, owner: Caller) -> None:
    event = await recorded(services, owner)
    assert (event.kind, event.subject_kind, event.subject_id) == ("pool.low", "campaign", "1")
    assert event.data == {"a": [1, None, "ü"]}
    assert await services.events.get(owner, event.id) == event
    assert (await services.events.page(owner)).items == [event]


async def test_an_event_is_recorded_with_what_it_tells_or_not_at_all(
    services: Services, owner: Caller
) -> None:
    async def fail() -> None:
        async with services.database.one_transaction():
            await recorded(services, owner)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert (await services.events.page(owner)).items == []


async def test_events_are_filtered(services: Services, owner: Caller) -> None:
    low = await recorded(services, owner, subject="1")
    empty = await recorded(services, owner, EventKind.POOL_EMPTY, "2")
    for filters, found in (
        ({"kind": "pool.low"}, [low]),
        ({"subject_kind": "campaign", "subject_id": "2"}, [empty]),
        ({"kind": "pool.low", "subject_id": "2"}, []),
        ({"subject_id": "x" * 300}, []),
        ({"after": low.id}, [empty]),
    ):
        assert list((await services.events.page(owner, **filters)).items) == found
    page = await services.events.page(owner, limit=1)
    assert (list(page.items), page.next_after) == ([low], low.id)


async def test_nobody_changes_the_log(services: Services, owner: Caller) -> None:
    event = await recorded(services, owner)
    with pytest.raises(WrongState):
        await services.events.create(owner, {"kind": "pool.low"})
    with pytest.raises(WrongState):
        await services.events.change(owner, event.id, {})
    with pytest.raises(WrongState):
        await services.events.delete(owner, event.id)
    assert (await services.events.page(owner)).items == [event]


async def test_it_is_read_by_who_may_read_in_the_organization(
    services: Services, owner: Caller
) -> None:
    event = await recorded(services, owner)
    other = await make_owner(services, "Other")
    with pytest.raises(UnknownEvent):
        await services.events.get(other, event.id)
    assert (await services.events.page(other)).items == []
    with pytest.raises(NotPermitted):
        await services.events.get(await nobody(services), event.id)
    with pytest.raises(NotPermitted):
        await services.events.page(await nobody(services))
    with pytest.raises(UnknownEvent):
        await services.events.get(owner, new_id())
    with pytest.raises(InvalidValue):
        await services.events.page(owner, after="1")
