"""Bounces, complaints and suppressed addresses."""

import sqlalchemy as sa
from alembic import op

from largesse.storage.types import Utc

revision = "0006"
down_revision = "0005"


def _organization(table: str, *key: str) -> tuple[sa.schema.SchemaItem, ...]:
    """Return the column that every table begins with, and the keys that it is part of."""
    return (
        sa.Column("organization_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f(f"fk_{table}_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", *key, name=op.f(f"pk_{table}")),
    )


def upgrade() -> None:
    """Go up."""
    op.add_column("mails", sa.Column("report", sa.String(length=20), nullable=True))
    op.create_table(
        "suppressions",
        *_organization("suppressions", "id"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("address_key", sa.String(length=254), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("mail_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", Utc(), nullable=False),
        sa.UniqueConstraint(
            "organization_id",
            "address_key",
            "reason",
            name=op.f("uq_suppressions_organization_id_address_key_reason"),
        ),
    )
    op.create_table(
        "soft_bounces",
        *_organization("soft_bounces", "address_key"),
        sa.Column("address_key", sa.String(length=254), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", Utc(), nullable=False),
    )
    op.create_table(
        "mail_reports",
        *_organization("mail_reports", "id"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("once_key", sa.String(length=200), nullable=False),
        sa.Column("mail_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=True),
        sa.Column("diagnostic", sa.Text(), nullable=True),
        sa.Column("created_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "mail_id"],
            ["mails.organization_id", "mails.id"],
            name=op.f("fk_mail_reports_organization_id_mail_id"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "organization_id", "once_key", name=op.f("uq_mail_reports_organization_id_once_key")
        ),
    )
    op.create_index("ix_mail_reports_mail_id", "mail_reports", ["organization_id", "mail_id"])


def downgrade() -> None:
    """Go down."""
    op.drop_table("mail_reports")
    op.drop_table("soft_bounces")
    op.drop_table("suppressions")
    op.drop_column("mails", "report")
