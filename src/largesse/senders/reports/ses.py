"""Amazon SES, through topics of Amazon SNS.

DOC docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message: what is signed and how, and
that the topic is to be checked, for everybody's topics are signed by the same certificates.
DOC docs.aws.amazon.com/ses/latest/dg/notification-contents and .../event-publishing-retrieving-sns-contents:
the events.
"""

import asyncio
import re
from base64 import b64decode
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509 import Certificate, load_pem_x509_certificate

from largesse.senders.reports.report import (
    Kind,
    NotFetched,
    NotSigned,
    Posted,
    Reading,
    Report,
    Unreadable,
    check_age,
    json_of,
    members,
    part_of,
    status_of,
    text_of,
)

Fetch = Callable[[str], Awaitable[bytes]]

SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ),
}
SIGNED["UnsubscribeConfirmation"] = SIGNED["SubscriptionConfirmation"]

HASHES: dict[str, type[HashAlgorithm]] = {"1": SHA1, "2": SHA256}

MOST_CERTIFICATES = 10
"""Certificates that are remembered: there is one at a time for each region."""


class Ses:
    """Reads what SNS posts. `certificate` is used instead of fetching those that messages name."""

    def __init__(
        self,
        topics: Sequence[str],
        *,
        urls: str,
        longest: timedelta,
        fetch: Fetch,
        certificate: bytes | None = None,
    ) -> None:
        self._topics = frozenset(topics)
        self._urls = re.compile(urls)
        self._longest = longest
        self._fetch = fetch
        self._given = None if certificate is None else load_pem_x509_certificate(certificate)
        self._known: dict[str, Certificate] = {}
        self._one = asyncio.Lock()

    async def read(self, posted: Posted) -> Reading:
        """Return the bounces and complaints of a message; confirm a subscription.

        Raises:
            NotSigned, Unreadable, NotFetched
        """
        message = json_of(posted.body)
        kind = part_of(message, "Type")
        if not isinstance(kind, str) or kind not in SIGNED:
            raise NotSigned("it is no message of SNS")
        if part_of(message, "TopicArn") not in self._topics:
            raise NotSigned("its topic is not one of `reports.ses_topics`")
        await self._check(message, SIGNED[kind], posted.now)
        if kind == "SubscriptionConfirmation":
            await self._fetch(self._allowed(message.get("SubscribeURL")))
            return Reading((), "the subscription is confirmed")
        if kind == "UnsubscribeConfirmation":
            return Reading((), "the subscription has ended")
        try:
            event = json_of(message["Message"])
        except Unreadable:
            # DOC: a destination is tried out with a sentence.
            return Reading((), "it is no event of SES")
        return Reading(list(_reports(event)))

    async def _check(self, message: dict[str, Any], names: Sequence[str], now: datetime) -> None:
        values = [(name, message.get(name)) for name in names]
        lines = [(name, value) for name, value in values if value is not None]
        digest = HASHES.get(str(message.get("SignatureVersion")))
        missing = set(names) - {"Subject"} - {name for name, _ in lines}
        if digest is None or missing or not all(map(_is_plain, lines)):
            raise NotSigned("it is not signed as SNS does")
        certificate = await self._certificate(message.get("SigningCertURL"))
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise NotSigned("its certificate is not valid now")
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey):
            raise NotSigned("its certificate is not one of SNS")
        signed = "".join(f"{name}\n{value}\n" for name, value in lines)
        try:
            signature = b64decode(str(message.get("Signature")), validate=True)
            key.verify(signature, signed.encode(), PKCS1v15(), digest())
            said = datetime.fromisoformat(message["Timestamp"])
        except (InvalidSignature, ValueError):
            raise NotSigned("its signature is not that of SNS") from None
        check_age(said, now, self._longest)

    def _allowed(self, url: Any) -> str:
        if not isinstance(url, str) or not self._urls.fullmatch(url):
            raise NotSigned("it names a URL that is not one of SNS")
        return url

    async def _certificate(self, url: Any) -> Certificate:
        if self._given is not None:
            return self._given
        place = self._allowed(url)
        async with self._one:
            if place not in self._known:
                pem = await self._fetch(place)
                try:
                    found = load_pem_x509_certificate(pem)
                except ValueError as error:
                    raise NotFetched(f"{place} is no certificate") from error
                if len(self._known) >= MOST_CERTIFICATES:
                    self._known.clear()
                self._known[place] = found
            return self._known[place]


def _is_plain(line: tuple[str, Any]) -> bool:
    """Say whether a value can be signed: a line break could make a short one look like several."""
    name, value = line
    return isinstance(value, str) and (name in ("Message", "Subject") or "\n" not in value)


def _reports(event: Any) -> list[Report]:
    # DOC: `eventType` where events are published, `notificationType` where they are notified.
    kind = part_of(event, "eventType") or part_of(event, "notificationType")
    if kind == "Bounce":
        return _bounces(event)
    if kind == "Complaint":
        return _complaints(event)
    return []


def _bounces(event: Any) -> list[Report]:
    bounce = part_of(event, "bounce")
    # DOC: Permanent, Transient or Undetermined. SES has given up in each case.
    hard = part_of(bounce, "bounceType") == "Permanent"
    return [
        Report(
            kind=Kind.HARD_BOUNCE if hard else Kind.SOFT_BOUNCE,
            status=status_of(part_of(one, "status"), part_of(one, "diagnosticCode")),
            diagnostic=text_of(part_of(one, "diagnosticCode"))
            or text_of(part_of(bounce, "bounceSubType")),
            **_about(event, bounce, one),
        )
        for one in members(part_of(bounce, "bouncedRecipients"))
    ]


def _complaints(event: Any) -> list[Report]:
    complaint = part_of(event, "complaint")
    feedback = text_of(part_of(complaint, "complaintFeedbackType"))
    recipients = members(part_of(complaint, "complainedRecipients"))
    if feedback == "not-spam":
        return []
    # DOC: these are all who may have complained, so one of several is not certain.
    sole = {} if len(recipients) == 1 else {"vouched": False}
    return [
        Report(
            kind=Kind.COMPLAINT,
            diagnostic=feedback,
            **(_about(event, complaint, one) | sole),
        )
        for one in recipients
    ]


def _about(event: Any, told: Any, recipient: Any) -> dict[str, Any]:
    address = parseaddr(text_of(part_of(recipient, "emailAddress")) or "")[1]
    feedback = text_of(part_of(told, "feedbackId"))
    return {
        "source": "ses",
        "message_id": _message_id(event),
        "address": address or None,
        "vouched": True,
        "key": None if feedback is None else f"{feedback} {address}",
    }


def _message_id(event: Any) -> str | None:
    """Return our own Message-ID: `mail.messageId` is that of SES.

    DOC: the headers are there if "include original headers" is chosen.
    """
    for header in members(part_of(event, "mail", "headers")):
        if str(part_of(header, "name")).lower() == "message-id":
            return text_of(part_of(header, "value"))
    return text_of(part_of(event, "mail", "commonHeaders", "messageId"))
