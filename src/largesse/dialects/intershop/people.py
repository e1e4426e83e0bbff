"""Between Intershop's customers and ours. Pure: no input, no output."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from msgspec import UNSET, UnsetType

from largesse.core.customers.model import Customer, CustomerKind, Identifier
from largesse.core.errors import InvalidValue
from largesse.dialects.intershop import schemas
from largesse.dialects.intershop.mapping import Linker

LEADING = {
    "SingleSearchField": "text",
    "EMail": "email",
    "LastName": "last_name",
    "CustomerNo": Identifier.CUSTOMER_NUMBER.value,
}
"""Fields of a search one of which is needed (DOC 2X5757), and what they are called here."""

FURTHER = {
    "FirstName": "first_name",
    "PhoneNo": "phone",
    "PostCode": "postal_code",
    "City": "city",
    "Country": "country",
}

BIRTHDAYS = ("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y")
"""How a birthday may be written (DOC 2X5757)."""


def to_filters(query: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Return what customers are looked for by, and the channels named; empty fields do not count.

    Raises:
        InvalidValue: none of the fields is given of which one is needed, or no day is meant.
    """
    given = {name: value.strip() for name, value in query.items() if value.strip()}
    if given.keys().isdisjoint(LEADING):
        raise InvalidValue(", ".join(LEADING), "one of these is needed")
    names = LEADING | FURTHER
    wanted: dict[str, Any] = {names[name]: given[name] for name in names if name in given}
    if "Birthday" in given:
        wanted["birthday"] = _birthday(given["Birthday"])
    channels = [part.strip() for part in given.get("Channel", "").split(",")]
    return wanted, [channel for channel in channels if channel]


def _birthday(text: str) -> date:
    for pattern in BIRTHDAYS:
        try:
            return datetime.strptime(text, pattern).date()
        except ValueError:
            continue
    raise InvalidValue("Birthday", "must be yyyy-MM-dd, MM/dd/yyyy or dd.MM.yyyy")


def from_customers(customers: Iterable[Customer], link: Linker) -> schemas.Links:
    """Return links to customers (DOC 2X5757: a list of LinkRO; what is in each is DECIDED)."""
    return schemas.Links(
        [
            schemas.Link(
                title=customer.name,
                uri=link("customers", _id(customer)),
                attributes=[schemas.Attribute(_id(customer))],
            )
            for customer in customers
        ]
    )


def from_customer(customer: Customer, login: str | None) -> schemas.Customer:
    """Return a customer as the contact centre sees it (DOC A28246)."""
    return schemas.Customer(
        id=_id(customer),
        customer_no=customer.identifiers.get(Identifier.CUSTOMER_NUMBER, UNSET),
        # DECIDED: a company, which has no names of a person, is called by its own.
        last_name=_text(customer.last_name or customer.company_name),
        first_name=_text(customer.first_name),
        email=_text(customer.email),
        login=_text(login),
        phone_home=customer.phone or "",
        phone_mobile=customer.mobile_phone or "",
        phone_business=customer.business_phone or "",
        preferred_ship_to_address=_address(customer),
    )


def _address(customer: Customer) -> schemas.Address | UnsetType:
    """Return a customer's address. It has the customer's id: there is one of each (DECIDED)."""
    if not any((customer.street, customer.postal_code, customer.city, customer.country)):
        return UNSET
    # DOC A28246 prints "Peter Miller, Am Bahndamm 10, Ilmenau".
    parts = (customer.name, customer.street, customer.city)
    return schemas.Address(
        id=_id(customer),
        address_name=", ".join(part for part in parts if part),
        first_name=_text(customer.first_name),
        last_name=_text(customer.last_name or customer.company_name),
        title=_text(customer.title),
        street=_text(customer.street),
        postal_code=_text(customer.postal_code),
        city=_text(customer.city),
        country=_text(customer.country),
        country_code=_text(customer.country_code),
    )


def from_own(customer: Customer) -> schemas.StorefrontCustomer:
    """Return the customer who is logged in (PWA)."""
    company = customer.kind == CustomerKind.COMPANY
    return schemas.StorefrontCustomer(
        **_person(customer),
        type="SMBCustomer" if company else "PrivateCustomer",
        customer_type="SMBCustomer" if company else "PRIVATE",
        customer_no=customer.identifiers.get(Identifier.CUSTOMER_NUMBER) or _id(customer),
        company_name=_text(customer.company_name),
    )


def from_own_user(customer: Customer) -> schemas.StorefrontUser:
    """Return who is logged in for a company (PWA)."""
    return schemas.StorefrontUser(**_person(customer))


def _person(customer: Customer) -> dict[str, Any]:
    return {
        "title": _text(customer.title),
        "first_name": _text(customer.first_name),
        "last_name": _text(customer.last_name),
        "birthday": UNSET if customer.birthday is None else customer.birthday.isoformat(),
        "email": _text(customer.email),
        "phone_home": _text(customer.phone),
        "phone_mobile": _text(customer.mobile_phone),
        "phone_business": _text(customer.business_phone),
        "preferred_language": _text(customer.locale),
    }


def _id(customer: Customer) -> str:
    return customer.identifiers[Identifier.CUSTOMER_ID]


def _text(value: str | None) -> str | UnsetType:
    return value or UNSET
