"""Who receives codes: contact information, accounts receivable and rewards participants."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from largesse.core.customers.lookup import AccountView
from largesse.core.customers.model import AccountKind, ByAccount, ByCustomer, ByToken, Receiver
from largesse.dialects.crmcom import mapping, schemas
from largesse.dialects.crmcom.errors import MissingParameter, TooManyIdentifiers
from largesse.dialects.crmcom.handlers.authentication import PRINTED_NULL
from largesse.dialects.crmcom.identifiers import (
    CONTACT,
    from_query,
    to_account,
    to_contact,
    to_receiver,
)
from largesse.dialects.crmcom.objects import (
    AccountsReceivable,
    ContactInformation,
    RewardsParticipant,
)
from largesse.dialects.crmcom.schemas import Status
from largesse.wire.bodies import wrong_type
from largesse.wire.call import Call

Q = TypeVar("Q", bound=schemas.Shown)

RECEIVABLE = "accounts_receivable_identifier"
SUBSCRIPTION = "subscription_identifier"
PARTICIPANT = "rewards_participant_identifier"

OF_QUERIES: Mapping[str, type[Any]] = {
    CONTACT: schemas.ContactIdentifier,
    RECEIVABLE: schemas.ReceivableIdentifier,
    SUBSCRIPTION: schemas.SubscriptionIdentifier,
    PARTICIPANT: schemas.ParticipantNumber,
}


# --- contact information -------------------------------------------------------------------------


async def show_contact(call: Call) -> schemas.ContactEnvelope:
    """GET contact_information/show."""
    asked = _query(call, schemas.ContactQuery)
    fields = mapping.to_fields(asked.fields_set, ContactInformation)
    named = _named(asked, (CONTACT,))
    assert isinstance(named, ByCustomer)
    view = await call.services.lookup.customer(call.caller, named.identifier, named.value)
    return _contact(mapping.from_customer(view), fields)


async def create_contact(call: Call) -> schemas.ContactEnvelope:
    """POST contact_information/create."""
    fields = mapping.to_fields(call.body.fields_set, ContactInformation)
    made = await call.services.customers.create(call.caller, mapping.to_customer(call.body))
    view = await call.services.lookup.seen(call.caller, made)
    return _contact(mapping.from_customer(view), fields)


async def update_contact(call: Call) -> schemas.ContactEnvelope:
    """POST contact_information/update: fields that are not specified are not updated."""
    body: schemas.UpdateContact = call.body
    fields = mapping.to_fields(body.fields_set, ContactInformation)
    if body.contact_information_identifier is None:
        raise MissingParameter(CONTACT)
    named = to_contact(body.contact_information_identifier)
    customers, changes = call.services.customers, mapping.to_changes(body)
    there = await customers.named(call.caller, named.identifier, named.value)
    mapping.check_names(there.kind, changes)
    changed = await customers.change(call.caller, there.id, changes)
    view = await call.services.lookup.seen(call.caller, changed)
    return _contact(mapping.from_customer(view), fields)


def _contact(data: ContactInformation, fields: frozenset[str] | None) -> schemas.ContactEnvelope:
    return schemas.ContactEnvelope(PRINTED_NULL, mapping.cut(data, fields))


# --- accounts receivable -------------------------------------------------------------------------


async def show_receivable(call: Call) -> schemas.ReceivableEnvelope:
    """GET accounts_receivable/show."""
    asked = _query(call, schemas.ReceivableQuery)
    return await _receivable(call, _named(asked, (RECEIVABLE,)), asked.fields_set)


async def show_receivable_by_token(call: Call) -> schemas.ReceivableEnvelope:
    """POST accounts_receivable/show: the same, and an access token may name it."""
    named = to_receiver(call.body, (RECEIVABLE,))
    return await _receivable(call, named, call.body.fields_set)


async def _receivable(
    call: Call, named: Receiver, fields_set: str | None
) -> schemas.ReceivableEnvelope:
    fields = mapping.to_fields(fields_set, AccountsReceivable)
    data = mapping.from_receivable(await _account(call, named))
    return schemas.ReceivableEnvelope(mapping.cut(data, fields), Status())


async def list_receivables(call: Call) -> schemas.ReceivablesEnvelope:
    """GET accounts_receivable/list: those of a subscription, a contact or an e-mail address."""
    asked = _query(call, schemas.ReceivablesQuery)
    fields = mapping.to_fields(asked.fields_set, AccountsReceivable)
    names = (SUBSCRIPTION, CONTACT, "email_address")
    found = await _accounts(call, AccountKind.RECEIVABLE, asked, names)
    data = [mapping.cut(mapping.from_receivable(view), fields) for view in found]
    return schemas.ReceivablesEnvelope(data, Status())


# --- rewards participants ------------------------------------------------------------------------


async def show_participant(call: Call) -> schemas.ParticipantEnvelope:
    """GET rewards_participants/show."""
    asked = _query(call, schemas.ParticipantQuery)
    return await _participant(call, _named(asked, (PARTICIPANT,)), asked.fields_set)


async def show_participant_by_token(call: Call) -> schemas.ParticipantEnvelope:
    """POST rewards_participants/show: the same, and an access token may name it."""
    named = to_receiver(call.body, (PARTICIPANT,))
    return await _participant(call, named, call.body.fields_set)


async def _participant(
    call: Call, named: Receiver, fields_set: str | None
) -> schemas.ParticipantEnvelope:
    fields = mapping.to_fields(fields_set, RewardsParticipant)
    data = mapping.from_participant(await _account(call, named))
    return schemas.ParticipantEnvelope(PRINTED_NULL, mapping.cut(data, fields))


async def list_participants(call: Call) -> schemas.ParticipantsEnvelope:
    """GET rewards_participants/list: those of an accounts receivable or of a contact."""
    asked = _query(call, schemas.ParticipantsQuery)
    fields = mapping.to_fields(asked.fields_set, RewardsParticipant)
    found = await _accounts(call, AccountKind.REWARDS, asked, (RECEIVABLE, CONTACT))
    if asked.life_cycle_state != mapping.EFFECTIVE:
        found = []
    data = [mapping.cut(mapping.from_participant(view), fields) for view in found]
    return schemas.ParticipantsEnvelope(PRINTED_NULL, data)


# --- inside --------------------------------------------------------------------------------------


def _query(call: Call, kind: type[Q]) -> Q:
    """Return a call's query; what nobody knows is passed over. Raises WrongType."""
    try:
        return msgspec.convert(dict(call.request.query_params), kind, strict=False)
    except msgspec.ValidationError as error:
        raise wrong_type(error) from None


