"""Lists of promotions: what is on them, and which groups and customers get them."""

from dataclasses import replace
from typing import Any

from starlette.responses import Response

from largesse.admin import forms, lists, nouns, picking, render
from largesse.admin.forms import Field
from largesse.admin.language import N_
from largesse.admin.lists import Action, Column, Filter, Listing
from largesse.admin.nouns import Noun, page, record_in
from largesse.admin.pages.promotions import YES_OR_NO
from largesse.admin.picking import number
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.ids import parsed_id
from largesse.core.lists.model import PromotionList
from largesse.core.search.browse import Browse
from largesse.wire.call import Call

MOST_SHOWN = 100
"""Groups and promotions of a list that its page shows at a time."""


def _yes(text: str) -> bool:
    return text == "yes"


def name_of(plist: PromotionList) -> str:
    """Return what a list is called."""
    return plist.name or plist.reference


LISTS = Listing(
    path="/lists",
    title=N_("Promotion lists"),
    source=lambda services: services.promotion_lists,
    columns=(
        Column("name", N_("Name"), name_of),
        Column("reference", N_("Reference"), kind="code", order="reference"),
        Column("enabled", N_("Enabled"), kind="flag"),
        Column("applies_to_all", N_("For all customers"), kind="flag"),
        Column("starts_on", N_("From"), kind="day"),
        Column("ends_on", N_("To"), kind="day"),
        Column("created_at", N_("Made"), kind="moment", order="made"),
    ),
    search=N_("Name or reference"),
    filters=(
        Filter("enabled", N_("Enabled"), YES_OR_NO, _yes),
        Filter("applies_to_all", N_("For all customers"), YES_OR_NO, _yes),
    ),
    open=lambda plist: f"/lists/{plist.id}",
    new=("/lists/new", N_("New list"), Right.MANAGE_LISTS),
    empty=N_("There is no list yet. Make one, put promotions on it, and assign it to groups."),
    parse_id=number,
)

LIST = Noun(
    path="/lists",
    source=lambda services: services.promotion_lists,
    fields=(
        Field(
            "reference",
            N_("Reference"),
            required=True,
            longest=200,
            help=N_("By this clients of the APIs know the list."),
        ),
        Field("name", N_("Name"), longest=200),
        Field("description", N_("Description"), "long"),
        Field("starts_on", N_("First day"), "day"),
        Field("ends_on", N_("Last day"), "day"),
        Field("enabled", N_("Enabled"), "flag"),
        Field(
            "applies_to_all",
            N_("For all customers"),
            "flag",
            help=N_("A list for all is not assigned to groups or single customers."),
        ),
    ),
    right=Right.MANAGE_LISTS,
    new=N_("New list"),
    name=name_of,
    delete=N_("Delete the list %(name)s? Its promotions stay."),
    fresh={"enabled": True},
    parse_id=number,
    open=lambda plist: f"/lists/{plist.id}",
)


async def _take_away(call: Call, assignment_id: Any) -> None:
    await call.services.customer_assignments.delete(call.caller, assignment_id)


GIVEN = Listing(
    path="/customer-assignments",
    title=N_("Single customers with lists"),
    source=lambda services: services.customer_assignments,
    columns=(
        Column("customer", N_("Customer"), lambda row: row.customer.name or row.customer.reference),
        Column("customer_id", N_("Customer id"), lambda row: row.customer.reference, "code"),
        Column(
            "list",
            N_("List"),
            lambda row: name_of(row.list),
            href=lambda row: f"/lists/{row.list.id}",
        ),
        Column("created_at", N_("Assigned"), kind="moment"),
    ),
    open=lambda row: f"/customers/{row.customer.id.hex}",
    actions=(
        Action(
            name="take-away",
            label=N_("Take away"),
            one=N_("Take the list away from one customer?"),
            many=N_("Take the lists away from %(count)s customers?"),
            done=N_("Taken away: %(count)s."),
            right=Right.MANAGE_LISTS,
            do=_take_away,
        ),
    ),
    empty=N_("No list is assigned to a single customer."),
    parse_id=number,
)

