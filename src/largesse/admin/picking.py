"""Picking one record by what somebody typed, where a list to choose from would be too long."""

from typing import Any

from largesse.admin.language import N_
from largesse.core.customers.model import Customer
from largesse.core.errors import InvalidValue, UnknownPromotion
from largesse.core.promotions.model import Promotion
from largesse.core.search.browse import Browse
from largesse.wire.call import Call

MOST = 2**63 - 1
"""The last number that the databases keep."""


async def customer(call: Call, text: str, field: str = "customer") -> Customer:
    """Return the customer that a text names, by whatever finds one in the list of customers.

    Raises:
        NotPermitted
        InvalidValue: `field`: nobody is named so, or more than one.
    """
    found: Customer = _only(await call.services.customers.browse(call.caller, _two(text)), field)
    return found


async def promotion(call: Call, text: str, field: str = "promotion") -> Promotion:
    """Return the promotion that a text is the key of, or of whose title it is a part.

    Raises:
        NotPermitted
        InvalidValue: `field`: none is named so, or more than one.
    """
    try:
        return await call.services.promotions.by_key(call.caller, text.strip())
    except UnknownPromotion:
        found = await call.services.promotions.browse(call.caller, _two(text))
        only: Promotion = _only(found, field)
        return only


def number(text: str) -> int | None:
    """Return the number that a path or a form has as an id; None: it is none."""
    found = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None
    return None if found is None or found > MOST else found


def _two(text: str) -> Browse:
    return Browse(text=text.strip() or "\0", limit=2)


def _only(found: Any, field: str) -> Any:
    if not found.items:
        raise InvalidValue(field, N_("Nothing is found by this."))
    if len(found.items) > 1:
        raise InvalidValue(field, N_("This fits more than one; type something that only one has."))
    return found.items[0]
