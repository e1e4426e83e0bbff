"""Suppressed addresses: those that get no mail, and why."""

from typing import Any

from largesse.admin import forms, lists, render
from largesse.admin.forms import Field
from largesse.admin.language import N_
from largesse.admin.lists import Action, Column, Filter, Listing
from largesse.admin.nouns import page
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.suppressions.model import Reason
from largesse.wire.call import Call

REASONS = tuple((one.value, N_(one.value.replace("_", " "))) for one in Reason)

ADDING = (
    Field("address", N_("E-mail address"), "email", required=True, longest=254),
    Field(
        "reason",
        N_("Reason"),
        "choice",
        required=True,
        choices=REASONS,
        help=N_("Who has unsubscribed still gets what is no marketing, such as a code."),
    ),
    Field("note", N_("Note"), "long", longest=2000),
)


async def _take_back(call: Call, suppression_id: Any) -> None:
    await call.services.suppressions.delete(call.caller, suppression_id)


SUPPRESSIONS = Listing(
    path="/suppressions",
    title=N_("Suppressed addresses"),
    source=lambda services: services.suppressions,
    columns=(
        Column("address", N_("E-mail address"), kind="email"),
        Column("reason", N_("Reason"), lambda one: one.reason.replace("_", " "), "state"),
        Column("source", N_("Found out by"), kind="code"),
        Column("note", N_("Note")),
        Column("created_at", N_("Since"), kind="moment", order="made"),
    ),
    search=N_("The whole address"),
    filters=(Filter("reason", N_("Reason"), REASONS),),
    is_dated=True,
    actions=(
        Action(
            name="take-back",
            label=N_("Let it have mail again"),
            one=N_("Let one address have mail again?"),
            many=N_("Let %(count)s addresses have mail again?"),
            done=N_("Taken back: %(count)s."),
            right=Right.MANAGE_SUBSCRIPTIONS,
            do=_take_back,
        ),
    ),
    new=("/suppressions/new", N_("Suppress an address"), Right.MANAGE_SUBSCRIPTIONS),
    empty=N_("Every address gets its mails."),
    intro=N_(
        "Addresses that get no mail: it came back, its recipient complained, or somebody said so."
    ),
)


async def ask(call: Call) -> Page:
    """Ask which address is to get no mail."""
    call.caller.require(Right.MANAGE_SUBSCRIPTIONS)
    address = call.request.query_params.get("address", "")
    look = render.viewer(call)
    fresh = {"address": address, "reason": Reason.MANUAL}
    return _form(call, await forms.blank(call, look, ADDING, **fresh))


async def add(call: Call) -> Any:
    """Let an address get no mail."""
    call.caller.require(Right.MANAGE_SUBSCRIPTIONS)
    form = await forms.read(call, render.viewer(call), ADDING)
    if form.is_good:
        with form.refusing():
            new = form.values | {"source": "admin"}
            made = await call.services.suppressions.create(call.caller, new)
            said = form.viewer.say(N_("%(name)s gets no mail."), name=made.address)
            return render.go(call, SUPPRESSIONS.path, said)
    return _form(call, form)


def _form(call: Call, form: forms.Form) -> Page:
    data = {
        "form": form,
        "title": N_("Suppress an address"),
        "is_new": True,
        "action": call.scope["path"],
        "back": SUPPRESSIONS.path,
        "delete": None,
    }
    return Page("form.html", data, status=None if form.is_good else 422)


ROUTES = (
    page("GET", SUPPRESSIONS.path, lists.listing(SUPPRESSIONS)),
    page("POST", f"{SUPPRESSIONS.path}/actions", lists.acting(SUPPRESSIONS)),
    page("GET", "/suppressions/new", ask),
    page("POST", "/suppressions/new", add),
)
