"""Mails of templates: who gets one, in which language, and what becomes of codes they claim."""

from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from largesse.core.access.model import Caller, system
from largesse.core.campaigns.model import CampaignState
from largesse.core.codes.model import CampaignRef
from largesse.core.errors import (
    InvalidEmail,
    InvalidValue,
    NotPermitted,
    PoolExhausted,
    ReceiverLimitReached,
    Refused,
    UnknownCampaign,
    UnknownCustomer,
    UnknownTemplate,
)
from largesse.core.events.model import author_of
from largesse.core.mail.model import mails
from largesse.core.templates.links import Links, Purpose
from largesse.core.templates.mailing import Mailing
from largesse.core.templates.model import Addressee
from largesse.services import Services
from tests.core.people import everything

HELLO = {"key": "hello", "subject": "Hello {{ name }}", "body": "<p>Hello {{ name }}</p>"}


@pytest.fixture
async def owner(services: Services) -> Caller:
    return system(await services.access.create_organization("Shop", []))


async def save(services: Services, caller: Caller, **values: Any) -> None:
    await services.templates.save(caller, HELLO | values)


async def campaign(services: Services, caller: Caller, name: str, pool: int, **more: Any) -> None:
    """Make a posted campaign with the alternative code `name` and codes NAME0, NAME1 ..."""
    promotion = await services.promotions.create(caller, {"key": name, "title": name})
    new = {
        "name": f"The {name}",
        "alternative_code": name,
        "promotion_id": promotion.id,
        "state": CampaignState.POSTED,
    }
    await services.campaigns.create(caller, new | more)
    if pool:
        codes = [f"{name}{number}" for number in range(pool)]
        await services.codes.add(caller, CampaignRef("alternative_code", name), codes)


async def queue(
    services: Services, caller: Caller, *to: Addressee, key: str = "hello"
) -> list[UUID | Refused]:
    async with services.database.write() as tx:
        return await services.mailing.queue(tx, author_of(caller), key, to)


async def queue_and_fail(services: Services, caller: Caller) -> None:
    async with services.database.write() as tx:
        (outcome,) = await services.mailing.queue(tx, author_of(caller), "hello", [to("ada")])
        assert isinstance(outcome, UUID)
        raise RuntimeError


async def queued(services: Services) -> list[Any]:
    async with services.database.read() as tx:
        return list(await tx.rows(select(mails).order_by(mails.c.id)))


async def levels(services: Services, caller: Caller, name: str) -> dict[str, int]:
    return await services.codes.levels(caller, CampaignRef("alternative_code", name))


def to(name: str, **values: Any) -> Addressee:
    return Addressee(email=f"{name}@example.com", name=name.title(), **values)


class TestQueue:
    async def test_a_row_for_each_recipient(self, services: Services, owner: Caller) -> None:
        await save(services, owner)
        services.wakeups.mail.clear()
        outcomes = await queue(services, owner, to("ada"), to("bob"))
        rows = await queued(services)
        assert [row.id for row in rows] == outcomes
        assert [(row.recipient, row.subject, row.text, row.html) for row in rows] == [
            ("ada@example.com", "Hello Ada", "Hello Ada\n", "<p>Hello Ada</p>"),
            ("bob@example.com", "Hello Bob", "Hello Bob\n", "<p>Hello Bob</p>"),
        ]
        assert {(row.state, row.template_key, row.list_unsubscribe) for row in rows} == {
            ("queued", "hello", None)
        }
        assert services.wakeups.mail.is_set()

    async def test_the_closest_language_is_taken(self, services: Services, owner: Caller) -> None:
        for locale, word in (("", "Hello"), ("de", "Hallo"), ("de-at", "Servus")):
            await save(services, owner, locale=locale, subject=word)
        asked = ("de-AT", "de_AT", "de-CH", "DE", "fr", None, "de-at-x")
        await queue(services, owner, *(to("ada", locale=locale) for locale in asked))
        assert [row.subject for row in await queued(services)] == [
            "Servus", "Servus", "Hallo", "Hallo", "Hello", "Hello", "Servus",
        ]  # fmt: skip

    async def test_without_a_template_there_is_no_mail(
        self, services: Services, owner: Caller
    ) -> None:
        with pytest.raises(UnknownTemplate):
            await queue(services, owner, to("ada"))
        await save(services, owner, locale="de")
        other = system(await services.access.create_organization("Other", []))
        with pytest.raises(UnknownTemplate):
            await queue(services, other, to("ada"))
        refused, _ = await queue(services, owner, to("ada"), to("bob", locale="de"))
        assert isinstance(refused, UnknownTemplate)
        assert [row.recipient for row in await queued(services)] == ["bob@example.com"]

    async def test_one_who_can_not_be_written_to_harms_nobody(
        self, services: Services, owner: Caller
    ) -> None:
        await save(services, owner, body="{{ city }}", example={"city": "Rome"})
        bad, missing, good, huge = await queue(
            services,
            owner,
            Addressee(email="nobody", values={"city": "Oslo"}),
            to("ada"),
            to("bob", values={"city": "Oslo"}),
            to("eve", values={"city": "x" * 600_000}),
        )
        assert isinstance(bad, InvalidEmail)
        assert isinstance(missing, InvalidValue)
        assert "'city' is undefined" in str(missing)
        assert isinstance(huge, InvalidValue)
        assert [row.id for row in await queued(services)] == [good]

    async def test_values_can_not_pass_for_those_of_every_mail(
        self, services: Services, owner: Caller
    ) -> None:
        await save(services, owner, body="{{ email }} {{ unsubscribe_url }}")
        await queue(
            services, owner, to("ada", values={"email": "x", "unsubscribe_url": "http://x"})
        )
        (row,) = await queued(services)
        assert row.text == "ada@example.com\n"

    async def test_a_value_begins_no_header(self, services: Services, owner: Caller) -> None:
        await save(services, owner)
        await queue(services, owner, Addressee("a@example.com", name="Ada\r\nBcc: eve@example.com"))
        (row,) = await queued(services)
        assert row.subject == "Hello Ada Bcc: eve@example.com"


