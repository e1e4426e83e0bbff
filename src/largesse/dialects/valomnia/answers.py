"""From our records to Valomnia's. Pure: no input, no output.

`root` is the prefix called, e.g. `/api/v1`: addresses name the version that was called (DECIDED).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from largesse.core.access.model import Caller
from largesse.core.customers.model import Customer, Identifier
from largesse.core.lists.model import (
    Assignment,
    CustomerAssignment,
    CustomerGroup,
    Membership,
    PromotionList,
    ShortCustomer,
)
from largesse.dialects.valomnia import records

WIRE = "valomnia"
"""Also the member of a customer's attributes under which we keep what only Valomnia knows."""

DUE_DATES = {"1": "daysAfterInvoiceDate"}
"""DOC cust-upsert takes 1 or 2 and cust-show prints a word; that of 2 is printed nowhere."""


def session(caller: Caller, token: str) -> records.Session:
    """Return who is logged in, and the token for the calls that follow."""
    return records.Session(
        token=token,
        user=records.SessionUser(
            firstName=caller.first_name,
            lastName=caller.last_name,
            email=caller.email,
            companyName=caller.name_on(WIRE),
            # DOC prints an array and no value; these are our own words (DECIDED).
            role=[] if caller.role is None else [caller.role],
        ),
    )


def group(found: CustomerGroup, caller: Caller, root: str) -> records.GroupRecord:
    """Return a group as it is printed."""
    return records.GroupRecord(
        id=found.id,
        name=found.name,
        reference=found.reference,
        organization=caller.name_on(WIRE),
        description=found.description,
        dateCreated=moment(found.created_at),
        lastUpdated=moment(found.updated_at),
    )


def promotion_list(found: PromotionList, caller: Caller, root: str) -> records.PromotionListRecord:
    """Return a list as it is printed."""
    return records.PromotionListRecord(
        id=found.id,
        reference=found.reference,
        description=found.description,
        startDate=None if found.starts_on is None else found.starts_on.isoformat(),
        endDate=None if found.ends_on is None else found.ends_on.isoformat(),
        isActive=found.enabled,
        applyToAllCustomers=found.applies_to_all,
        promotionInputs=[],
        promotionOutputs=[],
        organization=caller.name_on(WIRE),
        dateCreated=moment(found.created_at),
        lastUpdated=moment(found.updated_at),
    )


def customer(found: Customer, caller: Caller, root: str) -> records.CustomerRecord:
    """Return a customer as it is printed, with what was kept of an upsert."""
    kept = kept_of(found)
    numbers = found.identifiers
    fields = {name: kept[name] for name in PRINTED if kept.get(name) is not None}
    return records.CustomerRecord(
        id=found.number,
        reference=numbers[Identifier.CUSTOMER_ID],
        name=found.name,
        categoryReference=found.category,
        email=found.email,
        phone=found.phone,
        isActive=found.active,
        customerSegmentationReference=kept.get("customerSegmentationId"),
        dueDateConfigType=DUE_DATES.get(due := kept.get("dueDateConfigType", ""), due or None),
        taxNumber=kept.get("taxNumber", numbers.get(Identifier.VAT_REGISTRATION_NUMBER)),
        companyRegistrationNumber=kept.get(
            "companyRegistrationNumber", numbers.get(Identifier.REGISTRATION_NUMBER)
        ),
        organization=caller.name_on(WIRE),
        dateCreated=moment(found.created_at),
        lastUpdated=moment(found.updated_at),
        **fields,
    )


PRINTED = (
    *("isSubCustomer", "billWithParent", "mobile", "fax", "comment", "barcode", "isSameAddress"),
    *("billingCountry", "billingCity", "billingPostalCode", "billingAddress", "billingLat"),
    *("billingLng", "country", "city", "postalCode", "address", "latitude", "longitude"),
    *("creditLimit", "dueDateConfigNumber", "website"),
)
"""What is kept of an upsert and printed under the same name."""


def kept_of(found: Customer) -> Mapping[str, Any]:
    """Return what an upsert told of a customer that only Valomnia has a name for."""
    kept = found.attributes.get(WIRE)
    return kept if isinstance(kept, Mapping) else {}


def group_list(found: Assignment, caller: Caller, root: str) -> records.GroupListRecord:
    """Return which group gets which list, as it is printed."""
    return records.GroupListRecord(
        id=found.id,
        promotionListReference=found.list.reference,
        customerGroupReference=found.group.reference,
        customerGroup=_group(found.group, root),
        promotionList=_list(found.list, root),
        organization=caller.name_on(WIRE),
        dateCreated=moment(found.created_at),
        lastUpdated=moment(found.updated_at),
    )


def customer_list(
    found: CustomerAssignment, caller: Caller, root: str
) -> records.CustomerListRecord:
    """Return which customer gets which list, as it is printed."""
    return records.CustomerListRecord(
        id=found.id,
        customerReference=found.customer.reference,
        promotionListReference=found.list.reference,
        customer=_customer(found.customer, root),
        promotionList=_list(found.list, root),
        organization=caller.name_on(WIRE),
        dateCreated=moment(found.created_at),
        lastUpdated=moment(found.updated_at),
    )


def member(found: Membership, caller: Caller, root: str) -> records.MemberRecord:
    """Return which customer is in which group, as it is printed."""
    return records.MemberRecord(
        id=found.id,
        customerReference=found.customer.reference,
        customerGroupReference=found.group.reference,
        customer=_customer(found.customer, root),
        customerGroup=_group(found.group, root),
        organization=caller.name_on(WIRE),
        dateCreated=moment(found.created_at),
        lastUpdated=moment(found.updated_at),
    )


def _group(found: CustomerGroup, root: str) -> records.Named:
    href = f"{root}/customerGroups/{found.id}"
    return records.Named(found.id, found.reference, found.name, href)


def _customer(found: ShortCustomer, root: str) -> records.Named:
    href = f"{root}/customers/{found.number}"
    return records.Named(found.number, found.reference, found.name, href)


def _list(found: PromotionList, root: str) -> records.PromotionListLink:
    return records.PromotionListLink(found.id, found.reference, f"{root}/promotionLists/{found.id}")


def moment(value: datetime) -> str:
    """Return a moment as Valomnia prints it: UTC, to the second (SEED)."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
