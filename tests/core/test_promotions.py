"""Channels, promotions and campaigns."""

from datetime import UTC, datetime
from typing import Any

import pytest

from largesse.core.access.model import Caller
from largesse.core.campaigns.model import Campaign
from largesse.core.codes.format import DEFAULT_ALPHABET
from largesse.core.errors import (
    AlreadyExists,
    InvalidCodeFormat,
    InvalidValue,
    MissingValue,
    NoCampaign,
    StillInUse,
    UnknownCampaign,
    UnknownChannel,
    UnknownPromotion,
    UnknownReference,
)
from largesse.core.ids import new_id
from largesse.core.promotions.model import Promotion
from largesse.services import Services
from tests.core.people import everything, make_owner

EARLY, LATE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)


@pytest.fixture
async def owner(services: Services) -> Caller:
    return await make_owner(services)


async def channel(services: Services, owner: Caller, name: str = "Specials") -> str:
    made = await services.channels.create(owner, {"id": name, "name": name})
    return made.id


async def promotion(
    services: Services, owner: Caller, key: str = "ten", **values: Any
) -> Promotion:
    return await services.promotions.create(owner, {"key": key, "title": "Ten off"} | values)


class TestPromotions:
    async def test_all_that_is_given_is_kept(self, services: Services, owner: Caller) -> None:
        given = {
            "channel_id": await channel(services, owner),
            "description": "Ten EUR off ",
            "discount": {"kind": "amount", "amount": "10.00", "currency": "EUR"},
            "enabled": False,
            "repeatable": True,
            "starts_at": EARLY,
            "ends_at": LATE,
            "attributes": {"a": [1, None]},
        }
        made = await promotion(services, owner, **given)
        found = await services.promotions.by_key(owner, "ten")
        assert found == made
        assert {name: getattr(found, name) for name in given} == given

    async def test_it_does_not_end_before_it_starts(
        self, services: Services, owner: Caller
    ) -> None:
        for ends in (EARLY, datetime(2019, 1, 1, tzinfo=UTC)):
            with pytest.raises(InvalidValue, match="ends_at"):
                await promotion(services, owner, starts_at=EARLY, ends_at=ends)
        made = await promotion(services, owner, starts_at=EARLY)
        with pytest.raises(InvalidValue, match="ends_at"):
            await services.promotions.change(owner, made.id, {"ends_at": EARLY})
        assert (await services.promotions.get(owner, made.id)) == made

    async def test_a_key_is_one_promotions(self, services: Services, owner: Caller) -> None:
        await promotion(services, owner)
        before = await everything(services)
        with pytest.raises(AlreadyExists, match="promotion"):
            await promotion(services, owner)
        with pytest.raises(MissingValue, match="key"):
            await promotion(services, owner, " ")
        with pytest.raises(UnknownReference, match="channel_id"):
            await promotion(services, owner, "other", channel_id="nowhere")
        assert await everything(services) == before
        with pytest.raises(UnknownPromotion, match="other"):
            await services.promotions.by_key(owner, "other")
        assert set(await services.promotions.by_keys(owner, ["other", "ten", "ten"])) == {"ten"}

    async def test_a_channel_offers_what_is_enabled(
        self, services: Services, owner: Caller
    ) -> None:
        here, there = await channel(services, owner), await channel(services, owner, "Other")
        ten = await promotion(services, owner, "ten", channel_id=here)
        five = await promotion(services, owner, "five", channel_id=here)
        await promotion(services, owner, "off", channel_id=here, enabled=False)
        await promotion(services, owner, "there", channel_id=there)
        assert await services.promotions.in_channel(owner, here) == [five, ten]
        assert await services.promotions.one_in_channel(owner, here, "ten") == ten
        for key in ("off", "there", "nothing"):
            with pytest.raises(UnknownPromotion, match=key):
                await services.promotions.one_in_channel(owner, here, key)
        for call in (
            services.promotions.in_channel(owner, "nowhere"),
            services.promotions.one_in_channel(owner, "nowhere", "ten"),
        ):
            with pytest.raises(UnknownChannel, match="nowhere"):
                await call

    async def test_what_others_refer_to_stays(self, services: Services, owner: Caller) -> None:
        made = await promotion(services, owner, channel_id=await channel(services, owner))
        await services.campaigns.create(owner, {"name": "C", "promotion_id": made.id})
        with pytest.raises(StillInUse, match="channel"):
            await services.channels.delete(owner, "Specials")
        with pytest.raises(StillInUse, match="promotion"):
            await services.promotions.delete(owner, made.id)

    async def test_one_of_another_organization_is_unknown(
        self, services: Services, owner: Caller
    ) -> None:
        made = await promotion(services, owner)
        other = await make_owner(services, "Other")
        for call in (
            services.promotions.get(other, made.id),
            services.promotions.by_key(other, "ten"),
            services.promotions.change(other, made.id, {"title": "Mine"}),
            services.promotions.delete(other, made.id),
        ):
            with pytest.raises(UnknownPromotion):
                await call
        with pytest.raises(UnknownReference, match="promotion_id"):
            await services.campaigns.create(other, {"name": "C", "promotion_id": made.id})
        assert await services.promotions.get(owner, made.id) == made


