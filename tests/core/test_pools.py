"""Pools are watched: each level is told of once, and it is foreseen when one runs out."""

import asyncio
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import delete, select, text

from largesse.core.access.model import Caller, organizations, system
from largesse.core.campaigns.model import Campaign
from largesse.core.codes.model import CampaignRef
from largesse.core.customers.model import ByCustomer, Identifier
from largesse.core.errors import NotPermitted, UnknownCampaign
from largesse.core.events.model import Event, events
from largesse.core.pools.model import (
    LEAST,
    MOST,
    codes_needed,
    level_of,
    levels,
    pool_alarms,
)
from largesse.services import Services, open_services
from tests.core.hand import START, Hand
from tests.core.people import nobody
from tests.core.shop import run_jobs
from tests.serving import settings_for

HOUR = timedelta(hours=1)
ADA = ByCustomer(Identifier.PROFILE_ID, "ada")


@pytest.fixture
def owner(keeper: Caller) -> Caller:
    return keeper


def ref(campaign: Campaign) -> CampaignRef:
    return CampaignRef("id", campaign.id.hex)


async def posted(
    services: Services, owner: Caller, *, codes: int = 0, name: str = "Spring", **values: Any
) -> Campaign:
    """Post a campaign with so many codes."""
    campaign = await services.campaigns.create(owner, {"name": name, "state": "posted"} | values)
    if codes:
        await services.codes.generate(owner, ref(campaign), codes)
    return campaign


async def give(services: Services, owner: Caller, campaign: Campaign, count: int) -> None:
    await asyncio.gather(*(services.codes.request(owner, ref(campaign), ADA) for _ in range(count)))


async def told(services: Services, owner: Caller) -> list[tuple[str, int | None, int]]:
    """Return the kind, level and codes left of every event, first to last."""
    return [(e.kind, e.data["level"], e.data["available"]) for e in await of_pools(services, owner)]


async def of_pools(services: Services, owner: Caller) -> list[Event]:
    """Return every event of a pool, first to last."""
    page = await services.events.page(owner, limit=1000)
    return [event for event in page.items if event.kind.startswith("pool.")]


async def watched(services: Services) -> list[Any]:
    async with services.database.read() as tx:
        return list(await tx.rows(select(pool_alarms)))


def test_levels_are_the_halves_down_to_none() -> None:
    assert list(levels(20)) == [20, 10, 5, 2, 1, 0]
    assert list(levels(0)) == [0]
    found = [level_of(available, 20) for available in (21, 20, 11, 10, 6, 5, 3, 2, 1, 0)]
    assert found == [None, 20, 20, 10, 10, 5, 5, 2, 1, 0]


async def test_its_size_is_what_it_ever_had(services: Services, owner: Caller) -> None:
    campaign = await posted(services, owner, codes=5)
    await give(services, owner, campaign, 2)
    assert await services.pools.size(owner, ref(campaign)) == 5
    with pytest.raises(UnknownCampaign):
        await services.pools.size(owner, CampaignRef("name", "None"))


