"""A bounce marks its mail and suppresses the address, once, however often it is told."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from largesse.core import clock
from largesse.core.access.model import Caller, Role, system
from largesse.core.errors import (
    BadSignature,
    InvalidValue,
    NotPermitted,
    UnknownMailReport,
    UnknownOrganization,
)
from largesse.core.ids import new_id
from largesse.core.mail.model import Mail, SendCode
from largesse.core.reports.model import Taken
from largesse.core.reports.service import MailReports, Rules
from largesse.demo.people import CUSTOMER
from largesse.senders.reports.report import Kind, Posted, Reading, Report
from largesse.senders.reports.return_path import with_token
from largesse.services import Services, open_services
from tests.core.hand import Hand
from tests.core.people import everything, make_owner, make_user, nobody
from tests.senders import posting
from tests.senders.test_returned_messages import BOUNCED, MESSAGE_ID, NOTHING, TOKEN, returned
from tests.serving import settings_for

OWN = "patricia@test.intershop.de"
BOUNCES = "bounces@shop.example"


@pytest.fixture
async def shop(demo_url: str) -> AsyncIterator[Services]:
    """The demo data, with every mail service set up."""
    reports = {
        "soft_bounces": 3,
        "ses_topics": f"{posting.TOPIC}, another",
        "sendgrid_public_key": posting.sendgrid_public_key(),
        "mailgun_signing_key": posting.MAILGUN_KEY,
        "postmark_secret": posting.POSTMARK_SECRET,
    }
    opened = open_services(settings_for(demo_url, reports=reports, bounce_address=BOUNCES))
    await opened.start()
    yield opened
    await opened.close()


@pytest.fixture
async def owner(shop: Services) -> Caller:
    return system(await shop.access.organization_named("demo"))


async def mailed(shop: Services, owner: Caller, count: int = 1) -> list[Mail]:
    """Return mails to one customer."""
    codes = (await shop.codes.page(owner, state="available", limit=count)).items
    commands = [SendCode(CUSTOMER, code.code, None, None) for code in codes]
    return [await shop.mails.send_code(owner, command) for command in commands]


def about(mail: Mail, name: str = "postfix") -> bytes:
    """Return a message that came back on account of a mail."""
    return returned(name).replace(MESSAGE_ID.encode(), mail.message_id.encode())


async def suppressed(shop: Services, owner: Caller) -> list[tuple[str, str]]:
    page = await shop.suppressions.page(owner)
    return sorted((one.address, str(one.reason)) for one in page.items)


async def take(shop: Services, owner: Caller, mail: Mail, name: str = "postfix") -> Taken:
    return await shop.mail_reports.take_message(owner, about(mail, name))


class TestMessages:
    async def test_a_hard_bounce_marks_the_mail_and_suppresses_its_address(
        self, shop: Services, owner: Caller
    ) -> None:
        (mail,) = await mailed(shop, owner)
        taken = await take(shop, owner, mail)
        (report,) = taken.recorded
        assert (report.kind, report.mail_id, report.status) == ("hard_bounce", mail.id, "5.1.1")
        # Not the address in the message: anybody can write one.
        assert report.address == OWN
        assert (await shop.mails.get(owner, mail.id)).report == "hard_bounce"
        (one,) = (await shop.suppressions.page(owner)).items
        assert (one.address, one.reason, one.source) == (OWN, "hard_bounce", "dsn")
        assert (one.mail_id, one.note) == (mail.id, report.diagnostic)
        assert await shop.mail_reports.get(owner, report.id) == report
        kinds = [event.kind for event in (await shop.events.page(owner, limit=1000)).items]
        assert kinds[-2:] == ["mail.reported", "suppression.created"]

    async def test_every_mail_systems_bounce_is_taken(self, shop: Services, owner: Caller) -> None:
        mails = await mailed(shop, owner, len(BOUNCED))
        for mail, (name, (kind, _, _)) in zip(mails, BOUNCED.items(), strict=True):
            (report,) = (await take(shop, owner, mail, name)).recorded
            assert (report.mail_id, report.kind) == (mail.id, kind), name
            assert (await shop.mails.get(owner, mail.id)).report == kind, name

    async def test_it_is_recorded_once_however_often_it_is_told(
        self, shop: Services, owner: Caller
    ) -> None:
        (mail,) = await mailed(shop, owner)
        told = ["postfix", "exim", "gmail", "postfix"] * 3
        takings = await asyncio.gather(*(take(shop, owner, mail, name) for name in told))
        assert sum(len(taken.recorded) for taken in takings) == 1
        assert sum(taken.repeated for taken in takings) == len(told) - 1
        assert len((await shop.mail_reports.page(owner)).items) == 1

    async def test_who_was_taken_back_stays_so_when_the_bounce_is_told_again(
        self, shop: Services, owner: Caller
    ) -> None:
        mails = await mailed(shop, owner, 2)
        await take(shop, owner, mails[0])
        await shop.suppressions.remove(owner, OWN.upper())
        assert (await take(shop, owner, mails[0], "gmail")).repeated == 1
        assert await suppressed(shop, owner) == []
        await take(shop, owner, mails[1])
        assert await suppressed(shop, owner) == [(OWN, "hard_bounce")]

    async def test_replies_and_delays_change_nothing(self, shop: Services, owner: Caller) -> None:
        (mail,) = await mailed(shop, owner)
        before = await everything(shop)
        for name in NOTHING:
            assert (await take(shop, owner, mail, name)).note, name
        assert await everything(shop) == before

    async def test_a_mail_that_is_none_of_ours_changes_nothing(
        self, shop: Services, owner: Caller
    ) -> None:
        (mail,) = await mailed(shop, owner)
        stranger = system(await shop.access.create_organization("Stranger", []))
        before = await everything(shop)
        near = f"<{mail.id.hex}@elsewhere.example>"
        for caller, message in (
            (owner, returned("postfix")),
            (owner, about(dataclasses.replace(mail, message_id=near))),
            (owner, about(dataclasses.replace(mail, message_id="<no id>"))),
            (stranger, about(mail)),
        ):
            taken = await shop.mail_reports.take_message(caller, message)
            assert (list(taken.recorded), taken.unknown) == ([], 1)
            assert taken.note == "it is about no mail of ours"
        assert await everything(shop) == before

    async def test_the_envelope_sender_names_the_mail(self, shop: Services, owner: Caller) -> None:
        (mail,) = await mailed(shop, owner)
        message = returned("postfix").replace(TOKEN.encode(), mail.id.hex.encode())
        assert with_token(BOUNCES, mail.id.hex).encode() in message
        (report,) = (await shop.mail_reports.take_message(owner, message)).recorded
        assert report.mail_id == mail.id

    async def test_what_is_no_report_is_refused(self, shop: Services, owner: Caller) -> None:
        before = await everything(shop)
        for raw in (b"", b"hello", returned("text_only"), returned("reply")):
            with pytest.raises(InvalidValue, match="is no delivery status report"):
                await shop.mail_reports.take_message(owner, raw)
        assert await everything(shop) == before

    async def test_soft_bounces_in_a_row_suppress(self, shop: Services, owner: Caller) -> None:
        mails = await mailed(shop, owner, 6)
        for mail in mails[:2]:
            await take(shop, owner, mail, "full")
            await take(shop, owner, mail, "policy")
        assert await suppressed(shop, owner) == []
        await take(shop, owner, mails[2], "full")
        assert await suppressed(shop, owner) == [(OWN, "soft_bounces")]
        await shop.suppressions.remove(owner, OWN)
        # They are counted from the beginning again.
        await take(shop, owner, mails[3], "full")
        await take(shop, owner, mails[4], "full")
        assert await suppressed(shop, owner) == []
        await take(shop, owner, mails[5], "full")
        assert await suppressed(shop, owner) == [(OWN, "soft_bounces")]

    async def test_soft_bounces_side_by_side_are_all_counted(
        self, shop: Services, owner: Caller
    ) -> None:
        mails = await mailed(shop, owner, 3)
        await asyncio.gather(*(take(shop, owner, mail, "full") for mail in mails))
        assert await suppressed(shop, owner) == [(OWN, "soft_bounces")]

    async def test_soft_bounces_far_apart_do_not_count(
        self, shop: Services, owner: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mails = await mailed(shop, owner, 4)
        hand = Hand(datetime.now(UTC))
        monkeypatch.setattr(clock, "now", hand)
        for mail in mails:
            await take(shop, owner, mail, "full")
            hand.at += timedelta(days=31)
        assert await suppressed(shop, owner) == []

    async def test_the_gravest_report_is_the_mails_mark(
        self, shop: Services, owner: Caller
    ) -> None:
        (mail,) = await mailed(shop, owner)
        for name, mark in (
            ("full", "soft_bounce"),
            ("complaint", "complaint"),
            ("postfix", "complaint"),
        ):
            await take(shop, owner, mail, name)
            assert (await shop.mails.get(owner, mail.id)).report == mark
        assert await suppressed(shop, owner) == [(OWN, "complaint"), (OWN, "hard_bounce")]
        assert len((await shop.mail_reports.page(owner, mail_id=mail.id)).items) == 3

    async def test_who_may_not_change_subscriptions_may_not_report(
        self, shop: Services, owner: Caller
    ) -> None:
        boss = await make_owner(shop)
        await make_user(shop, boss, "viewer", role=Role.VIEWER)
        before = await everything(shop)
        with pytest.raises(NotPermitted):
            await shop.mail_reports.take_message(await nobody(shop), returned("postfix"))
        with pytest.raises(NotPermitted):
            await shop.mail_reports.hooks(await nobody(shop))
        with pytest.raises(UnknownMailReport):
            await shop.mail_reports.get(owner, new_id())
        assert await everything(shop) == before


async def post(
    shop: Services, owner: Caller, name: str, request: posting.Request, **more: Any
) -> Taken:
    hook = more.get("hook") or (await shop.mail_reports.hooks(owner))[name].partition("/")[2]
    posted = request.posted()
    return await shop.mail_reports.take_posted(name, hook, posted.headers, posted.body)


class TestPosted:
    async def test_a_batch_is_taken_event_by_event(self, shop: Services, owner: Caller) -> None:
        (mail,) = await mailed(shop, owner)
        events = [
            posting.sendgrid_event(**{"smtp-id": mail.message_id}),
            posting.sendgrid_event("delivered"),
            posting.sendgrid_event("spamreport", email="Eve@Gone.example", sg_event_id="e2"),
            posting.sendgrid_event("spamreport", email="no address", sg_event_id="e3"),
            posting.sendgrid_event("unsubscribe", email="eve@gone.example", sg_event_id="e4"),
        ]
        taken = await post(shop, owner, "sendgrid", posting.sendgrid(events))
        assert [report.mail_id for report in taken.recorded] == [mail.id, None, None]
        assert (taken.repeated, taken.unknown) == (0, 1)
        # The service vouches for the address, so it counts though the mail is none of ours.
        assert await suppressed(shop, owner) == [
            ("Eve@Gone.example", "complaint"),
            ("eve@gone.example", "unsubscribed"),
            (OWN, "hard_bounce"),
        ]
        again = await post(shop, owner, "sendgrid", posting.sendgrid(events))
        assert (list(again.recorded), again.repeated, again.unknown) == ([], 3, 1)

    async def test_services_and_messages_tell_of_one_bounce(
        self, shop: Services, owner: Caller
    ) -> None:
        (mail,) = await mailed(shop, owner)
        event = posting.mailgun_event(message={"headers": {"message-id": mail.message_id[1:-1]}})
        assert len((await post(shop, owner, "mailgun", posting.mailgun(event))).recorded) == 1
        assert (await take(shop, owner, mail)).repeated == 1
        assert len((await shop.mail_reports.page(owner)).items) == 1

    async def test_soft_bounces_of_unknown_mails_are_told_apart_by_the_services_ids(
        self, shop: Services, owner: Caller
    ) -> None:
        soft = {"type": "blocked"}
        for number in (1, 1, 2, 2, 3):
            assert await suppressed(shop, owner) == []
            event = posting.sendgrid_event(sg_event_id=f"{number}" * 300, **soft)
            await post(shop, owner, "sendgrid", posting.sendgrid([event]))
        assert await suppressed(shop, owner) == [(posting.ADDRESS, "soft_bounces")]

    async def test_a_hook_is_one_organizations(self, shop: Services, owner: Caller) -> None:
        other = system(await shop.access.create_organization("Other", []))
        request = posting.postmark(posting.postmark_event())
        await post(shop, other, "postmark", request)
        assert await suppressed(shop, owner) == []
        assert await suppressed(shop, other) == [(posting.ADDRESS, "hard_bounce")]
        hooks = [(await shop.mail_reports.hooks(one))["postmark"] for one in (owner, other)]
        assert hooks[0] != hooks[1]

    async def test_a_wrong_hook_is_nobodys(self, shop: Services, owner: Caller) -> None:
        right = (await shop.mail_reports.hooks(owner))["postmark"].partition("/")[2]
        number, _, digest = right.partition("-")
        before = await everything(shop)
        for hook in (
            f"{int(number) + 1}-{digest}",
            f"{number}-{digest[:-1]}",
            f"{number}-",
            number,
            "",
            "-",
            "9" * 40,
            f"{number}-{digest[:-1]}ü",
        ):
            with pytest.raises(UnknownOrganization):
                await post(
                    shop,
                    owner,
                    "postmark",
                    posting.postmark(posting.postmark_event()),
                    hook=hook or "x",
                )
        assert await everything(shop) == before

    async def test_an_unsigned_request_changes_nothing(self, shop: Services, owner: Caller) -> None:
        before = await everything(shop)
        requests = {
            "sendgrid": posting.Request(b"[]"),
            "mailgun": posting.mailgun(posting.mailgun_event(), key="another"),
            "postmark": posting.postmark(posting.postmark_event(), secret="another"),
            "ses": posting.ses(posting.ses_bounce(), TopicArn="not ours"),
        }
        for name, request in requests.items():
            with pytest.raises(BadSignature):
                await post(shop, owner, name, request)
        assert await everything(shop) == before

    async def test_a_signed_body_that_is_none_is_refused(
        self, shop: Services, owner: Caller
    ) -> None:
        for name, request in (
            ("sendgrid", posting.sendgrid({"no": "list"})),
            ("mailgun", posting.mailgun("no event")),
            ("postmark", posting.postmark([])),
        ):
            with pytest.raises(InvalidValue, match="body"):
                await post(shop, owner, name, request)

    async def test_a_service_that_is_not_set_up_is_refused(
        self, shop: Services, owner: Caller
    ) -> None:
        hook = (await shop.mail_reports.hooks(owner))["ses"].partition("/")[2]
        for name in ("sparkpost", "SES", ""):
            with pytest.raises(InvalidValue, match="not set up"):
                await post(shop, owner, name, posting.Request(b"{}"), hook=hook)


class Fails:
    """A mail service whose second report can not be kept."""

    def __init__(self, good: Report, bad: Report) -> None:
        self.reports = [good, bad]

    async def read(self, posted: Posted) -> Reading:
        """Return the reports."""
        return Reading(self.reports)


async def test_a_report_is_kept_with_its_suppression_or_not_at_all(
    shop: Services, owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def report(key: str) -> Report:
        address = f"{key}@gone.example"
        return Report(kind=Kind.COMPLAINT, source="x", address=address, vouched=True, key=key)

    taking = MailReports(
        shop.database, shop.access, {"x": Fails(report("a"), report("b"))}, rules=Rules()
    )
    suppress = MailReports._suppress

    async def breaks(self: MailReports, tx: Any, author: Any, kept: Any, reason: Any) -> None:
        await suppress(self, tx, author, kept, reason)
        if kept.address.startswith("b"):
            raise ConnectionError("the line went dead")

    hook = (await taking.hooks(owner))["x"].partition("/")[2]
    monkeypatch.setattr(MailReports, "_suppress", breaks)
    with pytest.raises(ConnectionError):
        await taking.take_posted("x", hook, {}, b"")
    assert await suppressed(shop, owner) == [("a@gone.example", "complaint")]
    assert len((await taking.page(owner)).items) == 1
    monkeypatch.undo()
    taken = await taking.take_posted("x", hook, {}, b"")
    assert (len(taken.recorded), taken.repeated) == (1, 1)
    assert len(await suppressed(shop, owner)) == 2
