"""Intershop's operations on one page."""

from largesse.dialects.intershop import auth, handlers
from largesse.dialects.intershop.errors import ERRORS, render
from largesse.dialects.intershop.paths import wrap
from largesse.dialects.intershop.schemas import (
    Channel,
    CreatedCode,
    Links,
    Promotion,
    PromotionCode,
    Subscribed,
    Subscription,
    User,
    decode,
    encode,
)
from largesse.wire.dialect import Dialect
from largesse.wire.routes import not_yet, route

STOREFRONT = "The storefront needs it to log its customers in, which have no login here yet."
APPLICATIONS = "There are no applications here that a channel could list."
SEARCH = "The search for customers follows with the contact centre's other calls."

CONTACT_CENTER = (
    route("GET", "/users/-", handlers.user, source="DOC M25763", response=User),
    route("GET", "/channels", handlers.channels, source="DOC 25K759", response=Links),
    route("GET", "/channels/{channel}", handlers.channel, source="DOC 2771N3", response=Channel),
    route(
        "GET",
        "/channels/{channel}/promotions",
        handlers.promotions,
        source="DOC 2575L5",
        response=Links,
    ),
    route(
        "GET",
        "/channels/{channel}/promotions/{promotion}",
        handlers.promotion,
        source="DOC 257F56",
        response=Promotion,
    ),
    route(
        "POST",
        "/channels/{channel}/promotions/{promotion}/codes",
        handlers.create_code,
        source="DOC 25761F",
        response=CreatedCode,
    ),
    route(
        "POST",
        "/customers/{customer}/mails",
        handlers.send_code,
        source="SEED 000",
        request=PromotionCode,
        status=204,
    ),
    not_yet("GET", "/channels/{channel}/applications", source="DOC 2771N3", reason=APPLICATIONS),
    not_yet(
        "GET",
        "/channels/{channel}/applications/{application}",
        source="DOC 2771N3",
        reason=APPLICATIONS,
    ),
    not_yet("GET", "/customers", source="DOC 2X5757", reason=SEARCH),
    not_yet("GET", "/customers/-", source="PWA", reason=STOREFRONT),
    not_yet("GET", "/customers/{customer}", source="DOC A28246", reason=SEARCH),
    not_yet("POST", "/customers/{customer}/tokens", source="DOC 2A5883", reason=STOREFRONT),
)

NEWSLETTER = (
    route(
        "POST",
        "/subscriptions",
        handlers.subscribe,
        source="SEED 004",
        request=Subscription,
        response=Subscribed,
        status=201,
        public="the storefront subscribes new customers before they are logged in (PWA)",
    ),
    route(
        "GET",
        "/subscriptions/{recipient}",
        handlers.subscription,
        source="SEED 004",
        response=Subscribed,
        public="it asks for a login itself, unless newsletter_open_status is set",
    ),
    route(
        "DELETE",
        "/subscriptions/{recipient}",
        handlers.unsubscribe,
        source="SEED 004",
        status=204,
        public="it asks for a login itself, unless newsletter_open_status is set",
    ),
    not_yet("GET", "/configurations", source="DOC 31G269", reason=STOREFRONT),
    not_yet("POST", "/token", source="DOC U29770", reason=STOREFRONT),
    not_yet("PUT", "/token/logout", source="PWA", reason=STOREFRONT),
    not_yet("GET", "/privatecustomers/-", source="PWA", reason=STOREFRONT),
    not_yet("GET", "/personalization", source="PWA", reason=STOREFRONT),
)

INTERSHOP = Dialect(
    name="intershop",
    title="Intershop contact centre and newsletter",
    documents="SEED 000: Send a Promotion Code to a Customer; SEED 004: Newsletter (Subscription)",
    routes=CONTACT_CENTER + NEWSLETTER,
    # DOC 29599G: /INTERSHOP/rest/{serverGroup}/{siteName}/{appUrl}
    prefixes=("/INTERSHOP/rest/*/*/*",),
    roots=frozenset(
        {
            "customers",
            "channels",
            "subscriptions",
            "users",
            "token",
            "personalization",
            "configurations",
        }
    ),
    authenticate=auth.authenticate,
    errors=ERRORS,
    render=render,
    decode=decode,
    encode=encode,
    failure=str,
    failure_media="text/plain",
    media=("application/json", "text/xml"),
    security={
        "token": {"type": "apiKey", "in": "header", "name": auth.TOKEN},
        "bearer": {"type": "http", "scheme": "bearer"},
        "basic": {"type": "http", "scheme": "basic"},
    },
    wrap=wrap,
)
