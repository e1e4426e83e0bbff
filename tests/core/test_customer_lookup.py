"""Customers are found by whatever somebody can say of one, and along an index."""

from typing import Any

import pytest
from sqlalchemy import text

from largesse.core import clock
from largesse.core.access.model import Caller
from largesse.core.customers.model import Customer, Identifier, customers
from largesse.core.ids import new_id
from largesse.core.records import Records
from largesse.core.search.browse import Browse
from largesse.services import Services
from tests.core.people import make_owner
from tests.storage.test_plans import Statements, plan


@pytest.fixture
async def owner(services: Services) -> Caller:
    return await make_owner(services)


@pytest.fixture
async def ada(services: Services, owner: Caller) -> Customer:
    identifiers = {one.value: f"{one.value} 7" for one in Identifier}
    for one in (Identifier.VAT_REGISTRATION_NUMBER, Identifier.REGISTRATION_NUMBER):
        del identifiers[one]
    made = await services.customers.create(
        owner,
        {
            "first_name": "Ada",
            "last_name": "LÖVELACE",
            "email": "Ada@Example.com",
            "phone": "+49 (170) 12-34 567",
            "business_phone": "0030 210 9876543",
            "identifiers": identifiers,
        },
    )
    await services.accounts.create(
        owner, {"customer_id": made.id, "kind": "rewards", "number": "RP-001"}
    )
    await services.customer_tokens.create(
        owner, {"customer_id": made.id, "identifier": "Card 99", "pass_code": "1234"}
    )
    await services.customer_logins.put(owner, made.id, password="a long password", login="countess")
    await services.customers.create(owner, {"first_name": "Another", "last_name": "One"})
    return made


async def found(services: Services, caller: Caller, said: str, **filters: object) -> set[str]:
    wanted = {name: [value] for name, value in filters.items()}
    page = await services.customers.browse(caller, Browse(text=said, filters=wanted))
    return {one.name for one in page.items}


async def test_whatever_is_said_finds_the_customer(
    services: Services, owner: Caller, ada: Customer
) -> None:
    said = [
        *(value.upper() for value in ada.identifiers.values()),
        *(ada.id.hex, str(ada.id), str(ada.number)),
        *("ada@example.com", "ADA@EX", "ada", "ada löv", "löve"),
        *("0170 1234567", "+49170/1234567", "1234567", "2109876543"),
        *("RP-001", "card 99", "Countess"),
    ]
    for one in said:
        assert await found(services, owner, one) == {"Ada LÖVELACE"}, one
    for one in ("acemother", "xample.com", "123", "4568", "RP-00", "card", "x" * 500, "%", "\0"):
        assert await found(services, owner, one) == set(), one
    assert await found(services, owner, "a", kind="person") == {"Ada LÖVELACE", "Another One"}
    assert await found(services, owner, "a", kind="company") == set()


async def test_another_shop_finds_nobody(services: Services, owner: Caller, ada: Customer) -> None:
    stranger = await make_owner(services, "Another shop")
    for one in ("ada", "ada@example.com", "RP-001", "customer_id 7", "01701234567", ada.id.hex):
        assert await found(services, stranger, one) == set()


async def test_what_they_are_found_by_follows_their_changes(
    services: Services, owner: Caller, ada: Customer
) -> None:
    values = {"first_name": "Augusta", "last_name": "King", "phone": "0171 7654321"}
    await services.customers.change(owner, ada.id, values)
    for gone in ("ada l", "löv", "01701234567"):
        assert await found(services, owner, gone) == set()
    for one in ("augusta", "KING", "491717654321"[3:], "210 9876543"):
        assert await found(services, owner, one) == {"Augusta King"}
    await services.customers.change(owner, ada.id, {"phone": None})
    assert await found(services, owner, "0171 7654321") == set()


async def test_every_lookup_filter_and_order_walks_an_index(
    services: Services, owner: Caller, ada: Customer
) -> None:
    own = {"organization_id": owner.organization_id, "created_at": clock.now()}
    own |= {"updated_at": clock.now(), "active": True, "attributes": {}}
    rows = [
        own
        | {"id": new_id(), "number": 10 + n, "name": f"n{n}", "name_key": f"n{n}"}
        | {"last_name_key": f"n{n}", "reference": f"r{n}", "email_key": f"{n}@example.com"}
        | {f"{one}_key": f"{n:010}" for one in ("phone", "mobile_phone", "business_phone")}
        | {"kind": "company" if n % 2 else "person"}
        for n in range(3000)
    ]
    async with services.database.write() as tx:
        await tx.execute(customers.insert(), rows)
    async with services.database.engine.writer().connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE"))
    looked = [Browse(text="01701234567"), Browse(text="ada"), Browse(text="ada@example.com")]
    looked += [Browse(order="name", limit=5), Browse(filters={"kind": ["person"]}, limit=5)]
    looked += [Browse(filters={"active": [False]}, limit=5), Browse(limit=5)]
    for query in looked:
        with Statements(services.database.engine.reader()) as statements:
            await services.customers.browse(owner, query)
        assert statements.reading("customers")
        for sent in statements.reading("customers"):
            planned = await plan(services, *sent)
            for slow in ("Seq Scan on customers", "SCAN customers\\n", "TEMP B-TREE"):
                assert slow not in planned, (query, planned)


async def test_what_a_customer_has_is_found_along_an_index(
    services: Services, owner: Caller, ada: Customer
) -> None:
    """Each kind of record that a customer's page shows the newest of."""
    kinds: tuple[Records[Any], ...] = (
        *(services.codes, services.grants, services.mails, services.accounts),
        *(services.customer_tokens, services.memberships, services.customer_assignments),
    )
    for kind in kinds:
        query = Browse(filters={"customer_id": [ada.id]}, limit=10)
        with Statements(services.database.engine.reader()) as statements:
            page = await kind.browse(owner, query)
        assert len(page.items) == (kind in (services.accounts, services.customer_tokens))
        planned = await plan(services, *statements.sent[0])
        assert "customer_id" in planned, planned
        assert f"SCAN {kind.table.name}\\n" not in planned
