"""Postmark's bounce and spam complaint webhooks.

DOC postmarkapp.com/developer/webhooks/webhooks-overview: they are not signed; they are secured by
HTTP basic authentication, or by a header of one's own.
DOC postmarkapp.com/developer/webhooks/bounce-webhook: the events; .../api/bounce-api: their types.
"""

import binascii
import hmac
import re
from base64 import b64decode
from typing import Any

from largesse.senders.reports.report import (
    Kind,
    NotSigned,
    Posted,
    Reading,
    Report,
    Unreadable,
    json_of,
    part_of,
    status_of,
    text_of,
)

HEADER = "x-largesse-secret"

MAIL = "mail"
"""The key of Postmark's metadata that may hold a mail's Message-ID."""

TYPES = {
    "HardBounce": Kind.HARD_BOUNCE,
    "BadEmailAddress": Kind.HARD_BOUNCE,
    "ManuallyDeactivated": Kind.HARD_BOUNCE,
    "Transient": Kind.SOFT_BOUNCE,
    "DnsError": Kind.SOFT_BOUNCE,
    "SoftBounce": Kind.SOFT_BOUNCE,
    "Blocked": Kind.SOFT_BOUNCE,
    "SpamNotification": Kind.SOFT_BOUNCE,
    "DMARCPolicy": Kind.SOFT_BOUNCE,
    "Undeliverable": Kind.SOFT_BOUNCE,
    "SpamComplaint": Kind.COMPLAINT,
    "Unsubscribe": Kind.UNSUBSCRIBED,
}
"""Every other type, such as AutoResponder or AddressChange, is no bounce."""

_IN_CONTENT = re.compile(r"^message-id:\s*(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE)


class Postmark:
    """Reads what Postmark posts."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    async def read(self, posted: Posted) -> Reading:
        """Return the bounce or complaint of an event. Raises NotSigned, Unreadable."""
        if not any(hmac.compare_digest(self._secret, given) for given in _secrets(posted)):
            raise NotSigned("it does not carry the secret")
        event = json_of(posted.body)
        if not isinstance(event, dict):
            raise Unreadable("is no event")
        report = _report(event)
        return Reading([] if report is None else [report])


def _secrets(posted: Posted) -> list[bytes]:
    """Return the password of basic authentication, whoever the user is, and our own header."""
    scheme, _, given = posted.headers.get("authorization", "").partition(" ")
    try:
        pair = b64decode(given.strip(), validate=True) if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        pair = b""
    return [pair.partition(b":")[2], posted.headers.get(HEADER, "").encode()]


def _report(event: dict[str, Any]) -> Report | None:
    # DOC: older webhooks have no RecordType. Deliveries and opens have no type of bounce.
    kind = TYPES.get(str(event.get("Type")))
    if event.get("RecordType", "Bounce") not in ("Bounce", "SpamComplaint") or kind is None:
        return None
    said = text_of(event.get("Details")) or text_of(event.get("Description"))
    return Report(
        kind=kind,
        source="postmark",
        message_id=_message_id(event),
        address=text_of(event.get("Email")),
        vouched=True,
        key=text_of(event.get("ID")),
        status=status_of(said),
        diagnostic=said,
    )


def _message_id(event: dict[str, Any]) -> str | None:
    """Return the mail's Message-ID; `MessageID` is Postmark's own and tells us nothing."""
    named = text_of(part_of(event, "Metadata", MAIL))
    content = event.get("Content")
    if named is None and isinstance(content, str):
        # The last one: a bounce has a Message-ID itself, and brings the mail's headers after it.
        found = _IN_CONTENT.findall(content)
        return found[-1] if found else None
    return named
