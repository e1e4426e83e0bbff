"""Jobs: the cursor, cancelling and resuming, and workers that come and go."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.errors import (
    InvalidValue,
    NotPermitted,
    UnknownJob,
    WrongState,
)
from largesse.core.grants import giving
from largesse.core.ids import new_id
from largesse.core.jobs import service as jobs_service
from largesse.core.jobs import store
from largesse.core.jobs.model import Claim, Job, JobState, job_items, job_rows, jobs
from largesse.services import Services, open_services
from largesse.storage.errors import ConnectionLost
from largesse.worker import jobs as worker
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

ADDRESSES = [f"shopper{number}@example.com" for number in range(10)]
ONCE_EACH = Counter({("promo0", address): 1 for address in ADDRESSES})


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of three rows, and one chunk a turn: what takes minutes shows in ten rows."""
    monkeypatch.setattr(giving, "CHUNK_GRANTS", 3)
    monkeypatch.setattr(worker, "TURN_SECONDS", 0.0)


async def start(services: Services, caller: Caller, **named: Any) -> Job:
    """Start a job of ten rows."""
    return await services.grants.start_batch(caller, batch(**({"emails": ADDRESSES} | named)))


async def turn(services: Services) -> bool:
    """Be a worker for one chunk."""
    return await worker.run_one_job(services, asyncio.Event())


async def claim(services: Services, *, lease_seconds: float = 30) -> Claim:
    """Be a worker that takes a job up and then does nothing."""
    async with services.database.write() as tx:
        claimed = await store.claim(tx, new_id(), lease_seconds=lease_seconds)
    assert claimed is not None
    return claimed


async def pass_time(services: Services) -> None:
    """Let every lease and every pause end."""
    async with services.database.write() as tx:
        await tx.execute(
            update(jobs)
            .where(jobs.c.lease_until.is_not(None))
            .values(lease_until=tx.engine.now(plus_seconds=-1))
        )


# --- running -----------------------------------------------------------------------------------


async def test_a_job_moves_its_cursor_with_each_chunk(services: Services) -> None:
    caller = await open_shop(services)
    job = await start(services, caller)
    assert (job.state, job.total, job.done, job.started_at) == (JobState.WAITING, 10, 0, None)
    for done in (3, 6, 9, 10):
        assert await turn(services)
        job = await services.jobs.get(caller, job.id)
        assert job.done == done == len(await all_grants(services, caller))
        assert job.counts == {"granted": done, "grants": done}
    assert job.state == JobState.DONE
    assert job.started_at is not None
    assert job.finished_at is not None
    assert job.started_at <= job.finished_at
    assert not await turn(services)


async def test_a_job_ends_in_one_turn_when_there_is_time(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "TURN_SECONDS", 60.0)
    caller = await open_shop(services)
    job = await start(services, caller)
    assert await turn(services)
    assert (await services.jobs.get(caller, job.id)).state == JobState.DONE
    assert await held(services, caller) == ONCE_EACH


async def test_a_worker_that_is_told_to_stop_gives_its_job_back(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "TURN_SECONDS", 60.0)
    caller = await open_shop(services)
    job = await start(services, caller)
    stop = asyncio.Event()
    stop.set()
    assert await worker.run_one_job(services, stop)
    job = await services.jobs.get(caller, job.id)
    assert (job.state, job.done) == (JobState.WAITING, 3)
    await run_jobs(services)  # at once: no lease stands in the way
    assert await held(services, caller) == ONCE_EACH


async def test_the_job_that_is_least_far_goes_first(services: Services) -> None:
    caller = await open_shop(services)
    large = await start(services, caller)
    await turn(services)
    small = await start(services, caller, emails=["late@example.com"])
    await turn(services)
    assert (await services.jobs.get(caller, small.id)).state == JobState.DONE
    assert (await services.jobs.get(caller, large.id)).done == 3


