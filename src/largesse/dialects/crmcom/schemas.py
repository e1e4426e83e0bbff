"""CRM.COM's spelling of requests and answers."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response

from largesse.core.search.model import MOST_IN_A_PAGE, MOST_SKIPPED
from largesse.dialects.crmcom import objects
from largesse.wire import bodies
from largesse.wire.answers import Json
from largesse.wire.call import Call
from largesse.wire.errors import MalformedBody
from largesse.wire.schemas import EMAIL

Title = Annotated[str, Meta(max_length=50)]
Name = Annotated[str, Meta(max_length=200)]
CompanyName = Annotated[str, Meta(max_length=400)]
Known = Annotated[str, Meta(max_length=200)]
"""What a contact information is known by."""

# --- requests ----------------------------------------------------------------------------------


class RequestToken(Struct):
    """`authentication/token` (DOC 494531)."""

    username: str
    password: str
    organisation: str
    unit: str | None = None


class RequestKeyToken(Struct):
    """`authentication/web_api_key/token` (DOC 491003): the key is the user name of Basic."""

    unit: str | None = None


class ConsumerTokenIdentifier(Struct, omit_defaults=True):
    """`access_token_identifier` of a consumer's login (DOC x/7NoH): one of two ways."""

    authentication_code: str | None = None
    identifier: str | None = None
    pass_code: str | None = None


class RequestConsumerToken(Struct):
    """`authentication/consumer_application_key/token` (DOC 522743; `jwt` from R16.2.0)."""

    access_token_identifier: ConsumerTokenIdentifier | None = None
    jwt: str | None = None
    organisation: str | None = None
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


class ApplyPromoCode(Struct):
    """`subscriptions/apply_promo_code` (DOC 490062)."""

    token: str | None = None
    subscription_identifier: SubscriptionIdentifier | None = None
    accounts_receivable_identifier: AccountIdentifier | None = None
    promo_code: str | None = None
    fields_set: str | None = None


class ShowReceivable(Struct):
    """`POST accounts_receivable/show` (DOC 512933): an access token may name it, too."""

    token: str | None = None
    accounts_receivable_identifier: AccountIdentifier | None = None
    fields_set: str | None = None


class ShowParticipant(Struct):
    """`POST rewards_participants/show` (DOC 489928): an access token may name it, too."""

    token: str | None = None
    rewards_participant_identifier: ParticipantIdentifier | None = None
    fields_set: str | None = None


class Phone(Struct, omit_defaults=True):
    """One of `phone_set`, of which we keep the first one's number."""

    number: Annotated[str, Meta(max_length=50)] | None = None


class EmailAddress(Struct, omit_defaults=True):
    """One of `email_set`, of which we keep the first one's address."""

    email_address: Annotated[str, EMAIL] | None = None


class Day(Struct):
    """`date_of_birth` (SEED 002)."""

    day: Annotated[int, Meta(ge=1, le=31)]
    month: Annotated[int, Meta(ge=1, le=12)]
    year: Annotated[int, Meta(ge=1, le=9999)]


class NewDemographics(Struct, omit_defaults=True):
    """`demographics` of a new contact information, with the sets that a public client sends."""

    gender: Literal["MALE", "FEMALE"] | None = None
    id_number: Known | None = None
    passport_number: Known | None = None
    social_security_number: Known | None = None
    date_of_birth: Day | None = None
    phone_set: list[Phone] | None = None
    email_set: list[EmailAddress] | None = None


class NewCompanyProfile(Struct, omit_defaults=True):
    """`company_profile` of a new contact information (SEED 002, referred objects)."""

    registration_number: Known | None = None
    vat_registration_number: Known | None = None


class CreateContact(Struct):
    """`contact_information/create`, as a public client sends it."""

    token: str | None = None
    type: Literal["PERSON", "COMPANY"] | None = None
    title: Title | None = None
    first_name: Name | None = None
    middle_name: Name | None = None
    last_name: Name | None = None
    company_name: CompanyName | None = None
    demographics: NewDemographics | None = None
    company_profile: NewCompanyProfile | None = None
    fields_set: str | None = None


