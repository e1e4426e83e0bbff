"""Codes by the thousand: made, imported and exported in chunks, each of which counts once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from largesse.core.access.model import Caller, Right
from largesse.core.codes import generation
from largesse.core.codes.model import CampaignRef, Code, CodeState
from largesse.core.codes.store import EXPORTED
from largesse.core.customers.model import ByCustomer, Identifier
from largesse.core.errors import (
    InvalidCodeFormat,
    InvalidValue,
    NotPermitted,
    PoolExhausted,
    UnknownCampaign,
    WrongState,
)
from largesse.core.events.model import author_of
from largesse.core.jobs.model import Job, JobState
from largesse.services import Services, open_services
from largesse.storage.sequences import last_number
from largesse.worker import jobs as worker
from tests.core.people import make_owner
from tests.core.shop import all_rows, run_jobs
from tests.core.test_jobs import pass_time, turn
from tests.serving import settings_for

SPRING = CampaignRef("name", "Spring")
ADA = ByCustomer(Identifier.PROFILE_ID, "ada")
CHUNK = 50


@pytest.fixture
async def owner(services: Services) -> Caller:
    """The owner of a shop with a customer and two posted campaigns."""
    caller = await make_owner(services)
    await services.customers.create(caller, {"identifiers": {"profile_id": "ada"}})
    for name in ("Spring", "Summer"):
        await services.campaigns.create(caller, {"name": name, "state": "posted"})
    return caller


@pytest.fixture(autouse=True)
def small_chunks(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of 50, and one a turn: what takes minutes shows in hundreds."""
    monkeypatch.setattr(type(services.database.engine), "load_rows", CHUNK)
    monkeypatch.setattr(worker, "TURN_SECONDS", 0.0)


@pytest.fixture
async def second(services: Services, empty_url: str) -> AsyncIterator[Services]:
    """Another process over the same database."""
    opened = open_services(settings_for(empty_url))
    yield opened
    await opened.close()


async def pool(services: Services, caller: Caller, ref: CampaignRef = SPRING) -> list[Code]:
    """Return a campaign's codes in the order of their ids."""
    campaign = await services.campaigns.named(caller, ref.field, ref.value)
    found: list[Code] = []
    after = None
    while True:
        page = await services.codes.page(caller, campaign_id=campaign.id, after=after, limit=1000)
        found += page.items
        after = page.next_after
        if after is None:
            return found


async def change(services: Services, caller: Caller, **values: Any) -> None:
    campaign = await services.campaigns.named(caller, "name", "Spring")
    await services.campaigns.change(caller, campaign.id, values)


async def places(services: Services, caller: Caller) -> int:
    """Return how many places the pool ever had."""
    campaign = await services.campaigns.named(caller, "name", "Spring")
    async with services.database.read() as tx:
        return await last_number(tx, caller.organization_id, f"codes:{campaign.id.hex}")


async def done(services: Services, caller: Caller, job: Job) -> Job:
    """Be the worker until no job is due, and return the job as it is then."""
    await run_jobs(services)
    return await services.jobs.get(caller, job.id)


