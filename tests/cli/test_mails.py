"""`largesse mails`: what operators see of the queue, and how they steer it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from largesse.core.access.model import Caller, system
from largesse.services import Services, open_services
from tests.cli.command import Largesse
from tests.faults.post import Post, post_office, queue_mails, work
from tests.serving import settings_for


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    async with post_office() as opened:
        yield opened


@pytest.fixture
async def shop(empty_url: str, post: Post) -> AsyncIterator[Services]:
    opened = open_services(settings_for(empty_url, smtp_url=post.url))
    await opened.start()
    yield opened
    await opened.close()


@pytest.fixture
async def owner(shop: Services) -> Caller:
    return system(await shop.access.create_organization("Shop", []))


@pytest.fixture
def command(empty_url: str, post: Post, tmp_path: Path) -> Largesse:
    return Largesse(tmp_path, empty_url, {"smtp_url": post.url})


async def test_a_mail_is_followed_through_its_attempts(
    command: Largesse, shop: Services, owner: Caller, post: Post
) -> None:
    post.answers = {"RCPT": "550 5.1.1 unknown"}
    await queue_mails(shop, owner, 1)
    await work(shop)
    (failed,) = await command.json("mails", "list", "--state", "failed")
    assert (failed["attempts"], failed["last_reply"]) == (1, "550 5.1.1 unknown")
    assert await command.json("mails", "list", "--reason", "550 5.1.1") == [failed]
    assert await command.json("mails", "list", "--reason", "452") == []
    whole = await command.json("mails", "show", failed["id"])
    assert (whole["reason"], whole["priority"]) == ("550 5.1.1", 1)
    (line,) = whole["ledger"]
    assert (line["outcome"], line["transport"]) == ("refused", "main")
    assert line["started_at"] <= line["ended_at"]
    shown = (await command("mails", "show", failed["id"])).out
    assert "550 5.1.1" in shown
    assert "OUTCOME" in shown
    post.answers = {}
    assert (await command.json("mails", "retry", failed["id"]))["state"] == "queued"
    await work(shop)
    whole = await command.json("mails", "show", failed["id"])
    assert (whole["state"], whole["attempts"]) == ("sent", 1)
    assert [line["outcome"] for line in whole["ledger"]] == ["refused", "sent"]


async def test_many_are_chosen_at_once(
    command: Largesse, shop: Services, owner: Caller, post: Post
) -> None:
    post.answers = {"RCPT": "550 5.1.1 unknown"}
    await queue_mails(shop, owner, 3, domain="a.example")
    await queue_mails(shop, owner, 2, domain="b.example")
    await work(shop)
    post.answers = {}
    assert await command.json("mails", "retry", "--all", "--domain", "a.example") == {"count": 3}
    assert await command.json("mails", "retry", "--all", "--uncertain") == {"count": 0}
    assert await command.json("mails", "cancel", "--all", "--domain", "b.example") == {"count": 0}
    assert await command.json("mails", "cancel", "--all") == {"count": 3}
    assert len(await command.json("mails", "list", "--state", "cancelled")) == 3


async def test_pauses_begin_and_end(
    command: Largesse, shop: Services, owner: Caller, post: Post
) -> None:
    assert [p["paused"] for p in await command.json("mails", "pause")] == ["queue"]
    paused = await command.json("mails", "pause", "--domain", "a.example")
    assert [(p["paused"], p["name"]) for p in paused] == [("domain", "a.example"), ("queue", None)]
    await command.json("mails", "pause", "--transport", "main")
    await queue_mails(shop, owner, 2)
    await work(shop)
    assert post.taken == {}
    for options in ((), ("--transport", "main")):
        await command.json("mails", "resume", *options)
    await work(shop)
    assert post.taken.total() == 2
    assert await command.json("mails", "resume", "--domain", "a.example") == []


async def test_figures_of_the_queue(
    command: Largesse, shop: Services, owner: Caller, post: Post
) -> None:
    await queue_mails(shop, owner, 2)
    await command.json("mails", "pause", "--domain", "a.example")
    stats = await command.json("mails", "stats")
    assert [(one["state"], one["count"]) for one in stats["counts"]] == [("queued", 2)]
    assert stats["oldest_due_at"] is not None
    assert [one["name"] for one in stats["transports"]] == ["main"]
    shown = (await command("mails", "stats")).out
    for word in ("queued", "2", "oldest due at", "a.example", "main"):
        assert word in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("retry",), ("--all",)),
        (("cancel",), ("--all",)),
        (("retry", "01a20243-0437-71b8-8f03-cb7ed085512c", "--all"), ("--all",)),
        (("cancel", "01a20243-0437-71b8-8f03-cb7ed085512c", "--domain", "x"), ("--all",)),
        (("pause", "--domain", "x", "--transport", "main"), ("both",)),
        (("pause", "--transport", "third"), ("transport", "main")),
        (("pause", "--domain", "a b"), ("domain",)),
        (("cancel", "01a20243-0437-71b8-8f03-cb7ed085512c"), ("mail",)),
    ],
)
async def test_what_can_not_be_is_told(
    command: Largesse, owner: Caller, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    ran = await command("mails", *arguments)
    assert ran.code != 0
    assert len(ran.err.splitlines()) == 1
    for word in words:
        assert word in ran.err
