"""Intershop's spelling of requests and answers."""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType
from starlette.responses import Response

from largesse.dialects.intershop import elements
from largesse.dialects.intershop.errors import UnreadableRecipient
from largesse.wire import bodies
from largesse.wire.answers import Json
from largesse.wire.call import Call
from largesse.wire.errors import MalformedBody, UnsupportedMediaType, WrongType

JSON = frozenset({"application/json"})
XML = frozenset({"text/xml", "application/xml"})

IDS = {"promotion_id": "promotionID", "channel_id": "channelID"}

# --- requests ----------------------------------------------------------------------------------


class PromotionLink(Struct):
    """`promotion` inside a `PromotionCode` (SEED 000): it is checked, but the ids decide."""

    type: str | None = None
    description: str | None = None
    title: str | None = None
    uri: str | None = None
    relation: str | None = None


class PromotionCode(Struct, rename=IDS):
    """The body of `customers/{id}/mails` (SEED 000): what the creation of a code answered."""

    type: str | None = None
    code: str | None = None
    promotion: PromotionLink | None = None
    promotion_id: str | None = None
    channel_id: str | None = None


class Subscription(Struct):
    """The body of `subscriptions` (SEED 004: SubscriptionRO); `active` changes nothing."""

    name: str | None = None
    type: str | None = None
    active: bool | None = None
    recipient: str | None = None


# --- answers -----------------------------------------------------------------------------------


class Attribute(Struct):
    """One attribute of a link (DOC 2575L5)."""

    value: str
    name: str = "id"
    type: str = "String"


class Link(Struct, kw_only=True):
    """A link (SEED 000, DOC 2575L5); members that do not apply are left out."""

    type: str = "Link"
    description: str | UnsetType = UNSET
    title: str
    uri: str
    relation: str | UnsetType = UNSET
    attributes: list[Attribute] | UnsetType = UNSET


class Links(Struct):
    """A list of links (DOC 2575L5, 25K759)."""

    elements: list[Link]


class RelatedLinks(Struct):
    """The links inside an object (DOC 257F56)."""

    elements: list[Link]
    type: str = "ResourceCollection"


class Promotion(Struct, kw_only=True):
    """A promotion (DOC 257F56)."""

    name: str
    type: str = "Promotion"
    id: str
    description: str | UnsetType = UNSET
    links: RelatedLinks


class Channel(Promotion, kw_only=True):
    """A channel (INFERRED: after the promotion; the document's page could not be read)."""

    type: str = "Channel"


class CreatedCode(Struct, kw_only=True, rename=IDS):
    """A code just created (DOC 25761F); SEED 000 prints it as the body of `mails`."""

    type: str = "PromotionCode"
    code: str
    promotion: Link
    promotion_id: str
    channel_id: str


class User(Struct, kw_only=True):
    """Who is logged in (DOC M25763)."""

    type: str = "User"
    first_name: str | UnsetType = msgspec.field(default=UNSET, name="firstName")
    last_name: str | UnsetType = msgspec.field(default=UNSET, name="lastName")


class Subscribed(Struct, kw_only=True):
    """A subscription (SEED 004: SubscriptionRO)."""

    name: str
    type: str = "Subscription"
    active: bool
    recipient: str


# --- bodies ------------------------------------------------------------------------------------


def decode(call: Call, kind: Any) -> Any:
    """Decode a body by its Content-Type.

    Raises:
        UnsupportedMediaType: neither JSON nor XML.
        MalformedBody, WrongType; UnreadableRecipient instead where the body is a Subscription.
    """
    if kind is not Subscription:
        return _decoded(call, kind)
    try:
        return _decoded(call, kind) if call.raw.strip() else Subscription()
    except (MalformedBody, WrongType) as error:
        # SEED 004 has two keys for a 400 and no 400 without one.
        raise UnreadableRecipient(str(error)) from None


def _decoded(call: Call, kind: Any) -> Any:
    given = media_type(call)
    if given in XML:
        return elements.read(call.raw, kind)
    if given not in JSON:
        raise UnsupportedMediaType(given)
    if not call.raw.strip():
        raise MalformedBody("it is empty")
    return bodies.json(call.raw, kind)


def encode(call: Call, result: Any, status: int) -> Response:
    """Return an answer in JSON or XML, or one without a body."""
    if result is None:
        return Response(status_code=status)
    if wants_xml(call):
        return Response(elements.write(result), status, media_type="text/xml")
    return Json(result, status)


def media_type(call: Call) -> str:
    """Return the body's media type without its parameters; empty if none is told."""
    return (call.header("content-type") or "").partition(";")[0].strip().lower()


def wants_xml(call: Call) -> bool:
    """Tell whether the client prefers XML; if it takes both alike, the body's form decides."""
    accept = call.header("accept") or "*/*"
    as_xml, as_json = _quality(accept, XML), _quality(accept, JSON)
    return as_xml > as_json or (as_xml == as_json > 0 and media_type(call) in XML)


def _quality(accept: str, wanted: frozenset[str]) -> float:
    """Return how much a client wants one of the media types: the most specific range counts."""
    found = (-1, 0.0)
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        specific = kind.count("/") - kind.count("*") + 1
        if kind in wanted or kind == "*/*" or (kind[-2:] == "/*" and _in_family(kind, wanted)):
            found = max(found, (specific, _weight(parameters)))
    return found[1]


def _in_family(kind: str, wanted: frozenset[str]) -> bool:
    return any(name.startswith(kind[:-1]) for name in wanted)


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
