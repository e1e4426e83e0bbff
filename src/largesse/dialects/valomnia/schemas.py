"""Valomnia's spelling of requests and answers."""

from typing import Any, Literal

from msgspec import Struct
from starlette.responses import Response

from largesse.wire import bodies
from largesse.wire.answers import Json
from largesse.wire.call import Call

# --- requests ----------------------------------------------------------------------------------


class LoginQuery(Struct, kw_only=True):
    """The login's parameters, in the query or in a form (DOC mule, v2)."""

    j_username: str
    j_password: str
    ajax: bool = True


class ListQuery(Struct, kw_only=True):
    """Everything that the query of a list may hold (SEED 003, 51.1)."""

    offset: int = 0
    max: int = 100
    sort: str = "id"
    order: str = "asc"
    dateCreated_gt: str | None = None
    dateCreated_gte: str | None = None
    dateCreated_lt: str | None = None
    dateCreated_lte: str | None = None
    lastUpdated_gt: str | None = None
    lastUpdated_gte: str | None = None
    lastUpdated_lt: str | None = None
    lastUpdated_lte: str | None = None
    promotionListReference: str | None = None
    customerGroupReference: str | None = None


class NoQuery(Struct):
    """The query of the other operations: nothing."""


Name = int | str | None
"""An id (Long, or its digits as a String) or a reference."""

Flag = bool | Literal["true", "false"] | None
"""A Boolean; `success` is printed as a text, so a text is taken as well (DECIDED)."""


class SaveBody(Struct):
    """What a new record is made of (SEED 003, 51.5)."""

    promotionListId: Name = None
    customerGroupId: Name = None
    useExternalId: Flag = None


class UpdateBody(Struct):
    """What a record becomes (SEED 003, 51.4; `useExternalId` INFERRED from 51.5)."""

    id: Name = None
    promotionListId: Name = None
    customerGroupId: Name = None
    useExternalId: Flag = None


# --- answers -----------------------------------------------------------------------------------


class SessionUser(Struct):
    """Who is logged in (DOC v2)."""

    email: str | None
    firstName: str | None
    lastName: str | None
    role: list[str]


class Session(Struct):
    """The answer to a login (DOC v2)."""

    token: str
    user: SessionUser


class CustomerGroup(Struct):
    """The group inside a record (SEED 003)."""

    id: int
    reference: str
    name: str
    href: str


class PromotionList(Struct):
    """The list inside a record: without its name (SEED 003)."""

    id: int
    reference: str
    href: str


class Record(Struct):
    """One customerGroupPromotionList (SEED 003)."""

    id: int
    promotionListReference: str
    customerGroupReference: str
    customerGroup: CustomerGroup
    promotionList: PromotionList
    organization: str
    dateCreated: str
    lastUpdated: str


class Paging(Struct):
    """Where a page lies (SEED 003)."""

    total: int
    max: int
    offset: int
    previous: str | None
    next: str | None


class RecordPage(Struct):
    """The answer of the list (SEED 003)."""

    paging: Paging
    data: list[Record]


class Deleted(Struct):
    """The answer of a deletion; `success` is a text (SEED 003)."""

    success: str = "true"
    success_description: str = "Instance deleted successfully"


class Failure(Struct):
    """Every failure (SEED 003)."""

    error: str
    error_description: str


def decode(call: Call, kind: Any) -> Any:
    """Decode a body, which is always JSON. Raises MalformedBody, WrongType.

    An empty one is an object without members: PUT by references prints no body, and elsewhere
    the parameter that is missing can then be named (DECIDED).
    """
    return bodies.json(call.raw if call.raw.strip() else b"{}", kind)


def encode(call: Call, result: Any, status: int) -> Response:
    """Return a JSON answer."""
    return Json(result, status)
