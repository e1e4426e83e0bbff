"""The ways by which mails leave: SMTP over kept connections, a printed page, a Maildir."""

import asyncio
import mailbox
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from largesse.senders import open_sender
from largesse.senders.local import NoSender
from largesse.senders.message import Envelope, OutgoingMail, Sender, TurnedDown, Unreachable
from tests.faults.post import HANG_UP, post_office


def opened(url: str, **changes: Any) -> Sender:
    given = {"name": "main", "connections": 2, "timeout": 2.0, "answer": 2.0}
    return open_sender(url, **(given | changes))


def envelope(text: str = "Hello", recipient: str = "ada@example.com") -> Envelope:
    return OutgoingMail(
        sender="Shop <shop@example.com>",
        recipient=recipient,
        subject="Your code",
        text=text,
        html=f"<p>{text}</p>",
        message_id="<1@example.com>",
        date=datetime(2026, 11, 22, tzinfo=UTC),
    ).envelope()


@pytest.mark.parametrize(
    "url", ["http://example.com", "smtp://", "maildir:relative", "nothing", "smtp:host", ""]
)
def test_what_names_no_transport_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"not a (mail service|folder)"):
        opened(url)


async def test_mails_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    sender = opened("console:")
    await sender.open()
    assert await sender.send(envelope("Your code is ABC-1.\nSecond line")) == "printed"
    await sender.close()
    printed = capsys.readouterr().out
    assert "Mail to ada@example.com: Your code" in printed
    assert "    Your code is ABC-1.\n    Second line\n" in printed


async def test_mails_are_kept_in_a_maildir(tmp_path: Path) -> None:
    sender = opened(f"maildir:{tmp_path}/mails")
    await sender.open()
    replies = [await sender.send(envelope(text)) for text in ("one", "two")]
    await sender.close()
    kept = mailbox.Maildir(tmp_path / "mails", create=False)
    assert len(kept) == len(set(replies)) == 2
    assert {message["To"] for message in kept} == {"ada@example.com"}
    assert not list((tmp_path / "mails" / "tmp").iterdir())


async def test_a_folder_that_can_not_be_made_is_out_of_reach(tmp_path: Path) -> None:
    (tmp_path / "mails").write_text("a file")
    sender = opened(f"maildir:{tmp_path}/mails")
    assert not sender.is_open
    with pytest.raises(Unreachable):
        await sender.open()


async def test_without_a_service_no_mail_is_taken() -> None:
    with pytest.raises(TurnedDown) as refusal:
        await NoSender().send(envelope())
    assert refusal.value.reason == "no service"


async def test_connections_are_kept_and_few() -> None:
    async with post_office(delay=0.01) as post:
        sender = opened(post.url)
        await asyncio.gather(*(sender.send(envelope()) for _ in range(20)))
        assert post.connections == 2
        assert post.taken.total() == 20
        await sender.close()
        assert not sender.is_open


async def test_a_service_that_hung_up_meanwhile_is_called_again() -> None:
    async with post_office() as post:
        sender = opened(post.url)
        await sender.send(envelope())
        await post.close()
        await post.open()
        await sender.send(envelope())
        assert post.taken.total() == 2
        await sender.close()


async def test_a_service_that_hangs_up_on_everybody_is_out_of_reach() -> None:
    async with post_office(answers={"MAIL": HANG_UP}) as post:
        sender = opened(post.url)
        with pytest.raises(Unreachable):
            await sender.send(envelope())
        assert not sender.is_open


@pytest.mark.parametrize("text", [".", "..", ".\n.\n", "x\n.\ny", "\n.hidden"])
async def test_a_dot_at_the_beginning_of_a_line_stays(text: str) -> None:
    async with post_office() as post:
        sender = opened(post.url)
        await sender.send(envelope(text))
        await sender.close()
        assert post.taken == {"<1@example.com>": 1}
        (content,) = post.contents
        assert content == envelope(text).content
