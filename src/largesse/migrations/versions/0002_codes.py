"""Formats, limits and alarms of campaigns."""

import sqlalchemy as sa
from alembic import op

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


def downgrade() -> None:
    """Go down."""
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
