"""CRM.COM's objects, as its answers print them.

Each member of the data of an answer may be left out by `fields_set`, so each is `Omitted`.
"""

from typing import TypeAlias, TypeVar

from msgspec import UNSET, Struct, UnsetType

T = TypeVar("T")
Omitted: TypeAlias = T | UnsetType


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

    id: Omitted[str] = UNSET
    code: Omitted[str] = UNSET
    life_cycle_state: Omitted[str] = UNSET
    expiration_date: Omitted[str | None] = UNSET
    promotion_campaign: Omitted[PromotionCampaign] = UNSET
    log_information: Omitted[LogInformation] = UNSET


class DateOfBirth(Struct):
    """`date_of_birth` (SEED 002)."""

    day: int
    month: int
    year: int


class Demographics(Struct):
    """`demographics` of a person (SEED 002); what we do not keep of it is left out."""

    gender: str | None
    id_number: str | None
    passport_number: str | None
    social_security_number: str | None
    date_of_birth: DateOfBirth | None


class CompanyProfile(Struct):
    """`company_profile` of a company (SEED 002); what we do not keep of it is left out."""

    registration_number: str | None
    vat_registration_number: str | None


class Email(Struct):
    """One of `emails_set`, in which a public client of `contact_information/show` reads it."""

    email_address: str


class ContactInformation(Struct):
    """The data of `contact_information/show` (DOC 500027; SEED 002, referred objects)."""

    id: Omitted[str] = UNSET
    type: Omitted[str] = UNSET
    life_cycle_state: Omitted[str] = UNSET
    name: Omitted[str] = UNSET
    title: Omitted[str | None] = UNSET
    first_name: Omitted[str | None] = UNSET
    middle_name: Omitted[str | None] = UNSET
    last_name: Omitted[str | None] = UNSET
    company_name: Omitted[str | None] = UNSET
    demographics: Omitted[Demographics | None] = UNSET
    company_profile: Omitted[CompanyProfile | None] = UNSET
    emails_set: Omitted[list[Email]] = UNSET


class ReceivableShort(Struct):
    """An accounts receivable that another object refers to."""

    id: str
    number: str
    name: str | None
    life_cycle_state: str


class AccountsReceivable(Struct):
    """The data of `accounts_receivable/show` (DOC 952202, 973813)."""

    id: Omitted[str] = UNSET
    type: Omitted[str] = UNSET
    number: Omitted[str] = UNSET
    name: Omitted[str | None] = UNSET
    life_cycle_state: Omitted[str] = UNSET
    account_owner: Omitted[ContactInformation] = UNSET
    log_information: Omitted[LogInformation] = UNSET


class RewardsParticipant(Struct):
    """The data of `rewards_participants/show` (DOC 956849)."""

    id: Omitted[str] = UNSET
    number: Omitted[str] = UNSET
    sign_up_on: Omitted[str] = UNSET
    life_cycle_state: Omitted[str] = UNSET
    accounts_receivable: Omitted[ReceivableShort | None] = UNSET
    log_information: Omitted[LogInformation] = UNSET


class Subscription(Struct):
    """The data of `subscriptions/apply_promo_code` (DOC 490062; members DOC 967959)."""

    id: Omitted[str] = UNSET
    number: Omitted[str] = UNSET
    life_cycle_state: Omitted[str] = UNSET
    first_activated_date: Omitted[str] = UNSET
    accounts_receivable: Omitted[ReceivableShort | None] = UNSET
