"""Customers with numbers, lists with days, lists of single customers, and an index for each sort."""

import sqlalchemy as sa
from alembic import op

from largesse.storage.types import Utc, code_points

revision = "0009"
down_revision = "0008"

INDEXES = {
    "customer_groups": ("name", "created_at", "updated_at"),
    "promotion_lists": (
        *("starts_on", "ends_on", "enabled", "applies_to_all", "created_at", "updated_at"),
    ),
    "assignments": ("group_id", "list_id"),
    "customer_group_members": ("customer_id", "group_id", "created_at", "updated_at"),
    "customer_assignments": ("customer_id", "list_id", "created_at", "updated_at"),
}
OF_CUSTOMERS = ("name", "reference", "category", "active", "created_at", "updated_at")

COLLATED = (
    ("customer_groups", "reference"),
    ("customer_groups", "name"),
    ("promotion_lists", "reference"),
)
"""Texts that are ordered by code point from here on."""

NUMBERED = """
UPDATE customers SET
    number = counted.n,
    reference = coalesce(counted.value, upper(replace(CAST(id AS VARCHAR(36)), '-', ''))),
    name = coalesce(nullif(company_name, ''), trim(
        coalesce(nullif(first_name, '') || ' ', '') || coalesce(nullif(middle_name, '') || ' ', '')
        || coalesce(last_name, '')))
FROM (
    SELECT c.organization_id AS o, c.id AS i, named.value,
        row_number() OVER (PARTITION BY c.organization_id ORDER BY c.created_at, c.id) AS n
    FROM customers AS c LEFT JOIN customer_identifiers AS named
    ON named.organization_id = c.organization_id AND named.kind = 'customer_id'
    AND named.customer_id = c.id
) AS counted
WHERE organization_id = counted.o AND id = counted.i
"""
LAST_NUMBERS = """
INSERT INTO sequences (organization_id, name, value)
SELECT organization_id, '{table}', max({column}) FROM {table} GROUP BY organization_id
"""
MEMBERS = """
INSERT INTO customer_group_members
    (organization_id, id, customer_id, group_id, created_at, updated_at)
SELECT organization_id,
    row_number() OVER (PARTITION BY organization_id ORDER BY created_at, group_id, customer_id),
    customer_id, group_id, created_at, created_at
FROM old_members
"""


