"""Mails that are put together by hand say what the email package would have said."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, default
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from largesse.senders.message import OutgoingMail, TurnedDown

DATE = datetime(2026, 11, 22, 7, 30, 15, tzinfo=UTC)
SENDER = "Läden & Söhne <shop@example.com>"

BREAKS = ["\n", "\r\n", "\r", "\v", "\x85", "\u2028"]

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)
printed = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=300
)
bodies = st.one_of(
    st.lists(
        st.one_of(words, st.sampled_from(["", ".", "..", "--", "From me", " x ", "=", "\t"]))
    ).flatmap(lambda lines: st.sampled_from(["\n", "\r\n"]).map(lambda end: end.join(lines))),
    st.text(st.characters(codec="utf-8")),
    st.integers(900, 2100).map(lambda length: "x" * length),
)
local_parts = st.one_of(
    st.from_regex(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,60}", fullmatch=True),
    st.text(st.characters(categories=("Ll", "Lu", "Lo", "Nd")), min_size=1, max_size=20),
)
domains = st.sampled_from(
    ["example.com", "exämple.com", "xn--exmple-cua.com", "例え.jp", "a" * 60 + ".example"]
)


def by_the_library(mail: OutgoingMail, *, utf8: bool) -> EmailMessage:
    """Build the mail as one does who is not in a hurry."""
    message = EmailMessage(policy=SMTPUTF8 if utf8 else SMTP)
    message["From"] = mail.sender
    message["To"] = mail.envelope_to
    message["Subject"] = " ".join(mail.subject.splitlines())
    message["Date"] = format_datetime(mail.date)
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def outgoing(
    subject: str = "Your code",
    text: str = "Hello\n",
    html: str = "<p>Hello</p>\n",
    recipient: str = "ada@example.com",
) -> OutgoingMail:
    return OutgoingMail(
        sender=SENDER,
        recipient=recipient,
        subject=subject,
        text=text,
        html=html,
        message_id="<0123456789abcdef0123456789abcdef@example.com>",
        date=DATE,
    )


def parsed(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def part(message: EmailMessage, kind: str) -> list[str]:
    found = message.get_body((kind,))
    assert found is not None
    assert not found.defects
    # A mail's lines end with CRLF, whatever they ended with before.
    return str(found.get_content()).replace("\r\n", "\n").split("\n")


def check(mail: OutgoingMail) -> None:
    envelope = mail.envelope()
    ours = parsed(envelope.content)
    theirs = parsed(by_the_library(mail, utf8=envelope.needs_utf8).as_bytes())
    assert not ours.defects
    for name in ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"):
        assert are_alike(ours, theirs, name), name
    assert ours.get_content_type() == theirs.get_content_type() == "multipart/alternative"
    for kind in ("plain", "html"):
        assert part(ours, kind) == part(theirs, kind)
    check_lines(envelope.content, utf8=envelope.needs_utf8)


def are_alike(ours: EmailMessage, theirs: EmailMessage, name: str) -> bool:
    try:
        return bool(ours.get_all(name) == theirs.get_all(name))
    except TypeError:
        # Python 3.11 can not read back what it wrote itself where it folds before a long address:
        # `get_name_addr` sets an item of a ValueTerminal.
        return raw(ours, name) == raw(theirs, name)


def raw(message: EmailMessage, name: str) -> list[str]:
    return ["".join(str(value).split()) for key, value in message.raw_items() if key == name]


def check_lines(content: bytes, *, utf8: bool) -> None:
    """RFC 5322: lines end with CRLF and have 998 bytes at most; and nothing needs 8BITMIME."""
    assert content.endswith(b"\r\n")
    assert b"\0" not in content
    for line in content.split(b"\r\n"):
        assert b"\n" not in line
        assert b"\r" not in line
        assert len(line) <= 998
    head, _, rest = content.partition(b"\r\n\r\n")
    assert rest.isascii()
    assert utf8 or head.isascii()


@given(text=bodies, html=bodies)
@example(text="", html="")
@example(text=".\n..\n.", html="=_0123456789abcdef0123456789abcdefexamplecom")
@example(text="a\rb\r\r\nc", html="a \t\n \n")
def test_bodies_are_what_the_library_would_make_of_them(text: str, html: str) -> None:
    check(outgoing(text=text, html=html))


@given(subject=printed)
@example(subject="x" * 300)
@example(subject="ä" * 300)
@example(subject="Your code: 日本語 " * 20)
@example(subject="=?utf-8?q?no?= =?")
@example(subject=" leading, and more ")
def test_subjects_are_what_the_library_would_make_of_them(subject: str) -> None:
    check(outgoing(subject=subject))


@given(local=local_parts, domain=domains)
@example(local="müller", domain="例え.jp")
@example(local="a..b.", domain="example.com")
def test_recipients_are_what_the_library_would_make_of_them(local: str, domain: str) -> None:
    check(outgoing(recipient=f"{local}@{domain}"))


@pytest.mark.parametrize("line_break", BREAKS)
def test_a_line_break_in_a_subject_begins_no_header(line_break: str) -> None:
    mail = outgoing(subject=f"Your code{line_break}Bcc: everybody@example.com")
    check(mail)
    message = parsed(mail.envelope().content)
    assert message["Bcc"] is None
    assert message["Subject"] == "Your code Bcc: everybody@example.com"


@pytest.mark.parametrize("unfit", [*BREAKS, " ", "\0", "<", ">", "\t", "\x7f"])
def test_what_would_end_an_address_is_in_none(unfit: str) -> None:
    for recipient in (f"ada{unfit}@example.com", f"ada@example.com{unfit}SIZE=1"):
        with pytest.raises(TurnedDown) as refusal:
            outgoing(recipient=recipient).envelope()
        assert refusal.value.reason == "address"


def test_further_headers_are_in_their_place() -> None:
    mail = OutgoingMail(
        sender=SENDER,
        recipient="ada@example.com",
        subject="News",
        text="Hello",
        html="<p>Hello</p>",
        message_id="<1@example.com>",
        date=DATE,
        headers=(
            ("List-Unsubscribe", "<https://shop.example/unsubscribe/abc>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ),
    )
    message = parsed(mail.envelope().content)
    assert message["List-Unsubscribe"] == "<https://shop.example/unsubscribe/abc>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_what_signs_a_mail_is_given_all_of_it() -> None:
    seen = []

    def sign(content: bytes) -> bytes:
        seen.append(content)
        return b"DKIM-Signature: x\r\n" + content

    envelope = outgoing().envelope(sign=sign)
    assert seen == [outgoing().envelope().content]
    assert envelope.content == b"DKIM-Signature: x\r\n" + seen[0]
