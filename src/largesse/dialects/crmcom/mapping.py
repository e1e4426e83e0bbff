"""Between CRM.COM's words and ours. Pure: no input, no output."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct

from largesse.core.access import model as access
from largesse.core.campaigns.model import CampaignType
from largesse.core.codes.model import CodeState, IssuedCode
from largesse.core.customers.lookup import AccountView, CustomerView
from largesse.core.customers.model import Account, CustomerKind, Identifier
from largesse.core.errors import InvalidValue
from largesse.dialects.crmcom import objects, schemas
from largesse.dialects.crmcom.errors import MissingParameter

S = TypeVar("S", bound=Struct)

CAMPAIGN_TYPES = {
    # SEED 002: "Available options are: DISCOUNT_PROMOTION, REWARD_PROMOTION".
    CampaignType.DISCOUNT: "DISCOUNT_PROMOTION",
    CampaignType.REWARD: "REWARD_PROMOTION",
}

CODE_STATES = {
    # Only EFFECTIVE is documented (SEED 002); the others are INFERRED and never sent by the
    # one call there is, since a code just given out is effective.
    CodeState.AVAILABLE: "EFFECTIVE",
    CodeState.ISSUED: "EFFECTIVE",
    CodeState.REDEEMED: "REDEEMED",
    CodeState.EXPIRED: "EXPIRED",
    CodeState.CANCELLED: "CANCELLED",
}

KINDS = {"PERSON": CustomerKind.PERSON, "COMPANY": CustomerKind.COMPANY}
TYPES = {kind: name for name, kind in KINDS.items()}
GENDERS = ("MALE", "FEMALE")

NAMES = ("title", "first_name", "middle_name", "last_name", "company_name")
NEEDED = {
    CustomerKind.PERSON: ("first_name", "last_name"),
    CustomerKind.COMPANY: ("company_name",),
}
OF_OTHERS = {CustomerKind.PERSON: ("company_name",), CustomerKind.COMPANY: NAMES[:4]}

OF_PERSONS = ("id_number", "passport_number", "social_security_number")
OF_COMPANIES = ("registration_number", "vat_registration_number")

ACTIVE, EFFECTIVE = "ACTIVE", "EFFECTIVE"
"""States of accounts (DOC 952202, 956849, 967959). None of ours ever ends."""


def to_fields(fields_set: str | None, kind: type[Struct]) -> frozenset[str] | None:
    """Return the fields that the answer is cut down to; None: all of them.

    Raises:
        InvalidValue: a name is no field of the answer.
    """
    if not fields_set:
        return None
    names = frozenset(part.strip() for part in fields_set.split(",") if part.strip())
    unknown = sorted(names.difference(kind.__struct_fields__))
    if unknown:
        raise InvalidValue("fields_set", f"{', '.join(unknown)}: no such field")
    return names or None


def cut(data: S, fields: frozenset[str] | None) -> S:
    """Return the data with the chosen fields only."""
    if fields is None:
        return data
    left = {name: UNSET for name in data.__struct_fields__ if name not in fields}
    return msgspec.structs.replace(data, **left)


def from_issued(issued: IssuedCode, *, legacy_names: bool) -> objects.PromoCode:
    """Return a code just given out as `request_promo_code` prints it."""
    code, campaign = issued.code, issued.campaign
    creator = issuer = _from_actor(issued.created_by, legacy_names)
    if issued.issued_by is not issued.created_by:
        issuer = _from_actor(issued.issued_by, legacy_names)
    return objects.PromoCode(
        id=hex_id(code.id),
        code=code.code,
        life_cycle_state=CODE_STATES[code.state],
        expiration_date=None if code.expires_at is None else moment(code.expires_at),
        promotion_campaign=objects.PromotionCampaign(
            id=hex_id(campaign.id),
            name=campaign.name,
            alternative_code=campaign.alternative_code,
            description=campaign.description,
            long_description=campaign.long_description,
            short_description=campaign.short_description,
            type=CAMPAIGN_TYPES[campaign.type],
        ),
        # DECIDED: created when the code was made, updated when it was handed out.
        log_information=objects.LogInformation(
            created_date=moment(code.created_at),
            updated_date=moment(code.issued_at or code.created_at),
            created_by_unit=creator[0],
            created_by_user=creator[1],
            updated_by_unit=issuer[0],
            updated_by_user=issuer[1],
        ),
    )


def _from_actor(actor: access.Actor, legacy_names: bool) -> tuple[Any, Any]:
    return from_unit(actor.unit, legacy_names), from_user(actor.user, legacy_names)


def from_unit(unit: access.Unit | None, legacy_names: bool) -> Any:
    """Return a unit; SEED 002: its group's and community's names are empty if so set."""
    if unit is None:
        return UNSET
    return objects.Unit(
        id=hex_id(unit.id),
        name=unit.name,
        group_name=(unit.group_name or UNSET) if legacy_names else "",
        community_name=(unit.community_name or UNSET) if legacy_names else "",
        alternative_code=unit.alternative_code,
        description=unit.description or UNSET,
    )


def from_user(user: access.User | None, legacy_names: bool) -> Any:
    """Return a user; SEED 002: the person's name and e-mail are empty if so set."""
    if user is None:
        return UNSET
    return objects.User(
        id=hex_id(user.id),
        username=user.username,
        person_name=(user.person_name or UNSET) if legacy_names else "",
        email=(user.email or UNSET) if legacy_names else "",
    )


