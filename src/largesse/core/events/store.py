"""Every query of events, beside those that are alike for every kind of record."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from largesse.core.events.model import Event, EventKind, SubjectKind, events
from largesse.core.ids import new_id
from largesse.core.records import value_of
from largesse.storage.database import Transaction
from largesse.storage.records import add


async def record(
    tx: Transaction,
    organization_id: int,
    kind: EventKind,
    subject: tuple[SubjectKind, UUID | int | str],
    *,
    data: Mapping[str, Any],
    now: datetime,
) -> Event:
    """Write a line of the log, in the transaction of what it tells."""
    subject_kind, subject_id = subject
    row = await add(
        tx,
        events,
        {
            "organization_id": organization_id,
            "id": new_id(),
            "kind": kind,
            "subject_kind": subject_kind,
            "subject_id": str(subject_id),
            "data": data,
            "created_at": now,
        },
    )
    return value_of(Event, row)
