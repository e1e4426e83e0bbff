"""Column types and table helpers that mean the same on both databases."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import JSON, DateTime, Dialect, MetaData, String, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
"""Every table of the product; the core's `model.py` files fill it, Alembic reads it."""

Json = JSON().with_variant(JSONB(), "postgresql")


def code_points(length: int) -> String:
    """Return the type of texts that are ordered by their characters' numbers on every database.

    PostgreSQL orders other texts by its locale, and an index by locale finds no beginnings.
    """
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def json_text(value: Any) -> str:
    """Write a value as JSON."""
    return msgspec.json.encode(value).decode()


class Utc(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no zone, so it is dropped there and put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment without a zone: it would mean another moment on another machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the moment, aware, in UTC."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
