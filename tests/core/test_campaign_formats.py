"""Campaigns' code formats: what may be given and changed, and codes refused without a query."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from largesse.core.access.model import Caller
from largesse.core.campaigns.model import Campaign, CodeCheck
from largesse.core.codes import known_formats
from largesse.core.codes.alphabet import PRESETS
from largesse.core.codes.format import CodeFormat
from largesse.core.codes.model import CampaignRef, CodeRef
from largesse.core.customers.model import ByCustomer, Identifier
from largesse.core.errors import (
    CodeNotEffective,
    InvalidCodeFormat,
    InvalidValue,
    NotPermitted,
    UnknownCampaign,
    UnknownCode,
    UnknownCustomer,
    WrongState,
)
from largesse.core.ids import new_id
from largesse.services import Services, open_services
from tests.core.people import everything, make_owner
from tests.serving import settings_for

SPRING = CampaignRef("name", "Spring")
ADA = ByCustomer(Identifier.PROFILE_ID, "ada")
NOBODY = ByCustomer(Identifier.PROFILE_ID, "nobody")

CHECKED: tuple[dict[str, Any], ...] = (
    {"code_check": "character"},
    {"code_check": "keyed"},
    {"code_check": "keyed", "code_check_length": 8, "code_prefix": "S-", "code_suffix": "-X"},
    {"code_check": "character", "code_pattern": "AB-####-????"},
)


@pytest.fixture
async def owner(services: Services) -> Caller:
    caller = await make_owner(services)
    await services.customers.create(caller, {"identifiers": {"profile_id": "ada"}})
    return caller


async def make(services: Services, owner: Caller, **values: Any) -> Campaign:
    return await services.campaigns.create(owner, {"name": "Spring", "state": "posted"} | values)


async def change(services: Services, owner: Caller, one: Campaign, **values: Any) -> Campaign:
    return await services.campaigns.change(owner, one.id, values)


def form(campaign: Campaign) -> tuple[Any, ...]:
    """Return what a campaign keeps of its format, but for the alphabet."""
    return (
        campaign.code_prefix,
        campaign.code_length,
        campaign.code_suffix,
        campaign.code_pattern,
        campaign.code_check,
        campaign.code_check_length,
    )


@asynccontextmanager
async def without_codes(services: Services) -> AsyncIterator[None]:
    """Take the table of codes away: who asks it meets a fault."""
    async with services.database.write() as tx:
        await tx.execute(text("ALTER TABLE codes RENAME TO codes_away"))
    try:
        yield
    finally:
        async with services.database.write() as tx:
            await tx.execute(text("ALTER TABLE codes_away RENAME TO codes"))


async def refused(services: Services, owner: Caller, code: str) -> None:
    """Check that a code is refused, whether it is asked for or looked up."""
    with pytest.raises(CodeNotEffective):
        await services.codes.request(owner, CodeRef(code), ADA)
    with pytest.raises(UnknownCode):
        await services.codes.named(owner, code)


class TestGiving:
    async def test_an_alphabet_may_be_given_by_name(
        self, services: Services, owner: Caller
    ) -> None:
        for name, characters in PRESETS.items():
            made = await make(services, owner, name=name, code_alphabet=name)
            assert made.code_alphabet == characters
            changed = await change(services, owner, made, code_alphabet="xyz")
            assert changed.code_alphabet == "xyz"
            changed = await change(services, owner, made, code_alphabet=name)
            assert changed.code_alphabet == characters

    async def test_check_characters_have_a_usual_number(
        self, services: Services, owner: Caller
    ) -> None:
        made = await make(services, owner, code_source="pool", code_check="keyed")
        assert form(made) == ("", 10, "", None, "keyed", 4)
        for values, length in (
            ({"code_check": "keyed", "code_check_length": 7}, 7),
            ({"code_check": "keyed"}, 7),
            ({"code_check_length": 16}, 16),
            ({"code_check": "character"}, 1),
            ({"code_check": "none"}, 0),
            ({"code_check": "keyed"}, 4),
        ):
            made = await change(services, owner, made, **values)
            assert made.code_check_length == length, values

    async def test_a_pattern_is_given_alone(self, services: Services, owner: Caller) -> None:
        pattern = {"code_pattern": "AB-####"}
        before = await everything(services)
        for more in ({"code_prefix": "A"}, {"code_suffix": "A"}, {"code_length": 9}):
            with pytest.raises(InvalidValue, match="not used with a pattern"):
                await make(services, owner, **pattern, **more)
        assert await everything(services) == before
        made = await make(services, owner, code_prefix="S", code_suffix="T", code_length=7)
        made = await change(services, owner, made, **pattern)
        assert form(made) == ("", 7, "", "AB-####", "none", 0)
        with pytest.raises(InvalidValue, match="code_prefix: is not used with a pattern"):
            await change(services, owner, made, code_prefix="S")
        # Whole records may be sent back.
        fields = ("code_prefix", "code_suffix", "code_length", "code_pattern", "code_check")
        same = {name: getattr(made, name) for name in fields}
        assert form(await change(services, owner, made, **same)) == form(made)
        made = await change(services, owner, made, code_pattern=None, code_prefix="S")
        assert form(made) == ("S", 7, "", None, "none", 0)

    async def test_as_many_must_be_possible_as_are_given_on_request(
        self, services: Services, owner: Caller
    ) -> None:
        small = {"code_alphabet": "digits", "code_length": 4}
        asked = {"code_source": "on_request", "codes_in_all": 11}
        with pytest.raises(InvalidCodeFormat, match="10,000 codes; 11 codes need 11,000"):
            await make(services, owner, **small, **asked)
        made = await make(services, owner, **small, **asked | {"codes_in_all": 10})
        for values in ({"codes_in_all": 11}, {"code_length": 3}, {"codes_in_all": 2**62}):
            with pytest.raises(InvalidCodeFormat, match="codes need"):
                await change(services, owner, made, **values)
        made = await change(services, owner, made, code_source="pool", codes_in_all=11)
        for policy in ("on_request", "generate"):
            with pytest.raises(InvalidCodeFormat, match="11 codes need"):
                await change(services, owner, made, when_empty=policy)

    async def test_how_many_must_be_possible_is_a_setting(
        self, services: Services, owner: Caller, empty_url: str
    ) -> None:
        await make(services, owner, code_alphabet="digits", code_length=3)
        with pytest.raises(InvalidCodeFormat):
            await services.codes.generate(owner, SPRING, 2)
        lenient = open_services(settings_for(empty_url, code_space_per_code=2))
        try:
            assert await lenient.codes.generate(owner, SPRING, 500) == 500
            with pytest.raises(InvalidCodeFormat, match=r"501 codes need 1,002 \(1 in 2 used\)"):
                await lenient.codes.generate(owner, SPRING, 1)
        finally:
            await lenient.close()


class TestCodesOfACheckedCampaign:
    @pytest.mark.parametrize("values", CHECKED)
    @pytest.mark.parametrize("source", ["pool", "on_request"])
    async def test_those_made_are_found_and_given(
        self, services: Services, owner: Caller, values: dict[str, Any], source: str
    ) -> None:
        await make(services, owner, code_source=source, **values)
        if source == "pool":
            assert await services.codes.generate(owner, SPRING, 30) == 30
        first = (await services.codes.request(owner, SPRING, ADA)).code
        assert (await services.codes.named(owner, first.code.lower())).id == first.id
        if source == "pool":
            page = await services.codes.page(owner, state="available")
            wanted = CodeRef(f" {page.items[-1].code.swapcase()} ")
            given = (await services.codes.request(owner, wanted, ADA)).code
            assert given.id == page.items[-1].id

    async def test_only_codes_that_pass_are_imported(
        self, services: Services, owner: Caller
    ) -> None:
        made = await make(services, owner, code_check="character")
        good = CodeFormat.of(made).make_many(5)
        wrong = ("A" if good[2][0] != "A" else "B") + good[2][1:]
        with pytest.raises(InvalidValue, match=f"'{wrong}' has not the form or check"):
            await services.codes.add(owner, SPRING, [*good, wrong])
        assert await services.codes.levels(owner, SPRING) == {}
        assert await services.codes.add(owner, SPRING, [code.lower() for code in good]) == 5

    async def test_codes_of_another_organizations_key_are_refused(
        self, services: Services, owner: Caller
    ) -> None:
        other = await make_owner(services, "Other")
        for caller in (owner, other):
            await make(services, caller, code_check="keyed", code_check_length=16)
        await services.codes.generate(owner, SPRING, 1)
        (code,) = (await services.codes.page(owner)).items
        with pytest.raises(InvalidValue, match="has not the form or check"):
            await services.codes.add(other, SPRING, [code.code])
        await refused(services, other, code.code)

    async def test_and_so_are_those_of_another_secret(
        self, services: Services, owner: Caller, empty_url: str
    ) -> None:
        await make(services, owner, code_check="keyed", code_check_length=16)
        await services.codes.generate(owner, SPRING, 1)
        (code,) = (await services.codes.page(owner)).items
        changed = open_services(settings_for(empty_url, secret="another secret of the service"))
        try:
            await refused(changed, owner, code.code)
        finally:
            await changed.close()
        assert await services.codes.named(owner, code.code) == code


class TestChangingACheck:
    @pytest.mark.parametrize("values", CHECKED)
    async def test_it_is_not_turned_on_over_codes_that_are_there(
        self, services: Services, owner: Caller, values: dict[str, Any]
    ) -> None:
        made = await make(services, owner)
        await services.codes.add(owner, SPRING, ["A1"])
        before = await everything(services)
        with pytest.raises(WrongState, match="with codes"):
            await change(services, owner, made, **values)
        assert await everything(services) == before
        assert (await services.codes.request(owner, CodeRef("a1"), ADA)).code.code == "A1"

    async def test_nor_is_a_checked_form_changed_only_given_up(
        self, services: Services, owner: Caller
    ) -> None:
        made = await make(services, owner, code_check="keyed")
        await change(services, owner, made, code_check="character", code_prefix="S-")
        await services.codes.generate(owner, SPRING, 1)
        (code,) = (await services.codes.page(owner)).items
        for values in (
            {"code_prefix": "T-"},
            {"code_suffix": "T"},
            {"code_length": 11},
            {"code_alphabet": "digits"},
            {"code_pattern": "####"},
            {"code_check": "keyed"},
        ):
            with pytest.raises(WrongState, match="with codes"):
                await change(services, owner, made, **values)
        # What changes nothing may be given, and what says nothing of the form changed.
        await change(services, owner, made, code_prefix="S-", name="Spring", state="draft")
        await change(services, owner, made, code_check="none", code_prefix="T-", state="posted")
        await services.codes.add(owner, SPRING, ["A1"])
        for wanted in ("A1", code.code):
            await services.codes.request(owner, CodeRef(wanted), ADA)

    async def test_codes_are_not_made_on_request_meanwhile(
        self, services: Services, owner: Caller
    ) -> None:
        made = await make(services, owner, code_source="on_request")
        with pytest.raises(WrongState, match="posted and makes codes on request"):
            await change(services, owner, made, code_check="character")
        await change(services, owner, made, state="draft")
        await change(services, owner, made, code_check="character")

    async def test_codes_that_come_at_the_same_time_meet_the_new_check_or_prevent_it(
        self, services: Services, owner: Caller
    ) -> None:
        made = [await make(services, owner, name=f"C{number}") for number in range(10)]

        async def outcome(call: Any) -> bool:
            try:
                await call
            except (InvalidValue, WrongState):
                return False
            return True

        for number, one in enumerate(made):
            ref = CampaignRef("id", one.id.hex)
            added, changed = await asyncio.gather(
                outcome(services.codes.add(owner, ref, [f"NO-{number}"])),
                outcome(change(services, owner, one, code_check="character")),
            )
            assert added != changed

    async def test_an_unknown_campaign_is_unknown(self, services: Services, owner: Caller) -> None:
        before = await everything(services)
        for record_id in (new_id(), "no id", None):
            with pytest.raises(UnknownCampaign):
                await services.campaigns.change(owner, record_id, {"code_check": "keyed"})
        assert await everything(services) == before


class TestRefusedWithoutAQuery:
    @pytest.mark.parametrize("values", CHECKED)
    async def test_what_no_campaign_can_have_made(
        self, services: Services, owner: Caller, values: dict[str, Any]
    ) -> None:
        made = await make(services, owner, **values)
        await services.codes.generate(owner, SPRING, 1)
        (code,) = (await services.codes.page(owner)).items
        last = len(code.code) - len(made.code_suffix) - 1
        other = "A" if code.code[last] != "A" else "B"
        typo = code.code[:last] + other + code.code[last + 1 :]
        async with without_codes(services):
            for text_ in (typo, "", "A B", "\0", "\ud800", "x" * 5000, "😀"):
                await refused(services, owner, text_)
            with pytest.raises(Exception, match="codes"):
                await services.codes.named(owner, code.code)
        assert await services.codes.named(owner, code.code) == code

    async def test_it_is_refused_before_the_receiver_is_looked_for(
        self, services: Services, owner: Caller
    ) -> None:
        await make(services, owner, code_check="character")
        with pytest.raises(CodeNotEffective):
            await services.codes.request(owner, CodeRef("A1"), NOBODY)
        await change(
            services,
            owner,
            await services.campaigns.named(owner, "name", "Spring"),
            code_check="none",
        )
        await services.codes.add(owner, SPRING, ["A1"])
        with pytest.raises(UnknownCustomer):
            await services.codes.request(owner, CodeRef("A1"), NOBODY)

    async def test_where_no_campaign_is_there_are_no_codes(
        self, services: Services, owner: Caller
    ) -> None:
        async with without_codes(services):
            await refused(services, owner, "A1")

    async def test_a_campaign_without_check_may_have_any(
        self, services: Services, owner: Caller
    ) -> None:
        await make(services, owner, name="Checked", code_check="character")
        await refused(services, owner, "A1")
        # What this process changed counts at once.
        await make(services, owner)
        await services.codes.add(owner, SPRING, ["A1"])
        assert (await services.codes.request(owner, CodeRef("A1"), ADA)).code.code == "A1"

    async def test_what_another_process_changed_counts_after_a_second(
        self,
        services: Services,
        owner: Caller,
        empty_url: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        await make(services, owner, name="Checked", code_check="character")
        await refused(services, owner, "A1")
        second = open_services(settings_for(empty_url))
        try:
            await make(second, owner)
            await second.codes.add(owner, SPRING, ["A1"])
        finally:
            await second.close()
        monkeypatch.setattr(known_formats, "FRESH", 0.0)
        assert (await services.codes.named(owner, "A1")).code == "A1"

    async def test_a_flood_of_guesses_is_one_query(
        self, services: Services, owner: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await make(services, owner, code_check="keyed")
        await refused(services, owner, "A1")
        async with services.database.write() as tx:
            await tx.execute(text("ALTER TABLE campaigns RENAME TO campaigns_away"))
        # Within the second nothing at all is read.
        monkeypatch.setattr(known_formats, "FRESH", 60.0)
        await asyncio.gather(*(refused(services, owner, f"GUESS{n}") for n in range(100)))

    async def test_many_formats_are_told_apart(self, services: Services, owner: Caller) -> None:
        codes = []
        for number in range(12):
            made = await make(
                services, owner, name=f"C{number}", code_prefix=f"P{number}-", code_check="keyed"
            )
            await services.codes.generate(owner, CampaignRef("id", made.id.hex), 1)
            (code,) = (await services.codes.page(owner, campaign_id=made.id)).items
            codes.append(code)
        for code in codes:
            assert await services.codes.named(owner, code.code) == code
        for one, other in itertools.pairwise(codes):
            prefix = other.code.partition("-")[0]
            await refused(services, owner, f"{prefix}-{one.code.partition('-')[2]}")

    async def test_beyond_a_number_of_formats_the_database_is_asked(
        self, services: Services, owner: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(known_formats, "MOST_FORMATS", 1)
        for number in range(2):
            await make(
                services, owner, name=f"C{number}", code_length=5 + number, code_check="keyed"
            )
        async with without_codes(services):
            with pytest.raises(Exception, match="codes"):
                await services.codes.named(owner, "A1")


class TestSketch:
    @pytest.mark.parametrize("fields", CHECKED, ids=str)
    async def test_its_examples_are_as_the_campaign_would_make_them(
        self, services: Services, owner: Caller, fields: dict[str, Any]
    ) -> None:
        before = await everything(services)
        sketch = await services.campaigns.sketch(owner, fields)
        assert await everything(services) == before
        made = await make(services, owner, **fields)
        key = await services.campaigns._formats.key(owner.organization_id)
        of = CodeFormat.of(made, key=key)
        assert len(set(sketch.examples)) == 5
        assert all(of.could_be(example) for example in sketch.examples)
        assert (sketch.space, sketch.room) == (of.space, of.space // 1000)
        assert sketch.false_accepts == of.false_accepts

    async def test_what_can_not_be_made_is_refused(self, services: Services, owner: Caller) -> None:
        with pytest.raises(InvalidCodeFormat, match="from 1 to 64"):
            await services.campaigns.sketch(owner, {"code_length": 0})
        for wrong in ({"code_check": "x"}, {"colour": "red"}, {"code_source": "shared"}):
            with pytest.raises(InvalidValue):
                await services.campaigns.sketch(owner, wrong)
        with pytest.raises(NotPermitted):
            await services.campaigns.sketch(replace(owner, rights=frozenset()), {})


def test_every_check_is_tried() -> None:
    assert {one["code_check"] for one in CHECKED} == set(CodeCheck) - {CodeCheck.NONE}
