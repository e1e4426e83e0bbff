"""The newsletter: who subscribes to it, how many come and go, and the evidence of each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from largesse.admin import forms, lists, render
from largesse.admin.forms import Field, Form
from largesse.admin.language import N_
from largesse.admin.lists import Action, Column, Filter, Listing
from largesse.admin.nouns import id_text, page, record_in
from largesse.admin.render import Page
from largesse.core import clock
from largesse.core.access.model import Right
from largesse.core.customers.model import Customer
from largesse.core.figures.model import Day, What
from largesse.core.newsletter.model import LONGEST_REASON, Subscription
from largesse.core.search.browse import Browse, Browsed
from largesse.core.text import folded
from largesse.wire.call import Call

PATH = "/newsletter"

SOURCE = "admin"
"""What the evidence says of what is done here."""

DAYS = 30
"""Days of which it is shown how many came and went."""

MOST_CUSTOMERS = 20
"""Customers with an address that are shown."""

STATES = (("subscribed", N_("subscribed")), ("waiting", N_("waiting for confirmation")))

REASON = Field(
    "reason",
    N_("Reason"),
    required=True,
    longest=LONGEST_REASON,
    help=N_("It is kept with the evidence, e.g. “asked for it on the telephone”."),
)

SUBSCRIBING = (
    Field("recipient", N_("E-mail address"), "email", required=True, longest=254),
    Field("name", N_("Name"), longest=200),
    REASON,
)


def state_of(subscription: Subscription) -> str:
    """Return the state that a subscription is shown in."""
    return "subscribed" if subscription.active else "waiting"


def path_of(subscription: Subscription) -> str:
    """Return where a subscription's page is."""
    return f"{PATH}/{id_text(subscription.id)}"


async def _unsubscribe(call: Call, subscription_id: Any) -> None:
    call.caller.require(Right.MANAGE_SUBSCRIPTIONS)
    found = await call.services.newsletter.get(call.caller, subscription_id)
    await call.services.newsletter.unsubscribe(call.caller, found.recipient, source=SOURCE)


SUBSCRIBERS = Listing(
    path=PATH,
    title=N_("Newsletter"),
    source=lambda services: services.newsletter,
    columns=(
        Column("recipient", N_("E-mail address"), kind="email", order="recipient"),
        Column("name", N_("Name")),
        Column("state", N_("State"), state_of, kind="state"),
        Column("created_at", N_("Since"), kind="moment", order="made"),
        Column("updated_at", N_("Changed"), kind="moment"),
    ),
    search=N_("Address, or how it begins"),
    filters=(Filter("active", N_("State"), STATES, lambda text: text == "subscribed"),),
    is_dated=True,
    open=path_of,
    actions=(
        Action(
            name="unsubscribe",
            label=N_("Unsubscribe"),
            one=N_("Unsubscribe one address?"),
            many=N_("Unsubscribe %(count)s addresses?"),
            done=N_("Unsubscribed: %(count)s."),
            right=Right.MANAGE_SUBSCRIPTIONS,
            do=_unsubscribe,
        ),
    ),
    new=(f"{PATH}/new", N_("Subscribe somebody"), Right.MANAGE_SUBSCRIPTIONS),
    empty=N_("Nobody has subscribed yet."),
)


async def show_all(call: Call) -> Any:
    """Show the subscribers, and above them how many there are, come and go."""
    if call.request.query_params.get("format") == "csv":
        return await lists.sheet(call, SUBSCRIBERS)
    settings = call.services.settings
    data = {
        "shown": await lists.found(call, SUBSCRIBERS),
        "subscribed": await _some(call, active=True),
        "waiting": await _some(call, active=False),
        "days": await _days(call),
        "provider": settings.newsletter_provider,
        "double_opt_in": settings.newsletter_double_opt_in,
    }
    return Page("newsletter/all.html", data)


async def _some(call: Call, *, active: bool) -> Browsed[Subscription]:
    query = Browse(filters={"active": [active]}, limit=1)
    return await call.services.newsletter.browse(call.caller, query)


async def _days(call: Call) -> Sequence[tuple[datetime, Day, Day]]:
    """Return how many came and went on each of the last days, with the moment it began."""
    look, figures = render.viewer(call), call.services.figures
    asked: dict[str, Any] = {
        "until": look.day_of(clock.now()),
        "days": DAYS,
        "zone": look.zone,
    }
    came = await figures.per_day(call.caller, What.SUBSCRIBED, **asked)
    went = await figures.per_day(call.caller, What.UNSUBSCRIBED, **asked)
    return [(look.start_of(one.day), one, other) for one, other in zip(came, went, strict=True)]


