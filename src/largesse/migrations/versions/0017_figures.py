"""Figures: counts of what the log tells of."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Go up."""
    op.create_table(
        "figures",
        *_keys("figures"),
        sa.Column("part", sa.String(32), nullable=False),
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "what", "part", "slot", name=op.f("pk_figures")),
    )
    op.create_table(
        "figure_marks",
        *_keys("figure_marks"),
        sa.Column("next_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "what", name=op.f("pk_figure_marks")),
    )


def _keys(table: str) -> tuple[sa.Column[Any] | sa.ForeignKeyConstraint, ...]:
    return (
        sa.Column("organization_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("what", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f(f"fk_{table}_organization_id"),
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    """Go down."""
    op.drop_table("figure_marks")
    op.drop_table("figures")
