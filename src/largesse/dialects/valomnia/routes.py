"""Valomnia's operations on one page: the resource, its path, the operation, where it is known from.

What is special to a resource is in `resources.py`, what they have in common in `handlers.py`. The
pages behind the sources are named in README.md.
"""

from largesse.dialects.valomnia import auth
from largesse.dialects.valomnia.errors import ERRORS, render
from largesse.dialects.valomnia.handlers import (
    assigning,
    log_in,
    putting_customer,
    putting_group,
    reassigning,
    saving_group,
    session,
    updating_group,
)
from largesse.dialects.valomnia.records import Failure, Session
from largesse.dialects.valomnia.resources import (
    CUSTOMER_GROUPS,
    CUSTOMER_LISTS,
    CUSTOMERS,
    GROUP_LISTS,
    MEMBERS,
    PROMOTION_LISTS,
)
from largesse.dialects.valomnia.schemas import (
    CustomerBody,
    CustomerList,
    CustomerListChange,
    GroupBody,
    GroupList,
    GroupListChange,
    LoginQuery,
    Long,
    Member,
    MemberChange,
    decode,
    encode,
)
from largesse.dialects.valomnia.table import (
    ID,
    REFERENCE,
    both,
    changed,
    deleted,
    listed,
    made,
    shown,
)
from largesse.wire.dialect import Dialect
from largesse.wire.routes import never, not_yet, route

CHECK = "/j_spring_security_check"
LOGIN = "it is the login"
BY_CUSTOMER, BY_GROUP, BY_MEMBER = (both(one) for one in (CUSTOMER_LISTS, GROUP_LISTS, MEMBERS))

RULES = (
    "Promotions are written with their rules, which no page describes; the native API has lists."
)
UPSERT = "No page describes it; POST /customers/reference/{reference} makes and changes customers."
SLIP = "The page prints this address by mistake for {}, whose other addresses it names."

