"""The queries of those who look after an organization's queue of mails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update

from largesse.core.mail.model import MailState, mails
from largesse.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Count:
    """So many mails are in a state, for a reason."""

    state: MailState
    reason: str | None
    """The kind of their last failure, e.g. `550 5.1.1`."""
    count: int
    oldest_due_at: datetime


async def counts(tx: Transaction, organization_id: int) -> list[Count]:
    """Count an organization's mails. Reads an index only, which has all that is asked for."""

    def build() -> Any:
        chosen = select(
            mails.c.state,
            mails.c.reason,
            func.count().label("count"),
            func.min(mails.c.due_at, type_=mails.c.due_at.type).label("oldest_due_at"),
        )
        chosen = chosen.where(mails.c.organization_id == organization_id)
        chosen = tx.engine.walk(chosen, mails, index="ix_mails_state")
        return chosen.group_by(mails.c.state, mails.c.reason)

    rows = await tx.rows(build())
    return sorted(
        (Count(MailState(row.state), row.reason, row.count, row.oldest_due_at) for row in rows),
        key=lambda one: (list(MailState).index(one.state), -one.count),
    )


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
    rows = await tx.rows(tx.engine.take(statement, mails, index="ix_mails_state"))
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
