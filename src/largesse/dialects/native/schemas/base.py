"""What the native API's bodies are made of, and how a body is read and written.

Answers are the core's own values, as they are. In a request a field that may be left out is UNSET,
and one that may be emptied is also null: so a change says exactly what changes. Lengths and bounds
are those of the columns.
"""

from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response

from largesse.core.codes.format import LONGEST
from largesse.wire import bodies
from largesse.wire.answers import Json
from largesse.wire.call import Call
from largesse.wire.errors import MalformedBody, UnsupportedMediaType
from largesse.wire.schemas import EMAIL, FILLED

V = TypeVar("V")

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Label = Annotated[str, Meta(min_length=1, max_length=100)]
Long = Annotated[str, Meta(min_length=1, max_length=400)]
FilledName = Annotated[Name, FILLED]
FilledLabel = Annotated[Label, FILLED]
FilledLong = Annotated[Long, FILLED]
Text = Annotated[str, Meta(max_length=20_000)]
Email = Annotated[str, Meta(min_length=3, max_length=254), EMAIL]
Login = Annotated[str, Meta(min_length=3, max_length=254)]
Secret = Annotated[str, Meta(min_length=1, max_length=254)]
Password = Annotated[str, Meta(min_length=8, max_length=1000)]
Locale = Annotated[str, Meta(max_length=20)]
CodeText = Annotated[str, Meta(min_length=1, max_length=LONGEST)]
Moment = Annotated[datetime, Meta(tz=True)]
Number = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Object = dict[str, Any]

NO_STORE = ((b"cache-control", b"no-store"),)
"""Nothing of an answer may stay in a cache, for it is one organization's own."""

ChannelId = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=r"^[^/\x00-\x20\x7f]+(?![\s\S])")
]
"""A channel's id is a segment of paths: no slash, no space. `$` would let a line break pass."""


class Body(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What every body has: an unknown field is refused, so that a misspelt one is seen."""


class Listing(Struct, Generic[V]):
    """A page of records; `next` is the cursor of the next one."""

    items: list[V]
    next: str | None = None


class Problem(Struct, omit_defaults=True):
    """A failure (RFC 9457). `code` is for programs; `field` names an invalid value."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    field: str | UnsetType = UNSET


def media_of(call: Call, usual: str) -> str:
    """Return the media type of a call's body, without its parameters."""
    return (call.header("content-type") or usual).partition(";")[0].strip().lower()


def check_media(call: Call, wanted: str) -> None:
    """Refuse a body that says it is of another media type. Raises UnsupportedMediaType."""
    if (media := media_of(call, wanted)) != wanted:
        raise UnsupportedMediaType(media)


def check_is_json(call: Call) -> None:
    """Refuse a body that says it is no JSON. Raises UnsupportedMediaType."""
    media = media_of(call, "application/json")
    if media != "application/json" and not media.endswith("+json"):
        raise UnsupportedMediaType(media)


def decode(call: Call, kind: Any) -> Any:
    """Decode a JSON body. Raises UnsupportedMediaType, MalformedBody, WrongType."""
    check_is_json(call)
    if not call.raw.strip():
        raise MalformedBody("it is empty")
    return bodies.json(call.raw, kind)


def encode(call: Call, result: Any, status: int) -> Response:
    """Return a JSON answer, or one without a body."""
    if status == 204:
        return Response(status_code=status, headers={"Cache-Control": "no-store"})
    return Json(result, status, headers=NO_STORE)
