"""The use cases of newsletter, and the provider that keeps the subscriptions."""

from typing import Any, Protocol

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.errors import (
    InvalidEmail,
    LoginRequired,
    MissingValue,
    NewsletterProviderFailed,
    NoNewsletterProvider,
    NotPermitted,
    Refused,
    UnknownSubscription,
)
from largesse.core.events.model import author_of
from largesse.core.limits import check_fits
from largesse.core.newsletter import store
from largesse.core.newsletter.model import (
    Consent,
    Subscribe,
    Subscription,
    Unsubscribe,
    consents,
    subscriptions,
)
from largesse.core.records import Records
from largesse.core.templates.builtin import CONFIRM
from largesse.core.templates.links import Links, Purpose
from largesse.core.templates.mailing import Mailing
from largesse.core.templates.model import Addressee
from largesse.core.text import checked_email, folded
from largesse.core.together import together
from largesse.storage.database import Database, Transaction

SELF = "-"
"""The recipient that means the authenticated user's own address (SEED 004)."""


class Provider(Protocol):
    """What keeps an organization's subscriptions.

    A refusal (`AlreadySubscribed`, `UnknownSubscription`) passes through; any other exception
    means that the provider failed, and it must then have changed nothing.
    """

    async def subscribe(self, command: Subscribe) -> Subscription:
        """Subscribe a recipient."""

    async def unsubscribe(self, command: Unsubscribe) -> None:
        """End a subscription."""

    async def status(self, organization_id: int, recipient: str) -> Subscription | None:
        """Return a recipient's subscription."""


class BuiltInProvider:
    """Keeps the subscriptions in our own database."""

    def __init__(
        self, database: Database, mailing: Mailing | None = None, links: Links | None = None
    ) -> None:
        self._database = database
        self._mailing = mailing
        self._links = links

    async def subscribe(self, command: Subscribe) -> Subscription:
        """Subscribe a recipient, and mail who has yet to confirm it. Raises AlreadySubscribed."""
        link = None if command.active or self._links is None else await self._links.key()
        if link is None or self._mailing is None:
            return await together(self._database, store.subscribe, command)
        url = link.url(Purpose.CONFIRM, command.organization_id, command.recipient)
        addressee = Addressee(
            command.recipient, name=command.name or "", values={"confirm_url": url}
        )
        # Not in a group commit: a mail that is refused takes the subscription with it.
        async with self._database.write() as tx:
            (made,) = await store.subscribe(tx, [command])
            if isinstance(made, Exception):
                raise made
            (mail,) = await self._mailing.queue(tx, command.by, CONFIRM, [addressee])
            if isinstance(mail, Refused):
                raise mail
        return made

    async def unsubscribe(self, command: Unsubscribe) -> None:
        """End a subscription. Raises UnknownSubscription."""
        await together(self._database, store.unsubscribe, command)

    async def status(self, organization_id: int, recipient: str) -> Subscription | None:
        """Return a recipient's subscription."""
        async with self._database.read() as tx:
            return await store.subscription(tx, organization_id, recipient)


