"""Customers: as the contact centre finds them, and as they see themselves in the shop."""

from functools import partial

from largesse.core.customers.model import Customer, CustomerKind, Identifier
from largesse.core.errors import UnknownCustomer, UnknownCustomerLogin
from largesse.dialects.intershop import people, schemas
from largesse.dialects.intershop.handlers.offers import every_channel
from largesse.dialects.intershop.paths import link, segment
from largesse.wire.call import Call

MOST = 200
"""Customers that a search finds at most (DECIDED: DOC 2X5757 has "a fixed maximum")."""

OWN = "-"
"""The customer or user who calls (PWA)."""

# --- contact centre ----------------------------------------------------------------------------


async def search(call: Call) -> schemas.Links:
    """GET customers: links to the customers that fit (DOC 2X5757)."""
    asked, channels = people.to_filters(call.request.query_params)
    if channels:
        known = {channel.id for channel in await every_channel(call)}
        if known.isdisjoint(channels):
            # DECIDED: customers here are the organization's, so they are those of any channel.
            return schemas.Links([])
    found = await call.services.customers.page(call.caller, limit=MOST, **asked)
    return people.from_customers(found.items, partial(link, call))


async def customer(call: Call) -> schemas.Customer:
    """GET customers/{customer}, behind whose id a company's `;UserID=` may stand (DOC A28246)."""
    found = await _named(call)
    try:
        login = (await call.services.customer_logins.get(call.caller, found.id)).login
    except UnknownCustomerLogin:
        login = None
    return people.from_customer(found, login)


async def create_token(call: Call) -> schemas.Token:
    """POST customers/{customer}/tokens: act in the shop as that customer (DOC 2A5883)."""
    found = await _named(call)
    issued = await call.services.sessions.issue_for(
        call.caller, found.id, seconds=call.settings.token_seconds
    )
    return schemas.Token(token=issued.token, user=found.name)


async def _named(call: Call) -> Customer:
    return await call.services.customers.named(call.caller, None, segment(call, "customer"))


# --- storefront --------------------------------------------------------------------------------


async def own_customer(call: Call) -> schemas.StorefrontCustomer:
    """GET customers/-: who is logged in, a person or a company (PWA)."""
    return people.from_own(await call.services.customers.own(call.caller))


async def own_person(call: Call) -> schemas.StorefrontCustomer:
    """GET privatecustomers/-: the person who is logged in (PWA)."""
    found = await call.services.customers.own(call.caller)
    if found.kind == CustomerKind.COMPANY:
        raise UnknownCustomer(OWN)
    return people.from_own(found)


async def own_user(call: Call) -> schemas.StorefrontUser:
    """GET customers/{customer}/users/-: who is logged in for a company (PWA)."""
    found, named = await call.services.customers.own(call.caller), segment(call, "customer")
    own = (OWN, *(found.identifiers.get(one) for one in OWN_NAMES))
    if named not in own:
        raise UnknownCustomer(named)
    return people.from_own_user(found)


OWN_NAMES = (Identifier.CUSTOMER_ID, Identifier.CUSTOMER_NUMBER)
"""What a customer may be called by in its own paths."""
