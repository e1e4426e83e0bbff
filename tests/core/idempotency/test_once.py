"""A key, the effect of its request and the answer are committed together or not at all."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest

from largesse.core import clock
from largesse.core.access.model import Caller, anonymous
from largesse.core.errors import (
    AlreadyExists,
    IdempotencyMismatch,
    InvalidValue,
    LoginRequired,
    Refused,
)
from largesse.core.idempotency.model import Answer, Once, idempotency_keys
from largesse.core.idempotency.service import Idempotency
from largesse.demo.data import USERNAME
from largesse.demo.people import PASSWORD
from largesse.services import Services
from largesse.storage import records


async def caller_of(services: Services) -> Caller:
    return await services.access.log_in(USERNAME, PASSWORD, address="test")


@dataclass
class Channel:
    """A request that makes a channel, and counts how often it is carried out."""

    services: Services
    caller: Caller
    name: str = "shop"
    done: int = 0
    fault: BaseException | None = None

    async def run(self) -> Answer:
        self.done += 1
        await self.services.channels.create(self.caller, {"id": self.name, "name": self.name})
        if self.fault is not None:
            raise self.fault
        return Answer(201, f"made {self.name}, {self.done}".encode())

    async def once(self, key: str = "k1", fingerprint: str = "f1") -> Once:
        return await self.services.idempotency.once(self.caller, key, fingerprint, self.run)

    async def exists(self) -> bool:
        page = await self.services.channels.page(self.caller, id=self.name)
        return bool(page.items)


async def test_a_repetition_gets_the_first_answer(demo_services: Services) -> None:
    channel = Channel(demo_services, await caller_of(demo_services))
    first = await channel.once()
    again = await channel.once()
    assert first == Once(Answer(201, b"made shop, 1"), replayed=False)
    assert again == Once(Answer(201, b"made shop, 1"), replayed=True)
    assert channel.done == 1


async def test_the_same_key_with_another_request_is_refused(demo_services: Services) -> None:
    caller = await caller_of(demo_services)
    await Channel(demo_services, caller).once()
    other = Channel(demo_services, caller, "outlet")
    with pytest.raises(IdempotencyMismatch):
        await other.once(fingerprint="f2")
    assert other.done == 0


async def test_twenty_at_once_are_carried_out_once(demo_services: Services) -> None:
    channel = Channel(demo_services, await caller_of(demo_services))
    answers = await asyncio.gather(*(channel.once() for _ in range(20)))
    assert {answer.answer.body for answer in answers} == {b"made shop, 1"}
    assert sum(not answer.replayed for answer in answers) == 1
    assert channel.done == 1


async def test_a_crash_behind_the_effect_leaves_neither_effect_nor_key(
    demo_services: Services,
) -> None:
    channel = Channel(demo_services, await caller_of(demo_services))
    channel.fault = asyncio.CancelledError()
    with pytest.raises(asyncio.CancelledError):
        await channel.once()
    assert not await channel.exists()
    channel.fault = None
    assert not (await channel.once()).replayed
    assert await channel.exists()


async def test_a_code_that_a_crash_took_back_is_given_to_the_repetition(
    demo_services: Services,
) -> None:
    caller = await caller_of(demo_services)
    fault: Exception | None = RuntimeError("the power is gone")

    async def run() -> Answer:
        issued = await demo_services.codes.create_for_promotion(
            caller, "PrimeTech-PrimeTechSpecials", "CC_10EUR_OrderDiscount"
        )
        if fault is not None:
            raise fault
        return Answer(200, issued.code.code.encode())

    async def issued() -> int:
        return len((await demo_services.codes.page(caller, state="issued")).items)

    before = await issued()
    with pytest.raises(RuntimeError):
        await demo_services.idempotency.once(caller, "k", "f", run)
    assert await issued() == before
    fault = None
    first = await demo_services.idempotency.once(caller, "k", "f", run)
    again = await demo_services.idempotency.once(caller, "k", "f", run)
    assert first.answer == again.answer
    assert await issued() == before + 1


async def test_a_refused_request_leaves_no_key(demo_services: Services) -> None:
    caller = await caller_of(demo_services)
    channel = Channel(demo_services, caller)
    await channel.run()
    with pytest.raises(AlreadyExists):
        await channel.once()
    other = Channel(demo_services, caller, "outlet")
    assert not (await other.once(fingerprint="f2")).replayed


async def test_a_use_case_that_is_refused_inside_leaves_what_stands_around_it(
    demo_services: Services,
) -> None:
    caller = await caller_of(demo_services)
    channel = Channel(demo_services, caller)
    async with demo_services.database.one_transaction():
        await channel.run()
        with pytest.raises(AlreadyExists):
            await channel.run()
        assert await channel.exists()
    assert await channel.exists()


async def test_keys_are_a_users_own(demo_services: Services) -> None:
    caller = await caller_of(demo_services)
    unit = (await demo_services.units.page(caller)).items[0]
    new = {"username": "second", "password": "long enough", "unit_id": unit.id, "role": "owner"}
    await demo_services.users.create(caller, new)
    second = await demo_services.access.log_in("second", "long enough", address="test")
    await Channel(demo_services, caller).once()
    assert not (await Channel(demo_services, second, "outlet").once()).replayed


async def test_an_old_key_is_free_again_and_is_deleted(demo_services: Services) -> None:
    caller = await caller_of(demo_services)
    short = Idempotency(demo_services.database, keep=timedelta(0))
    await short.once(caller, "old", "f1", Channel(demo_services, caller).run)
    again = await short.once(caller, "old", "f2", Channel(demo_services, caller, "outlet").run)
    assert not again.replayed
    # A process that has just started deletes at its first request.
    await asyncio.sleep(0.002)
    started = Idempotency(demo_services.database, keep=timedelta(milliseconds=1))
    await started.once(caller, "new", "f3", Channel(demo_services, caller, "stall").run)
    async with demo_services.database.read() as tx:
        rows = await records.find_all(tx, idempotency_keys, caller.organization_id)
    assert [row.key for row in rows] == ["new"]
    assert rows[0].created_at <= clock.now()


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there", "snow\u2603"])
async def test_a_key_is_short_printable_ascii(demo_services: Services, key: str) -> None:
    channel = Channel(demo_services, await caller_of(demo_services))
    with pytest.raises(InvalidValue):
        await channel.once(key)
    assert channel.done == 0


async def test_who_is_nobody_has_no_keys(demo_services: Services) -> None:
    organization = (await demo_services.access.organizations())[0]
    channel = Channel(demo_services, anonymous(organization))
    with pytest.raises(LoginRequired) as refused:
        await channel.once()
    assert isinstance(refused.value, Refused)
