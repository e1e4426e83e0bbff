"""The use cases of folders that promotions are kept in."""

from typing import Any

from largesse.core.access.model import Caller, Right
from largesse.core.errors import InvalidValue, StillInUse, UnknownPromotionFolder, UnknownReference
from largesse.core.limits import check_fits
from largesse.core.promotions import store
from largesse.core.promotions.model import (
    LONGEST_PATH,
    PromotionFolder,
    promotion_folders,
    promotions,
)
from largesse.core.search.service import Searched
from largesse.core.text import folded
from largesse.storage import records
from largesse.storage.database import Transaction
from largesse.storage.sequences import next_numbers


class PromotionFolders(Searched[PromotionFolder]):
    """Folders. One with promotions or other folders in it is not deleted."""

    table = promotion_folders
    value = PromotionFolder
    listing = store.FOLDERS
    unknown = UnknownPromotionFolder
    write_right = Right.MANAGE_PROMOTIONS
    required = ("name",)
    changeable = frozenset({"name", "parent_id"})

    async def _insert(
        self, tx: Transaction, caller: Caller, new: dict[str, Any]
    ) -> PromotionFolder:
        check_fits(self.table, new)
        await store.hold_tree(tx, caller.organization_id)
        (number,) = await next_numbers(tx, caller.organization_id, promotion_folders.name)
        new |= {"id": number, "name_key": folded(new["name"])}
        new["path"] = await self._path(tx, caller, new.get("parent_id"), new["name"])
        return await super()._insert(tx, caller, new)

    async def _locked(
        self, tx: Transaction, organization_id: int, record_id: Any
    ) -> PromotionFolder:
        """Hold the tree, first: of two who put two folders into each other one comes second."""
        await store.hold_tree(tx, organization_id)
        return await super()._locked(tx, organization_id, record_id)

    async def _update(
        self, tx: Transaction, caller: Caller, record_id: Any, values: dict[str, Any]
    ) -> PromotionFolder:
        check_fits(self.table, values)
        there = await self._one(tx, caller.organization_id, record_id)
        parent_id = values.get("parent_id", there.parent_id)
        if "name" in values:
            values["name_key"] = folded(values["name"])
        if parent_id is not None:
            above = await store.folders_above(tx, caller.organization_id, parent_id)
            if there.id in above:
                raise InvalidValue("parent_id", "is the folder itself or one that lies in it")
        path = await self._path(tx, caller, parent_id, values.get("name", there.name))
        if path != there.path:
            values["path"] = path
            await self._move(tx, caller, there, path)
        return await super()._update(tx, caller, record_id, values)

    async def _remove(self, tx: Transaction, caller: Caller, record_id: Any) -> None:
        where = promotions.c.folder_id == record_id
        if await records.find_all(tx, promotions, caller.organization_id, where, limit=1):
            raise StillInUse(self.unknown.noun)
        await super()._remove(tx, caller, record_id)

    async def _move(
        self, tx: Transaction, caller: Caller, there: PromotionFolder, path: str
    ) -> None:
        """Change the paths of what lies in the folder."""
        below = await store.folders_below(tx, caller.organization_id, there.id)
        if below:
            _check_length(max(below.values()) - len(there.path) + len(path))
            await store.move_paths(
                tx, caller.organization_id, list(below), old=there.path, new=path
            )

    async def _path(self, tx: Transaction, caller: Caller, parent_id: int | None, name: str) -> str:
        path = name
        if parent_id is not None:
            try:
                parent = await self._one(tx, caller.organization_id, parent_id)
            except UnknownPromotionFolder:
                raise UnknownReference("parent_id", str(parent_id)) from None
            path = f"{parent.path}/{name}"
        _check_length(len(path))
        return path


def _check_length(length: int) -> None:
    if length > LONGEST_PATH:
        raise InvalidValue("name", f"makes a path of more than {LONGEST_PATH} characters")
