"""Codes by the thousand from the command line: jobs that can be stopped, and files of any kind."""

import csv
import json
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from largesse.core.access.model import system
from largesse.services import Services, open_services
from tests.cli.command import Largesse, Ran, columns, ended, one_line
from tests.core.test_jobs import pass_time
from tests.serving import settings_for

CC20 = ("--campaign", "Contact Center 20 EUR")
MANY = 100_000
"""Codes that take some chunks."""

BOTH = pytest.mark.parametrize("engine_name", ["sqlite", "postgres"])


@asynccontextmanager
async def opened(demo: Largesse) -> AsyncIterator[Services]:
    assert demo.database is not None
    services = open_services(settings_for(demo.database))
    try:
        yield services
    finally:
        await services.close()


async def available(demo: Largesse, name: str = CC20[1]) -> int:
    rows = await demo.json("campaigns", "list")
    return int(next(row for row in rows if row["name"] == name)["codes"]["available"])


async def stopped(demo: Largesse, number: signal.Signals) -> Ran:
    """Generate many codes, and send a signal once the first ones are there."""
    process = await demo.start("codes", "generate", *CC20, "--count", str(MANY))
    first = await process.stderr.readline()
    assert first.endswith(b" of 100,000 codes\n")
    process.send_signal(number)
    return await ended(process)


@BOTH
async def test_ctrl_c_cancels_cleanly_and_says_how_to_go_on(demo: Largesse) -> None:
    before = await available(demo)
    ran = await stopped(demo, signal.SIGINT)
    assert ran.code == 1
    said = re.search(
        r"Error: The job is cancelled at ([\d,]+) of 100,000 codes\. `largesse (jobs resume \S+ --here)` goes on",
        ran.err,
    )
    assert said is not None, ran.err
    assert await available(demo) == before + int(said[1].replace(",", ""))
    job = await demo.json(*said[2].split())
    assert (job["state"], job["counts"]) == ("done", {"added": MANY})
    assert await available(demo) == before + MANY


@BOTH
async def test_killed_in_the_middle_it_goes_on_and_makes_each_code_once(demo: Largesse) -> None:
    before = await available(demo)
    assert (await stopped(demo, signal.SIGKILL)).code == -signal.SIGKILL
    (job,) = await demo.json("jobs", "list")
    assert job["state"] == "running"
    assert await available(demo) == before + job["done"]
    async with opened(demo) as services:
        await pass_time(services)
    job = await demo.json("jobs", "resume", job["id"], "--here")
    assert (job["state"], job["counts"]) == ("done", {"added": MANY})
    assert await available(demo) == before + MANY


async def test_a_job_is_left_to_a_worker_and_watched(demo: Largesse) -> None:
    job = await demo.json("codes", "generate", *CC20, "--count", "30", "--background")
    assert (job["state"], job["added"]) == ("waiting", 0)
    resumed = await demo.json("jobs", "resume", job["job"], "--here")
    assert (resumed["state"], resumed["done"]) == ("done", 30)
    one_line(await demo("jobs", "resume", job["job"], "--here"), "the job is done")


async def test_what_can_not_go_on_says_why(demo: Largesse) -> None:
    job = await demo.json("codes", "generate", *CC20, "--count", "30", "--background")
    async with opened(demo) as services:
        (organization,) = await services.access.organizations()
        owner = system(organization)
        campaign = await services.campaigns.named(owner, "name", CC20[1])
        await services.campaigns.change(owner, campaign.id, {"state": "ended"})
    one_line(await demo("jobs", "resume", job["job"], "--here"), "campaign is ended", "--here")
    failed = await demo.json("jobs", "show", job["job"])
    assert (failed["state"], failed["done"]) == ("failed", 0)
    one_line(await demo("codes", "generate", *CC20, "--count", "30"), "campaign is ended")
    one_line(await demo("codes", "import", *CC20, "-", stdin="A1"), "campaign is ended")


