"""One code: what became of it, whose it is, its mails, and what can be done with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.responses import Response

from largesse.admin import forms, nouns, render
from largesse.admin.forms import Field, Form
from largesse.admin.language import N_
from largesse.admin.nouns import id_text, page
from largesse.admin.pages.codes import EXTEND, PATH, UNTIL, is_ahead, path_of, source, state_of
from largesse.admin.pages.codes import until_page as ask_until
from largesse.admin.render import Page
from largesse.core.access.model import Right
from largesse.core.campaigns.model import CodeSource
from largesse.core.codes.model import CampaignRef, Code, CodeRef, CodeState
from largesse.core.customers.model import ByCustomer, Customer
from largesse.core.errors import Refused, Unknown
from largesse.core.events.model import Event, EventKind
from largesse.core.mail.model import Mail, SendCode
from largesse.core.search.browse import Browse
from largesse.wire.call import Call

LINES = 200
"""Lines of the log, and redemptions, that a code's page shows."""

LOGGED = {
    EventKind.CODE_CANCELLED.value: N_("Cancelled"),
    EventKind.CODE_EXTENDED.value: N_("Extended"),
    EventKind.CODE_MAILED_AGAIN.value: N_("Mailed again"),
}
"""What is known from the log alone."""

GIVE = (
    Field(
        "customer",
        N_("Customer"),
        required=True,
        longest=200,
        help=N_("By the e-mail address, the name or a number."),
    ),
    Field("mailed", N_("Send it by mail"), "flag"),
)


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a code's history."""

    at: datetime
    what: str
    by: str = ""
    href: str = ""
    """Where more of it stands, below the pages."""
    about: str = ""


async def show(call: Call) -> Page:
    """Show one code with its history."""
    code: Code = await nouns.record_in(call, source)
    campaign = await call.services.campaigns.get(call.caller, code.campaign_id)
    customer = await _customer_of(call, code)
    lines = (
        await call.services.events.page(
            call.caller, subject_kind="code", subject_id=str(code.id), limit=LINES
        )
    ).items
    mails = await _mails_of(call, code, lines)
    state = state_of(code)
    is_open = code.state in (CodeState.AVAILABLE, CodeState.ISSUED)
    data = {
        "code": code,
        "path": path_of(code),
        "state_shown": state,
        "campaign": campaign,
        "customer": customer,
        "mails": mails,
        "history": await _history(call, code, lines, mails),
        "may_cancel": is_open,
        "may_give": state == CodeState.AVAILABLE and campaign.code_source != CodeSource.SHARED,
        "may_mail": state == CodeState.ISSUED and customer is not None,
    }
    return Page("codes/detail.html", data)


async def _customer_of(call: Call, code: Code) -> Customer | None:
    if code.customer_id is None:
        return None
    return await call.services.customers.get(call.caller, code.customer_id)


async def _mails_of(call: Call, code: Code, lines: Sequence[Event]) -> Sequence[Mail]:
    """Return the mail that brought a code to its customer, and those that brought it again."""
    if code.customer_id is None:
        return []
    mails = call.services.mails
    first = await mails.page(call.caller, customer_id=code.customer_id, code_id=code.id)
    found = list(first.items)
    for line in lines:
        if line.kind == EventKind.CODE_MAILED_AGAIN:
            try:
                found.append(await mails.get(call.caller, UUID(str(line.data["mail_id"]))))
            except Unknown:
                continue  # deleted since
    return found


async def _history(
    call: Call, code: Code, lines: Sequence[Event], mails: Sequence[Mail]
) -> Sequence[Happened]:
    """Return what happened to a code, the last first."""
    by = {line.kind: line.actor for line in lines}
    found = [Happened(code.created_at, N_("Made"))]
    if code.issued_at is not None:
        actor = by.get(EventKind.CODE_ISSUED, "")
        found.append(Happened(code.issued_at, N_("Given out"), actor))
    for line in lines:
        if line.kind in LOGGED:
            found.append(Happened(line.created_at, LOGGED[line.kind], line.actor))
    uses = await call.services.redemptions.page(call.caller, code_id=code.id, limit=LINES)
    actor = by.get(EventKind.CODE_REDEEMED, "")
    found += [Happened(use.created_at, N_("Redeemed"), actor) for use in uses.items]
    for mail in mails:
        href = f"/mails/{id_text(mail.id)}"
        found.append(Happened(mail.created_at, N_("Mail queued"), "", href, mail.recipient))
        if mail.sent_at is not None:
            found.append(Happened(mail.sent_at, N_("Mail sent"), "", href, mail.recipient))
    return sorted(found, key=lambda one: one.at, reverse=True)


