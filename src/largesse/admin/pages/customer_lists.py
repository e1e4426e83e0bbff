"""The lists of other pages, each narrowed to one customer."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from largesse.admin import lists
from largesse.admin.language import N_
from largesse.admin.lists import Column, Listing
from largesse.admin.nouns import page, record_in
from largesse.admin.pages.codes import CODES
from largesse.admin.pages.customers import CUSTOMER, name_of, path_of
from largesse.admin.pages.grants import GRANTS
from largesse.admin.pages.groups import MEMBERS
from largesse.admin.pages.mails import MAILS
from largesse.admin.pages.promotion_lists import GIVEN
from largesse.admin.pages.promotion_lists import name_of as list_name
from largesse.admin.render import Page
from largesse.core.customers.model import Customer
from largesse.wire.call import Call

LISTS: Mapping[str, Listing] = {
    "codes": CODES,
    "grants": GRANTS,
    "mails": MAILS,
    "groups": replace(
        MEMBERS,
        title=N_("Groups"),
        columns=(
            Column("group", N_("Group"), lambda row: row.group.name),
            Column("group_id", N_("Reference"), lambda row: row.group.reference, "code"),
            Column("created_at", N_("Added"), kind="moment"),
        ),
        open=lambda row: f"/groups/{row.group.id}",
    ),
    "lists": replace(
        GIVEN,
        title=N_("Promotion lists"),
        columns=(
            Column("list", N_("List"), lambda row: list_name(row.list)),
            Column("list_id", N_("Reference"), lambda row: row.list.reference, "code"),
            Column("created_at", N_("Assigned"), kind="moment"),
        ),
        open=lambda row: f"/lists/{row.list.id}",
    ),
}
"""By what stands behind the customer in the path."""


def _listing(of: Listing) -> Any:
    async def show(call: Call) -> Any:
        customer: Customer = await record_in(call, CUSTOMER.source)
        if call.request.query_params.get("format") == "csv":
            return await lists.sheet(call, of, customer_id=[customer.id])
        data = {
            "shown": await lists.found(call, of, customer_id=[customer.id]),
            "customer": name_of(customer),
            "back": path_of(customer),
        }
        return Page("customer_list.html", data)

    return show


ROUTES = tuple(page("GET", f"/customers/{{id}}/{name}", _listing(of)) for name, of in LISTS.items())
