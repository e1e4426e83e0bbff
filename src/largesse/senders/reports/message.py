"""Reads reports that come as messages: delivery status (RFC 3464, 6533) and complaints (RFC 5965).

The older parser of `email` is used on purpose: it gives headers as they are, whatever they hold.
"""

import re
from collections.abc import Iterator, Sequence
from email import message_from_bytes, message_from_string
from email.message import Message
from email.policy import compat32
from typing import Any

from largesse.senders.reports.report import (
    Kind,
    Reading,
    Report,
    Unreadable,
    bounce_kind,
    status_of,
    text_of,
)
from largesse.senders.reports.return_path import token_in

DELIVERY_STATUS = ("message/delivery-status", "message/global-delivery-status")
FEEDBACK = "message/feedback-report"
DISPOSITION = ("message/disposition-notification", "message/global-disposition-notification")
WHOLE = ("message/rfc822", "message/global")
HEADERS = ("text/rfc822-headers", "message/global-headers", "message/rfc822-headers")

SENT_TO = ("To", "Delivered-To", "X-Original-To", "Envelope-To")
"""Headers that say at which address a message arrived."""

COMPLAINTS = ("abuse", "fraud", "opt-out")
"""Feedback types (RFC 5965, section 3.1) by which a recipient says not to want such mail."""

DEEPEST = 10
"""Levels of multiparts that are looked into."""

MESSAGE_ID = re.compile(r"<[^<>\s]+@[^<>\s]+>")


def read_message(raw: bytes, *, bounce_address: str | None = None) -> Reading:
    """Return what a message reports; nothing of automatic replies and of delays.

    Raises:
        Unreadable: it is neither of these.
    """
    try:
        return _read(message_from_bytes(raw, policy=compat32), bounce_address)
    except RecursionError:
        raise Unreadable("is nested too deeply") from None


def _read(message: Message, bounce_address: str | None) -> Reading:
    parts = list(_parts(message))
    for part in parts:
        kind = part.get_content_type()
        if kind in DELIVERY_STATUS:
            return _delivery_status(message, parts, part, bounce_address)
        if kind == FEEDBACK:
            return _feedback(message, parts, part, bounce_address)
        if kind in DISPOSITION:
            return Reading((), "it says that a mail was displayed or deleted (RFC 8098)")
    if _is_automatic(message):
        return Reading((), "it is an automatic reply")
    raise Unreadable("is no delivery status report (RFC 3464) and no complaint (RFC 5965)")


def _parts(message: Message, level: int = 0) -> Iterator[Message]:
    """Yield the parts of a message, but nothing of the messages inside it."""
    if message.get_content_maintype() != "multipart":
        yield message
    elif level < DEEPEST:
        inner: Any = message.get_payload()
        for part in inner if isinstance(inner, list) else ():
            yield from _parts(part, level + 1)


