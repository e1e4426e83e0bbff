"""Lists of promotions, folders and coupons walk an index, however many there are."""

import pytest
from sqlalchemy import text

from largesse.core import clock
from largesse.core.access.model import Caller, system
from largesse.core.campaigns.model import campaign_promotions, campaigns
from largesse.core.codes.model import codes
from largesse.core.ids import new_id
from largesse.core.promotions.model import promotion_folders, promotions
from largesse.core.search.model import Search
from largesse.services import Services
from tests.storage.test_list_plans import walks_its_index
from tests.storage.test_plans import Statements, plan

MANY = 3000


@pytest.fixture
async def owner(services: Services) -> Caller:
    """The owner of a shop with many promotions in folders, coupons and batches."""
    caller = system(await services.access.create_organization("Shop", []))
    pattern = (await services.campaigns.create(caller, {"name": "pattern"})).id
    now = clock.now()
    own = {"organization_id": caller.organization_id, "created_at": now, "updated_at": now}
    offers, folders, made, brought, used = [], [], [], [], []
    async with services.database.write() as tx:
        (row,) = await tx.rows(campaigns.select().where(campaigns.c.id == pattern))
        for n in range(MANY):
            name, kind = f"nr. {n}", ("order", "item", "shipping")[n % 3]
            ids = {"promotion_id": new_id(), "campaign_id": new_id()}
            offer = {"key": name, "title": name, "search_key": f"{name}\n{name}"}
            more = {"enabled": n % 2 == 0, "repeatable": False, "attributes": {}}
            place = {"applies_to": kind, "folder_id": n % 500}
            offers.append(own | offer | more | place | {"id": ids["promotion_id"]})
            folders.append(own | {"id": n, "name": name, "name_key": name, "path": name})
            source = {"code_source": ("shared", "pool", "on_request")[n % 3], "state": "posted"}
            told = {"id": ids["campaign_id"], "name": name, "alternative_code": name}
            made.append(row._asdict() | source | told | {"code_prefix": f"P{n}"})
            brought.append({"organization_id": caller.organization_id, "pos": 0} | ids)
            code = {"id": new_id(), "pos": 0, "code": name, "code_key": name, "state": "issued"}
            used.append(
                code
                | {"organization_id": caller.organization_id, "created_at": now}
                | {"campaign_id": ids["campaign_id"]}
            )
        for table, rows in (
            (promotions, offers),
            (promotion_folders, folders),
            (campaigns, made),
            (campaign_promotions, brought),
            (codes, used),
        ):
            await tx.execute(table.insert(), rows)
    async with services.database.engine.writer().connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE"))
    return caller


async def test_no_list_of_offers_reads_or_sorts_a_whole_table(
    services: Services, owner: Caller
) -> None:
    filters = (
        {},
        {"enabled": True},
        {"applies_to": "item"},
        {"folder_id": 7},
        {"folder_id": 7, "enabled": True},
    )
    searches = [Search(5, offset, equal=equal) for equal in filters for offset in (0, 20)]
    searches += [
        Search(5, among={"applies_to": ["item", "order"]}),
        Search(5, like={"search": "*nr. 1*"}),
    ]
    await walks_its_index(services, owner, services.promotions, searches)
    searches = [Search(5, 20, sort=name, descending=d) for name in ("path", "name") for d in (0, 1)]
    searches += [Search(5, sort="path", like={"name_key": "*1*"})]
    await walks_its_index(services, owner, services.promotion_folders, searches)
    searches = [
        Search(5, 20, equal={"code_source": source, "state": "posted"})
        for source in ("shared", "pool")
    ]
    await walks_its_index(services, owner, services.campaigns, searches)


async def test_coupons_are_looked_up_by_a_fixed_number_of_statements(
    services: Services, owner: Caller
) -> None:
    with Statements(services.database.engine.reader()) as statements:
        found, total = await services.coupons.search(owner, Search(5), promotion_key="nr. 300")
    assert ([one.code for one in found], total) == (["nr. 300"], 1)
    readings = statements.reading("campaigns")
    with Statements(services.database.engine.reader()) as statements:
        assert await services.coupons.prefix_taken(owner, "P301")
    for reading in (*readings, *statements.sent):
        chosen = await plan(services, *reading)
        for slow in ("Seq Scan", "SCAN"):
            assert slow not in chosen, chosen
    for search in (services.coupons.search, services.coupons.search_batches):
        counts = []
        for limit in (1, 500):
            with Statements(services.database.engine.reader()) as statements:
                found, _ = await search(owner, Search(limit))
            assert len(found) == limit
            counts.append(len([one for one, _ in statements.sent if "SELECT" in one]))
        assert counts[0] == counts[1] <= 6
