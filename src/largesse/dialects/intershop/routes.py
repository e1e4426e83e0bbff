"""Intershop's operations on one page."""

from largesse.dialects.intershop import auth
from largesse.dialects.intershop.elements import ATTRIBUTES
from largesse.dialects.intershop.errors import ERRORS, render
from largesse.dialects.intershop.handlers import customers, mails, newsletter, offers, storefront
from largesse.dialects.intershop.paths import wrap
from largesse.dialects.intershop.schemas import (
    FORM,
    Channel,
    Configuration,
    CreatedCode,
    Customer,
    CustomerQuery,
    Grant,
    Links,
    OfferedPromotion,
    OrganizationHeader,
    Personalization,
    Promotion,
    PromotionCode,
    StorefrontCustomer,
    StorefrontUser,
    Subscribed,
    Subscription,
    Token,
    TokenSet,
    User,
    decode,
    encode,
)
from largesse.wire.dialect import Dialect
from largesse.wire.routes import never, route

APPLICATIONS = "Nothing here is a shop's application, and no document shows what one looks like."

CONTACT_CENTER = (
    route("GET", "/users/-", offers.user, source="DOC M25763", response=User),
    route("GET", "/channels", offers.channels, source="DOC 25K759", response=Links),
    route("GET", "/channels/{channel}", offers.channel, source="DOC 2771N3", response=Channel),
    route(
        "GET",
        "/channels/{channel}/promotions",
        offers.promotions,
        source="DOC 2575L5",
        response=Links,
    ),
    route(
        "GET",
        "/channels/{channel}/promotions/{promotion}",
        offers.promotion,
        source="DOC 257F56",
        response=Promotion,
    ),
    route(
        "POST",
        "/channels/{channel}/promotions/{promotion}/codes",
        offers.create_code,
        source="DOC 25761F",
        response=CreatedCode,
    ),
    route(
        "POST",
        "/customers/{customer}/mails",
        mails.send_code,
        source="SEED 000",
        request=PromotionCode,
        needed=("code",),
        status=204,
    ),
    route(
        "GET",
        "/customers",
        customers.search,
        source="DOC 2X5757",
        response=Links,
        query=CustomerQuery,
    ),
    route(
        "GET",
        "/customers/{customer}",
        customers.customer,
        source="DOC A28246",
        response=Customer,
    ),
    route(
        "POST",
        "/customers/{customer}/tokens",
        customers.create_token,
        source="DOC 2A5883",
        response=Token,
        status=201,
    ),
    never("GET", "/channels/{channel}/applications", source="DOC 2771N3", reason=APPLICATIONS),
    never(
        "GET",
        "/channels/{channel}/applications/{application}",
        source="DOC 2771N3",
        reason=APPLICATIONS,
    ),
)

STOREFRONT = (
    route(
        "POST",
        "/token",
        storefront.token,
        source="DOC U29770",
        request=Grant,
        media=(FORM,),
        response=TokenSet,
        answer_media="application/json",
        public="it is the login",
    ),
    route("PUT", "/token/logout", storefront.log_out, source="PWA", status=204),
    route("GET", "/customers/-", customers.own_customer, source="PWA", response=StorefrontCustomer),
    route(
        "GET",
        "/privatecustomers/-",
        customers.own_person,
        source="PWA",
        response=StorefrontCustomer,
    ),
    route(
        "GET",
        "/customers/{customer}/users/-",
        customers.own_user,
        source="PWA",
        response=StorefrontUser,
    ),
    route(
        "GET",
        "/personalization",
        storefront.personalization,
        source="PWA",
        response=Personalization,
    ),
    route(
        "GET",
        "/configurations",
        storefront.configurations,
        source="DOC 31G269",
        response=Configuration,
        answer_media=storefront.CONFIGURATION,
        public="the storefront asks it before anybody is logged in (PWA)",
    ),
    route(
        "GET",
        "/promotions/{promotion}",
        offers.offered,
        source="DOC 2259K0",
        response=OfferedPromotion,
        public="visitors of the shop see what it offers (PWA)",
    ),
)

NEWSLETTER = (
    route(
        "POST",
        "/subscriptions",
        newsletter.subscribe,
        source="SEED 004",
        request=Subscription,
        needed=("recipient",),
        response=Subscribed,
        status=201,
        public="the storefront subscribes new customers before they are logged in (PWA)",
    ),
    route(
        "GET",
        "/subscriptions/{recipient}",
        newsletter.subscription,
        source="SEED 004",
        response=Subscribed,
        public="it asks for a login itself, unless newsletter_open_status is set",
    ),
    route(
        "DELETE",
        "/subscriptions/{recipient}",
        newsletter.unsubscribe,
        source="SEED 004",
        status=204,
        public="it asks for a login itself, unless newsletter_open_status is set",
    ),
)

INTERSHOP = Dialect(
    name="intershop",
    title="Intershop contact centre, storefront login and newsletter",
    documents="SEED 000: Send a Promotion Code to a Customer; SEED 004: Newsletter (Subscription)",
    # The first that fits: `/customers/-` is no customer's id.
    routes=STOREFRONT + CONTACT_CENTER + NEWSLETTER,
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
            "privatecustomers",
            "promotions",
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
    headers=OrganizationHeader,
    xml_attributes=ATTRIBUTES,
    wrap=wrap,
)