class TestAlarms:
    async def test_each_level_is_told_of_once(self, eager: Services, owner: Caller) -> None:
        campaign = await posted(eager, owner, codes=10, alarm_level=8)
        for _ in range(10):
            await eager.pools.check_due()
            await eager.pools.check_due()
            await give(eager, owner, campaign, 1)
        await eager.pools.check_due()
        assert await told(eager, owner) == [
            ("pool.low", 8, 8),
            ("pool.low", 4, 4),
            ("pool.low", 2, 2),
            ("pool.low", 1, 1),
            ("pool.empty", 0, 0),
        ]

    async def test_of_levels_that_are_skipped_only_the_lowest_is_told(
        self, eager: Services, owner: Caller
    ) -> None:
        campaign = await posted(eager, owner, codes=20, alarm_level=8)
        await eager.pools.check_due()
        await give(eager, owner, campaign, 17)
        await eager.pools.check_due()
        (event,) = await of_pools(eager, owner)
        assert (event.kind, event.subject_kind) == ("pool.low", "campaign")
        assert event.subject_id == str(campaign.id)
        assert event.data == {
            "campaign": "Spring",
            "alarm_level": 8,
            "level": 4,
            "available": 3,
            "exact": True,
            "codes_per_hour": None,
            "runs_out_at": None,
        }

    async def test_a_pool_is_told_of_again_once_it_was_refilled(
        self, eager: Services, owner: Caller
    ) -> None:
        campaign = await posted(eager, owner, codes=3, alarm_level=4)
        for change in (0, 3, -3, 2, 0, -4, 0):
            if change > 0:
                await eager.codes.generate(owner, ref(campaign), change)
            await give(eager, owner, campaign, max(0, -change))
            await eager.pools.check_due()
        # From 6 back to 3, to 5 and 1: every way up and down is told of.
        assert await told(eager, owner) == [
            ("pool.low", 4, 3),
            ("pool.refilled", None, 6),
            ("pool.low", 4, 3),
            ("pool.refilled", None, 5),
            ("pool.low", 1, 1),
        ]

    async def test_a_pool_that_swings_below_its_level_says_nothing_new(
        self, eager: Services, owner: Caller
    ) -> None:
        campaign = await posted(eager, owner, codes=2, alarm_level=8)
        await eager.pools.check_due()
        for _ in range(3):
            await eager.codes.generate(owner, ref(campaign), 5)
            await eager.pools.check_due()
            await give(eager, owner, campaign, 5)
            await eager.pools.check_due()
        assert await told(eager, owner) == [("pool.low", 2, 2)]

    async def test_another_alarm_level_begins_anew(self, eager: Services, owner: Caller) -> None:
        campaign = await posted(eager, owner, codes=5, alarm_level=8)
        await eager.pools.check_due()
        for alarm_level in (4, 20, None, 5):
            await eager.campaigns.change(owner, campaign.id, {"alarm_level": alarm_level})
            await eager.pools.check_due()
            assert len(await watched(eager)) == (alarm_level is not None)
        assert await told(eager, owner) == [
            ("pool.low", 8, 5),
            ("pool.low", 5, 5),
            ("pool.low", 5, 5),
        ]

    async def test_only_posted_campaigns_with_a_pool_are_watched(
        self, eager: Services, owner: Caller
    ) -> None:
        draft = await posted(eager, owner, name="Draft", state="draft", alarm_level=5)
        await posted(eager, owner, name="None", code_source="on_request", alarm_level=5)
        await posted(eager, owner, name="Quiet")
        assert await watched(eager) == []
        await eager.campaigns.change(owner, draft.id, {"state": "posted"})
        await eager.pools.check_due()
        assert await told(eager, owner) == [("pool.empty", 0, 0)]
        await eager.campaigns.change(owner, draft.id, {"state": "ended"})
        await eager.pools.check_due()
        assert await watched(eager) == []

    async def test_the_largest_alarm_level_is_one(self, eager: Services, owner: Caller) -> None:
        await posted(eager, owner, codes=2, alarm_level=2**63 - 1)
        await eager.pools.check_due()
        assert await told(eager, owner) == [("pool.low", 3, 2)]

    async def test_codes_that_are_given_back_are_found_before_an_alarm(
        self, eager: Services, owner: Caller
    ) -> None:
        campaign = await posted(eager, owner, codes=12, alarm_level=4)
        await give(eager, owner, campaign, 6)
        await eager.pools.check_due()
        async with eager.database.write() as tx:
            await tx.execute(text("UPDATE codes SET state = 'available' WHERE pos <= 3"))
        async with eager.database.write() as tx:
            await tx.execute(text("UPDATE codes SET state = 'cancelled' WHERE pos >= 9"))
        await eager.pools.check_due()
        assert await told(eager, owner) == []
        assert (await eager.pools.forecast(owner, ref(campaign))).codes_per_hour is None
        await give(eager, owner, campaign, 2)
        await eager.pools.check_due()
        assert await told(eager, owner) == [("pool.low", 4, 3)]

    async def test_codes_that_have_expired_are_not_left(
        self, eager: Services, owner: Caller, hand: Hand
    ) -> None:
        soon = {"codes_expire_at": START + HOUR}
        campaign = await posted(eager, owner, codes=6, alarm_level=4, **soon)
        await eager.campaigns.change(owner, campaign.id, {"codes_expire_at": START + 9 * HOUR})
        await eager.codes.generate(owner, ref(campaign), 3)
        await eager.pools.check_due()
        hand.at += HOUR
        await eager.pools.check_due()
        assert await told(eager, owner) == [("pool.low", 4, 3)]
        # They were passed over, not given out.
        foreseen = await eager.pools.forecast(owner, ref(campaign))
        assert (foreseen.codes_per_hour, foreseen.runs_out_at) == (0, None)
        hand.at += 9 * HOUR
        await eager.pools.check_due()
        assert (await told(eager, owner))[1:] == [("pool.empty", 0, 0)]


