"""Bounces, complaints and suppressed addresses."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Go up."""
