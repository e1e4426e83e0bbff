"""Indexes by which jobs are listed by their state and kind."""

from alembic import op

revision = "0014"
down_revision = "0013"

INDEXES = ("state", "kind")


def upgrade() -> None:
    """Go up."""
    for name in INDEXES:
        op.create_index(f"ix_jobs_{name}", "jobs", ["organization_id", name, "id"])


def downgrade() -> None:
    """Go down."""
    for name in INDEXES:
        op.drop_index(f"ix_jobs_{name}", "jobs")
