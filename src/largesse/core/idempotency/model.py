"""Tables and values of idempotency."""

from dataclasses import dataclass

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Uuid

from largesse.core.tables import created_at, organization_column, reference
from largesse.storage.types import metadata

LONGEST_KEY = 255
"""Characters of an idempotency key at most."""

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    organization_column(),
    # Keys are a user's own: two clients that count from 1 do not get each other's answers.
    Column("user_id", Uuid, primary_key=True),
    Column("key", String(LONGEST_KEY), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    # Null only inside the transaction that makes the row: it is committed with its answer.
    Column("status", Integer),
    Column("body", LargeBinary),
    created_at(),
    reference("user_id", "users.id", ondelete="CASCADE"),
    Index("ix_idempotency_keys_created_at", "organization_id", "created_at"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client was told: a status of its wire, and the bytes of the body."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Once:
    """The answer to a request, and whether an earlier request with the same key got it."""

    answer: Answer
    replayed: bool
