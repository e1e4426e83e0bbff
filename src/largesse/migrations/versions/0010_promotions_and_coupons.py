"""Second factors, folders and languages of promotions, coupons, and an index for each list."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from largesse.storage.types import Utc, code_points

revision = "0010"
down_revision = "0009"

ADDED: dict[str, tuple[Callable[[], sa.Column[Any]], ...]] = {
    "users": (
        lambda: sa.Column("totp_secret", sa.String(200), nullable=True),
        lambda: sa.Column("totp_step", sa.BigInteger(), nullable=True),
    ),
    "promotions": (
        lambda: sa.Column("applies_to", sa.String(10), nullable=True),
        lambda: sa.Column("folder_id", sa.BigInteger(), nullable=True),
        lambda: sa.Column("locale", sa.String(20), nullable=True),
        lambda: sa.Column("translations", _json(), nullable=False, server_default="{}"),
        lambda: sa.Column("search_key", sa.Text(), nullable=False, server_default=""),
    ),
    "campaigns": (
        lambda: sa.Column("codes_start_at", Utc(), nullable=True),
        lambda: sa.Column("uses_per_code", sa.Integer(), nullable=True),
        lambda: sa.Column("pool_size", sa.BigInteger(), nullable=True),
    ),
}
INDEXES: dict[str, dict[str, tuple[str, ...]]] = {
    "promotions": {
        "enabled": ("enabled", "id"),
        "applies_to": ("applies_to", "id"),
        "folder_id": ("folder_id", "id"),
    },
    "campaigns": {
        "code_source": ("code_source", "state", "id"),
        "code_prefix": ("code_prefix",),
    },
    "promotion_folders": {
        "parent_id": ("parent_id",),
        "path": ("path", "id"),
        "name": ("name", "id"),
    },
    "campaign_promotions": {"promotion_id": ("promotion_id", "campaign_id")},
}
SEARCHED = """
SELECT organization_id, id, key, title FROM promotions
"""
FILL = """
UPDATE promotions SET search_key = :search_key
WHERE organization_id = :organization_id AND id = :id
"""
FIRST_PROMOTIONS = """
INSERT INTO campaign_promotions (organization_id, campaign_id, promotion_id, pos)
SELECT organization_id, id, promotion_id, 0 FROM campaigns WHERE promotion_id IS NOT NULL
"""


def upgrade() -> None:
    """Go up."""
    for table, columns in ADDED.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in columns:
                batch_op.add_column(column())
    _search_keys()
    _folders()
    _campaign_promotions()
    op.execute(FIRST_PROMOTIONS)
    for table, indexes in INDEXES.items():
        for name, walked in indexes.items():
            op.create_index(f"ix_{table}_{name}", table, ["organization_id", *walked])


def _json() -> sa.JSON:
    return sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _search_keys() -> None:
    """Fold by Python, as the service does: a database folds other letters or none."""
    connection = op.get_bind()
    rows = [
        {
            "organization_id": row.organization_id,
            "id": row.id,
            "search_key": f"{row.key}\n{row.title}".casefold(),
        }
        for row in connection.execute(sa.text(SEARCHED))
    ]
    if rows:
        connection.execute(sa.text(FILL), rows)


def _folders() -> None:
    op.create_table(
        "promotion_folders",
        sa.Column("organization_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("name", code_points(200), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("path", code_points(600), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("updated_at", Utc(), nullable=False),
        _reference("promotion_folders", "parent_id", "promotion_folders"),
        _owner("promotion_folders"),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_promotion_folders")),
    )


def _campaign_promotions() -> None:
    table = "campaign_promotions"
    op.create_table(
        table,
        sa.Column("organization_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("promotion_id", sa.Uuid(), nullable=False),
        sa.Column("pos", sa.Integer(), nullable=False),
        _reference(table, "campaign_id", "campaigns", ondelete="CASCADE"),
        _reference(table, "promotion_id", "promotions"),
        _owner(table),
        sa.PrimaryKeyConstraint(
            "organization_id", "campaign_id", "promotion_id", name=op.f(f"pk_{table}")
        ),
    )


def _reference(
    table: str, column: str, target: str, *, ondelete: str | None = None
) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id", column],
        [f"{target}.organization_id", f"{target}.id"],
        name=op.f(f"fk_{table}_organization_id_{column}"),
        ondelete=ondelete,
    )


def _owner(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id"],
        ["organizations.id"],
        name=op.f(f"fk_{table}_organization_id"),
        ondelete="CASCADE",
    )


def downgrade() -> None:
    """Go down."""
    op.drop_table("campaign_promotions")
    op.drop_table("promotion_folders")
    for table in ("promotions", "campaigns"):
        for name in INDEXES[table]:
            op.drop_index(f"ix_{table}_{name}", table)
    for table, columns in ADDED.items():
        # In place: a table that is copied and dropped takes along what refers to it.
        for column in columns:
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column().name}")
    op.execute("DELETE FROM sequences WHERE name IN ('promotion_folders', 'promotions')")
