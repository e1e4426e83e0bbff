"""A look at a pool reads no more of it than the alarm asks for, however full it is."""

import re

import pytest
from sqlalchemy import text

from largesse.core import clock
from largesse.core.access.model import Caller, system
from largesse.core.campaigns.model import Campaign
from largesse.core.codes.model import AVAILABLE_INDEX, CodeState, codes
from largesse.core.ids import new_id
from largesse.core.pools import store
from largesse.core.pools.model import Watch
from largesse.services import Services
from tests.storage.test_plans import Statements, plan

CODES = 100_000
GONE = 60_000
ALARM_LEVEL = 50


@pytest.fixture
async def owner(services: Services) -> Caller:
    """Someone who may do everything in a shop."""
    return system(await services.access.create_organization("Shop", []))


@pytest.fixture
async def campaign(services: Services, owner: Caller) -> Campaign:
    """A posted campaign with a pool of which more than the half is gone."""
    values = {"name": "Spring", "state": "posted", "alarm_level": ALARM_LEVEL}
    campaign = await services.campaigns.create(owner, values)
    same = {
        "organization_id": owner.organization_id,
        "campaign_id": campaign.id,
        "created_at": clock.now(),
    }
    rows = [
        same
        | {
            "id": new_id(),
            "pos": pos,
            "code": f"C{pos}",
            "code_key": f"c{pos}",
            "state": CodeState.ISSUED if pos <= GONE else CodeState.AVAILABLE,
        }
        for pos in range(1, CODES + 1)
    ]
    async with services.database.write() as tx:
        await tx.execute(codes.insert(), rows)
    return campaign


async def analyze(services: Services) -> None:
    async with services.database.engine.writer().connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE"))


async def look(services: Services, known: Watch) -> None:
    """Look at the pool; check what is seen, and how the database comes to see it."""
    with Statements(services.database.engine.writer()) as statements:
        async with services.database.write() as tx:
            found = await store.read(tx, known, at_most=ALARM_LEVEL, now=clock.now())
    assert (found.place, found.top) == (GONE + 1, CODES)
    # Of 40,000 codes one more than the alarm level is counted.
    assert found.counted == ALARM_LEVEL + 1
    reading = [one for one in statements.sent if "FROM codes" in one[0]]
    assert len(reading) == 4
    for statement, parameters in reading:
        by = await plan(services, statement, parameters)
        assert re.search(f"(INDEX|using|on) {AVAILABLE_INDEX}", by), by
        for slow in ("Seq Scan", "TEMP B-TREE", "Sort Key", "Bitmap"):
            assert slow not in by, by
        # Bounded by a number, or by the places between this look and the one before.
        assert "LIMIT" in statement or "codes.pos < " in statement


async def test_a_pool_is_read_by_its_index_and_to_the_alarm_level(
    services: Services, owner: Caller, campaign: Campaign
) -> None:
    known = Watch(owner.organization_id, campaign.id, place=GONE)
    await look(services, known)
    await analyze(services)
    await look(services, known)


async def test_no_pool_is_read_if_none_has_an_alarm(services: Services, owner: Caller) -> None:
    await services.campaigns.create(owner, {"name": "Quiet", "state": "posted"})
    with Statements(services.database.engine.writer()) as statements:
        assert not await services.pools.check_due()
    ((statement, _),) = statements.sent
    assert "FROM pool_alarms" in statement


async def test_due_pools_are_found_by_an_index(services: Services, owner: Caller) -> None:
    await services.campaigns.create(owner, {"name": "A", "state": "posted", "alarm_level": 1})
    with Statements(services.database.engine.writer()) as statements:
        await services.pools.check_due()
    claiming = [one for one in statements.sent if "FROM pool_alarms" in one[0]]
    found = await plan(services, *claiming[0])
    assert services.database.engine.name == "postgres" or "ix_pool_alarms_due_at" in found
