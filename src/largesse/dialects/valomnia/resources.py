"""Each resource as a table: its words, its fields, and the service behind it.

The conventions that hold for all of them are written once, in `mapping.py` and `handlers.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct

from largesse.core import errors as core
from largesse.dialects.valomnia import answers, records, schemas

if TYPE_CHECKING:
    from largesse.services import Services

MOMENTS = {"dateCreated": "created_at", "lastUpdated": "updated_at"}

ANY = {
    # An organization has its own records alone, so sorting by it is sorting by id.
    "id": "id",
    "organization": "id",
} | MOMENTS


@dataclass(frozen=True, slots=True)
class End:
    """One of the two records that a pair joins."""

    name: str
    """What our services call it."""
    parameter: str
    """What bodies and paths call it."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What is special to a resource."""

    path: str
    noun: str
    """In: The ... with the id 999 doesn't exist."""
    service: "Callable[[Services], Any]"
    unknown: type[core.Unknown]
    query: type[Struct]
    record: type[Struct]
    answer: Callable[..., Any]
    """Makes the record that is printed."""
    sorts: Mapping[str, str]
    """Fields of the record, and what they are called in the core. Beside those of `ANY`."""
    patterns: Mapping[str, str]
    """Filters with wildcards."""
    flags: Mapping[str, str] = field(default_factory=dict)
    """Filters that are true or false."""
    ends: tuple[End, End] | None = None
    """Of a pair, in the order of its path; in bodies the second comes first."""
    assigned: str = ""
    """What is said of a pair that is there already."""
    delete_failed: str = "Failed to delete instance"  # SEED

    @property
    def asked(self) -> type[Struct]:
        """The query of the list, with what it can be sorted by."""
        sorts = Literal[(*sorted({**self.sorts, **ANY}), "")]  # type: ignore[valid-type]
        field = ("sort", sorts, "dateCreated")
        return msgspec.defstruct(self.query.__name__, [field], bases=(self.query,), kw_only=True)

    @property
    def page(self) -> type[Struct]:
        """The answer of the list."""
        return msgspec.defstruct(
            f"{self.record.__name__}Page",
            [("paging", records.Paging), ("data", list[self.record])],  # type: ignore[name-defined]
        )


def _of(short: str, *fields: str) -> dict[str, str]:
    """Return how the fields of a record inside another one are sorted by (Grails' spelling)."""
    wire = {"group": "customerGroup", "list": "promotionList", "customer": "customer"}[short]
    sorts = {wire: f"{short}_id", f"{wire}.id": f"{short}_id"}
    sorts |= {f"{wire}.{name}": f"{short}_{name}" for name in fields}
    return sorts | {f"{wire}Reference": f"{short}_reference"}


GROUP = End("group", "customerGroupId")
PROMOTION_LIST = End("promotion_list", "promotionListId")
CUSTOMER = End("customer", "customerId")

CUSTOMER_GROUPS = Resource(
    path="/customerGroups",
    noun="customer group",  # DOC cg-show
    service=lambda services: services.groups,
    unknown=core.UnknownGroup,
    query=schemas.GroupsQuery,
    record=records.GroupRecord,
    answer=answers.group,
    sorts={"reference": "reference", "name": "name"},
    patterns={"reference": "reference", "name": "name"},
)

CUSTOMERS = Resource(
    path="/customers",
    noun="customer",  # DOC cust-delete
    service=lambda services: services.customers,
    unknown=core.UnknownCustomer,
    query=schemas.CustomersQuery,
    record=records.CustomerRecord,
    answer=answers.customer,
    sorts={
        "reference": "reference",
        "name": "name",
        "email": "email",
        "categoryReference": "category",
        "isActive": "active",
    },
    patterns={"reference": "reference", "name": "name", "categoryReference": "category"},
    flags={"isActive": "active"},
    delete_failed="Failed to delete instance.",  # DOC cust-delete: with a dot
)

PROMOTION_LISTS = Resource(
    path="/promotionLists",
    noun="promotion list",  # DOC p47-del
    service=lambda services: services.promotion_lists,
    unknown=core.UnknownPromotionList,
    query=schemas.PromotionListsQuery,
    record=records.PromotionListRecord,
    answer=answers.promotion_list,
    sorts={
        "reference": "reference",
        "startDate": "starts_on",
        "endDate": "ends_on",
        "isActive": "enabled",
        "applyToAllCustomers": "applies_to_all",
    },
    patterns={"reference": "reference", "description": "description"},
    flags={"applyToAllCustomers": "applies_to_all"},
    delete_failed="Failed to delete instance.",  # DOC p47-del: with a dot
)

GROUP_LISTS = Resource(
    path="/customerGroupPromotionLists",
    noun="customer group promotion list",  # SEED
    service=lambda services: services.assignments,
    unknown=core.UnknownAssignment,
    query=schemas.GroupListsQuery,
    record=records.GroupListRecord,
    answer=answers.group_list,
    sorts=_of("group", "reference", "name") | _of("list", "reference"),
    patterns={
        "promotionListReference": "list_reference",
        "customerGroupReference": "group_reference",
    },
    ends=(GROUP, PROMOTION_LIST),
    assigned="customer group is already assigned to promotionList.",  # SEED
)

CUSTOMER_LISTS = Resource(
    path="/customerPromotionLists",
    noun="customer promotion list",  # DOC p50-show
    service=lambda services: services.customer_assignments,
    unknown=core.UnknownCustomerAssignment,
    query=schemas.CustomerListsQuery,
    record=records.CustomerListRecord,
    answer=answers.customer_list,
    sorts=_of("customer", "reference", "name") | _of("list", "reference"),
    patterns={
        "promotionListReference": "list_reference",
        "customerReference": "customer_reference",
    },
    ends=(CUSTOMER, PROMOTION_LIST),
    assigned="customer is already assigned to promotionList.",  # DOC p50-save
)

MEMBERS = Resource(
    path="/customerGroupAssign",
    noun="customer group assign",  # DOC cga-show
    service=lambda services: services.memberships,
    unknown=core.UnknownMembership,
    query=schemas.MembersQuery,
    record=records.MemberRecord,
    answer=answers.member,
    sorts=_of("customer", "reference", "name") | _of("group", "reference", "name"),
    patterns={"groupReference": "group_reference", "customerReference": "customer_reference"},
    ends=(CUSTOMER, End("group", "groupId")),
    assigned="customer is already assigned to customerGroup.",  # DOC cga-save
)

RESOURCES = (
    CUSTOMER_GROUPS,
    CUSTOMERS,
    PROMOTION_LISTS,
    GROUP_LISTS,
    CUSTOMER_LISTS,
    MEMBERS,
)
