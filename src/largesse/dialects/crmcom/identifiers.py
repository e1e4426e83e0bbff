"""What CRM.COM's clients name things by, in bodies and in queries. Pure: no input, no output."""

from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from largesse.core.codes.model import CampaignRef, CodeRef
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
from largesse.wire import bodies

S = TypeVar("S", bound=Struct)

CONTACT_IDENTIFIERS = {
    "id": None,
    "id_number": Identifier.ID_NUMBER,
    "passport_number": Identifier.PASSPORT_NUMBER,
    "social_security_number": Identifier.SOCIAL_SECURITY_NUMBER,
    "vat_registration_number": Identifier.VAT_REGISTRATION_NUMBER,
    "registration_number": Identifier.REGISTRATION_NUMBER,
}

CONTACT = "contact_information_identifier"

ACCOUNT_KINDS = {
    "accounts_receivable_identifier": AccountKind.RECEIVABLE,
    "subscription_identifier": AccountKind.SUBSCRIPTION,
    "rewards_participant_identifier": AccountKind.REWARDS,
}

RECEIVERS = (CONTACT, *ACCOUNT_KINDS)


def to_wanted(body: schemas.RequestPromoCode) -> CampaignRef | CodeRef:
    """Return the campaign or the very code asked for: exactly one of both (DOC 490072)."""
    name, value = only_one(
        body, ("promotion_campaign_identifier", "promo_code"), "promotion_campaign_identifier"
    )
    if name == "promo_code":
        return CodeRef(value)
    field, wanted = only_one(value, ("id", "name", "alternative_code"), name)
    return CampaignRef(field, wanted)


def to_receiver(body: Struct, names: tuple[str, ...] = RECEIVERS) -> Receiver:
    """Return the receiver: exactly one of several, named in exactly one way (SEED 002).

    Raises:
        MissingParameter, TooManyIdentifiers
    """
    name, identifier = only_one(body, names, "receiver" if len(names) > 1 else names[0])
    return to_contact(identifier) if name == CONTACT else to_account(name, identifier)


def to_contact(identifier: schemas.ContactIdentifier) -> ByCustomer:
    """Return the contact information that is named. Raises MissingParameter, TooManyIdentifiers."""
    field, value = only_one(identifier, tuple(CONTACT_IDENTIFIERS), CONTACT)
    return ByCustomer(CONTACT_IDENTIFIERS[field], value)


def to_account(name: str, identifier: Any) -> ByAccount | ByToken:
    """Return the account that is named. Raises MissingParameter, TooManyIdentifiers."""
    kind = ACCOUNT_KINDS[name]
    field, value = only_one(identifier, identifier.__struct_fields__, name)
    if field == "access_token_identifier":
        return to_token(value, kind)
    return ByAccount(kind, field, value)


def to_token(
    identifier: schemas.AccessTokenIdentifier | schemas.ConsumerTokenIdentifier, kind: AccountKind
) -> ByToken:
    """Return the access token that is named. Raises MissingParameter, TooManyIdentifiers."""
    names = ("authentication_code", "identifier", "one_time_password")
    ways = tuple(name for name in names if name in identifier.__struct_fields__)
    field, value = only_one(identifier, ways, "access_token_identifier")
    if field != "identifier" and identifier.pass_code is not None:
        # SEED 002: the pass code "is applicable and mandatory if the identifier is specified".
        raise InvalidValue("pass_code", "is applicable only with the identifier")
    if field == "one_time_password":
        return ByToken(kind, one_time_password=str(value))
    if field == "authentication_code":
        return ByToken(kind, authentication_code=value)
    return ByToken(kind, identifier=value, pass_code=identifier.pass_code)


def from_query(name: str, text: str, kind: type[S]) -> S:
    """Return an identifier as a query writes it: `number=ACR0000002278`, or as JSON.

    The first is how two public clients call `show` and `list`; the second is INFERRED.

    Raises:
        InvalidValue, MalformedBody, WrongType
    """
    if text.lstrip().startswith("{"):
        found: S = bodies.json(text.encode(), kind)
        return found
    field, equals, value = text.partition("=")
    fields = kind.__struct_fields__
    if not equals or field.strip() not in fields:
        raise InvalidValue(name, f"must be FIELD=VALUE, with one of {', '.join(fields)}")
    return msgspec.convert({field.strip(): value}, kind)


def only_one(holder: Struct, names: tuple[str, ...], missing: str) -> tuple[str, Any]:
    """Return the one member that is given. An empty text counts as none.

    Raises:
        MissingParameter, TooManyIdentifiers
    """
    members = [(name, getattr(holder, name)) for name in names]
    given = [member for member in members if member[1] is not None and member[1] != ""]
    if not given:
        raise MissingParameter(missing)
    if len(given) > 1:
        raise TooManyIdentifiers(tuple(name for name, _ in given))
    return given[0]