class UpdateContact(Struct):
    """`contact_information/update` (DOC 490824): what is null is set to null."""

    token: str | None = None
    contact_information_identifier: ContactIdentifier | None = None
    title: Title | UnsetType | None = UNSET
    first_name: Name | UnsetType | None = UNSET
    middle_name: Name | UnsetType | None = UNSET
    last_name: Name | UnsetType | None = UNSET
    company_name: CompanyName | UnsetType | None = UNSET
    fields_set: str | None = None


# --- queries: GET methods take the same names (DOC 512933) --------------------------------------


class Shown(Struct, kw_only=True):
    """What every query has."""

    token: str | None = None
    fields_set: str | None = None


class Listed(Shown, kw_only=True):
    """A page of a list (DOC 489907, from R13.0.0)."""

    number_of_results: Annotated[int, Meta(ge=1, le=MOST_IN_A_PAGE)] = 100
    offset: Annotated[int, Meta(ge=0, le=MOST_SKIPPED)] = 0


class ContactQuery(Shown, kw_only=True):
    """The query of `contact_information/show` (DOC 500027)."""

    contact_information_identifier: str | None = None


class ReceivableQuery(Shown, kw_only=True):
    """The query of `accounts_receivable/show` (DOC 512933)."""

    accounts_receivable_identifier: str | None = None


class ParticipantQuery(Shown, kw_only=True):
    """The query of `rewards_participants/show` (DOC 491668)."""

    rewards_participant_identifier: str | None = None


class ReceivablesQuery(Listed, kw_only=True):
    """The query of `accounts_receivable/list` (DOC 491053).

    Payment and presentment preferences and wallets, which can name one as well, are not kept here.
    """

    subscription_identifier: str | None = None
    contact_information_identifier: str | None = None
    email_address: str | None = None


class ParticipantsQuery(Listed, kw_only=True):
    """The query of `rewards_participants/list` (DOC 489907). Wallets are not kept here."""

    accounts_receivable_identifier: str | None = None
    contact_information_identifier: str | None = None
    life_cycle_state: Literal["EFFECTIVE", "TERMINATED"] = "EFFECTIVE"


class ReceivableIdentifier(Struct, omit_defaults=True):
    """`accounts_receivable_identifier` of a query: an access token is for bodies only."""

    id: str | None = None
    number: str | None = None
    name: str | None = None


class ParticipantNumber(Struct, omit_defaults=True):
    """`rewards_participant_identifier` of a query: an access token is for bodies only."""

    id: str | None = None
    number: str | None = None


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


class PromoCodeEnvelope(Struct):
    """The answer of `request_promo_code`; `fields_set` cuts its data."""

    data: objects.PromoCode
    status: Status


class ContactEnvelope(Struct):
    """The answer with one contact information (DOC 500027: null description and message)."""

    status: Status
    data: objects.ContactInformation


class ReceivableEnvelope(Struct):
    """The answer with one accounts receivable (DOC 512933)."""

    data: objects.AccountsReceivable
    status: Status


class ReceivablesEnvelope(Struct):
    """The answer with accounts receivable."""

    data: list[objects.AccountsReceivable]
    status: Status


class ParticipantEnvelope(Struct):
    """The answer with one rewards participant (DOC 489928: null description and message)."""

    status: Status
    data: objects.RewardsParticipant


class ParticipantsEnvelope(Struct):
    """The answer with rewards participants."""

    status: Status
    data: list[objects.RewardsParticipant]


class SubscriptionEnvelope(Struct):
    """The answer with a subscription (DOC 490062)."""

    data: objects.Subscription
    status: Status


def decode(call: Call, kind: Any) -> Any:
    """Decode a body, which is always JSON. Raises MalformedBody, WrongType."""
    if not call.raw.strip():
        if kind is RequestKeyToken:
            return kind()  # all that it may say is optional, and public clients leave it out
        raise MalformedBody("it is empty")
    return bodies.json(call.raw, kind)


def encode(call: Call, result: Any, status: int) -> Response:
    """Return a JSON answer."""
    return Json(result, status)
