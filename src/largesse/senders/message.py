"""A mail as a transport takes it, and what can become of an attempt to hand it over."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from functools import lru_cache
from typing import Protocol

from largesse.senders.assembly import assemble

Sign = Callable[[bytes], bytes]
"""Adds a signature to a whole message, e.g. by DKIM."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a transport needs to know: from whom, to whom, and the bytes."""

    sender: str
    recipient: str
    needs_utf8: bool
    """Whether the mail service must know SMTPUTF8 (RFC 6531), e.g. for müller@example.com."""
    content: bytes


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
    headers: Sequence[tuple[str, str]] = ()
    """Headers beside those that every mail has, e.g. List-Unsubscribe."""
    return_path: str | None = None
    """The envelope sender, to which bounces go; None: the address of `sender`."""

    @property
    def envelope_to(self) -> str:
        """The recipient with the domain in ASCII, which every mail service takes."""
        return ascii_domain(self.recipient)

    def envelope(self, *, sign: Sign | None = None) -> Envelope:
        """Return the mail as it is handed over.

        Raises:
            TurnedDown: the address can be part of no message.
        """
        recipient = self.envelope_to
        needs_utf8 = not recipient.isascii()
        if UNFIT.search(recipient):
            raise TurnedDown("the address can stand in no message", "address")
        content = assemble(
            sender=self.sender,
            recipient=recipient,
            subject=self.subject,
            date=self.date,
            message_id=self.message_id,
            text=self.text,
            html=self.html,
            headers=self.headers,
            utf8=needs_utf8,
        )
        if sign is not None:
            content = sign(content)
        envelope_from = self.return_path or _address_of(self.sender)
        return Envelope(envelope_from, recipient, needs_utf8, content)


UNFIT = re.compile(r"[\s<>\x00-\x1f\x7f]")
"""What would end an address, or the line that it stands in."""


@lru_cache(maxsize=64)
def _address_of(sender: str) -> str:
    return parseaddr(sender)[1]


def ascii_domain(address: str) -> str:
    """Return an address with its domain in ASCII; one that has no such form stays as it is."""
    if address.isascii():
        return address
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return address


def domain_of(address: str) -> str:
    """Return the domain of an address, in ASCII and small letters."""
    return ascii_domain(address).rpartition("@")[2].lower()


class Sender(Protocol):
    """A transport: one way by which mails leave."""

    name: str
    connections: int
    """How many mails it takes at a time."""

    @property
    def is_open(self) -> bool:
        """Whether it seems to be ready to take a mail."""

    async def open(self) -> None:
        """Make sure that a mail could be handed over now. Raises Unreachable."""

    async def send(self, envelope: Envelope) -> str:
        """Hand a mail over and return the service's answer.

        Raises:
            Unreachable, PutOff, TurnedDown, CutOff
        """

    async def close(self) -> None:
        """Give up every connection."""


@dataclass(eq=False)
class NotSent(Exception):
    """The base of every failed attempt; `reply` is what the mail service said."""

    reply: str
    kind: str | None = None

    @property
    def reason(self) -> str:
        """The kind of failure in a word or two, by which failures are counted."""
        if self.kind is not None:
            return self.kind
        if found := REPLY.match(self.reply):
            return " ".join(filter(None, found.groups()))
        return "timeout" if "Timeout" in self.reply else "connection"


REPLY = re.compile(r"([245]\d\d)\b(?: ([245]\.\d{1,3}\.\d{1,3})\b)?")
"""A reply code, and the enhanced status code behind it, if there is one (RFC 3463)."""


class Unreachable(NotSent):
    """The attempt did not begin: the service can not be reached or takes nobody's mail now."""


class PutOff(NotSent):
    """Not now: the service asks to be tried again later (4xx), or hung up before the message."""


class Throttled(PutOff):
    """Not now, and hardly another mail either: 421, a login that is refused, a cut connection."""


class TurnedDown(NotSent):
    """Not at all: the service refuses the mail for good (5xx)."""


class CutOff(NotSent):
    """Unknown: the connection ended after the message was handed over, before the answer."""
