"""An index by which people look through grants in a state."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Go up."""
    op.create_index("ix_grants_state", "grants", ["organization_id", "state", "id"])


def downgrade() -> None:
    """Go down."""
    op.drop_index("ix_grants_state", "grants")
