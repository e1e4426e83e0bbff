"""Between CRM.COM's words and ours. Pure: no input, no output."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET

from largesse.core.access import model as access
from largesse.core.campaigns.model import CampaignType
from largesse.core.codes.model import CampaignRef, CodeRef, CodeState, IssuedCode
from largesse.core.customers.model import (
    AccountKind,
    ByAccount,
    ByCustomer,
    ByToken,
    Identifier,
    Receiver,
)
from largesse.core.errors import InvalidValue
from largesse.dialects.crmcom import schemas
from largesse.dialects.crmcom.errors import MissingParameter, TooManyIdentifiers

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

CONTACT_IDENTIFIERS = {
    "id": None,
    "id_number": Identifier.ID_NUMBER,
    "passport_number": Identifier.PASSPORT_NUMBER,
    "social_security_number": Identifier.SOCIAL_SECURITY_NUMBER,
    "vat_registration_number": Identifier.VAT_REGISTRATION_NUMBER,
    "registration_number": Identifier.REGISTRATION_NUMBER,
}

ACCOUNT_KINDS = {
    "accounts_receivable_identifier": AccountKind.RECEIVABLE,
    "subscription_identifier": AccountKind.SUBSCRIPTION,
    "rewards_participant_identifier": AccountKind.REWARDS,
}

RECEIVERS = ("contact_information_identifier", *ACCOUNT_KINDS)


def to_wanted(body: schemas.RequestPromoCode) -> CampaignRef | CodeRef:
    """Return the campaign or the very code asked for: exactly one of both (DOC 490072)."""
    name, value = _only_one(
        body, ("promotion_campaign_identifier", "promo_code"), "promotion_campaign_identifier"
    )
    if name == "promo_code":
        return CodeRef(value)
    field, wanted = _only_one(value, ("id", "name", "alternative_code"), name)
    return CampaignRef(field, wanted)


def to_receiver(body: schemas.RequestPromoCode) -> Receiver:
    """Return the receiver: exactly one of four, named in exactly one way (SEED 002).

    Raises:
        MissingParameter, TooManyIdentifiers
    """
    name, identifier = _only_one(body, RECEIVERS, "receiver")
    if name == "contact_information_identifier":
        field, value = _only_one(identifier, tuple(CONTACT_IDENTIFIERS), name)
        return ByCustomer(CONTACT_IDENTIFIERS[field], value)
    kind = ACCOUNT_KINDS[name]
    field, value = _only_one(identifier, identifier.__struct_fields__, name)
    if field == "access_token_identifier":
        return _to_token(value, kind)
    return ByAccount(kind, field, value)


def _to_token(identifier: schemas.AccessTokenIdentifier, kind: AccountKind) -> ByToken:
    ways = ("authentication_code", "identifier", "one_time_password")
    field, value = _only_one(identifier, ways, "access_token_identifier")
    if field != "identifier" and identifier.pass_code is not None:
        # SEED 002: the pass code "is applicable and mandatory if the identifier is specified".
        raise InvalidValue("pass_code", "is applicable only with the identifier")
    if field == "one_time_password":
        return ByToken(kind, one_time_password=str(value))
    if field == "authentication_code":
        return ByToken(kind, authentication_code=value)
    return ByToken(kind, identifier=value, pass_code=identifier.pass_code)


def _only_one(holder: msgspec.Struct, names: tuple[str, ...], missing: str) -> tuple[str, Any]:
    """Return the one member that is given. An empty text counts as none."""
    given: list[tuple[str, Any]] = []
    for name in names:
        value = getattr(holder, name)
        if value is not None and value != "":
            given.append((name, value))
    if not given:
        raise MissingParameter(missing)
    if len(given) > 1:
        raise TooManyIdentifiers(tuple(name for name, _ in given))
    return given[0]


def to_fields(fields_set: str | None) -> frozenset[str] | None:
    """Return the fields that the answer is cut down to; None: all of them.

    Raises:
        InvalidValue: a name is no field of the answer.
    """
    if not fields_set:
        return None
    names = frozenset(part.strip() for part in fields_set.split(",") if part.strip())
    unknown = sorted(names.difference(schemas.PromoCode.__struct_fields__))
    if unknown:
        raise InvalidValue("fields_set", f"{', '.join(unknown)}: no such field")
    return names or None


def from_issued(issued: IssuedCode, *, legacy_names: bool) -> schemas.PromoCode:
    """Return a code just given out as `request_promo_code` prints it."""
    code, campaign = issued.code, issued.campaign
    creator = issuer = _from_actor(issued.created_by, legacy_names)
    if issued.issued_by is not issued.created_by:
        issuer = _from_actor(issued.issued_by, legacy_names)
    return schemas.PromoCode(
        id=hex_id(code.id),
        code=code.code,
        life_cycle_state=CODE_STATES[code.state],
        expiration_date=None if code.expires_at is None else moment(code.expires_at),
        promotion_campaign=schemas.PromotionCampaign(
            id=hex_id(campaign.id),
            name=campaign.name,
            alternative_code=campaign.alternative_code,
            description=campaign.description,
            long_description=campaign.long_description,
            short_description=campaign.short_description,
            type=CAMPAIGN_TYPES[campaign.type],
        ),
        # DECIDED: created when the code was made, updated when it was handed out.
        log_information=schemas.LogInformation(
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
    return schemas.Unit(
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
    return schemas.User(
        id=hex_id(user.id),
        username=user.username,
        person_name=(user.person_name or UNSET) if legacy_names else "",
        email=(user.email or UNSET) if legacy_names else "",
    )


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
