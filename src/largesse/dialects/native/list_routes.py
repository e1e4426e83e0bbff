"""The native API's operations on groups, lists and who gets which; DECIDED like all of `routes`."""

from largesse.core.lists.model import (
    Assignment,
    CustomerAssignment,
    CustomerGroup,
    ListedPromotion,
    Member,
    PromotionList,
)
from largesse.dialects.native import queries, schemas
from largesse.dialects.native.handlers import lists
from largesse.dialects.native.mapping import to_number
from largesse.dialects.native.table import noun, route

LISTS = (
    *noun(
        "/groups",
        lambda s: s.groups,
        CustomerGroup,
        new=schemas.NewGroup,
        change=schemas.GroupChanges,
        query=queries.Groups,
        parse=to_number,
    ),
    route(
        "GET",
        "/groups/{id}/members",
        lists.list_members,
        query=queries.Paging,
        response=schemas.Listing[Member],
    ),
    route("PUT", "/groups/{id}/members/{customer_id}", lists.add_member, status=204),
    route("DELETE", "/groups/{id}/members/{customer_id}", lists.remove_member, status=204),
    *noun(
        "/promotion-lists",
        lambda s: s.promotion_lists,
        PromotionList,
        new=schemas.NewPromotionList,
        change=schemas.PromotionListChanges,
        query=queries.PromotionLists,
        parse=to_number,
    ),
    route(
        "GET",
        "/promotion-lists/{id}/promotions",
        lists.list_promotions,
        query=queries.Paging,
        response=schemas.Listing[ListedPromotion],
    ),
    route(
        "PUT", "/promotion-lists/{id}/promotions/{promotion_id}", lists.add_promotion, status=204
    ),
    route(
        "DELETE",
        "/promotion-lists/{id}/promotions/{promotion_id}",
        lists.remove_promotion,
        status=204,
    ),
    *noun(
        "/assignments",
        lambda s: s.assignments,
        Assignment,
        new=schemas.NewAssignment,
        change=schemas.AssignmentChanges,
        query=queries.Assignments,
        parse=to_number,
    ),
    *noun(
        "/customer-assignments",
        lambda s: s.customer_assignments,
        CustomerAssignment,
        new=schemas.NewCustomerAssignment,
        change=schemas.CustomerAssignmentChanges,
        query=queries.CustomerAssignments,
        parse=to_number,
    ),
)
