"""Codes are found by what a caller reads out, and narrowed, however many there are."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from largesse.core.access.model import RIGHTS, Caller, Role
from largesse.core.codes import browsing
from largesse.core.codes.browsing import Sifted
from largesse.core.codes.model import CampaignRef, codes
from largesse.core.customers.model import ByCustomer, Identifier
from largesse.core.errors import InvalidValue, NotPermitted, PoolExhausted, UnknownCode, WrongState
from largesse.core.ids import new_id
from largesse.core.search.browse import Browse
from largesse.services import Services
from tests.core.people import make_owner
from tests.storage.test_plans import Statements, plan

SPRING = CampaignRef("name", "Spring")
PAST, FUTURE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
TEXTS = ["SC4D-CJ1P-4SAT", "sc4dXX", "Über-1", "ÜBERALL", "x_y%z", "PLAIN1", "PLAIN2"]


@pytest.fixture
async def owner(services: Services) -> Caller:
    caller = await make_owner(services)
    for name in ("Spring", "Other"):
        await services.campaigns.create(caller, {"name": name, "state": "posted"})
    await services.codes.add(caller, SPRING, TEXTS)
    await services.codes.add(caller, CampaignRef("name", "Other"), ["OTHER-1"])
    return caller


async def found(services: Services, owner: Caller, text: str | None, **wanted: object) -> set[str]:
    query = Browse(text=text, filters=wanted)  # type: ignore[arg-type]
    return {code.code for code in (await services.codes.browse(owner, query)).items}


async def test_a_code_is_found_however_it_is_read_out(services: Services, owner: Caller) -> None:
    assert await found(services, owner, "SC4D-CJ1P-4SAT") == {"SC4D-CJ1P-4SAT"}
    assert await found(services, owner, " sc4d ") == {"SC4D-CJ1P-4SAT", "sc4dXX"}
    assert await found(services, owner, "sc 4d x-x") == {"sc4dXX"}
    assert await found(services, owner, "über") == {"Über-1", "ÜBERALL"}
    # Only among all: its hyphens are not where they were read, or its beginning is missing.
    assert await found(services, owner, "sc4d cj1p 4sat") == {"SC4D-CJ1P-4SAT"}
    assert await found(services, owner, "j1p4") == {"SC4D-CJ1P-4SAT"}
    assert await found(services, owner, "_y%") == {"x_y%z"}
    for nothing in ("-", "y_z", "%", "\0", "\ud800", "q" * 3000, "'", "\\"):
        assert await found(services, owner, nothing) <= {"x_y%z"}, nothing
    stranger = await make_owner(services, "Another shop")
    assert await found(services, stranger, "j1p4") == set()


async def test_the_hyphens_of_a_format_need_not_be_read_out(
    services: Services, owner: Caller
) -> None:
    formats = (
        {"code_pattern": "AB-####-????"},
        {"code_prefix": "SUM-", "code_suffix": "-X", "code_check": "keyed"},
    )
    for number, format in enumerate(formats):
        made = await services.campaigns.create(owner, {"name": f"{number}"} | format)
        await services.codes.generate(owner, CampaignRef("id", made.id.hex), 1)
        (code,) = (await services.codes.page(owner, campaign_id=made.id)).items
        for length in range(1, len(code.code) + 1):
            read = code.code[:length].replace("-", " " if length % 2 else "").lower()
            page = await services.codes.browse(owner, Browse(text=read))
            assert code in page.items, read
            assert not isinstance(page, Sifted)
        assert code.code not in await found(services, owner, read + "y")


async def test_campaigns_and_states_narrow(services: Services, owner: Caller) -> None:
    spring = await services.campaigns.named(owner, "name", "Spring")
    code = await services.codes.named(owner, "plain1")
    await services.codes.cancel(owner, code.id)
    assert await found(services, owner, None, campaign_id=[spring.id]) == set(TEXTS)
    assert await found(services, owner, None, state=["cancelled"]) == {"PLAIN1"}
    assert await found(services, owner, "plain", state=["available"]) == {"PLAIN2"}
    both = {"campaign_id": [spring.id], "state": ["available", "cancelled"]}
    assert await found(services, owner, None, **both) == set(TEXTS)
    assert await found(services, owner, "er-1", campaign_id=[spring.id]) == {"Über-1"}
    with pytest.raises(InvalidValue):
        await found(services, owner, None, account_id=[new_id()])
    nobody = replace(owner, rights=frozenset())
    with pytest.raises(NotPermitted):
        await found(services, nobody, "j1p4")


async def test_what_is_looked_through_is_left_off_and_gone_on_with(
    services: Services, owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsing, "AT_ONCE", 3)
    for descending in (False, True):
        query = Browse(text="lain", descending=descending, limit=1)
        seen: list[str] = []
        pages = []
        while True:
            page = await services.codes.browse(owner, query)
            assert isinstance(page, Sifted)
            pages.append((len(page.items), page.looked_through))
            seen += [code.code for code in page.items]
            if page.next is None:
                break
            query = replace(query, after=page.next)
        assert sorted(seen) == ["PLAIN1", "PLAIN2"]
        assert any(looked == 3 for _, looked in pages)
        assert len(pages) <= 5


async def test_beginnings_walk_the_index_of_codes(services: Services, owner: Caller) -> None:
    await services.codes.generate(owner, SPRING, 5000)
    async with services.database.engine.writer().connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql("ANALYZE")
    with Statements(services.database.engine.reader()) as statements:
        await services.codes.browse(owner, Browse(text="plain"))
    looked = [one for one in statements.sent if "code_key" in one[0] and "BETWEEN" in one[0]]
    assert looked
    chosen = await plan(services, *looked[0])
    assert "uq_codes_organization_id_code_key" in chosen or "autoindex" in chosen, chosen


class TestExtend:
    async def test_it_can_be_used_until_then(self, services: Services, owner: Caller) -> None:
        code = await services.codes.named(owner, "plain1")
        assert (await services.codes.extend(owner, code.id, FUTURE)).expires_at == FUTURE
        assert (await services.codes.extend(owner, code.id, None)).expires_at is None
        log = await services.events.page(owner, subject_id=str(code.id))
        told = [(line.kind, line.before, line.after) for line in log.items]
        assert told == [
            ("code.extended", {"expires_at": None}, {"expires_at": "2099-01-01T00:00:00Z"}),
            ("code.extended", {"expires_at": "2099-01-01T00:00:00Z"}, {"expires_at": None}),
        ]

    async def test_one_that_had_expired_in_its_pool_is_given_out(
        self, services: Services, owner: Caller
    ) -> None:
        await services.customers.create(owner, {"identifiers": {"profile_id": "ada"}})
        ada = ByCustomer(Identifier.PROFILE_ID, "ada")
        await services.campaigns.create(owner, {"name": "Pool", "state": "posted"})
        pool = CampaignRef("name", "Pool")
        await services.codes.add(owner, pool, ["OLD", "NEW"])
        old = await services.codes.named(owner, "old")
        async with services.database.write() as tx:
            late = update(codes).where(codes.c.id == old.id).values(expires_at=PAST)
            await tx.execute(late)
        assert (await services.codes.request(owner, pool, ada)).code.code == "NEW"
        with pytest.raises(PoolExhausted):
            await services.codes.request(owner, pool, ada)
        await services.codes.extend(owner, old.id, FUTURE)
        assert (await services.codes.request(owner, pool, ada)).code.code == "OLD"

    async def test_what_is_over_stays_so(self, services: Services, owner: Caller) -> None:
        first, second = [await services.codes.named(owner, one) for one in ("plain1", "plain2")]
        with pytest.raises(InvalidValue, match="expires_at"):
            await services.codes.extend(owner, first.id, PAST)
        await services.codes.cancel(owner, second.id)
        with pytest.raises(WrongState, match="cancelled"):
            await services.codes.extend(owner, second.id, FUTURE)
        with pytest.raises(UnknownCode):
            await services.codes.extend(owner, new_id(), FUTURE)
        viewer = replace(owner, rights=RIGHTS[Role.VIEWER])
        with pytest.raises(NotPermitted):
            await services.codes.extend(viewer, first.id, FUTURE)
        stranger = await make_owner(services, "Another shop")
        with pytest.raises(UnknownCode):
            await services.codes.extend(stranger, first.id, FUTURE)

    async def test_cancelled_at_the_same_time_it_stays_cancelled(
        self, services: Services, owner: Caller
    ) -> None:
        code = await services.codes.named(owner, "plain1")
        await asyncio.gather(
            services.codes.cancel(owner, code.id),
            services.codes.extend(owner, code.id, FUTURE),
            return_exceptions=True,
        )
        assert (await services.codes.get(owner, code.id)).state == "cancelled"
