"""Schedules, and what jobs remember of their progress."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Go up."""
