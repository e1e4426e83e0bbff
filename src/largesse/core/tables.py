"""The columns that every table of an organization begins with."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, ForeignKeyConstraint, Uuid

from largesse.storage.types import Utc


def organization_column() -> Column[int]:
    """Return the column that leads every primary key, unique key and foreign key.

    Tenants are shards: with the organization first in each key, PostgreSQL can be distributed
    by it (design, section 4), and no statement can forget whose rows it means.
    """
    return Column(
        "organization_id",
        BigInteger,
        ForeignKey("organizations.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )


def id_column() -> Column[Any]:
    """Return a UUIDv7 column that completes the primary key."""
    return Column("id", Uuid, primary_key=True)


def created_at() -> Column[Any]:
    """Return the column for the moment a row was made."""
    return Column("created_at", Utc, nullable=False)


def updated_at() -> Column[Any]:
    """Return the column for the moment a row was last changed."""
    return Column("updated_at", Utc, nullable=False)


def reference(
    columns: str | Sequence[str], target: str, *, ondelete: str | None = None
) -> ForeignKeyConstraint:
    """Return a foreign key inside one organization, e.g. `reference("unit_id", "units.id")`."""
    names = [columns] if isinstance(columns, str) else list(columns)
    table, column = target.split(".")
    return ForeignKeyConstraint(
        ["organization_id", *names],
        [f"{table}.organization_id", f"{table}.{column}"],
        ondelete=ondelete,
    )
