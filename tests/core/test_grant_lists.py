"""Grants as people look through them, and dry runs that they have carried out."""

from uuid import UUID

import pytest
from sqlalchemy import text

from largesse.core.access.model import Caller
from largesse.core.customers.model import Identifier
from largesse.core.errors import NotPermitted, UnknownJob, WrongState
from largesse.core.grants.model import Grant, GrantOrder, RecipientKind
from largesse.core.ids import new_id
from largesse.core.jobs.model import Job, JobState
from largesse.core.search.browse import Browse
from largesse.services import Services
from tests.core.people import nobody
from tests.core.shop import all_rows, batch, held, open_shop, run_batch, run_jobs
from tests.storage.test_plans import Statements, plan

A, B = "a@example.com", "b@example.com"


async def found(services: Services, caller: Caller, words: str = "", **filters: object) -> set[str]:
    """Return to whom the grants are that a list shows."""
    query = Browse(text=words, filters={name: [value] for name, value in filters.items()})
    page = await services.grants.browse(caller, query)
    return {_named(one) for one in page.items}


def _named(grant: Grant) -> str:
    return grant.email or f"customer from {grant.source_id}"


async def test_grants_are_looked_up_by_whom_and_where_from(services: Services) -> None:
    caller = await open_shop(services)
    for new in (
        {"email": "Ada@Example.com", "source_id": "spring"},
        {"email": B, "source_id": "autumn"},
    ):
        await services.grants.create(caller, {"promotion": "promo0", **new})
    await run_batch(services, caller, profiles=["profile0"], source="spring")
    customer = await services.customers.named(caller, Identifier.PROFILE_ID, "profile0")
    await services.customers.change(caller, customer.id, {"email": B})
    promotion = await services.promotions.by_key(caller, "promo0")
    assert await found(services, caller, " ada@example.COM") == {"Ada@Example.com"}
    assert await found(services, caller, "PROFILE0") == {"customer from spring"}
    assert await found(services, caller, B) == {B, "customer from spring"}
    assert await found(services, caller, "spring") == {"Ada@Example.com", "customer from spring"}
    assert await found(services, caller, source_id="autumn") == {B}
    assert await found(services, caller, B, source_id="spring") == {"customer from spring"}
    assert len(await found(services, caller, promotion_id=promotion.id)) == 3
    (mine,) = (await services.grants.browse(caller, Browse(text="ada@example.com"))).items
    await services.grants.delete(caller, mine.id)
    assert await found(services, caller, state="revoked") == {"Ada@Example.com"}
    for odd in ("%", "a@", "\0", "\ud800", "x" * 5000):
        assert await found(services, caller, odd) == set()


async def test_lists_of_grants_walk_an_index(services: Services) -> None:
    caller = await open_shop(services, promotions=3)
    for number in range(3):
        emails = [f"shopper{n}@example.com" for n in range(300)]
        await run_batch(services, caller, [f"promo{number}"], emails=emails, source=f"s{number}")
    async with services.database.engine.writer().connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE"))
    promotion = await services.promotions.by_key(caller, "promo1")
    narrow = {"promotion_id": promotion.id, "source_id": "s1", "state": "revoked"}
    for filters in ({}, *({name: [value]} for name, value in narrow.items())):
        query = Browse(filters=filters, limit=10)
        with Statements(services.database.engine.reader()) as statements:
            await services.grants.browse(caller, query)
        how = await plan(services, *statements.reading("grants")[0])
        for slow in ("Seq Scan on grants", "TEMP B-TREE", "Sort  ("):
            assert slow not in how, (filters, how)


async def receive(services: Services, caller: Caller, names: list[str]) -> Job:
    async def recipients():  # type: ignore[no-untyped-def]
        yield RecipientKind.CUSTOMER, names

    order = GrantOrder(("promo0",))
    intake = services.grants.intake
    async with intake.received(caller, recipients(), lambda: order) as received:
        return await received.accept()


async def test_customers_are_named_by_their_ids(services: Services) -> None:
    caller = await open_shop(services)
    customer = await services.customers.named(caller, Identifier.PROFILE_ID, "profile0")
    other = await open_shop(services, name="Another shop")
    stranger = await services.customers.named(other, Identifier.PROFILE_ID, "profile0")
    job = await receive(services, caller, [customer.id.hex, stranger.id.hex, new_id().hex])
    await run_jobs(services)
    outcomes = [row.outcome for row in await all_rows(services, caller, job.id)]
    assert outcomes == ["granted", "unknown_profile", "unknown_profile"]
    assert [one.customer_id for one in (await services.grants.page(caller)).items] == [customer.id]


@pytest.mark.parametrize("source", [None, "spring"])
async def test_a_dry_run_is_carried_out_once(services: Services, source: str | None) -> None:
    caller = await open_shop(services)
    asked = batch(profiles=["profile0", "nobody"], emails=[A, B], source=source, dry_run=True)
    tried = await services.grants.start_batch(caller, asked)
    with pytest.raises(WrongState):
        await services.grants.start_tried(caller, tried.id)
    await run_jobs(services)
    assert await held(services, caller) == {}
    job = await services.grants.start_tried(caller, tried.id)
    assert (job.total, job.state) == (4, JobState.WAITING)
    again = await services.grants.start_tried(caller, tried.id)
    assert again.id == job.id
    await run_jobs(services)
    done = await services.jobs.get(caller, job.id)
    assert done.counts == {"granted": 3, "unknown_profile": 1, "grants": 3}
    assert [row.value for row in await all_rows(services, caller, job.id)] == [
        *("profile0", "nobody"),
        *(A, B),
    ]


async def test_what_is_no_dry_run_is_not_carried_out(services: Services) -> None:
    caller = await open_shop(services)
    job = await run_batch(services, caller, emails=[A])
    other = await open_shop(services, name="Another shop")
    tried = await services.grants.start_batch(caller, batch(emails=[A], dry_run=True))
    await run_jobs(services)
    unknown: list[tuple[Caller, UUID]] = [(caller, job.id), (caller, new_id()), (other, tried.id)]
    for who, job_id in unknown:
        with pytest.raises(UnknownJob):
            await services.grants.start_tried(who, job_id)
    with pytest.raises(NotPermitted):
        await services.grants.start_tried(await nobody(services), tried.id)
