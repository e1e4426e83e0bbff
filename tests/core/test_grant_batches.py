"""Batches of grants as they come in, dry runs, ends of grants, and grants that are taken back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.errors import (
    AlreadyExists,
    InvalidValue,
    MissingValue,
    NotPermitted,
    UnknownJob,
    UnknownPromotion,
    UnknownTemplate,
    WrongState,
)
from largesse.core.grants import giving, revoking
from largesse.core.grants.model import GrantOrder, GrantState, RecipientKind, Recipients, grants
from largesse.core.grants.seen import Seen
from largesse.core.grants.sheet import recipients_in
from largesse.core.grants.telling import Telling
from largesse.core.ids import new_id
from largesse.core.jobs.model import Job, JobState, job_items, job_rows, jobs
from largesse.core.mail.model import mails
from largesse.services import Services
from largesse.worker.jobs import run_one_job
from tests.core.shop import all_grants, all_rows, batch, held, open_shop, run_batch, run_jobs

A, B, C = "a@example.com", "b@example.com", "c@example.com"
EMAILS = [f"shopper{number}@example.com" for number in range(50)]


@pytest.fixture(params=[4, 20_000])
def at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many recipients are written at once: batches are larger, or smaller."""
    monkeypatch.setattr("largesse.core.grants.intake.AT_ONCE", request.param)
    return int(request.param)


async def count(services: Services, table: object) -> int:
    async with services.database.read() as tx:
        return int(await tx.value(select(func.count()).select_from(table)))  # type: ignore[arg-type]


async def nothing_is_left(services: Services) -> None:
    for table in (jobs, job_items, job_rows, grants):
        assert await count(services, table) == 0, table.name


async def receive(services: Services, caller: Caller, *parts: Recipients, **order: str) -> Job:
    """Send a batch in parts, whose promotions are named behind its recipients."""

    async def recipients() -> AsyncIterator[Recipients]:
        for part in parts:
            await asyncio.sleep(0)
            yield part

    wanted = GrantOrder(("promo0",), **order)  # type: ignore[arg-type]
    intake = services.grants.intake
    async with intake.received(caller, recipients(), lambda: wanted) as received:
        return await received.accept()


# --- received piece by piece -------------------------------------------------------------------


async def test_a_batch_in_parts_is_done_in_its_order(services: Services, at_once: int) -> None:
    caller = await open_shop(services)
    job = await receive(
        services,
        caller,
        (RecipientKind.EMAIL, EMAILS[:7]),
        (RecipientKind.PROFILE, ["profile0", "nobody"]),
        (RecipientKind.EMAIL, EMAILS[7:]),
    )
    assert (job.state, job.total, job.done) == (JobState.WAITING, 52, 0)
    await run_jobs(services)
    rows = await all_rows(services, caller, job.id)
    assert [row.value for row in rows] == [*EMAILS[:7], "profile0", "nobody", *EMAILS[7:]]
    assert [row.pos for row in rows] == list(range(52))
    assert [row.outcome for row in rows if row.outcome != "granted"] == ["unknown_profile"]
    # What plainly got everything needs no row.
    assert await count(services, job_rows) == 1


