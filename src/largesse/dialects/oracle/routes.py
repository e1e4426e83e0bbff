"""Oracle Commerce Cloud's operations on one page."""

from largesse.dialects.oracle import auth, records
from largesse.dialects.oracle.errors import ERRORS, render
from largesse.dialects.oracle.handlers import coupons, folders, grants, login, promotions
from largesse.dialects.oracle.schemas import (
    Accepted,
    BatchGrantPromotions,
    LoggedOut,
    OneOrMoreErrors,
    Token,
    decode,
    encode,
)
from largesse.wire.dialect import Dialect
from largesse.wire.routes import never, not_yet, route

TEMPLATES = "Templates are part of the vendor's product; a promotion keeps whichever it names."
VERIFY = "No document that we have prints its answer; a token that has ended answers 401 anyway."
LOGIN = "it is the login"

FOLDER = "/promotionFolders/{folder_id}"
CLAIMABLE = "/claimables/{claimable_id}"
BATCH = "/couponBatches/{batch_id}"
PROMOTION = "/promotions/{promotion_id}"

ROUTES = (
    route(
        "POST",
        "/profiles/batchGrantPromotions",
        grants.batch_grant_promotions,
        source="SEED 001",
        request=BatchGrantPromotions,
        needed=("promotionIds",),
        response=Accepted,
        headers=records.Language,
        streamed=True,
    ),
    # --- tokens ----------------------------------------------------------------------------
    route(
        "POST",
        "/login",
        login.login,
        source="DOC 12-17",
        query=records.LoginQuery,
        response=Token,
        public=LOGIN,
    ),
    route(
        "POST",
        "/mfalogin",
        login.mfa_login,
        source="DOC 12-17",
        query=records.MfaLoginQuery,
        response=Token,
        public=LOGIN,
    ),
    route("POST", "/refresh", login.refresh, source="DOC 12-17", response=Token),
    route("POST", "/logout", login.logout, source="DOC 22C", response=LoggedOut),
    not_yet("POST", "/verify", source="DOC", reason=VERIFY),
    # --- promotions ------------------------------------------------------------------------
    route(
        "GET",
        "/promotions",
        promotions.list_promotions,
        source="DOC 12-17, 22A",
        query=records.PromotionsQuery,
        headers=records.Language,
        response=records.Page,
    ),
    route(
        "POST",
        "/promotions",
        promotions.create_promotion,
        source="DOC 12-17",
        headers=records.NeededLanguage,
        request=records.NewPromotion,
        response=records.Promotion,
    ),
    route(
        "GET",
        PROMOTION,
        promotions.get_promotion,
        source="DOC 12-17",
        query=records.FieldsQuery,
        headers=records.Language,
        response=records.Promotion,
    ),
    route(
        "PUT",
        PROMOTION,
        promotions.update_promotion,
        source="DOC 12-17, 21A",
        headers=records.NeededLanguage,
        request=records.PromotionChanges,
        response=records.Promotion,
    ),
    route(
        "DELETE",
        PROMOTION,
        promotions.delete_promotion,
        source="DOC 21C",
        response=records.Nothing,
    ),
    never("GET", "/promotionTemplates", source="DOC 12-17", reason=TEMPLATES),
    never("GET", "/promotionTemplates/{template_id}", source="DOC 12-17", reason=TEMPLATES),
    # --- folders ---------------------------------------------------------------------------
    route(
        "GET",
        "/promotionFolders",
        folders.list_folders,
        source="DOC 12-17, 21C",
        query=records.FoldersQuery,
        response=records.Page,
    ),
    route(
        "POST",
        "/promotionFolders",
        folders.create_folder,
        source="DOC 21D",
        request=records.NewFolder,
        response=records.Folder,
    ),
    route(
        "GET",
        FOLDER,
        folders.get_folder,
        source="DOC 12-17, 21B",
        query=records.FieldsQuery,
        response=records.Folder,
    ),
    route(
        "PUT",
        FOLDER,
        folders.update_folder,
        source="DOC 12-17, 21D",
        request=records.NewFolder,
        response=records.Folder,
    ),
    route("DELETE", FOLDER, folders.delete_folder, source="DOC 22A", response=records.Nothing),
    # --- claimables ------------------------------------------------------------------------
    route(
        "GET",
        "/claimables",
        coupons.list_claimables,
        source="DOC 12-17",
        query=records.CouponsQuery,
        response=records.Page,
    ),
    route(
        "POST",
        "/claimables",
        coupons.create_claimable,
        source="DOC 21B",
        request=records.NewCoupon,
        response=records.MadeCoupon,
    ),
    route(
        "GET",
        CLAIMABLE,
        coupons.get_claimable,
        source="DOC 10-17, 21D",
        query=records.CouponQuery,
        response=records.Coupon,
    ),
    route(
        "PUT",
        CLAIMABLE,
        coupons.update_claimable,
        source="DOC 10-17",
        request=records.CouponChanges,
        response=records.Coupon,
    ),
    route(
        "DELETE",
        CLAIMABLE,
        coupons.delete_claimable,
        source="DOC 21C",
        query=records.OwnerQuery,
        response=records.Nothing,
    ),
    # --- coupon batches --------------------------------------------------------------------
    route(
        "GET",
        "/couponBatches",
        coupons.list_batches,
        source="DOC 12-17, 21B",
        query=records.BatchesQuery,
        response=records.Page,
    ),
    route(
        "POST",
        "/couponBatches",
        coupons.create_batch,
        source="DOC 22A",
        request=records.NewBatch,
        response=records.MadeBatch,
    ),
    route(
        "GET",
        BATCH,
        coupons.get_batch,
        source="DOC 12-17, 22C",
        query=records.BatchQuery,
        response=records.Batch,
    ),
    route(
        "PUT",
        BATCH,
        coupons.update_batch,
        source="DOC 12-17, 21A",
        request=records.BatchChanges,
        response=records.Batch,
    ),
    route(
        "DELETE",
        BATCH,
        coupons.delete_batch,
        source="DOC 10-17",
        query=records.OwnerQuery,
        response=records.Nothing,
    ),
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