class TestWorkers:
    async def test_several_of_them_tell_of_a_level_once(
        self, eager: Services, owner: Caller, empty_url: str
    ) -> None:
        other = open_services(settings_for(empty_url, pool_check_seconds=0))
        campaigns = [
            await posted(eager, owner, codes=4, alarm_level=3, name=f"{number}")
            for number in range(3)
        ]
        for left in (3, 1, 0):
            for campaign in campaigns:
                await give(eager, owner, campaign, 2 if left == 1 else 1)
            looks = (s.pools.check_due() for s in (eager, other) for _ in range(5))
            assert set(await asyncio.gather(*looks)) == {False}
        await other.close()
        found = await told(eager, owner)
        wanted = [("pool.low", 3, 3), ("pool.low", 1, 1), ("pool.empty", 0, 0)]
        assert sorted(found) == sorted(wanted * 3)

    async def test_each_pool_is_looked_at_once_in_a_while(
        self, eager: Services, owner: Caller, empty_url: str
    ) -> None:
        patient = open_services(settings_for(empty_url, pool_check_seconds=600))
        campaign = await posted(eager, owner, codes=3, alarm_level=2)
        await patient.pools.check_due()
        await give(eager, owner, campaign, 3)
        await patient.pools.check_due()
        await eager.pools.check_due()
        assert await told(eager, owner) == []
        # Half an hour later, by the database's clock.
        async with eager.database.write() as tx:
            past = tx.engine.now(plus_seconds=-1800)
            await tx.execute(pool_alarms.update().values(due_at=past))
        await patient.pools.check_due()
        await patient.close()
        assert await told(eager, owner) == [("pool.empty", 0, 0)]

    async def test_more_pools_than_fit_in_one_batch_are_all_looked_at(
        self, eager: Services, owner: Caller, empty_url: str
    ) -> None:
        patient = open_services(settings_for(empty_url, pool_check_seconds=600))
        for number in range(23):
            await posted(eager, owner, alarm_level=2, name=f"{number}")
        assert await patient.pools.check_due()
        assert not await patient.pools.check_due()
        await patient.close()
        assert await told(eager, owner) == [("pool.empty", 0, 0)] * 23

    async def test_a_fault_with_one_pool_leaves_the_others_alone(
        self, eager: Services, owner: Caller
    ) -> None:
        broken = await posted(eager, owner, alarm_level=2, name="Broken")
        await posted(eager, owner, alarm_level=2, name="Whole")
        # No place can be behind the last one that there is.
        last = {"place": 2**63 - 1, "top": 2**63 - 1}
        async with eager.database.write() as tx:
            of_broken = pool_alarms.c.campaign_id == broken.id
            await tx.execute(pool_alarms.update().where(of_broken).values(last))
        await eager.pools.check_due()
        (event,) = await of_pools(eager, owner)
        assert event.data["campaign"] == "Whole"


