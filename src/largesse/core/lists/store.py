"""Every query of groups and lists."""

from typing import Any

from sqlalchemy import Row, Table, select

from largesse.core.limits import unfit
from largesse.core.lists.model import customer_groups, promotion_lists
from largesse.core.search.browse import Shelf, containing
from largesse.core.search.store import Field, Listing
from largesse.storage.database import Transaction

GROUPS = Listing(
    customer_groups,
    {
        name: Field(customer_groups.c[name])
        for name in ("id", "reference", "name", "created_at", "updated_at")
    },
)

LISTS = Listing(
    promotion_lists,
    {
        name: Field(promotion_lists.c[name])
        for name in (
            *("id", "reference", "description", "starts_on", "ends_on", "enabled"),
            *("applies_to_all", "created_at", "updated_at"),
        )
    },
)

# Shops have some hundred groups and lists, and not millions.
GROUP_SHELF = Shelf(
    customer_groups,
    orders={"name": customer_groups.c.name, "reference": customer_groups.c.reference},
    lookups=(containing(customer_groups.c.reference, customer_groups.c.name),),
)

LIST_SHELF = Shelf(
    promotion_lists,
    filters={name: promotion_lists.c[name] for name in ("enabled", "applies_to_all")},
    orders={"reference": promotion_lists.c.reference},
    lookups=(containing(promotion_lists.c.reference, promotion_lists.c.name),),
)


async def named(
    tx: Transaction, table: Table, organization_id: int, wanted: int | str, *, kept: bool = False
) -> Row[Any] | None:
    """Find a row by its id or, given a text, by its reference.

    With `kept` nobody deletes or changes it before this transaction ends.
    """
    column = table.c.reference if isinstance(wanted, str) else table.c.id
    if unfit(column.type, wanted):
        return None
    own = table.c.organization_id == organization_id
    statement = select(table).where(own, column == wanted)
    return await tx.row(statement.with_for_update(read=True) if kept else statement)
