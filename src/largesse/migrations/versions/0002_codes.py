"""Formats, limits and alarms of campaigns."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from largesse.storage.types import Utc

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Go up."""
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        for column in (
            sa.Column("code_suffix", sa.String(length=40), nullable=False, server_default=""),
            sa.Column("code_pattern", sa.String(length=64), nullable=True),
            sa.Column("code_check", sa.String(length=10), nullable=False, server_default="none"),
            sa.Column("code_check_length", sa.Integer(), nullable=False, server_default="0"),
            sa.Column("codes_in_all", sa.BigInteger(), nullable=True),
            sa.Column("codes_per_day", sa.BigInteger(), nullable=True),
            sa.Column("when_empty", sa.String(length=10), nullable=False, server_default="refuse"),
            sa.Column("alarm_level", sa.BigInteger(), nullable=True),
        ):
            batch_op.add_column(column)
    op.create_table(
        "code_counts",
        sa.Column("organization_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("given", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "campaign_id"],
            ["campaigns.organization_id", "campaigns.id"],
            name=op.f("fk_code_counts_organization_id_campaign_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_code_counts_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "campaign_id", "day", name=op.f("pk_code_counts")
        ),
    )
    op.create_table(
        "events",
        sa.Column("organization_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.String(length=200), nullable=False),
        sa.Column(
            "data",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("created_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_events_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_kind", "events", ["organization_id", "kind", "id"])
    op.create_index("ix_events_subject_id", "events", ["organization_id", "subject_id", "id"])
    op.create_table(
        "pool_alarms",
        sa.Column("organization_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("alarm_level", sa.BigInteger(), nullable=True),
        sa.Column("level", sa.BigInteger(), nullable=True),
        sa.Column("place", sa.BigInteger(), nullable=True),
        sa.Column("top", sa.BigInteger(), nullable=True),
        sa.Column("gone", sa.BigInteger(), nullable=False),
        sa.Column("early_gone", sa.BigInteger(), nullable=False),
        sa.Column("early_at", Utc(), nullable=True),
        sa.Column("late_gone", sa.BigInteger(), nullable=False),
        sa.Column("late_at", Utc(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("obstacle", sa.String(length=20), nullable=True),
        sa.Column("due_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "campaign_id"],
            ["campaigns.organization_id", "campaigns.id"],
            name=op.f("fk_pool_alarms_organization_id_campaign_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_pool_alarms_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "campaign_id", name=op.f("pk_pool_alarms")),
    )
    op.create_index("ix_pool_alarms_due_at", "pool_alarms", ["due_at"])


def downgrade() -> None:
    """Go down."""
    op.drop_table("pool_alarms")
    op.drop_table("events")
    op.drop_table("code_counts")
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        for name in (
            "alarm_level",
            "when_empty",
            "codes_per_day",
            "codes_in_all",
            "code_check_length",
            "code_check",
            "code_pattern",
            "code_suffix",
        ):
            batch_op.drop_column(name)
