"""Transports, limits and priorities of the mail queue."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Go up."""