async def test_the_oldest_of_jobs_that_are_as_far_goes_first(services: Services) -> None:
    caller = await open_shop(services)
    first, second = await start(services, caller), await start(services, caller)
    assert (await claim(services)).id == first.id
    assert (await claim(services)).id == second.id


# --- faults ------------------------------------------------------------------------------------


async def test_a_fault_between_effect_and_commit_leaves_neither(services: Services) -> None:
    caller = await open_shop(services)
    job = await start(services, caller)
    faulty = with_faults(services, 1)
    assert await turn(faulty)
    job = await services.jobs.get(caller, job.id)
    assert (job.state, job.done, job.counts, job.attempts) == (JobState.WAITING, 0, {}, 1)
    assert job.error == "ConnectionError: the line went dead"
    assert await all_grants(services, caller) == []
    assert {row.outcome for row in await all_rows(services, caller, job.id)} == {None}

    assert not await turn(faulty)  # put off
    await pass_time(services)
    await run_jobs(faulty)
    job = await services.jobs.get(caller, job.id)
    assert (job.state, job.attempts, job.error) == (JobState.DONE, 0, None)
    assert await held(services, caller) == ONCE_EACH


async def test_a_job_is_dead_after_many_faults_in_a_row(services: Services) -> None:
    caller = await open_shop(services)
    job = await start(services, caller)
    await turn(services)
    faulty = with_faults(services, worker.MOST_ATTEMPTS)
    for _ in range(worker.MOST_ATTEMPTS):
        assert (await services.jobs.get(caller, job.id)).state == JobState.WAITING
        await pass_time(services)
        assert await turn(faulty)
    job = await services.jobs.get(caller, job.id)
    assert (job.state, job.done) == (JobState.DEAD, 3)
    assert job.finished_at is not None
    await pass_time(services)
    assert not await turn(services)

    job = await services.jobs.resume(caller, job.id)
    assert (job.state, job.done, job.error, job.finished_at) == (JobState.WAITING, 3, None, None)
    await run_jobs(services)
    assert await held(services, caller) == ONCE_EACH


async def test_a_chunk_that_succeeds_forgives_the_faults_before_it(services: Services) -> None:
    caller = await open_shop(services)
    job = await start(services, caller)
    for _ in range(worker.MOST_ATTEMPTS * 2):
        await turn(with_faults(services, 1))
        await pass_time(services)
        await turn(services)
        job = await services.jobs.get(caller, job.id)
        assert job.attempts == 0
    assert job.state == JobState.DONE


async def test_a_job_whose_rows_are_gone_dies_instead_of_turning_forever(
    services: Services,
) -> None:
    caller = await open_shop(services)
    job = await start(services, caller)
    async with services.database.write() as tx:
        await tx.execute(update(jobs).values(total=20))
    for _ in range(4 + worker.MOST_ATTEMPTS):
        await pass_time(services)
        await turn(services)
    job = await services.jobs.get(caller, job.id)
    assert (job.state, job.done) == (JobState.DEAD, 10)
    assert await held(services, caller) == ONCE_EACH


# --- several workers ---------------------------------------------------------------------------


async def test_a_job_in_hand_is_left_alone(services: Services) -> None:
    caller = await open_shop(services)
    await start(services, caller)
    await claim(services)
    assert not await turn(services)


async def test_a_worker_that_was_thought_dead_changes_nothing(services: Services) -> None:
    caller = await open_shop(services)
    job = await start(services, caller)
    dead = await claim(services, lease_seconds=-1)
    assert await turn(services)  # its lease has run out: another one takes over
    with pytest.raises(worker.LeaseLost):
        await worker._run_chunk(services, dead)
    assert len(await all_grants(services, caller)) == 3
    # Nor does it end, put off or give back what is another one's.
    mine = await claim(services)
    async with services.database.write() as tx:
        await store.release(tx, dead)
        await store.put_off(tx, dead, "no", seconds=0)
        await store.fail(tx, dead, "no")
    now = await services.jobs.get(caller, job.id)
    assert (now.state, now.done, now.error) == (JobState.RUNNING, 3, None)
    assert (await worker._run_chunk(services, mine)).done == 6


