"""The native API's operations on folders, coupons and second factors; DECIDED like all of `routes`."""

from largesse.core.coupons.model import Coupon
from largesse.core.promotions.model import PromotionFolder
from largesse.dialects.native import queries, schemas
from largesse.dialects.native.handlers import access, coupons
from largesse.dialects.native.mapping import to_number
from largesse.dialects.native.table import noun, post, route

FACTORS = (
    post(
        "/users/{id}/second-factor",
        access.enrol,
        kept=access.without_factor,
        response=schemas.SecondFactor,
    ),
    route("DELETE", "/users/{id}/second-factor", access.remove_factor, status=204),
)

OFFERS = (
    *noun(
        "/promotion-folders",
        lambda s: s.promotion_folders,
        PromotionFolder,
        new=schemas.NewFolder,
        change=schemas.FolderChanges,
        query=queries.Folders,
        parse=to_number,
    ),
    route(
        "GET",
        "/coupons",
        coupons.list_coupons,
        query=queries.Paging,
        response=schemas.Listing[Coupon],
    ),
    post("/coupons", coupons.create_coupon, request=schemas.NewCoupon, response=Coupon),
    route("GET", "/coupons/{id}", coupons.read_coupon, response=Coupon),
    route(
        "PATCH",
        "/coupons/{id}",
        coupons.change_coupon,
        request=schemas.CouponChanges,
        response=Coupon,
    ),
    route("DELETE", "/coupons/{id}", coupons.end_coupon, status=204),
)
