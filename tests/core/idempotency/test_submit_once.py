"""Keys inside a group commit mean the same as keys alone, and fail no neighbour."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from largesse.core import clock
from largesse.core.access.model import Caller
from largesse.core.codes.model import CampaignRef, Given, IssuedCode
from largesse.core.customers.model import ByCustomer, Identifier
from largesse.core.errors import IdempotencyMismatch, UnknownCustomer
from largesse.core.idempotency.batch import Keyed, Replayed, once_each
from largesse.core.idempotency.model import Answer, Once
from largesse.core.idempotency.service import Idempotency
from largesse.core.idempotency.store import Claim, KeyOf
from largesse.demo.data import USERNAME
from largesse.demo.people import PASSWORD
from largesse.services import Services
from largesse.storage.database import Transaction

BULK = CampaignRef("alternative_code", "BG4")


def answer_of(given: Given) -> Answer:
    return Answer(200, given.code.code.encode())


@dataclass
class Shopper:
    """Asks for codes with keys."""

    services: Services
    caller: Caller
    idempotency: Idempotency

    async def ask(self, key: str, *, profile: str = "profile1", fingerprint: str = "") -> str:
        """Return the code that a request gets, or that an earlier one got, e.g. "again: X"."""

        async def run() -> IssuedCode:
            receiver = ByCustomer(Identifier.PROFILE_ID, profile)
            return await self.services.codes.request(self.caller, BULK, receiver)

        found = await self.idempotency.submit_once(
            self.caller, key, fingerprint or profile, run, answer=answer_of
        )
        return (
            f"again: {found.answer.body.decode()}" if isinstance(found, Once) else found.code.code
        )

    async def issued(self) -> int:
        page = await self.services.codes.page(self.caller, state="issued", limit=1000)
        return len(page.items)


@pytest.fixture
async def shopper(demo_services: Services) -> Shopper:
    caller = await demo_services.access.log_in(USERNAME, PASSWORD, address="test")
    return Shopper(demo_services, caller, demo_services.idempotency)


async def test_a_repetition_gets_the_first_code(shopper: Shopper) -> None:
    first = await shopper.ask("k")
    assert await shopper.ask("k") == f"again: {first}"
    assert await shopper.ask("other") != first
    assert await shopper.issued() == 2


async def test_forty_at_once_of_four_keys_get_four_codes(shopper: Shopper) -> None:
    answers = await asyncio.gather(*(shopper.ask(f"k{n % 4}") for n in range(40)))
    codes = [answer.removeprefix("again: ") for answer in answers]
    assert [codes[n] for n in range(40)] == [codes[n % 4] for n in range(40)]
    assert len(set(codes)) == 4
    assert sum(not answer.startswith("again: ") for answer in answers) == 4
    assert await shopper.issued() == 4


async def test_a_refused_neighbour_keeps_no_key_and_spoils_nothing(shopper: Shopper) -> None:
    answers = await asyncio.gather(
        *(shopper.ask("bad", profile="nobody") for _ in range(3)),
        *(shopper.ask(f"k{n}") for n in range(3)),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [UnknownCustomer] * 3 + [str] * 3
    assert not (await shopper.ask("bad")).startswith("again: ")
    assert await shopper.issued() == 4


async def test_another_request_with_the_key_is_refused_beside_the_first(shopper: Shopper) -> None:
    answers = await asyncio.gather(
        shopper.ask("k"), shopper.ask("k", fingerprint="other"), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [str, IdempotencyMismatch]
    with pytest.raises(IdempotencyMismatch):
        await shopper.ask("k", fingerprint="other")
    assert await shopper.issued() == 1


async def test_a_key_alone_and_a_key_in_a_group_are_the_same_key(shopper: Shopper) -> None:
    code = await shopper.ask("k")

    async def never() -> Answer:
        raise AssertionError("it was carried out again")

    found = await shopper.idempotency.once(shopper.caller, "k", "profile1", never)
    assert found == Once(Answer(200, code.encode()), replayed=True)


async def test_an_old_key_is_free_again(shopper: Shopper) -> None:
    shopper.idempotency = Idempotency(shopper.services.database, keep=timedelta(0))
    first = await shopper.ask("k")
    await asyncio.sleep(0.002)
    assert (await shopper.ask("k")).removeprefix("again: ") != first


@dataclass
class Counted:
    """A batch function that refuses its first command and takes what comes after."""

    batches: list[list[str]] = field(default_factory=list)

    async def __call__(self, tx: Transaction, commands: Sequence[str]) -> list[object]:
        first = not self.batches
        self.batches.append(list(commands))
        return [UnknownCustomer() if first else command.upper() for command in commands]

    def __hash__(self) -> int:
        return id(self)


async def test_behind_a_refused_one_the_next_with_its_key_is_carried_out(
    shopper: Shopper,
) -> None:
    caller, counted = shopper.caller, Counted()
    assert caller.user_id is not None
    of = KeyOf(caller.organization_id, caller.user_id, "k")
    now = clock.now()
    keyed = [
        Keyed(Claim(of, "f", now, now), text, lambda made: Answer(200, made.encode()))
        for text in ("one", "two", "three")
    ]
    async with shopper.services.database.write() as tx:
        refused, carried_out, replayed = await once_each(counted)(tx, keyed)
    assert isinstance(refused, UnknownCustomer)
    assert carried_out == "TWO"
    assert isinstance(replayed, Replayed)
    assert replayed.answer == Answer(200, b"TWO")
    assert counted.batches == [["one"], ["two"]]
