"""The queries of those who look after an organization's queue of mails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update

from largesse.core.ids import moment_of
from largesse.core.mail.model import MailState, mails
from largesse.core.search.browse import MOST_COUNTED
from largesse.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Count:
    """So many mails are in a state, for a reason."""

    state: MailState
    reason: str | None
    """The kind of their last failure, e.g. `550 5.1.1`."""
    count: int


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there are, as far as they were counted."""

    count: int
    is_more: bool


LOOKED_AT = 10_000
"""The newest failures, by which their reasons are told."""


async def counts(tx: Transaction, organization_id: int) -> tuple[list[Count], datetime | None]:
    """Count an organization's mails by state and reason; return also when the first is or was due.

    It reads an index only, in its order: a million mails take a fraction of a second. Reasons, which
    few mails have, are looked for in the states that have any.
    """
    rows = await tx.rows(_by_state(tx, organization_id))
    found: list[Count] = []
    for row in sorted(rows, key=lambda row: list(MailState).index(MailState(row.state))):
        state, rest = MailState(row.state), row.count
        if row.reasons:
            for reason, count in await tx.rows(_by_reason(tx, organization_id, state)):
                found.append(Count(state, reason, count))
                rest -= count
        if rest:
            found.append(Count(state, None, rest))
    due = [row.due_at for row in rows if row.state == MailState.QUEUED]
    return found, due[0] if due else None


def _by_state(tx: Transaction, organization_id: int) -> Any:
    chosen = select(
        mails.c.state,
        func.count().label("count"),
        func.count(mails.c.reason).label("reasons"),
        func.min(mails.c.due_at, type_=mails.c.due_at.type).label("due_at"),
    )
    chosen = chosen.where(mails.c.organization_id == organization_id).group_by(mails.c.state)
    return tx.engine.walk(chosen, mails, index="ix_mails_state")


def _by_reason(tx: Transaction, organization_id: int, state: MailState) -> Any:
    count = func.count()
    chosen = select(mails.c.reason, count).where(
        mails.c.organization_id == organization_id,
        mails.c.state == state,
        mails.c.reason.is_not(None),
    )
    chosen = tx.engine.walk(chosen, mails, index="ix_mails_state")
    return chosen.group_by(mails.c.reason).order_by(count.desc(), mails.c.reason)


async def counted(tx: Transaction, organization_id: int, state: MailState) -> Counted:
    """Count the mails in a state, up to MOST_COUNTED."""
    some = _in_state(tx, organization_id, state).limit(MOST_COUNTED + 1)
    count = int(await tx.value(select(func.count()).select_from(some.subquery())))
    return Counted(min(count, MOST_COUNTED), count > MOST_COUNTED)


async def newest_failures(tx: Transaction, organization_id: int) -> list[Count]:
    """Count the newest of the mails that failed or are uncertain, by their reasons."""
    found: list[Count] = []
    for state in (MailState.FAILED, MailState.UNCERTAIN):
        newest = _in_state(tx, organization_id, state, mails.c.reason)
        some = newest.order_by(mails.c.id.desc()).limit(LOOKED_AT).subquery()
        rows = await tx.rows(select(some.c.reason, func.count()).group_by(some.c.reason))
        found += [Count(state, reason, count) for reason, count in rows]
    return sorted(found, key=lambda one: -one.count)


async def waiting_since(tx: Transaction, organization_id: int) -> datetime | None:
    """Return when the oldest of the mails that wait was made."""
    oldest = _in_state(tx, organization_id, MailState.QUEUED).order_by(mails.c.id).limit(1)
    row = await tx.row(oldest)
    return None if row is None else moment_of(row.id)


def _in_state(tx: Transaction, organization_id: int, state: MailState, *more: Any) -> Any:
    chosen = select(mails.c.id, *more).where(
        mails.c.organization_id == organization_id, mails.c.state == state
    )
    return tx.engine.walk(chosen, mails, index="ix_mails_state")


async def chosen(
    tx: Transaction,
    organization_id: int,
    state: MailState,
    filters: Mapping[str, Any],
    *,
    limit: int,
) -> list[UUID]:
    """Return the ids of mails in a state that the filters fit, oldest first, and hold them."""
    where: list[ColumnElement[bool]] = [
        mails.c.organization_id == organization_id,
        mails.c.state == state,
    ]
    for name, wanted in filters.items():
        if name == "domain":
            recipient = func.lower(mails.c.recipient)
            where.append(or_(*(tx.engine.matches(recipient, f"*@{one}") for one in _forms(wanted))))
        else:
            where.append(mails.c[name] == wanted)
    statement = select(mails.c.id).where(*where).order_by(mails.c.id).limit(limit)
    # Waiting for a worker that looks at one of them: passed over, it would be missing.
    walked = tx.engine.walk(statement, mails, index="ix_mails_state")
    rows = await tx.rows(tx.engine.hold(walked))
    return [row.id for row in rows]


async def change(
    tx: Transaction, organization_id: int, ids: Sequence[UUID], values: Mapping[str, Any]
) -> None:
    """Change mails that are held."""
    if ids:
        await tx.execute(
            update(mails)
            .where(
                mails.c.organization_id == organization_id,
                tx.engine.any_of(mails.c.id, ids),
            )
            .values(**values)
        )


def _forms(domain: str) -> set[str]:
    """Return a domain as it is in ASCII and as people write it: addresses are kept as given."""
    try:
        return {domain, domain.encode().decode("idna")}
    except UnicodeError:
        return {domain}