ROUTES = (
    # --- login ---------------------------------------------------------------------------------
    route("POST", CHECK, log_in, source="DOC auth", query=LoginQuery, status=302, public=LOGIN),
    route("GET", CHECK, log_in, source="DOC v2", query=LoginQuery, status=302, public=LOGIN),
    route("GET", auth.LANDING, session, source="DOC auth", response=Session),
    route("POST", auth.LANDING, session, source="DOC mule", response=Session),
    # --- customerGroups ------------------------------------------------------------------------
    listed(CUSTOMER_GROUPS, "DOC cg-list"),
    shown(CUSTOMER_GROUPS, ID, "INFERRED from DOC cg-show"),
    shown(CUSTOMER_GROUPS, REFERENCE, "DOC cg-show"),
    made(CUSTOMER_GROUPS, "", saving_group, GroupBody, "INFERRED from DOC cg-update, cga-save"),
    made(CUSTOMER_GROUPS, REFERENCE, putting_group, GroupBody, "DOC cg-upsert"),
    changed(CUSTOMER_GROUPS, ID, updating_group, GroupBody, "DOC cg-update"),
    changed(CUSTOMER_GROUPS, REFERENCE, updating_group, GroupBody, "DOC cg-update"),
    deleted(CUSTOMER_GROUPS, ID, "INFERRED from DOC p47-del, cust-delete"),
    deleted(CUSTOMER_GROUPS, REFERENCE, "INFERRED from DOC p47-del, cust-delete"),
    # --- customerGroupAssign -------------------------------------------------------------------
    listed(MEMBERS, "DOC cga-list"),
    shown(MEMBERS, ID, "INFERRED from DOC cga-show"),
    shown(MEMBERS, BY_MEMBER, "DOC cga-show"),
    made(MEMBERS, "", assigning, Member, "DOC cga-save"),
    changed(MEMBERS, "", reassigning, MemberChange, "DOC cga-update", status=201),
    changed(MEMBERS, ID, reassigning, MemberChange, "INFERRED from DOC p50-update", status=201),
    changed(MEMBERS, BY_MEMBER, reassigning, MemberChange, "DOC cga-update", status=201),
    deleted(MEMBERS, ID, "INFERRED from DOC p50-delete"),
    deleted(MEMBERS, BY_MEMBER, "INFERRED from DOC p50-delete"),
    # --- customers -----------------------------------------------------------------------------
    listed(CUSTOMERS, "DOC cust-list"),
    shown(CUSTOMERS, ID, "DOC cust-show"),
    shown(CUSTOMERS, REFERENCE, "DOC cust-show"),
    made(CUSTOMERS, REFERENCE, putting_customer, CustomerBody, "DOC cust-upsert"),
    deleted(CUSTOMERS, ID, "DOC cust-delete"),
    deleted(CUSTOMERS, REFERENCE, "DOC cust-delete"),
    not_yet("POST", "/customers", source="INFERRED from DOC cust-upsert", reason=UPSERT),
    not_yet("PUT", "/customers/{id}", source="INFERRED from DOC cust-upsert", reason=UPSERT),
    # --- promotionLists ------------------------------------------------------------------------
    listed(PROMOTION_LISTS, "DOC p47"),
    shown(PROMOTION_LISTS, ID, "DOC p47-show"),
    shown(PROMOTION_LISTS, REFERENCE, "DOC p47-show"),
    deleted(PROMOTION_LISTS, ID, "DOC p47-del"),
    deleted(PROMOTION_LISTS, REFERENCE, "DOC p47-del"),
    not_yet("POST", "/promotionLists", source="INFERRED from DOC p47-show", reason=RULES),
    not_yet("PUT", "/promotionLists/{id}", source="INFERRED from DOC p47-show", reason=RULES),
    # --- customerGroupPromotionLists -----------------------------------------------------------
    listed(GROUP_LISTS, "SEED 003, 51.1"),
    shown(GROUP_LISTS, ID, "SEED 003, 51.2"),
    shown(GROUP_LISTS, BY_GROUP, "SEED 003, 51.2"),
    deleted(GROUP_LISTS, ID, "SEED 003, 51.3"),
    deleted(GROUP_LISTS, BY_GROUP, "SEED 003, 51.3"),
    changed(GROUP_LISTS, "", reassigning, GroupListChange, "SEED 003, 51.4"),
    changed(GROUP_LISTS, ID, reassigning, GroupListChange, "INFERRED from DOC p50-update"),
    changed(GROUP_LISTS, BY_GROUP, reassigning, GroupListChange, "SEED 003, 51.4"),
    made(GROUP_LISTS, "", assigning, GroupList, "SEED 003, 51.5"),
    # --- customerPromotionLists ----------------------------------------------------------------
    listed(CUSTOMER_LISTS, "DOC p50"),
    shown(CUSTOMER_LISTS, ID, "DOC p50-show"),
    shown(CUSTOMER_LISTS, BY_CUSTOMER, "DOC p50-show"),
    deleted(CUSTOMER_LISTS, ID, "DOC p50-delete"),
    deleted(CUSTOMER_LISTS, BY_CUSTOMER, "DOC p50-delete"),
    changed(CUSTOMER_LISTS, "", reassigning, CustomerListChange, "INFERRED from SEED 003, 51.4"),
    changed(CUSTOMER_LISTS, ID, reassigning, CustomerListChange, "DOC p50-update"),
    changed(CUSTOMER_LISTS, BY_CUSTOMER, reassigning, CustomerListChange, "DOC p50-update"),
    made(CUSTOMER_LISTS, "", assigning, CustomerList, "DOC p50-save"),
    # --- no subject of ours --------------------------------------------------------------------
    never(
        "GET", "/customerCategories/{id}", source="DOC cg-show", reason=SLIP.format("other records")
    ),
    never(
        "POST",
        "/discountLists",
        source="DOC disc",
        reason="Discounts by category of item are no subject here: there are no items.",
    ),
)

VALOMNIA = Dialect(
    name="valomnia",
    title="Valomnia API 2.1",
    documents="SEED 003: 51 Assign groups of customers to promotion Lists",
    routes=ROUTES,
    # SEED prints VERSION; its replies say v1, the vendor's clients call v2.1 (DOC v2).
    prefixes=("/api/v1", "/api/v1.0", "/api/v2", "/api/v2.1"),
    roots=frozenset({"j_spring_security_check", "login"}),
    authenticate=auth.authenticate,
    errors=ERRORS,
    render=render,
    decode=decode,
    encode=encode,
    failure=Failure,
    security={"bearer": {"type": "http", "scheme": "bearer"}},
    path_types={"id": Long},
)