def upgrade() -> None:
    """Go up."""
    _collate(code_points(200), "C")
    _customers()
    with op.batch_alter_table("promotion_lists", schema=None) as batch_op:
        batch_op.add_column(sa.Column("starts_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("ends_on", sa.Date(), nullable=True))
        batch_op.add_column(
            sa.Column("enabled", sa.Boolean(), nullable=False, server_default=sa.true())
        )
    op.drop_index("ix_assignments_list_id", "assignments")
    op.execute("CREATE TABLE old_members AS SELECT * FROM customer_group_members")
    op.drop_table("customer_group_members")
    _pairs("customer_group_members", "customer_id", "group_id")
    op.execute(MEMBERS)
    op.drop_table("old_members")
    op.execute(LAST_NUMBERS.format(table="customer_group_members", column="id"))
    _pairs("customer_assignments", "customer_id", "list_id")
    for table, columns in INDEXES.items():
        for column in columns:
            op.create_index(f"ix_{table}_{column}", table, ["organization_id", column, "id"])


def _customers() -> None:
    with op.batch_alter_table("customers", schema=None) as batch_op:
        for column in (
            sa.Column("number", sa.BigInteger(), nullable=False, server_default="0"),
            sa.Column("reference", code_points(200), nullable=False, server_default=""),
            sa.Column("name", code_points(602), nullable=False, server_default=""),
            sa.Column("category", code_points(200), nullable=True),
            sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()),
        ):
            batch_op.add_column(column)
    op.execute(NUMBERED)
    op.execute(LAST_NUMBERS.format(table="customers", column="number"))
    op.create_index("uq_customers_number", "customers", ["organization_id", "number"], unique=True)
    for name in OF_CUSTOMERS:
        op.create_index(f"ix_customers_{name}", "customers", ["organization_id", name, "number"])
    op.drop_index("ix_customers_email", "customers")
    op.create_index("ix_customers_email", "customers", ["organization_id", "email_key", "number"])


REFERENCES = {
    "customer_id": ("customers", "CASCADE"),
    "group_id": ("customer_groups", "CASCADE"),
    # Whoever deletes a list has to end its assignments first, as with groups.
    "list_id": ("promotion_lists", None),
}


def _pairs(table: str, first: str, second: str) -> None:
    keys = [
        sa.ForeignKeyConstraint(
            ["organization_id", column],
            [f"{REFERENCES[column][0]}.organization_id", f"{REFERENCES[column][0]}.id"],
            name=op.f(f"fk_{table}_organization_id_{column}"),
            ondelete=REFERENCES[column][1],
        )
        for column in (first, second)
    ]
    unique = (
        "organization_id",
        *(("group_id", first) if second == "group_id" else (first, second)),
    )
    op.create_table(
        table,
        sa.Column("organization_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(first, sa.Uuid(), nullable=False),
        sa.Column(second, sa.BigInteger(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("updated_at", Utc(), nullable=False),
        *keys,
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f(f"fk_{table}_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(*unique, name=op.f(f"uq_{table}_{'_'.join(unique)}")),
    )


def _collate(kind: sa.String, collation: str) -> None:
    """Order texts otherwise; SQLite orders all of them by code point."""
    if op.get_bind().dialect.name == "postgresql":
        for table, column in COLLATED:
            op.execute(
                f"ALTER TABLE {table} ALTER COLUMN {column}"
                f' TYPE VARCHAR({kind.length}) COLLATE "{collation}"'
            )


def downgrade() -> None:
    """Go down."""
    op.drop_table("customer_assignments")
    op.execute("CREATE TABLE old_members AS SELECT * FROM customer_group_members")
    op.drop_table("customer_group_members")
    _first_members()
    op.execute(
        "INSERT INTO customer_group_members (organization_id, group_id, customer_id, created_at)"
        " SELECT organization_id, group_id, customer_id, created_at FROM old_members"
    )
    op.drop_table("old_members")
    for table in ("customer_groups", "promotion_lists", "assignments"):
        for column in INDEXES[table]:
            op.drop_index(f"ix_{table}_{column}", table)
    op.create_index("ix_assignments_list_id", "assignments", ["organization_id", "list_id"])
    op.drop_index("uq_customers_number", "customers")
    op.drop_index("ix_customers_email", "customers")
    op.create_index("ix_customers_email", "customers", ["organization_id", "email_key"])
    for name in OF_CUSTOMERS:
        op.drop_index(f"ix_customers_{name}", "customers")
    for table, columns in (
        ("promotion_lists", ("starts_on", "ends_on", "enabled")),
        ("customers", ("number", "reference", "name", "category", "active")),
    ):
        # In place: a table that is copied and dropped takes along what refers to it.
        for column in columns:
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    op.execute("DELETE FROM sequences WHERE name IN ('customers', 'customer_group_members')")
    _collate(code_points(200), "default")


def _first_members() -> None:
    table = "customer_group_members"
    op.create_table(
        table,
        sa.Column("organization_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                ["organization_id", column],
                [f"{target}.organization_id", f"{target}.id"],
                name=op.f(f"fk_{table}_organization_id_{column}"),
                ondelete="CASCADE",
            )
            for column, target in (("customer_id", "customers"), ("group_id", "customer_groups"))
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f(f"fk_{table}_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "group_id", "customer_id", name=op.f(f"pk_{table}")
        ),
    )
    op.create_index(
        "ix_customer_group_members_customer_id", table, ["organization_id", "customer_id"]
    )
