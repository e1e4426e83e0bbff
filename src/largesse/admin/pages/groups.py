"""Groups of customers, and who is in them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from largesse.admin import forms, lists, nouns, render
from largesse.admin.forms import Field, Form
from largesse.admin.language import N_
from largesse.admin.lists import Action, Column, Listing
from largesse.admin.nouns import Noun, page, record_in
from largesse.admin.picking import number
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.lists.model import CustomerGroup
from largesse.core.search.browse import Browse
from largesse.wire.call import Call

MOST_NAMED = 20
"""Texts that are said back of those by which nobody was found."""

LISTS_SHOWN = 100

GROUPS = Listing(
    path="/groups",
    title=N_("Customer groups"),
    source=lambda services: services.groups,
    columns=(
        Column("name", N_("Name"), order="name"),
        Column("reference", N_("Reference"), kind="code", order="reference"),
        Column("description", N_("Description")),
        Column("created_at", N_("Made"), kind="moment", order="made"),
    ),
    search=N_("Name or reference"),
    open=lambda group: f"/groups/{group.id}",
    new=("/groups/new", N_("New group"), Right.MANAGE_LISTS),
    empty=N_("There is no group yet. Make one, put customers into it, and assign lists to it."),
    order="name",
    descending=False,
    parse_id=number,
)

GROUP = Noun(
    path="/groups",
    source=lambda services: services.groups,
    fields=(
        Field("name", N_("Name"), required=True, longest=200),
        Field(
            "reference",
            N_("Reference"),
            required=True,
            longest=200,
            help=N_("By this clients of the APIs know the group."),
        ),
        Field("description", N_("Description"), "long"),
    ),
    right=Right.MANAGE_LISTS,
    new=N_("New group"),
    name=lambda group: group.name,
    delete=N_("Delete the group %(name)s? Its customers stay customers."),
    parse_id=number,
    open=lambda group: f"/groups/{group.id}",
)


async def _take_out(call: Call, membership_id: Any) -> None:
    await call.services.memberships.delete(call.caller, membership_id)


MEMBERS = Listing(
    path="/memberships",
    title=N_("Customers in this group"),
    source=lambda services: services.memberships,
    columns=(
        Column("customer", N_("Customer"), lambda row: row.customer.name or row.customer.reference),
        Column("customer_id", N_("Customer id"), lambda row: row.customer.reference, "code"),
        Column("created_at", N_("Added"), kind="moment"),
    ),
    open=lambda row: f"/customers/{row.customer.id.hex}",
    actions=(
        Action(
            name="take-out",
            label=N_("Take out"),
            one=N_("Take one customer out of the group?"),
            many=N_("Take %(count)s customers out of the group?"),
            done=N_("Taken out: %(count)s."),
            right=Right.MANAGE_LISTS,
            do=_take_out,
        ),
    ),
    empty=N_("Nobody is in this group yet."),
    parse_id=number,
)

ADDING = (
    Field(
        "members",
        N_("Customers"),
        "long",
        required=True,
        longest=200_000,
        help=N_("One a line: a customer id or number, another identifier, or an e-mail address."),
    ),
)


async def show(call: Call) -> Any:
    """Show one group, or the sheet of its customers."""
    group = await record_in(call, GROUP.source, number)
    if call.request.query_params.get("format") == "csv":
        return await lists.sheet(call, MEMBERS, group_id=[group.id])
    return await _page(call, group, await forms.blank(call, render.viewer(call), ADDING))


async def add(call: Call) -> Any:
    """Put the customers into a group that a text names, one a line."""
    call.caller.require(Right.MANAGE_LISTS)
    group = await record_in(call, GROUP.source, number)
    form = await forms.read(call, render.viewer(call), ADDING)
    if form.is_good:
        with form.refusing():
            lines = form.values["members"].splitlines()
            done = await call.services.groups.add_members(call.caller, group.id, lines)
            look, missed = form.viewer, [*done.unknown, *done.ambiguous]
            said = [look.say(N_("Added: %(count)s."), count=look.number(done.added))]
            if done.present:
                there = N_("In the group before: %(count)s.")
                said.append(look.say(there, count=look.number(done.present)))
            said += _missed(look, N_("Nobody is found by: %(names)s."), done.unknown)
            said += _missed(look, N_("These fit more than one: %(names)s."), done.ambiguous)
            return render.go(call, GROUP.path_of(group), " ".join(said), is_bad=bool(missed))
    return await _page(call, group, form)


def _missed(look: Any, sentence: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    further = " …" if len(names) > MOST_NAMED else ""
    return [look.say(sentence, names=", ".join(one[:60] for one in names[:MOST_NAMED]) + further)]


async def _page(call: Call, group: CustomerGroup, form: Form) -> Page:
    query = Browse(filters={"group_id": [group.id]}, limit=LISTS_SHOWN)
    members = await lists.found(call, MEMBERS, group_id=[group.id])
    data = {
        "group": group,
        # Behind a form that was refused the address is that of the form.
        "members": replace(members, path=GROUP.path_of(group)),
        "assigned": await call.services.assignments.browse(call.caller, query),
        "form": form,
    }
    return Page("group.html", data, status=None if form.is_good else 422)


ROUTES = (
    page("GET", GROUPS.path, lists.listing(GROUPS)),
    *nouns.routes(GROUP),
    page("GET", "/groups/{id}", show),
    page("POST", "/groups/{id}/members", add),
    page("POST", f"{MEMBERS.path}/actions", lists.acting(MEMBERS, GROUPS.path)),
)
