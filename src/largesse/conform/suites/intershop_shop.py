"""Intershop's cases of the newsletter (SEED 004) and of the storefront's login (DOC, PWA)."""

from collections.abc import Iterator
from typing import Any

from largesse.conform.cases import EMPTY, Case, Form, Text
from largesse.conform.compare import (
    BOOLEAN,
    COUNT,
    SOME_TEXT,
    TEXT,
    Each,
    Like,
    Maybe,
    Open,
)

# As the storefront writes it (PWA).
SHOP = "${storefront};loc=en_US;cur=USD"
JSON, XML = "application/json", "text/xml"
ADDRESS, OTHER = "conform-${run}@${domain}", "conform-${run}-b@${domain}"
ONE = "/subscriptions/{recipient}"
SUBSCRIBE = "POST /subscriptions"
SUBSCRIPTION = Open(
    {"name": TEXT, "type": "Subscription", "active": BOOLEAN, "recipient": SOME_TEXT}
)
NOT_SUBSCRIBED = "subscriptions.subscription_not_found.error"
MISSING, INVALID = (f"subscriptions.recipient.{what}.error" for what in ("missing", "invalid"))
CONFIGURATION = "application/vnd.intershop.configuration.v1+json"


def wire(address: str) -> dict[str, Any]:
    """Return the body that the storefront sends (PWA)."""
    return {"name": "Newsletter", "type": "Subscription", "active": True, "recipient": address}


def subscribing(what: str, source: str, status: int, body: Any, **more: Any) -> Case:
    """Return a subscription: nobody has to be logged in for it (PWA)."""
    headers = {"UserOrganization": "${organization}"}
    own: dict[str, Any] = {"anonymous": True, "writes": True, "headers": headers}
    return Case(SUBSCRIBE, what, source, f"{SHOP}/subscriptions", status, body=body, **(own | more))


def newsletter() -> Iterator[Case]:
    """Yield how an address is subscribed, looked at and ended."""
    yield subscribing("an address", "SEED 004", 201, wire(ADDRESS), answer=SUBSCRIPTION, media=JSON)
    # SEED 004 prints one key, the storefront translates another one (PWA).
    taken = Like("subscriptions.recipient.*.error")
    yield subscribing(
        *("an address that is subscribed", "SEED 004", 409, wire(ADDRESS)),
        gives={"error-key": taken},
        answer=Like("Conflict (*)"),
    )
    for what, body, key in (
        ("no recipient", {"name": "Newsletter"}, MISSING),
        ("an empty recipient", wire(""), MISSING),
        ("what is no address", wire("conform-${run}"), INVALID),
    ):
        gives, bad = {"error-key": key}, Like("Bad Request (*)")
        yield subscribing(what, "SEED 004", 400, body, gives=gives, answer=bad)
    xml = f"<Subscription><recipient>{OTHER}</recipient></Subscription>"
    yield subscribing(
        *("an address, as XML", "DOC 29599G-yaml", 201, Text(xml, XML)),
        headers={"UserOrganization": "${organization}", "Accept": XML},
        answer={"Subscription": Open({"active": "true", "recipient": OTHER})},
        media=XML,
    )
    yield from subscribed()


def subscribed() -> Iterator[Case]:
    """Yield the status of a subscription and its end."""
    path, other = f"{SHOP}/subscriptions/{ADDRESS}", f"{SHOP}/subscriptions/{OTHER}"
    get, delete, own = f"GET {ONE}", f"DELETE {ONE}", {"recipient": ADDRESS, "active": True}
    held = Open({**SUBSCRIPTION.members, **own})
    # The storefront encodes keys once, and for older servers twice (PWA).
    once, twice = (path.replace("@", sign) for sign in ("%40", "%2540"))
    for what, source, at in (
        ("an address", "SEED 004", path),
        ("encoded", "PWA", once),
        ("encoded twice", "PWA", twice),
    ):
        yield Case(get, what, source, at, 200, answer=held, media=JSON, writes=True)
    yield Case(
        *(get, "an address that is not", "SEED 004", f"{SHOP}/subscriptions/no-{ADDRESS}", 404),
        gives={"error-key": NOT_SUBSCRIBED},
        answer=Like("Not Found (*)"),
    )
    for operation in (get, delete):
        yield Case(
            *(operation, "without a login", "SEED 004, the status INFERRED", path, 401),
            headers={"UserOrganization": "${organization}"},
            anonymous=True,
            writes=True,
        )
    for at in (path, other):
        yield Case(delete, "it ends", "SEED 004", at, 204, answer=EMPTY, writes=True)
    for operation in (get, delete):
        yield Case(
            *(operation, "it has ended", "SEED 004", path, 404),
            gives={"error-key": NOT_SUBSCRIBED},
            writes=True,
        )


