"""Mailgun's webhooks.

DOC documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks: `signature` holds
`timestamp`, `token` and the hexadecimal HMAC-SHA256 of both, one behind the other. The event is not
part of what is signed.
DOC documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads: the events.
"""

import hashlib
import hmac
from datetime import timedelta
from typing import Any

from largesse.senders.reports.report import (
    Kind,
    NotSigned,
    Posted,
    Reading,
    Report,
    Unreadable,
    bounce_kind,
    check_age,
    json_of,
    part_of,
    status_of,
    text_of,
)

# DOC .../user-manual/events/event-types: why a mail was given up. `old`: after many attempts.
GIVEN_UP = {
    "suppress-bounce": Kind.HARD_BOUNCE,
    "suppress-complaint": Kind.COMPLAINT,
    "suppress-unsubscribe": Kind.UNSUBSCRIBED,
    "old": Kind.SOFT_BOUNCE,
}
PLAIN = {"complained": Kind.COMPLAINT, "unsubscribed": Kind.UNSUBSCRIBED}


class Mailgun:
    """Reads what Mailgun posts."""

    def __init__(self, signing_key: str, *, longest: timedelta) -> None:
        self._key = signing_key.encode()
        self._longest = longest

    async def read(self, posted: Posted) -> Reading:
        """Return the bounce or complaint of an event. Raises NotSigned, Unreadable."""
        body = json_of(posted.body)
        timestamp = text_of(part_of(body, "signature", "timestamp")) or ""
        token = text_of(part_of(body, "signature", "token")) or ""
        said = text_of(part_of(body, "signature", "signature")) or ""
        right = hmac.new(self._key, f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(right.encode(), said.encode()):
            raise NotSigned("its signature is not Mailgun's")
        try:
            moment = int(timestamp)
        except ValueError:
            raise NotSigned("its time is none") from None
        check_age(moment, posted.now, self._longest)
        event = part_of(body, "event-data")
        if not isinstance(event, dict):
            raise Unreadable("has no event-data")
        report = _report(event)
        return Reading([] if report is None else [report])


def _report(event: dict[str, Any]) -> Report | None:
    delivery = part_of(event, "delivery-status")
    told = [part_of(delivery, name) for name in ("enhanced-code", "message", "description")]
    status = status_of(told[0], *told[1:], part_of(delivery, "code"))
    kind = _kind(event, status)
    if kind is None:
        return None
    message_id = text_of(part_of(event, "message", "headers", "message-id"))
    return Report(
        kind=kind,
        source="mailgun",
        # DOC webhook-payloads: it is shown without its angle brackets.
        message_id=None if message_id is None else f"<{message_id.strip('<>')}>",
        address=text_of(event.get("recipient")),
        vouched=True,
        key=_key(event),
        status=status,
        diagnostic=text_of(told[1]) or text_of(told[2]),
    )


def _key(event: dict[str, Any]) -> str | None:
    """Return the event's id with its day: within a day it is unique (DOC of the Events API)."""
    name, moment = text_of(event.get("id")), event.get("timestamp")
    if name is None or not isinstance(moment, int | float):
        return name
    return f"{name} {int(moment // 86_400)}"


def _kind(event: dict[str, Any], status: str | None) -> Kind | None:
    name = str(event.get("event"))
    if name != "failed":
        return PLAIN.get(name)
    # DOC event-types: after a temporary failure Mailgun tries again, so it is a delay.
    if event.get("severity") != "permanent":
        return None
    known = GIVEN_UP.get(str(event.get("reason")))
    if known is not None:
        return known
    return Kind.HARD_BOUNCE if status is None else bounce_kind(status)
