"""Every query of newsletter."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from largesse.core.errors import AlreadySubscribed, UnknownSubscription
from largesse.core.events.model import Author, EventKind
from largesse.core.events.store import record
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
from largesse.core.search.browse import Shelf, beginning
from largesse.core.suppressions.model import Reason, address_key, suppressions
from largesse.core.suppressions.store import take_back
from largesse.core.text import folded
from largesse.storage.database import Transaction
from largesse.storage.records import change, find, find_all

SUBSCRIPTION_SHELF = Shelf(
    subscriptions,
    filters={"active": subscriptions.c.active},
    orders={"recipient": subscriptions.c.recipient_key},
    lookups=(beginning(subscriptions.c.recipient_key),),
)


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
    rows = [
        {
            "organization_id": command.organization_id,
            "id": new_id(),
            "recipient": command.recipient,
            "recipient_key": folded(command.recipient),
            "name": command.name,
            "active": command.active,
            "created_at": command.now,
            "updated_at": command.now,
        }
        for command in commands
    ]
    # Sorted, so that two batches never wait for each other in a circle.
    ordered = sorted(rows, key=lambda row: (row["organization_id"], row["recipient_key"]))
    added = {
        row.id: value_of(Subscription, row)
        for row in await tx.insert_new(subscriptions, ordered, returning=(subscriptions,))
    }
    outcomes: list[Subscription | Exception] = [
        added.get(row["id"]) or AlreadySubscribed(command.recipient)
        for row, command in zip(rows, commands, strict=True)
    ]
    await _keep_evidence(tx, commands, outcomes, "subscribed")
    await want_marketing(
        tx,
        [
            (command.organization_id, command.recipient)
            for command, outcome in zip(commands, outcomes, strict=True)
            if isinstance(outcome, Subscription) and outcome.active
        ],
    )
    for command, outcome in zip(commands, outcomes, strict=True):
        if isinstance(outcome, Subscription):
            _tell(tx, command, EventKind.SUBSCRIBED, outcome.id, active=outcome.active)
    return outcomes


async def unsubscribe(tx: Transaction, commands: Sequence[Unsubscribe]) -> list[Exception | None]:
    """End each recipient's subscription; return None or the refusal of each, in order."""
    asked: dict[int, set[str]] = {}
    for command in commands:
        asked.setdefault(command.organization_id, set()).add(folded(command.recipient))
    gone: dict[tuple[int, str], UUID] = {}
    for organization_id, keys in sorted(asked.items()):
        rows = await tx.rows(
            delete(subscriptions)
            .where(
                subscriptions.c.organization_id == organization_id,
                tx.engine.any_of(subscriptions.c.recipient_key, sorted(keys)),
            )
            .returning(subscriptions.c.recipient_key, subscriptions.c.id)
        )
        gone.update({(organization_id, row.recipient_key): row.id for row in rows})
    outcomes: list[Exception | None] = []
    for command in commands:
        key = (command.organization_id, folded(command.recipient))
        # Of two commands for one recipient the first one ends the subscription.
        found = gone.pop(key, None)
        if found is None:
            outcomes.append(UnknownSubscription(command.recipient, "recipient"))
        else:
            outcomes.append(None)
            _tell(tx, command, EventKind.UNSUBSCRIBED, found)
    await _keep_evidence(tx, commands, outcomes, "unsubscribed")
    return outcomes


async def confirm(
    tx: Transaction, by: Author, recipient: str, *, now: datetime, source: str
) -> bool:
    """Make a recipient's subscription count, if it does not yet; False: there is none."""
    organization_id, key = by.organization_id, folded(recipient)
    found = await find(tx, subscriptions, organization_id, subscriptions.c.recipient_key == key)
    if found is None:
        return False
    changed = await change(
        tx,
        subscriptions,
        organization_id,
        subscriptions.c.id == found.id,
        subscriptions.c.active.is_(False),
        values={"active": True, "updated_at": now},
    )
    if changed is not None:
        await want_marketing(tx, [(organization_id, recipient)])
        row = _evidence(organization_id, recipient, "confirmed", source, now, by.user_id)
        await tx.execute(consents.insert(), [row])
        subject, told = ("subscription", found.id), {"source": source}
        before, after = {"active": False}, {"active": True}
        record(tx, by, "subscription.changed", subject, before=before, after=after, data=told)
    return True


async def want_marketing(tx: Transaction, recipients: Sequence[tuple[int, str]]) -> None:
    """Let recipients, each of an organization, have marketing again who had unsubscribed."""
    keys: dict[int, set[str]] = {}
    for organization_id, recipient in recipients:
        keys.setdefault(organization_id, set()).add(address_key(recipient))
    for organization_id, wanted in sorted(keys.items()):
        await take_back(
            tx,
            organization_id,
            suppressions.c.reason == Reason.UNSUBSCRIBED,
            tx.engine.any_of(suppressions.c.address_key, sorted(wanted)),
        )


def _tell(
    tx: Transaction,
    command: Subscribe | Unsubscribe,
    kind: EventKind,
    subscription_id: UUID,
    **more: Any,
) -> None:
    fields = {"recipient": command.recipient, **more}
    before, after = (None, fields) if isinstance(command, Subscribe) else (fields, None)
    subject, told = ("subscription", subscription_id), {"source": command.source}
    record(tx, command.by, kind, subject, before=before, after=after, data=told)


async def _keep_evidence(
    tx: Transaction,
    commands: Sequence[Subscribe | Unsubscribe],
    outcomes: Sequence[object],
    action: str,
) -> None:
    rows = [
        _evidence(
            command.organization_id,
            command.recipient,
            action,
            command.source,
            command.now,
            command.by.user_id,
            command.reason,
        )
        for command, outcome in zip(commands, outcomes, strict=True)
        if not isinstance(outcome, Exception)
    ]
    if rows:
        await tx.execute(consents.insert(), rows)


def _evidence(
    organization_id: int,
    recipient: str,
    action: str,
    source: str,
    now: datetime,
    user_id: UUID | None,
    reason: str | None = None,
) -> dict[str, Any]:
    return {
        "organization_id": organization_id,
        "id": new_id(),
        "recipient_key": folded(recipient),
        "action": action,
        "source": source,
        "reason": reason,
        "user_id": user_id,
        "created_at": now,
    }


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