async def test_the_owner_alone_is_not_enough_the_cursor_must_fit(services: Services) -> None:
    caller = await open_shop(services)
    await start(services, caller)
    mine = await claim(services)
    await worker._run_chunk(services, mine)
    with pytest.raises(worker.LeaseLost):
        await worker._run_chunk(services, mine)  # the same rows a second time
    assert len(await all_grants(services, caller)) == 3


async def test_a_job_that_loses_every_worker_is_dead(services: Services) -> None:
    caller = await open_shop(services)
    job = await start(services, caller)
    for lost in range(worker.MOST_ATTEMPTS):
        assert (await claim(services, lease_seconds=-1)).attempts == lost
    assert await turn(services)
    job = await services.jobs.get(caller, job.id)
    assert job.state == JobState.DEAD
    assert job.error == "the worker was lost again and again"
    assert await all_grants(services, caller) == []


async def test_many_workers_share_jobs_and_do_each_row_once(
    services: Services, empty_url: str
) -> None:
    caller = await open_shop(services)
    started = [
        await start(services, caller, promotions=["again"], emails=ADDRESSES[:count])
        for count in (10, 7, 4, 1)
    ]
    second = open_services(settings_for(empty_url))
    try:
        await asyncio.gather(*(run_jobs(one) for one in (services, second, services, second)))
    finally:
        await second.close()
    for job in started:
        ended = await services.jobs.get(caller, job.id)
        assert (ended.state, ended.done) == (JobState.DONE, job.total)
        assert len(await all_grants(services, caller, job_id=job.id)) == job.total
    wanted = Counter(address for job in started for address in ADDRESSES[: job.total])
    assert await held(services, caller) == {("again", one): n for one, n in wanted.items()}


# --- people ------------------------------------------------------------------------------------


async def test_a_cancelled_job_stops_and_can_go_on(services: Services) -> None:
    caller = await open_shop(services)
    job = await start(services, caller)
    await turn(services)
    cancelled = await services.jobs.cancel(caller, job.id)
    assert (cancelled.state, cancelled.done) == (JobState.CANCELLED, 3)
    assert cancelled.finished_at is not None
    assert not await turn(services)
    assert len(await all_grants(services, caller)) == 3

    resumed = await services.jobs.resume(caller, job.id)
    assert (resumed.state, resumed.finished_at) == (JobState.WAITING, None)
    await run_jobs(services)
    assert (await services.jobs.get(caller, job.id)).counts == {"granted": 10, "grants": 10}
    assert await held(services, caller) == ONCE_EACH


async def test_a_job_can_be_cancelled_under_its_worker(services: Services) -> None:
    caller = await open_shop(services)
    job = await start(services, caller)
    working = await claim(services)
    await services.jobs.cancel(caller, job.id)
    with pytest.raises(worker.LeaseLost):
        await worker._run_chunk(services, working)
    # Resumed and taken up by another one, it is still not the first one's.
    await services.jobs.resume(caller, job.id)
    await claim(services)
    with pytest.raises(worker.LeaseLost):
        await worker._run_chunk(services, working)
    assert await all_grants(services, caller) == []


async def test_only_open_jobs_are_cancelled_and_only_stopped_ones_resumed(
    services: Services,
) -> None:
    caller = await open_shop(services)
    job = await start(services, caller)
    with pytest.raises(WrongState, match="waiting"):
        await services.jobs.resume(caller, job.id)
    await run_jobs(services)
    for move in (services.jobs.cancel, services.jobs.resume):
        with pytest.raises(WrongState, match="done"):
            await move(caller, job.id)


async def test_a_job_that_is_over_is_deleted_with_its_rows(services: Services) -> None:
    caller = await open_shop(services)
    job = await start(services, caller)
    with pytest.raises(WrongState, match="waiting"):
        await services.jobs.delete(caller, job.id)
    await run_jobs(services)
    await services.jobs.delete(caller, job.id)
    with pytest.raises(UnknownJob):
        await services.jobs.rows(caller, job.id)
    assert await held(services, caller) == ONCE_EACH


