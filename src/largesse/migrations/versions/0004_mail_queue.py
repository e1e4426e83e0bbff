"""Transports, limits and priorities of the mail queue."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from largesse.storage.types import Utc

revision = "0004"
down_revision = "0003"

IS_OPEN = sa.text("state IN ('queued', 'sending')")
IS_QUEUED = sa.text("state = 'queued' AND lane IS NULL")
IS_ASIDE = sa.text("state = 'queued' AND lane IS NOT NULL")
IS_SENDING = sa.text("state = 'sending'")
IS_WAITING = sa.text("waiting")


def _mails() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("priority", sa.SmallInteger(), nullable=False, server_default="1"),
        sa.Column("template_key", sa.String(length=100), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("list_unsubscribe", sa.Text(), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("lane", sa.String(length=300), nullable=True),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_at", Utc(), nullable=True),
        sa.Column("worker", sa.String(length=100), nullable=True),
        sa.Column("transport", sa.String(length=20), nullable=True),
    )


def _attempts() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("transport", sa.String(length=20), nullable=True),
        sa.Column("worker", sa.String(length=100), nullable=True),
        sa.Column("started_at", Utc(), nullable=True),
        sa.Column("ended_at", Utc(), nullable=True),
    )


def upgrade() -> None:
    """Go up."""
    op.drop_index("ix_mails_due", table_name="mails")
    for column in _mails():
        op.add_column("mails", column)
    for column in _attempts():
        op.add_column("mail_attempts", column)
    for name, columns, condition in (
        ("ix_mails_due", ["priority", "due_at"], IS_QUEUED),
        ("ix_mails_lane", ["lane", "priority", "due_at"], IS_ASIDE),
        ("ix_mails_sending", ["lease_until"], IS_SENDING),
    ):
        op.create_index(name, "mails", columns, sqlite_where=condition, postgresql_where=condition)
    op.create_index(
        "ix_mails_state", "mails", ["organization_id", "state", "id", "reason", "due_at"]
    )
    op.create_table(
        "mail_pauses",
        sa.Column("organization_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_mail_pauses_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "name", name=op.f("pk_mail_pauses")),
    )
    op.create_table(
        "mail_lanes",
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("refilled_at", Utc(), nullable=False),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("blocked_until", Utc(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mail_lanes")),
    )
    op.create_index(
        "ix_mail_lanes_waiting",
        "mail_lanes",
        ["name"],
        sqlite_where=IS_WAITING,
        postgresql_where=IS_WAITING,
    )


def downgrade() -> None:
    """Go down."""
    op.drop_table("mail_lanes")
    op.drop_table("mail_pauses")
    for name in ("ix_mails_state", "ix_mails_sending", "ix_mails_lane", "ix_mails_due"):
        op.drop_index(name, table_name="mails")
    for table, columns in (("mail_attempts", _attempts()), ("mails", _mails())):
        for column in reversed(columns):
            op.drop_column(table, column.name)
    op.create_index(
        "ix_mails_due", "mails", ["due_at"], sqlite_where=IS_OPEN, postgresql_where=IS_OPEN
    )
