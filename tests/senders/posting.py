"""Requests as mail services make and sign them, with keys of our own."""

import hashlib
import hmac
import json
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from largesse.senders.reports.report import Posted

ADDRESS = "ada@gone.example"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces"
MAILGUN_KEY = "key-of-mailgun"
POSTMARK_SECRET = "a secret of our own"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a1b.pem"


@dataclass
class Request:
    """What a service posts."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    def posted(self, now: datetime | None = None) -> Posted:
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Posted(headers, self.body, now or datetime.now(UTC))


# --- SendGrid ----------------------------------------------------------------------------------


@cache
def sendgrid_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def sendgrid_public_key() -> str:
    public = sendgrid_key().public_key()
    return b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def sendgrid(events: Any, *, at: datetime | None = None) -> Request:
    body = json.dumps(events).encode()
    timestamp = str(int((at or datetime.now(UTC)).timestamp()))
    signature = sendgrid_key().sign(timestamp.encode() + body, ec.ECDSA(SHA256()))
    headers = {
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        "X-Twilio-Email-Event-Webhook-Signature": b64encode(signature).decode(),
    }
    return Request(body, headers)


def sendgrid_event(kind: str = "bounce", **more: Any) -> dict[str, Any]:
    event = {"event": kind, "email": ADDRESS, "timestamp": 1793611921, "sg_event_id": "e1"}
    if kind == "bounce":
        event |= {"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 no such user"}
    return event | more


# --- Mailgun -----------------------------------------------------------------------------------


def mailgun(event: Any, *, at: datetime | None = None, key: str = MAILGUN_KEY) -> Request:
    timestamp, token = str(int((at or datetime.now(UTC)).timestamp())), "t" * 50
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    signed = {"timestamp": timestamp, "token": token, "signature": signature}
    return Request(json.dumps({"signature": signed, "event-data": event}).encode())


def mailgun_event(kind: str = "failed", **more: Any) -> dict[str, Any]:
    event: dict[str, Any] = {
        "event": kind,
        "id": "G9Bn5sl1TC6nu79C8C0bwg",
        "timestamp": 1793611921.5,
        "recipient": ADDRESS,
    }
    if kind == "failed":
        delivery = {"code": 550, "message": "5.1.1 no such user", "description": ""}
        event |= {"severity": "permanent", "reason": "bounce", "delivery-status": delivery}
    return event | more


# --- Postmark ----------------------------------------------------------------------------------


def postmark(event: Any, *, secret: str = POSTMARK_SECRET) -> Request:
    pair = b64encode(f"hook:{secret}".encode()).decode()
    return Request(json.dumps(event).encode(), {"Authorization": f"Basic {pair}"})


def postmark_event(kind: str = "HardBounce", **more: Any) -> dict[str, Any]:
    record = "SpamComplaint" if kind == "SpamComplaint" else "Bounce"
    details = "smtp;550 5.1.1 no such user"
    event = {"RecordType": record, "ID": 4323372036854775807, "Type": kind, "Details": details}
    return event | {"Email": ADDRESS, "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483"} | more


# --- SES ---------------------------------------------------------------------------------------


@cache
def ses_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def ses_certificate(*, days: int = 30) -> bytes:
    """Return a certificate of SNS, self-made; with negative days it has run out."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    end = datetime.now(UTC) + timedelta(days=days)
    made = x509.CertificateBuilder(name, name).public_key(ses_key().public_key())
    made = made.serial_number(7).not_valid_before(end - timedelta(days=60)).not_valid_after(end)
    return made.sign(ses_key(), SHA256()).public_bytes(Encoding.PEM)


def ses(event: Any, *, at: datetime | None = None, version: str = "2", **more: Any) -> Request:
    """Return a message of SNS. `unsigned` values are put in after it was signed."""
    unsigned = more.pop("unsigned", {})
    moment = (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    message: dict[str, Any] = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": event if isinstance(event, str) else json.dumps(event),
        "Timestamp": moment,
    }
    message |= more
    keys = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn"]
    text = "".join(f"{key}\n{message[key]}\n" for key in [*keys, "Type"] if key in message)
    digest = SHA1() if version == "1" else SHA256()
    signature = ses_key().sign(text.encode(), padding.PKCS1v15(), digest)
    message |= {"SignatureVersion": version, "Signature": b64encode(signature).decode()}
    message |= {"SigningCertURL": CERTIFICATE_URL} | unsigned
    return Request(json.dumps(message).encode(), {"Content-Type": "text/plain; charset=UTF-8"})


def ses_bounce(kind: str = "Permanent", message_id: str | None = None) -> dict[str, Any]:
    headers = [{"name": "From", "value": "x"}]
    if message_id is not None:
        headers.append({"name": "Message-ID", "value": message_id})
    recipient = {
        "emailAddress": ADDRESS,
        "action": "failed",
        "status": "5.1.1",
        "diagnosticCode": "smtp; 550 5.1.1 no such user",
    }
    bounce = {"bounceType": kind, "bounceSubType": "General", "feedbackId": "f-1"}
    bounce |= {"bouncedRecipients": [recipient]}
    return {
        "notificationType": "Bounce",
        "bounce": bounce,
        "mail": {"messageId": "0102", "headers": headers},
    }


def ses_complaint(*addresses: str, feedback: str = "abuse") -> dict[str, Any]:
    recipients = [{"emailAddress": address} for address in addresses]
    complaint = {"complainedRecipients": recipients, "complaintFeedbackType": feedback}
    return {
        "eventType": "Complaint",
        "complaint": complaint | {"feedbackId": "f-2"},
        "mail": {"messageId": "0102"},
    }
