"""Mails as people look through them, what one says, and the queue at a glance."""

from typing import Any

import pytest
from sqlalchemy import text, update

from largesse.core.access.model import Caller
from largesse.core.errors import NotPermitted, UnknownMail, WrongState
from largesse.core.ids import new_id
from largesse.core.mail.model import MailState, mails
from largesse.core.search.browse import MOST_COUNTED, Browse
from largesse.services import Services
from tests.core.people import make_owner, nobody
from tests.faults.post import queue_mails
from tests.storage.test_plans import Statements, plan

HELLO = {"body": "<p>Hello</p>", "subject": "Hello", "kind": "transactional"}


@pytest.fixture
async def owner(services: Services) -> Caller:
    """The owner of a shop with a template `hello`."""
    caller = await make_owner(services)
    await services.templates.create(caller, {"key": "hello", **HELLO})
    return caller


async def found(services: Services, caller: Caller, words: str = "", **filters: Any) -> set[str]:
    """Return the recipients of the mails that a list shows."""
    query = Browse(text=words, filters={name: [value] for name, value in filters.items()})
    return {one.recipient for one in (await services.mails.browse(caller, query)).items}


async def test_mails_are_looked_up_by_whom_they_are_for(services: Services, owner: Caller) -> None:
    for address in ("Ada@Example.com", "adam@other.example", "bob@büro.example"):
        await services.templates.send(owner, "hello", email=address)
    assert await found(services, owner, " ada") == {"Ada@Example.com", "adam@other.example"}
    assert await found(services, owner, "ADA@example.com") == {"Ada@Example.com"}
    assert await found(services, owner, domain="example.com") == {"Ada@Example.com"}
    assert await found(services, owner, "@EXAMPLE.com") == {"Ada@Example.com"}
    assert await found(services, owner, "bob", domain="xn--bro-hoa.example")
    assert len(await found(services, owner, template_key="hello", state="queued")) == 3
    assert await found(services, owner, template_key="other") == set()
    assert await found(services, owner, transport="main") == set()
    for odd in ("%", "\0", "\ud800", "x" * 5000):
        assert await found(services, owner, odd) == set()
    stranger = await make_owner(services, "Another shop")
    assert await found(services, stranger, "ada") == set()


async def test_lists_of_mails_walk_an_index(services: Services, owner: Caller) -> None:
    for state in ("sent", "failed", "queued"):
        more = {"template_key": state, "transport": "main", "domain": f"{state}.example"}
        await queue_mails(services, owner, 400, state=state, **more)
    async with services.database.engine.writer().connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE"))
    asked: list[dict[str, Any]] = [
        {"filters": {"state": ["failed"]}},
        {"filters": {"template_key": ["failed"]}},
        {"filters": {"domain": ["failed.example"]}},
        {"filters": {"transport": ["main"]}},
    ]
    for one in asked:
        with Statements(services.database.engine.reader()) as statements:
            await services.mails.browse(owner, Browse(limit=10, **one))
        how = await plan(services, *statements.reading("mails")[0])
        for slow in ("Seq Scan on mails", "TEMP B-TREE", "Sort  ("):
            assert slow not in how, (one, how)


async def test_what_a_mail_says_is_read_and_sent_again(services: Services, owner: Caller) -> None:
    mail = await services.templates.send(owner, "hello", email="ada@example.com")
    said = await services.mails.content(owner, mail.id)
    assert (said.subject, said.html) == ("Hello", "<p>Hello</p>")
    with pytest.raises(WrongState):
        await services.mails.resend(owner, mail.id)
    async with services.database.write() as tx:
        await tx.execute(update(mails).values(state=MailState.SENT))
    again = await services.mails.resend(owner, mail.id)
    assert again.id != mail.id
    assert again.message_id != mail.message_id
    assert (again.recipient, again.state) == ("ada@example.com", MailState.QUEUED)
    assert (await services.mails.content(owner, again.id)) == said
    stranger = await make_owner(services, "Another shop")
    for use in (services.mails.content, services.mails.resend):
        for who, mail_id in ((owner, new_id()), (stranger, mail.id)):
            with pytest.raises(UnknownMail):
                await use(who, mail_id)  # type: ignore[operator]
        with pytest.raises(NotPermitted):
            await use(await nobody(services), mail.id)  # type: ignore[operator]


async def test_the_queue_at_a_glance(services: Services, owner: Caller) -> None:
    await queue_mails(services, owner, MOST_COUNTED + 1, state="sent")
    await queue_mails(services, owner, 3, state="failed", reason="550 5.1.1")
    await queue_mails(services, owner, 1, state="uncertain", reason="vanished")
    seen = await services.mail_queue.overview(owner)
    assert seen.waiting_since is None
    await queue_mails(services, owner, 2)
    await services.mail_queue.pause(owner, "domain", "slow.example")
    seen = await services.mail_queue.overview(owner)
    assert (seen.counts[MailState.SENT].count, seen.counts[MailState.SENT].is_more) == (1000, True)
    assert (seen.counts[MailState.QUEUED].count, seen.counts[MailState.FAILED].count) == (2, 3)
    told = [(one.state, one.reason, one.count) for one in seen.failures]
    assert told == [("failed", "550 5.1.1", 3), ("uncertain", "vanished", 1)]
    assert seen.waiting_since is not None
    assert [(one.kind, one.name) for one in seen.pauses] == [("domain", "slow.example")]
    assert [one.name for one in seen.transports]
    with pytest.raises(NotPermitted):
        await services.mail_queue.overview(await nobody(services))