async def test_rows_come_in_pages(services: Services) -> None:
    caller = await open_shop(services)
    job = await run_batch(services, caller, emails=ADDRESSES)
    page = await services.jobs.rows(caller, job.id, limit=4)
    assert [row.value for row in page.items] == ADDRESSES[:4]
    assert page.next_after == 3
    page = await services.jobs.rows(caller, job.id, after=7, limit=4)
    assert [(row.pos, row.outcome) for row in page.items] == [(8, "granted"), (9, "granted")]
    assert page.next_after is None
    with pytest.raises(InvalidValue, match="limit"):
        await services.jobs.rows(caller, job.id, limit=0)


async def test_a_job_is_its_organizations_own(services: Services) -> None:
    caller = await open_shop(services)
    other = await open_shop(services, name="Another shop", promotions=0, profiles=0)
    job = await start(services, caller)
    for use in (
        services.jobs.get,
        services.jobs.cancel,
        services.jobs.resume,
        services.jobs.delete,
        services.jobs.rows,
    ):
        for stranger, job_id in ((other, job.id), (caller, new_id()), (caller, "no id")):
            with pytest.raises(UnknownJob):
                await use(stranger, job_id)
    assert (await services.jobs.get(caller, job.id)).state == JobState.WAITING


async def test_looking_and_acting_need_rights(services: Services) -> None:
    caller = await open_shop(services)
    job = await start(services, caller)
    reader = replace(caller, rights=frozenset({Right.READ}))
    nobody = replace(caller, rights=frozenset())
    assert (await services.jobs.get(reader, job.id)).id == job.id
    for use in (services.jobs.cancel, services.jobs.resume, services.jobs.delete):
        with pytest.raises(NotPermitted):
            await use(reader, job.id)
    for use in (services.jobs.get, services.jobs.rows):
        with pytest.raises(NotPermitted):
            await use(nobody, job.id)


# --- how far, and what of it failed ------------------------------------------------------------


async def test_a_job_tells_how_fast_it_is_and_how_long_it_takes(services: Services) -> None:
    caller = await open_shop(services)
    job = await start(services, caller)
    assert (job.seconds_worked, job.rate_per_second, job.seconds_left) == (0, None, None)
    await turn(services)
    await turn(services)
    # Facts of the row: whoever looks sees the same, and waiting costs the rate nothing.
    async with services.database.write() as tx:
        await tx.execute(update(jobs).values(seconds_worked=12.0))
    job = await services.jobs.get(caller, job.id)
    assert (job.done, job.rate_per_second, job.seconds_left) == (6, 0.5, 8.0)
    await run_jobs(services)
    job = await services.jobs.get(caller, job.id)
    assert job.seconds_worked > 12.0
    assert job.rate_per_second == job.done / job.seconds_worked
    assert job.seconds_left is None


async def test_the_rows_of_an_outcome_are_found_and_exported(services: Services) -> None:
    caller = await open_shop(services)
    job = await run_batch(
        services, caller, profiles=["profile0", "no,body", "profile1"], emails=["x@", "a@b.com"]
    )
    assert job.failed == 2
    for outcome, wanted in (
        (None, [0, 1, 2, 3, 4]),
        ("granted", [0, 2, 4]),
        ("failed", [1, 3]),
        ("bad_address", [3]),
        ("nothing", []),
        ("\0", []),
        ("x" * 40, []),
    ):
        page = await services.jobs.rows(caller, job.id, outcome=outcome, limit=2)
        found = list(page.items)
        while page.next_after is not None:
            page = await services.jobs.rows(
                caller, job.id, outcome=outcome, limit=2, after=page.next_after
            )
            found += page.items
        assert [row.pos for row in found] == wanted, outcome
        if "\0" not in str(outcome):
            pages = await services.jobs.export(caller, job.id, outcome=outcome)
            exported = [row async for page_ in pages for row in page_]
            assert [row[0] for row in exported] == wanted, outcome
    pages = await services.jobs.export(caller, job.id, outcome="failed")
    (page_,) = [page_ async for page_ in pages]
    assert page_[0][1:4] == ("profile", "no,body", "unknown_profile")
    with pytest.raises(UnknownJob):
        await services.jobs.export(caller, new_id())


