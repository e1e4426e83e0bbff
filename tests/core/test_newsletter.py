"""Subscriptions, the evidence of consent, and the provider that keeps both."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from largesse.core.access.model import Caller, Right
from largesse.core.errors import (
    AlreadySubscribed,
    InvalidEmail,
    InvalidValue,
    LoginRequired,
    MissingValue,
    NewsletterProviderFailed,
    NoNewsletterProvider,
    NotPermitted,
    UnknownSubscription,
)
from largesse.core.newsletter.model import Subscribe, Subscription, Unsubscribe
from largesse.core.newsletter.service import BuiltInProvider, Newsletter
from largesse.core.search.browse import Browse
from largesse.services import Services
from tests.core.people import everything, make_owner, nobody

ADA = "Ada.Lovelace@Example.com"


@pytest.fixture
async def owner(services: Services) -> Caller:
    caller = await make_owner(services)
    await services.users.change(caller, caller.user_id, {"email": "owner@example.com"})
    return replace(caller, email="owner@example.com")


@pytest.fixture
async def anonymous(services: Services, owner: Caller) -> Caller:
    return await nobody(services)


async def subscribe(services: Services, caller: Caller, recipient: str = ADA) -> Subscription:
    return await services.newsletter.subscribe(caller, recipient, source="test")


class TestSubscribe:
    async def test_nobody_needs_to_log_in_for_it(
        self, services: Services, owner: Caller, anonymous: Caller
    ) -> None:
        made = await subscribe(services, anonymous, f" {ADA} ")
        # Kept as typed; compared without regard to case.
        assert (made.recipient, made.active) == (ADA, True)
        for typed in (ADA, ADA.lower(), f" {ADA.upper()}"):
            assert await services.newsletter.status(owner, typed) == made

    async def test_once_is_enough(self, services: Services, anonymous: Caller) -> None:
        await subscribe(services, anonymous)
        before = await everything(services)
        with pytest.raises(AlreadySubscribed):
            await subscribe(services, anonymous, ADA.lower())
        assert await everything(services) == before

    async def test_of_many_at_once_one_subscribes(
        self, services: Services, anonymous: Caller
    ) -> None:
        found = await asyncio.gather(
            *(subscribe(services, anonymous) for _ in range(8)), return_exceptions=True
        )
        kinds = sorted(type(one).__name__ for one in found)
        assert kinds == ["AlreadySubscribed"] * 7 + ["Subscription"]

    async def test_what_is_no_address_is_refused(
        self, services: Services, anonymous: Caller
    ) -> None:
        before = await everything(services)
        for recipient, refusal in (
            (None, MissingValue),
            ("", MissingValue),
            (" ", MissingValue),
            ("ada", InvalidEmail),
            ("a@b@c.de", InvalidEmail),
            ("a\0@b.de", InvalidEmail),
            (f"{'x' * 300}@b.de", InvalidEmail),
            ("-", LoginRequired),
        ):
            with pytest.raises(refusal):
                await services.newsletter.subscribe(anonymous, recipient, source="test")
        with pytest.raises(InvalidValue, match="name"):
            await services.newsletter.subscribe(anonymous, ADA, source="test", name="x" * 201)
        assert await everything(services) == before

    async def test_organizations_do_not_share_recipients(
        self, services: Services, anonymous: Caller
    ) -> None:
        await subscribe(services, anonymous)
        other = await make_owner(services, "Other")
        with pytest.raises(UnknownSubscription):
            await services.newsletter.status(other, ADA)
        await subscribe(services, other)
        await services.newsletter.unsubscribe(other, ADA, source="test")
        assert len((await services.newsletter.page(await nobody_reading(services))).items) == 1


async def nobody_reading(services: Services) -> Caller:
    return replace(await nobody(services), rights=frozenset({Right.READ}))


class TestSelf:
    async def test_a_dash_means_ones_own_address(self, services: Services, owner: Caller) -> None:
        made = await subscribe(services, owner, "-")
        assert made.recipient == "owner@example.com"
        assert await services.newsletter.status(owner, "-") == made
        await services.newsletter.unsubscribe(owner, "-", source="test")
        with pytest.raises(UnknownSubscription, match="owner@example"):
            await services.newsletter.status(owner, "-")

    async def test_who_has_none_is_told(self, services: Services, owner: Caller) -> None:
        for call in (
            subscribe(services, replace(owner, email=None), "-"),
            services.newsletter.status(replace(owner, email=None), "-"),
        ):
            with pytest.raises(InvalidEmail, match="no e-mail address"):
                await call

    async def test_a_shopper_sees_and_ends_only_their_own(
        self, services: Services, owner: Caller
    ) -> None:
        shopper = replace(owner, rights=frozenset())
        await subscribe(services, shopper, "-")
        await subscribe(services, owner)
        assert (await services.newsletter.status(shopper, "OWNER@example.com")).active
        for call in (
            services.newsletter.status(shopper, ADA),
            services.newsletter.unsubscribe(shopper, ADA, source="test"),
            services.newsletter.evidence(shopper, ADA),
        ):
            with pytest.raises(NotPermitted, match="manage_subscriptions"):
                await call
        await services.newsletter.unsubscribe(shopper, "-", source="test")

    async def test_nobody_sees_any_unless_the_setting_opens_them(
        self, services: Services, anonymous: Caller
    ) -> None:
        made = await subscribe(services, anonymous)
        for call in (
            services.newsletter.status(anonymous, ADA),
            services.newsletter.unsubscribe(anonymous, ADA, source="test"),
        ):
            with pytest.raises(LoginRequired):
                await call
        opened = Newsletter(
            services.database,
            BuiltInProvider(services.database),
            open_status=True,
            double_opt_in=False,
        )
        assert await opened.status(anonymous, ADA) == made
        await opened.unsubscribe(anonymous, ADA, source="test")
        with pytest.raises(UnknownSubscription):
            await opened.status(anonymous, ADA)


class TestEvidence:
    async def test_it_outlives_the_subscription(
        self, services: Services, owner: Caller, anonymous: Caller
    ) -> None:
        await services.newsletter.subscribe(anonymous, ADA, source="storefront")
        await services.newsletter.unsubscribe(owner, ADA.lower(), source="contact centre")
        await services.newsletter.subscribe(owner, ADA, source="admin")
        found = await services.newsletter.evidence(owner, ADA.upper())
        assert [(one.action, one.source, one.user_id) for one in found] == [
            ("subscribed", "storefront", None),
            ("unsubscribed", "contact centre", owner.user_id),
            ("subscribed", "admin", owner.user_id),
        ]

    async def test_nothing_ends_what_has_not_begun(self, services: Services, owner: Caller) -> None:
        before = await everything(services)
        with pytest.raises(UnknownSubscription, match="Ada"):
            await services.newsletter.unsubscribe(owner, ADA, source="test")
        assert await everything(services) == before


class TestRecords:
    async def test_one_is_changed_and_deleted_by_its_id(
        self, services: Services, owner: Caller
    ) -> None:
        new = {"recipient": ADA, "name": "News"}
        made = await services.newsletter.create(owner, new)
        changed = await services.newsletter.change(owner, made.id, {"active": False, "name": None})
        assert (changed.active, changed.name, changed.recipient) == (False, None, ADA)
        for values in ({"recipient": "other@example.com"}, {"active": None}, {"active": "no"}):
            with pytest.raises(InvalidValue):
                await services.newsletter.change(owner, made.id, values)
        await services.newsletter.delete(owner, made.id)
        with pytest.raises(UnknownSubscription):
            await services.newsletter.get(owner, made.id)
        actions = [one.action for one in await services.newsletter.evidence(owner, ADA)]
        assert actions == ["subscribed", "unsubscribed"]


class Broken(BuiltInProvider):
    """A provider whose line goes dead behind its work."""

    async def subscribe(self, command: Subscribe) -> Subscription:
        raise ConnectionError("the line went dead")

    async def unsubscribe(self, command: Unsubscribe) -> None:
        raise ConnectionError("the line went dead")

    async def status(self, organization_id: int, recipient: str) -> Subscription | None:
        raise ConnectionError("the line went dead")


class TestProvider:
    @pytest.mark.parametrize("failing", [True, False], ids=["fails", "is missing"])
    async def test_nothing_is_half_done_where_it(
        self, services: Services, owner: Caller, failing: bool
    ) -> None:
        provider: Any = Broken(services.database) if failing else None
        newsletter = Newsletter(services.database, provider, open_status=False, double_opt_in=False)
        before = await everything(services)
        refusal = NewsletterProviderFailed if failing else NoNewsletterProvider
        for call in (
            newsletter.subscribe(owner, ADA, source="test"),
            newsletter.status(owner, ADA),
            newsletter.unsubscribe(owner, ADA, source="test"),
        ):
            with pytest.raises(refusal):
                await call
        assert await everything(services) == before


async def test_the_evidence_says_why(services: Services, owner: Caller) -> None:
    say = {"source": "admin", "reason": "asked on the telephone"}
    await services.newsletter.subscribe(owner, ADA, **say)
    await services.newsletter.unsubscribe(owner, ADA, **say)
    with pytest.raises(InvalidValue):
        await services.newsletter.subscribe(owner, ADA, source="admin", reason="x" * 401)
    evidence = await services.newsletter.evidence(owner, ADA)
    assert [(one.action, one.reason) for one in evidence] == [
        ("subscribed", "asked on the telephone"),
        ("unsubscribed", "asked on the telephone"),
    ]


async def test_subscribers_are_looked_through(services: Services, owner: Caller) -> None:
    made = [await subscribe(services, owner, f"{name}@example.com") for name in ("ann", "Anton")]
    await services.newsletter.change(owner, made[0].id, {"active": False})

    async def found(**query: Any) -> list[str]:
        page = await services.newsletter.browse(owner, Browse(**query))
        return [one.recipient for one in page.items]

    assert await found(text="AN", order="recipient", descending=False) == [
        "ann@example.com",
        "Anton@example.com",
    ]
    assert await found(text="anton@example.com") == ["Anton@example.com"]
    assert await found(filters={"active": [False]}) == ["ann@example.com"]
    assert await found(text="example.com") == []
