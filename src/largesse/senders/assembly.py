"""A mail's bytes, put together by hand.

`email.message.EmailMessage` parses each header that it is given and looks at each line of a body in
Python: per mail that costs four times what it takes to hand it over. Here a header that is the same
in many mails is written once, by the same library, and bodies are encoded by the interpreter's own C.
A test compares what both ways say.
"""

import re
from binascii import b2a_qp
from collections.abc import Sequence
from datetime import UTC, datetime
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from functools import lru_cache

LONGEST_LINE = 990
"""Bytes in a line that is left as it is; RFC 5322, 2.1.1 allows 998."""

PLAIN_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9.-]+"
)
ONE_WORD = re.compile(r"[!-~]+")
SHORT_ADDRESS = 70
"""Characters of an address whose header needs no second line."""

# RFC 3834: no vacation replies to what a machine wrote.
FIXED = b"Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"


def assemble(
    *,
    sender: str,
    recipient: str,
    subject: str,
    date: datetime,
    message_id: str,
    text: str,
    html: str,
    headers: Sequence[tuple[str, str]] = (),
    utf8: bool = False,
) -> bytes:
    """Return a message with a plain-text and an HTML part, in lines that end with CRLF.

    Outside of addresses it is ASCII, so that no service on its way needs to change it and break
    its signature. `utf8` says that addresses may be beyond ASCII (RFC 6531).

    Raises:
        ValueError: a header has a line break in it.
    """
    plain, marked_up = _part(text, b"plain"), _part(html, b"html")
    boundary = _boundary(message_id, plain, marked_up)
    return b"".join(
        (
            _header("From", sender, utf8=utf8),
            _to(recipient, utf8=utf8),
            _header("Subject", one_line(subject), utf8=utf8),
            _date(int(date.timestamp())),
            b"Message-ID: %b\r\n" % _token(message_id),
            *(_further(name, value, utf8=utf8) for name, value in headers),
            FIXED,
            b'Content-Type: multipart/alternative; boundary="%b"\r\n\r\n' % boundary,
            b"--%b\r\n" % boundary,
            plain,
            b"\r\n--%b\r\n" % boundary,
            marked_up,
            b"\r\n--%b--\r\n" % boundary,
        )
    )


def one_line(text: str) -> str:
    """Return a text whose line breaks are blanks: one in a subject would begin another header."""
    return " ".join(text.splitlines()) if text.splitlines() != [text] else text


def _part(text: str, subtype: bytes) -> bytes:
    lines = text.encode().splitlines()
    content = b"\r\n".join(lines) + b"\r\n"
    is_plain = content.isascii() and b"\0" not in content
    if is_plain and max(map(len, lines), default=0) <= LONGEST_LINE:
        charset, encoding = b"utf-8", b"7bit"
    else:
        charset, encoding = b"utf-8", b"quoted-printable"
        content = b2a_qp(content, istext=True)
    return b'Content-Type: text/%b; charset="%b"\r\nContent-Transfer-Encoding: %b\r\n\r\n%b' % (
        subtype,
        charset,
        encoding,
        content,
    )


def _boundary(message_id: str, *parts: bytes) -> bytes:
    boundary = b"=_" + re.sub(rb"[^A-Za-z0-9]", b"", message_id.encode())[:60]
    while any(boundary in part for part in parts):
        boundary += b"_"
    return boundary


def _to(recipient: str, *, utf8: bool) -> bytes:
    if len(recipient) <= SHORT_ADDRESS and PLAIN_ADDRESS.fullmatch(recipient):
        return b"To: %b\r\n" % recipient.encode()
    return _header("To", recipient, utf8=utf8)


def _further(name: str, value: str, *, utf8: bool) -> bytes:
    if len(name) + len(value) < LONGEST_LINE and ONE_WORD.fullmatch(value):
        # The library would write a long link in encoded words, which no mail program follows.
        return f"{name}: {value}\r\n".encode()
    return _header(name, value, utf8=utf8)


@lru_cache(maxsize=1024)
def _header(name: str, value: str, *, utf8: bool) -> bytes:
    policy = SMTPUTF8 if utf8 else SMTP
    name, value = policy.header_store_parse(name, value)
    return policy.fold_binary(name, value)


@lru_cache(maxsize=64)
def _date(seconds: int) -> bytes:
    return b"Date: %b\r\n" % format_datetime(datetime.fromtimestamp(seconds, UTC)).encode()


def _token(value: str) -> bytes:
    if any(character in value for character in "\r\n"):
        raise ValueError("a message id has a line break in it")
    return value.encode()
