"""Codes that were used, and a customer's accounts of one kind in their order."""

import sqlalchemy as sa
from alembic import op

from largesse.storage.types import Utc

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Go up."""
    op.create_table(
        "redemptions",
        sa.Column("organization_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code_id", sa.Uuid(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("created_by_user", sa.Uuid(), nullable=True),
        sa.Column("created_by_unit", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_redemptions_organization_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "code_id"],
            ["codes.organization_id", "codes.id"],
            name="fk_redemptions_organization_id_code_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customers.organization_id", "customers.id"],
            name="fk_redemptions_organization_id_customer_id",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_redemptions"),
        sa.UniqueConstraint(
            "organization_id",
            "code_id",
            "turn",
            name="uq_redemptions_organization_id_code_id_turn",
        ),
    )
    for column in ("code_id", "customer_id"):
        op.create_index(
            f"ix_redemptions_{column}", "redemptions", ["organization_id", column, "id"]
        )
    _index_of_accounts("kind", "id")


def downgrade() -> None:
    """Go down."""
    _index_of_accounts()
    op.drop_table("redemptions")


def _index_of_accounts(*behind: str) -> None:
    name = "ix_accounts_customer_id"
    op.drop_index(name, "accounts")
    op.create_index(name, "accounts", ["organization_id", "customer_id", *behind])