def _is_automatic(message: Message) -> bool:
    """Say whether a machine answered (RFC 3834, and what was in use before it)."""
    submitted = (_header(message, "Auto-Submitted") or "no").lower()
    precedence = (_header(message, "Precedence") or "").lower()
    return (
        not submitted.startswith("no")
        or precedence in ("auto_reply", "bulk", "junk", "list")
        or any(name in message for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder"))
    )


# --- delivery status ---------------------------------------------------------------------------


def _delivery_status(
    message: Message, parts: Sequence[Message], status_part: Message, bounce_address: str | None
) -> Reading:
    groups = _groups(status_part)
    recipients = [group for group in groups if "Action" in group or "Final-Recipient" in group]
    if not recipients:
        raise Unreadable("tells of no recipient (RFC 3464, section 2.3)")
    failed = [group for group in recipients if _action(group) == "failed"]
    if not failed:
        told = ", ".join(sorted({_action(group) for group in recipients}))
        return Reading((), f"it reports no failure: {told}")
    message_id, token = _named(message, parts, groups, bounce_address)
    return Reading([_bounce(group, message_id, token) for group in failed])


def _groups(part: Message) -> list[Message]:
    """Return the groups of fields: those of the message, then those of each recipient."""
    payload: Any = part.get_payload()
    if part.get_content_type() == DELIVERY_STATUS[0] and isinstance(payload, list):
        return payload
    # Any other kind of message is parsed as headers and a body, which holds the other groups.
    text = part.as_string().partition("\n\n")[2]
    return [message_from_string(group, policy=compat32) for group in re.split(r"\n\s*\n", text)]


def _action(group: Message) -> str:
    action = re.match(r"[a-z]+", (_header(group, "Action") or "").lower())
    if action:
        return action[0]
    status = _header(group, "Status") or ""
    return "failed" if status.startswith("5") else "unknown"


def _bounce(group: Message, message_id: str | None, token: str | None) -> Report:
    said = _typed(group, "Diagnostic-Code")
    status = status_of(_header(group, "Status"), said)
    return Report(
        kind=bounce_kind(status),
        source="dsn",
        message_id=message_id,
        token=token,
        address=_typed(group, "Original-Recipient") or _typed(group, "Final-Recipient"),
        status=status,
        diagnostic=said,
    )


# --- complaints --------------------------------------------------------------------------------


def _feedback(
    message: Message, parts: Sequence[Message], feedback: Message, bounce_address: str | None
) -> Reading:
    payload: Any = feedback.get_payload()
    fields = payload[0] if isinstance(payload, list) and payload else message_from_string("")
    kind = (_header(fields, "Feedback-Type") or "").lower()
    if not kind:
        raise Unreadable("has no Feedback-Type (RFC 5965, section 3.1)")
    if kind not in COMPLAINTS:
        return Reading((), f"it is feedback of the type {kind}")
    message_id, token = _named(message, parts, (fields,), bounce_address)
    report = Report(
        kind=Kind.COMPLAINT,
        source="arf",
        message_id=message_id,
        token=token,
        address=(_header(fields, "Original-Rcpt-To") or "").strip("<>") or None,
        diagnostic=kind,
    )
    return Reading([report])


# --- what both have ----------------------------------------------------------------------------


def _named(
    message: Message,
    parts: Sequence[Message],
    groups: Sequence[Message],
    bounce_address: str | None,
) -> tuple[str | None, str | None]:
    """Return the Message-ID and the token of the mail that a report is about."""
    returned = next((found for part in parts if (found := _returned(part)) is not None), None)
    names = [_header(returned, "Message-ID")] if returned is not None else []
    names += [_header(group, "X-Original-Message-ID") for group in groups]
    names += [_header(message, name) for name in ("In-Reply-To", "References")]
    ids = (match[0] for name in names if name for match in [MESSAGE_ID.search(name)] if match)
    return next(ids, None), _token(message, returned, bounce_address)


def _token(message: Message, returned: Message | None, bounce_address: str | None) -> str | None:
    if bounce_address is None:
        return None
    places = [_header(message, name) for name in SENT_TO]
    if returned is not None:
        places.append(_header(returned, "Return-Path"))
    return next((t for place in places if place and (t := token_in(place, bounce_address))), None)


def _returned(part: Message) -> Message | None:
    """Return the mail that a part brings back, or its headers; None if it brings none."""
    kind = part.get_content_type()
    payload: Any = part.get_payload()
    if kind in WHOLE or (kind in HEADERS and isinstance(payload, list)):
        if not (isinstance(payload, list) and payload):
            return None
        inner: Message = payload[0]
        if kind in WHOLE or inner.keys():
            return inner
    if kind not in HEADERS:
        return None
    content: Any = part.get_payload(decode=True)
    return message_from_bytes(content, policy=compat32) if isinstance(content, bytes) else None


def _header(message: Message, name: str) -> str | None:
    return text_of(message.get(name))


def _typed(group: Message, name: str) -> str | None:
    """Return a field without its type: `smtp; 550 no` and `rfc822;ada@example.com`."""
    kind, mark, value = (_header(group, name) or "").partition(";")
    return (value if mark else kind).strip() or None