PROMOTION = (
    Field(
        "promotion",
        N_("Promotion"),
        required=True,
        longest=400,
        help=N_("Its key, or a part of its title."),
    ),
)

CUSTOMER = (
    Field(
        "customer",
        N_("Customer"),
        required=True,
        longest=254,
        help=N_("An identifier, an e-mail address or the beginning of the name."),
    ),
)


async def show(call: Call) -> Any:
    """Show one list, or the sheet of its single customers."""
    plist = await record_in(call, LIST.source, number)
    if call.request.query_params.get("format") == "csv":
        return await lists.sheet(call, GIVEN, list_id=[plist.id])
    return await _page(call, plist)


async def add_promotion(call: Call) -> Any:
    """Put a promotion on a list."""
    call.caller.require(Right.MANAGE_LISTS)
    plist = await record_in(call, LIST.source, number)
    form = await forms.read(call, render.viewer(call), PROMOTION)
    if form.is_good:
        with form.refusing():
            found = await picking.promotion(call, form.values["promotion"])
            await call.services.promotion_lists.add_promotion(call.caller, plist.id, found.id)
            said = form.viewer.say(N_("%(name)s is on the list."), name=found.title)
            return render.go(call, LIST.path_of(plist), said)
    return await _page(call, plist, promotion=form)


async def remove_promotion(call: Call) -> Response:
    """Take a promotion off a list."""
    call.caller.require(Right.MANAGE_LISTS)
    plist = await record_in(call, LIST.source, number)
    promotion_id = parsed_id(forms.fields(call).get("promotion", ""))
    if promotion_id is not None:
        await call.services.promotion_lists.remove_promotion(call.caller, plist.id, promotion_id)
    return render.go(call, LIST.path_of(plist), render.viewer(call).say(N_("It is off the list.")))


async def add_customer(call: Call) -> Any:
    """Assign a list to a single customer."""
    call.caller.require(Right.MANAGE_LISTS)
    plist = await record_in(call, LIST.source, number)
    form = await forms.read(call, render.viewer(call), CUSTOMER)
    if form.is_good:
        with form.refusing():
            found = await picking.customer(call, form.values["customer"])
            new = {"customer_id": found.id, "list_id": plist.id}
            await call.services.customer_assignments.create(call.caller, new)
            said = form.viewer.say(N_("%(name)s gets the list."), name=found.name)
            return render.go(call, LIST.path_of(plist), said)
    return await _page(call, plist, customer=form)


async def _page(call: Call, plist: PromotionList, **sent: forms.Form) -> Page:
    services, look = call.services, render.viewer(call)
    after = parsed_id(call.request.query_params.get("promotions", ""))
    held = await services.promotion_lists.promotions(
        call.caller, plist.id, after=after, limit=MOST_SHOWN
    )
    titled = await services.promotions.by_ids(call.caller, [one.promotion_id for one in held.items])
    given = await lists.found(call, GIVEN, list_id=[plist.id])
    groups = Browse(filters={"list_id": [plist.id]}, limit=MOST_SHOWN)
    data = {
        "plist": plist,
        "name": name_of(plist),
        "promotions": titled.values(),
        "next_promotion": held.next_after,
        "groups": await services.assignments.browse(call.caller, groups),
        "given": replace(given, path=LIST.path_of(plist)),
        "promotion_form": sent.get("promotion") or await forms.blank(call, look, PROMOTION),
        "customer_form": sent.get("customer") or await forms.blank(call, look, CUSTOMER),
    }
    return Page("promotion_list.html", data, status=422 if sent else None)


ROUTES = (
    page("GET", LISTS.path, lists.listing(LISTS)),
    *nouns.routes(LIST),
    page("GET", "/lists/{id}", show),
    page("POST", "/lists/{id}/promotions", add_promotion),
    page("POST", "/lists/{id}/promotions/remove", remove_promotion),
    page("POST", "/lists/{id}/customers", add_customer),
    page("GET", GIVEN.path, lists.listing(GIVEN)),
    page("POST", f"{GIVEN.path}/actions", lists.acting(GIVEN)),
)
