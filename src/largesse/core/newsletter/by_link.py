"""What recipients do by links in their mails, without a login."""

from largesse.core import clock
from largesse.core.errors import (
    NewsletterProviderFailed,
    Refused,
    UnknownSubscription,
)
from largesse.core.events.model import ANONYMOUS, Author
from largesse.core.events.store import record
from largesse.core.newsletter import store
from largesse.core.newsletter.model import Unsubscribe
from largesse.core.newsletter.service import Provider
from largesse.core.request import request_id
from largesse.core.suppressions.model import Reason
from largesse.core.suppressions.store import suppress, suppression_row
from largesse.core.templates.links import Links, Purpose
from largesse.storage.database import Database

SOURCE = "link"
"""What the evidence of consent says of it."""


class ByLink:
    """Ends and confirms subscriptions for whoever holds a link that we mailed."""

    def __init__(self, database: Database, provider: Provider | None, links: Links) -> None:
        self._database = database
        self._provider = provider
        self._links = links

    async def address(self, purpose: Purpose, token: str) -> str:
        """Return the address that a link is of, and change nothing. Raises UnknownSubscription."""
        return (await self._read(purpose, token))[1]

    async def unsubscribe(self, token: str) -> str:
        """Mail no more marketing to the address that the link is of; return it.

        It may be done again and again (RFC 8058: mail programs do it for their users).

        Raises:
            UnknownSubscription: we did not make the link.
            NewsletterProviderFailed: marketing has ended, but not the subscription.
        """
        organization_id, address = await self._read(Purpose.UNSUBSCRIBE, token)
        now, by = clock.now(), _by(organization_id)
        row = suppression_row(
            organization_id, address, Reason.UNSUBSCRIBED, source="unsubscribe", now=now
        )
        # First and by itself: whatever a provider does, nothing more is sent from here.
        async with self._database.write() as tx:
            for made in await suppress(tx, [row]):
                told = {"address": address, "reason": made.reason, "source": made.source}
                record(tx, by, "suppression.created", ("suppression", made.id), after=told)
        if self._provider is not None:
            command = Unsubscribe(organization_id, address, now, SOURCE, by)
            try:
                await self._provider.unsubscribe(command)
            except UnknownSubscription:
                pass  # it had marketing without being subscribed, or did this before
            except Refused:
                raise
            except Exception as error:
                raise NewsletterProviderFailed() from error
        return address

    async def confirm(self, token: str) -> str:
        """Make the subscription count that the link is of; return its address.

        Raises:
            UnknownSubscription: we did not make the link, or the subscription has ended.
        """
        organization_id, address = await self._read(Purpose.CONFIRM, token)
        async with self._database.write() as tx:
            found = await store.confirm(
                tx, _by(organization_id), address, now=clock.now(), source=SOURCE
            )
        if not found:
            raise UnknownSubscription(address, "recipient")
        return address

    async def _read(self, purpose: Purpose, token: str) -> tuple[int, str]:
        found = await self._links.read(purpose, token)
        if found is None:
            raise UnknownSubscription(token[:20], "link")
        return found


def _by(organization_id: int) -> Author:
    return Author(organization_id, ANONYMOUS, request_id=request_id())