def shop(operation: str, what: str, source: str, status: int, **more: Any) -> Case:
    """Return what the storefront sends, with the customer's token."""
    path = SHOP + operation.partition(" ")[2].replace("{promotion}", "${promotion}")
    own: dict[str, Any] = {
        "headers": {"authentication-token": "${shopper_token}"},
        "anonymous": True,
    }
    return Case(operation, what, source, path, status, **(own | more))


TOKENS = {"access_token": SOME_TEXT, "expires_in": COUNT}


def tokens() -> Iterator[Case]:
    """Yield the ways to a token."""
    with_refresh = Open(TOKENS | {"refresh_token": SOME_TEXT})
    token = "POST /token"
    public: dict[str, Any] = {"headers": {}, "media": JSON}
    yield shop(
        *(token, "of a visitor", "PWA", 200),
        body=Form({"grant_type": "anonymous"}),
        answer=Open(TOKENS),
        **public,
    )
    login = {"grant_type": "password", "username": "${shopper}", "password": "${shopper_password}"}
    yield shop(
        *(token, "of a customer, by a password", "DOC U29770, PWA", 200),
        body=Form(login | {"scope": "openid profile", "client_id": ""}),
        answer=with_refresh,
        keep={"shopper_token": "access_token", "shopper_refresh_token": "refresh_token"},
        **public,
    )
    yield shop(
        *(token, "by a refresh token", "DOC U29770, PWA", 200),
        body=Form({"grant_type": "refresh_token", "refresh_token": "${shopper_refresh_token}"}),
        answer=Open(TOKENS),
        keep={"shopper_token": "access_token"},
        **public,
    )
    for what, status, changes in (
        ("a customer that there is not", 401, {"username": "no-${run}", "password": "not-${run}"}),
        ("an unknown grant", 400, {"grant_type": "no-${run}"}),
    ):
        body = Form({"grant_type": "password", "username": "x", "password": "y"} | changes)
        yield shop(token, what, "DECIDED", status, body=body, headers={})


def storefront() -> Iterator[Case]:
    """Yield what the storefront asks for before and after a login."""
    general = {
        "defaultLocale": SOME_TEXT,
        "locales": Each(SOME_TEXT, least=1),
        "defaultCurrency": SOME_TEXT,
        "currencies": Each(SOME_TEXT, least=1),
    }
    marketing = Open({"newsletterSubscriptionEnabled": BOOLEAN})
    data = {"general": Open(general), "marketing": marketing}
    yield shop(
        *("GET /configurations", "before the login", "DOC 31G269, PWA", 200),
        headers={"Accept": CONFIGURATION},
        answer=Open({"data": Open(data)}),
        media=CONFIGURATION,
    )
    promotion = Open({"id": "${promotion}", "name": TEXT, "type": "Promotion"})
    operation = "GET /promotions/{promotion}"
    yield shop(operation, "as visitors see it", "DOC 2259K0", 200, answer=promotion, headers={})
    yield from tokens()
    person = {"customerNo": SOME_TEXT, "customerType": "PRIVATE"}
    yield shop("GET /customers/-", "who is logged in", "PWA", 200, answer=Open(person))
    yield shop("GET /customers/-", "nobody is logged in", "PWA", 401, headers={})
    private = Open({"customerNo": SOME_TEXT, "email": Maybe(TEXT)})
    yield shop("GET /privatecustomers/-", "the person", "PWA", 200, answer=private)
    pgid = Open({"pgid": SOME_TEXT})
    yield shop("GET /personalization", "its id", "PWA", 200, answer=pgid)
    yield from own()


def own() -> Iterator[Case]:
    """Yield what is one's own, and how the tokens end."""
    yield Case(
        *(f"GET {ONE}", "- is the address of who is logged in", "SEED 004"),
        *(f"{SHOP}/subscriptions/${{own_subscription}}", 200),
        answer=SUBSCRIPTION,
    )
    yield Case(
        *("GET /customers/{customer}/users/-", "another customer's", "DECIDED"),
        *(f"{SHOP}/customers/no-${{run}}/users/-", 404),
        headers={"authentication-token": "${shopper_token}"},
        gives={"error-key": "customer.customer_not_found.error"},
        anonymous=True,
    )
    yield shop("PUT /token/logout", "the tokens end", "PWA", 204, writes=True)
    # At the word AuthenticationToken the storefront drops its token.
    ended = Like("*AuthenticationToken*")
    what = "with the token that has ended"
    yield shop("GET /customers/-", what, "PWA", 401, answer=ended, writes=True)
