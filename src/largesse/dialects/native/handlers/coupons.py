"""Coupons: codes that everybody may use."""

from typing import Any

from largesse.core.coupons.model import Changes, Coupon, NewCoupon
from largesse.core.errors import UnknownPromotion, UnknownReference
from largesse.dialects.native import queries
from largesse.dialects.native.handlers.records import paged
from largesse.dialects.native.mapping import given
from largesse.dialects.native.schemas.base import Listing
from largesse.wire.call import Call

FIELDS = {"uses": "uses_per_code", "starts_at": "codes_start_at"}


async def list_coupons(call: Call) -> Listing[Coupon]:
    """GET /coupons: those that can be used."""
    return await paged(call, queries.Paging, call.services.coupons.page)


async def create_coupon(call: Call) -> Coupon:
    """POST /coupons: make one."""
    new = given(call.body)
    new["promotion_keys"] = tuple(new.pop("promotions"))
    try:
        return await call.services.coupons.create(call.caller, NewCoupon(**new))
    except UnknownPromotion as error:
        raise UnknownReference("promotions", error.value) from None


async def read_coupon(call: Call) -> Coupon:
    """GET /coupons/{id}: one, or a code of a pool, however its letters are typed."""
    return await call.services.coupons.get(call.caller, call.path("id"))


async def change_coupon(call: Call) -> Coupon:
    """PATCH /coupons/{id}: change what is given."""
    values: dict[str, Any] = given(call.body)
    keys = values.pop("promotions", None)
    changes = Changes(
        {FIELDS[name]: value for name, value in values.items()},
        None if keys is None else tuple(keys),
    )
    try:
        return await call.services.coupons.change(call.caller, call.path("id"), changes)
    except UnknownPromotion as error:
        raise UnknownReference("promotions", error.value) from None


async def end_coupon(call: Call) -> None:
    """DELETE /coupons/{id}: take it out of use for good."""
    await call.services.coupons.end(call.caller, call.path("id"))
