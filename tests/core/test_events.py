"""The log of what happened: written with what it tells, and never changed."""

from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from largesse.core.access.model import Caller
from largesse.core.errors import InvalidValue, NotPermitted, UnknownEvent, WrongState
from largesse.core.events import store
from largesse.core.events.model import Event, EventKind, author_of, events
from largesse.core.ids import new_id
from largesse.services import Services
from tests.core.people import make_owner, nobody


@pytest.fixture
async def owner(services: Services) -> Caller:
    """The owner of a shop."""
    return await make_owner(services)


async def recorded(
    services: Services, caller: Caller, kind: str = "pool.low", subject: str = "1", **more: Any
) -> Event:
    """Record a line, and return it as it is read."""
    more = {"data": {"a": [1, None, "ü"]}} | more
    async with services.database.write() as tx:
        store.record(tx, caller, kind, ("campaign", subject), **more)
    return (await services.events.page(caller, limit=1000)).items[-1]


async def log(services: Services, caller: Caller, **filters: Any) -> list[Event]:
    """Return every line, or those that filters name."""
    return list((await services.events.page(caller, limit=1000, **filters)).items)


async def test_an_event_is_read_as_it_was_recorded(services: Services, owner: Caller) -> None:
    event = await recorded(services, owner, before={"a": 1, "b": None}, after={"a": "ü"})
    assert (event.kind, event.subject_kind, event.subject_id) == ("pool.low", "campaign", "1")
    assert (event.before, event.after) == ({"a": 1, "b": None}, {"a": "ü"})
    assert event.data == {"a": [1, None, "ü"]}
    assert (event.actor, event.user_id, event.unit_id) == ("owner", owner.user_id, owner.unit_id)
    assert (event.key_id, event.request_id) == (None, None)
    assert await services.events.get(owner, event.id) == event


async def test_an_event_is_recorded_with_what_it_tells_or_not_at_all(
    services: Services, owner: Caller
) -> None:
    before = await log(services, owner)

    async def fail() -> None:
        async with services.database.one_transaction():
            async with services.database.write() as tx:
                store.record(tx, owner, EventKind.POOL_LOW, ("campaign", "1"))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await log(services, owner) == before


async def test_a_savepoint_that_is_rolled_back_takes_its_events_along(
    services: Services, owner: Caller
) -> None:
    async def fail() -> None:
        async with services.database.write() as tx:
            store.record(tx, owner, "x.lost", ("campaign", "1"))
            raise LookupError

    async with services.database.one_transaction() as tx:
        store.record(tx, owner, "x.first", ("campaign", "1"))
        with pytest.raises(LookupError):
            await fail()
        store.record(tx, owner, "x.last", ("campaign", "1"))
    kinds = [event.kind for event in await log(services, owner)]
    assert kinds[-2:] == ["x.first", "x.last"]
    assert "x.lost" not in kinds


async def test_commands_that_share_a_commit_have_a_line_each(
    services: Services, owner: Caller
) -> None:
    async def batch(tx: Any, commands: Any) -> list[Any]:
        for command in commands:
            store.record(tx, author_of(owner), "x.done", ("campaign", command))
        return [None] * len(commands)

    from asyncio import gather

    await gather(*(services.database.submit(batch, n) for n in range(20)))
    lines = await log(services, owner, kind="x.done")
    assert sorted(int(line.subject_id) for line in lines) == list(range(20))


async def test_events_are_filtered(services: Services, owner: Caller) -> None:
    low = await recorded(services, owner, subject="1")
    empty = await recorded(services, owner, EventKind.POOL_EMPTY, "2")
    for filters, found in (
        ({"kind": "pool.low"}, [low]),
        ({"subject_kind": "campaign", "subject_id": "2"}, [empty]),
        ({"kind": "pool.low", "subject_id": "2"}, []),
        ({"subject_id": "x" * 300}, []),
        ({"after": low.id}, [empty]),
        ({"actor": "OWNER", "subject_kind": "campaign"}, [low, empty]),
        ({"actor": str(owner.user_id), "kind": "pool.low"}, [low]),
        ({"actor": "nobody"}, []),
        ({"actor": "system", "subject_kind": "campaign"}, []),
        ({"request_id": "0123-abcd"}, []),
        ({"key_id": new_id()}, []),
        ({"since": low.created_at, "kind": "pool.low"}, [low]),
        ({"until": low.created_at, "kind": "pool.low"}, []),
    ):
        assert await log(services, owner, **filters) == found, filters
    page = await services.events.page(owner, limit=1, subject_kind="campaign")
    assert (list(page.items), page.next_after) == ([low], low.id)
    with pytest.raises(InvalidValue):
        await services.events.page(owner, since="yesterday")


async def test_nobody_changes_the_log(services: Services, owner: Caller) -> None:
    event = await recorded(services, owner)
    with pytest.raises(WrongState):
        await services.events.create(owner, {"kind": "pool.low"})
    with pytest.raises(WrongState):
        await services.events.change(owner, event.id, {})
    with pytest.raises(WrongState):
        await services.events.delete(owner, event.id)
    assert (await log(services, owner))[-1] == event


async def test_the_database_itself_refuses_to_change_a_line(
    services: Services, owner: Caller
) -> None:
    event = await recorded(services, owner)
    with pytest.raises(DBAPIError, match="the log of events is not changed"):
        async with services.database.write() as tx:
            await tx.execute(update(events).values(kind="pool.empty"))
    assert (await log(services, owner))[-1] == event


async def test_it_is_read_by_who_may_read_in_the_organization(
    services: Services, owner: Caller
) -> None:
    event = await recorded(services, owner)
    other = await make_owner(services, "Other")
    with pytest.raises(UnknownEvent):
        await services.events.get(other, event.id)
    assert await log(services, other, kind="pool.low") == []
    with pytest.raises(NotPermitted):
        await services.events.get(await nobody(services), event.id)
    with pytest.raises(NotPermitted):
        await services.events.page(await nobody(services))
    with pytest.raises(UnknownEvent):
        await services.events.get(owner, new_id())
    with pytest.raises(InvalidValue):
        await services.events.page(owner, after="1")