class Newsletter(Records[Subscription]):
    """Subscriptions; `recipient` may be "-" for the caller's own address."""

    table = subscriptions
    value = Subscription
    shelf = store.SUBSCRIPTION_SHELF
    unknown = UnknownSubscription
    write_right = Right.MANAGE_SUBSCRIPTIONS
    required = ("recipient",)
    changeable = frozenset({"name", "active"})

    def __init__(
        self,
        database: Database,
        provider: Provider | None,
        *,
        open_status: bool,
        double_opt_in: bool,
    ) -> None:
        super().__init__(database)
        self._provider = provider
        self._open_status = open_status
        self._double_opt_in = double_opt_in

    async def subscribe(
        self,
        caller: Caller,
        recipient: str | None,
        *,
        source: str,
        name: str | None = None,
        reason: str | None = None,
    ) -> Subscription:
        """Subscribe a recipient; nobody needs to log in for it (dialects.md).

        Raises:
            MissingValue, InvalidEmail, InvalidValue, NoNewsletterProvider, AlreadySubscribed,
            NewsletterProviderFailed
        """
        provider = self._chosen()
        if name is not None:
            check_fits(subscriptions, {"name": name})
        check_fits(consents, {"reason": reason})
        command = Subscribe(
            organization_id=caller.organization_id,
            recipient=self._address(caller, recipient),
            now=clock.now(),
            source=source,
            by=author_of(caller),
            name=name,
            active=not self._double_opt_in,
            reason=reason,
        )
        try:
            return await provider.subscribe(command)
        except Refused:
            raise
        except Exception as error:
            raise NewsletterProviderFailed() from error

    async def status(self, caller: Caller, recipient: str) -> Subscription:
        """Return a recipient's subscription.

        Raises:
            LoginRequired, NotPermitted, NoNewsletterProvider, UnknownSubscription, InvalidEmail,
            NewsletterProviderFailed
        """
        provider = self._chosen()
        address = self._own_address(caller, recipient)
        try:
            found = await provider.status(caller.organization_id, address)
        except Exception as error:
            raise NewsletterProviderFailed() from error
        if found is None:
            raise UnknownSubscription(address, "recipient")
        return found

    async def unsubscribe(
        self, caller: Caller, recipient: str, *, source: str, reason: str | None = None
    ) -> None:
        """End a recipient's subscription. Raises as `status`, and InvalidValue."""
        provider = self._chosen()
        check_fits(consents, {"reason": reason})
        command = Unsubscribe(
            organization_id=caller.organization_id,
            recipient=self._own_address(caller, recipient),
            now=clock.now(),
            source=source,
            by=author_of(caller),
            reason=reason,
        )
        try:
            await provider.unsubscribe(command)
        except Refused:
            raise
        except Exception as error:
            raise NewsletterProviderFailed() from error

    async def evidence(self, caller: Caller, recipient: str) -> list[Consent]:
        """Return how a recipient subscribed and unsubscribed. Raises NotPermitted."""
        caller.require(Right.MANAGE_SUBSCRIPTIONS)
        async with self.database.read() as tx:
            return await store.evidence(tx, caller.organization_id, recipient)

    async def create(self, caller: Caller, new: Any) -> Subscription:
        """Subscribe `recipient`, under an optional `name`. Raises as `subscribe`."""
        caller.require(self.write_right)
        return await self.subscribe(
            caller, new.get("recipient"), source="native", name=new.get("name")
        )

    async def delete(self, caller: Caller, record_id: Any) -> None:
        """End a subscription by its id. Raises UnknownSubscription, NotPermitted."""
        caller.require(self.write_right)
        found = await self.get(caller, record_id)
        await self.unsubscribe(caller, found.recipient, source="native")

    async def _update(
        self, tx: Transaction, caller: Caller, record_id: Any, values: dict[str, Any]
    ) -> Subscription:
        changed = await super()._update(tx, caller, record_id, values)
        if values.get("active"):
            await store.want_marketing(tx, [(caller.organization_id, changed.recipient)])
        return changed

    def _chosen(self) -> Provider:
        if self._provider is None:
            raise NoNewsletterProvider()
        return self._provider

    def _address(self, caller: Caller, recipient: str | None) -> str:
        if recipient is None or not recipient.strip():
            raise MissingValue("recipient")
        if recipient != SELF:
            return checked_email(recipient)
        if not caller.is_somebody:
            raise LoginRequired()
        if caller.email is None:
            raise InvalidEmail("", "the caller has no e-mail address")
        return caller.email

    def _own_address(self, caller: Caller, recipient: str) -> str:
        """Return the address if it is the caller's own, or if the caller may ask for others."""
        if not (caller.is_somebody or self._open_status):
            raise LoginRequired()
        address = self._address(caller, recipient)
        own = caller.email is not None and folded(caller.email) == folded(address)
        if not (own or self._open_status or Right.MANAGE_SUBSCRIPTIONS in caller.rights):
            raise NotPermitted(Right.MANAGE_SUBSCRIPTIONS.value)
        return address
