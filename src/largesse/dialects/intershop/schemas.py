"""Intershop's spelling of requests and answers."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Struct, UnsetType
from starlette.responses import Response

from largesse.dialects.intershop import elements
from largesse.dialects.intershop.errors import UnreadableRecipient
from largesse.wire import bodies
from largesse.wire.answers import Json
from largesse.wire.call import Call
from largesse.wire.errors import MalformedBody, UnsupportedMediaType, WrongType
from largesse.wire.schemas import EMAIL

FORM = "application/x-www-form-urlencoded"
JSON = frozenset({"application/json"})
XML = frozenset({"text/xml", "application/xml"})

IDS = {"promotion_id": "promotionID", "channel_id": "channelID"}

# --- requests ----------------------------------------------------------------------------------


class OrganizationHeader(Struct):
    """The organization that a request is for (DOC M25763); DECIDED: it may be left out."""

    organization: str | UnsetType = msgspec.field(default=UNSET, name="UserOrganization")


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
    recipient: Annotated[str | None, EMAIL] = None


class Grant(Struct):
    """The form of `token` (PWA); which fields count depends on `grant_type`.

    A storefront also sends `scope` and the like: what is not known is passed over.
    """

    grant_type: str | None = None
    username: str | None = None
    password: str | None = None
    organization: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    refresh_token: str | None = None


class CustomerQuery(Struct):
    """The query of `customers` (DOC 2X5757); one of the first four is needed."""

    SingleSearchField: str | None = None
    EMail: str | None = None
    LastName: str | None = None
    CustomerNo: str | None = None
    FirstName: str | None = None
    Birthday: str | None = None
    PhoneNo: str | None = None
    PostCode: str | None = None
    City: str | None = None
    Country: str | None = None
    Channel: str | None = None


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


class Address(Struct, kw_only=True, rename="camel"):
    """A customer's address (DOC A28246); members without a value are left out."""

    type: str = "Address"
    id: str
    address_name: str
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    street: str | UnsetType = UNSET
    postal_code: str | UnsetType = UNSET
    city: str | UnsetType = UNSET
    country: str | UnsetType = UNSET
    country_code: str | UnsetType = UNSET


class Customer(Struct, kw_only=True, rename="camel"):
    """A customer as the contact centre sees it (DOC A28246: telephones may be empty)."""

    type: str = "Customer"
    id: str
    customer_no: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    login: str | UnsetType = UNSET
    phone_home: str
    phone_mobile: str
    phone_business: str
    preferred_ship_to_address: Address | UnsetType = UNSET


class Token(Struct, kw_only=True):
    """A token by which a user acts as a customer (DOC 2A5883)."""

    type: str = "Token"
    token: str
    user: str


class StorefrontUser(Struct, kw_only=True, rename="camel"):
    """Who is logged in for a company (PWA)."""

    type: str = "User"
    title: str | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    birthday: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    phone_home: str | UnsetType = UNSET
    phone_mobile: str | UnsetType = UNSET
    phone_business: str | UnsetType = UNSET
    preferred_language: str | UnsetType = UNSET


class StorefrontCustomer(StorefrontUser, kw_only=True, rename="camel"):
    """The customer who is logged in (PWA)."""

    type: str
    """PrivateCustomer or SMBCustomer."""
    customer_type: str
    """PRIVATE or SMBCustomer."""
    customer_no: str
    company_name: str | UnsetType = UNSET


class TokenSet(Struct, kw_only=True):
    """Tokens as the storefront's OAuth library reads them (PWA)."""

    access_token: str
    token_type: str = "Bearer"
    expires_in: int
    refresh_token: str | UnsetType = UNSET


class Personalization(Struct, kw_only=True):
    """By what the storefront asks for personalized content (PWA)."""

    type: str = "Personalization"
    pgid: str


class General(Struct, kw_only=True, rename="camel"):
    """Languages and currencies of a shop (PWA)."""

    default_locale: str
    locales: list[str]
    default_currency: str
    currencies: list[str]


class Marketing(Struct, kw_only=True, rename="camel"):
    """What a shop offers beside its goods (PWA)."""

    newsletter_subscription_enabled: bool


class ConfigurationData(Struct, kw_only=True):
    """The parts of a shop's configuration that a newsletter needs."""

    general: General
    marketing: Marketing


class Configuration(Struct, kw_only=True):
    """A shop's configuration (DOC 31G269: a container, PWA)."""

    data: ConfigurationData


class OfferedPromotion(Struct, kw_only=True, rename="camel"):
    """A promotion as visitors of the shop see it (DOC 2259K0; `id` PWA)."""

    name: str
    type: str = "Promotion"
    id: str
    title: str
    description: str | UnsetType = UNSET
    long_title: str | UnsetType = UNSET
    rule_description: str | UnsetType = UNSET
    legal_content_message: str | UnsetType = UNSET
    icon: str | UnsetType = UNSET
    promotion_type: str | UnsetType = UNSET
    currency: str
    coupon_code_required: bool


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
    if kind is Grant:
        return _form(call)
    if kind is not Subscription:
        return _decoded(call, kind)
    try:
        return _decoded(call, kind) if call.raw.strip() else Subscription()
    except (MalformedBody, WrongType) as error:
        # SEED 004 has two keys for a 400 and no 400 without one.
        raise UnreadableRecipient(str(error)) from None


def _form(call: Call) -> Grant:
    given = media_type(call)
    if given != FORM and (given or call.raw):
        raise UnsupportedMediaType(given)
    return msgspec.convert(bodies.form(call.raw), Grant)


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
