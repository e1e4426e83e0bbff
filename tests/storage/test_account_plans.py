"""Accounts and redemptions are found by the indexes of whose they are."""

from typing import Any

import pytest
from sqlalchemy import text

from largesse.core import clock
from largesse.core.access.model import Caller, system
from largesse.core.codes.model import CampaignRef
from largesse.core.customers.model import AccountKind, ByCustomer, accounts, customers
from largesse.core.ids import new_id
from largesse.core.redemptions.model import redemptions
from largesse.services import Services
from tests.storage.test_plans import Statements, plan

MANY = 3000


@pytest.fixture
async def owner(services: Services) -> Caller:
    """The owner of a shop with many customers, who have two accounts each."""
    caller = system(await services.access.create_organization("Shop", []))
    now = clock.now()
    own = {"organization_id": caller.organization_id, "created_at": now}
    person = {"kind": "person", "active": True, "attributes": {}, "updated_at": now}
    person |= {"name": "x", "name_key": "x"}
    people: list[dict[str, Any]] = [
        own
        | person
        | {"id": new_id(), "number": n, "reference": f"C-{n}", "email_key": f"c{n}@example.com"}
        for n in range(MANY)
    ]
    rows = [
        own | {"id": new_id(), "customer_id": one["id"], "kind": kind, "number": f"{one['number']}"}
        for one in people
        for kind in (AccountKind.RECEIVABLE, AccountKind.REWARDS)
    ]
    async with services.database.write() as tx:
        await tx.execute(customers.insert(), people)
        await tx.execute(accounts.insert(), rows)
    await analyze(services)
    return caller


async def analyze(services: Services) -> None:
    async with services.database.engine.writer().connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE"))


async def plans(services: Services, statements: Statements) -> list[str]:
    assert statements.sent
    return [await plan(services, *one) for one in statements.sent]


async def test_a_page_of_accounts_walks_no_table(services: Services, owner: Caller) -> None:
    one = (await services.customers.page(owner, limit=1)).items[0]
    by_id = {"owner": ByCustomer(None, one.id.hex)}
    for query in (by_id, {"email": "c7@example.com"}):
        for offset in (0, 50):
            with Statements(services.database.engine.reader()) as statements:
                found = await services.lookup.accounts(
                    owner, AccountKind.REWARDS, **query, limit=5, offset=offset
                )
            assert len(found) == (offset == 0)
            read = await plans(services, statements)
            for text_of_plan in read:
                for table in ("accounts", "customers"):
                    for slow in (f"Seq Scan on {table}", f"SCAN {table}\n", f"SCAN {table}'"):
                        assert slow not in text_of_plan, text_of_plan
            assert any("ix_accounts_customer_id" in one for one in read), read


async def test_redemptions_are_listed_by_an_index(services: Services, owner: Caller) -> None:
    spring = CampaignRef("name", "Spring")
    await services.campaigns.create(owner, {"name": "Spring", "state": "posted"})
    await services.codes.generate(owner, spring, 1000)
    people = (await services.customers.page(owner, limit=1000)).items
    codes = (await services.codes.page(owner, limit=1000)).items
    own = {"organization_id": owner.organization_id, "created_at": clock.now(), "turn": 1}
    used = [
        own | {"id": new_id(), "code_id": code.id, "customer_id": one.id}
        for code, one in zip(codes, people, strict=True)
    ]
    async with services.database.write() as tx:
        await tx.execute(redemptions.insert(), used)
    await analyze(services)
    for column in ("customer_id", "code_id"):
        with Statements(services.database.engine.reader()) as statements:
            page = await services.redemptions.page(owner, **{column: used[7][column]})
        assert [one.id for one in page.items] == [used[7]["id"]]
        (found,) = await plans(services, statements)
        assert f"ix_redemptions_{column}" in found, found
