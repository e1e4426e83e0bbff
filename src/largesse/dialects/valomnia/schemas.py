"""Valomnia's spelling of requests and answers."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response

from largesse.core.search.model import MOST_IN_A_PAGE, MOST_SKIPPED
from largesse.wire import bodies
from largesse.wire.answers import Json
from largesse.wire.call import Call

# --- queries -----------------------------------------------------------------------------------


Absent = Literal[""]
"""A parameter without a value counts as not given (DECIDED)."""

Long = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Moment = Annotated[
    str,
    Meta(
        pattern=r"^([0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
        r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
        r"(Z|[+-](0[0-9]|1[0-3]):?[0-5][0-9]))?$"
    ),
]
"""For the documentation; the last days of months are moments as well."""

Credential = Annotated[str, Meta(min_length=1)]


class LoginQuery(Struct, kw_only=True):
    """The login's parameters, in the query or in a form (DOC auth)."""

    j_username: Credential
    j_password: Credential
    ajax: bool = True


class ListQuery(Struct, kw_only=True):
    """What the query of every list may hold (SEED 003, 51.1)."""

    offset: Annotated[int, Meta(ge=0, le=MOST_SKIPPED)] | Absent = 0
    max: Annotated[int, Meta(ge=1, le=MOST_IN_A_PAGE)] | Absent = 100
    sort: str = "dateCreated"
    order: Annotated[str, Meta(pattern="^([aA][sS][cC]|[dD][eE][sS][cC])?$")] = "asc"
    dateCreated_gt: Moment | None = None
    dateCreated_gte: Moment | None = None
    dateCreated_lt: Moment | None = None
    dateCreated_lte: Moment | None = None
    lastUpdated_gt: Moment | None = None
    lastUpdated_gte: Moment | None = None
    lastUpdated_lt: Moment | None = None
    lastUpdated_lte: Moment | None = None


class GroupsQuery(ListQuery, kw_only=True):
    """Filters of customerGroups (DOC cg-list)."""

    reference: str | None = None
    name: str | None = None


class CustomersQuery(ListQuery, kw_only=True):
    """Filters of customers (DOC cust-list)."""

    reference: str | None = None
    name: str | None = None
    categoryReference: str | None = None
    isActive: bool | Absent | None = None


class PromotionListsQuery(ListQuery, kw_only=True):
    """Filters of promotionLists (DOC p47)."""

    reference: str | None = None
    description: str | None = None
    applyToAllCustomers: bool | Absent | None = None


class GroupListsQuery(ListQuery, kw_only=True):
    """Filters of customerGroupPromotionLists (SEED 003, 51.1)."""

    promotionListReference: str | None = None
    customerGroupReference: str | None = None


class CustomerListsQuery(ListQuery, kw_only=True):
    """Filters of customerPromotionLists (DOC p50)."""

    promotionListReference: str | None = None
    customerReference: str | None = None


class MembersQuery(ListQuery, kw_only=True):
    """Filters of customerGroupAssign (DOC cga)."""

    groupReference: str | None = None
    customerReference: str | None = None


class NoQuery(Struct):
    """The query of the other operations: nothing."""


# --- bodies ------------------------------------------------------------------------------------

Name = int | str | None
"""An id (Long, or its digits as a String) or a reference."""

Flag = bool | Literal["true", "false"] | None
"""A Boolean; `success` is printed as a text, so a text is taken as well (DECIDED)."""


class PairBody(Struct, kw_only=True):
    """What a pair is made of, and how its ends are named (SEED 003, 51.5)."""

    useExternalId: Flag = None


class GroupList(PairBody, kw_only=True):
    """Which group gets which list (SEED 003, 51.5)."""

    promotionListId: Name = None
    customerGroupId: Name = None


class GroupListChange(GroupList, kw_only=True):
    """What a record becomes (SEED 003, 51.4; `useExternalId` INFERRED from 51.5)."""

    id: Name = None


class CustomerList(PairBody, kw_only=True):
    """Which customer gets which list (DOC p50-save)."""

    promotionListId: Name = None
    customerId: Name = None


class CustomerListChange(CustomerList, kw_only=True):
    """What a record becomes (DOC p50-update)."""

    id: Name = None


class Member(PairBody, kw_only=True):
    """Which customer is in which group (DOC cga-save)."""

    groupId: Name = None
    customerId: Name = None


class MemberChange(Member, kw_only=True):
    """What a record becomes (DOC cga-update)."""

    id: Name = None


class GroupBody(Struct, kw_only=True):
    """A group of customers (DOC cg-update)."""

    reference: str | None = None
    name: str | None = None
    description: str | UnsetType | None = UNSET


class CustomerBody(Struct, kw_only=True):
    """A customer (DOC cust-upsert). What is not given stays as it is."""

    name: str | None = None
    isActive: Flag = None
    categoryId: str | None = None
    email: str | None = None
    phone: str | None = None
    # What has no counterpart here is kept, and printed again.
    barcode: str | None = None
    isSubCustomer: Flag = None
    parentCustomer: Name = None
    billWithParent: Flag = None
    customerSegmentationId: str | None = None
    userId: str | None = None
    isSameAddress: Flag = None
    billingCountry: str | None = None
    billingCity: str | None = None
    billingPostalCode: str | None = None
    billingAddress: str | None = None
    billingLat: float | None = None
    billingLng: float | None = None
    country: str | None = None
    city: str | None = None
    postalCode: str | None = None
    address: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    mobile: str | None = None
    fax: str | None = None
    comment: str | None = None
    website: str | None = None
    creditLimit: float | None = None
    dueDateConfigNumber: int | None = None
    dueDateConfigType: Literal[1, 2, "1", "2"] | None = None
    taxNumber: str | None = None
    companyRegistrationNumber: str | None = None


FORMS = (CustomerBody,)
"""What is sent as a form (DOC cust-upsert), or as JSON like everything else."""


def decode(call: Call, kind: Any) -> Any:
    """Decode a body. Raises MalformedBody, WrongType.

    An empty one is an object without members: PUT by references prints no body, and elsewhere
    the parameter that is missing can then be named (DECIDED).
    """
    media = (call.header("content-type") or "").partition(";")[0].strip().lower()
    if kind in FORMS and media == "application/x-www-form-urlencoded":
        given = {name: value for name, value in bodies.form(call.raw).items() if value}
        try:
            return msgspec.convert(given, kind, strict=False)
        except msgspec.ValidationError as error:
            raise bodies.wrong_type(error) from None
    return bodies.json(call.raw if call.raw.strip() else b"{}", kind)


def encode(call: Call, result: Any, status: int) -> Response:
    """Return a JSON answer."""
    return Json(result, status)
