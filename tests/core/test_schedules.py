"""Schedules: every slot starts one job, however many workers look, also by a clock that changes."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from largesse.core.access.model import Caller, Right, system
from largesse.core.campaigns.model import CampaignState
from largesse.core.errors import (
    AlreadyExists,
    InvalidValue,
    MissingValue,
    NotPermitted,
    UnknownCampaign,
    UnknownSchedule,
)
from largesse.core.ids import new_id
from largesse.core.jobs.model import Job, JobState
from largesse.core.schedules import cron
from largesse.core.schedules.model import Schedule, schedule_slots, schedules
from largesse.services import Services, open_services
from tests.core.shop import run_jobs
from tests.serving import settings_for

NEW: dict[str, Any] = {
    "name": "nightly",
    "cron": "0 3 * * *",
    "zone": "Europe/Berlin",
    "kind": "generate_codes",
    "parameters": {"campaign": "Spring", "count": 5},
}


@pytest.fixture
async def caller(services: Services) -> Caller:
    """An organization with a campaign whose pool can be filled."""
    owner = system(await services.access.create_organization("Shop", []))
    await services.campaigns.create(owner, {"name": "Spring", "state": CampaignState.POSTED})
    return owner


async def let_pass(services: Services, moment: datetime) -> None:
    """Make it so that the time of every schedule came at that moment."""
    async with services.database.write() as tx:
        await tx.execute(update(schedules).values(next_at=moment))


async def all_jobs(services: Services, caller: Caller) -> Sequence[Job]:
    return (await services.jobs.page(caller, limit=1000)).items


async def started(services: Services, caller: Caller, schedule: Schedule) -> list[datetime]:
    """Return the slots of a schedule that started a job, the first one first."""
    slots = (await services.schedules.slots(caller, schedule.id)).items
    assert not [slot for slot in slots if slot.job_id is None]
    return [slot.slot for slot in reversed(slots)]


# --- starting ----------------------------------------------------------------------------------


async def test_a_schedule_starts_its_job_when_its_time_comes(
    services: Services, caller: Caller
) -> None:
    made = await services.schedules.create(caller, NEW)
    assert made.enabled
    assert made.next_at == cron.next_after(NEW["cron"], NEW["zone"], datetime.now(UTC))
    assert not await services.schedules.start_due()
    assert await all_jobs(services, caller) == []

    await let_pass(services, datetime.now(UTC) - timedelta(minutes=1))
    await services.schedules.start_due()
    await run_jobs(services)
    (job,) = await all_jobs(services, caller)
    assert (job.kind, job.state, job.counts) == ("generate_codes", JobState.DONE, {"added": 5})
    now = await services.schedules.get(caller, made.id)
    assert now.next_at == made.next_at
    await services.schedules.start_due()
    assert len(await all_jobs(services, caller)) == 1


async def test_any_number_of_workers_start_one_job_a_slot(
    services: Services, caller: Caller, empty_url: str
) -> None:
    made = [
        await services.schedules.create(caller, NEW | {"name": f"schedule {n}"}) for n in range(25)
    ]
    crowd = [open_services(settings_for(empty_url)) for _ in range(4)]
    try:
        for _ in range(2):
            await let_pass(services, datetime.now(UTC) - timedelta(minutes=1))
            await asyncio.gather(*(one.schedules.start_due() for one in crowd * 2))
            while await services.schedules.start_due():
                pass
    finally:
        for one in crowd:
            await one.close()
    jobs = await all_jobs(services, caller)
    slots = [await started(services, caller, schedule) for schedule in made]
    assert len(jobs) == sum(map(len, slots))
    assert all(len(set(times)) == len(times) for times in slots)
    assert min(map(len, slots)) >= 1


async def test_a_slot_that_was_started_is_not_started_again(
    services: Services, caller: Caller
) -> None:
    made = await services.schedules.create(caller, NEW)
    slot = cron.last_until("0 3 * * *", "UTC", datetime(2026, 1, 1, 3, tzinfo=UTC), _now())
    await services.schedules.change(caller, made.id, {"zone": "UTC"})
    for _ in range(2):  # as if the clock were set back in between
        await let_pass(services, slot)
        await services.schedules.start_due()
    assert await started(services, caller, made) == [slot]
    assert len(await all_jobs(services, caller)) == 1


def _now() -> datetime:
    return datetime.now(UTC)


async def test_of_the_slots_that_were_missed_the_last_one_is_made_up_for(
    services: Services, caller: Caller
) -> None:
    made = await services.schedules.create(caller, NEW | {"cron": "0 * * * *"})
    now = _now()
    await let_pass(services, now.replace(minute=0, second=0, microsecond=0) - timedelta(days=3))
    await services.schedules.start_due()
    (slot,) = await started(services, caller, made)
    assert now - timedelta(hours=1) < slot <= _now()
    assert (await services.schedules.get(caller, made.id)).next_at > now


async def test_a_refused_start_is_kept_with_its_slot_and_the_next_one_is_tried(
    services: Services, caller: Caller
) -> None:
    made = await services.schedules.create(caller, NEW)
    campaign = await services.campaigns.named(caller, "name", "Spring")
    await services.campaigns.change(caller, campaign.id, {"state": CampaignState.ENDED})
    await let_pass(services, _now() - timedelta(minutes=1))
    other = await services.schedules.create(caller, NEW | {"name": "other"} | {"enabled": False})
    await services.schedules.start_due()
    (slot,) = (await services.schedules.slots(caller, made.id)).items
    assert slot.job_id is None
    assert str(slot.error).startswith("WrongState: ")
    assert await all_jobs(services, caller) == []
    assert (await services.schedules.get(caller, made.id)).next_at > _now()
    assert (await services.schedules.slots(caller, other.id)).items == []


async def test_a_paused_schedule_starts_nothing_and_makes_up_for_nothing(
    services: Services, caller: Caller
) -> None:
    made = await services.schedules.create(caller, NEW)
    await services.schedules.change(caller, made.id, {"enabled": False})
    await let_pass(services, _now() - timedelta(days=1))
    await services.schedules.start_due()
    resumed = await services.schedules.change(caller, made.id, {"enabled": True})
    assert resumed.next_at > _now()
    await services.schedules.start_due()
    assert await all_jobs(services, caller) == []


async def test_a_schedule_can_be_run_by_hand(services: Services, caller: Caller) -> None:
    made = await services.schedules.create(caller, NEW | {"enabled": False})
    job = await services.schedules.run(caller, made.id)
    assert job.state == JobState.WAITING
    (slot,) = (await services.schedules.slots(caller, made.id)).items
    assert (slot.job_id, slot.error) == (job.id, None)


async def test_slots_come_in_pages_the_latest_first_and_old_ones_are_forgotten(
    services: Services, caller: Caller
) -> None:
    made = await services.schedules.create(caller, NEW)
    jobs = [(await services.schedules.run(caller, made.id)).id for _ in range(5)]
    page = await services.schedules.slots(caller, made.id, limit=3)
    assert [slot.job_id for slot in page.items] == jobs[:1:-1]
    rest = await services.schedules.slots(caller, made.id, after=page.next_after, limit=3)
    assert [slot.job_id for slot in rest.items] == jobs[1::-1]
    assert rest.next_after is None
    async with services.database.write() as tx:
        old = schedule_slots.c.job_id.in_(jobs[:4])
        long_ago = _now() - timedelta(days=91)
        await tx.execute(update(schedule_slots).where(old).values(created_at=long_ago))
    await services.schedules.prune()
    kept = (await services.schedules.slots(caller, made.id)).items
    assert [slot.job_id for slot in kept] == jobs[4:]


# --- the rules ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cron": "* * * *"}, "cron"),
        ({"cron": "* * * * * *"}, "cron"),
        ({"cron": "@daily x x x x"}, "cron"),
        ({"cron": "61 * * * *"}, "cron"),
        ({"cron": "0 0 30 2 *"}, "cron"),
        ({"cron": "R R * * *"}, "cron"),
        ({"cron": "0 0 * * nobody"}, "cron"),
        ({"cron": "0 3 * * *" + " " * 100}, "cron"),
        ({"zone": "Europe/Atlantis"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"zone": ""}, "zone"),
        ({"kind": "import_codes"}, "kind"),
        ({"parameters": {"campaign": "Spring"}}, "parameters.count"),
        ({"parameters": {"campaign": "Spring", "count": True}}, "parameters.count"),
        ({"parameters": {"count": 5}}, "parameters.campaign"),
        ({"parameters": {"campaign": "Spring", "count": 5, "more": 1}}, "parameters.more"),
        ({"parameters": [1]}, "parameters"),
        ({"next_at": None}, "next_at"),
    ],
)
async def test_what_can_not_be_a_schedule_is_refused(
    services: Services, caller: Caller, changes: dict[str, Any], field: str
) -> None:
    made = await services.schedules.create(caller, NEW)
    with pytest.raises(InvalidValue) as refused:
        await services.schedules.create(caller, NEW | {"name": "other"} | changes)
    assert refused.value.field == field
    with pytest.raises(InvalidValue):
        await services.schedules.change(caller, made.id, changes)
    assert await services.schedules.get(caller, made.id) == made


async def test_a_schedule_needs_a_name_of_its_own_and_a_campaign(
    services: Services, caller: Caller
) -> None:
    await services.schedules.create(caller, NEW)
    with pytest.raises(AlreadyExists):
        await services.schedules.create(caller, NEW)
    with pytest.raises(MissingValue):
        await services.schedules.create(caller, {"name": "x", "cron": "* * * * *"})
    parameters = {"campaign": "Autumn", "count": 5}
    with pytest.raises(UnknownCampaign):
        await services.schedules.create(caller, NEW | {"name": "x", "parameters": parameters})


async def test_a_schedule_is_its_organizations_own(services: Services, caller: Caller) -> None:
    made = await services.schedules.create(caller, NEW)
    other = system(await services.access.create_organization("Another shop", []))
    for stranger, schedule_id in ((other, made.id), (caller, new_id()), (caller, "no id")):
        for use in (
            services.schedules.get,
            services.schedules.run,
            services.schedules.delete,
            services.schedules.slots,
        ):
            with pytest.raises(UnknownSchedule):
                await use(stranger, schedule_id)
    assert (await services.schedules.page(other)).items == []


async def test_a_schedule_needs_the_right_to_what_it_starts(
    services: Services, caller: Caller
) -> None:
    made = await services.schedules.create(caller, NEW)
    for missing in (Right.MANAGE_JOBS, Right.MANAGE_CAMPAIGNS):
        someone = replace(caller, rights=frozenset(Right) - {missing})
        with pytest.raises(NotPermitted):
            await services.schedules.create(someone, NEW | {"name": "other"})
        with pytest.raises(NotPermitted):
            await services.schedules.change(someone, made.id, {"enabled": False})
        with pytest.raises(NotPermitted):
            await services.schedules.run(someone, made.id)


# --- clocks that change ------------------------------------------------------------------------


def slots(expression: str, zone: str, start: str, count: int) -> list[str]:
    """Return the next moments in UTC, and see that looking back finds the same ones."""
    moment = datetime.fromisoformat(start).replace(tzinfo=UTC)
    found: list[str] = []
    for _ in range(count):
        following = cron.next_after(expression, zone, moment)
        assert following > moment
        again = cron.last_until(expression, zone, moment, following + timedelta(seconds=30))
        assert again == following
        moment = following
        found.append(moment.strftime("%m-%d %H:%M"))
    return found


def test_an_hour_that_comes_twice_counts_once_unless_the_job_is_for_every_hour() -> None:
    zone, start = "Europe/Berlin", "2026-10-24T12:00"
    assert slots("30 2 * * *", zone, start, 2) == ["10-25 00:30", "10-26 01:30"]
    hourly = slots("30 * * * *", zone, "2026-10-24T23:00", 4)
    assert hourly == ["10-24 23:30", "10-25 00:30", "10-25 01:30", "10-25 02:30"]


def test_an_hour_that_is_left_out_is_made_up_for() -> None:
    zone, start = "Europe/Berlin", "2026-03-28T12:00"
    assert slots("30 2 * * *", zone, start, 2) == ["03-29 01:00", "03-30 00:30"]


def test_utc_needs_no_data_about_zones() -> None:
    assert cron.zone_named("UTC") is UTC
    assert slots("0 0 29 2 *", "UTC", "2026-01-01T00:00", 1) == ["02-29 00:00"]
