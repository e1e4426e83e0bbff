"""Looking through the log, and counting it, walks its indexes, however many lines there are."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, text

from largesse.core import clock
from largesse.core.access.model import Caller, system
from largesse.core.events.model import events
from largesse.core.events.store import event_row
from largesse.core.figures.model import ALL, What, figures, slot_of
from largesse.core.search.browse import Browse
from largesse.services import Services
from tests.storage.test_plans import Statements, plan

MANY = 6000
KINDS = (*What, "campaign.created", "campaign.changed", "job.started", "user.token_issued")


@pytest.fixture
async def owner(services: Services) -> Caller:
    """The owner of a shop with a long log, and figures of it."""
    owner = system(await services.access.create_organization("Shop", []))
    lines = [
        event_row(owner, KINDS[n % len(KINDS)], ("campaign", n)) | {"request_id": f"r{n}"}
        for n in range(MANY)
    ]
    lines = [line | {"user_id": uuid4() if n % 9 else None} for n, line in enumerate(lines)]
    now = slot_of(clock.now())
    of_shop = {"organization_id": owner.organization_id, "count": 1}
    counts = [
        of_shop | {"what": what, "part": part, "slot": now - n}
        for what in What
        for part in (ALL, uuid4().hex)
        for n in range(MANY // 8)
    ]
    async with services.database.write() as tx:
        await tx.execute(insert(events), lines)
        await tx.execute(insert(figures), counts)
    async with services.database.engine.writer().connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE"))
    return owner


async def walks(services: Services, statements: Statements, asked: Any) -> None:
    assert statements.sent
    for sent in statements.sent:
        found = await plan(services, *sent)
        for table in ("events", "figures"):
            for slow in (f"Seq Scan on {table}", f"SCAN {table}'"):
                assert slow not in found, (asked, sent[0], found)


async def test_counting_walks_indexes(services: Services, owner: Caller) -> None:
    today = datetime.now(UTC).date()
    for campaign_id in (None, uuid4()):
        with Statements(services.database.engine.reader()) as statements:
            await per_day(services, owner, today, campaign_id)
        await walks(services, statements, campaign_id)
    with Statements(services.database.engine.reader()) as statements:
        await services.figures.roll_up()
    await walks(services, statements, "roll up")


async def per_day(services: Services, owner: Caller, today: date, campaign_id: Any) -> None:
    found = await services.figures.per_day(
        owner, What.ISSUED, until=today, days=60, zone=UTC, campaign_id=campaign_id
    )
    assert len(found) == 60


ASKED: tuple[dict[str, Any], ...] = (
    {},
    {"descending": False},
    {"since": datetime.now(UTC) - timedelta(days=1)},
    {"filters": {"kind": ["campaign.created"]}},
    {"filters": {"about": ["campaign"]}},
    {"filters": {"who": [uuid4()]}},
    {"filters": {"who": ["system"], "kind": ["job.started"]}},
    {"text": "17"},
    {"text": "r17", "filters": {"about": ["job"]}},
)


async def test_looking_walks_indexes(services: Services, owner: Caller) -> None:
    first = (await services.events.browse(owner, Browse(limit=1))).items[0].id
    for asked in ASKED:
        for place in ({}, {"after": first}, {"before": first}):
            with Statements(services.database.engine.reader()) as statements:
                await services.events.browse(owner, Browse(limit=7, **asked, **place))
            await walks(services, statements, asked | place)