async def test_a_fault_of_the_database_is_none_of_the_jobs(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = await open_shop(services)
    job = await start(services, caller)
    faulty = with_faults(services, worker.MOST_ATTEMPTS * 2, ConnectionLost("gone"))
    for _ in range(worker.MOST_ATTEMPTS * 2):
        assert await turn(faulty)
        await pass_time(services)
    now = await services.jobs.get(caller, job.id)
    assert (now.state, now.attempts, now.error) == (JobState.WAITING, 0, "ConnectionLost: gone")
    await run_jobs(services)
    assert await held(services, caller) == ONCE_EACH


def test_pauses_between_attempts_grow_and_differ() -> None:
    for attempts in range(worker.MOST_ATTEMPTS):
        shortest, longest = (2**attempts * factor for factor in worker.JITTER)
        pauses = {worker._pause(attempts) for _ in range(20)}
        assert len(pauses) > 1
        assert all(shortest <= pause <= longest for pause in pauses)


# --- old ones ----------------------------------------------------------------------------------


async def test_jobs_that_were_over_long_ago_are_deleted_with_their_rows(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_service, "PRUNED", 4)
    caller = await open_shop(services)
    other = await open_shop(services, name="Another shop", promotions=1, profiles=0)
    gone = [await run_batch(services, one, emails=ADDRESSES) for one in (caller, other)]
    gone.append(await services.jobs.cancel(caller, (await start(services, caller)).id))
    await age(services, days=91)
    kept = [await run_batch(services, caller, ["again"], emails=ADDRESSES)]
    await age(services, days=89, job=kept[0])
    kept.append(await start(services, caller))
    while await services.jobs.prune():
        pass
    assert [job.id for job in (await services.jobs.page(caller)).items] == [job.id for job in kept]
    assert (await services.jobs.page(other)).items == []
    async with services.database.read() as tx:
        for table in (job_rows, job_items):
            left = await tx.rows(select(table.c.job_id))
            assert not {row.job_id for row in left} & {job.id for job in gone}
    assert await held(services, other) == ONCE_EACH


async def test_without_a_number_of_days_jobs_are_kept(services: Services, empty_url: str) -> None:
    caller = await open_shop(services)
    await run_batch(services, caller, emails=ADDRESSES)
    await age(services, days=30_000)
    keeping = open_services(settings_for(empty_url, jobs_keep_days=None))
    try:
        assert not await keeping.jobs.prune()
    finally:
        await keeping.close()
    assert len((await services.jobs.page(caller)).items) == 1


async def age(services: Services, *, days: int, job: Job | None = None) -> None:
    """Let one job, or all that are over, have ended so many days ago."""
    ended = clock.now() - timedelta(days=days)
    where = jobs.c.finished_at.is_not(None) if job is None else jobs.c.id == job.id
    async with services.database.write() as tx:
        await tx.execute(update(jobs).where(where).values(finished_at=ended))


# --- waking workers ----------------------------------------------------------------------------


async def test_a_commit_wakes_the_worker_and_a_refusal_does_not(services: Services) -> None:
    caller = await open_shop(services)
    awake = services.wakeups.jobs
    awake.clear()
    job = await start(services, caller)
    assert awake.is_set()
    awake.clear()

    async def start_in_vain() -> None:
        async with services.database.one_transaction():
            await start(services, caller, source="other")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await start_in_vain()
    assert not awake.is_set()
    async with services.database.one_transaction():
        await start(services, caller, source="other")
        assert not awake.is_set()
    assert awake.is_set()
    await services.jobs.cancel(caller, job.id)
    awake.clear()
    await services.jobs.resume(caller, job.id)
    assert awake.is_set()
