"""The commands about schedules, and the rows of jobs as a sheet."""

import csv
import io

from tests.cli.command import Largesse, columns, one_line


async def test_a_schedule_is_added_paused_run_and_removed(largesse: Largesse) -> None:
    await largesse.json("organizations", "create", "My Shop")
    await largesse.json("campaigns", "create", "Spring", "--state", "posted")
    made = await largesse.json(
        *("schedules", "add", "nightly", "--cron", "0 3 * * *", "--zone", "Europe/Berlin"),
        *("--kind", "generate_codes", "-p", "campaign=Spring", "-p", "count=5"),
    )
    assert made["parameters"] == {"campaign": "Spring", "count": 5}
    assert made["enabled"] is True
    assert [row["name"] for row in await largesse.json("schedules", "list")] == ["nightly"]
    assert (await largesse.json("schedules", "pause", made["id"]))["enabled"] is False
    assert (await largesse.json("schedules", "resume", made["id"]))["enabled"] is True

    job = await largesse.json("schedules", "run", made["id"])
    (slot,) = await largesse.json("schedules", "slots", made["id"])
    assert (slot["job_id"], slot["error"]) == (job["job_id"], None)
    assert (await largesse.json("jobs", "resume", job["job_id"], "--here"))["state"] == "done"

    assert (await largesse.json("schedules", "remove", made["id"]))["removed"] is True
    assert columns(await largesse("schedules", "list")) == []
    one_line(await largesse("schedules", "run", made["id"]), "no schedule", made["id"])


async def test_a_schedule_that_can_not_be_is_refused_in_words(largesse: Largesse) -> None:
    await largesse.json("organizations", "create", "My Shop")
    add = ("schedules", "add", "x", "--kind", "generate_codes", "--cron")
    one_line(await largesse(*add, "* * *"), "cron")
    one_line(await largesse(*add, "* * * * *", "--zone", "Nowhere"), "zone")
    ran = await largesse(*add, "* * * * *", "-p", "count")
    assert ran.code == 2
    assert "NAME=VALUE" in ran.err


async def test_rows_that_failed_are_a_sheet(largesse: Largesse) -> None:
    await largesse.json("organizations", "create", "My Shop")
    await largesse.json("campaigns", "create", "Spring", "--state", "posted")
    sheet = 'AAAA\nAAAA\n"B,B B"\nCCCC\n'
    ran = await largesse(*("codes", "import", "--campaign", "Spring", "-", "--json"), stdin=sheet)
    job = ran.json["job"]
    shown = await largesse.json("jobs", "show", job)
    assert (shown["failed"], shown["done"], shown["state"]) == (2, 4, "done")
    ran = await largesse("jobs", "rows", job, "--outcome", "failed", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [(row["pos"], row["value"], row["outcome"]) for row in rows] == [
        ("2", "AAAA", "duplicate"),
        ("3", "B,B B", "invalid"),
    ]
    listed = await largesse.json("jobs", "rows", job, "--outcome", "duplicate")
    assert [row["pos"] for row in listed] == [2]
    ran = await largesse("jobs", "rows", job, "--format", "csv", "--json")
    assert ran.code == 2
