"""Batches of grants at size: grants expire, and are found by what they are listed by."""

import sqlalchemy as sa
from alembic import op

from largesse.storage.types import Utc

revision = "0008"
down_revision = "0007"

LISTED_BY = ("customer_id", "job_id", "source_id")


def upgrade() -> None:
    """Go up."""
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.add_column(sa.Column("expires_at", Utc(), nullable=True))
    op.drop_index("ix_grants_recipient", "grants")
    op.drop_index("ix_grants_job_id", "grants")
    for name in LISTED_BY:
        _index(name, name, sa.text(f"{name} IS NOT NULL"))
    _index("email", "recipient_key", sa.text("customer_id IS NULL"))
    op.create_index("ix_grants_promotion_id", "grants", ["organization_id", "promotion_id", "id"])


def _index(name: str, column: str, where: sa.TextClause) -> None:
    op.create_index(
        f"ix_grants_{name}",
        "grants",
        ["organization_id", column, "id"],
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    """Go down."""
    for name in ("promotion_id", "email", *LISTED_BY):
        op.drop_index(f"ix_grants_{name}", "grants")
    op.create_index("ix_grants_job_id", "grants", ["organization_id", "job_id"])
    op.create_index("ix_grants_recipient", "grants", ["organization_id", "recipient_key"])
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.drop_column("expires_at")
