"""CRM.COM's operations on one page.

The method names (`{resource}/{action}`) are SEED and DOC; the prefix is DOC 490824 and 491321, and
what public clients call. "Public client" is code that calls CRM.COM itself, found on GitHub.
"""

from typing import Any

from largesse.dialects.crmcom import auth, schemas
from largesse.dialects.crmcom.errors import ERRORS, render
from largesse.dialects.crmcom.handlers import authentication, promo_codes, receivers
from largesse.wire.dialect import Dialect
from largesse.wire.routes import Handler, Route, never, not_yet, route

NO_PAGE = "No public page says which parameters the call takes."
OWNER_UNKNOWN = (
    "What is public of the page ends before the parameter that names the owner; "
    "POST /v1/accounts makes the same account."
)
CAMPAIGNS_UNKNOWN = (
    "No public page describes the call, only the object that it would return (DOC 951959); "
    "GET /v1/campaigns lists campaigns."
)


def post(path: str, handler: Handler, source: str, *, request: Any, **more: Any) -> Route:
    """Return a method whose parameters are members of a body."""
    return route("POST", path, handler, source=source, request=request, **more)


def get(path: str, handler: Handler, source: str, *, query: Any, response: Any) -> Route:
    """Return a method whose parameters are those of a query."""
    return route("GET", path, handler, source=source, query=query, response=response)


ROUTES = (
    post(
        "/promotion_campaigns/request_promo_code",
        promo_codes.request_promo_code,
        "SEED 002",
        request=schemas.RequestPromoCode,
        response=schemas.PromoCodeEnvelope,
    ),
    not_yet("GET", "/promotion_campaigns/list", source="INFERRED", reason=CAMPAIGNS_UNKNOWN),
    not_yet("GET", "/promotion_campaigns/show", source="INFERRED", reason=CAMPAIGNS_UNKNOWN),
    # --- authentication ------------------------------------------------------------------------
    post(
        "/authentication/token",
        authentication.token,
        "DOC 494531",
        request=schemas.RequestToken,
        response=schemas.TokenEnvelope,
        public="it is the login",
    ),
    post(
        "/authentication/web_api_key/token",
        authentication.web_api_key_token,
        "DOC 491003",
        request=schemas.RequestKeyToken,
        response=schemas.TokenEnvelope,
        optional_body=True,
        public="it is the login of a program, by a key",
    ),
    post(
        "/authentication/consumer_application_key/token",
        authentication.consumer_token,
        "DOC 522743",
        request=schemas.RequestConsumerToken,
        response=schemas.TokenEnvelope,
        public="it is the login of a program that acts for one customer",
    ),
    never(
        "POST",
        "/authentication/device_application_key/token",
        source="DOC 489613",
        reason="It logs in a device that is an installed item, of which Largesse knows nothing.",
    ),
    post(
        "/authentication/token/release",
        authentication.release,
        "DOC 532580",
        request=schemas.ReleaseToken,
        response=schemas.Released,
    ),
    # --- who receives codes --------------------------------------------------------------------
    get(
        "/contact_information/show",
        receivers.show_contact,
        "DOC 500027",
        query=schemas.ContactQuery,
        response=schemas.ContactEnvelope,
    ),
    not_yet("GET", "/contact_information/list", source="INFERRED", reason=NO_PAGE),
    post(
        "/contact_information/create",
        receivers.create_contact,
        "DOC (a public client)",
        request=schemas.CreateContact,
        response=schemas.ContactEnvelope,
    ),
    post(
        "/contact_information/update",
        receivers.update_contact,
        "DOC 490824",
        request=schemas.UpdateContact,
        response=schemas.ContactEnvelope,
    ),
    get(
        "/accounts_receivable/show",
        receivers.show_receivable,
        "DOC 512933",
        query=schemas.ReceivableQuery,
        response=schemas.ReceivableEnvelope,
    ),
    post(
        "/accounts_receivable/show",
        receivers.show_receivable_by_token,
        "DOC 512933",
        request=schemas.ShowReceivable,
        response=schemas.ReceivableEnvelope,
    ),
    get(
        "/accounts_receivable/list",
        receivers.list_receivables,
        "DOC 491053",
        query=schemas.ReceivablesQuery,
        response=schemas.ReceivablesEnvelope,
    ),
    not_yet("POST", "/accounts_receivable/create", source="DOC 491039", reason=OWNER_UNKNOWN),
    get(
        "/rewards_participants/show",
        receivers.show_participant,
        "DOC 491668",
        query=schemas.ParticipantQuery,
        response=schemas.ParticipantEnvelope,
    ),
    post(
        "/rewards_participants/show",
        receivers.show_participant_by_token,
        "DOC 489928",
        request=schemas.ShowParticipant,
        response=schemas.ParticipantEnvelope,
    ),
    get(
        "/rewards_participants/list",
        receivers.list_participants,
        "DOC 489907",
        query=schemas.ParticipantsQuery,
        response=schemas.ParticipantsEnvelope,
    ),
    not_yet("POST", "/rewards_participants/create", source="DOC 489911", reason=OWNER_UNKNOWN),
    # --- what codes are used on ----------------------------------------------------------------
    post(
        "/subscriptions/apply_promo_code",
        promo_codes.apply_promo_code,
        "DOC 490062",
        request=schemas.ApplyPromoCode,
        response=schemas.SubscriptionEnvelope,
    ),
    not_yet("GET", "/subscriptions/list", source="DOC (a public client)", reason=NO_PAGE),
)

CRMCOM = Dialect(
    name="crmcom",
    title="CRM.COM Web API",
    documents="SEED 002: POST promotion_campaigns/request_promo_code",
    routes=ROUTES,
    prefixes=("/crmapi/rest/v2",),
    # `subscriptions` without a prefix are Intershop's.
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
    decode=schemas.decode,
    encode=schemas.encode,
    failure=schemas.Failure,
    # SEED 002: OpenAPI's security schemes know nothing of tokens in bodies.
    token_member="token",
)
