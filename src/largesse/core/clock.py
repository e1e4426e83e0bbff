"""The time, in UTC. Every area asks here, so that one replacement moves the clock in a test."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present time, aware, in UTC."""
    return datetime.now(UTC)
