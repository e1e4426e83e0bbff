"""Events of every use case: who, in which request, before and after."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"

INDEXED = {"user_id": None, "key_id": "key_id IS NOT NULL", "request_id": "request_id IS NOT NULL"}
"""The columns by which lines are looked for, and which rows are in the index."""

REFUSAL = "the log of events is not changed"

POSTGRES = (
    f"""
    CREATE FUNCTION events_stay() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$
    """,
    "CREATE TRIGGER events_stay BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION events_stay()",
)
SQLITE = (
    f"""
    CREATE TRIGGER events_stay BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
    """,
)


def _state() -> Any:
    return sa.JSON(none_as_null=True).with_variant(
        postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
    )


def upgrade() -> None:
    """Go up."""
    for column in (
        sa.Column("actor", sa.String(length=200), nullable=False, server_default="worker"),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("key_id", sa.Uuid(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("before", _state(), nullable=True),
        sa.Column("after", _state(), nullable=True),
    ):
        op.add_column("events", column)
    for name, rows in INDEXED.items():
        where = None if rows is None else sa.text(rows)
        op.create_index(
            f"ix_events_{name}",
            "events",
            ["organization_id", name, "id"],
            postgresql_where=where,
            sqlite_where=where,
        )
    for statement in POSTGRES if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)


def downgrade() -> None:
    """Go down."""
    op.execute(
        "DROP TRIGGER events_stay"
        + (" ON events" if op.get_bind().dialect.name == "postgresql" else "")
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION events_stay")
    for name in INDEXED:
        op.drop_index(f"ix_events_{name}", table_name="events")
    with op.batch_alter_table("events", schema=None) as batch_op:
        for name in ("after", "before", "request_id", "unit_id", "key_id", "user_id", "actor"):
            batch_op.drop_column(name)
