"""Codes are ordered by their characters' numbers, so that their index finds beginnings."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Go up."""
    _collate("C")


def downgrade() -> None:
    """Go down."""
    _collate("default")


def _collate(collation: str) -> None:
    # SQLite orders all texts so.
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f'ALTER TABLE codes ALTER COLUMN code_key TYPE VARCHAR(64) COLLATE "{collation}"'
        )
