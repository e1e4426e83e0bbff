"""Between the native API's bodies and the core's words. Pure: no input, no output."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct

from largesse.core.access.model import Caller
from largesse.core.codes.bulk import as_text
from largesse.core.codes.model import CampaignRef, CodeRef
from largesse.core.customers.model import ByAccount, ByCustomer, ByToken, Identifier, Receiver
from largesse.core.errors import InvalidValue, MissingValue
from largesse.core.grants.model import GrantOrder, RecipientKind
from largesse.core.ids import parsed_id
from largesse.dialects.native.queries import SheetBatch
from largesse.dialects.native.schemas.access import Me
from largesse.dialects.native.schemas.giving import (
    CodeRedemption,
    CodeRequest,
    CustomerTokenName,
    NewBatch,
)

LONGEST_NUMBER = 19
"""Digits of the largest id that is a number."""


def given(body: Struct) -> dict[str, Any]:
    """Return the fields that a body gives; what is null is None, what is left out is missing."""
    fields = msgspec.structs.asdict(body).items()
    return {name: _given(value) for name, value in fields if value is not UNSET}


def _given(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _given(inner) for name, inner in value.items()}
    return given(value) if isinstance(value, Struct) else value


def to_number(text: str) -> int | None:
    """Return the id that a path's segment is, where ids are numbers; None if it is none."""
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER):
        return None
    number = int(text)
    return number if number < 2**63 else None


def to_uuid(text: str) -> UUID | None:
    """Return the id that a path's segment is; None if it is none."""
    return parsed_id(text)


def to_text(text: str) -> str | None:
    """Return the id that a path's segment is, where clients choose them."""
    return text


def to_wanted(body: CodeRequest) -> CampaignRef | CodeRef:
    """Return the campaign or the very code asked for. Raises MissingValue, InvalidValue."""
    name, value = only_one(given(body), ("campaign", "code"), "campaign")
    if name == "code":
        return CodeRef(value)
    return CampaignRef(*only_one(value, ("id", "name", "alternative_code"), "campaign"))


def to_receiver(body: CodeRequest | CodeRedemption) -> Receiver:
    """Return the receiver. Raises MissingValue, InvalidValue."""
    kinds = ("customer", "account", "customer_token")
    kind, value = only_one(given(body.receiver), kinds, "receiver")
    if kind == "customer":
        name, text = only_one(value, ("id", *Identifier), "receiver.customer")
        return ByCustomer(None if name == "id" else Identifier(name), text)
    if kind == "account":
        name, text = only_one(value, ("id", "number", "name"), "receiver.account")
        return ByAccount(value["kind"], name, text)
    assert isinstance(body.receiver.customer_token, CustomerTokenName)
    return _to_token(body.receiver.customer_token)


def _to_token(token: CustomerTokenName) -> ByToken:
    fields = given(token)
    place = "receiver.customer_token"
    ways = ("identifier", "authentication_code", "one_time_password")
    name, _ = only_one(fields, ways, place)
    if name != "identifier" and "pass_code" in fields:
        raise InvalidValue(f"{place}.pass_code", "goes with the identifier only")
    return ByToken(**fields)


def only_one(fields: dict[str, Any], names: tuple[str, ...], place: str) -> tuple[str, Any]:
    """Return the one of these fields that is given.

    Raises:
        MissingValue: none is.
        InvalidValue: more than one is.
    """
    found = [(name, fields[name]) for name in names if name in fields]
    if not found:
        raise MissingValue(place)
    if len(found) > 1:
        raise InvalidValue(place, f"takes only one of {', '.join(name for name, _ in found)}")
    return found[0]


def to_csv(rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as lines of CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([as_text(value) for value in row] for row in rows)
    return text.getvalue()


RECIPIENTS = {"profile_ids": RecipientKind.PROFILE, "emails": RecipientKind.EMAIL}
"""The members of a batch that may hold a million entries."""


def to_order(body: NewBatch) -> GrantOrder:
    """Return what a batch gives."""
    return GrantOrder(tuple(body.promotions), **_asked(body))


def to_order_of_sheet(asked: SheetBatch) -> GrantOrder:
    """Return what the recipients of a sheet are given."""
    return GrantOrder(tuple(asked.promotion), **_asked(asked))


def _asked(asked: NewBatch | SheetBatch) -> dict[str, Any]:
    names = ("source_id", "expires_at", "template", "dry_run")
    return {name: value for name in names if (value := getattr(asked, name)) is not UNSET}


def from_caller(caller: Caller) -> Me:
    """Return who calls."""
    return Me(
        organization=caller.organization_name,
        username=caller.username,
        user_id=caller.user_id,
        unit_id=caller.unit_id,
        role=caller.role,
        rights=sorted(right.value for right in caller.rights),
        expires_at=caller.expires_at,
    )
