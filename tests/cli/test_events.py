"""`largesse events` and `codes levels`: what becomes of pools."""

from uuid import uuid4

import pytest

from largesse.cli import campaigns
from largesse.core.campaigns.model import WhenEmpty
from largesse.services import open_services
from tests.cli.command import Largesse, columns, one_line
from tests.serving import settings_for


async def look(largesse: Largesse) -> None:
    """Be the worker once."""
    assert largesse.database is not None
    services = open_services(settings_for(largesse.database))
    await services.pools.check_due()
    await services.close()


@pytest.mark.parametrize("engine_name", ["sqlite", "postgres"])
async def test_a_pool_that_runs_low_is_listed(demo: Largesse) -> None:
    options = ("--alarm-level", "8", "--when-empty", "generate", "--state", "posted")
    low = await demo.json("campaigns", "create", "Low", *options)
    assert (low["alarm_level"], low["when_empty"]) == (8, "generate")
    await demo("codes", "import", "--campaign", "Low", "-", stdin="MINE-1\nMINE-2\n")
    await look(demo)
    found = await demo.json("events", "list", "--subject", low["id"], "--actor", "worker")
    assert [event["kind"] for event in found] == ["pool.low", "pool.generating"]
    assert found[0]["data"]["available"] == 2
    assert await demo.json("events", "show", found[0]["id"]) == found[0]
    assert await demo.json("events", "list", "--kind", "pool.low", "--limit", "9") == found[:1]
    (made,) = await demo.json(
        "events", "list", "--kind", "campaign.created", "--subject", low["id"]
    )
    assert (made["actor"], made["user_id"], made["before"]) == ("system", None, None)
    assert made["after"]["alarm_level"] == 8
    levels = await demo.json("codes", "levels", "--campaign", "Low")
    assert levels == {
        "campaign": "Low",
        "when_empty": "generate",
        "codes": {"available": 2},
        "alarm_level": 8,
        "level": 2,
        "available": 2,
        "exact": True,
        "codes_per_hour": None,
        "runs_out_at": None,
    }
    changed = await demo.json("campaigns", "change", "Low", "--alarm-level", "0")
    assert changed["alarm_level"] is None


async def test_events_are_columns_for_people(demo: Largesse) -> None:
    await demo("campaigns", "create", "Empty", "--alarm-level", "1", "--state", "posted")
    await look(demo)
    head, row = columns(await demo("events", "list", "--kind", "pool.empty"))
    assert head.split() == [
        "ID",
        *("CREATED", "AT"),
        "ACTOR",
        "KIND",
        *("SUBJECT", "ID"),
        "CHANGES",
    ]
    assert "pool.empty" in row
    assert "campaign Empty, alarm_level 1, level 0, available 0, exact yes" in row


async def test_a_command_has_a_request_id_of_its_own(demo: Largesse) -> None:
    for name in ("One", "Two"):
        await demo("campaigns", "create", name)
    await demo("campaigns", "change", "Two", "--alarm-level", "7")
    about = ("events", "list", "--subject-kind", "campaign")
    one, two, changed = (await demo.json(*about))[-3:]
    assert len({line["request_id"] for line in (one, two, changed)}) == 3
    assert await demo.json("events", "list", "--request", two["request_id"]) == [two]
    assert (changed["before"], changed["after"]) == ({"alarm_level": None}, {"alarm_level": 7})
    since = ("--since", one["created_at"].partition(".")[0] + "+0000")
    assert [line for line in await demo.json(*about, *since) if line == changed] == [changed]
    assert await demo.json(*about, "--until", "2020-01-31") == []
    (_, row) = columns(await demo(*about, "--kind", "campaign.changed", "--actor", "system"))
    assert "alarm_level None → 7" in row


async def test_what_is_no_event_is_refused(demo: Largesse) -> None:
    unknown = str(uuid4())
    one_line(await demo("events", "show", unknown), unknown)
    one_line(await demo("codes", "levels", "--campaign", "No"), "'No'")
    assert await demo.json("events", "list", "--kind", "pool.lost") == []
    assert (await demo("events", "list", "--since", "yesterday")).code == 2
    assert (await demo("events", "delete", unknown)).code == 2
    assert (await demo("campaigns", "create", "x", "--alarm-level", "-1")).code == 2


def test_the_choices_of_options_are_the_cores() -> None:
    assert list(campaigns.WHEN_EMPTY) == [value.value for value in WhenEmpty]
