"""The statements that must stay fast however full the tables are walk the index made for them."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from largesse.core import clock
from largesse.core.access.model import Caller, system
from largesse.core.codes.model import AVAILABLE_INDEX, CampaignRef
from largesse.core.customers.model import ByCustomer, Identifier, customers
from largesse.core.ids import new_id
from largesse.core.mail import claim_store
from largesse.core.mail.model import Priority, mails
from largesse.services import Services
from largesse.storage import statements

SPRING = CampaignRef("name", "Spring")
ADA = ByCustomer(Identifier.PROFILE_ID, "ada")


@pytest.fixture
async def owner(services: Services) -> Caller:
    """The owner of a shop with three campaigns, all but used up, and with many old mails."""
    caller = system(await services.access.create_organization("Shop", []))
    await services.customers.create(caller, {"identifiers": {"profile_id": "ada"}})
    for name in ("Spring", "Summer", "Autumn"):
        await services.campaigns.create(caller, {"name": name, "state": "posted"})
        await services.codes.generate(caller, CampaignRef("name", name), 3000)
    old = {
        "organization_id": caller.organization_id,
        "recipient": "ada@example.com",
        "state": "sent",
        "attempts": 1,
        "due_at": clock.now(),
        "created_at": clock.now(),
    } | dict.fromkeys(("subject", "text", "html", "message_id"), "x")
    async with services.database.write() as tx:
        await tx.execute(text("UPDATE codes SET state = 'issued' WHERE pos <= 2900"))
        await tx.execute(mails.insert(), [old | {"id": new_id()} for _ in range(2000)])
    async with services.database.engine.writer().connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE"))
    return caller


class Statements:
    """What is sent to the database inside the block, with its parameters."""

    def __init__(self, engine: Any) -> None:
        self.sent: list[tuple[str, Any]] = []
        self._engine: Engine = engine.sync_engine

    def __enter__(self) -> "Statements":
        event.listen(self._engine, "before_cursor_execute", self._keep)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._keep)

    def _keep(self, _c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        self.sent.append((statement, parameters))

    def reading(self, table: str) -> list[tuple[str, Any]]:
        """Return those that choose rows of a table by an order."""
        return [one for one in self.sent if f"FROM {table}" in one[0] and "ORDER BY" in one[0]]


async def plan(
    services: Services, statement: str, parameters: Any, *, explain: str = "EXPLAIN"
) -> str:
    """Return the plan that the database makes for a statement."""
    if services.database.engine.name == "sqlite":
        explain = "EXPLAIN QUERY PLAN"
    given = parameters[0] if isinstance(parameters, list) else parameters
    async with services.database.write() as tx:
        rows = await tx.connection.exec_driver_sql(f"{explain} {statement}", given)
        return "\n".join(str(tuple(row)) for row in rows)


class Prepared:
    """What is sent to the database by prepared statements inside the block."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    def __enter__(self) -> "Prepared":
        self._bind = statements.Prepared.bind
        sent, bind = self.sent, self._bind

        def keep(statement: statements.Prepared, parameters: Any) -> list[Any]:
            bound = bind(statement, parameters)
            sent.append((statement.text, tuple(bound)))
            return bound

        statements.Prepared.bind = keep  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        statements.Prepared.bind = self._bind  # type: ignore[method-assign]


async def test_a_code_is_taken_by_the_index_of_those_that_are_left(
    services: Services, owner: Caller
) -> None:
    with Prepared() as prepared:
        await asyncio.gather(*(services.codes.request(owner, SPRING, ADA) for _ in range(5)))
    taking = [one for one in prepared.sent if "FROM codes" in one[0] and "ORDER BY" in one[0]]
    assert taking
    # PostgreSQL plans it a few times for its values, and then once for any.
    explained = [(*one, how) for one in taking for how in ("EXPLAIN", "EXPLAIN (GENERIC_PLAN)")]
    for statement, parameters, how in explained:
        found = await plan(services, statement, parameters, explain=how)
        assert f"INDEX {AVAILABLE_INDEX}" in found or f"using {AVAILABLE_INDEX}" in found, found
        # No code is read that is gone, and none is sorted before it is chosen.
        for slow in ("Seq Scan on codes", "TEMP B-TREE", "SCAN codes\n"):
            assert slow not in found, found
        assert "Sort" not in found.rpartition("Limit")[2], found


async def test_due_mails_are_found_by_the_indexes_of_those_that_wait(
    services: Services, owner: Caller
) -> None:
    with Prepared() as prepared:
        async with services.database.write() as tx:
            assert not await claim_store.anything_due(tx)
            assert await claim_store.due(tx, priority=Priority.NORMAL, limit=10) == []
            assert await claim_store.due_aside(tx, lane="domain example.com", limit=10) == []
    for statement, parameters in prepared.sent:
        found = await plan(services, statement, parameters)
        assert "ix_mails_" in found, found
        for slow in ("Seq Scan on mails", "TEMP B-TREE", "SCAN mails\n", "Sort"):
            assert slow not in found, found


async def test_codes_are_looked_up_by_their_keys(services: Services, owner: Caller) -> None:
    campaign = await services.campaigns.named(owner, "name", "Spring")
    first = (await services.codes.page(owner, campaign_id=campaign.id, limit=1)).items[0]
    with Statements(services.database.engine.reader()) as statements:
        assert await services.codes.named(owner, first.code) == first
    found = await plan(services, *statements.sent[-1])
    # SQLite names the index of a constraint itself.
    assert "uq_codes_organization_id_code_key" in found or "AND code_key=?)" in found, found
    with Statements(services.database.engine.reader()) as statements:
        page = await services.codes.page(owner, campaign_id=campaign.id, after=first.id, limit=9)
        assert len(page.items) == 9
    assert "ix_codes_campaign_id" in await plan(services, *statements.sent[-1])


@pytest.mark.parametrize(
    ("filters", "indexes"),
    [
        ({"last_name": "Miller"}, ["ix_customers_last_name_key"]),
        ({"last_name": "Miller", "city": "Jena"}, ["ix_customers_last_name_key"]),
        ({"email": "ada@example.com"}, ["ix_customers_email"]),
        ({"text": "Miller"}, ["ix_customers_last_name_key", "ix_customers_email"]),
    ],
)
async def test_customers_are_looked_for_by_indexes(
    services: Services, owner: Caller, filters: dict[str, str], indexes: list[str]
) -> None:
    made = await services.customers.create(owner, {"last_name": "Miller"})
    row = {"organization_id": owner.organization_id, "created_at": clock.now()}
    row |= {"updated_at": clock.now(), "kind": "person", "active": True, "attributes": {}}
    rows = [
        row
        | {"id": new_id(), "number": 10 + n, "last_name_key": f"name {n}", "name": f"n{n}"}
        | {"name_key": f"n{n}", "reference": f"r{n}", "email_key": f"{n}@example.com"}
        for n in range(3000)
    ]
    async with services.database.write() as tx:
        await tx.execute(customers.insert(), rows)
    async with services.database.engine.writer().connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE"))
    with Statements(services.database.engine.reader()) as statements:
        found = (await services.customers.page(owner, **filters)).items
    assert (found == [made]) == ("email" not in filters and "city" not in filters)
    planned = await plan(services, *statements.reading("customers")[0])
    for index in indexes:
        assert index in planned, planned
    for slow in ("Seq Scan on customers", "SCAN customers"):
        assert slow not in planned, planned