class TestGeneration:
    async def test_a_job_makes_exactly_as_many_as_asked(
        self, services: Services, owner: Caller
    ) -> None:
        job = await services.bulk_codes.generate(owner, SPRING, 3 * CHUNK + 1)
        assert (job.state, job.total, job.created_by_user) == ("waiting", 151, owner.user_id)
        job = await done(services, owner, job)
        assert (job.state, job.done, job.counts) == ("done", 151, {"added": 151})
        made = await pool(services, owner)
        assert len({code.code for code in made}) == len(made) == 151
        assert {(code.state, code.created_by_user) for code in made} == {
            ("available", owner.user_id)
        }
        assert await places(services, owner) == 151

    async def test_neither_places_nor_ids_tell_the_order_of_the_codes(
        self, services: Services, owner: Caller
    ) -> None:
        job = await services.bulk_codes.generate(owner, SPRING, CHUNK)
        await done(services, owner, job)
        texts = [code.code for code in await pool(services, owner)]
        given = [(await services.codes.request(owner, SPRING, ADA)).code.code for _ in texts]
        assert sorted(given) == sorted(texts)
        assert given != sorted(given)
        assert texts != sorted(texts)
        assert texts != given

    async def test_it_is_cancelled_between_chunks_and_goes_on(
        self, services: Services, owner: Caller
    ) -> None:
        job = await services.bulk_codes.generate(owner, SPRING, 3 * CHUNK)
        await turn(services)
        stopped = await services.jobs.cancel(owner, job.id)
        assert (stopped.done, len(await pool(services, owner))) == (CHUNK, CHUNK)
        assert not await turn(services)
        await services.jobs.resume(owner, job.id)
        assert (await done(services, owner, job)).counts == {"added": 3 * CHUNK}
        assert len(await pool(services, owner)) == 3 * CHUNK

    async def test_a_campaign_that_ends_meanwhile_stops_it(
        self, services: Services, owner: Caller
    ) -> None:
        job = await services.bulk_codes.generate(owner, SPRING, 3 * CHUNK)
        await turn(services)
        await change(services, owner, state="ended")
        job = await done(services, owner, job)
        assert (job.state, job.done) == (JobState.FAILED, CHUNK)
        assert job.error == "This is not possible while the campaign is ended."
        assert len(await pool(services, owner)) == CHUNK
        await change(services, owner, state="posted")
        await services.jobs.resume(owner, job.id)
        assert (await done(services, owner, job)).state == JobState.DONE
        assert len(await pool(services, owner)) == 3 * CHUNK

    async def test_a_campaign_that_is_gone_before_it_begins_stops_it(
        self, services: Services, owner: Caller
    ) -> None:
        job = await services.bulk_codes.generate(owner, SPRING, 5)
        campaign = await services.campaigns.named(owner, "name", "Spring")
        await services.campaigns.delete(owner, campaign.id)
        job = await done(services, owner, job)
        assert job.state == JobState.FAILED
        assert "no campaign" in (job.error or "")

    async def test_a_pool_that_is_emptied_meanwhile_fills_again(
        self, services: Services, owner: Caller
    ) -> None:
        job = await services.bulk_codes.generate(owner, SPRING, 2 * CHUNK)
        await turn(services)
        for _ in range(CHUNK):
            await services.codes.request(owner, SPRING, ADA)
        with pytest.raises(PoolExhausted):
            await services.codes.request(owner, SPRING, ADA)
        await done(services, owner, job)
        assert await services.codes.levels(owner, SPRING) == {"issued": CHUNK, "available": CHUNK}

    async def test_codes_that_exist_are_made_again(
        self, services: Services, owner: Caller, empty_url: str
    ) -> None:
        await change(services, owner, code_length=3, code_alphabet="digits")
        lenient = open_services(settings_for(empty_url, code_space_per_code=2))
        try:
            job = await lenient.bulk_codes.generate(owner, SPRING, 500)
            job = await done(lenient, owner, job)
        finally:
            await lenient.close()
        assert (job.state, job.counts["added"]) == (JobState.DONE, 500)
        assert job.counts["made_again"] > 0
        assert len({code.code for code in await pool(services, owner)}) == 500
        # What was made in vain took no place.
        assert await places(services, owner) == 500

    async def test_a_format_that_others_have_used_up_stops_it(
        self, services: Services, owner: Caller, empty_url: str
    ) -> None:
        await change(services, owner, code_length=1, code_alphabet="digits")
        await services.codes.add(owner, CampaignRef("name", "Summer"), [str(n) for n in range(10)])
        lenient = open_services(settings_for(empty_url, code_space_per_code=1))
        try:
            job = await done(lenient, owner, await lenient.bulk_codes.generate(owner, SPRING, 3))
        finally:
            await lenient.close()
        assert (job.state, job.error) == (
            JobState.FAILED,
            "'Spring' has run out of codes to make.",
        )
        assert await pool(services, owner) == []

    @pytest.mark.parametrize("count", [0, -1, generation.MOST + 1, 10**12, 2**63])
    async def test_a_count_that_can_not_be_is_refused(
        self, services: Services, owner: Caller, count: int
    ) -> None:
        with pytest.raises(InvalidValue, match="from 1 to 1,000,000,000"):
            await services.bulk_codes.generate(owner, SPRING, count)
        assert (await services.jobs.page(owner)).items == []

    async def test_what_can_not_be_filled_is_refused_before_anything_is_made(
        self, services: Services, owner: Caller
    ) -> None:
        generate = services.bulk_codes.generate
        with pytest.raises(UnknownCampaign):
            await generate(owner, CampaignRef("name", "Winter"), 1)
        with pytest.raises(NotPermitted):
            await generate(replace(owner, rights=frozenset({Right.READ})), SPRING, 1)
        await change(services, owner, code_length=6, code_alphabet="digits")
        with pytest.raises(InvalidCodeFormat, match="1,001 codes need 1,001,000"):
            await generate(owner, SPRING, 1001)
        await change(services, owner, code_source="on_request")
        with pytest.raises(WrongState, match="on request"):
            await generate(owner, SPRING, 1)
        await change(services, owner, code_source="pool", state="ended")
        with pytest.raises(WrongState, match="ended"):
            await generate(owner, SPRING, 1)
        assert (await services.jobs.page(owner)).items == []

    async def test_one_key_is_one_job(self, services: Services, owner: Caller) -> None:
        campaign = await services.campaigns.named(owner, "name", "Spring")
        for first in (True, False):
            async with services.database.write() as tx:
                job = await services.generation.start(
                    tx, author_of(owner), campaign.id, 5, key="need"
                )
            assert (job is not None) == first

    async def test_workers_and_requests_side_by_side_lose_nothing(
        self, services: Services, second: Services, owner: Caller
    ) -> None:
        await services.codes.generate(owner, SPRING, 20)
        jobs = [await services.bulk_codes.generate(owner, SPRING, 4 * CHUNK) for _ in range(2)]
        asking = [services.codes.request(owner, SPRING, ADA) for _ in range(20)]
        await asyncio.gather(run_jobs(services), run_jobs(second), *asking)
        assert [(await services.jobs.get(owner, job.id)).done for job in jobs] == [200, 200]
        assert await services.codes.levels(owner, SPRING) == {"available": 400, "issued": 20}


