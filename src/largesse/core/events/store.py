"""Every query of events."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, select

from largesse.core.access.model import Caller, organizations, users
from largesse.core.events.model import ANONYMOUS, SYSTEM, WORKER, Author, author_of, events
from largesse.core.ids import first_id_at, moment_of, new_id, new_uuids, parsed_id
from largesse.core.text import folded
from largesse.storage.database import Transaction
from largesse.storage.records import find_all

Subject = tuple[str, UUID | int | str]
"""The kind and the id of what an event is about, e.g. ("campaign", campaign.id)."""

COLUMNS = list(events.c)
NAMES = [column.name for column in COLUMNS]
"""What `event_row` gives, in the order of the table."""

PRUNED = 5000
"""Lines that are deleted in one transaction at most."""


def record(
    tx: Transaction,
    by: Caller | Author,
    kind: str,
    subject: Subject,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Add a line to the log when the transaction commits; if it does not, there is none.

    All lines of a transaction, or of a batch of commands, are one insert. Inside a group commit
    `by` must be the command's own author: see `Author`. No value may be a secret.
    """
    tx.at_end(write, event_row(by, kind, subject, before=before, after=after, data=data))


def event_row(
    by: Caller | Author,
    kind: str,
    subject: Subject,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a line of the log as a row of `events`, for a statement that inserts it itself."""
    author = by if isinstance(by, Author) else author_of(by)
    event_id = new_id()
    return {
        "organization_id": author.organization_id,
        "id": event_id,
        "kind": kind,
        "subject_kind": subject[0],
        "subject_id": str(subject[1]),
        "actor": author.actor,
        "user_id": author.user_id,
        "key_id": author.key_id,
        "unit_id": author.unit_id,
        "request_id": author.request_id,
        "before": before,
        "after": after,
        "data": data or {},
        # The id's own, so that a time is looked for by the primary key.
        "created_at": moment_of(event_id),
    }


BEGUN = (
    *("id", "created_at", "organization_id"),
    *("actor", "user_id", "key_id", "unit_id", "request_id"),
)
"""What `begun` gives."""


def begun(authors: Sequence[Author]) -> list[tuple[Any, ...]]:
    """Return the values of `BEGUN` in a line of each author, for lines of one moment."""
    ids = new_uuids(len(authors))
    moment = moment_of(ids[0])
    return [
        (event_id, moment, a.organization_id, a.actor, a.user_id, a.key_id, a.unit_id, a.request_id)
        for event_id, a in zip(ids, authors, strict=True)
    ]


async def write(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert lines of the log by one statement."""

    def build() -> Any:
        given = tx.engine.given("given", COLUMNS)
        return insert(events).from_select(NAMES, select(*given.c))

    values = [tuple(row.values()) for row in rows]
    given = tx.engine.give("given", COLUMNS, values)
    await tx.execute(tx.prepared("insert events", build), given)


async def write_each(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> list[None]:
    """Add lines that tell of nothing else that is written, as a batch of a group commit."""
    for row in rows:
        tx.at_end(write, row)
    return [None] * len(rows)


async def page(
    tx: Transaction,
    organization_id: int,
    *,
    after: UUID | None,
    limit: int,
    filters: Mapping[str, Any],
    hidden: Collection[str],
) -> Sequence[Any]:
    """Return lines behind an id, oldest first, but those of hidden subjects; see `Events.page`."""
    where = [_condition(organization_id, name, wanted) for name, wanted in filters.items()]
    if hidden:
        where.append(events.c.subject_kind.not_in(sorted(hidden)))
    if after is not None:
        where.append(events.c.id > after)
    # The first is the same in every line that is found. PostgreSQL does not see that of a NULL,
    # and would sort all lines of nobody.
    order = (events.c.user_id, events.c.id) if "actor" in filters else (events.c.id,)
    return await find_all(tx, events, organization_id, *where, order=order, limit=limit)


def _condition(organization_id: int, name: str, wanted: Any) -> ColumnElement[bool]:
    column = events.c
    if name == "since":
        return column.id >= first_id_at(wanted)
    if name == "until":
        return column.id < first_id_at(wanted)
    if name == "actor":
        return _by(organization_id, wanted)
    return cast(ColumnElement[bool], column[name] == wanted)


def _by(organization_id: int, actor: str) -> ColumnElement[bool]:
    if actor in (ANONYMOUS, SYSTEM, WORKER):
        # Behind the users in the same index.
        return events.c.user_id.is_(None) & (events.c.actor == actor)
    if (user_id := parsed_id(actor)) is not None:
        return events.c.user_id == user_id
    named = select(users.c.id).where(
        users.c.organization_id == organization_id, users.c.username_key == folded(actor)
    )
    return events.c.user_id == named.scalar_subquery()


async def prune(tx: Transaction, before: datetime) -> int:
    """Delete lines from before a moment, of each organization some; return how many."""
    count = 0
    for row in await tx.rows(select(organizations.c.id).order_by(organizations.c.id)):
        old = select(events.c.id).where(
            events.c.organization_id == row.id, events.c.id < first_id_at(before)
        )
        count += await tx.execute(
            delete(events).where(
                events.c.organization_id == row.id,
                events.c.id.in_(old.order_by(events.c.id).limit(PRUNED)),
            )
        )
    return count
