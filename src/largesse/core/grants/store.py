"""Every query of grants."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, tuple_

from largesse.core.grants.model import Grant, GrantPromotion, GrantState, grants
from largesse.core.ids import new_id
from largesse.core.records import value_of
from largesse.core.text import folded
from largesse.storage.database import Transaction

INSERT_CHUNK = 500
"""Grants inserted by one statement; SQLite takes 32,766 parameters."""


def recipient_key(command: GrantPromotion) -> str:
    """Return what a recipient is compared by."""
    if command.customer_id is not None:
        return f"c:{command.customer_id.hex}"
    return f"e:{folded(command.email or '')}"


def once_key(command: GrantPromotion) -> str:
    """Return what a recipient may hold one active grant for (dialects.md, Oracle, `sourceId`).

    With a source: one per source. Without: one per batch if the promotion is repeatable,
    otherwise one at all.
    """
    if command.source_id is not None:
        return f"s:{command.source_id}"
    if command.repeatable and command.job_id is not None:
        return f"j:{command.job_id.hex}"
    return f"g:{new_id().hex}" if command.repeatable else ""


async def insert(tx: Transaction, commands: Sequence[GrantPromotion]) -> list[Grant | None]:
    """Insert a grant for each command; None where the recipient holds it already.

    The unique index decides, not a look beforehand: two batches that meet grant once. Commands
    are inserted in the order of their keys, so that two batches never wait for each other in a
    circle, and the index is walked from left to right.
    """
    keys = [(c.promotion_id, recipient_key(c), once_key(c)) for c in commands]
    held = await _held_without_source(tx, commands)
    added: dict[tuple[Any, str, str], Grant] = {}
    order = sorted(range(len(commands)), key=lambda i: (keys[i][0].int, *keys[i][1:]))
    rows = [
        _row(commands[i], keys[i])
        for i in order
        if commands[i].source_id is not None or commands[i].repeatable or keys[i][:2] not in held
    ]
    for start in range(0, len(rows), INSERT_CHUNK):
        for row in await tx.insert_new(
            grants, rows[start : start + INSERT_CHUNK], returning=(grants,)
        ):
            added[(row.promotion_id, row.recipient_key, row.once_key)] = value_of(Grant, row)
    # A recipient named twice in one list is granted once: the first command gets the grant.
    return [added.pop(key, None) for key in keys]


async def _held_without_source(
    tx: Transaction, commands: Sequence[GrantPromotion]
) -> set[tuple[Any, str]]:
    """Return who holds an active grant, from whatever source, and may have only one."""
    single = [c for c in commands if c.source_id is None and not c.repeatable]
    held: set[tuple[Any, str]] = set()
    for start in range(0, len(single), INSERT_CHUNK):
        part = single[start : start + INSERT_CHUNK]
        rows = await tx.rows(
            select(grants.c.promotion_id, grants.c.recipient_key).where(
                grants.c.organization_id == part[0].organization_id,
                grants.c.state == GrantState.ACTIVE,
                tuple_(grants.c.promotion_id, grants.c.recipient_key).in_(
                    [(c.promotion_id, recipient_key(c)) for c in part]
                ),
            )
        )
        held.update((row.promotion_id, row.recipient_key) for row in rows)
    return held


def _row(command: GrantPromotion, key: tuple[Any, str, str]) -> dict[str, Any]:
    return {
        "organization_id": command.organization_id,
        "id": new_id(),
        "promotion_id": command.promotion_id,
        "recipient_key": key[1],
        "customer_id": command.customer_id,
        "email": command.email,
        "once_key": key[2],
        "source_id": command.source_id,
        "job_id": command.job_id,
        "state": GrantState.ACTIVE,
        "created_at": command.now,
    }
