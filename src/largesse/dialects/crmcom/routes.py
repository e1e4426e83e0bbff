"""CRM.COM's operations on one page.

The resource URLs are pictures in every page of the document: the prefix is INFERRED, the method
names (`{resource}/{action}`) are SEED and DOC.
"""

from largesse.dialects.crmcom import auth, handlers
from largesse.dialects.crmcom.errors import ERRORS, render
from largesse.dialects.crmcom.schemas import (
    Failure,
    PromoCodeEnvelope,
    Released,
    ReleaseToken,
    RequestPromoCode,
    RequestToken,
    TokenEnvelope,
    decode,
    encode,
)
from largesse.wire.dialect import Dialect
from largesse.wire.routes import not_yet, route

LATER = "The neighbouring calls follow when whole dialects are built."

ROUTES = (
    route(
        "POST",
        "/promotion_campaigns/request_promo_code",
        handlers.request_promo_code,
        source="SEED 002",
        request=RequestPromoCode,
        response=PromoCodeEnvelope,
    ),
    route(
        "POST",
        "/authentication/token",
        handlers.token,
        source="DOC 494531",
        request=RequestToken,
        response=TokenEnvelope,
        public="it is the login",
    ),
    route(
        "POST",
        "/authentication/token/release",
        handlers.release,
        source="DOC 532580",
        request=ReleaseToken,
        response=Released,
    ),
    not_yet("POST", "/authentication/web_api_key/token", source="DOC 1IsH", reason=LATER),
    not_yet("GET", "/promotion_campaigns/list", source="INFERRED 951959", reason=LATER),
    not_yet("GET", "/promotion_campaigns/show", source="INFERRED 951959", reason=LATER),
    not_yet("POST", "/subscriptions/apply_promo_code", source="DOC 490062", reason=LATER),
    not_yet("GET", "/contact_information/show", source="INFERRED", reason=LATER),
    not_yet("GET", "/accounts_receivable/show", source="DOC 512933", reason=LATER),
    not_yet("GET", "/accounts_receivable/list", source="DOC 512933", reason=LATER),
    not_yet("GET", "/rewards_participants/show", source="INFERRED", reason=LATER),
)

CRMCOM = Dialect(
    name="crmcom",
    title="CRM.COM Web API",
    documents="SEED 002: POST promotion_campaigns/request_promo_code",
    routes=ROUTES,
    prefixes=("/crmapi/rest/v2",),
    roots=frozenset(
        {
            "promotion_campaigns",
            "authentication",
            "contact_information",
            "accounts_receivable",
            "rewards_participants",
        }
    ),
    authenticate=auth.authenticate,
    errors=ERRORS,
    render=render,
    decode=decode,
    encode=encode,
    # The token is in the body (SEED 002), of which OpenAPI's security schemes know nothing.
    failure=Failure,
)
