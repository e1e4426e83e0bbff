"""Mail: what waits, what failed and why, and one mail with its attempts."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from largesse.admin import forms, lists, nouns, render
from largesse.admin.deeds import Deed, Deeds
from largesse.admin.forms import Choice
from largesse.admin.language import N_
from largesse.admin.lists import Action, Column, Filter, Listing, Shown
from largesse.admin.nouns import id_text, page
from largesse.admin.preview import framed
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.events.model import EventKind
from largesse.core.mail.model import Mail, MailState
from largesse.core.mail.queue import SUBJECT, Pause
from largesse.core.search.browse import Browse
from largesse.core.templates.builtin import BUILT_IN
from largesse.wire.call import Call

if TYPE_CHECKING:
    from largesse.services import Services

MOST_TEMPLATES = 500
"""Templates that a list can be narrowed to."""

BY_FILTER = ("state", "template_key", "transport", "domain", "reason")
"""What all the mails can be chosen by that something is done with at once."""

RETRIED = (MailState.FAILED, MailState.UNCERTAIN)
"""The states whose mails can be retried all at once."""


def source(services: "Services") -> Any:
    """Return the service that keeps mails."""
    return services.mails


async def templates(call: Call) -> Sequence[Choice]:
    """Return the keys of templates, those built in as well."""
    found = await call.services.templates.page(call.caller, limit=MOST_TEMPLATES)
    return [(key, key) for key in sorted({one.key for one in found.items} | BUILT_IN.keys())]


async def transports(call: Call) -> Sequence[Choice]:
    """Return the transports by which mails leave."""
    return [(name, name) for name in call.services.mail_queue.limits.transports]


def _asked(name: str) -> Any:
    async def asked(call: Call) -> Sequence[Choice]:
        return [(one, one) for one in call.request.query_params.getlist(name) if one]

    return asked


async def _retry(call: Call, mail_id: UUID) -> None:
    await call.services.mails.retry(call.caller, mail_id)


async def _cancel(call: Call, mail_id: UUID) -> None:
    await call.services.mails.cancel(call.caller, mail_id)


async def _resend(call: Call, mail_id: UUID) -> None:
    await call.services.mails.resend(call.caller, mail_id)


MAILS = Listing(
    path="/mails",
    title=N_("Mail"),
    source=source,
    columns=(
        Column("recipient", N_("Recipient"), kind="email"),
        Column("subject", N_("Subject")),
        Column("state", N_("State"), kind="state"),
        Column("reason", N_("Reason"), kind="code"),
        Column("created_at", N_("Made"), kind="moment", order="made"),
        Column("sent_at", N_("Sent"), kind="moment"),
    ),
    search=N_("How an address begins, or @domain"),
    filters=(
        Filter("state", N_("State"), tuple((one.value, N_(one.value)) for one in MailState)),
        Filter("template_key", N_("Template"), templates),
        Filter("transport", N_("Transport"), transports),
        Filter("domain", N_("Domain"), _asked("domain")),
        Filter("reason", N_("Reason"), _asked("reason")),
    ),
    is_dated=True,
    open=lambda mail: f"/mails/{id_text(mail.id)}",
    actions=(
        Action(
            name="retry",
            label=N_("Retry"),
            one=N_("Retry one mail?"),
            many=N_("Retry %(count)s mails?"),
            done=N_("Queued again: %(count)s."),
            right=Right.SEND_MAIL,
            do=_retry,
            is_bad=False,
        ),
        Action(
            name="cancel",
            label=N_("Cancel"),
            one=N_("Cancel one mail?"),
            many=N_("Cancel %(count)s mails?"),
            done=N_("Cancelled: %(count)s."),
            right=Right.SEND_MAIL,
            do=_cancel,
        ),
    ),
    empty=N_("No mail was made yet. Codes are mailed to customers, and templates to whom you say."),
)


async def show_all(call: Call) -> Any:
    """GET /mails: the queue at a glance, above the list."""
    if call.request.query_params.get("format") == "csv":
        return await lists.sheet(call, MAILS)
    shown = await lists.found(call, MAILS)
    seen = await call.services.mail_queue.overview(call.caller)
    rates = call.services.mail_queue.limits.transports
    data = {
        "shown": shown,
        "seen": seen,
        "rates": rates,
        "pauses": [(one, await _paused_by(call, one)) for one in seen.pauses],
        "all_of": _all_of(shown),
    }
    return Page("mails.html", data)


async def show(call: Call) -> Page:
    """GET /mails/{id}: one mail, what it says, and its attempts."""
    mail: Mail = await nouns.record_in(call, source)
    said = await call.services.mails.content(call.caller, mail.id)
    data = {
        "mail": mail,
        "said": said,
        "sender": call.services.settings.mail_from,
        "attempts": await call.services.mails.attempts(call.caller, mail.id),
        "deeds": [deed for deed in DEEDS.all if mail.state in deed.states],
    }
    return Page("mail.html", data)


async def body(call: Call) -> Any:
    """GET /mails/{id}/body: what a mail looks like, for a frame that runs no script."""
    mail: Mail = await nouns.record_in(call, source)
    return framed((await call.services.mails.content(call.caller, mail.id)).html)


# --- one mail ----------------------------------------------------------------------------------


DEEDS = Deeds(
    path=MAILS.path,
    source=source,
    right=Right.SEND_MAIL,
    all=(
        Deed(
            name="retry",
            label=N_("Retry"),
            question=N_("Send this mail to %(recipient)s now?"),
            explanation=N_("One that is uncertain may have arrived: then it arrives twice."),
            told=N_("It is queued again."),
            states=frozenset({*RETRIED, MailState.SUPPRESSED}),
            do=_retry,
        ),
        Deed(
            name="cancel",
            label=N_("Cancel"),
            question=N_("Cancel this mail to %(recipient)s?"),
            explanation=N_("It will not be sent."),
            told=N_("It is cancelled."),
            states=frozenset({MailState.QUEUED}),
            do=_cancel,
            is_bad=True,
        ),
        Deed(
            name="resend",
            label=N_("Send again"),
            question=N_("Send this mail to %(recipient)s once more?"),
            explanation=N_("It was sent before. The same is sent as a new mail."),
            told=N_("The same mail is queued once more."),
            states=frozenset({MailState.SENT}),
            do=_resend,
        ),
    ),
    words=lambda mail: {"recipient": mail.recipient},
)


# --- all that fit ------------------------------------------------------------------------------


def _all_of(shown: Shown) -> tuple[str, Mapping[str, str]] | None:
    """Return what can be done with all mails that a list shows, and by what they are chosen."""
    asked = shown.asked
    given = {name: values[0] for name, values in asked.filters.items() if len(values) == 1}
    if asked.text or asked.since or asked.until or not shown.rows:
        return None
    state = given.get("state")
    if state in RETRIED:
        return "retry", given
    return ("cancel", given) if state == MailState.QUEUED else None


def _asking_for_all(what: str) -> Any:
    async def ask(call: Call) -> Page:
        call.caller.require(Right.SEND_MAIL)
        given = _chosen(what, call.request.query_params)
        query = Browse(filters={name: [value] for name, value in given.items()}, limit=1)
        found = await call.services.mails.browse(call.caller, query)
        look = render.viewer(call)
        count = look.number(found.count)
        if found.is_more:
            count = look.say(N_("more than %(count)s"), count=count)
        retries = what == "retry"
        question = N_("Retry all mails that fit: %(count)s?")
        if not retries:
            question = N_("Cancel all mails that fit: %(count)s?")
        titles = {one.name: look.say(one.title) for one in MAILS.filters}
        by = ", ".join(f"{titles[name]}: {look.say(value)}" for name, value in given.items())
        return render.asking(
            call,
            look.say(question, count=count),
            N_("Retry all") if retries else N_("Cancel all"),
            back="/mails",
            explanation=by,
            is_bad=not retries,
            hidden=list(given.items()),
        )

    return ask


def _doing_with_all(what: str) -> Any:
    async def do(call: Call) -> Any:
        given = _chosen(what, forms.fields(call))
        queue, look = call.services.mail_queue, render.viewer(call)
        if what == "retry":
            changed = await queue.retry_all(call.caller, given)
            said = look.say(N_("Queued again: %(count)s."), count=look.number(changed.count))
        else:
            given.pop("state")
            changed = await queue.cancel_all(call.caller, given)
            said = look.say(N_("Cancelled: %(count)s."), count=look.number(changed.count))
        if changed.more:
            said = f"{said} {look.say(N_('There are more: do it again.'))}"
        return render.go(call, "/mails", said)

    return do


def _chosen(what: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return by what all mails are chosen that something is done with."""
    chosen = {name: given[name] for name in BY_FILTER if given.get(name)}
    allowed = RETRIED if what == "retry" else (MailState.QUEUED,)
    if chosen.get("state") not in allowed:
        chosen["state"] = allowed[0].value
    return chosen


async def _paused_by(call: Call, pause: Pause) -> str | None:
    """Return who paused something, as the log knows."""
    key = pause.kind if pause.name is None else f"{pause.kind} {pause.name}"
    found = await call.services.events.page(
        call.caller,
        kind=EventKind.MAIL_PAUSED,
        subject_kind=SUBJECT,
        subject_id=key,
        since=pause.since - timedelta(seconds=1),
        limit=1,
    )
    return found.items[0].actor if found.items else None


ROUTES = (
    page("GET", MAILS.path, show_all),
    page("POST", f"{MAILS.path}/actions", lists.acting(MAILS)),
    *(page("GET", f"{MAILS.path}/{what}", _asking_for_all(what)) for what in ("retry", "cancel")),
    *(page("POST", f"{MAILS.path}/{what}", _doing_with_all(what)) for what in ("retry", "cancel")),
    page("GET", f"{MAILS.path}/{{id}}", show),
    page("GET", f"{MAILS.path}/{{id}}/body", body),
    *DEEDS.routes(),
)