# --- giving and mailing --------------------------------------------------------------------------


async def ask_to_mail(call: Call) -> Page:
    """Ask whether to mail a code to its customer."""
    call.caller.require(Right.SEND_MAIL)
    code: Code = await nouns.record_in(call, source)
    customer = await _customer_of(call, code)
    look = render.viewer(call)
    to = customer.email or customer.name if customer else look.say(N_("nobody"))
    question = look.say(N_("Send this code by mail to %(to)s?"), to=to)
    return _question(call, code, question, N_("Send"), is_bad=False)


async def mail(call: Call) -> Response:
    """Mail a code to its customer, again if there is a mail already."""
    call.caller.require(Right.SEND_MAIL)
    code: Code = await nouns.record_in(call, source)
    look = render.viewer(call)
    try:
        sent = await _mail(call, code)
    except Refused as refusal:
        return render.go(call, path_of(code), look.refusal(refusal), is_bad=True)
    said = look.say(N_("A mail to %(to)s is on its way."), to=sent.recipient)
    return render.go(call, path_of(code), said)


async def _mail(call: Call, code: Code) -> Mail:
    mails, customer_id = call.services.mails, code.customer_id
    if customer_id is not None:
        there = await mails.page(call.caller, customer_id=customer_id, code_id=code.id)
        if not there.items:
            command = SendCode(customer_id.hex, code.code, None, None)
            return await mails.send_code(call.caller, command)
    return await mails.send_again(call.caller, code.id)


async def ask_to_issue_another(call: Call) -> Page:
    """Ask whether to give a code's customer another one of the campaign."""
    call.caller.require(Right.ISSUE_CODES)
    code: Code = await nouns.record_in(call, source)
    customer = await _customer_of(call, code)
    look = render.viewer(call)
    to = customer.name if customer else look.say(N_("nobody"))
    question = look.say(N_("Give %(to)s another code of the campaign?"), to=to)
    return _question(call, code, question, N_("Give another code"), is_bad=False)


async def issue_another(call: Call) -> Response:
    """Give a code's customer another one of the campaign."""
    call.caller.require(Right.ISSUE_CODES)
    code: Code = await nouns.record_in(call, source)
    look = render.viewer(call)
    if code.customer_id is None:
        return render.go(call, path_of(code), look.say(N_("The code is nobody's.")), is_bad=True)
    campaign = CampaignRef("id", code.campaign_id.hex)
    try:
        issued = await call.services.codes.request(
            call.caller, campaign, ByCustomer(None, code.customer_id.hex)
        )
    except Refused as refusal:
        return render.go(call, path_of(code), look.refusal(refusal), is_bad=True)
    return render.go(call, path_of(issued.code), look.say(N_("This code was given out.")))


async def ask_whom(call: Call) -> Page:
    """Ask whom to give a code to."""
    call.caller.require(Right.ISSUE_CODES)
    code: Code = await nouns.record_in(call, source)
    return _give_page(code, await forms.blank(call, render.viewer(call), GIVE))


async def give(call: Call) -> Any:
    """Give a code to a customer, and mail it if that is wanted."""
    call.caller.require(Right.ISSUE_CODES)
    code: Code = await nouns.record_in(call, source)
    form = await forms.read(call, render.viewer(call), GIVE)
    if form.is_good and (customer_id := await _customer_meant(call, form)) is not None:
        receiver = ByCustomer(None, customer_id.hex)
        try:
            issued = await call.services.codes.request(call.caller, CodeRef(code.code), receiver)
        except Refused as refusal:
            form.errors[""] = form.viewer.refusal(refusal)
        else:
            return await _given(call, form, issued.code)
    return _give_page(code, form)


