"""CRM.COM's spelling of requests and answers."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType
from starlette.responses import Response

from largesse.wire import bodies
from largesse.wire.answers import Json
from largesse.wire.call import Call
from largesse.wire.errors import MalformedBody

# --- requests ----------------------------------------------------------------------------------


class RequestToken(Struct):
    """`authentication/token` (DOC 494531)."""

    username: str
    password: str
    organisation: str
    unit: str | None = None


class ReleaseToken(Struct):
    """`authentication/token/release` (DOC 532580)."""

    token: str


class CampaignIdentifier(Struct, omit_defaults=True):
    """`promotion_campaign_identifier` (SEED 002): one of its fields."""

    id: str | None = None
    name: str | None = None
    alternative_code: str | None = None


class ContactIdentifier(Struct, omit_defaults=True):
    """`contact_information_identifier` (SEED 002): one of its fields."""

    id: str | None = None
    id_number: str | None = None
    passport_number: str | None = None
    social_security_number: str | None = None
    vat_registration_number: str | None = None
    registration_number: str | None = None


class AccessTokenIdentifier(Struct, omit_defaults=True):
    """`access_token_identifier` (SEED 002): one of three ways, one of them with a pass code."""

    authentication_code: str | None = None
    identifier: str | None = None
    pass_code: str | None = None
    one_time_password: int | None = None


class AccountIdentifier(Struct, omit_defaults=True):
    """`accounts_receivable_identifier` (SEED 002): one of its fields."""

    id: str | None = None
    number: str | None = None
    name: str | None = None
    access_token_identifier: AccessTokenIdentifier | None = None


class SubscriptionIdentifier(Struct, omit_defaults=True):
    """`subscription_identifier` (SEED 002): one of its fields."""

    id: str | None = None
    number: str | None = None


class ParticipantIdentifier(Struct, omit_defaults=True):
    """`rewards_participant_identifier` (SEED 002): one of its fields."""

    id: str | None = None
    number: str | None = None
    access_token_identifier: AccessTokenIdentifier | None = None


class RequestPromoCode(Struct):
    """`promotion_campaigns/request_promo_code` (SEED 002; `promo_code` DOC 490072, R14.19.0)."""

    token: str | None = None
    promotion_campaign_identifier: CampaignIdentifier | None = None
    promo_code: str | None = None
    contact_information_identifier: ContactIdentifier | None = None
    accounts_receivable_identifier: AccountIdentifier | None = None
    subscription_identifier: SubscriptionIdentifier | None = None
    rewards_participant_identifier: ParticipantIdentifier | None = None
    fields_set: str | None = None


# --- answers -----------------------------------------------------------------------------------


class Status(Struct):
    """How a call ended; anything but the code OK is a failure."""

    code: str = "OK"
    description: str | None = ""
    message: str | None = ""


class Token(Struct):
    """The data of a login."""

    token: str


class TokenEnvelope(Struct):
    """The answer to a login (DOC 532580: null, not empty, description and message)."""

    status: Status
    data: Token


class Released(Struct):
    """The answer to a release: no data."""

    status: Status


class Failure(Struct):
    """What a refused call answers: no data, and why (SEED 002)."""

    status: Status
    data: None = None


class PromotionCampaign(Struct):
    """`promotion_campaign` (SEED 002): its members are printed as null, never left out."""

    id: str
    name: str
    alternative_code: str | None
    description: str | None
    long_description: str | None
    short_description: str | None
    type: str


class Unit(Struct, omit_defaults=True):
    """A unit object (SEED 002): null members are left out, as in the printed example."""

    id: str
    name: str
    group_name: str | UnsetType = UNSET
    community_name: str | UnsetType = UNSET
    alternative_code: str | UnsetType = UNSET
    description: str | UnsetType = UNSET


class User(Struct, omit_defaults=True):
    """A user object (SEED 002): null members are left out, as in the printed example."""

    id: str
    username: str
    person_name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET


class LogInformation(Struct, omit_defaults=True):
    """`log_information` (SEED 002); the business units are those of R18, so left out."""

    created_date: str
    updated_date: str
    created_by_unit: Unit | UnsetType = UNSET
    created_by_user: User | UnsetType = UNSET
    updated_by_unit: Unit | UnsetType = UNSET
    updated_by_user: User | UnsetType = UNSET


class PromoCode(Struct):
    """The data of `request_promo_code` (SEED 002)."""

    id: str
    code: str
    life_cycle_state: str
    expiration_date: str | None
    promotion_campaign: PromotionCampaign
    log_information: LogInformation


class PromoCodeEnvelope(Struct):
    """The answer of `request_promo_code`; `fields_set` cuts its data."""

    data: PromoCode
    status: Status


def decode(call: Call, kind: Any) -> Any:
    """Decode a body, which is always JSON. Raises MalformedBody, WrongType."""
    if not call.raw.strip():
        raise MalformedBody("it is empty")
    return bodies.json(call.raw, kind)


def encode(call: Call, result: Any, status: int) -> Response:
    """Return a JSON answer."""
    return Json(result, status)