def to_customer(body: schemas.CreateContact) -> dict[str, Any]:
    """Return the fields of a new customer.

    Raises:
        MissingParameter, InvalidValue
    """
    if body.type is None:
        raise MissingParameter("type")
    kind = KINDS[body.type]
    new = {name: getattr(body, name) or None for name in NAMES}
    check_names(kind, new)
    for name in NEEDED[kind]:
        if not new[name]:
            raise MissingParameter(name)
    person, company = body.demographics, body.company_profile
    identifiers = {
        name: value
        for holder, names in ((person, OF_PERSONS), (company, OF_COMPANIES))
        for name in names
        if holder is not None and (value := getattr(holder, name))
    }
    new |= {"kind": kind, "identifiers": identifiers}
    return new if person is None else new | _demographics(person)


def _demographics(given: schemas.NewDemographics) -> dict[str, Any]:
    emails = [one.email_address for one in given.email_set or () if one.email_address]
    phones = [one.number for one in given.phone_set or () if one.number]
    fields: dict[str, Any] = {
        "email": next(iter(emails), None),
        "phone": next(iter(phones), None),
        "birthday": None if given.date_of_birth is None else _birthday(given.date_of_birth),
    }
    if given.gender is not None:
        fields["attributes"] = {"gender": given.gender.lower()}
    return fields


def _birthday(given: schemas.Day) -> date:
    try:
        return date(given.year, given.month, given.day)
    except ValueError:
        raise InvalidValue("date_of_birth", "is no day") from None


def to_changes(body: schemas.UpdateContact) -> dict[str, Any]:
    """Return what is to be changed of a customer (DOC 490824: what is not specified stays)."""
    given = {name: getattr(body, name) for name in NAMES}
    return {name: value for name, value in given.items() if value is not UNSET}


def check_names(kind: CustomerKind, names: Mapping[str, Any]) -> None:
    """Refuse a person's names of a company, and the other way round (DOC 490824).

    Raises:
        InvalidValue
    """
    for name in OF_OTHERS[kind]:
        if names.get(name):
            raise InvalidValue(name, f"is not applicable to a {TYPES[kind]}")


def from_customer(view: CustomerView) -> objects.ContactInformation:
    """Return a contact information."""
    customer, identifiers = view.customer, view.customer.identifiers
    return objects.ContactInformation(
        id=hex_id(customer.id),
        type=TYPES[customer.kind],
        # DECIDED: financial is who has an accounts receivable.
        life_cycle_state="MARKETING" if view.receivable is None else "FINANCIAL",
        name=customer.name,
        title=customer.title,
        first_name=customer.first_name,
        middle_name=customer.middle_name,
        last_name=customer.last_name,
        company_name=customer.company_name,
        demographics=None if customer.kind != CustomerKind.PERSON else _from_person(view),
        company_profile=None
        if customer.kind != CustomerKind.COMPANY
        else objects.CompanyProfile(
            registration_number=identifiers.get(Identifier.REGISTRATION_NUMBER),
            vat_registration_number=identifiers.get(Identifier.VAT_REGISTRATION_NUMBER),
        ),
        emails_set=[objects.Email(customer.email)] if customer.email else [],
    )


def _from_person(view: CustomerView) -> objects.Demographics:
    customer, identifiers = view.customer, view.customer.identifiers
    born, gender = customer.birthday, str(customer.attributes.get("gender") or "").upper()
    return objects.Demographics(
        gender=gender if gender in GENDERS else None,
        id_number=identifiers.get(Identifier.ID_NUMBER),
        passport_number=identifiers.get(Identifier.PASSPORT_NUMBER),
        social_security_number=identifiers.get(Identifier.SOCIAL_SECURITY_NUMBER),
        date_of_birth=None
        if born is None
        else objects.DateOfBirth(day=born.day, month=born.month, year=born.year),
    )


def from_receivable(view: AccountView) -> objects.AccountsReceivable:
    """Return an accounts receivable, with its owner as a public sample answer shows it."""
    owner = from_customer(view.owner)
    owner.emails_set = UNSET
    return objects.AccountsReceivable(
        id=hex_id(view.account.id),
        type="CUSTOMER",
        number=view.account.number,
        name=view.account.name,
        life_cycle_state=ACTIVE,
        account_owner=owner,
        log_information=_made(view.account),
    )


def from_participant(view: AccountView) -> objects.RewardsParticipant:
    """Return a rewards participant."""
    return objects.RewardsParticipant(
        id=hex_id(view.account.id),
        number=view.account.number,
        sign_up_on=moment(view.account.created_at),
        life_cycle_state=EFFECTIVE,
        accounts_receivable=_short(view.owner.receivable),
        log_information=_made(view.account),
    )


def from_subscription(view: AccountView) -> objects.Subscription:
    """Return a subscription."""
    return objects.Subscription(
        id=hex_id(view.account.id),
        number=view.account.number,
        life_cycle_state=EFFECTIVE,
        first_activated_date=moment(view.account.created_at),
        accounts_receivable=_short(view.owner.receivable),
    )


def _short(account: Account | None) -> objects.ReceivableShort | None:
    if account is None:
        return None
    return objects.ReceivableShort(
        id=hex_id(account.id), number=account.number, name=account.name, life_cycle_state=ACTIVE
    )


def _made(account: Account) -> objects.LogInformation:
    made = moment(account.created_at)
    return objects.LogInformation(created_date=made, updated_date=made)


def hex_id(value: UUID) -> str:
    """Return an id as CRM.COM prints it: 32 upper-case hexadecimal digits (SEED 002)."""
    return f"{value.int:032X}"


def moment(value: datetime) -> str:
    """Return a moment as CRM.COM prints it: UTC, without a zone (SEED 002)."""
    return _second(value.timestamp() // 1)


@lru_cache(maxsize=1024)
def _second(since_1970: float) -> str:
    # Remembered, since it takes longer than anything else in an answer, and what is made or given
    # out together shares its second.
    value = datetime.fromtimestamp(since_1970, UTC)
    return value.replace(tzinfo=None).isoformat(timespec="seconds")
