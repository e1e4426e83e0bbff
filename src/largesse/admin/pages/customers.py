"""Customers: the list in which they are looked up, their fields, and one customer's page."""

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from typing import Any

from largesse.admin import lists, nouns
from largesse.admin.forms import Field
from largesse.admin.language import N_
from largesse.admin.lists import Column, Filter, Listing
from largesse.admin.nouns import Noun, page, record_in
from largesse.admin.pages.codes import state_of
from largesse.admin.pages.grants import rows_of
from largesse.admin.pages.promotions import YES_OR_NO
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.customers.login_model import CustomerLogin
from largesse.core.customers.model import AccountKind, Customer, CustomerKind, Identifier
from largesse.core.customers.service import Customers
from largesse.core.errors import UnknownCustomerLogin
from largesse.core.newsletter.model import Subscription
from largesse.core.search.browse import Browse, Browsed
from largesse.core.text import folded
from largesse.wire.call import Call

SHOWN = 10
"""Records of each kind that a customer's page shows, the newest first."""

KINDS = tuple((kind.value, N_(kind.value)) for kind in CustomerKind)

ACCOUNT_KINDS = (
    (AccountKind.REWARDS.value, N_("rewards participation")),
    (AccountKind.RECEIVABLE.value, N_("accounts receivable")),
    (AccountKind.SUBSCRIPTION.value, N_("subscription")),
)

IDENTIFIERS: Mapping[Identifier, str] = {
    Identifier.CUSTOMER_ID: N_("Customer id"),
    Identifier.CUSTOMER_NUMBER: N_("Customer number"),
    Identifier.PROFILE_ID: N_("Profile id"),
    Identifier.ID_NUMBER: N_("ID card number"),
    Identifier.PASSPORT_NUMBER: N_("Passport number"),
    Identifier.SOCIAL_SECURITY_NUMBER: N_("Social security number"),
    Identifier.VAT_REGISTRATION_NUMBER: N_("VAT registration number"),
    Identifier.REGISTRATION_NUMBER: N_("Registration number"),
}

OWN_ID = f"identifiers.{Identifier.CUSTOMER_ID}"

LONGEST: Mapping[str, int] = {
    **{"title": 50, "company_name": 400, "email": 254, "street": 400, "postal_code": 40},
    **{"phone": 50, "mobile_phone": 50, "business_phone": 50, "country_code": 2, "locale": 20},
}
"""Characters of the fields that have not room for 200."""


def _text(name: str, label: str, help_text: str = "") -> Field:
    kind: Any = "email" if name == "email" else "text"
    return Field(name, label, kind, longest=LONGEST.get(name, 200), help=help_text)


PARTS: Mapping[str, tuple[Field, ...]] = {
    N_("Who it is"): (
        Field("kind", N_("Kind"), "choice", required=True, choices=KINDS),
        _text("title", N_("Title")),
        _text("first_name", N_("First name")),
        _text("middle_name", N_("Middle name")),
        _text("last_name", N_("Last name")),
        _text("company_name", N_("Company")),
        Field("birthday", N_("Birthday"), "day"),
        Field("active", N_("Active"), "flag"),
    ),
    N_("How to reach it"): (
        _text("email", N_("E-mail")),
        _text("phone", N_("Telephone")),
        _text("mobile_phone", N_("Mobile")),
        _text("business_phone", N_("Telephone at work")),
        _text("street", N_("Street and number")),
        _text("postal_code", N_("Postal code")),
        _text("city", N_("Town")),
        _text("country", N_("Country")),
        _text("country_code", N_("Code of the country"), N_("Two letters, e.g. DE.")),
        _text("locale", N_("Language"), N_("E.g. de or en-GB: mails are written in it.")),
        _text("category", N_("Category")),
    ),
    N_("Identifiers"): tuple(
        _text(
            f"identifiers.{one}",
            label,
            N_("Left empty, it stays as it is, or one is made.")
            if one is Identifier.CUSTOMER_ID
            else "",
        )
        for one, label in IDENTIFIERS.items()
    ),
}
"""The fields of a customer, by the parts of the form."""

FIELDS = tuple(replace(one, part=part) for part, fields in PARTS.items() for one in fields)


def name_of(customer: Customer) -> str:
    """Return what a customer is called, who may have no name."""
    return customer.name or customer.identifiers.get(Identifier.CUSTOMER_ID, customer.id.hex)


def path_of(customer: Customer) -> str:
    """Return where a customer's page is."""
    return f"/customers/{customer.id.hex}"


def _shown(customer: Customer) -> Mapping[str, Any]:
    identifiers = {f"identifiers.{name}": value for name, value in customer.identifiers.items()}
    names = (one.name for one in FIELDS if "." not in one.name)
    return identifiers | {name: getattr(customer, name) for name in names}


