"""Batches of grants at size."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Go up."""