class TestForecast:
    async def test_it_follows_the_present_rate(
        self, eager: Services, owner: Caller, hand: Hand
    ) -> None:
        campaign = await posted(eager, owner, codes=200, alarm_level=20)
        await eager.pools.check_due()
        first = await eager.pools.forecast(owner, ref(campaign))
        assert (first.available, first.exact, first.level) == (200, False, None)
        assert (first.codes_per_hour, first.runs_out_at) == (None, None)
        await give(eager, owner, campaign, 20)
        hand.at += HOUR / 4
        # Between two looks it counts what has gone since.
        early = await eager.pools.forecast(owner, ref(campaign))
        assert (early.available, early.codes_per_hour) == (180, 80)
        assert early.runs_out_at == hand.at + HOUR * 180 / 80
        for _ in range(6):
            hand.at += HOUR / 4
            await give(eager, owner, campaign, 10)
            await eager.pools.check_due()
        later = await eager.pools.forecast(owner, ref(campaign))
        assert (later.available, later.codes_per_hour) == (120, 40)
        assert later.runs_out_at == hand.at + 3 * HOUR
        await give(eager, owner, campaign, 105)
        hand.at += HOUR / 4
        await eager.pools.check_due()
        (event,) = await of_pools(eager, owner)
        assert (event.data["available"], event.data["exact"]) == (15, True)
        assert event.data["codes_per_hour"] > 100
        runs_out_at = datetime.fromisoformat(event.data["runs_out_at"])
        assert hand.at < runs_out_at < hand.at + HOUR / 4

    async def test_it_forgets_what_is_long_ago(
        self, eager: Services, owner: Caller, hand: Hand
    ) -> None:
        campaign = await posted(eager, owner, codes=50, alarm_level=5)
        await eager.pools.check_due()
        await give(eager, owner, campaign, 30)
        for _ in range(5):
            hand.at += HOUR / 2
            await eager.pools.check_due()
        quiet = await eager.pools.forecast(owner, ref(campaign))
        assert (quiet.available, quiet.codes_per_hour, quiet.runs_out_at) == (20, 0, None)

    async def test_codes_that_are_put_in_do_not_count_as_gone(
        self, eager: Services, owner: Caller, hand: Hand
    ) -> None:
        campaign = await posted(eager, owner, codes=10, alarm_level=5)
        await eager.pools.check_due()
        await give(eager, owner, campaign, 10)
        hand.at += HOUR / 4
        await eager.pools.check_due()
        await eager.codes.generate(owner, ref(campaign), 100)
        hand.at += HOUR / 4
        await eager.pools.check_due()
        found = await eager.pools.forecast(owner, ref(campaign))
        assert (found.available, found.exact, found.codes_per_hour) == (100, False, 20)

    async def test_what_lies_centuries_ahead_is_none(
        self, eager: Services, owner: Caller, hand: Hand
    ) -> None:
        campaign = await posted(eager, owner, codes=100, alarm_level=200)
        await eager.pools.check_due()
        await give(eager, owner, campaign, 1)
        hand.at += timedelta(days=10_000)
        found = await eager.pools.forecast(owner, ref(campaign))
        assert (found.available, found.exact, found.runs_out_at) == (99, True, None)

    async def test_a_pool_that_nobody_watches_has_no_rate(
        self, eager: Services, owner: Caller
    ) -> None:
        campaign = await posted(eager, owner, codes=30)
        await give(eager, owner, campaign, 10)
        found = await eager.pools.forecast(owner, ref(campaign))
        assert (found.alarm_level, found.level, found.codes_per_hour) == (None, None, None)
        assert (found.available, found.exact) == (20, False)

    async def test_it_needs_the_right_to_read(self, eager: Services, owner: Caller) -> None:
        campaign = await posted(eager, owner, codes=1)
        with pytest.raises(NotPermitted):
            await eager.pools.forecast(await nobody(eager), ref(campaign))
        stranger = system(await eager.access.create_organization("Other", []))
        with pytest.raises(UnknownCampaign):
            await eager.pools.forecast(stranger, ref(campaign))


