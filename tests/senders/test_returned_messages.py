"""What is read out of messages that come back; those in `returned/` have the shapes of several MTAs."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from largesse.senders.reports.message import read_message
from largesse.senders.reports.report import (
    Kind,
    Report,
    Unreadable,
    bounce_kind,
    status_of,
    text_of,
)
from largesse.senders.reports.return_path import token_in, with_token

FOLDER = Path(__file__).parent / "returned"
MESSAGE_ID = "<01890a5dac96774bbcceb302099a8057@shop.example>"
BOUNCES = "bounces@shop.example"
TOKEN = "0123456789abcdef0123456789abcdef"

BOUNCED = {
    "postfix": (Kind.HARD_BOUNCE, "5.1.1", "nobody of that name here"),
    "exim": (Kind.HARD_BOUNCE, "5.0.0", "No such person"),
    "sendmail": (Kind.HARD_BOUNCE, "5.1.2", "the host is not known"),
    "exchange": (Kind.HARD_BOUNCE, "5.1.10", "RESOLVER.ADR.RecipientNotFound"),
    "gmail": (Kind.HARD_BOUNCE, "5.2.1", "inactive"),
    "global": (Kind.HARD_BOUNCE, "5.1.3", "unbekannt"),
    "full": (Kind.SOFT_BOUNCE, "4.2.2", "Over quota"),
    "policy": (Kind.SOFT_BOUNCE, "5.7.1", "on a list"),
}
NOTHING = {
    "delayed": "delayed",
    "delivered": "relayed",
    "vacation": "automatic reply",
    "out_of_office": "automatic reply",
    "read_receipt": "displayed",
    "not_spam": "not-spam",
}
NEITHER = ("text_only", "reply")

ENDS = pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])


def returned(name: str, end: str = "\n") -> bytes:
    text = (FOLDER / f"{name}.eml").read_text(encoding="utf-8")
    return text.replace("@MESSAGE-ID@", MESSAGE_ID).replace("\n", end).encode()


def test_every_message_is_expected_to_be_something() -> None:
    names = {file.stem for file in FOLDER.glob("*.eml")}
    assert names == {*BOUNCED, *NOTHING, *NEITHER, "complaint"}


@ENDS
@pytest.mark.parametrize("name", BOUNCED)
def test_a_bounce_names_its_mail_and_says_why(name: str, end: str) -> None:
    kind, status, words = BOUNCED[name]
    (report,) = read_message(returned(name, end)).reports
    assert (report.kind, report.status, report.source) == (kind, status, "dsn")
    assert report.message_id == MESSAGE_ID
    assert words in (report.diagnostic or "")
    assert report.address is not None
    assert report.address.endswith("@gone.example")
    assert not report.vouched


@ENDS
@pytest.mark.parametrize("name", NOTHING)
def test_what_is_no_failure_reports_nothing_and_says_so(name: str, end: str) -> None:
    reading = read_message(returned(name, end))
    assert not reading.reports
    assert NOTHING[name] in (reading.note or "")


@pytest.mark.parametrize("name", NEITHER)
def test_what_is_no_report_is_refused(name: str) -> None:
    with pytest.raises(Unreadable, match="is no delivery status report"):
        read_message(returned(name))


@ENDS
def test_a_complaint_names_its_mail(end: str) -> None:
    (report,) = read_message(returned("complaint", end)).reports
    assert (report.kind, report.source, report.diagnostic) == (Kind.COMPLAINT, "arf", "abuse")
    assert (report.message_id, report.address) == (MESSAGE_ID, "ada@gone.example")


def test_the_mail_is_known_by_where_its_bounce_went() -> None:
    assert read_message(returned("postfix")).reports[0].token is None
    (report,) = read_message(returned("postfix"), bounce_address=BOUNCES).reports
    assert report.token == TOKEN
    (other,) = read_message(returned("postfix"), bounce_address="bounces@other.example").reports
    assert other.token is None


@given(st.uuids())
def test_a_token_is_found_in_its_address(token: object) -> None:
    digits = str(token).replace("-", "")
    address = with_token(BOUNCES, digits)
    assert len(address.partition("@")[0]) <= 64
    for text in (address, f'"x" <{address.upper()}>', f"for {address}; by mx"):
        assert token_in(text, BOUNCES) == digits
    for text in (f"no{address}", f"{address}.evil.example", address.replace("+", "-")):
        assert token_in(text, BOUNCES) is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("5.1.1", Kind.HARD_BOUNCE),
        ("5.0.0", Kind.HARD_BOUNCE),
        ("5.2.1", Kind.HARD_BOUNCE),
        ("5.4.4", Kind.HARD_BOUNCE),
        ("5.2.2", Kind.SOFT_BOUNCE),
        ("5.3.4", Kind.SOFT_BOUNCE),
        ("5.6.0", Kind.SOFT_BOUNCE),
        ("5.7.26", Kind.SOFT_BOUNCE),
        ("4.1.1", Kind.SOFT_BOUNCE),
        (None, Kind.SOFT_BOUNCE),
    ],
)
def test_hard_is_what_the_address_can_not_help(status: str | None, kind: Kind) -> None:
    assert bounce_kind(status) == kind


@pytest.mark.parametrize(
    ("texts", "status"),
    [
        (("5.1.1 (bad)",), "5.1.1"),
        (("5.0.0", "smtp; 550 5.1.1 no"), "5.1.1"),
        (("5.0.0", "550 no"), "5.0.0"),
        ((None, "550 no"), "5.0.0"),
        ((421,), "4.0.0"),
        ((None, "192.0.2.5 said no"), None),
        (("", ""), None),
    ],
)
def test_the_most_precise_status_counts(texts: tuple[object, ...], status: str | None) -> None:
    assert status_of(*texts) == status


def test_a_group_without_an_action_goes_by_its_status() -> None:
    text = returned("postfix").replace(b"Action: failed\n", b"")
    assert read_message(text).reports[0].kind == Kind.HARD_BOUNCE
    assert not read_message(text.replace(b"Status: 5.1.1", b"Status: 4.1.1")).reports


def test_a_report_inside_the_returned_mail_is_not_this_ones() -> None:
    forwarded = b"Content-Type: message/rfc822\n\n" + returned("postfix")
    with pytest.raises(Unreadable):
        read_message(forwarded)


def test_a_report_of_no_recipient_is_refused() -> None:
    text = re.sub(rb"Final-Recipient: rfc822; ada.*?\n\n", b"\n", returned("postfix"), flags=re.S)
    with pytest.raises(Unreadable, match="tells of no recipient"):
        read_message(text)


def test_a_complaint_without_a_type_is_refused() -> None:
    with pytest.raises(Unreadable, match="no Feedback-Type"):
        read_message(returned("complaint").replace(b"Feedback-Type", b"Feedback-Sort"))


def test_deep_nesting_is_refused() -> None:
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(3000)
    )
    with pytest.raises(Unreadable):
        read_message(deep)


@pytest.mark.parametrize("name", [*BOUNCED, "complaint", "vacation"])
@settings(max_examples=60, deadline=None)
@given(drawn=st.data())
def test_a_damaged_message_is_read_or_refused(name: str, drawn: st.DataObject) -> None:
    whole = returned(name)
    start = drawn.draw(st.integers(0, len(whole)))
    length = drawn.draw(st.integers(0, 40))
    put = drawn.draw(
        st.binary(max_size=20) | st.sampled_from([b"\n\n", b"\0", b"\xff=?", b"--p--"])
    )
    damaged = whole[:start] + put + whole[start + length :]
    for report in reports_in(damaged):
        for text in (report.message_id, report.address, report.diagnostic, report.status):
            assert text is None or (text == text_of(text) and "\0" not in text)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    assert not reports_in(raw)


def reports_in(raw: bytes) -> Sequence[Report]:
    try:
        return read_message(raw, bounce_address=BOUNCES).reports
    except Unreadable:
        return ()
