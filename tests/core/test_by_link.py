"""What recipients do by links: unsubscribe and confirm, without a login."""

from typing import Any

import pytest

from largesse.core.access.model import Caller, system
from largesse.core.errors import (
    AlreadySubscribed,
    InvalidValue,
    NewsletterProviderFailed,
    UnknownSubscription,
)
from largesse.core.newsletter.by_link import ByLink
from largesse.core.newsletter.model import Subscribe, Subscription, Unsubscribe
from largesse.core.newsletter.service import BuiltInProvider, Newsletter
from largesse.core.templates.links import Links, Purpose
from largesse.services import Services
from tests.core.people import everything, nobody

ADA = "Ada.Lovelace@Example.com"


@pytest.fixture
async def owner(services: Services) -> Caller:
    return system(await services.access.create_organization("Shop", []))


@pytest.fixture
def links(services: Services) -> Links:
    return Links(services.access, public_url="https://x.example")


@pytest.fixture
def newsletter(services: Services, links: Links) -> Newsletter:
    """A newsletter with double opt-in, whose mails have links."""
    provider = BuiltInProvider(services.database, services.mailing, links)
    return Newsletter(services.database, provider, open_status=False, double_opt_in=True)


@pytest.fixture
def by_link(services: Services, links: Links) -> ByLink:
    return ByLink(services.database, BuiltInProvider(services.database), links)


async def token(links: Links, purpose: Purpose, caller: Caller, address: str = ADA) -> str:
    key = await links.key()
    assert key is not None
    return key.url(purpose, caller.organization_id, address).rpartition("/")[2]


class Failing(BuiltInProvider):
    """A provider that can not be reached."""

    async def unsubscribe(self, command: Unsubscribe) -> None:
        """Fail."""
        raise ConnectionError

    async def subscribe(self, command: Subscribe) -> Subscription:
        """Fail."""
        raise ConnectionError


async def mails_of(services: Services, caller: Caller) -> list[Any]:
    return list((await services.mails.page(caller)).items)


async def test_who_subscribes_is_mailed_a_link_once(
    services: Services, owner: Caller, newsletter: Newsletter, by_link: ByLink, links: Links
) -> None:
    anonymous = await nobody(services)
    made = await newsletter.subscribe(anonymous, ADA, source="test", name="Ada")
    assert made.active is False
    with pytest.raises(AlreadySubscribed):
        await newsletter.subscribe(anonymous, ADA.lower(), source="test")
    (mail,) = await mails_of(services, owner)
    assert (mail.recipient, mail.template_key) == (ADA, "newsletter.confirm")
    confirm = await token(links, Purpose.CONFIRM, owner)
    assert await by_link.address(Purpose.CONFIRM, confirm) == ADA
    assert (await services.newsletter.get(owner, made.id)).active is False
    for _ in range(2):
        assert await by_link.confirm(confirm) == ADA
    assert (await services.newsletter.get(owner, made.id)).active is True
    evidence = await services.newsletter.evidence(owner, ADA)
    assert [(one.action, one.source) for one in evidence] == [
        ("subscribed", "test"), ("confirmed", "link"),
    ]  # fmt: skip


async def test_a_mail_that_can_not_be_made_takes_the_subscription_with_it(
    services: Services, owner: Caller, newsletter: Newsletter
) -> None:
    own = {"key": "newsletter.confirm", "subject": "S", "body": "{{ 1 / (name|length - 3) }}"}
    await services.templates.create(owner, own)
    before = await everything(services)
    with pytest.raises(InvalidValue, match="division"):
        await newsletter.subscribe(await nobody(services), ADA, source="test", name="Ada")
    assert await everything(services) == before
    await newsletter.subscribe(await nobody(services), ADA, source="test", name="Adah")


async def test_marketing_ends_even_if_the_provider_fails(
    services: Services, owner: Caller, links: Links
) -> None:
    await services.newsletter.subscribe(owner, ADA, source="test")
    end = await token(links, Purpose.UNSUBSCRIBE, owner)
    failing = ByLink(services.database, Failing(services.database), links)
    with pytest.raises(NewsletterProviderFailed):
        await failing.unsubscribe(end)
    (suppressed,) = (await services.suppressions.page(owner)).items
    assert (suppressed.address, suppressed.reason) == (ADA, "unsubscribed")
    without = ByLink(services.database, None, links)
    assert await without.unsubscribe(end) == ADA
    assert len((await services.newsletter.page(owner)).items) == 1


async def test_a_link_is_of_one_organization_and_one_purpose(
    services: Services, owner: Caller, by_link: ByLink, links: Links
) -> None:
    other = system(await services.access.create_organization("Other", []))
    for caller in (owner, other):
        await services.newsletter.subscribe(caller, ADA, source="test")
    end = await token(links, Purpose.UNSUBSCRIBE, owner)
    with pytest.raises(UnknownSubscription):
        await by_link.confirm(end)
    assert await by_link.unsubscribe(end) == ADA
    assert (await services.newsletter.page(owner)).items == []
    assert len((await services.newsletter.page(other)).items) == 1
    assert (await services.suppressions.page(other)).items == []
    # It was never subscribed, or has unsubscribed before: that is as good.
    assert await by_link.unsubscribe(end) == ADA
    assert len((await services.suppressions.page(owner)).items) == 1
    with pytest.raises(UnknownSubscription):
        await by_link.confirm(await token(links, Purpose.CONFIRM, owner))


async def test_who_subscribes_again_has_marketing_again(
    services: Services, owner: Caller, by_link: ByLink, links: Links
) -> None:
    await services.suppressions.create(owner, {"address": ADA, "reason": "complaint"})
    await by_link.unsubscribe(await token(links, Purpose.UNSUBSCRIBE, owner))
    await services.newsletter.subscribe(owner, ADA.lower(), source="test")
    (left,) = (await services.suppressions.page(owner)).items
    assert left.reason == "complaint"  # that is another matter
