"""Grants: what a recipient holds after one grant, after batches, and after being given twice."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from largesse.core.access.model import Caller, Right
from largesse.core.errors import (
    AlreadyExists,
    InvalidEmail,
    InvalidValue,
    MissingValue,
    NotPermitted,
    UnknownCustomer,
    UnknownGrant,
    UnknownPromotion,
    WrongState,
)
from largesse.core.grants import giving
from largesse.core.grants.model import GrantOutcome
from largesse.core.ids import new_id
from largesse.core.jobs.model import Job, JobState
from largesse.services import Services, open_services
from tests.core.shop import (
    all_grants,
    all_rows,
    batch,
    held,
    open_shop,
    run_batch,
    run_jobs,
    with_faults,
)
from tests.serving import settings_for

A, B = "a@example.com", "b@example.com"


async def customer_id(services: Services, caller: Caller, profile: str) -> str:
    """Return our id of a profile."""
    page = await services.customers.page(caller, profile_id=profile)
    return page.items[0].id.hex


async def outcomes(services: Services, caller: Caller, job: Job) -> list[str | None]:
    """Return what became of each recipient, in the order of the request."""
    return [row.outcome for row in await all_rows(services, caller, job.id)]


async def nothing_was_done(services: Services, caller: Caller) -> None:
    """Assert that there is neither a grant nor a job."""
    assert await all_grants(services, caller) == []
    assert (await services.jobs.page(caller)).items == []


# --- one by one --------------------------------------------------------------------------------


async def test_a_promotion_is_given_to_a_customer_or_to_an_address(services: Services) -> None:
    caller = await open_shop(services)
    profile = await customer_id(services, caller, "profile0")
    to_customer = await services.grants.create(caller, {"promotion": "promo0", "customer": profile})
    to_address = await services.grants.create(
        caller, {"promotion": "promo0", "email": " A@Example.com ", "source_id": "counter"}
    )
    assert (to_customer.customer_id, to_customer.email) == (UUID(profile), None)
    assert (to_address.email, to_address.source_id) == ("A@Example.com", "counter")
    for grant in (to_customer, to_address):
        assert await services.grants.get(caller, grant.id) == grant
        assert (grant.state, grant.job_id, grant.revoked_at) == ("active", None, None)


async def test_a_recipient_holds_one_grant_of_a_promotion(services: Services) -> None:
    caller = await open_shop(services)
    await services.grants.create(caller, {"promotion": "promo0", "email": A})
    with pytest.raises(AlreadyExists):
        await services.grants.create(caller, {"promotion": "promo0", "email": A.upper()})
    await services.grants.create(caller, {"promotion": "promo1", "email": A})
    await services.grants.create(caller, {"promotion": "promo0", "email": B})
    assert set((await held(services, caller)).values()) == {1}


async def test_a_repeatable_promotion_is_given_again_and_again(services: Services) -> None:
    caller = await open_shop(services)
    for _ in range(3):
        await services.grants.create(caller, {"promotion": "again", "email": A})
    assert await held(services, caller) == {("again", A): 3}


async def test_a_revoked_grant_makes_room_for_another(services: Services) -> None:
    caller = await open_shop(services)
    new = {"promotion": "promo0", "email": A}
    first = await services.grants.create(caller, new)
    await services.grants.delete(caller, first.id)
    revoked = await services.grants.get(caller, first.id)
    assert revoked.state == "revoked"
    assert revoked.revoked_at is not None
    with pytest.raises(WrongState, match="revoked"):
        await services.grants.delete(caller, first.id)
    second = await services.grants.create(caller, new)
    assert second.id != first.id
    assert len(await all_grants(services, caller)) == 2


async def test_at_the_same_moment_one_of_many_is_given(services: Services, empty_url: str) -> None:
    caller = await open_shop(services)
    second = open_services(settings_for(empty_url))
    new = {"promotion": "promo0", "email": A}
    try:
        tries = [one.grants.create(caller, new) for one in (services, second) for _ in range(5)]
        results = await asyncio.gather(*tries, return_exceptions=True)
    finally:
        await second.close()
    assert Counter(type(result).__name__ for result in results) == {"Grant": 1, "AlreadyExists": 9}


async def test_neighbours_of_other_organizations_do_not_touch(services: Services) -> None:
    shops = [await open_shop(services, name=name) for name in ("Shop", "Other", "Third")]
    await services.grants.create(shops[0], {"promotion": "promo0", "email": A})
    results = await asyncio.gather(
        *(services.grants.create(shop, {"promotion": "promo0", "email": A}) for shop in shops),
        return_exceptions=True,
    )
    assert [type(result).__name__ for result in results] == ["AlreadyExists", "Grant", "Grant"]
    for shop in shops:
        assert await held(services, shop) == {("promo0", A): 1}


async def test_a_refused_grant_changes_nothing(services: Services) -> None:
    caller = await open_shop(services)
    refusals: list[tuple[dict[str, Any], type[Exception]]] = [
        ({"email": A}, MissingValue),
        ({"promotion": "promo0"}, MissingValue),
        ({"promotion": "promo0", "email": A, "customer": "x"}, MissingValue),
        ({"promotion": "promo9", "email": A}, UnknownPromotion),
        ({"promotion": "promo0\0", "email": A}, UnknownPromotion),
        ({"promotion": "promo0", "email": "no address"}, InvalidEmail),
        ({"promotion": "promo0", "customer": "nobody"}, UnknownCustomer),
        ({"promotion": "promo0", "email": A, "source_id": "s" * 201}, InvalidValue),
        ({"promotion": "promo0", "email": A, "source_id": "s\0"}, InvalidValue),
    ]
    for new, refusal in refusals:
        with pytest.raises(refusal):
            await services.grants.create(caller, new)
    await nothing_was_done(services, caller)


async def test_grants_are_an_organizations_own_and_need_rights(services: Services) -> None:
    caller = await open_shop(services)
    other = await open_shop(services, name="Another shop")
    grant = await services.grants.create(caller, {"promotion": "promo0", "email": A})
    for use in (services.grants.get, services.grants.delete):
        for stranger, grant_id in ((other, grant.id), (caller, new_id()), (caller, "no id")):
            with pytest.raises(UnknownGrant):
                await use(stranger, grant_id)
    reader = replace(caller, rights=frozenset({Right.READ}))
    with pytest.raises(NotPermitted):
        await services.grants.delete(reader, grant.id)
    with pytest.raises(NotPermitted):
        await services.grants.create(reader, {"promotion": "promo0", "email": B})
    with pytest.raises(NotPermitted):
        await services.grants.start_batch(reader, batch(emails=[B]))
    assert await held(services, caller) == {("promo0", A): 1}


# --- a batch -----------------------------------------------------------------------------------


async def test_a_batch_gives_every_promotion_to_every_recipient(services: Services) -> None:
    caller = await open_shop(services)
    job = await run_batch(
        services, caller, ["promo0", "promo1"], ["profile0", "profile1"], [A, B], source="src10001"
    )
    assert (job.state, job.total, job.done) == (JobState.DONE, 4, 4)
    assert job.counts == {"granted": 4, "grants": 8}
    assert await held(services, caller) == {
        (promotion, recipient): 1
        for promotion in ("promo0", "promo1")
        for recipient in ("profile0", "profile1", A, B)
    }
    for grant in await all_grants(services, caller, job_id=job.id):
        assert grant.source_id == "src10001"
    for row in await all_rows(services, caller, job.id):
        assert (row.outcome, row.detail) == ("granted", None)


async def test_a_profile_and_its_own_address_are_separate_recipients(services: Services) -> None:
    caller = await open_shop(services)
    profile = await customer_id(services, caller, "profile0")
    await services.customers.change(caller, UUID(profile), {"email": A})
    await run_batch(services, caller, profiles=["profile0"], emails=[A])
    assert await held(services, caller) == {("promo0", "profile0"): 1, ("promo0", A): 1}


@pytest.mark.parametrize("source", [None, "src1"])
@pytest.mark.parametrize("promotion", ["promo0", "again"])
async def test_a_recipient_named_twice_in_one_list_is_given_once(
    services: Services, promotion: str, source: str | None
) -> None:
    caller = await open_shop(services)
    job = await run_batch(
        services,
        caller,
        [promotion, promotion],
        ["profile0", "profile1", "PROFILE0 "],
        [A, B, A.upper(), A],
        source=source,
    )
    assert set((await held(services, caller)).values()) == {1}
    assert job.counts == {"granted": 4, "already_granted": 3, "grants": 4}
    assert await outcomes(services, caller, job) == [
        *("granted", "granted", "already_granted"),
        *("granted", "granted", "already_granted", "already_granted"),
    ]


async def test_a_recipient_named_in_two_chunks_is_given_once(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving, "CHUNK_GRANTS", 2)
    caller = await open_shop(services)
    await run_batch(services, caller, ["again"], emails=[A, B, A, B, A])
    assert await held(services, caller) == {("again", A): 1, ("again", B): 1}


async def test_who_is_unknown_is_reported_and_does_not_stop_the_others(services: Services) -> None:
    caller = await open_shop(services)
    bad = ["", "no address", "a@b@example.com", "x" * 250 + "@example.com", "nul\0@example.com"]
    job = await run_batch(
        services,
        caller,
        profiles=["profile0", "nobody", "", "nobody\0", "p" * 5000],
        emails=[A, *bad],
    )
    assert job.state == JobState.DONE
    assert job.counts == {"granted": 2, "unknown_profile": 4, "bad_address": 5, "grants": 2}
    assert await held(services, caller) == {("promo0", "profile0"): 1, ("promo0", A): 1}
    rows = await all_rows(services, caller, job.id)
    assert [row.outcome for row in rows] == [
        *("granted", *["unknown_profile"] * 4),
        *("granted", *["bad_address"] * 5),
    ]
    assert rows[1].value == "nobody"
    assert rows[1].detail is None
    assert len(rows[4].value) == 1000


async def test_what_is_cut_or_mended_for_keeping_names_nobody_else(services: Services) -> None:
    caller = await open_shop(services, profiles=0)
    await services.customers.create(caller, {"identifiers": {"profile_id": "pro\ufffdfile"}})
    long = f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.com"
    job = await run_batch(
        services, caller, profiles=["pro\0file"], emails=["a\0b@example.com", long + " " * 1000]
    )
    assert job.counts == {"unknown_profile": 1, "bad_address": 2, "grants": 0}
    assert await all_grants(services, caller) == []


async def test_a_promotion_deleted_meanwhile_is_reported(services: Services) -> None:
    caller = await open_shop(services)
    job = await services.grants.start_batch(caller, batch(["promo0", "promo1"], emails=[A]))
    alone = await services.grants.start_batch(caller, batch(["promo0"], emails=[A]))
    promotion = await services.promotions.by_key(caller, "promo0")
    await services.promotions.delete(caller, promotion.id)
    await run_jobs(services)
    (row,) = await all_rows(services, caller, job.id)
    assert row.outcome == "partly_granted"
    assert row.detail == {"promo0": "unknown_promotion", "promo1": "granted"}
    assert await outcomes(services, caller, alone) == ["unknown_promotion"]
    assert await held(services, caller) == {("promo1", A): 1}


async def test_a_customer_deleted_meanwhile_is_unknown(services: Services) -> None:
    caller = await open_shop(services)
    job = await services.grants.start_batch(caller, batch(profiles=["profile0", "profile1"]))
    gone = UUID(await customer_id(services, caller, "profile0"))
    await services.customers.delete(caller, gone)
    await run_jobs(services)
    assert await outcomes(services, caller, job) == ["unknown_profile", "granted"]


async def test_a_customer_of_another_organization_is_unknown(services: Services) -> None:
    caller = await open_shop(services, profiles=0)
    await open_shop(services, name="Another shop")
    job = await run_batch(services, caller, profiles=["profile0"])
    assert await outcomes(services, caller, job) == ["unknown_profile"]


async def test_every_outcome_is_one_that_the_model_names(services: Services) -> None:
    caller = await open_shop(services)
    job = await run_batch(services, caller, profiles=["profile0", "x"], emails=[A, A, "no"])
    assert set(job.counts) - {"grants"} <= set(GrantOutcome)


# --- batches one after another -----------------------------------------------------------------


async def test_without_a_source_every_call_is_a_batch_but_no_one_gets_a_second_grant(
    services: Services,
) -> None:
    caller = await open_shop(services)
    first = await run_batch(services, caller, ["promo0", "again"], emails=[A])
    second = await run_batch(services, caller, ["promo0", "again"], emails=[A, B])
    assert first.id != second.id
    assert await outcomes(services, caller, second) == ["partly_granted", "granted"]
    assert await held(services, caller) == {
        ("promo0", A): 1,
        ("promo0", B): 1,
        ("again", A): 2,  # the promotion allows it
        ("again", B): 1,
    }


async def test_the_same_source_with_the_same_body_is_the_same_batch(services: Services) -> None:
    caller = await open_shop(services)
    first = await run_batch(services, caller, ["promo0", "again"], ["profile0"], [A, B], "src1")
    before = await all_grants(services, caller)
    again = await run_batch(services, caller, ["again", "promo0"], ["profile0"], [B, A], "src1")
    assert again.id == first.id
    assert await all_grants(services, caller) == before
    assert len((await services.jobs.page(caller)).items) == 1


async def test_the_same_request_twice_at_once_is_one_batch(
    services: Services, empty_url: str
) -> None:
    caller = await open_shop(services)
    second = open_services(settings_for(empty_url))
    wanted = batch(["again"], emails=[A, B], source="src1")
    try:
        jobs = await asyncio.gather(
            *(one.grants.start_batch(caller, wanted) for one in (services, second) * 4)
        )
    finally:
        await second.close()
    assert len({job.id for job in jobs}) == 1
    await run_jobs(services)
    assert await held(services, caller) == {("again", A): 1, ("again", B): 1}


@pytest.mark.parametrize("promotion", ["promo0", "again"])
async def test_the_same_source_with_another_body_skips_what_it_granted(
    services: Services, promotion: str
) -> None:
    caller = await open_shop(services)
    first = await run_batch(services, caller, [promotion], emails=[A], source="src1")
    more = await run_batch(services, caller, [promotion], emails=[A, B], source="src1")
    assert more.id != first.id
    assert await outcomes(services, caller, more) == ["already_granted", "granted"]
    assert await held(services, caller) == {(promotion, A): 1, (promotion, B): 1}


async def test_another_source_grants_again_and_none_does_not(services: Services) -> None:
    caller = await open_shop(services)
    for source in ("src1", "src2"):
        await run_batch(services, caller, emails=[A], source=source)
    assert await held(services, caller) == {("promo0", A): 2}
    job = await run_batch(services, caller, emails=[A])
    assert await outcomes(services, caller, job) == ["already_granted"]
    job = await run_batch(services, caller, ["again"], emails=[A])
    assert await outcomes(services, caller, job) == ["granted"]


async def test_an_empty_source_is_none(services: Services) -> None:
    caller = await open_shop(services)
    first = await run_batch(services, caller, emails=[A], source="")
    second = await run_batch(services, caller, emails=[A], source="")
    assert first.id != second.id
    assert [grant.source_id for grant in await all_grants(services, caller)] == [None]


@pytest.mark.parametrize("source", [None, "src1"])
async def test_what_was_revoked_can_be_granted_again(
    services: Services, source: str | None
) -> None:
    caller = await open_shop(services)
    await run_batch(services, caller, emails=[A], source=source)
    (grant,) = await all_grants(services, caller)
    await services.grants.delete(caller, grant.id)
    job = await run_batch(services, caller, emails=[A, B], source=source)
    assert await outcomes(services, caller, job) == ["granted", "granted"]
    assert await held(services, caller) == {("promo0", A): 1, ("promo0", B): 1}


async def test_sources_of_two_organizations_do_not_meet(services: Services) -> None:
    shops = [await open_shop(services, name=name) for name in ("Shop", "Another shop")]
    jobs = [await run_batch(services, shop, emails=[A], source="src1") for shop in shops]
    assert jobs[0].id != jobs[1].id
    for shop in shops:
        assert await held(services, shop) == {("promo0", A): 1}


async def test_asking_again_continues_a_failed_batch_but_not_a_cancelled_one(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("largesse.worker.jobs.MOST_ATTEMPTS", 1)
    caller = await open_shop(services)
    wanted = batch(emails=[A, B], source="src1")
    job = await services.grants.start_batch(caller, wanted)
    await run_jobs(with_faults(services, 1))
    assert (await services.jobs.get(caller, job.id)).state == JobState.DEAD

    again = await services.grants.start_batch(caller, wanted)
    assert (again.id, again.state) == (job.id, JobState.WAITING)
    await services.jobs.cancel(caller, job.id)
    again = await services.grants.start_batch(caller, wanted)
    assert (again.id, again.state) == (job.id, JobState.CANCELLED)
    await run_jobs(services)
    assert await all_grants(services, caller) == []


@pytest.mark.parametrize("promotion", ["promo0", "again"])
async def test_two_batches_that_meet_grant_what_one_would(
    services: Services, empty_url: str, promotion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both lists hold everybody, one backwards; two workers take a chunk of each in turn."""
    monkeypatch.setattr(giving, "CHUNK_GRANTS", 10)
    monkeypatch.setattr("largesse.worker.jobs.TURN_SECONDS", 0.0)
    caller = await open_shop(services)
    emails = [f"shopper{number}@example.com" for number in range(60)]
    for number, listed in enumerate((emails, emails[::-1])):
        # Another body each, and the same source: a recipient is to get one grant.
        await services.grants.start_batch(
            caller, batch([promotion], [f"profile{number}"], listed, source="src1")
        )
    second = open_services(settings_for(empty_url))
    try:
        await asyncio.gather(run_jobs(services), run_jobs(second))
    finally:
        await second.close()
    profiles = ["profile0", "profile1"]
    assert await held(services, caller) == {(promotion, one): 1 for one in emails + profiles}


