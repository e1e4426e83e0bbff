"""Oracle Commerce Cloud's operations on one page."""

from largesse.dialects.oracle import auth, handlers
from largesse.dialects.oracle.errors import ERRORS, render
from largesse.dialects.oracle.schemas import (
    Accepted,
    BatchGrantPromotions,
    OneOrMoreErrors,
    Token,
    decode,
    encode,
)
from largesse.wire.dialect import Dialect
from largesse.wire.routes import not_yet, route

NATIVELY = "Promotions are kept through the native API until the whole dialect is built."
CODES = "Codes come from campaigns of the native API until the whole dialect is built."
SECOND_FACTOR = "Users have no second factor here yet; POST /login takes name and password."
SHORT = "A token ends by itself within minutes; until then nothing takes it back on this wire."

ROUTES = (
    route(
        "POST",
        "/profiles/batchGrantPromotions",
        handlers.batch_grant_promotions,
        source="SEED 001",
        request=BatchGrantPromotions,
        response=Accepted,
        streamed=True,
    ),
    route(
        "POST",
        "/login",
        handlers.login,
        source="DOC 12-17",
        response=Token,
        public="it is the login",
    ),
    route("POST", "/refresh", handlers.refresh, source="DOC 12-17", response=Token),
    not_yet("POST", "/mfalogin", source="DOC 12-17", reason=SECOND_FACTOR),
    not_yet("POST", "/logout", source="DOC", reason=SHORT),
    not_yet("POST", "/verify", source="DOC", reason=SHORT),
    not_yet("GET", "/promotions", source="DOC 12-17", reason=NATIVELY),
    not_yet("POST", "/promotions", source="DOC 12-17", reason=NATIVELY),
    not_yet("GET", "/promotions/{promotion_id}", source="DOC 12-17", reason=NATIVELY),
    not_yet("PUT", "/promotions/{promotion_id}", source="DOC 12-17", reason=NATIVELY),
    not_yet("GET", "/promotionTemplates", source="DOC 12-17", reason=NATIVELY),
    not_yet("POST", "/promotionFolders", source="DOC", reason=NATIVELY),
    not_yet("POST", "/claimables", source="DOC 21B", reason=CODES),
    not_yet("PUT", "/claimables/{claimable_id}", source="DOC", reason=CODES),
    not_yet("POST", "/couponBatches", source="DOC 22A", reason=CODES),
    not_yet("PUT", "/couponBatches/{batch_id}", source="DOC", reason=CODES),
)

ORACLE = Dialect(
    name="oracle",
    title="Oracle Commerce Cloud Admin REST API",
    documents="SEED 001: POST /ccadmin/v1/profiles/batchGrantPromotions",
    routes=ROUTES,
    prefixes=("/ccadmin/v1",),
    # The document prints its path with the prefix, and no other way.
    roots=frozenset(),
    authenticate=auth.authenticate,
    errors=ERRORS,
    render=render,
    decode=decode,
    encode=encode,
    failure=OneOrMoreErrors,
    security={"bearer": {"type": "http", "scheme": "bearer"}},
)
