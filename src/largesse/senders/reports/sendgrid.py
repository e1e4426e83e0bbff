"""SendGrid's event webhook.

DOC twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features:
the headers, and the signature, by ECDSA with SHA-256, of the timestamp followed by the raw body; the
public key is shown as base64 of its DER.
DOC twilio.com/docs/sendgrid/for-developers/tracking-events/event: the events.
"""

import binascii
from base64 import b64decode
from datetime import timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

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
    status_of,
    text_of,
)

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"

# DOC event.md, "dropped": the reasons that name a state of the address.
DROPPED = {
    "bounced address": Kind.HARD_BOUNCE,
    "invalid": Kind.HARD_BOUNCE,
    "spam reporting address": Kind.COMPLAINT,
    "unsubscribed address": Kind.UNSUBSCRIBED,
}
PLAIN = {
    "spamreport": Kind.COMPLAINT,
    "unsubscribe": Kind.UNSUBSCRIBED,
    "group_unsubscribe": Kind.UNSUBSCRIBED,
}


class SendGrid:
    """Reads what SendGrid posts. Raises ValueError if the key is none."""

    def __init__(self, public_key: str, *, longest: timedelta) -> None:
        try:
            key = load_der_public_key(b64decode(public_key, validate=True))
        except (ValueError, UnsupportedAlgorithm) as error:
            raise ValueError(f"reports.sendgrid_public_key: no public key: {error}") from None
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise ValueError("reports.sendgrid_public_key: not a key for ECDSA")
        self._key = key
        self._longest = longest

    async def read(self, posted: Posted) -> Reading:
        """Return the bounces and complaints of a batch of events. Raises NotSigned, Unreadable."""
        timestamp = posted.headers.get(TIMESTAMP, "")
        try:
            signature = b64decode(posted.headers.get(SIGNATURE, ""), validate=True)
            signed = timestamp.encode() + posted.body
            self._key.verify(signature, signed, ec.ECDSA(SHA256()))
            said = int(timestamp)
        except (InvalidSignature, binascii.Error, ValueError):
            raise NotSigned("its signature is not SendGrid's") from None
        # INFERRED: an attempt to deliver an event again is signed anew.
        check_age(said, posted.now, self._longest)
        events = json_of(posted.body)
        if not isinstance(events, list):
            raise Unreadable("is no list of events")
        return Reading([report for event in events if (report := _report(event)) is not None])


def _report(event: Any) -> Report | None:
    if not isinstance(event, dict):
        return None
    said = text_of(event.get("reason"))
    status = status_of(event.get("status"), said)
    kind = _kind(event, status)
    if kind is None:
        return None
    return Report(
        kind=kind,
        source="sendgrid",
        # DOC event.md: the Message-ID that the sending system gave the mail.
        message_id=text_of(event.get("smtp-id")),
        address=text_of(event.get("email")),
        vouched=True,
        key=text_of(event.get("sg_event_id")),
        status=status,
        diagnostic=said,
    )


def _kind(event: dict[str, Any], status: str | None) -> Kind | None:
    name, said = event.get("event"), (text_of(event.get("reason")) or "").lower()
    if name == "bounce":
        # DOC event.md: `type` is "bounce", or "blocked" where the mail and not the address is.
        if event.get("type") == "blocked":
            return Kind.SOFT_BOUNCE
        return Kind.HARD_BOUNCE if status is None else bounce_kind(status)
    if name == "dropped":
        return DROPPED.get(said)
    return PLAIN.get(str(name))
