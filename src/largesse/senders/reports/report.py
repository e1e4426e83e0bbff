"""A report as everything here returns it, and why one is refused."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

import msgspec

LONGEST_DIAGNOSTIC = 1000
"""Characters that are kept of what a mail system said."""

STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
"""An enhanced status code (RFC 3463)."""

REPLY = re.compile(r"(?<![\d.])([45])\d\d(?![\d.])")
"""An SMTP reply code (RFC 5321) of a failure."""

AHEAD = timedelta(minutes=5)
"""How far another's clock may be ahead of ours."""


class Kind(StrEnum):
    """What a report says."""

    SOFT_BOUNCE = "soft_bounce"
    """The mail was given up for a reason that may pass, or that is not the address's."""
    HARD_BOUNCE = "hard_bounce"
    """The address takes no mail at all."""
    UNSUBSCRIBED = "unsubscribed"
    """The recipient wants no more marketing."""
    COMPLAINT = "complaint"
    """The recipient says that the mail is spam."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One failure or complaint."""

    kind: Kind
    source: str
    """The format: dsn, arf, ses, sendgrid, mailgun or postmark."""
    message_id: str | None = None
    """The Message-ID of the mail that it is about, with its angle brackets."""
    token: str | None = None
    """The mail's token in the envelope sender (`return_path.py`)."""
    address: str | None = None
    """The recipient that it names."""
    vouched: bool = False
    """Whether the address is certain: said by the service that sent the mail, and signed."""
    key: str | None = None
    """The service's own id of it."""
    status: str | None = None
    """The enhanced status code, such as 5.1.1."""
    diagnostic: str | None = None
    """What the recipient's mail system said."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message or a request holds; `note` says why it is nothing, if it is."""

    reports: Sequence[Report]
    note: str | None = None


@dataclass(eq=False)
class Unreadable(Exception):
    """It is not what it should be; `reason` goes on from "the message ..."."""

    reason: str


@dataclass(eq=False)
class NotSigned(Exception):
    """Nothing shows that it is from whom it should be."""

    reason: str


@dataclass(eq=False)
class NotFetched(Exception):
    """What is needed to check a signature could not be fetched; later it may be."""

    reason: str


@dataclass(frozen=True, slots=True)
class Posted:
    """A request of a mail service; the names of headers are in small letters."""

    headers: Mapping[str, str]
    body: bytes
    now: datetime


class Provider(Protocol):
    """A mail service that tells by requests what became of mails."""

    async def read(self, posted: Posted) -> Reading:
        """Return what a request reports.

        Raises:
            NotSigned: nothing shows that it is the service's, or it is too old.
            Unreadable: it is the service's and can not be read all the same.
            NotFetched: the signature could not be checked now.
        """


# Refusals that tell of the mail or of its sender, not of the address (RFC 3463, section 3):
# a full mailbox and a mail too large (X.2.2, X.2.3, X.3.4), the mail system (X.3.X), the content
# (X.6.X), security and policy (X.7.X), which is what blocked senders get.
_NOT_THE_ADDRESS = re.compile(r"5\.(?:2\.[23]|[367]\.\d+)")


def bounce_kind(status: str | None) -> Kind:
    """Return whether a bounce with this status is hard or soft; without one it is soft."""
    hard = status is not None and status[0] == "5" and not _NOT_THE_ADDRESS.fullmatch(status)
    return Kind.HARD_BOUNCE if hard else Kind.SOFT_BOUNCE


def status_of(*texts: Any) -> str | None:
    """Return the status that the texts tell: the first that is precise, else any there is."""
    found = [match for text in texts for match in STATUS.finditer(text_of(text) or "")]
    precise = next((match for match in found if (match[2], match[3]) != ("0", "0")), None)
    if precise or found:
        return (precise or found[0])[0]
    replies = (REPLY.search(text_of(text) or "") for text in texts)
    reply = next((match for match in replies if match), None)
    return None if reply is None else f"{reply[1]}.0.0"


def text_of(value: Any) -> str | None:
    """Return any value as one line that can be kept, cut to a length; None if nothing is left."""
    if value is None or isinstance(value, bool | dict | list):
        return None
    # Bytes that are no UTF-8 stand in headers as halves of surrogate pairs: no database keeps them.
    text = str(value).encode(errors="replace").decode()
    line = " ".join(text.replace("\0", "\ufffd").split())
    return line[:LONGEST_DIAGNOSTIC] or None


def json_of(body: bytes | str) -> Any:
    """Return what JSON says. Raises Unreadable."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable("is not JSON") from None


def part_of(value: Any, *names: str) -> Any:
    """Return a member of nested objects; None where one of them is missing or no object."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def members(value: Any) -> list[Any]:
    """Return the members of a list; none where it is no list."""
    return value if isinstance(value, list) else []


def check_age(said: float | datetime, now: datetime, longest: timedelta) -> None:
    """Refuse what was signed too long ago, or in time to come. Raises NotSigned."""
    try:
        moment = said if isinstance(said, datetime) else datetime.fromtimestamp(said, UTC)
        age = now - moment
    except (OverflowError, ValueError, OSError, TypeError):
        raise NotSigned("its time is none") from None
    if not -AHEAD <= age <= longest:
        raise NotSigned("it was signed too long ago, or in the future")
