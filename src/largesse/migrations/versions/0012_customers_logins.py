"""Customers' logins, addresses and telephones, and an index of last names."""

import sqlalchemy as sa
from alembic import op

from largesse.core.text import folded
from largesse.storage.types import Utc, code_points

revision = "0012"
down_revision = "0011"

ADDED: dict[str, sa.String] = {
    "last_name_key": code_points(200),
    "mobile_phone": sa.String(50),
    "business_phone": sa.String(50),
    "street": sa.String(400),
    "postal_code": sa.String(40),
    "city": sa.String(200),
    "country": sa.String(200),
    "country_code": sa.String(2),
}

KEYED = """
UPDATE customers SET last_name_key = substr(
    lower(trim(coalesce(nullif(last_name, ''), nullif(company_name, '')))), 1, 200)
"""


def upgrade() -> None:
    """Go up."""
    for name, kind in ADDED.items():
        op.add_column("customers", sa.Column(name, kind, nullable=True))
    op.execute(KEYED)
    _fold()
    op.create_index(
        "ix_customers_last_name_key", "customers", ["organization_id", "last_name_key", "id"]
    )
    op.create_table(
        "customer_logins",
        sa.Column("organization_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.String(254), nullable=False),
        sa.Column("login_key", sa.String(254), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("updated_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_customer_logins_organization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customers.organization_id", "customers.id"],
            name=op.f("fk_customer_logins_organization_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "customer_id", name=op.f("pk_customer_logins")),
        sa.UniqueConstraint(
            "organization_id",
            "login_key",
            name=op.f("uq_customer_logins_organization_id_login_key"),
        ),
    )


def _fold() -> None:
    """Fold the names that SQL's `lower` does not fold as we do: those beyond ASCII."""
    bind = op.get_bind()
    beyond = "GLOB '*[^ -~]*'" if bind.dialect.name == "sqlite" else "~ '[^ -~]'"
    found = bind.execute(
        sa.text(
            "SELECT organization_id AS o, id AS i, last_name, company_name FROM customers"
            f" WHERE last_name_key {beyond}"
        )
    )
    rows = [
        {"o": row.o, "i": row.i, "k": folded(row.last_name or row.company_name)[:200]}
        for row in found
    ]
    if rows:
        statement = "UPDATE customers SET last_name_key = :k WHERE organization_id = :o AND id = :i"
        bind.execute(sa.text(statement), rows)


def downgrade() -> None:
    """Go down."""
    op.drop_table("customer_logins")
    op.drop_index("ix_customers_last_name_key", "customers")
    # In place: a table that is copied and dropped takes along what refers to it.
    for name in ADDED:
        op.execute(f"ALTER TABLE customers DROP COLUMN {name}")
