"""What Valomnia's cases have in common: the records, the resources, the refusals."""

from dataclasses import dataclass
from typing import Any

from largesse.conform.compare import BOOLEAN, ID, SOME_TEXT, TEXT, Each, Maybe, Open, Shape

API = "/api/${version}"
MOMENT = Shape("yyyy-MM-ddTHH:mm:ssZ", r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\dZ")
DAY = Shape("yyyy-MM-dd", r"\d{4}-[01]\d-[0-3]\d")
STAMPS = {"organization": SOME_TEXT, "dateCreated": MOMENT, "lastUpdated": MOMENT}
JSON = "application/json"
DELETED = {"success": "true", "success_description": "Instance deleted successfully"}
FAR = "2100-01-01T00:00:00Z"
BAD_ID = "The type of parameter id you provided is not valid for this request."


def inside(noun: str, **more: Any) -> dict[str, Any]:
    """Return what a record shows of another one."""
    address = Shape(f"the address of one of {noun}", rf"/api/v[\d.]+/{noun}/\d+")
    return {"id": ID, "reference": TEXT, **more, "href": address}


GROUP = inside("customerGroups", name=TEXT)
CUSTOMER = inside("customers", name=TEXT)
LIST = inside("promotionLists")
RULES = Each({"id": ID, "href": TEXT})
CUSTOMER_RECORD = Open({"id": ID, "reference": TEXT, "name": TEXT, "isActive": BOOLEAN} | STAMPS)
GROUP_RECORD = {"id": ID, "name": TEXT, "reference": TEXT, "description": Maybe(TEXT)} | STAMPS
LIST_RECORD = {
    "id": ID,
    "reference": TEXT,
    "description": Maybe(TEXT),
    "startDate": Maybe(DAY),
    "endDate": Maybe(DAY),
    "isActive": BOOLEAN,
    "applyToAllCustomers": BOOLEAN,
    "promotionInputs": RULES,
    "promotionOutputs": RULES,
} | STAMPS
GROUP_LIST_RECORD = {
    "id": ID,
    "promotionListReference": TEXT,
    "customerGroupReference": TEXT,
    "customerGroup": GROUP,
    "promotionList": LIST,
} | STAMPS
CUSTOMER_LIST_RECORD = {
    "id": ID,
    "customerReference": TEXT,
    "promotionListReference": TEXT,
    "customer": CUSTOMER,
    "promotionList": LIST,
} | STAMPS
MEMBER_RECORD = {
    "id": ID,
    "customerReference": TEXT,
    "customerGroupReference": TEXT,
    "customer": CUSTOMER,
    "customerGroup": GROUP,
} | STAMPS


@dataclass(frozen=True, slots=True)
class Resource:
    """What is special to a resource."""

    path: str
    noun: str
    """In: The ... with the id 999 doesn't exist."""
    record: Any
    listed: str
    """From where the list is known."""
    shown: str
    deleted: str
    filter: str
    """A filter with wildcards."""
    member: str
    """The member that it filters by."""


RESOURCES = (
    Resource(
        *("customerGroupPromotionLists", "customer group promotion list", GROUP_LIST_RECORD),
        *("SEED 003, 51.1", "SEED 003, 51.2", "SEED 003, 51.3"),
        *("promotionListReference", "promotionListReference"),
    ),
    Resource(
        *("customerGroups", "customer group", GROUP_RECORD),
        *("DOC cg-list", "DOC cg-show", "INFERRED from DOC p47-del"),
        *("reference", "reference"),
    ),
    Resource(
        *("customerGroupAssign", "customer group assign", MEMBER_RECORD),
        *("DOC cga-list", "DOC cga-show", "INFERRED from DOC p50-delete"),
        *("customerReference", "customerReference"),
    ),
    Resource(
        *("customers", "customer", CUSTOMER_RECORD),
        *("DOC cust-list", "DOC cust-show", "DOC cust-delete"),
        *("reference", "reference"),
    ),
    Resource(
        *("promotionLists", "promotion list", LIST_RECORD),
        *("DOC p47", "DOC p47-show", "DOC p47-del"),
        *("reference", "reference"),
    ),
    Resource(
        *("customerPromotionLists", "customer promotion list", CUSTOMER_LIST_RECORD),
        *("DOC p50", "DOC p50-show", "DOC p50-delete"),
        *("customerReference", "customerReference"),
    ),
)


def refusal(error: Any, text: Any) -> dict[str, Any]:
    """Return the body of a refusal."""
    return {"error": error, "error_description": text}
