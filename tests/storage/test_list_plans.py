"""Lists walk the index of their order or of their filter, however many records there are."""

from typing import Any

import pytest
from sqlalchemy import text

from largesse.core import clock
from largesse.core.access.model import Caller, system
from largesse.core.customers.model import customers
from largesse.core.ids import new_id
from largesse.core.lists.model import assignments, customer_group_members, customer_groups
from largesse.core.search.model import Search
from largesse.services import Services
from tests.storage.test_plans import Statements, plan

MANY = 3000


@pytest.fixture
async def owner(services: Services) -> Caller:
    """The owner of a shop with many customers, groups, members and assignments."""
    caller = system(await services.access.create_organization("Shop", []))
    now = clock.now()
    own = {"organization_id": caller.organization_id, "created_at": now, "updated_at": now}
    (plist,) = [await services.promotion_lists.create(caller, {"reference": "RP"})]
    people, groups = [], []
    for n in range(MANY):
        name = {
            "name": f"Nr. {n}",
            "name_key": f"nr. {n}",
            "reference": f"C-{n}",
            "category": f"cat {n}",
        }
        kind = {"kind": "company", "active": n % 2 == 0, "attributes": {}}
        people.append(own | name | kind | {"id": new_id(), "number": n})
        groups.append(own | {"id": n, "reference": f"CG-{n}", "name": f"Nr. {n}"})
    pairs = [own | {"id": n, "group_id": n} for n in range(MANY)]
    async with services.database.write() as tx:
        await tx.execute(customers.insert(), people)
        await tx.execute(customer_groups.insert(), groups)
        await tx.execute(assignments.insert(), [pair | {"list_id": plist.id} for pair in pairs])
        members = [
            pair | {"customer_id": one["id"]} for pair, one in zip(pairs, people, strict=True)
        ]
        await tx.execute(customer_group_members.insert(), members)
    async with services.database.engine.writer().connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE"))
    return caller


def of_table(service: Any) -> list[Search]:
    """Return searches by every field, from the start and from further on."""
    fields = [name for name in service.listing.fields if name != "description"]
    return [Search(limit=5, sort=name, offset=offset) for name in fields for offset in (0, 20)]


async def test_no_list_reads_or_sorts_the_whole_table(services: Services, owner: Caller) -> None:
    for service in (services.customers, services.groups):
        await walks_its_index(services, owner, service, of_table(service))
    # Of pairs, what is in them; in order of their ends it is the ends' indexes that are walked.
    own = ("id", "created_at", "updated_at")
    for pairs in (services.assignments, services.memberships):
        searches = [Search(limit=5, sort=name, offset=offset) for name in own for offset in (0, 20)]
        await walks_its_index(services, owner, pairs, searches)


async def walks_its_index(
    services: Services, owner: Caller, service: Any, searches: list[Search]
) -> None:
    table = service.table.name
    for search in searches:
        with Statements(services.database.engine.reader()) as statements:
            await service.search(owner, search)
        found = await plan(services, *statements.reading(table)[0])
        # An incremental one sorts what is equal in the field that the index has in order.
        found = found.replace("Incremental Sort", "")
        for slow in (f"Seq Scan on {table}", "TEMP B-TREE", f"SCAN {table}\\n", "Sort  ("):
            assert slow not in found, (search, found)


async def test_beginnings_and_whole_references_are_looked_up(
    services: Services, owner: Caller
) -> None:
    for service, field in (
        (services.customers, "reference"),
        (services.customers, "name"),
        (services.groups, "reference"),
    ):
        for pattern in ("C-77", "C-77*"):
            search = Search(limit=5, sort=field, like={field: pattern})
            with Statements(services.database.engine.reader()) as statements:
                await service.search(owner, search)
            found = await plan(services, *statements.reading(service.table.name)[0])
            assert "SCAN" not in found, found
            assert "Seq Scan" not in found, found


async def test_a_page_takes_a_fixed_number_of_statements(services: Services, owner: Caller) -> None:
    for service in (
        *(services.customers, services.groups, services.promotion_lists),
        *(services.assignments, services.memberships, services.customer_assignments),
    ):
        with Statements(services.database.engine.reader()) as statements:
            await service.search(owner, Search(limit=500))
        selects = [one for one, _ in statements.sent if one.lstrip().startswith("SELECT")]
        assert len(selects) <= 4, selects
