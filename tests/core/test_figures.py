"""Figures: every line of the log counts once, whoever counts, and whenever somebody asks."""

import asyncio
import random
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, insert, select

from largesse.core import clock
from largesse.core.access.model import Caller, system
from largesse.core.campaigns.model import Campaign
from largesse.core.codes.model import CampaignRef
from largesse.core.customers.model import ByCustomer, Identifier
from largesse.core.errors import NotPermitted
from largesse.core.events.model import Event, EventKind, events
from largesse.core.events.store import event_row
from largesse.core.figures import service
from largesse.core.figures.model import Count, Span, What, figures
from largesse.core.ids import first_id_at
from largesse.services import Services, open_services
from tests.core.hand import Hand
from tests.core.people import nobody
from tests.serving import settings_for

NOW = datetime(2026, 3, 30, 12, 7, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")
KOLKATA = ZoneInfo("Asia/Kolkata")
ADA = ByCustomer(Identifier.PROFILE_ID, "ada")


@pytest.fixture
def hand(hand: Hand) -> Hand:
    hand.at = NOW
    return hand


@pytest.fixture
async def owner(services: Services) -> Caller:
    return system(await services.access.create_organization("Shop", []))


async def happen(
    services: Services,
    owner: Caller,
    *moments: datetime,
    what: EventKind = EventKind.SUBSCRIBED,
    subject: str = "x",
) -> None:
    """Write lines of the log as if they had been made at these moments."""
    rows = []
    for moment in moments:
        made = UUID(int=first_id_at(moment).int + random.getrandbits(62))
        rows.append(
            event_row(owner, what, ("subscription", subject)) | {"id": made, "created_at": moment}
        )
    async with services.database.write() as tx:
        await tx.execute(insert(events), rows)


async def roll_up(services: Services) -> None:
    while await services.figures.roll_up():
        pass


async def count(services: Services, owner: Caller, since: datetime, until: datetime) -> int:
    (found,) = await services.figures.counts(owner, What.SUBSCRIBED, [Span(since, until)])
    return found.count


async def kept(services: Services) -> int:
    """Return how many lines the figures hold."""
    async with services.database.read() as tx:
        return int(await tx.value(select(func.coalesce(func.sum(figures.c.count), 0))))


async def test_what_is_old_enough_is_counted_once_and_the_rest_when_asked(
    services: Services, owner: Caller, hand: Hand
) -> None:
    await happen(services, owner, NOW - HOUR, NOW - timedelta(minutes=6), NOW - service.MARGIN / 2)
    assert await count(services, owner, NOW - 2 * HOUR, NOW) == 3
    await roll_up(services)
    assert await kept(services) == 2
    assert await count(services, owner, NOW - 2 * HOUR, NOW) == 3
    await roll_up(services)
    assert await kept(services) == 2
    # One that was made before the last that is counted, and committed late, is not lost.
    await happen(services, owner, NOW - timedelta(minutes=4))
    hand.at = NOW + HOUR
    await roll_up(services)
    assert await kept(services) == 4
    assert await count(services, owner, NOW - 2 * HOUR, NOW + HOUR) == 4


async def test_any_number_of_workers_count_each_line_once(
    services: Services, owner: Caller, hand: Hand, empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 7)
    moments = [NOW - timedelta(minutes=10 + n) for n in range(100)]
    await happen(services, owner, *moments)
    others = [open_services(settings_for(empty_url)) for _ in range(2)]
    try:
        await asyncio.gather(*(roll_up(one) for one in (services, *others)))
    finally:
        for one in others:
            await one.close()
    assert await kept(services) == 100
    assert await count(services, owner, NOW - 3 * HOUR, NOW) == 100


async def test_a_span_may_end_at_any_moment(services: Services, owner: Caller, hand: Hand) -> None:
    yesterday = NOW - 24 * HOUR
    await happen(services, owner, *(yesterday + timedelta(minutes=n) for n in (-30, -1, 1, 30)))
    start = yesterday.replace(hour=0, minute=0, second=0)
    assert await count(services, owner, start, yesterday) == 2
    await roll_up(services)
    assert await count(services, owner, start, yesterday) == 2
    assert await count(services, owner, start, start + 24 * HOUR) == 4
    assert await count(services, owner, start - 24 * HOUR, start) == 0


async def test_days_are_those_of_who_looks(services: Services, owner: Caller, hand: Hand) -> None:
    """The night of 29 March is an hour shorter in Berlin; India's days begin at half past."""
    await happen(
        services,
        owner,
        datetime(2026, 3, 28, 22, 59, tzinfo=UTC),
        datetime(2026, 3, 28, 23, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 21, 59, tzinfo=UTC),
        datetime(2026, 3, 29, 22, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 18, 29, tzinfo=UTC),
        datetime(2026, 3, 29, 18, 30, tzinfo=UTC),
    )
    for _ in range(2):
        for zone, expected in ((BERLIN, [1, 4, 1]), (KOLKATA, [0, 3, 3])):
            found = await services.figures.per_day(
                owner, What.SUBSCRIBED, until=date(2026, 3, 30), days=3, zone=zone
            )
            assert [one.day.day for one in found] == [28, 29, 30]
            assert [one.count for one in found] == expected
        await roll_up(services)


async def test_an_organization_counts_its_own(
    services: Services, owner: Caller, hand: Hand
) -> None:
    other = system(await services.access.create_organization("Other", []))
    await happen(services, owner, NOW - HOUR, NOW)
    await happen(services, other, NOW - HOUR)
    await happen(services, other, NOW - HOUR, what=EventKind.UNSUBSCRIBED)
    for _ in range(2):
        assert await count(services, owner, NOW - 2 * HOUR, NOW + HOUR) == 2
        assert await count(services, other, NOW - 2 * HOUR, NOW + HOUR) == 1
        await roll_up(services)
    with pytest.raises(NotPermitted):
        await count(services, await nobody(services), NOW, NOW)
    assert await services.figures.counts(owner, What.ISSUED, []) == []


async def posted(services: Services, owner: Caller, name: str) -> Campaign:
    made = await services.campaigns.create(owner, {"name": name, "state": "posted"})
    await services.codes.generate(owner, CampaignRef("id", made.id.hex), 9)
    return made


async def test_codes_are_counted_for_their_campaigns_too(
    services: Services, owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    await services.customers.create(owner, {"identifiers": {"profile_id": "ada"}})
    spring, autumn = [await posted(services, owner, name) for name in ("SPRING", "AUTUMN")]
    for campaign, times in ((spring, 3), (autumn, 1)):
        for _ in range(times):
            await services.codes.request(owner, CampaignRef("id", campaign.id.hex), ADA)
    today = datetime.now(UTC).date()
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + HOUR)

    async def issued(campaign: Campaign | None) -> int:
        found = await services.figures.per_day(
            owner,
            What.ISSUED,
            until=today + timedelta(days=1),
            days=3,
            zone=UTC,
            campaign_id=campaign and campaign.id,
        )
        return sum(one.count for one in found)

    for _ in range(2):
        assert [await issued(one) for one in (None, spring, autumn)] == [4, 3, 1]
        await roll_up(services)
    assert await kept(services) == 8


async def test_no_question_reads_more_than_its_bound(
    services: Services, owner: Caller, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_LIVE", 5)
    await happen(services, owner, *(NOW - timedelta(seconds=n + 1) for n in range(9)))
    ask = [Span(NOW - HOUR, NOW + HOUR)]
    assert await services.figures.counts(owner, What.SUBSCRIBED, ask) == [Count(5, is_more=True)]
    hand.at = NOW + HOUR
    await roll_up(services)
    assert await services.figures.counts(owner, What.SUBSCRIBED, ask) == [Count(9)]


async def test_what_counts_is_what_happened(services: Services, owner: Caller) -> None:
    """The kinds of the log are those that are written."""
    await services.newsletter.subscribe(owner, "ada@example.com", source="test")
    page = await services.events.page(owner, kind=What.SUBSCRIBED.value)
    assert [type(one) for one in page.items] == [Event]