class TestMarketing:
    async def test_it_needs_a_place_to_unsubscribe_at(
        self, services: Services, owner: Caller
    ) -> None:
        await save(services, owner, kind="marketing")
        with pytest.raises(InvalidValue, match="public_url"):
            await queue(services, owner, to("ada"))

    async def test_it_has_a_link_of_its_recipients_own(
        self, services: Services, owner: Caller
    ) -> None:
        await save(services, owner, kind="marketing", body="{{ unsubscribe_url }}")
        links = Links(services.access, public_url="https://x.example/")
        mailing = Mailing(services.codes._formats, links, domain="x.example")
        async with services.database.write() as tx:
            await mailing.queue(tx, author_of(owner), "hello", [to("ada"), to("bob")])
        rows = await queued(services)
        for row in rows:
            assert row.text == f"{row.list_unsubscribe}\n"
            start, token = row.list_unsubscribe.rsplit("/", 1)
            assert start == "https://x.example/v1/unsubscribe"
            read = await links.read(Purpose.UNSUBSCRIBE, token)
            assert read == (owner.organization_id, row.recipient)
            assert await links.read(Purpose.CONFIRM, token) is None
            other = "B" if token[0] == "A" else "A"
            for forged in (
                token[:-1],
                other + token[1:],
                token[:-6] + 6 * "A",
                "",
                "é",
                9999 * "a",
            ):
                assert await links.read(Purpose.UNSUBSCRIBE, forged) is None
        assert rows[0].list_unsubscribe != rows[1].list_unsubscribe