BAD_VALUES: tuple[tuple[dict[str, Any], str], ...] = (
    ({"state": "open"}, "state: must be one of draft"),
    ({"type": "gift"}, "type: must be one of"),
    ({"distribution": "post"}, "distribution: must be"),
    ({"code_source": "hat"}, "code_source: must be"),
    ({"state": None}, "state"),
    ({"codes_per_receiver": 0}, "codes_per_receiver: must be 1"),
    ({"codes_per_receiver": 2**31}, "codes_per_receiver: is too large"),
    ({"colour": "red"}, "colour: can not be set"),
    ({"id": new_id()}, "id: can not be set"),
    ({"organization_id": 1}, "organization_id: can not be set"),
)

BAD_FORMATS: tuple[dict[str, Any], ...] = (
    {"code_alphabet": ""},
    {"code_alphabet": "A"},
    {"code_alphabet": "ABA"},
    {"code_alphabet": "A B"},
    {"code_alphabet": "A\x07"},
    {"code_alphabet": "Aß"},
    {"code_prefix": "S "},
    {"code_prefix": "ß"},
    {"code_length": 0},
    {"code_length": -1},
    {"code_length": 65},
    {"code_length": 63, "code_prefix": "SC"},
)


async def campaign(services: Services, owner: Caller, **values: Any) -> Campaign:
    return await services.campaigns.create(owner, {"name": "Spring"} | values)


class TestCampaigns:
    async def test_a_new_one_is_a_draft_with_the_usual_codes(
        self, services: Services, owner: Caller
    ) -> None:
        made = await campaign(services, owner, alternative_code="S1")
        assert (made.state, made.type, made.distribution) == ("draft", "discount", "upon_request")
        assert (made.code_source, made.code_alphabet) == ("pool", DEFAULT_ALPHABET)
        for field, value in (("id", made.id.hex), ("name", "Spring"), ("alternative_code", "S1")):
            assert await services.campaigns.named(owner, field, value) == made
        for field, value in (("id", "1"), ("name", "spring"), ("alternative_code", "Spring")):
            with pytest.raises(UnknownCampaign, match=value):
                await services.campaigns.named(owner, field, value)

    async def test_its_names_are_its_own(self, services: Services, owner: Caller) -> None:
        await campaign(services, owner, alternative_code="S1")
        second = await campaign(services, owner, name="Second")
        for call in (
            campaign(services, owner),
            campaign(services, owner, name="Third", alternative_code="S1"),
            services.campaigns.change(owner, second.id, {"name": "Spring"}),
        ):
            with pytest.raises(AlreadyExists, match="campaign"):
                await call
        # Several may have none.
        await campaign(services, owner, name="Third")

    async def test_a_value_that_is_none_is_refused(self, services: Services, owner: Caller) -> None:
        made = await campaign(services, owner)
        before = await everything(services)
        for values, reason in BAD_VALUES:
            with pytest.raises(InvalidValue, match=reason):
                await services.campaigns.change(owner, made.id, values)
            with pytest.raises(InvalidValue, match=reason):
                await campaign(services, owner, **{"name": "Other"} | values)
        assert await everything(services) == before

    async def test_a_format_that_makes_no_codes_is_refused(
        self, services: Services, owner: Caller
    ) -> None:
        made = await campaign(services, owner)
        before = await everything(services)
        for values in BAD_FORMATS:
            with pytest.raises(InvalidCodeFormat):
                await services.campaigns.change(owner, made.id, values)
            with pytest.raises(InvalidCodeFormat):
                await campaign(services, owner, **{"name": "Other"} | values)
        assert await everything(services) == before

    async def test_the_newest_posted_one_gives_a_promotions_codes(
        self, services: Services, owner: Caller
    ) -> None:
        here = await channel(services, owner)
        ten = await promotion(services, owner, channel_id=here)
        with pytest.raises(NoCampaign):
            await services.codes.create_for_promotion(owner, here, "ten")
        of = {"promotion_id": ten.id, "code_source": "on_request"}
        await campaign(services, owner, **of)
        with pytest.raises(NoCampaign):
            await services.codes.create_for_promotion(owner, here, "ten")
        for name in ("Second", "Third"):
            await campaign(services, owner, name=name, state="posted", **of)
        issued = await services.codes.create_for_promotion(owner, here, "ten")
        assert (issued.campaign.name, issued.code.customer_id) == ("Third", None)