# --- refused batches ---------------------------------------------------------------------------


async def test_a_refused_batch_changes_nothing(empty_url: str) -> None:
    services = open_services(settings_for(empty_url, max_batch_recipients=100))
    try:
        caller = await open_shop(services)
        for wanted, refusal, field in (
            (batch([], emails=[A]), MissingValue, "promotions"),
            (batch(), MissingValue, "recipients"),
            (batch(emails=[A] * 101), InvalidValue, "recipients"),
            (batch(profiles=["x"] * 60, emails=[A] * 60), InvalidValue, "recipients"),
            (batch(["promo0"] * 101, emails=[A]), InvalidValue, "promotions"),
            (batch(emails=[A], source="s" * 201), InvalidValue, "source_id"),
            (batch(emails=[A], source="s\0"), InvalidValue, "source_id"),
        ):
            with pytest.raises(refusal) as refused:
                await services.grants.start_batch(caller, wanted)
            assert refused.value.field == field
        await nothing_was_done(services, caller)
    finally:
        await services.close()


async def test_all_promotions_are_checked_and_all_missing_ones_named(services: Services) -> None:
    caller = await open_shop(services)
    await open_shop(services, name="Another shop", promotions=9)
    missing = ["promo8", "", "promo0 ", "nul\0", "x" * 5000]
    keys = ["promo0", *missing, "promo1", "promo8"]
    with pytest.raises(UnknownPromotion) as refused:
        await services.grants.start_batch(caller, batch(keys, emails=[A]))
    assert [refused.value.value, *refused.value.others] == missing
    await nothing_was_done(services, caller)


# --- large batches -----------------------------------------------------------------------------


async def test_more_ids_than_a_statement_takes_parameters(services: Services) -> None:
    """SQLite takes 32,766 parameters and asyncpg 32,767."""
    caller = await open_shop(services, profiles=1)
    with pytest.raises(UnknownPromotion) as refused:
        await services.grants.start_batch(
            caller, batch([f"no{number}" for number in range(40_000)], emails=[A])
        )
    assert len(refused.value.others) == 39_999
    job = await run_batch(
        services, caller, profiles=[f"profile{number}" for number in range(40_000)]
    )
    assert job.counts == {"granted": 1, "unknown_profile": 39_999, "grants": 1}


async def test_more_promotions_than_a_chunk_has_grants(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving, "CHUNK_GRANTS", 7)
    caller = await open_shop(services, profiles=0, promotions=20)
    job = await run_batch(
        services, caller, [f"promo{number}" for number in range(20)], emails=[A, B]
    )
    assert job.counts == {"granted": 2, "grants": 40}