def _named(asked: schemas.Shown, names: tuple[str, ...]) -> Receiver:
    """Return what a query names: exactly one (DOC 512933, the page's restrictions)."""
    given = [name for name in names if getattr(asked, name)]
    if not given:
        raise MissingParameter(names[0])
    if len(given) > 1:
        raise TooManyIdentifiers(tuple(given))
    (name,) = given
    identifier = from_query(name, getattr(asked, name), OF_QUERIES[name])
    if isinstance(identifier, schemas.ContactIdentifier):
        return to_contact(identifier)
    return to_account(name, identifier)


async def _account(call: Call, named: Receiver) -> AccountView:
    assert isinstance(named, ByAccount | ByToken)
    return await call.services.lookup.account(call.caller, named)


async def _accounts(
    call: Call, kind: AccountKind, asked: schemas.Listed, names: tuple[str, ...]
) -> list[AccountView]:
    email, owner = getattr(asked, "email_address", None) or None, None
    others = tuple(name for name in names if name in OF_QUERIES)
    if email is None:
        owner = _named(asked, others)
    elif given := [name for name in others if getattr(asked, name)]:
        raise TooManyIdentifiers((*given, "email_address"))
    return await call.services.lookup.accounts(
        call.caller,
        kind,
        owner,
        email=email,
        limit=asked.number_of_results,
        offset=asked.offset,
    )
