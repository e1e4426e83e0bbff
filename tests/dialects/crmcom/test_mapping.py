"""Between CRM.COM's words and ours, with plain values."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from largesse.core.access.model import Actor, Role, Unit, User
from largesse.core.campaigns.model import (
    Campaign,
    CampaignState,
    CampaignType,
    CodeCheck,
    CodeSource,
    Distribution,
    WhenEmpty,
)
from largesse.core.codes.model import CampaignRef, Code, CodeRef, CodeState, IssuedCode
from largesse.core.customers.model import AccountKind, ByAccount, ByCustomer, ByToken, Identifier
from largesse.core.errors import InvalidValue
from largesse.dialects.crmcom import identifiers, mapping
from largesse.dialects.crmcom.errors import MissingParameter, TooManyIdentifiers
from largesse.dialects.crmcom.objects import PromoCode
from largesse.dialects.crmcom.schemas import RequestPromoCode

ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
HEX = "01890A5DAC96774BBCCEB302099A8057"
MADE = datetime(2018, 7, 25, 16, 52, 1, 999_999, tzinfo=UTC)
GIVEN = datetime(2018, 7, 25, 18, 7, 45, tzinfo=UTC)


def body(**members: Any) -> RequestPromoCode:
    return msgspec.convert(members, RequestPromoCode)


class TestToWanted:
    @pytest.mark.parametrize("field", ["id", "name", "alternative_code"])
    def test_a_campaign(self, field: str) -> None:
        wanted = identifiers.to_wanted(body(promotion_campaign_identifier={field: "BG4"}))
        assert wanted == CampaignRef(field, "BG4")

    def test_the_very_code(self) -> None:
        assert identifiers.to_wanted(body(promo_code="SC4")) == CodeRef("SC4")

    def test_neither(self) -> None:
        with pytest.raises(MissingParameter, match="promotion_campaign_identifier"):
            identifiers.to_wanted(body())

    def test_both(self) -> None:
        with pytest.raises(TooManyIdentifiers) as refused:
            identifiers.to_wanted(body(promo_code="SC4", promotion_campaign_identifier={"id": "1"}))
        assert refused.value.names == ("promotion_campaign_identifier", "promo_code")


TOKEN = {"access_token_identifier": {"authentication_code": "A1"}}
RECEIVERS: tuple[tuple[str, dict[str, Any], Any], ...] = (
    ("contact_information", {"id": "1"}, ByCustomer(None, "1")),
    ("contact_information", {"id_number": "1"}, ByCustomer(Identifier.ID_NUMBER, "1")),
    ("contact_information", {"passport_number": "1"}, ByCustomer(Identifier.PASSPORT_NUMBER, "1")),
    (
        "contact_information",
        {"social_security_number": "1"},
        ByCustomer(Identifier.SOCIAL_SECURITY_NUMBER, "1"),
    ),
    (
        "contact_information",
        {"vat_registration_number": "1"},
        ByCustomer(Identifier.VAT_REGISTRATION_NUMBER, "1"),
    ),
    (
        "contact_information",
        {"registration_number": "1"},
        ByCustomer(Identifier.REGISTRATION_NUMBER, "1"),
    ),
    ("accounts_receivable", {"id": "1"}, ByAccount(AccountKind.RECEIVABLE, "id", "1")),
    ("accounts_receivable", {"number": "1"}, ByAccount(AccountKind.RECEIVABLE, "number", "1")),
    ("accounts_receivable", {"name": "1"}, ByAccount(AccountKind.RECEIVABLE, "name", "1")),
    ("accounts_receivable", TOKEN, ByToken(AccountKind.RECEIVABLE, authentication_code="A1")),
    ("subscription", {"id": "1"}, ByAccount(AccountKind.SUBSCRIPTION, "id", "1")),
    ("subscription", {"number": "1"}, ByAccount(AccountKind.SUBSCRIPTION, "number", "1")),
    ("rewards_participant", {"id": "1"}, ByAccount(AccountKind.REWARDS, "id", "1")),
    ("rewards_participant", {"number": "1"}, ByAccount(AccountKind.REWARDS, "number", "1")),
    ("rewards_participant", TOKEN, ByToken(AccountKind.REWARDS, authentication_code="A1")),
)


class TestToReceiver:
    @pytest.mark.parametrize(("name", "identifier", "receiver"), RECEIVERS)
    def test_every_way(self, name: str, identifier: dict[str, Any], receiver: Any) -> None:
        assert identifiers.to_receiver(body(**{f"{name}_identifier": identifier})) == receiver

    def test_none(self) -> None:
        with pytest.raises(MissingParameter, match="receiver"):
            identifiers.to_receiver(body())

    def test_two(self) -> None:
        with pytest.raises(TooManyIdentifiers, match="contact_information_identifier, subscr"):
            identifiers.to_receiver(
                body(
                    contact_information_identifier={"id": "1"},
                    subscription_identifier={"id": "1"},
                )
            )

    def test_an_empty_text_names_nothing(self) -> None:
        with pytest.raises(MissingParameter, match="subscription_identifier"):
            identifiers.to_receiver(body(subscription_identifier={"id": "", "number": ""}))
        receiver = identifiers.to_receiver(body(subscription_identifier={"id": "", "number": "S1"}))
        assert receiver == ByAccount(AccountKind.SUBSCRIPTION, "number", "S1")

    @pytest.mark.parametrize(
        ("identifier", "receiver"),
        [
            (
                {"identifier": "me", "pass_code": "1234"},
                ByToken(AccountKind.REWARDS, identifier="me", pass_code="1234"),
            ),
            # That the pass code is missing is the core's to say.
            ({"identifier": "me"}, ByToken(AccountKind.REWARDS, identifier="me")),
            ({"one_time_password": 7}, ByToken(AccountKind.REWARDS, one_time_password="7")),
            ({"one_time_password": 0}, ByToken(AccountKind.REWARDS, one_time_password="0")),
        ],
        ids=str,
    )
    def test_access_tokens(self, identifier: dict[str, Any], receiver: ByToken) -> None:
        named = {"access_token_identifier": identifier}
        assert identifiers.to_receiver(body(rewards_participant_identifier=named)) == receiver

    @pytest.mark.parametrize("way", [{"authentication_code": "A"}, {"one_time_password": 1}])
    def test_a_pass_code_belongs_to_an_identifier(self, way: dict[str, Any]) -> None:
        named = {"access_token_identifier": way | {"pass_code": "1234"}}
        with pytest.raises(InvalidValue, match="pass_code"):
            identifiers.to_receiver(body(rewards_participant_identifier=named))


class TestToFields:
    @pytest.mark.parametrize("text", [None, "", " , "])
    def test_no_field_means_all(self, text: str | None) -> None:
        assert mapping.to_fields(text, PromoCode) is None

    def test_fields_are_parted_by_commas(self) -> None:
        assert mapping.to_fields(" code ,id,", PromoCode) == {"code", "id"}

    def test_unknown_ones_are_named(self) -> None:
        with pytest.raises(InvalidValue, match="colour, mood: no such field"):
            mapping.to_fields("code,mood,colour", PromoCode)


UNIT = Unit(ID, "Admin Unit", "adminunit", None, "Main Group", None, None, MADE)
USER = User(ID, ID, "admin", Role.OWNER, None, None, "CRM COM", None, True, MADE)
CAMPAIGN = Campaign(
    id=ID,
    promotion_id=None,
    name="Bulk Generation 4",
    alternative_code=None,
    state=CampaignState.POSTED,
    type=CampaignType.DISCOUNT,
    distribution=Distribution.UPON_REQUEST,
    code_source=CodeSource.POOL,
    code_prefix="SC",
    code_length=13,
    code_alphabet="AB",
    code_suffix="",
    code_pattern=None,
    code_check=CodeCheck.NONE,
    code_check_length=0,
    codes_in_all=None,
    codes_per_receiver=None,
    codes_per_day=None,
    when_empty=WhenEmpty.REFUSE,
    alarm_level=None,
    codes_expire_at=None,
    description="A description",
    short_description=None,
    long_description=None,
    created_at=MADE,
    updated_at=MADE,
)
CODE = Code(ID, ID, "SC4", CodeState.ISSUED, None, None, None, MADE, None, None, GIVEN, ID, ID)


def printed(issued: IssuedCode, *, legacy_names: bool = True) -> Any:
    return msgspec.json.decode(
        msgspec.json.encode(mapping.from_issued(issued, legacy_names=legacy_names))
    )


class TestFromIssued:
    issued = IssuedCode(CODE, CAMPAIGN, created_by=Actor(None, None), issued_by=Actor(USER, UNIT))

    def test_null_members_of_the_campaign_are_printed(self) -> None:
        assert printed(self.issued)["promotion_campaign"] == {
            "id": HEX,
            "name": "Bulk Generation 4",
            "alternative_code": None,
            "description": "A description",
            "long_description": None,
            "short_description": None,
            "type": "DISCOUNT_PROMOTION",
        }

    def test_null_members_of_units_and_users_are_left_out(self) -> None:
        assert printed(self.issued)["log_information"] == {
            "created_date": "2018-07-25T16:52:01",
            "updated_date": "2018-07-25T18:07:45",
            "updated_by_unit": {
                "id": HEX,
                "name": "Admin Unit",
                "alternative_code": "adminunit",
                "group_name": "Main Group",
            },
            "updated_by_user": {"id": HEX, "username": "admin", "person_name": "CRM COM"},
        }

    def test_without_legacy_names_they_are_printed_empty(self) -> None:
        log = printed(self.issued, legacy_names=False)["log_information"]
        assert log["updated_by_unit"] == {
            "id": HEX,
            "name": "Admin Unit",
            "alternative_code": "adminunit",
            "group_name": "",
            "community_name": "",
        }
        assert log["updated_by_user"] == {
            "id": HEX,
            "username": "admin",
            "person_name": "",
            "email": "",
        }

    def test_a_code_without_an_end_has_no_expiration_date(self) -> None:
        assert printed(self.issued)["expiration_date"] is None

    def test_an_available_or_issued_code_is_effective(self) -> None:
        states = {state: mapping.CODE_STATES[state] for state in CodeState}
        assert states[CodeState.AVAILABLE] == states[CodeState.ISSUED] == "EFFECTIVE"
        assert len(set(states.values())) == 4


def test_ids_and_moments_look_as_printed() -> None:
    assert mapping.hex_id(ID) == HEX
    assert mapping.moment(datetime(19, 1, 2, 3, 4, 5, 6, tzinfo=UTC)) == "0019-01-02T03:04:05"
