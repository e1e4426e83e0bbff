"""Every query of promotions."""

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select, update

from largesse.core.limits import storable
from largesse.core.promotions.model import (
    Channel,
    Promotion,
    channels,
    promotion_folders,
    promotions,
)
from largesse.core.records import value_of
from largesse.core.search.browse import Shelf, containing
from largesse.core.search.store import Field, Listing
from largesse.storage.database import Transaction
from largesse.storage.records import find, find_all
from largesse.storage.sequences import next_numbers

PROMOTIONS = Listing(
    promotions,
    {
        name: Field(promotions.c[name])
        for name in ("id", "key", "enabled", "applies_to", "folder_id")
    }
    | {"search": Field(promotions.c.search_key, folds=True)},
)

FOLDERS = Listing(
    promotion_folders,
    {name: Field(promotion_folders.c[name]) for name in ("id", "path", "name")}
    | {"name_key": Field(promotion_folders.c.name_key, folds=True)},
)


CHANNEL_SHELF = Shelf(channels, lookups=(containing(channels.c.id, channels.c.name),))

PROMOTION_SHELF = Shelf(
    promotions,
    filters={name: promotions.c[name] for name in ("channel_id", "enabled", "applies_to")},
    orders={"key": promotions.c.key},
    lookups=(containing(promotions.c.search_key),),
)


async def channel(tx: Transaction, organization_id: int, channel_id: str) -> Channel | None:
    """Find a channel."""
    row = await find(tx, channels, organization_id, channels.c.id == channel_id)
    return None if row is None else value_of(Channel, row)


async def promotion_by_key(tx: Transaction, organization_id: int, key: str) -> Promotion | None:
    """Find a promotion by the key that clients know it by."""
    row = await find(tx, promotions, organization_id, promotions.c.key == key)
    return None if row is None else value_of(Promotion, row)


async def promotions_by_keys(
    tx: Transaction, organization_id: int, keys: Sequence[str]
) -> dict[str, Promotion]:
    """Find many promotions by their keys."""
    rows = await tx.rows(
        select(promotions).where(
            promotions.c.organization_id == organization_id,
            tx.engine.any_of(promotions.c.key, [key for key in keys if storable(key)]),
        )
    )
    return {row.key: value_of(Promotion, row) for row in rows}


async def promotions_of_channel(
    tx: Transaction, organization_id: int, channel_id: str
) -> list[Promotion]:
    """Return the enabled promotions of a channel, by key."""
    rows = await find_all(
        tx,
        promotions,
        organization_id,
        promotions.c.channel_id == channel_id,
        promotions.c.enabled,
        order=(promotions.c.key,),
    )
    return [value_of(Promotion, row) for row in rows]


async def free_key(tx: Transaction, organization_id: int) -> str:
    """Return a key that no promotion has, e.g. `promo10001`."""
    while True:
        (number,) = await next_numbers(tx, organization_id, promotions.name)
        key = f"promo{10_000 + number}"
        if await promotion_by_key(tx, organization_id, key) is None:
            return key


# --- folders -----------------------------------------------------------------------------------


async def hold_tree(tx: Transaction, organization_id: int) -> None:
    """Let nobody else move a folder until the transaction ends."""
    await next_numbers(tx, organization_id, promotion_folders.name, 0)


async def folders_above(tx: Transaction, organization_id: int, folder_id: int) -> set[int]:
    """Return a folder and those that it lies in."""
    own = promotion_folders.c.organization_id == organization_id
    first = select(promotion_folders.c.id, promotion_folders.c.parent_id)
    chain = first.where(own, promotion_folders.c.id == folder_id).cte("chain", recursive=True)
    whole = chain.union(first.where(own, promotion_folders.c.id == chain.c.parent_id))
    return {row.id for row in await tx.rows(select(whole.c.id))}


async def folders_below(tx: Transaction, organization_id: int, folder_id: int) -> dict[int, int]:
    """Return the folders that lie in a folder, however deep, with the lengths of their paths."""
    own = promotion_folders.c.organization_id == organization_id
    first = select(promotion_folders.c.id, func.length(promotion_folders.c.path).label("size"))
    inside = promotion_folders.c.parent_id == folder_id
    tree = first.where(own, inside).cte("tree", recursive=True)
    whole = tree.union(first.where(own, promotion_folders.c.parent_id == tree.c.id))
    return {row.id: row.size for row in await tx.rows(select(whole.c.id, whole.c.size))}


async def move_paths(
    tx: Transaction, organization_id: int, folders: Sequence[int], *, old: str, new: str
) -> None:
    """Put another beginning in front of the paths of folders."""
    rest = func.substr(promotion_folders.c.path, bindparam("skipped"))
    await tx.execute(
        update(promotion_folders)
        .where(
            promotion_folders.c.organization_id == organization_id,
            tx.engine.any_of(promotion_folders.c.id, folders),
        )
        .values(path=bindparam("beginning", type_=promotion_folders.c.path.type).concat(rest)),
        {"skipped": len(old) + 1, "beginning": new},
    )
