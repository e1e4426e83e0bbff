"""Who is in a group, and what is on a promotion list."""

from largesse.core.errors import (
    UnknownCustomer,
    UnknownGroup,
    UnknownPromotion,
    UnknownPromotionList,
)
from largesse.core.lists.model import ListedPromotion, Member
from largesse.dialects.native import queries
from largesse.dialects.native.handlers.records import id_in, paged
from largesse.dialects.native.mapping import to_number, to_uuid
from largesse.dialects.native.schemas.base import Listing
from largesse.wire.call import Call


async def list_members(call: Call) -> Listing[Member]:
    """GET /groups/{id}/members: the customers of a group."""
    group_id = id_in(call, to_number, UnknownGroup)
    return await paged(call, queries.Paging, call.services.groups.members, group_id)


async def add_member(call: Call) -> None:
    """PUT /groups/{id}/members/{customer_id}: put a customer into a group."""
    await call.services.groups.add_member(call.caller, *_member(call))


async def remove_member(call: Call) -> None:
    """DELETE /groups/{id}/members/{customer_id}: take a customer out of a group."""
    await call.services.groups.remove_member(call.caller, *_member(call))


async def list_promotions(call: Call) -> Listing[ListedPromotion]:
    """GET /promotion-lists/{id}/promotions: the promotions on a list."""
    list_id = id_in(call, to_number, UnknownPromotionList)
    return await paged(call, queries.Paging, call.services.promotion_lists.promotions, list_id)


async def add_promotion(call: Call) -> None:
    """PUT /promotion-lists/{id}/promotions/{promotion_id}: put a promotion on a list."""
    await call.services.promotion_lists.add_promotion(call.caller, *_item(call))


async def remove_promotion(call: Call) -> None:
    """DELETE /promotion-lists/{id}/promotions/{promotion_id}: take a promotion off a list."""
    await call.services.promotion_lists.remove_promotion(call.caller, *_item(call))


def _member(call: Call) -> tuple[int, object]:
    group_id = id_in(call, to_number, UnknownGroup)
    return group_id, id_in(call, to_uuid, UnknownCustomer, "customer_id")


def _item(call: Call) -> tuple[int, object]:
    list_id = id_in(call, to_number, UnknownPromotionList)
    return list_id, id_in(call, to_uuid, UnknownPromotion, "promotion_id")
