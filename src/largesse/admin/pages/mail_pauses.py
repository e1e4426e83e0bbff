"""Pausing mail: all of it, by a transport, or to a domain."""

from collections.abc import Sequence
from typing import Any

from largesse.admin import forms, render
from largesse.admin.forms import Choice, Field, Form
from largesse.admin.language import N_
from largesse.admin.nouns import page
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.mail.limits import QUEUE
from largesse.wire.call import Call

DOMAIN = "domain"
TRANSPORT = "transport "
"""In front of a transport's name in what can be chosen."""


async def _what(call: Call) -> Sequence[Choice]:
    look = render.viewer(call)
    by = [
        (f"{TRANSPORT}{name}", look.say(N_("everything by the transport %(name)s"), name=name))
        for name in call.services.mail_queue.limits.transports
    ]
    return [(QUEUE, N_("everything")), *by, (DOMAIN, N_("everything to a domain"))]


FIELDS = (
    Field("what", N_("What is not to be sent"), "choice", required=True, choices=_what),
    Field("name", N_("Domain"), longest=253, help=N_("E.g. example.com; only for a domain.")),
)


async def ask(call: Call) -> Page:
    """GET /mails/pause."""
    call.caller.require(Right.SEND_MAIL)
    return _page(await forms.blank(call, render.viewer(call), FIELDS, what=QUEUE))


async def pause(call: Call) -> Any:
    """POST /mails/pause."""
    call.caller.require(Right.SEND_MAIL)
    form = await forms.read(call, render.viewer(call), FIELDS)
    if form.is_good:
        kind, name = _named(form.values["what"], form.values["name"])
        with form.refusing():
            await call.services.mail_queue.pause(call.caller, kind, name)
            return render.go(call, "/mails", form.viewer.say(N_("It is paused.")))
    return _page(form)


async def resume(call: Call) -> Any:
    """POST /mails/resume."""
    call.caller.require(Right.SEND_MAIL)
    typed = forms.fields(call)
    kind, name = typed.get("kind", ""), typed.get("name") or None
    form = await forms.blank(call, render.viewer(call), ())
    with form.refusing():
        await call.services.mail_queue.resume(call.caller, kind, name)
        return render.go(call, "/mails", form.viewer.say(N_("It goes on.")))
    return render.go(call, "/mails", form.errors[""], is_bad=True)


def _named(what: str, name: str | None) -> tuple[str, str | None]:
    if what.startswith(TRANSPORT):
        return "transport", what.removeprefix(TRANSPORT)
    return what, name if what == DOMAIN else None


def _page(form: Form) -> Page:
    return Page("mail_pause.html", {"form": form}, status=None if form.is_good else 422)


ROUTES = (
    page("GET", "/mails/pause", ask),
    page("POST", "/mails/pause", pause),
    page("POST", "/mails/resume", resume),
)
