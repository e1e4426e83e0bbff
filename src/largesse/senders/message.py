"""A mail as a transport takes it, and what can become of an attempt to hand it over."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One mail to one recipient."""

    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    message_id: str
    date: datetime

    @property
    def envelope_to(self) -> str:
        """The recipient with the domain in ASCII, which every mail service takes."""
        local, _, domain = self.recipient.rpartition("@")
        try:
            return f"{local}@{domain.encode('idna').decode()}"
        except UnicodeError:
            return self.recipient

    @property
    def needs_utf8(self) -> bool:
        """Whether the mail service must know SMTPUTF8 (RFC 6531), e.g. for müller@example.com."""
        return not self.envelope_to.isascii()

    def message(self) -> EmailMessage:
        """Return the MIME message, with a plain-text and an HTML part."""
        message = EmailMessage(policy=SMTPUTF8 if self.needs_utf8 else SMTP)
        message["From"] = self.sender
        message["To"] = self.envelope_to
        message["Subject"] = self.subject
        message["Date"] = format_datetime(self.date)
        message["Message-ID"] = self.message_id
        # RFC 3834: no vacation replies to what a machine wrote.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.text)
        message.add_alternative(self.html, subtype="html")
        return message


@dataclass(eq=False)
class NotSent(Exception):
    """The base of every failed attempt; `reply` is what the mail service said."""

    reply: str


class PutOff(NotSent):
    """Not now: the service can not be reached, or asks to be tried again later (4xx)."""


class TurnedDown(NotSent):
    """Not at all: the service refuses the mail for good (5xx)."""


class CutOff(NotSent):
    """Unknown: the connection ended after the message was handed over, before the answer."""
