"""The mail service: by which transports mails leave, and whether they take a test mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from largesse.admin import forms, render
from largesse.admin.forms import Choice, Field
from largesse.admin.language import N_
from largesse.admin.nouns import page
from largesse.admin.pages.settings import PATH
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.errors import InvalidEmail
from largesse.core.mail.trying import Tried
from largesse.wire.call import Call


@dataclass(frozen=True, slots=True)
class Way:
    """A transport as the page shows it."""

    name: str
    place: str
    state: str
    reason: str | None


async def transports(call: Call) -> Sequence[Choice]:
    """Return the transports, to choose one from."""
    return [(one.name, one.name) for one in call.services.transports]


FIELDS = (
    Field("transport", N_("Transport"), "choice", required=True, choices=transports),
    Field("address", N_("To the e-mail address"), "email", required=True, longest=254),
)


async def show(call: Call) -> Page:
    """Show the transports, and ask where a test mail is to go."""
    call.caller.require(Right.MANAGE_ACCESS)
    first = call.services.transports[0].name if call.services.transports else None
    given = {"transport": first, "address": call.caller.email}
    return await _page(call, await forms.blank(call, render.viewer(call), FIELDS, **given))


async def send(call: Call) -> Page:
    """Send a test mail, and show what the mail service answered."""
    call.caller.require(Right.MANAGE_ACCESS)
    form = await forms.read(call, render.viewer(call), FIELDS)
    tried = None
    if form.is_good:
        with form.refusing():
            try:
                given = (form.values["transport"], form.values["address"])
                tried = await call.services.mail_trial.send(call.caller, *given)
            except InvalidEmail as refusal:
                form.errors["address"] = form.viewer.refusal(refusal)
    return await _page(call, form, tried)


async def _page(call: Call, form: forms.Form, tried: Tried | None = None) -> Page:
    settings = call.services.settings
    data: dict[str, Any] = {
        "ways": await _ways(call),
        "form": form,
        "tried": tried,
        "sender": settings.mail_from,
        "bounces": settings.bounce_address,
        "dkim": f"{settings.dkim_selector}._domainkey.{settings.dkim_domain}"
        if call.services.sign is not None
        else None,
        "public_url": settings.public_url,
    }
    return Page("mail_service.html", data, status=None if form.is_good else 422)


async def _ways(call: Call) -> list[Way]:
    settings, queue = call.services.settings, call.services.mail_queue
    urls = {"main": settings.smtp_url, "fallback": settings.smtp_fallback_url}
    paused = {(one.kind, one.name) for one in await queue.pauses(call.caller)}
    is_paused = ("queue", None) in paused
    known = {one.name: one for one in await queue.transports(call.caller)}
    ways = []
    for transport in call.services.transports:
        lane = known[transport.name]
        state = N_("active")
        if is_paused or ("transport", transport.name) in paused:
            state = N_("paused")
        elif lane.blocked_seconds > 0:
            state = N_("blocked")
        ways.append(Way(transport.name, without_secret(urls[transport.name]), state, lane.reason))
    return ways


def without_secret(url: str | None) -> str:
    """Return where a URL leads, without who logs in there and by which password."""
    parts = urlsplit(url or "")
    where = parts.netloc.rpartition("@")[2]
    name = "***@" if "@" in parts.netloc else ""
    return f"{parts.scheme}:{'//' if where else ''}{name}{where}{parts.path}"


ROUTES = (
    page("GET", f"{PATH}/mail", show),
    page("POST", f"{PATH}/mail", send),
)
