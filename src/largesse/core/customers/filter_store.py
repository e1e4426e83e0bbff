"""What customers are looked for by."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, union

from largesse.core.customers.model import (
    LONGEST_KEY,
    PHONES,
    Identifier,
    customer_identifiers,
    customers,
)
from largesse.core.errors import InvalidValue
from largesse.core.text import folded

NARROWING: Mapping[str, Callable[[Any], ColumnElement[bool]]] = {
    "first_name": lambda value: _same("first_name", value),
    "birthday": lambda value: customers.c.birthday == value,
    "phone": lambda value: or_(*(customers.c[name] == value.strip() for name in PHONES)),
    "postal_code": lambda value: _same("postal_code", value),
    "city": lambda value: _same("city", value),
    "country": lambda value: or_(_same("country", value), _same("country_code", value)),
}
"""Filters without an index of their own: each goes with one that finds few customers."""


def check_filters(wanted: Mapping[str, Any]) -> None:
    """Refuse filters that would have every customer read. Raises InvalidValue."""
    if wanted and wanted.keys() <= NARROWING.keys():
        name = next(iter(wanted))
        raise InvalidValue(name, "goes with last_name, email, text or an identifier")


def conditions(organization_id: int, wanted: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """Return what is true of the customers that fit."""
    return [_condition(organization_id, name, value) for name, value in wanted.items()]


def _condition(organization_id: int, name: str, value: Any) -> ColumnElement[bool]:
    if name in NARROWING:
        return NARROWING[name](value)
    if name == "email":
        return customers.c.email_key == folded(value)
    if name == "last_name":
        return customers.c.last_name_key == folded(value)[:LONGEST_KEY]
    if name != "text":
        return customers.c.id.in_(_identified(organization_id, Identifier(name), value))
    # A union, and no OR: each part has an index, and an OR would have the ids' walked.
    own = select(customers.c.id).where(customers.c.organization_id == organization_id)
    parts = union(
        own.where(customers.c.last_name_key == folded(value)[:LONGEST_KEY]),
        own.where(customers.c.email_key == folded(value)),
        _identified(organization_id, Identifier.CUSTOMER_NUMBER, value),
    ).subquery()
    return customers.c.id.in_(select(parts.c[0]))


def _identified(organization_id: int, identifier: Identifier, value: str) -> Any:
    return select(customer_identifiers.c.customer_id).where(
        customer_identifiers.c.organization_id == organization_id,
        customer_identifiers.c.kind == identifier,
        customer_identifiers.c.value_key == folded(value),
    )


def _same(name: str, value: str) -> ColumnElement[bool]:
    return func.lower(customers.c[name]) == value.strip().lower()