def _given(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a form's values as the core takes them; its own id is no customer's to lose."""
    fields = {name: value for name, value in values.items() if "." not in name}
    identifiers = {
        name.partition(".")[2]: value
        for name, value in values.items()
        if "." in name and (value or name != OWN_ID)
    }
    return fields | {"identifiers": identifiers}


CUSTOMERS = Listing(
    path="/customers",
    title=N_("Customers"),
    source=lambda services: services.customers,
    columns=(
        Column("name", N_("Name"), name_of, order="name"),
        Column(
            "customer_id",
            N_("Customer id"),
            lambda one: one.identifiers.get(Identifier.CUSTOMER_ID),
            "code",
        ),
        Column("number", N_("Number"), kind="code"),
        Column("kind", N_("Kind"), lambda one: N_(str(one.kind)), "state"),
        Column("email", N_("E-mail"), kind="email"),
        Column("active", N_("Active"), kind="flag"),
        Column("created_at", N_("Made"), kind="moment", order="made"),
    ),
    search=N_("Name, e-mail, telephone or any identifier"),
    filters=(
        Filter("kind", N_("Kind"), KINDS),
        Filter("active", N_("Active"), YES_OR_NO, lambda text: text == "yes"),
    ),
    is_dated=True,
    open=path_of,
    new=("/customers/new", N_("New customer"), Right.MANAGE_CUSTOMERS),
    empty=N_("There is no customer yet."),
)

CUSTOMER = Noun(
    path="/customers",
    source=lambda services: services.customers,
    fields=FIELDS,
    right=Right.MANAGE_CUSTOMERS,
    new=N_("New customer"),
    name=name_of,
    delete=N_("Delete the customer %(name)s, with its accounts, tokens, login, groups and lists?"),
    shown=_shown,
    given=_given,
    fresh={"kind": CustomerKind.PERSON, "active": True},
    open=path_of,
)


async def show(call: Call) -> Page:
    """Show one customer, and the newest of all that belongs to it."""
    customer: Customer = await record_in(call, CUSTOMER.source)
    services = call.services

    def newest(kept: Any) -> Awaitable[Browsed[Any]]:
        query = Browse(filters={"customer_id": [customer.id]}, limit=SHOWN)
        found: Awaitable[Browsed[Any]] = kept.browse(call.caller, query)
        return found

    codes, grants = await newest(services.codes), await newest(services.grants)
    campaigns = {one.campaign_id for one in codes.items}
    data = {
        "customer": customer,
        "name": name_of(customer),
        "about": _about(customer),
        "identifiers": _identifiers(call, customer),
        "kinds": dict(ACCOUNT_KINDS),
        "accounts": await newest(services.accounts),
        "tokens": await newest(services.customer_tokens),
        "login": await _login(call, customer),
        "codes": codes,
        "code_state": state_of,
        "campaigns": await services.campaigns.by_ids(call.caller, campaigns),
        "grants": grants,
        "granted": await rows_of(call, grants.items),
        "groups": await newest(services.memberships),
        "lists": await newest(services.customer_assignments),
        "mails": await newest(services.mails),
        "subscription": await _subscription(call, customer),
    }
    return Page("customer.html", data)


Fact = tuple[str, Any, str]
"""What a customer's page says of it: a label, a value, and the kind of the value."""


def _about(customer: Customer) -> list[Fact]:
    """Return what is known of a customer."""
    town = " ".join(part for part in (customer.postal_code, customer.city) if part)
    country = customer.country or customer.country_code
    address = ", ".join(part for part in (customer.street, town, country) if part)
    known: list[Fact] = [
        (N_("Kind"), N_(str(customer.kind)), "state"),
        (N_("Title"), customer.title, "text"),
        (N_("Company"), customer.company_name, "text"),
        (N_("Birthday"), customer.birthday, "day"),
        (N_("E-mail"), customer.email, "text"),
        (N_("Telephone"), customer.phone, "text"),
        (N_("Mobile"), customer.mobile_phone, "text"),
        (N_("Telephone at work"), customer.business_phone, "text"),
        (N_("Address"), address, "text"),
        (N_("Language"), customer.locale, "text"),
        (N_("Category"), customer.category, "text"),
        (N_("Active"), customer.active, "flag"),
        (N_("Made"), customer.created_at, "moment"),
        (N_("Changed"), customer.updated_at, "moment"),
    ]
    return [fact for fact in known if fact[1] not in (None, "")]


def _identifiers(call: Call, customer: Customer) -> list[Fact]:
    """Return what a customer is known by; the numbers of its papers not for everybody."""
    may_see = Right.MANAGE_CUSTOMERS in call.caller.rights
    return [
        (label, value if may_see or one not in Customers.masked else _masked(value), "code")
        for one, label in IDENTIFIERS.items()
        if (value := customer.identifiers.get(one)) is not None
    ]


def _masked(value: str) -> str:
    return "•••" + (value[-2:] if len(value) > 6 else "")


async def _login(call: Call, customer: Customer) -> CustomerLogin | None:
    try:
        return await call.services.customer_logins.get(call.caller, customer.id)
    except UnknownCustomerLogin:
        return None


async def _subscription(call: Call, customer: Customer) -> Subscription | None:
    if not customer.email:
        return None
    query = Browse(text=customer.email, order="recipient", descending=False, limit=1)
    found = await call.services.newsletter.browse(call.caller, query)
    # What begins with an address comes behind the address.
    fitting = (one for one in found.items if folded(one.recipient) == folded(customer.email or ""))
    return next(fitting, None)


ROUTES = (
    page("GET", CUSTOMERS.path, lists.listing(CUSTOMERS)),
    *nouns.routes(CUSTOMER),
    page("GET", "/customers/{id}", show),
)