class TestImport:
    async def test_lines_that_are_not_taken_are_told(self, demo: Largesse) -> None:
        file = demo.folder / "codes.csv"
        file.write_text("\ufeffcode\r\nMINE-1\r\n\r\n  MINE-2  \r\nmine-1\r\nNO 3\r\n")
        ran = await demo("codes", "import", *CC20, str(file), "--json")
        assert ran.code == 0, ran.err
        told = {name: ran.json[name] for name in ("state", "added", "duplicate", "invalid")}
        assert told == {"state": "done", "added": 2, "duplicate": 1, "invalid": 1}
        assert ran.err.splitlines()[-2:] == [
            "line 5: 'mine-1': the code stands in line 2 already",
            "line 6: 'NO 3': is no code (1 to 64 characters, no space)",
        ]
        assert (await demo.json("codes", "show", "mine-2"))["state"] == "available"

    async def test_they_are_written_into_a_file(self, demo: Largesse) -> None:
        lines = [f"OLD-{number}" for number in range(1200)]
        stdin = "\n".join(lines)
        assert (await demo("codes", "import", *CC20, "-", stdin=stdin)).code == 0
        errors = demo.folder / "errors.csv"
        ran = await demo(
            "codes", "import", *CC20, "-", "--errors", str(errors), "--json", stdin=stdin
        )
        assert ran.json["duplicate"] == 1200
        assert "line 1:" not in ran.err
        with errors.open(newline="") as opened_file:
            found = list(csv.reader(opened_file))
        assert found == [
            ["line", "value", "outcome", "reason"],
            *(
                [str(number), line, "duplicate", "the code exists already"]
                for number, line in enumerate(lines, 1)
            ),
        ]
        ran = await demo("codes", "import", *CC20, "-", stdin=stdin)
        assert ran.err.splitlines()[-1].startswith("1,195 more; `largesse jobs rows ")

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", ("file", "empty")),
            (b"code,code\nA1,A2\n", ("two columns 'code'",)),
            (b"code,price\nA1,1\n", ("column 'price'",)),
            ("code\nA1\n".encode("utf-16"), ("UTF-8",)),
            (b"PK\x03\x04\x14\0", ("UTF-8",)),
        ],
    )
    async def test_what_is_no_sheet_is_refused(
        self, demo: Largesse, content: bytes, words: tuple[str, ...]
    ) -> None:
        file = demo.folder / "codes.csv"
        file.write_bytes(content)
        one_line(await demo("codes", "import", *CC20, str(file)), *words)
        assert await demo.json("jobs", "list") == []
        assert (await demo("codes", "import", *CC20, "no-such-file")).code == 2


class TestExport:
    @pytest.fixture
    async def texts(self, demo: Largesse) -> list[str]:
        """The codes of the campaign, in the order of an export."""
        assert (await demo("codes", "generate", *CC20, "--count", "500")).code == 0
        lines = columns(await demo("codes", "export", *CC20, "--json"))
        return [json.loads(line)["code"] for line in lines]

    async def test_csv_goes_to_standard_output_or_into_a_file(
        self, demo: Largesse, texts: list[str]
    ) -> None:
        out = columns(await demo("codes", "export", *CC20, "--state", "available"))
        assert out[0].startswith("id,campaign_id,code,state,")
        assert [line.split(",")[2] for line in out[1:]] == texts
        file = demo.folder / "codes.csv"
        ran = await demo("codes", "export", *CC20, "--output", str(file))
        assert ran.err == f"{len(texts)} codes written to {file}\n"
        assert file.read_text().splitlines() == out
        assert columns(await demo("codes", "export", *CC20, "--state", "issued")) == out[:1]

    @pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9999, 1.0])
    async def test_one_that_was_cut_off_goes_on(
        self, demo: Largesse, texts: list[str], share: float
    ) -> None:
        file = demo.folder / "codes.csv"
        export = ("codes", "export", *CC20, "--output", str(file), "--resume")
        assert (await demo(*export)).code == 0
        whole = file.read_bytes()
        file.write_bytes(whole[: int(len(whole) * share)])
        assert (await demo(*export)).code == 0
        assert file.read_bytes() == whole
        assert len(whole.splitlines()) == len(texts) + 1

    async def test_it_goes_on_with_nothing_else(self, demo: Largesse) -> None:
        file = demo.folder / "codes.csv"
        for content, words in (
            ("my,own,file\n1,2,3\n", "no export of codes"),
            ("my own file", "no export of codes"),
        ):
            file.write_text(content)
            one_line(await demo("codes", "export", *CC20, "--output", str(file), "--resume"), words)
            assert file.read_text() == content

    async def test_parquet_has_the_same(self, demo: Largesse, texts: list[str]) -> None:
        file = demo.folder / "codes.parquet"
        ran = await demo("codes", "export", *CC20, "--output", str(file), "--format", "parquet")
        assert ran.code == 0, ran.err
        table = pyarrow.parquet.read_table(file)
        assert table.column("code").to_pylist() == texts
        (first, *_) = columns(await demo("codes", "export", *CC20, "--json"))
        row = {name: value and str(value) for name, value in json.loads(first).items()}
        found: dict[str, Any] = table.slice(0, 1).to_pylist()[0]
        moment = found.pop("created_at")
        assert moment.isoformat().replace("+00:00", "Z") == row.pop("created_at")
        assert {name: found[name] for name in row} == row
        assert not list(demo.folder.glob("*.part"))

    async def test_a_file_that_can_not_be_written_is_told(self, demo: Largesse) -> None:
        nowhere = str(demo.folder / "no" / "codes")
        for more in ((), ("--format", "parquet")):
            one_line(await demo("codes", "export", *CC20, "--output", nowhere, *more), "written")

    @pytest.mark.parametrize(
        "more",
        [
            ("--resume",),
            ("--format", "parquet"),
            ("--json", "--output", "x"),
            ("--output", "x", "--format", "parquet", "--resume"),
        ],
    )
    async def test_what_does_not_go_together_is_refused(
        self, demo: Largesse, more: tuple[str, ...]
    ) -> None:
        assert (await demo("codes", "export", *CC20, *more)).code == 2
        assert not Path(demo.folder / "x").exists()
