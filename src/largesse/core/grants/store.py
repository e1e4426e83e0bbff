"""Every query of grants."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from largesse.core.grants.model import IS_ACTIVE, Grant, GrantPromotion, GrantState, grants
from largesse.core.ids import new_id
from largesse.core.text import folded
from largesse.storage.database import Transaction

Key = tuple[int, UUID, str, str]
"""Organization, promotion, recipient's key and once-key: unique among active grants."""


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

    The unique index decides, not a look beforehand: two batches that meet grant once, and of two
    equal commands the first gets the grant. Rows are inserted in the order of their keys, so that
    two batches never wait for each other in a circle. Commands may be of several organizations.
    """
    keys = [
        (command.organization_id, command.promotion_id, recipient_key(command), once_key(command))
        for command in commands
    ]
    held = await _held(tx, [k for k, c in zip(keys, commands, strict=True) if _is_only_one(c)])
    rows = {
        index: _row(commands[index], keys[index])
        for index in sorted(range(len(commands)), key=keys.__getitem__)
        if not (_is_only_one(commands[index]) and keys[index][:3] in held)
    }
    added = await tx.insert_new(grants, list(rows.values()), returning=(grants.c.id,))
    new = {row.id for row in added}
    return [
        _grant(rows[index]) if index in rows and rows[index]["id"] in new else None
        for index in range(len(commands))
    ]


def _is_only_one(command: GrantPromotion) -> bool:
    """Say whether any active grant, from whatever source, stands in the command's way."""
    return command.source_id is None and not command.repeatable


async def _held(tx: Transaction, keys: Sequence[Key]) -> set[tuple[int, UUID, str]]:
    """Return which recipients hold an active grant of which promotion."""
    recipients: defaultdict[tuple[int, UUID], list[str]] = defaultdict(list)
    for organization_id, promotion_id, recipient, _ in keys:
        recipients[organization_id, promotion_id].append(recipient)
    held: set[tuple[int, UUID, str]] = set()
    for (organization_id, promotion_id), wanted in recipients.items():
        rows = await tx.rows(
            select(grants.c.recipient_key).where(
                grants.c.organization_id == organization_id,
                grants.c.promotion_id == promotion_id,
                tx.engine.any_of(grants.c.recipient_key, wanted),
                IS_ACTIVE,
            )
        )
        held.update((organization_id, promotion_id, row.recipient_key) for row in rows)
    return held


def _row(command: GrantPromotion, key: Key) -> dict[str, Any]:
    return {
        "organization_id": command.organization_id,
        "id": new_id(),
        "promotion_id": command.promotion_id,
        "recipient_key": key[2],
        "customer_id": command.customer_id,
        "email": command.email,
        "once_key": key[3],
        "source_id": command.source_id,
        "job_id": command.job_id,
        "state": GrantState.ACTIVE,
        "created_at": command.now,
    }


def _grant(row: dict[str, Any]) -> Grant:
    return Grant(
        id=row["id"],
        promotion_id=row["promotion_id"],
        customer_id=row["customer_id"],
        email=row["email"],
        source_id=row["source_id"],
        job_id=row["job_id"],
        state=row["state"],
        created_at=row["created_at"],
        expires_at=None,
        revoked_at=None,
    )
