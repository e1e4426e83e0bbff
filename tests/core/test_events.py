"""The log of what happened: written with what it tells, and never changed."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from largesse.core import clock
from largesse.core.access.model import Caller, system
from largesse.core.errors import (
    BadCredentials,
    InvalidValue,
    NotPermitted,
    UnknownEvent,
    WrongState,
)
from largesse.core.events import store
from largesse.core.events.model import Event, EventKind, author_of, events
from largesse.core.events.service import Events
from largesse.core.ids import new_id
from largesse.core.request import REQUEST_ID
from largesse.services import Services
from largesse.storage.database import Transaction
from tests.core.people import everything, log_in, make_owner, make_user, nobody


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

    async def fail_within(tx: Transaction) -> None:
        async with tx.savepoint():
            store.record(tx, owner, "x.lost", ("campaign", "1"))
            raise LookupError

    async with services.database.one_transaction() as tx:
        store.record(tx, owner, "x.first", ("campaign", "1"))
        with pytest.raises(LookupError):
            await fail()
        with pytest.raises(LookupError):
            await fail_within(tx)
        store.record(tx, owner, "x.last", ("campaign", "1"))
    kinds = [event.kind for event in await log(services, owner)]
    assert kinds[-2:] == ["x.first", "x.last"]
    assert "x.lost" not in kinds


async def test_commands_that_share_a_commit_have_a_line_each(
    services: Services, owner: Caller
) -> None:
    async def batch(tx: Transaction, commands: Sequence[int]) -> list[None]:
        for command in commands:
            store.record(tx, author_of(owner), "x.done", ("campaign", command))
        return [None] * len(commands)

    await asyncio.gather(*(services.database.submit(batch, n) for n in range(20)))
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


async def test_a_request_that_shares_a_commit_has_its_own_id_and_actor(
    demo_services: Services,
) -> None:
    """A batch runs in the context of whichever request began it."""
    services = demo_services
    organizations = await services.access.organizations()
    callers = [replace(system(organizations[0]), username=f"u{n}") for n in range(8)]

    async def subscribe(caller: Caller) -> None:
        REQUEST_ID.set(f"request-{caller.username}".encode())
        await services.newsletter.subscribe(caller, f"{caller.username}@example.com", source="x")

    await asyncio.gather(*(asyncio.create_task(subscribe(caller)) for caller in callers))
    lines = await log(services, callers[0], kind="subscription.created")
    told = {(e.actor, e.request_id, (e.after or {})["recipient"]) for e in lines if e.request_id}
    assert told == {(f"u{n}", f"request-u{n}", f"u{n}@example.com") for n in range(8)}


async def test_a_batch_of_lines_is_one_statement(services: Services, owner: Caller) -> None:
    written: list[int] = []

    async def counted(tx: Transaction, rows: Sequence[Any]) -> None:
        written.append(len(rows))
        await store.write(tx, rows)

    async with services.database.write() as tx:
        for n in range(3):
            tx.at_end(counted, store.event_row(owner, "x.done", ("campaign", n)))
        assert written == []
    assert written == [3]
    assert len(await log(services, owner, kind="x.done")) == 3


class TestLogins:
    async def test_who_fails_to_log_in_is_told_of(self, services: Services, owner: Caller) -> None:
        for name in ("owner", "somebody"):
            with pytest.raises(BadCredentials):
                await log_in(services, name, password="not it", organization="Shop", address="::1")
        await services.access.settle()
        lines = await log(services, owner, kind="user.login_failed")
        assert [line.subject_id for line in lines] == [str(owner.user_id), "unknown"]
        assert {(line.actor, line.data["address"]) for line in lines} == {("anonymous", "::1")}
        assert "not it" not in repr(lines)
        assert "somebody" not in repr(lines)

    async def test_a_token_is_told_of_when_it_is_issued_and_released(
        self, services: Services, owner: Caller
    ) -> None:
        issued = await services.access.issue_token(owner, seconds=60)
        await services.access.release(issued.token)
        lines = (await log(services, owner, subject_id=str(owner.user_id)))[-2:]
        assert [line.kind for line in lines] == ["user.token_issued", "user.token_released"]
        assert lines[0].data == lines[1].data
        assert issued.token not in repr(lines)

    async def test_secrets_of_users_are_told_as_changed_only(
        self, services: Services, owner: Caller
    ) -> None:
        user = await make_user(services, owner, "ada")
        await services.users.change(owner, user.id, {"password": "another one", "role": "support"})
        made, changed = await log(services, owner, subject_id=str(user.id))
        assert made.after is not None
        assert made.after["password"] == "***"
        assert (changed.before, changed.after) == (
            {"role": "viewer"},
            {"role": "support", "password": "***"},
        )


class TestOwners:
    async def test_the_last_owner_stays(self, services: Services, owner: Caller) -> None:
        before = await everything(services)
        # Nobody takes the own rights away: that is refused for its own sake.
        by = replace(owner, user_id=None)
        for refused in (
            services.users.delete(by, owner.user_id),
            services.users.change(by, owner.user_id, {"role": "viewer"}),
            services.users.change(by, owner.user_id, {"active": False}),
        ):
            with pytest.raises(WrongState, match="only active owner"):
                await refused
        assert await everything(services) == before
        second = await make_user(services, owner, "second", role="owner")
        await services.users.delete(by, owner.user_id)
        assert (await services.users.get(by, second.id)).role == "owner"

    async def test_of_two_who_delete_each_other_one_stays(
        self, services: Services, owner: Caller
    ) -> None:
        second = await make_user(services, owner, "second", role="owner")
        both = (owner.user_id, second.id)
        outcomes = await asyncio.gather(
            *(services.users.delete(owner, one) for one in both), return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes].count(WrongState) == 1
        owners = (await services.users.page(owner, role="owner")).items
        assert len(owners) == 1


class TestPruning:
    async def test_lines_are_kept_without_end_by_default(
        self, services: Services, owner: Caller
    ) -> None:
        before = await log(services, owner)
        assert not await services.events.prune()
        assert await log(services, owner) == before

    async def test_what_is_older_is_deleted(
        self, services: Services, owner: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = await make_owner(services, "Other")
        old = [*await log(services, owner), *await log(services, other)]
        pruning = Events(services.database, keep=timedelta(days=30))
        assert not await pruning.prune()
        now = clock.now()
        monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=30, seconds=1))
        assert old
        assert await pruning.prune()
        assert not await pruning.prune()
        assert [*await log(services, owner), *await log(services, other)] == []
