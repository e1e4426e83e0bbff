"""Events of every use case."""

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Go up."""
