"""Every query of newsletter."""

from collections.abc import Sequence

from sqlalchemy import delete

from largesse.core.errors import AlreadySubscribed, UnknownSubscription
from largesse.core.ids import new_id
from largesse.core.newsletter.model import (
    Consent,
    Subscribe,
    Subscription,
    Unsubscribe,
    consents,
    subscriptions,
)
from largesse.core.records import value_of
from largesse.core.text import folded
from largesse.storage.database import Transaction
from largesse.storage.records import find, find_all


async def subscription(
    tx: Transaction, organization_id: int, recipient: str
) -> Subscription | None:
    """Find a recipient's subscription, however the address was typed."""
    row = await find(
        tx, subscriptions, organization_id, subscriptions.c.recipient_key == folded(recipient)
    )
    return None if row is None else value_of(Subscription, row)


async def subscribe(
    tx: Transaction, commands: Sequence[Subscribe]
) -> list[Subscription | Exception]:
    """Subscribe each recipient; return the subscription or the refusal of each, in order."""
    return [await _subscribe_one(tx, command) for command in commands]


async def _subscribe_one(tx: Transaction, command: Subscribe) -> Subscription | Exception:
    row = {
        "organization_id": command.organization_id,
        "id": new_id(),
        "recipient": command.recipient,
        "recipient_key": folded(command.recipient),
        "name": command.name,
        "active": True,
        "created_at": command.now,
        "updated_at": command.now,
    }
    added = await tx.insert_new(subscriptions, [row], returning=(subscriptions,))
    if not added:
        return AlreadySubscribed(command.recipient)
    await _keep_evidence(tx, command, "subscribed")
    return value_of(Subscription, added[0])


async def unsubscribe(tx: Transaction, commands: Sequence[Unsubscribe]) -> list[Exception | None]:
    """End each recipient's subscription; return None or the refusal of each, in order."""
    return [await _unsubscribe_one(tx, command) for command in commands]


async def _unsubscribe_one(tx: Transaction, command: Unsubscribe) -> Exception | None:
    gone = await tx.execute(
        delete(subscriptions).where(
            subscriptions.c.organization_id == command.organization_id,
            subscriptions.c.recipient_key == folded(command.recipient),
        )
    )
    if not gone:
        return UnknownSubscription(command.recipient, "recipient")
    await _keep_evidence(tx, command, "unsubscribed")
    return None


async def _keep_evidence(tx: Transaction, command: Subscribe | Unsubscribe, action: str) -> None:
    await tx.execute(
        consents.insert().values(
            organization_id=command.organization_id,
            id=new_id(),
            recipient_key=folded(command.recipient),
            action=action,
            source=command.source,
            user_id=command.user_id,
            created_at=command.now,
        )
    )


async def evidence(tx: Transaction, organization_id: int, recipient: str) -> list[Consent]:
    """Return how a recipient subscribed and unsubscribed, first to last."""
    rows = await find_all(
        tx,
        consents,
        organization_id,
        consents.c.recipient_key == folded(recipient),
        order=(consents.c.id,),
    )
    return [value_of(Consent, row) for row in rows]