class TestCodes:
    async def test_each_recipient_gets_a_code_of_their_own(
        self, services: Services, owner: Caller
    ) -> None:
        await campaign(services, owner, "BG4", 3)
        body = 'Yours: {{ code("BG4") }}, again {{ code("BG4") }}, of {{ code("The BG4") }}'
        await save(services, owner, body='{{ code("BG4") }}', text='{{ code("BG4") }}')
        new = {"email": "ada@example.com", "identifiers": {"customer_id": "1"}}
        customer = await services.customers.create(owner, new)
        await queue(services, owner, to("ada", customer_id=customer.id), to("bob"))
        first, second = await queued(services)
        assert first.html == first.text != second.html == second.text
        code = await services.codes.named(owner, first.text)
        assert (code.id, code.state, code.customer_id) == (first.code_id, "issued", customer.id)
        assert await levels(services, owner, "BG4") == {"issued": 2, "available": 1}
        await save(services, owner, body=body)
        (refused,) = await queue(services, owner, to("eve"))
        assert isinstance(refused, PoolExhausted)  # it wants two, by two names
        assert await levels(services, owner, "BG4") == {"issued": 2, "available": 1}

    async def test_nobody_is_left_with_half(self, services: Services, owner: Caller) -> None:
        await campaign(services, owner, "A", 5)
        await campaign(services, owner, "B", 2)
        await save(services, owner, body='{{ code("A") }} {{ code("B") }}')
        outcomes = await queue(services, owner, *(to(f"u{number}") for number in range(5)))
        kinds = Counter(type(outcome).__name__ for outcome in outcomes)
        assert kinds == {"UUID": 2, "PoolExhausted": 3}
        assert await levels(services, owner, "A") == {"issued": 2, "available": 3}
        assert await levels(services, owner, "B") == {"issued": 2}
        rows = await queued(services)
        assert len({code for row in rows for code in row.html.split()}) == 4

    async def test_codes_made_on_request_and_counted_go_back_too(
        self, services: Services, owner: Caller
    ) -> None:
        await campaign(services, owner, "MADE", 0, code_source="on_request", codes_in_all=2)
        await save(services, owner, body='{{ code("MADE") }} {{ city }}', example={"city": "Rome"})
        rome = {"city": "Rome"}
        outcomes = await queue(
            services, owner, to("ada"), to("bob"), to("eve", values=rome), to("dan", values=rome)
        )
        assert [type(one) for one in outcomes] == [InvalidValue, InvalidValue, UUID, UUID]
        assert await levels(services, owner, "MADE") == {"issued": 2}

    async def test_a_rolled_back_mail_gives_its_code_back(
        self, services: Services, owner: Caller
    ) -> None:
        await campaign(services, owner, "BG4", 1)
        await save(services, owner, body='{{ code("BG4") }}')
        before = await everything(services)
        with pytest.raises(RuntimeError):
            await queue_and_fail(services, owner)
        assert await everything(services) == before
        (outcome,) = await queue(services, owner, to("bob"))
        assert isinstance(outcome, UUID)

    async def test_a_receiver_has_no_more_than_the_campaign_allows(
        self, services: Services, owner: Caller
    ) -> None:
        await campaign(services, owner, "ONE", 3, codes_per_receiver=1)
        await save(services, owner, body='{{ code("ONE") }}')
        new = {"email": "ada@example.com", "identifiers": {"customer_id": "1"}}
        customer = await services.customers.create(owner, new)
        ada = to("ada", customer_id=customer.id)
        (first,), (again,) = [await queue(services, owner, ada) for _ in range(2)]
        assert isinstance(first, UUID)
        assert isinstance(again, ReceiverLimitReached)

    async def test_a_suppressed_address_costs_no_code(
        self, services: Services, owner: Caller
    ) -> None:
        await campaign(services, owner, "BG4", 2)
        await save(services, owner, body='{{ code("BG4") }}')
        await services.suppressions.create(owner, {"address": "ada@example.com"})
        refused, done = await queue(services, owner, to("ada"), to("bob"))
        assert isinstance(refused, InvalidEmail)
        assert isinstance(done, UUID)
        assert await levels(services, owner, "BG4") == {"issued": 1, "available": 1}

    async def test_a_campaign_that_is_not_there_refuses(
        self, services: Services, owner: Caller
    ) -> None:
        await save(services, owner, body='{{ code("NONE") }}')
        (refused,) = await queue(services, owner, to("ada"))
        assert isinstance(refused, UnknownCampaign)


class TestSend:
    async def test_to_a_customer_in_their_language_and_to_an_address(
        self, services: Services, owner: Caller
    ) -> None:
        await save(services, owner, body="{{ city }}", example={"city": "Rome"})
        await save(
            services, owner, locale="de", subject="Hallo {{ name }}", example={"city": "Rom"}
        )
        new = {
            "email": "ada@example.com",
            "first_name": "Ada",
            "locale": "de-AT",
            "identifiers": {"customer_id": "1"},
        }
        await services.customers.create(owner, new)
        values = {"city": "Oslo"}
        mail = await services.templates.send(owner, "hello", customer="1", values=values)
        assert (mail.subject, mail.recipient, mail.state) == (
            "Hallo Ada", "ada@example.com", "queued",
        )  # fmt: skip
        other = await services.templates.send(
            owner, "hello", email=" bob@example.com", values=values
        )
        assert (other.subject, other.recipient) == ("Hello", "bob@example.com")

    async def test_what_is_refused_leaves_nothing(self, services: Services, owner: Caller) -> None:
        await campaign(services, owner, "BG4", 0)
        await save(services, owner, body='{{ code("BG4") }}')
        before = await everything(services)
        send = services.templates.send
        for call, refusal in (
            (send(owner, "none", email="a@example.com"), UnknownTemplate),
            (send(owner, "hello", email="nobody"), InvalidEmail),
            (send(owner, "hello", email=""), InvalidEmail),
            (send(owner, "hello", customer="nobody"), UnknownCustomer),
            (send(owner, "hello", email="a@example.com"), PoolExhausted),
        ):
            with pytest.raises(refusal):
                await call
        assert await everything(services) == before

    async def test_it_needs_the_right_to_send_and_for_codes_to_issue(
        self, services: Services, owner: Caller
    ) -> None:
        await save(services, owner)
        weak = system(await services.access.organization_named("Shop"))
        sender = replace(weak, rights=frozenset({"send_mail"}))
        await services.templates.send(sender, "hello", email="a@example.com")
        await campaign(services, owner, "BG4", 1)
        await save(services, owner, body='{{ code("BG4") }}')
        with pytest.raises(NotPermitted, match="issue_codes"):
            await services.templates.send(sender, "hello", email="a@example.com")
        with pytest.raises(NotPermitted, match="send_mail"):
            await services.templates.send(
                replace(weak, rights=frozenset({"issue_codes"})), "hello", email="a@example.com"
            )
