"""What mails are looked up by: their recipients, domains, templates and transports."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from largesse.core.text import folded
from largesse.senders.message import domain_of
from largesse.storage.types import code_points

revision = "0018"
down_revision = "0017"

COLUMNS = ("recipient_key", "domain", "template_key", "transport")

AT_ONCE = 5000
"""Mails that are filled in by one statement."""


def upgrade() -> None:
    """Go up."""
    op.add_column("mails", sa.Column("recipient_key", code_points(254), nullable=True))
    op.add_column("mails", sa.Column("domain", sa.String(255), nullable=True))
    _fill()
    for name in COLUMNS:
        op.create_index(f"ix_mails_{name}", "mails", ["organization_id", name, "id"])


def _fill() -> None:
    """Fill in what is looked up: SQL folds no letters as we do, and knows no domains."""
    bind = op.get_bind()
    mails = sa.table("mails", *(sa.column(n) for n in ("organization_id", "id", "recipient")))
    keys = (mails.c.organization_id, mails.c.id)
    update = sa.text(
        "UPDATE mails SET recipient_key = :k, domain = :d WHERE organization_id = :o AND id = :i"
    )
    last: Any = None
    while True:
        some = sa.select(mails).order_by(*keys).limit(AT_ONCE)
        if last is not None:
            some = some.where(sa.tuple_(*keys) > sa.tuple_(*last))
        rows = bind.execute(some).all()
        if not rows:
            return
        bind.execute(
            update,
            [
                {
                    "o": row.organization_id,
                    "i": row.id,
                    "k": folded(row.recipient)[:254],
                    "d": domain_of(row.recipient)[:255],
                }
                for row in rows
            ],
        )
        last = (rows[-1].organization_id, rows[-1].id)


def downgrade() -> None:
    """Go down."""
    for name in COLUMNS:
        op.drop_index(f"ix_mails_{name}", "mails")
    for name in ("recipient_key", "domain"):
        op.execute(f"ALTER TABLE mails DROP COLUMN {name}")
