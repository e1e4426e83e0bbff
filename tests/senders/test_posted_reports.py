"""What mail services post: signed, fresh, and read for what it means."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from largesse.senders.reports import fetch
from largesse.senders.reports.mailgun import Mailgun
from largesse.senders.reports.postmark import Postmark
from largesse.senders.reports.report import Kind, NotFetched, NotSigned, Provider, Unreadable
from largesse.senders.reports.sendgrid import SendGrid
from largesse.senders.reports.ses import Ses
from largesse.settings import ReportsSettings
from tests.senders import posting
from tests.senders.posting import ADDRESS, Request

DAY = timedelta(hours=24)
MESSAGE_ID = "<01890a5dac96774bbcceb302099a8057@shop.example>"


async def nothing(url: str) -> bytes:
    raise AssertionError(f"nothing is fetched: {url}")


def ses(*, fetched: Callable[[str], Awaitable[bytes]] = nothing, **more: Any) -> Ses:
    values = {"urls": ReportsSettings().ses_urls, "longest": DAY, "fetch": fetched}
    if fetched is nothing:
        values["certificate"] = posting.ses_certificate()
    return Ses([posting.TOPIC], **(values | more))


PROVIDERS: dict[str, Provider] = {
    "ses": ses(),
    "sendgrid": SendGrid(posting.sendgrid_public_key(), longest=DAY),
    "mailgun": Mailgun(posting.MAILGUN_KEY, longest=DAY),
    "postmark": Postmark(posting.POSTMARK_SECRET),
}
REQUESTS: dict[str, Callable[..., Request]] = {
    "ses": lambda **more: posting.ses(posting.ses_bounce(), **more),
    "sendgrid": lambda **more: posting.sendgrid([posting.sendgrid_event()], **more),
    "mailgun": lambda **more: posting.mailgun(posting.mailgun_event(), **more),
    "postmark": lambda **more: posting.postmark(posting.postmark_event(), **more),
}
ALL = pytest.mark.parametrize("name", PROVIDERS)


async def reports(name: str, request: Request) -> list[Any]:
    return list((await PROVIDERS[name].read(request.posted())).reports)


@ALL
async def test_a_hard_bounce_says_whom_it_is_about_and_why(name: str) -> None:
    (report,) = await reports(name, REQUESTS[name]())
    assert (report.kind, report.source, report.status) == (Kind.HARD_BOUNCE, name, "5.1.1")
    assert (report.address, report.vouched) == (ADDRESS, True)
    assert "no such user" in report.diagnostic
    assert report.key


@ALL
async def test_an_unsigned_request_is_refused(name: str) -> None:
    with pytest.raises(NotSigned):
        await reports(
            name,
            Request(
                REQUESTS[name]().body.replace(b'signature"', b'x"').replace(b'Signature"', b'x"')
            ),
        )


@ALL
@settings(max_examples=25, deadline=None)
@given(drawn=st.data())
async def test_a_request_that_was_changed_is_refused(name: str, drawn: st.DataObject) -> None:
    letters = drawn.draw(st.text("abc", min_size=1))
    if name == "mailgun":
        request = REQUESTS[name](key=letters)
    elif name == "postmark":
        request = REQUESTS[name](secret=letters)
    elif name == "ses":
        key = drawn.draw(st.sampled_from(["Message", "MessageId", "Timestamp", "Subject"]))
        request = REQUESTS[name](unsigned={key: letters})
    else:
        request = REQUESTS[name]()
        place = drawn.draw(st.integers(0, len(request.body)))
        request.body = request.body[:place] + letters.encode() + request.body[place:]
    with pytest.raises((NotSigned, Unreadable)):
        await reports(name, request)


@pytest.mark.parametrize("name", ["ses", "sendgrid", "mailgun"])
async def test_an_old_request_is_refused(name: str) -> None:
    now = datetime.now(UTC)
    for wrong in (now - DAY - timedelta(minutes=1), now + timedelta(minutes=10)):
        with pytest.raises(NotSigned, match="too long ago"):
            await reports(name, REQUESTS[name](at=wrong))
    assert await reports(name, REQUESTS[name](at=now - DAY + timedelta(minutes=1)))


@ALL
@settings(max_examples=60, deadline=None)
@given(
    body=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=5)
        | st.sampled_from(["Bounce", "bounce", "failed", "HardBounce", "5.1.1"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "event",
                        "Type",
                        "email",
                        "bounce",
                        "bouncedRecipients",
                        "bounceType",
                        "eventType",
                        "severity",
                        "delivery-status",
                        "message",
                        "id",
                        "timestamp",
                        "ID",
                        "Email",
                        "Content",
                        "mail",
                        "headers",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    )
)
async def test_any_signed_body_is_read_or_refused(name: str, body: Any) -> None:
    signing: dict[str, Callable[[Any], Request]] = {
        "ses": posting.ses,
        "sendgrid": posting.sendgrid,
        "mailgun": posting.mailgun,
        "postmark": posting.postmark,
    }
    try:
        found = await reports(name, signing[name](body))
    except Unreadable:
        return
    assert all(report.source == name for report in found)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (posting.sendgrid_event(type="blocked"), Kind.SOFT_BOUNCE),
        (posting.sendgrid_event(status="", reason=""), Kind.HARD_BOUNCE),
        (posting.sendgrid_event(status="5.2.2", reason="full"), Kind.SOFT_BOUNCE),
        (posting.sendgrid_event("spamreport"), Kind.COMPLAINT),
        (posting.sendgrid_event("group_unsubscribe"), Kind.UNSUBSCRIBED),
        (posting.sendgrid_event("dropped", reason="Bounced Address"), Kind.HARD_BOUNCE),
        (posting.sendgrid_event("dropped", reason="Unsubscribed Address"), Kind.UNSUBSCRIBED),
        (posting.sendgrid_event("dropped", reason="Spam Content"), None),
        (posting.sendgrid_event("deferred", response="450 later"), None),
        (posting.sendgrid_event("something new"), None),
        ("no event", None),
    ],
)
async def test_sendgrids_events(event: Any, kind: Kind | None) -> None:
    other = posting.sendgrid_event("delivered")
    found = await reports("sendgrid", posting.sendgrid([other, event, other]))
    assert [report.kind for report in found] == ([] if kind is None else [kind])


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (posting.mailgun_event(severity="temporary"), None),
        (posting.mailgun_event(reason="old"), Kind.SOFT_BOUNCE),
        (posting.mailgun_event(reason="suppress-complaint"), Kind.COMPLAINT),
        (
            posting.mailgun_event(
                reason="generic", **{"delivery-status": {"code": 552, "message": "5.2.2 full"}}
            ),
            Kind.SOFT_BOUNCE,
        ),
        (
            posting.mailgun_event(reason="generic", **{"delivery-status": {"code": 605}}),
            Kind.HARD_BOUNCE,
        ),
        (posting.mailgun_event("complained"), Kind.COMPLAINT),
        (posting.mailgun_event("unsubscribed"), Kind.UNSUBSCRIBED),
        (posting.mailgun_event("opened"), None),
    ],
)
async def test_mailguns_events(event: Any, kind: Kind | None) -> None:
    found = await reports("mailgun", posting.mailgun(event))
    assert [report.kind for report in found] == ([] if kind is None else [kind])


async def test_mailguns_ids_are_unique_within_a_day() -> None:
    first, second = posting.mailgun_event(), posting.mailgun_event(timestamp=1793611921.5 + 86_400)
    keys = [
        (await reports("mailgun", posting.mailgun(one)))[0].key for one in (first, second, first)
    ]
    assert keys[0] == keys[2] != keys[1]


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (posting.postmark_event("SoftBounce"), Kind.SOFT_BOUNCE),
        (posting.postmark_event("SpamComplaint"), Kind.COMPLAINT),
        (posting.postmark_event("AutoResponder"), None),
        (posting.postmark_event("ChallengeVerification"), None),
        ({"RecordType": "Delivery", "Recipient": ADDRESS}, None),
    ],
)
async def test_postmarks_events(event: Any, kind: Kind | None) -> None:
    found = await reports("postmark", posting.postmark(event))
    assert [report.kind for report in found] == ([] if kind is None else [kind])


async def test_postmarks_secret_may_be_in_a_header() -> None:
    request = posting.postmark(posting.postmark_event())
    request.headers = {"X-Largesse-Secret": posting.POSTMARK_SECRET}
    assert await reports("postmark", request)


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("ses", posting.ses(posting.ses_bounce(message_id=MESSAGE_ID))),
        ("sendgrid", posting.sendgrid([posting.sendgrid_event(**{"smtp-id": MESSAGE_ID})])),
        ("mailgun", posting.mailgun(posting.mailgun_event(message={"headers": {"message-id": MESSAGE_ID[1:-1]}}))),
        ("postmark", posting.postmark(posting.postmark_event(Metadata={"mail": MESSAGE_ID}))),
        ("postmark", posting.postmark(posting.postmark_event(Content=f"Message-ID: <b@x>\r\n\r\nMessage-Id: {MESSAGE_ID}\r\n"))),
    ],
)  # fmt: skip
async def test_the_mail_is_named_by_its_own_message_id(name: str, request_: Request) -> None:
    assert (await reports(name, request_))[0].message_id == MESSAGE_ID


class TestSes:
    @pytest.mark.parametrize("version", ["1", "2"])
    async def test_both_versions_of_the_signature_are_known(self, version: str) -> None:
        assert await reports("ses", posting.ses(posting.ses_bounce(), version=version))
        other = posting.ses(posting.ses_bounce(), unsigned={"SignatureVersion": "3"})
        with pytest.raises(NotSigned):
            await reports("ses", other)

    async def test_a_subject_is_signed_too(self) -> None:
        assert await reports("ses", posting.ses(posting.ses_bounce(), Subject="A bounce"))
        with pytest.raises(NotSigned):
            await reports("ses", posting.ses(posting.ses_bounce(), unsigned={"Subject": "x"}))

    async def test_another_topic_is_refused_though_it_is_signed(self) -> None:
        with pytest.raises(NotSigned, match="topic"):
            await reports("ses", posting.ses(posting.ses_bounce(), TopicArn=posting.TOPIC + "2"))

    async def test_a_value_can_not_pass_for_two(self) -> None:
        name = "x\nSubject\nforged"
        with pytest.raises(NotSigned, match="as SNS does"):
            await reports("ses", posting.ses(posting.ses_bounce(), MessageId=name))

    async def test_a_certificate_that_has_run_out_is_refused(self) -> None:
        provider = ses(certificate=posting.ses_certificate(days=-1))
        with pytest.raises(NotSigned, match="not valid now"):
            await provider.read(REQUESTS["ses"]().posted())

    @pytest.mark.parametrize(
        ("event", "kinds"),
        [
            (posting.ses_bounce("Transient"), [Kind.SOFT_BOUNCE]),
            (posting.ses_bounce("Undetermined"), [Kind.SOFT_BOUNCE]),
            (posting.ses_complaint(ADDRESS), [Kind.COMPLAINT]),
            (posting.ses_complaint(ADDRESS, feedback="not-spam"), []),
            ({"eventType": "DeliveryDelay"}, []),
            ("Successfully validated SNS topic for Amazon SES event publishing.", []),
        ],
    )
    async def test_events(self, event: Any, kinds: list[Kind]) -> None:
        assert [report.kind for report in await reports("ses", posting.ses(event))] == kinds

    async def test_one_of_several_who_may_have_complained_is_not_certain(self) -> None:
        found = await reports(
            "ses", posting.ses(posting.ses_complaint(ADDRESS, "eve@gone.example"))
        )
        assert [report.vouched for report in found] == [False, False]

    @pytest.mark.parametrize(
        "url",
        [
            "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
            "http://sns.eu-west-1.amazonaws.com/a.pem",
            "https://evil.example/sns.eu-west-1.amazonaws.com/a.pem",
            "https://sns.x@evil.example/.amazonaws.com/a.pem",
            "https://s3.amazonaws.com/a.pem",
            "file:///etc/passwd",
            7,
            None,
        ],
    )
    async def test_no_other_place_is_asked_for_a_certificate(self, url: Any) -> None:
        asked: list[str] = []

        async def fetched(place: str) -> bytes:
            asked.append(place)
            return posting.ses_certificate()

        request = posting.ses(posting.ses_bounce(), unsigned={"SigningCertURL": url})
        with pytest.raises(NotSigned):
            await ses(fetched=fetched).read(request.posted())
        assert not asked


@contextmanager
def web(answers: dict[str, tuple[int, bytes]]) -> Iterator[tuple[str, list[str]]]:
    """Serve some answers by their paths; give the URL and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            status, body = answers.get(self.path, (404, b""))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/certificate.pem")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_a_certificate_is_fetched_once_and_a_subscription_confirmed() -> None:
    answers = {"/certificate.pem": (200, posting.ses_certificate()), "/confirm?Token=t": (200, b"")}
    with web(answers) as (url, asked):
        provider = ses(fetched=fetch.fetch, urls=r"http://127\.0\.0\.1:\d+/.*")
        named = {"SigningCertURL": f"{url}/certificate.pem"}
        for _ in range(2):
            request = posting.ses(posting.ses_bounce(), unsigned=named)
            assert (await provider.read(request.posted())).reports
        request = posting.ses(
            "You have chosen to subscribe to a topic.\nVisit the URL.",
            Type="SubscriptionConfirmation",
            Token="t",
            SubscribeURL=f"{url}/confirm?Token=t",
            unsigned=named,
        )
        reading = await provider.read(request.posted())
        assert (list(reading.reports), reading.note) == ([], "the subscription is confirmed")
    assert asked == ["/certificate.pem", "/confirm?Token=t"]


async def test_what_can_not_be_fetched_is_told_as_such() -> None:
    answers = {"/moved": (302, b""), "/no.pem": (200, b"no certificate")}
    with web(answers) as (url, _):
        provider = ses(fetched=fetch.fetch, urls=r"http://127\.0\.0\.1:\d+/.*")
        for place in ("/missing", "/moved", "/no.pem"):
            named = {"SigningCertURL": f"{url}{place}"}
            with pytest.raises(NotFetched):
                await provider.read(posting.ses(posting.ses_bounce(), unsigned=named).posted())
    with pytest.raises(NotFetched):
        await fetch.fetch(f"{url}/gone")


@pytest.mark.parametrize("key", ["", "AAAA", "%%%", "MFwwDQYJKoZIhvcNAQEB"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="sendgrid_public_key"):
        SendGrid(key, longest=DAY)