async def show(call: Call) -> Page:
    """Show one subscription, with the evidence of how it came about."""
    subscription = await record_in(call, SUBSCRIBERS.source)
    data = {
        "subscription": subscription,
        "state": state_of(subscription),
        "customers": await _customers(call, subscription.recipient),
        **await _evidence(call, subscription.recipient),
    }
    return Page("newsletter/one.html", data)


async def show_evidence(call: Call) -> Page:
    """Show what is known of an address, whether it is subscribed or not."""
    call.caller.require(Right.MANAGE_SUBSCRIPTIONS)
    address = call.request.query_params.get("address", "").strip()[:254]
    return Page("newsletter/evidence.html", {"address": address, **await _evidence(call, address)})


async def _evidence(call: Call, address: str) -> dict[str, Any]:
    """Return the consents of an address, and who gave them; those who may not see them get none."""
    if not address or Right.MANAGE_SUBSCRIPTIONS not in call.caller.rights:
        return {"consents": [], "users": {}}
    consents = await call.services.newsletter.evidence(call.caller, address)
    ids = {one.user_id for one in consents if one.user_id is not None}
    return {"consents": consents, "users": await _users(call, ids)}


async def _users(call: Call, ids: set[Any]) -> dict[Any, str]:
    if Right.MANAGE_ACCESS not in call.caller.rights:
        return {}
    found = await call.services.users.by_ids(call.caller, ids)
    return {key: user.username for key, user in found.items()}


async def _customers(call: Call, address: str) -> Sequence[Customer]:
    query = Browse(text=address, limit=MOST_CUSTOMERS)
    found = await call.services.customers.browse(call.caller, query)
    return [one for one in found.items if folded(one.email or "") == folded(address)]


async def ask_whom(call: Call) -> Page:
    """Ask who is to be subscribed."""
    call.caller.require(Right.MANAGE_SUBSCRIPTIONS)
    address = call.request.query_params.get("address", "")
    return _form(call, await forms.blank(call, render.viewer(call), SUBSCRIBING, recipient=address))


async def subscribe(call: Call) -> Any:
    """Subscribe an address, or mail it a link to confirm that."""
    call.caller.require(Right.MANAGE_SUBSCRIPTIONS)
    form = await forms.read(call, render.viewer(call), SUBSCRIBING)
    if form.is_good:
        with form.refusing():
            made = await call.services.newsletter.subscribe(
                call.caller,
                form.values["recipient"],
                source=SOURCE,
                name=form.values["name"],
                reason=form.values["reason"],
            )
            said = N_("%(name)s is subscribed.")
            if not made.active:
                said = N_("%(name)s gets a mail by which the subscription is to be confirmed.")
            return render.go(call, path_of(made), form.viewer.say(said, name=made.recipient))
    return _form(call, form)


def _form(call: Call, form: Form) -> Page:
    data = {
        "form": form,
        "title": N_("Subscribe somebody"),
        "is_new": True,
        "action": call.scope["path"],
        "back": PATH,
        "delete": None,
    }
    return Page("form.html", data, status=None if form.is_good else 422)


async def ask_why(call: Call) -> Page:
    """Ask why a subscription is to end."""
    call.caller.require(Right.MANAGE_SUBSCRIPTIONS)
    subscription = await record_in(call, SUBSCRIBERS.source)
    return _why(call, subscription, await forms.blank(call, render.viewer(call), (REASON,)))


async def unsubscribe(call: Call) -> Any:
    """End a subscription."""
    call.caller.require(Right.MANAGE_SUBSCRIPTIONS)
    subscription = await record_in(call, SUBSCRIBERS.source)
    form = await forms.read(call, render.viewer(call), (REASON,))
    if not form.is_good:
        return _why(call, subscription, form)
    await call.services.newsletter.unsubscribe(
        call.caller, subscription.recipient, source=SOURCE, reason=form.values["reason"]
    )
    said = form.viewer.say(N_("%(name)s is unsubscribed."), name=subscription.recipient)
    return render.go(call, PATH, said)


def _why(call: Call, subscription: Subscription, form: Form) -> Page:
    data = {
        "form": form,
        "recipient": subscription.recipient,
        "action": call.scope["path"],
        "back": path_of(subscription),
    }
    return Page("newsletter/unsubscribe.html", data, status=None if form.is_good else 422)


ROUTES = (
    page("GET", PATH, show_all),
    page("POST", f"{PATH}/actions", lists.acting(SUBSCRIBERS)),
    page("GET", f"{PATH}/new", ask_whom),
    page("POST", f"{PATH}/new", subscribe),
    page("GET", f"{PATH}/evidence", show_evidence),
    page("GET", f"{PATH}/{{id}}", show),
    page("GET", f"{PATH}/{{id}}/unsubscribe", ask_why),
    page("POST", f"{PATH}/{{id}}/unsubscribe", unsubscribe),
)
