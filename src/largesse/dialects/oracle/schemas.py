"""Oracle Commerce Cloud's spelling of requests and answers."""

from typing import Any, ClassVar

from msgspec import UNSET, Struct, UnsetType
from starlette.responses import Response

from largesse.wire import bodies
from largesse.wire.answers import Json
from largesse.wire.call import Call
from largesse.wire.errors import MalformedBody

# --- requests ----------------------------------------------------------------------------------


class BatchGrantPromotions(Struct, rename="camel"):
    """`batchGrantPromotions_request` (SEED 001). DECIDED: null is as good as left out."""

    SCHEMA: ClassVar = {
        "anyOf": [
            {"required": [name], "properties": {name: {"type": "array", "minItems": 1}}}
            for name in ("profileIds", "emailAddresses")
        ]
    }
    promotion_ids: list[str] | None = None
    profile_ids: list[str] | None = None
    email_addresses: list[str] | None = None
    source_id: str | None = None


# --- answers -----------------------------------------------------------------------------------


class Link(Struct):
    """One entry of `links` (SEED 001), in the order of the printed example."""

    method: str
    rel: str
    href: str


class Accepted(Struct):
    """The answer of `batchGrantPromotions` (SEED 001): the batch is initiated, not done."""

    links: list[Link]


class SelfLink(Struct):
    """The link of a login (DOC: seen in clients): it has no method."""

    rel: str
    href: str


class Token(Struct):
    """The answer of `login` and `refresh` (DOC 12-17; `expires_in` DOC, RESTAPI 12-17)."""

    access_token: str
    expires_in: int
    token_type: str = "bearer"
    links: list[SelfLink] | UnsetType = UNSET


class LoggedOut(Struct):
    """The answer of `logout` (DOC 22C)."""

    result: bool = True


class ErrorModel(Struct, rename={"error_code": "errorCode"}):
    """A failure (SEED 001): all its members are strings."""

    error_code: str
    message: str
    status: str


class MultipleErrors(Struct, rename={"error_code": "errorCode"}):
    """Several failures (SEED 001), in the order of the printed example."""

    error_code: str
    message: str
    errors: list[ErrorModel]
    status: str


OneOrMoreErrors = ErrorModel | list[MultipleErrors]
"""What a refused call answers (SEED 001)."""


class Error21D(Struct, rename="pascal"):
    """A failure of `batchGrantPromotions` in release 21D: capital names, the code as status."""

    status: str
    message: str


def decode(call: Call, kind: Any) -> Any:
    """Decode a body, which is always JSON. Raises MalformedBody, WrongType."""
    if not call.raw.strip():
        raise MalformedBody("it is empty")
    return bodies.json(call.raw, kind)


def encode(call: Call, result: Any, status: int) -> Response:
    """Return a JSON answer."""
    return Json(result, status)