class TestRefills:
    async def test_one_job_is_started_for_one_need(
        self, eager: Services, owner: Caller, empty_url: str
    ) -> None:
        other = open_services(settings_for(empty_url, pool_check_seconds=0))
        campaign = await posted(eager, owner, codes=6, alarm_level=5, when_empty="generate")
        await give(eager, owner, campaign, 4)
        await asyncio.gather(*(s.pools.check_due() for s in (eager, other) for _ in range(5)))
        await other.close()
        (job,) = (await eager.jobs.page(owner)).items
        assert (job.kind, job.state, job.total) == ("generate_codes", "waiting", 10)
        assert eager.wakeups.jobs.is_set() or other.wakeups.jobs.is_set()
        await run_jobs(eager)
        for _ in range(3):
            await eager.pools.check_due()
        assert await told(eager, owner) == [
            ("pool.low", 2, 2),
            ("pool.generating", 2, 2),
            ("pool.refilled", None, 12),
        ]
        _, generating, _ = await of_pools(eager, owner)
        assert generating.data["count"] == 10
        assert generating.data["job_id"] == str(job.id)
        assert len((await eager.jobs.page(owner)).items) == 1
        # The next need gets a job of its own.
        await give(eager, owner, campaign, 12)
        await eager.pools.check_due()
        await eager.pools.check_due()
        assert len((await eager.jobs.page(owner)).items) == 2

    async def test_one_that_did_not_do_is_followed_by_another(
        self, eager: Services, owner: Caller
    ) -> None:
        campaign = await posted(eager, owner, codes=3, alarm_level=3, when_empty="generate")
        for _ in range(3):
            await eager.pools.check_due()
            await run_jobs(eager)
            await give(eager, owner, campaign, 6)
        jobs = (await eager.jobs.page(owner)).items
        assert [(job.state, job.total) for job in jobs] == [("done", 6)] * 3

    async def test_a_pool_without_an_alarm_level_is_filled_when_it_is_empty(
        self, eager: Services, owner: Caller
    ) -> None:
        campaign = await posted(eager, owner, codes=1, when_empty="generate")
        await eager.pools.check_due()
        assert await told(eager, owner) == []
        await give(eager, owner, campaign, 1)
        await eager.pools.check_due()
        await run_jobs(eager)
        await eager.pools.check_due()
        assert await told(eager, owner) == [("pool.generating", 0, 0)]
        assert (await eager.pools.forecast(owner, ref(campaign))).available == LEAST
        await give(eager, owner, campaign, 1)

    async def test_a_job_that_was_cancelled_is_not_started_again(
        self, eager: Services, owner: Caller
    ) -> None:
        campaign = await posted(eager, owner, codes=2, alarm_level=3, when_empty="generate")
        await eager.pools.check_due()
        (job,) = (await eager.jobs.page(owner)).items
        await eager.jobs.cancel(owner, job.id)
        await eager.pools.check_due()
        await eager.pools.check_due()
        assert len((await eager.jobs.page(owner)).items) == 1
        last = (await of_pools(eager, owner))[-1]
        assert (last.kind, last.data["obstacle"]) == ("pool.not_refilled", "job_stopped")
        await eager.jobs.resume(owner, job.id)
        await run_jobs(eager)
        await eager.pools.check_due()
        assert [kind for kind, _, _ in await told(eager, owner)] == [
            "pool.low",
            "pool.generating",
            "pool.not_refilled",
            "pool.refilled",
        ]
        await give(eager, owner, campaign, 8)
        await eager.pools.check_due()
        assert len((await eager.jobs.page(owner)).items) == 2

    @pytest.mark.parametrize(
        ("values", "obstacle"),
        [
            ({"code_alphabet": "0123456789", "code_length": 3}, "no_room"),
            ({"codes_in_all": 1}, "codes_in_all"),
            ({"codes_expire_at": START - HOUR}, "codes_expired"),
        ],
    )
    async def test_what_is_in_the_way_is_told_once(
        self, eager: Services, owner: Caller, values: dict[str, Any], obstacle: str
    ) -> None:
        campaign = await posted(
            eager, owner, codes=1, alarm_level=3, when_empty="generate", **values
        )
        for _ in range(3):
            await eager.pools.check_due()
        found = [e for e in await of_pools(eager, owner) if "obstacle" in e.data]
        assert [(e.kind, e.data["obstacle"]) for e in found] == [("pool.not_refilled", obstacle)]
        assert (await eager.jobs.page(owner)).items == []
        # Once it is out of the way there is a job.
        out = {"code_length": 9, "codes_in_all": None, "codes_expire_at": None}
        await eager.campaigns.change(owner, campaign.id, out)
        await eager.pools.check_due()
        assert len((await eager.jobs.page(owner)).items) == 1

    async def test_the_format_is_filled_as_far_as_it_goes(
        self, eager: Services, owner: Caller
    ) -> None:
        tight = {"code_alphabet": "0123456789", "code_length": 4}
        await posted(eager, owner, codes=3, alarm_level=5, when_empty="generate", **tight)
        await eager.pools.check_due()
        (job,) = (await eager.jobs.page(owner)).items
        assert job.total == 5  # 10 are wanted, and of the 10,000 codes one in 1,000 may be used

    def test_a_days_need_is_made_if_that_is_more(self) -> None:
        def needed(alarm_level: int | None, rate: float | None, **more: Any) -> int:
            campaign = SimpleNamespace(alarm_level=alarm_level, codes_in_all=None, **more)
            return codes_needed(campaign, rate, made=7)  # type: ignore[arg-type]

        assert needed(100, None) == needed(100, 8.3) == 200
        assert needed(100, 8.35) == 201
        assert needed(None, 0) == needed(None, None) == LEAST
        assert needed(None, 1) == 24
        assert needed(2**62, None) == MOST


