"""What links in mails do: they ask at first, and act when they are posted to.

Programs that look at mails follow every link by GET, which changes nothing. Mail services post to
the link of List-Unsubscribe by themselves when their user asks for it (RFC 8058).
"""

from html import escape
from typing import Any

from starlette.responses import HTMLResponse

from largesse.core.templates.links import Purpose
from largesse.dialects.native.schemas.templates import LinkAnswer, LinkQuestion
from largesse.wire.call import Call

QUESTIONS = {
    Purpose.UNSUBSCRIBE: "Send no more marketing mails to {0}?",
    Purpose.CONFIRM: "Send the newsletter to {0}?",
}
ANSWERS = {
    Purpose.UNSUBSCRIBE: "No more marketing mails are sent to {0}.",
    Purpose.CONFIRM: "The newsletter is sent to {0}.",
}
BUTTONS = {Purpose.UNSUBSCRIBE: "Unsubscribe", Purpose.CONFIRM: "Confirm"}

PAGE = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"></head>
<body><main><h1>{title}</h1><p>{text}</p>{form}</main></body>
</html>
"""
FORM = '<form method="post"><button>{0}</button></form>'

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
    # The address of this page is a secret of its recipient.
    "Referrer-Policy": "no-referrer",
}


async def ask_unsubscribe(call: Call) -> Any:
    """GET /unsubscribe/{token}: ask whether to unsubscribe; nothing is changed."""
    return await _ask(call, Purpose.UNSUBSCRIBE)


async def unsubscribe(call: Call) -> Any:
    """POST /unsubscribe/{token}: send no more marketing to the address the link is of."""
    address = await call.services.by_link.unsubscribe(call.path("token"))
    return _answer(call, Purpose.UNSUBSCRIBE, address)


async def ask_confirm(call: Call) -> Any:
    """GET /confirm/{token}: ask whether to confirm a subscription; nothing is changed."""
    return await _ask(call, Purpose.CONFIRM)


async def confirm(call: Call) -> Any:
    """POST /confirm/{token}: make the subscription of the link's address count."""
    address = await call.services.by_link.confirm(call.path("token"))
    return _answer(call, Purpose.CONFIRM, address)


async def _ask(call: Call, purpose: Purpose) -> Any:
    address = await call.services.by_link.address(purpose, call.path("token"))
    question = QUESTIONS[purpose].format(address)
    if not _wants_page(call):
        return LinkQuestion(address, question)
    return _page(BUTTONS[purpose], question, FORM.format(BUTTONS[purpose]))


def _answer(call: Call, purpose: Purpose, address: str) -> Any:
    done = ANSWERS[purpose].format(address)
    return _page("Done", done) if _wants_page(call) else LinkAnswer(address, done)


def _wants_page(call: Call) -> bool:
    return "text/html" in (call.header("accept") or "")


def _page(title: str, text: str, form: str = "") -> HTMLResponse:
    return HTMLResponse(PAGE.format(title=title, text=escape(text), form=form), headers=HEADERS)