class TestImport:
    async def imported(self, services: Services, owner: Caller, *blocks: bytes) -> Job:
        job = await services.bulk_codes.import_sheet(owner, SPRING, blocks)
        return await done(services, owner, job)

    async def test_codes_leave_in_the_order_of_the_lines(
        self, services: Services, owner: Caller
    ) -> None:
        names = [f"N{number * 37 % 120:03}" for number in range(120)]
        job = await self.imported(services, owner, "\n".join(names).encode())
        assert (job.state, job.done, job.counts) == ("done", 120, {"added": 120})
        given = [(await services.codes.request(owner, SPRING, ADA)).code.code for _ in names]
        assert given == names

    async def test_a_line_may_say_when_its_code_expires(
        self, services: Services, owner: Caller
    ) -> None:
        usual = datetime(2099, 1, 1, tzinfo=UTC)
        await change(services, owner, codes_expire_at=usual)
        sheet = b"\xef\xbb\xbfcode,expires_at\r\nA1,2098-01-31T00:59:59+01:00\r\nA2,\r\n\r\n"
        job = await self.imported(services, owner, sheet)
        assert job.counts == {"added": 2}
        expiring = {code.code: code.expires_at for code in await pool(services, owner)}
        assert expiring == {"A1": datetime(2098, 1, 30, 23, 59, 59, tzinfo=UTC), "A2": usual}

    async def test_what_is_not_taken_is_told_with_its_line_and_the_rest_is_taken(
        self, services: Services, owner: Caller
    ) -> None:
        await services.codes.add(owner, CampaignRef("name", "Summer"), ["TAKEN"])
        lines = [b"code", b"A1", b"", b"a1", b"taken", b"A 1", b"x" * 65, b"x" * 1001]
        lines += [b"A2,", b"M\xfcller", b"A\x01", "ß".encode() * 33, b"A3"]
        job = await self.imported(services, owner, b"\n".join(lines))
        assert (job.state, job.done) == ("done", len(lines))
        assert job.counts == {"added": 2, "duplicate": 2, "invalid": 7}
        assert [code.code for code in await pool(services, owner)] in (["A1", "A3"], ["A3", "A1"])
        found = [
            (row.pos, row.value, row.outcome, (row.detail or {})["reason"])
            for row in await all_rows(services, owner, job.id)
        ]
        no_code = "is no code (1 to 64 characters, no space)"
        assert found == [
            (4, "a1", "duplicate", "the code stands in line 2 already"),
            (5, "taken", "duplicate", "the code exists already"),
            (6, "A 1", "invalid", no_code),
            (7, "x" * 65, "invalid", no_code),
            (8, "x" * 100, "invalid", "the line is longer than 1,000 characters"),
            (9, "A2,", "invalid", "the line has 2 cells, not 1"),
            (10, "M\ufffdller", "invalid", "the line has characters that are not UTF-8"),
            (11, "A\x01", "invalid", no_code),
            (12, "ß" * 33, "invalid", no_code),
        ]

    async def test_duplicates_are_found_across_chunks(
        self, services: Services, owner: Caller
    ) -> None:
        names = [f"N{number}" for number in range(2 * CHUNK)]
        again = [name.lower() for name in names]
        job = await self.imported(services, owner, "\n".join(names + again).encode())
        assert job.counts == {"added": 100, "duplicate": 100}
        assert [row.pos for row in await all_rows(services, owner, job.id)] == [*range(101, 201)]
        assert await places(services, owner) == 100

    async def test_codes_that_fail_the_campaigns_check_are_told(
        self, services: Services, owner: Caller
    ) -> None:
        await change(services, owner, code_check="character")
        await services.codes.generate(owner, SPRING, 1)
        (good,) = [code.code for code in await pool(services, owner)]
        wrong = ("A" if good[0] != "A" else "B") + good[1:]
        job = await self.imported(services, owner, f"{good}\n{wrong}".encode())
        assert job.counts == {"added": 0, "duplicate": 1, "invalid": 1}

    async def test_it_is_cancelled_and_goes_on_without_the_file(
        self, services: Services, owner: Caller
    ) -> None:
        names = [f"N{number}" for number in range(3 * CHUNK)]
        sheet = "\n".join(["code", *names]).encode()
        job = await services.bulk_codes.import_sheet(owner, SPRING, [sheet])
        assert (job.state, job.total) == (JobState.WAITING, len(names) + 1)
        await turn(services)
        # The first line is behind it as well.
        assert (await services.jobs.cancel(owner, job.id)).done == CHUNK
        assert len(await pool(services, owner)) == CHUNK - 1
        await services.jobs.resume(owner, job.id)
        job = await done(services, owner, job)
        assert (job.state, job.counts) == (JobState.DONE, {"added": 3 * CHUNK})
        assert sorted(code.code for code in await pool(services, owner)) == sorted(names)

    async def test_two_at_once_take_each_code_once(
        self, services: Services, second: Services, owner: Caller
    ) -> None:
        sheet = "\n".join(f"N{number}" for number in range(4 * CHUNK)).encode()
        refs = (SPRING, CampaignRef("name", "Summer"))
        jobs = [await services.bulk_codes.import_sheet(owner, ref, [sheet]) for ref in refs]
        await asyncio.gather(run_jobs(services), run_jobs(second))
        counts = [(await services.jobs.get(owner, job.id)).counts for job in jobs]
        assert sum(count.get("added", 0) for count in counts) == 200
        assert sum(count.get("duplicate", 0) for count in counts) == 200
        held = [await services.codes.levels(owner, ref) for ref in refs]
        assert sum(levels.get("available", 0) for levels in held) == 200

    async def test_a_sheet_that_was_not_read_to_its_end_is_not_taken(
        self, services: Services, owner: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("largesse.core.codes.importing.LINES_AT_ONCE", 10)

        def blocks() -> Iterator[bytes]:
            for number in range(25):
                yield f"N{number}\n".encode()
            raise OSError("the disk is gone")

        with pytest.raises(OSError, match="disk"):
            await services.bulk_codes.import_sheet(owner, SPRING, blocks())
        assert not await turn(services)  # whoever reads may still be at it
        await pass_time(services)
        await turn(services)
        (job,) = (await services.jobs.page(owner)).items
        assert job.state == JobState.FAILED
        assert "not read to its end" in (job.error or "")
        assert await pool(services, owner) == []

    async def test_reading_ends_when_the_job_is_cancelled(
        self, services: Services, owner: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("largesse.core.codes.importing.LINES_AT_ONCE", 10)
        cancelling: list[asyncio.Task[Any]] = []

        async def cancel() -> None:
            (job,) = (await services.jobs.page(owner)).items
            await services.jobs.cancel(owner, job.id)

        def blocks() -> Iterator[bytes]:
            for number in range(100_000):
                if number == 30:
                    cancelling.append(asyncio.ensure_future(cancel()))
                yield f"N{number}\n".encode()

        with pytest.raises(WrongState, match="cancelled"):
            await services.bulk_codes.import_sheet(owner, SPRING, blocks())
        await cancelling[0]

    @pytest.mark.parametrize("sheet", [b"", b"\n\n", b"code\n", b"\xef\xbb\xbf", b"a,b\n1,2"])
    async def test_what_is_no_sheet_of_codes_leaves_no_job(
        self, services: Services, owner: Caller, sheet: bytes
    ) -> None:
        with pytest.raises(InvalidValue, match="file"):
            await services.bulk_codes.import_sheet(owner, SPRING, [sheet])
        assert (await services.jobs.page(owner)).items == []

    async def test_what_can_not_be_filled_is_refused(
        self, services: Services, owner: Caller
    ) -> None:
        import_sheet = services.bulk_codes.import_sheet
        with pytest.raises(UnknownCampaign):
            await import_sheet(owner, CampaignRef("name", "Winter"), [b"A1"])
        with pytest.raises(NotPermitted):
            await import_sheet(replace(owner, rights=frozenset({Right.READ})), SPRING, [b"A1"])
        await change(services, owner, state="ended")
        with pytest.raises(WrongState, match="ended"):
            await import_sheet(owner, SPRING, [b"A1"])


class TestExport:
    async def exported(self, services: Services, owner: Caller, **more: Any) -> list[Any]:
        pages = await services.bulk_codes.export(owner, SPRING, **more)
        return [row async for page in pages for row in page]

    async def test_every_code_is_in_it_once_as_it_is(
        self, services: Services, owner: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("largesse.core.codes.bulk.PAGE", 20)
        for count in (0, 20, 5):
            if count:
                await services.codes.generate(owner, SPRING, count)
            rows = await self.exported(services, owner)
            codes = await pool(services, owner)
            assert [Code(**dict(zip(EXPORTED, row, strict=True))) for row in rows] == codes
        given = (await services.codes.request(owner, SPRING, ADA)).code
        (row,) = await self.exported(services, owner, state=CodeState.ISSUED)
        assert Code(**dict(zip(EXPORTED, row, strict=True))) == given

    async def test_it_goes_on_behind_an_id(self, services: Services, owner: Caller) -> None:
        await services.codes.generate(owner, SPRING, 10)
        rows = await self.exported(services, owner)
        assert await self.exported(services, owner, after=rows[3][0]) == rows[4:]
        assert await self.exported(services, owner, after=UUID(int=2**128 - 1)) == []

    async def test_others_do_not_get_it(self, services: Services, owner: Caller) -> None:
        other = await make_owner(services, "Other")
        with pytest.raises(UnknownCampaign):
            await services.bulk_codes.export(other, SPRING)
        with pytest.raises(NotPermitted):
            await services.bulk_codes.export(replace(owner, rights=frozenset()), SPRING)
