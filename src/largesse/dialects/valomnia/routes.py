"""Valomnia's operations on one page."""

from largesse.dialects.valomnia import auth, handlers
from largesse.dialects.valomnia.errors import ERRORS, render
from largesse.dialects.valomnia.schemas import (
    Deleted,
    ListQuery,
    LoginQuery,
    NoQuery,
    Record,
    RecordPage,
    SaveBody,
    Session,
    UpdateBody,
    decode,
    encode,
)
from largesse.wire.dialect import Dialect
from largesse.wire.routes import not_yet, route

CHECK = "/j_spring_security_check"
LISTS = "/customerGroupPromotionLists"
ONE = LISTS + "/{id}"
BY_REFERENCES = LISTS + "/reference/{customerGroupId}/{promotionListId}"

LOGIN = "it is the login"
GROUPS_ONLY = "Lists are assigned to groups so far, not to single customers."
GROUPS = "The native API keeps groups and their members."
NO_PAGE = "No page describes the members of its records."

ROUTES = (
    route(
        "GET",
        LISTS,
        handlers.list_records,
        source="SEED 003, 51.1",
        query=ListQuery,
        response=RecordPage,
    ),
    route("GET", ONE, handlers.show, source="SEED 003, 51.2", query=NoQuery, response=Record),
    route(
        "GET", BY_REFERENCES, handlers.show, source="SEED 003, 51.2", query=NoQuery, response=Record
    ),
    route("DELETE", ONE, handlers.delete, source="SEED 003, 51.3", query=NoQuery, response=Deleted),
    route(
        "DELETE",
        BY_REFERENCES,
        handlers.delete,
        source="SEED 003, 51.3",
        query=NoQuery,
        response=Deleted,
    ),
    route(
        "PUT",
        LISTS,
        handlers.update,
        source="SEED 003, 51.4",
        request=UpdateBody,
        query=NoQuery,
        response=Record,
    ),
    route(
        "PUT",
        ONE,
        handlers.update,
        source="INFERRED from DOC p50-update",
        request=UpdateBody,
        query=NoQuery,
        response=Record,
    ),
    route(
        "PUT",
        BY_REFERENCES,
        handlers.update,
        source="SEED 003, 51.4",
        request=UpdateBody,
        query=NoQuery,
        response=Record,
    ),
    route(
        "POST",
        LISTS,
        handlers.save,
        source="SEED 003, 51.5",
        request=SaveBody,
        query=NoQuery,
        response=Record,
        status=201,
    ),
    route(
        "POST",
        CHECK,
        handlers.log_in,
        source="DOC mule",
        query=LoginQuery,
        status=302,
        public=LOGIN,
    ),
    route(
        "GET", CHECK, handlers.log_in, source="DOC v2", query=LoginQuery, status=302, public=LOGIN
    ),
    route("GET", auth.LANDING, handlers.session, source="DOC v2", response=Session),
    route("POST", auth.LANDING, handlers.session, source="DOC mule", response=Session),
    not_yet("GET", "/customerPromotionLists", source="DOC p50", reason=GROUPS_ONLY),
    not_yet("POST", "/customerPromotionLists", source="DOC p50-save", reason=GROUPS_ONLY),
    not_yet("PUT", "/customerPromotionLists/{id}", source="DOC p50-update", reason=GROUPS_ONLY),
    not_yet(
        "PUT",
        "/customerPromotionLists/reference/{customerId}/{promotionListId}",
        source="DOC p50-update",
        reason=GROUPS_ONLY,
    ),
    not_yet("GET", "/customerGroups", source="DOC cg-list", reason=GROUPS),
    not_yet("GET", "/customerGroups/{id}", source="INFERRED from SEED 003's href", reason=GROUPS),
    not_yet("POST", "/customerGroups/reference/{id}", source="DOC cg-upsert", reason=GROUPS),
    not_yet("POST", "/customerGroupAssign", source="DOC cga-save", reason=GROUPS),
    not_yet("GET", "/promotionLists", source="DOC p47", reason=NO_PAGE),
    not_yet("GET", "/promotionLists/{id}", source="INFERRED from SEED 003's href", reason=NO_PAGE),
    not_yet("DELETE", "/promotionLists/{id}", source="DOC p47-del", reason=NO_PAGE),
    not_yet("DELETE", "/promotionLists/reference/{id}", source="DOC p47-del", reason=NO_PAGE),
    not_yet("GET", "/customers", source="DOC mule", reason=NO_PAGE),
    not_yet("POST", "/discountLists", source="DOC disc", reason=NO_PAGE),
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
)