async def _customer_meant(call: Call, form: Form) -> UUID | None:
    """Return whom a text means; if that is nobody or several, say so beside the field."""
    query = Browse(text=form.values["customer"], limit=2)
    found = (await call.services.customers.browse(call.caller, query)).items
    if len(found) == 1:
        return found[0].id
    said = N_("Several customers fit. Type more.") if found else N_("There is no such customer.")
    form.errors["customer"] = form.viewer.say(said)
    return None


async def _given(call: Call, form: Form, code: Code) -> Response:
    said, is_bad = form.viewer.say(N_("The code was given out.")), False
    if form.values["mailed"]:
        try:
            await _mail(call, code)
        except Refused as refusal:
            said, is_bad = f"{said} {form.viewer.refusal(refusal)}", True
    return render.go(call, path_of(code), said, is_bad=is_bad)


def _give_page(code: Code, form: Form) -> Page:
    data = {"form": form, "code": code, "path": path_of(code)}
    return Page("codes/give.html", data, None if form.is_good else 422)


# --- cancelling and extending --------------------------------------------------------------------


async def ask_to_cancel(call: Call) -> Page:
    """Ask whether to cancel a code."""
    call.caller.require(Right.MANAGE_CAMPAIGNS)
    code: Code = await nouns.record_in(call, source)
    look = render.viewer(call)
    question = look.say(N_("Cancel the code %(code)s?"), code=code.code)
    return _question(call, code, question, N_("Cancel the code"), is_bad=True)


async def cancel(call: Call) -> Response:
    """Cancel a code."""
    call.caller.require(Right.MANAGE_CAMPAIGNS)
    code: Code = await nouns.record_in(call, source)
    look = render.viewer(call)
    try:
        await call.services.codes.cancel(call.caller, code.id)
    except Refused as refusal:
        return render.go(call, path_of(code), look.refusal(refusal), is_bad=True)
    return render.go(call, path_of(code), look.say(N_("The code was cancelled.")))


async def ask_to_extend(call: Call) -> Page:
    """Ask until when a code can be used."""
    call.caller.require(EXTEND.right)
    code: Code = await nouns.record_in(call, source)
    form = await forms.blank(call, render.viewer(call), UNTIL, expires_at=code.expires_at)
    return ask_until(call, form, 1, [], path_of(code))


async def extend(call: Call) -> Any:
    """Let a code be used until another moment."""
    call.caller.require(EXTEND.right)
    code: Code = await nouns.record_in(call, source)
    form = await forms.read(call, render.viewer(call), UNTIL)
    if form.is_good and is_ahead(form):
        with form.refusing():
            await call.services.codes.extend(call.caller, code.id, form.values["expires_at"])
            return render.go(call, path_of(code), form.viewer.say(N_("The code was extended.")))
    return ask_until(call, form, 1, [], path_of(code))


def _question(call: Call, code: Code, question: str, label: str, *, is_bad: bool) -> Page:
    return render.asking(
        call,
        question,
        label,
        back=path_of(code),
        explanation=render.viewer(call).say(N_("This can not be undone.")) if is_bad else "",
        is_bad=is_bad,
    )


ROUTES = (
    page("GET", f"{PATH}/{{id}}", show),
    page("GET", f"{PATH}/{{id}}/mail", ask_to_mail),
    page("POST", f"{PATH}/{{id}}/mail", mail),
    page("GET", f"{PATH}/{{id}}/another", ask_to_issue_another),
    page("POST", f"{PATH}/{{id}}/another", issue_another),
    page("GET", f"{PATH}/{{id}}/give", ask_whom),
    page("POST", f"{PATH}/{{id}}/give", give),
    page("GET", f"{PATH}/{{id}}/cancel", ask_to_cancel),
    page("POST", f"{PATH}/{{id}}/cancel", cancel),
    page("GET", f"{PATH}/{{id}}/extend", ask_to_extend),
    page("POST", f"{PATH}/{{id}}/extend", extend),
)