async def test_while_a_batch_is_received_no_worker_takes_it_up(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("largesse.core.grants.intake.AT_ONCE", 4)
    caller = await open_shop(services)

    async def recipients() -> AsyncIterator[Recipients]:
        for email in EMAILS:
            yield RecipientKind.EMAIL, [email]
            await run_jobs(services)
            assert await all_grants(services, caller) == []

    order = GrantOrder(("promo0",))
    async with services.grants.intake.received(caller, recipients(), lambda: order) as received:
        await run_jobs(services)
        job = await received.accept()
    await run_jobs(services)
    assert (await services.jobs.get(caller, job.id)).counts == {"granted": 50, "grants": 50}


async def test_what_is_refused_or_cut_off_leaves_nothing(services: Services, at_once: int) -> None:
    caller = await open_shop(services)

    async def broken() -> AsyncIterator[Recipients]:
        yield RecipientKind.EMAIL, EMAILS
        raise ConnectionError

    wanted = GrantOrder(("promo0",))
    cases: list[tuple[GrantOrder, type[Exception]]] = [
        (GrantOrder(("promo0", "promo9")), UnknownPromotion),
        (GrantOrder(()), MissingValue),
        (replace(wanted, source_id="s" * 201), InvalidValue),
        (replace(wanted, template="nothing"), UnknownTemplate),
        (replace(wanted, expires_at=clock.now() - timedelta(seconds=1)), InvalidValue),
        (replace(wanted, expires_at=datetime(2030, 1, 1)), InvalidValue),
    ]
    for order, refusal in cases:
        with pytest.raises(refusal):
            await services.grants.start_batch(
                caller, replace(batch(emails=EMAILS), **{n: getattr(order, n) for n in NAMES})
            )
    with pytest.raises(ConnectionError):
        async with services.grants.intake.received(caller, broken(), lambda: wanted):
            raise AssertionError("it was not whole")
    await nothing_is_left(services)


NAMES = ("promotion_keys", "source_id", "template", "expires_at")


async def test_what_is_received_and_not_accepted_leaves_nothing(
    services: Services, at_once: int
) -> None:
    caller = await open_shop(services)

    async def recipients() -> AsyncIterator[Recipients]:
        yield RecipientKind.EMAIL, EMAILS

    intake, order = services.grants.intake, GrantOrder(("promo0",))
    async with intake.received(caller, recipients(), lambda: order) as received:
        assert len(received.digest) == 64

    async def not_committed() -> None:
        async with (
            intake.received(caller, recipients(), lambda: order) as received,
            services.database.one_transaction(),
        ):
            await received.accept()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await not_committed()
    await nothing_is_left(services)


async def test_a_batch_that_its_receiver_never_ended_fails(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a crash of the server: nobody is left to delete what was written."""
    monkeypatch.setattr("largesse.core.grants.intake.AT_ONCE", 4)
    monkeypatch.setattr("largesse.core.grants.intake.RECEIVING_SECONDS", -1.0)
    caller = await open_shop(services)

    async def recipients() -> AsyncIterator[Recipients]:
        yield RecipientKind.EMAIL, EMAILS[:10]
        await run_jobs(services)
        yield RecipientKind.EMAIL, EMAILS[10:]

    order = GrantOrder(("promo0",))
    with pytest.raises(WrongState):
        async with services.grants.intake.received(caller, recipients(), lambda: order):
            raise AssertionError("it was taken for whole")
    (job,) = (await services.jobs.page(caller)).items
    assert job.state == JobState.FAILED
    assert "not received to its end" in str(job.error)
    assert await all_grants(services, caller) == []


async def test_the_same_source_is_the_same_batch_however_it_comes(
    services: Services, at_once: int
) -> None:
    caller = await open_shop(services)
    source = {"source_id": "src1"}
    first = await receive(services, caller, (RecipientKind.EMAIL, EMAILS), **source)
    parts = [(RecipientKind.EMAIL, [email]) for email in reversed(EMAILS)]
    again = await receive(services, caller, *parts, **source)
    assert again.id == first.id
    for other in (
        [(RecipientKind.EMAIL, EMAILS[1:])],
        [(RecipientKind.EMAIL, [*EMAILS, EMAILS[0]])],
        [(RecipientKind.PROFILE, EMAILS)],
    ):
        job = await receive(services, caller, *other, **source)
        assert job.id != first.id
    assert await count(services, jobs) == 4


async def test_the_same_batch_many_times_at_once_is_one(services: Services, at_once: int) -> None:
    caller = await open_shop(services)
    part = (RecipientKind.EMAIL, EMAILS)
    sent = [receive(services, caller, part, source_id="src1") for _ in range(5)]
    assert len({job.id for job in await asyncio.gather(*sent)}) == 1
    assert await count(services, jobs) == 1
    await run_jobs(services)
    assert len(await all_grants(services, caller)) == 50


# --- dry runs ----------------------------------------------------------------------------------


async def test_a_dry_run_says_what_a_batch_would_do_and_does_nothing(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving, "CHUNK_GRANTS", 3)
    caller = await open_shop(services)
    await run_batch(services, caller, emails=[B])
    wanted = batch(
        ["promo0", "again"],
        ["profile0", "nobody", " PROFILE0"],
        [A, "no address", A.upper(), B, C, A],
    )
    for source in (None, "src1"):
        dry = await services.grants.start_batch(
            caller, replace(wanted, dry_run=True, source_id=source)
        )
        before = await all_grants(services, caller)
        await run_jobs(services)
        assert await all_grants(services, caller) == before
        real = await services.grants.start_batch(caller, replace(wanted, source_id=source))
        assert real.id != dry.id
        await run_jobs(services)
        found = [await services.jobs.get(caller, one.id) for one in (dry, real)]
        assert found[0].counts == found[1].counts
        assert await all_rows(services, caller, dry.id) == await all_rows(services, caller, real.id)


async def test_a_dry_run_goes_on_in_another_process(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving, "CHUNK_GRANTS", 3)
    monkeypatch.setattr("largesse.worker.jobs.TURN_SECONDS", 0.0)
    caller = await open_shop(services)
    emails = [A, B, C, A, B, C, A, "d@example.com"]
    job = await services.grants.start_batch(caller, batch(emails=emails, dry_run=True))
    while (await services.jobs.get(caller, job.id)).state != JobState.DONE:
        another = giving.GrantGiving(Telling(services.mailing))
        assert await run_one_job(replace(services, grant_giving=another), asyncio.Event())
    outcomes = [row.outcome for row in await all_rows(services, caller, job.id)]
    assert outcomes == [*["granted"] * 3, *["already_granted"] * 4, "granted"]


def test_who_was_seen_is_known_whatever_the_number() -> None:
    seen = Seen()
    texts = [f"text {number}" for number in range(20_000)]
    assert all(seen.add(text) for text in texts)
    assert not any(seen.add(text) for text in texts)
    assert seen.add("another")


# --- ends of grants ----------------------------------------------------------------------------


async def test_grants_end_when_they_say_or_with_their_promotion(services: Services) -> None:
    caller = await open_shop(services)
    ends, own = clock.now() + timedelta(days=9), clock.now() + timedelta(days=2)
    promotion = await services.promotions.by_key(caller, "promo0")
    await services.promotions.change(caller, promotion.id, {"ends_at": ends})
    first = await services.grants.create(caller, {"promotion": "promo0", "email": A})
    second = await services.grants.create(
        caller, {"promotion": "promo0", "email": B, "expires_at": own}
    )
    third = await services.grants.create(caller, {"promotion": "promo1", "email": B})
    assert [one.expires_at for one in (first, second, third)] == [ends, own, None]
    await run_batch(services, caller, ["promo0", "promo1"], emails=[C])
    await run_batch(services, caller, ["promo0"], ["profile0"], expires_at=own)
    made = await all_grants(services, caller)
    assert [one.expires_at for one in made[3:]] == [ends, None, own]
    with pytest.raises(InvalidValue):
        await services.grants.create(
            caller, {"promotion": "promo1", "email": C, "expires_at": clock.now()}
        )


async def expire(services: Services) -> None:
    """Let every grant that ends have ended."""
    async with services.database.write() as tx:
        past = clock.now() - timedelta(seconds=1)
        await tx.execute(
            update(grants).where(grants.c.expires_at.is_not(None)).values(expires_at=past)
        )


@pytest.mark.parametrize("source", [None, "src1"])
async def test_what_has_expired_is_shown_so_and_in_nobodys_way(
    services: Services, source: str | None
) -> None:
    caller = await open_shop(services)
    soon = clock.now() + timedelta(days=1)
    new = {"promotion": "promo0", "email": A, "source_id": source}
    grant = await services.grants.create(caller, new | {"expires_at": soon})
    with pytest.raises(AlreadyExists):
        await services.grants.create(caller, new)
    await run_batch(services, caller, emails=[B], source=source, expires_at=soon)
    await expire(services)
    assert (await services.grants.get(caller, grant.id)).state == GrantState.EXPIRED
    assert await held(services, caller) == {}
    with pytest.raises(WrongState, match="expired"):
        await services.grants.delete(caller, grant.id)

    await services.grants.create(caller, new)
    dry = await run_batch(services, caller, emails=[A, B, C], source=source, dry_run=True)
    job = await run_batch(services, caller, emails=[A, B, C], source=source)
    assert job.counts == dry.counts == {"already_granted": 1, "granted": 2, "grants": 2}
    assert await held(services, caller) == {("promo0", one): 1 for one in (A, B, C)}
    states = {"active": 3, "expired": 2, "revoked": 0}
    for state, wanted in states.items():
        found = await services.grants.page(caller, state=GrantState(state))
        assert [one.state for one in found.items] == [state] * wanted


# --- listed ------------------------------------------------------------------------------------


async def test_grants_are_listed_by_what_is_known_of_them(services: Services) -> None:
    caller = await open_shop(services)
    job = await run_batch(services, caller, ["promo0", "promo1"], ["profile0"], [A], "src1")
    await services.grants.create(caller, {"promotion": "promo0", "email": B})
    promotion = await services.promotions.by_key(caller, "promo1")
    customer = (await services.customers.page(caller, profile_id="profile0")).items[0]
    for filters, number in (
        ({"email": A.upper()}, 2),
        ({"email": "nobody@example.com"}, 0),
        ({"customer_id": customer.id}, 2),
        ({"promotion_id": promotion.id}, 2),
        ({"promotion_id": promotion.id, "email": A}, 1),
        ({"source_id": "src1"}, 4),
        ({"job_id": job.id}, 4),
        ({"job_id": new_id()}, 0),
        ({"source_id": "s" * 500}, 0),
        ({}, 5),
    ):
        assert len(await all_grants(services, caller, **filters)) == number, filters


# --- taken back --------------------------------------------------------------------------------


async def test_all_grants_of_a_batch_or_a_source_are_revoked(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revoking, "CHUNK", 3)
    caller = await open_shop(services)
    other = await open_shop(services, name="Another shop")
    first = await run_batch(services, caller, ["promo0", "promo1"], emails=EMAILS[:5], source="s")
    await run_batch(services, caller, ["again"], emails=EMAILS[:5], source="s")
    await run_batch(services, other, emails=EMAILS[:5], source="s")
    await services.grants.delete(caller, (await all_grants(services, caller))[0].id)

    job = await services.grants.revoke_all(caller, job_id=first.id)
    assert (job.state, job.total) == (JobState.WAITING, 9)
    await run_jobs(services)
    job = await services.jobs.get(caller, job.id)
    assert (job.state, job.done, job.counts) == (JobState.DONE, 9, {"revoked": 9})
    assert {one.state for one in await all_grants(services, caller, job_id=first.id)} == {"revoked"}
    assert await held(services, caller) == {("again", email): 1 for email in EMAILS[:5]}

    await services.grants.revoke_all(caller, source_id="s")
    await run_jobs(services)
    assert await held(services, caller) == {}
    assert len(await held(services, other)) == 5
    again = await services.grants.revoke_all(caller, source_id="s")
    assert (again.state, again.total) == (JobState.DONE, 0)


async def test_revoking_goes_on_where_it_was(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revoking, "CHUNK", 3)
    monkeypatch.setattr("largesse.worker.jobs.TURN_SECONDS", 0.0)
    caller = await open_shop(services)
    first = await run_batch(services, caller, emails=EMAILS[:10])
    job = await services.grants.revoke_all(caller, job_id=first.id)
    for number in range(4):
        if number == 2:
            # One that was to come is revoked by hand.
            (last,) = (await all_grants(services, caller))[-1:]
            await services.grants.delete(caller, last.id)
        another = replace(services, grant_revoking=revoking.GrantRevoking())
        assert await run_one_job(another, asyncio.Event())
    job = await services.jobs.get(caller, job.id)
    assert (job.state, job.done) == (JobState.DONE, 10)
    assert await held(services, caller) == {}


async def test_what_can_not_be_revoked_is_said(services: Services) -> None:
    caller = await open_shop(services)
    other = await open_shop(services, name="Another shop")
    job = await services.grants.start_batch(caller, batch(emails=[A]))
    with pytest.raises(WrongState, match="waiting"):
        await services.grants.revoke_all(caller, job_id=job.id)
    await run_jobs(services)
    for stranger, job_id in ((other, job.id), (caller, new_id()), (caller, UUID(int=0))):
        with pytest.raises(UnknownJob):
            await services.grants.revoke_all(stranger, job_id=job_id)
    for wrong in ({}, {"job_id": job.id, "source_id": "s"}):
        with pytest.raises(MissingValue):
            await services.grants.revoke_all(caller, **wrong)
    with pytest.raises(InvalidValue):
        await services.grants.revoke_all(caller, source_id="s\0")
    reader = replace(caller, rights=frozenset({Right.READ}))
    with pytest.raises(NotPermitted):
        await services.grants.revoke_all(reader, job_id=job.id)
    assert await held(services, caller) == {("promo0", A): 1}


# --- told by mail ------------------------------------------------------------------------------


async def test_each_grant_is_told_by_a_mail_of_a_template(services: Services) -> None:
    caller = await open_shop(services)
    customer = (await services.customers.page(caller, profile_id="profile0")).items[0]
    await services.customers.change(caller, customer.id, {"email": "profile0@example.com"})
    await services.templates.create(
        caller,
        {
            "key": "granted",
            "subject": "{{ promotion_title }}",
            "body": "<p>Dear {{ name }}: {{ promotion }} for {{ email }}</p>",
            "example": {"promotion_title": "Ten off", "promotion": "promo0"},
        },
    )
    wanted = batch(
        ["promo0", "promo1"], ["profile0", "profile1", "nobody"], [A, B], template="granted"
    )
    await services.grants.create(caller, {"promotion": "promo1", "email": B})
    dry = await services.grants.start_batch(caller, replace(wanted, dry_run=True))
    await run_jobs(services)
    assert await count(services, mails) == 0
    job = await services.grants.start_batch(caller, wanted)
    await run_jobs(services)
    async with services.database.read() as tx:
        sent = await tx.rows(select(mails.c.recipient, mails.c.job_id, mails.c.customer_id))
    assert sorted(row.recipient for row in sent) == [
        *(A, A, B),
        *("profile0@example.com", "profile0@example.com"),
    ]
    assert {row.job_id for row in sent} == {job.id}
    assert {row.customer_id for row in sent} == {None, customer.id}
    job = await services.jobs.get(caller, job.id)
    counts = {"granted": 3, "partly_granted": 1, "unknown_profile": 1, "grants": 7}
    assert job.counts == counts | {"mails": 5}
    assert (await services.jobs.get(caller, dry.id)).counts == counts
    row = (await all_rows(services, caller, job.id))[1]
    assert (row.value, row.outcome) == ("profile1", "granted")
    assert row.detail == {"mail": "the customer has no e-mail address"}


# --- sheets ------------------------------------------------------------------------------------


async def of_sheet(text: bytes, size: int = 5) -> list[tuple[str, str]]:
    async def blocks() -> AsyncIterator[bytes]:
        for start in range(0, len(text), size):
            yield text[start : start + size]

    return [(kind, one) async for kind, texts in recipients_in(blocks()) for one in texts]


async def test_a_sheet_names_recipients() -> None:
    both = b'\xef\xbb\xbfEmail,profile_id\r\na@x.com,p1\r\n,p2\r\n\r\n"b,b@x.com", p3 \r\n c@x.com,'
    found = await of_sheet(both, 1000)
    assert found == [
        *(("profile", "p1"), ("profile", "p2"), ("profile", "p3")),
        *(("email", "a@x.com"), ("email", "b,b@x.com"), ("email", "c@x.com")),
    ]
    assert sorted(await of_sheet(both, 1)) == sorted(found)
    assert await of_sheet(b"profile_id\np1\np2") == [("profile", "p1"), ("profile", "p2")]
    assert await of_sheet(b"email\n\xff@x.com\n") == [("email", "\ufffd@x.com")]
    assert await of_sheet(b"\n\nemail\n") == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"a@example.com\n", "first line"),
        (b"email,name\n", "first line"),
        (b"email,email\n", "first line"),
        (b"email;profile_id\n", "first line"),
        (b"email\n\na@x.com,b\n", "line 3 has 2 cells, not 1"),
        (b"email,profile_id\na@x.com\n", "line 2 has 1 cells, not 2"),
        (b'email\n"a@x.com\n', "line 2 can not be read"),
        (b"email\n" + b"x" * 5000, "line 2 is longer"),
    ],
)
async def test_what_is_no_sheet_is_refused(text: bytes, reason: str) -> None:
    for size in (1, 10_000):
        with pytest.raises(InvalidValue, match=reason) as refused:
            await of_sheet(text, size)
        assert refused.value.field == "file"
