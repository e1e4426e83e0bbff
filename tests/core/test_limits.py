"""What a column can not hold is refused on both databases, and never found."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import BigInteger, Boolean, Date, Integer, String, Text, Uuid

from largesse.core.access.model import Caller
from largesse.core.customers.model import Identifier
from largesse.core.errors import Invalid, Refused, Unknown
from largesse.core.grants.model import GrantBatch
from largesse.core.limits import DEEPEST, storable, unfit
from largesse.core.records import Records
from largesse.demo.data import ORGANIZATION
from largesse.services import Services
from largesse.storage.types import Json, Utc
from tests.core.people import everything


def deep(levels: int) -> Any:
    return [deep(levels - 1)] if levels else 1


FITTING: tuple[tuple[Any, Any], ...] = (
    (String(3), ""),
    (String(3), "äöü"),
    (Text(), "x" * 100_000),
    (Integer(), -(2**31)),
    (Integer(), 2**31 - 1),
    (BigInteger(), 2**63 - 1),
    (Boolean(), False),
    (Date(), date(1, 1, 1)),
    (Uuid(), uuid4()),
    (Utc(), datetime(9999, 12, 31, 23, tzinfo=UTC)),
    (Json, {"a": [1, 1.5, None, True, "x", {"b": []}]}),
    (Json, deep(DEEPEST)),
)

UNFIT: tuple[tuple[Any, Any], ...] = (
    (String(3), "xxxx"),
    (String(3), 1),
    (String(3), b"x"),
    (Text(), "a\0"),
    (Text(), "\ud800"),
    (Integer(), 2**31),
    (Integer(), -(2**31) - 1),
    (Integer(), True),
    (Integer(), 1.0),
    (Integer(), "1"),
    (BigInteger(), 2**63),
    (Boolean(), 1),
    (Boolean(), "true"),
    (Date(), datetime(2020, 1, 1, tzinfo=UTC)),
    (Date(), "2020-01-01"),
    (Uuid(), "01890a5dac96774bbcceb302099a8057"),
    (Utc(), datetime(2020, 1, 1)),
    (Utc(), "2020-01-01T00:00:00Z"),
    (Utc(), datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))),
    (Utc(), datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=1)))),
    (Json, {"a": "\0"}),
    (Json, {"\0": 1}),
    (Json, [float("inf")]),
    (Json, [{"a": float("nan")}]),
    (Json, {1, 2}),
    (Json, [uuid4()]),
    (Json, deep(DEEPEST + 1)),
)


@pytest.mark.parametrize("number", range(len(FITTING)))
def test_what_fits(number: int) -> None:
    kind, value = FITTING[number]
    assert unfit(kind, value) is None, (kind, value)


@pytest.mark.parametrize("number", range(len(UNFIT)))
def test_what_does_not(number: int) -> None:
    kind, value = UNFIT[number]
    assert unfit(kind, value) is not None, (kind, value)


def test_characters_that_can_be_kept() -> None:
    assert storable("\x01\x7f\u2028\ufffe😀")
    assert not storable("a\0b")
    assert not storable("\udfff")


KINDS = (
    "units",
    "users",
    "keys",
    "customers",
    "accounts",
    "customer_tokens",
    "channels",
    "promotions",
    "promotion_folders",
    "campaigns",
    "codes",
    "redemptions",
    "grants",
    "groups",
    "promotion_lists",
    "assignments",
    "customer_assignments",
    "memberships",
    "newsletter",
    "mails",
    "templates",
    "mail_reports",
    "suppressions",
    "jobs",
    "schedules",
    "events",
)
"""The services that manage records."""


def managers(services: Services) -> list[Records[Any]]:
    return [getattr(services, name) for name in KINDS]


def test_every_kind_of_record_is_tried_here(demo_services: Services) -> None:
    found = {
        name
        for name in type(demo_services).__dataclass_fields__
        if isinstance(getattr(demo_services, name), Records)
    }
    assert found == set(KINDS)


@pytest.fixture
async def owner(demo_services: Services) -> Caller:
    return await demo_services.access.log_in(
        "MPAdministrator", "largesse-demo", organization=ORGANIZATION, address="test"
    )


async def test_no_record_takes_a_value_that_its_column_can_not_hold(
    demo_services: Services, owner: Caller
) -> None:
    before = await everything(demo_services)
    tried = 0
    for manager in managers(demo_services):
        found = (await manager.page(owner, limit=1)).items
        columns = [c for c in manager.table.c if c.name in manager.changeable]
        for column in columns if found else ():
            for value in unfit_for(column):
                with pytest.raises(Refused) as refused:
                    await manager.change(owner, found[0].id, {column.name: value})
                assert isinstance(refused.value, Invalid | Unknown), (column, value, refused.value)
                tried += 1
    assert tried > 100
    assert await everything(demo_services) == before


PAIRS = ("assignments", "customer_assignments", "customer_group_members")
"""Tables whose records are changed by naming either side: None means that it stays."""


def unfit_for(column: Any) -> list[Any]:
    """Return values that a column can not hold."""
    values: list[Any] = [value for kind, value in UNFIT if type(kind) is type(column.type)]
    if isinstance(column.type, String):
        # Services may look into a text before they keep it: only texts are sent there.
        values = ["a\0", "\ud800"]
        if column.type.length:
            values += ["x" * (column.type.length + 1), "ΐ" * column.type.length * 2]
    if not column.nullable and column.table.name not in PAIRS:
        values.append(None)
    return values


BEYOND = (2**63, 2**200, -(2**63) - 1, "x" * 5000, "a\0b", "\ud800", None, 1.5, uuid4())


async def test_nothing_is_found_under_what_is_no_id(demo_services: Services, owner: Caller) -> None:
    before = await everything(demo_services)
    for manager in managers(demo_services):
        for record_id in BEYOND:
            for call in (
                manager.get(owner, record_id),
                manager.change(owner, record_id, {}),
                manager.delete(owner, record_id),
            ):
                with pytest.raises(Refused) as refused:
                    await call
                assert isinstance(refused.value, Unknown), (manager, record_id, refused.value)
    assert await everything(demo_services) == before


async def test_no_page_begins_behind_what_is_no_id(demo_services: Services, owner: Caller) -> None:
    for manager in managers(demo_services):
        for record_id in BEYOND:
            if record_id is not None and unfit(manager.table.c.id.type, record_id):
                with pytest.raises(Invalid, match="after"):
                    await manager.page(owner, after=record_id)


async def test_looking_for_a_text_that_no_column_holds_finds_nothing(
    demo_services: Services, owner: Caller
) -> None:
    services, long = demo_services, "x" * 5000
    for call in (
        services.customers.named(owner, None, long),
        services.customers.named(owner, Identifier.PASSPORT_NUMBER, long),
        services.promotions.by_key(owner, long),
        services.promotions.in_channel(owner, long),
        services.campaigns.named(owner, "name", long),
        services.codes.named(owner, long),
        services.access.organization_named(long),
        services.grants.start_batch(owner, GrantBatch((long,), ("profile1",))),
    ):
        with pytest.raises(Unknown):
            await call
    assert not (await services.customers.page(owner, email=long)).items
    assert not (await services.promotions.page(owner, key=long)).items
    assert not (await services.accounts.page(owner, number="a\0")).items
    assert not (await services.assignments.page(owner, group_id=2**63)).items


async def test_a_batch_of_grants_has_a_source_that_fits(
    demo_services: Services, owner: Caller
) -> None:
    before = await everything(demo_services)
    for source in ("x" * 201, "a\0"):
        batch = GrantBatch(("promo1001",), ("profile1",), (), source)
        with pytest.raises(Invalid, match="source_id"):
            await demo_services.grants.start_batch(owner, batch)
        new = {"promotion": "promo1001", "email": "a@b.de", "source_id": source}
        with pytest.raises(Invalid, match="source_id"):
            await demo_services.grants.create(owner, new)
    assert await everything(demo_services) == before


async def test_profiles_and_addresses_of_a_batch_may_be_anything(
    demo_services: Services, owner: Caller
) -> None:
    """They are reported one by one, so they are kept as far as they can be."""
    odd = ("x" * 5000, "a\0b", "\ud800", "")
    job = await demo_services.grants.start_batch(owner, GrantBatch(("promo1001",), odd, odd))
    rows = (await demo_services.jobs.rows(owner, job.id)).items
    assert [row.value[:3] for row in rows[:4]] == ["xxx", "a\ufffdb", "\ufffd", ""]
