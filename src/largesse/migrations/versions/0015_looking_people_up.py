"""Names and telephones that customers are looked up by, and the reasons of consents."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from largesse.core.customers.model import name_key, phone_key
from largesse.storage.types import code_points

revision = "0015"
down_revision = "0014"

PHONES = ("phone", "mobile_phone", "business_phone")

INDEXES = {
    "ix_customers_name_key": ("customers", "name_key", "id"),
    "ix_customers_kind": ("customers", "kind", "id"),
    "ix_customers_active_id": ("customers", "active", "id"),
    "ix_subscriptions_active": ("subscriptions", "active", "id"),
    "ix_suppressions_reason": ("suppressions", "reason", "id"),
}

ADDRESSES = {"customers": "email_key", "subscriptions": "recipient_key"}
"""Columns of which beginnings are looked up from here on."""

AT_ONCE = 1000


def upgrade() -> None:
    """Go up."""
    name = sa.Column("name_key", code_points(200), nullable=False, server_default="")
    op.add_column("customers", name)
    for phone in PHONES:
        op.add_column("customers", sa.Column(f"{phone}_key", code_points(50), nullable=True))
    _fill()
    for index, (table, *columns) in INDEXES.items():
        op.create_index(index, table, ["organization_id", *columns])
    for phone in PHONES:
        there = sa.text(f"{phone}_key IS NOT NULL")
        op.create_index(
            f"ix_customers_{phone}_key",
            "customers",
            ["organization_id", f"{phone}_key"],
            sqlite_where=there,
            postgresql_where=there,
        )
    op.add_column("consents", sa.Column("reason", sa.String(400), nullable=True))
    _collate('"C"')


def _fill() -> None:
    """Fill the keys of the customers that there are."""
    bind = op.get_bind()
    columns = ("organization_id", "id", "name", "name_key", *PHONES, *(f"{p}_key" for p in PHONES))
    customers = sa.table("customers", *map(sa.column, columns))
    here = customers.c
    keys = sa.tuple_(here.organization_id, here.id)
    page = sa.select(customers).order_by(here.organization_id, here.id).limit(AT_ONCE)
    change = (
        sa.update(customers)
        .where(here.organization_id == sa.bindparam("o"), here.id == sa.bindparam("i"))
        .values({f"{one}_key": sa.bindparam(f"{one}_k") for one in ("name", *PHONES)})
    )
    rows = bind.execute(page).all()
    while rows:
        bind.execute(change, [_keys(row) for row in rows])
        last = sa.tuple_(rows[-1].organization_id, rows[-1].id)
        rows = bind.execute(page.where(keys > last)).all()


def _keys(row: Any) -> dict[str, Any]:
    phones = {f"{one}_k": phone_key(getattr(row, one)) for one in PHONES}
    return phones | {"o": row.organization_id, "i": row.id, "name_k": name_key(row.name)}


def _collate(collation: str) -> None:
    """Let PostgreSQL keep addresses in this order; SQLite has always had that of their bytes."""
    if op.get_bind().dialect.name == "postgresql":
        for table, column in ADDRESSES.items():
            kind = f"VARCHAR(254) COLLATE {collation}"
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind}")


def downgrade() -> None:
    """Go down."""
    _collate('"default"')
    for index, (table, *_) in INDEXES.items():
        op.drop_index(index, table)
    op.execute("ALTER TABLE consents DROP COLUMN reason")
    for phone in PHONES:
        op.drop_index(f"ix_customers_{phone}_key", "customers")
    # In place: a table that is copied and dropped takes along what refers to it.
    for column in ("name_key", *(f"{phone}_key" for phone in PHONES)):
        op.execute(f"ALTER TABLE customers DROP COLUMN {column}")