async def test_a_campaign_goes_with_what_is_known_of_its_pool(
    eager: Services, owner: Caller
) -> None:
    campaign = await posted(eager, owner, alarm_level=5)
    await eager.pools.check_due()
    await eager.campaigns.delete(owner, campaign.id)
    assert await watched(eager) == []
    assert await told(eager, owner) == [("pool.empty", 0, 0)]


async def test_an_organization_goes_with_its_events(eager: Services, owner: Caller) -> None:
    await posted(eager, owner, alarm_level=5)
    await eager.pools.check_due()
    async with eager.database.write() as tx:
        await tx.execute(delete(organizations).where(organizations.c.id == owner.organization_id))
        assert await tx.rows(select(events)) == []
        assert await tx.rows(select(pool_alarms)) == []


async def test_campaigns_are_changed_while_their_pools_are_looked_at(
    eager: Services, owner: Caller
) -> None:
    campaigns = [
        await posted(eager, owner, codes=1, alarm_level=5, name=f"Old {n}") for n in range(4)
    ]

    async def look() -> None:
        for _ in range(20):
            await eager.pools.check_due()

    async def change(campaign: Campaign) -> None:
        for number in range(20):
            # What is unique is locked more strictly than what is not.
            new = {"name": f"{campaign.name} {number}", "alarm_level": 5 + number}
            await eager.campaigns.change(owner, campaign.id, new)

    await asyncio.gather(look(), look(), *(change(campaign) for campaign in campaigns))
    await eager.pools.check_due()
    assert {row.alarm_level for row in await watched(eager)} == {24}
