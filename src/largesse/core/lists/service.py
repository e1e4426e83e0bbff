"""The use cases of groups and lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.customers.look_store import named_somehow
from largesse.core.errors import (
    InvalidValue,
    Unknown,
    UnknownCustomer,
    UnknownGroup,
    UnknownPromotion,
    UnknownPromotionList,
)
from largesse.core.events import store as event_store
from largesse.core.events.model import EventKind
from largesse.core.limits import unfit
from largesse.core.lists import store
from largesse.core.lists.model import (
    CustomerGroup,
    ListedPromotion,
    Member,
    PromotionList,
    customer_group_members,
    customer_groups,
    promotion_list_items,
    promotion_lists,
)
from largesse.core.records import Page, V, check_limit, page_of, value_of
from largesse.core.search.service import Referenced
from largesse.storage import records
from largesse.storage.database import Transaction
from largesse.storage.errors import BrokenReference
from largesse.storage.sequences import next_numbers

MOST_AT_ONCE = 1000
"""Customers that are put into a group at a time."""


async def _numbered(tx: Transaction, caller: Caller, name: str) -> dict[str, int]:
    (number,) = await next_numbers(tx, caller.organization_id, name)
    return {"id": number}


@dataclass(frozen=True, slots=True)
class Contents:
    """What the records of one kind hold: rows of a table, from `holder` to `held`."""

    table: Any
    holder: str
    held: str
    added: EventKind
    removed: EventKind
    value: type[Any]
    unknown: type[Unknown]
    """What is raised for something held that is not there."""
    numbered: bool = False
    """Whether each of the rows has a number of its own."""


class Holders(Referenced[V]):
    """Records that hold others: groups hold customers, lists hold promotions."""

    contents: ClassVar[Contents]

    async def _named(self, tx: Transaction, organization_id: int, wanted: int | str) -> V:
        row = await store.named(tx, self.table, organization_id, wanted)
        if row is None:
            raise self.unknown(str(wanted))
        return self._value(row)

    async def _put(self, caller: Caller, holder_id: int, held_id: Any) -> None:
        caller.require(self.write_right)
        table, held = self.contents.table, self.contents.held
        if unfit(table.c[held].type, held_id):
            raise self.contents.unknown(str(held_id))
        row = {
            "organization_id": caller.organization_id,
            self.contents.holder: holder_id,
            held: held_id,
            "created_at": clock.now(),
        }
        try:
            async with self.database.write() as tx:
                await self._one(tx, caller.organization_id, holder_id)
                if self.contents.numbered:
                    row |= await _numbered(tx, caller, table.name)
                    row["updated_at"] = row["created_at"]
                if await tx.insert_new(table, [row], returning=(table.c[held],)):
                    self._record_held(tx, caller, self.contents.added, holder_id, held_id)
        except BrokenReference:
            raise self.contents.unknown(str(held_id)) from None

    async def _held(self, caller: Caller, holder_id: int, after: Any, limit: int) -> Page[Any]:
        caller.require(self.read_right)
        check_limit(limit)
        table, held = self.contents.table, self.contents.held
        async with self.database.read() as tx:
            await self._one(tx, caller.organization_id, holder_id)
            rows = await records.find_all(
                tx,
                table,
                caller.organization_id,
                table.c[self.contents.holder] == holder_id,
                *([] if after is None else [table.c[held] > after]),
                order=(table.c[held],),
                limit=limit + 1,
            )
        return page_of([value_of(self.contents.value, row) for row in rows], limit, held)

    async def _take_out(self, caller: Caller, holder_id: int, held_id: Any) -> None:
        caller.require(self.write_right)
        self._check_id(holder_id)
        table = self.contents.table
        async with self.database.write() as tx:
            gone = await records.remove(
                tx,
                table,
                caller.organization_id,
                table.c[self.contents.holder] == holder_id,
                table.c[self.contents.held] == held_id,
            )
            if not gone:
                raise self.contents.unknown(str(held_id))
            self._record_held(tx, caller, self.contents.removed, holder_id, held_id)

    def _record_held(
        self, tx: Transaction, caller: Caller, kind: EventKind, holder_id: int, held_id: Any
    ) -> None:
        told = {self.contents.held: str(held_id)}
        event_store.record(tx, caller, kind, (self.kind, holder_id), data=told)


@dataclass(frozen=True, slots=True)
class AddedMembers:
    """What became of texts by which customers were to be put into a group."""

    added: int
    present: int
    """Customers who were in the group before."""
    unknown: Sequence[str]
    ambiguous: Sequence[str]
    """Texts that name more than one customer."""


class CustomerGroups(Holders[CustomerGroup]):
    """Groups of customers."""

    table = customer_groups
    value = CustomerGroup
    listing = store.GROUPS
    shelf = store.GROUP_SHELF
    unknown = UnknownGroup
    write_right = Right.MANAGE_LISTS
    required = ("reference", "name")
    changeable = frozenset({"reference", "name", "description"})
    contents = Contents(
        customer_group_members,
        "group_id",
        "customer_id",
        EventKind.MEMBER_ADDED,
        EventKind.MEMBER_REMOVED,
        Member,
        UnknownCustomer,
        numbered=True,
    )

    async def add_member(self, caller: Caller, group_id: int, customer_id: Any) -> None:
        """Put a customer into a group; it may be there already.

        Raises:
            NotPermitted, UnknownGroup, UnknownCustomer
        """
        await self._put(caller, group_id, customer_id)

    async def add_members(
        self, caller: Caller, group_id: int, names: Sequence[str]
    ) -> AddedMembers:
        """Put the customers into a group that texts name: by an identifier, an address or an id.

        Raises:
            NotPermitted, UnknownGroup
            InvalidValue: they are too many for once.
        """
        caller.require(self.write_right)
        wanted = list(dict.fromkeys(name.strip() for name in names if name.strip()))
        if len(wanted) > MOST_AT_ONCE:
            raise InvalidValue("members", f"must be {MOST_AT_ONCE} at most at a time")
        async with self.database.write() as tx:
            await self._one(tx, caller.organization_id, group_id)
            found = await named_somehow(tx, caller.organization_id, wanted)
            ids = list(
                {one: None for of_name in found.values() if len(of_name) == 1 for one in of_name}
            )
            numbers = await next_numbers(
                tx, caller.organization_id, customer_group_members.name, len(ids)
            )
            now = clock.now()
            own = {"organization_id": caller.organization_id, "group_id": group_id}
            made = {"created_at": now, "updated_at": now}
            rows = [
                own | {"id": number, "customer_id": customer_id} | made
                for number, customer_id in zip(numbers, sorted(ids), strict=True)
            ]
            key = customer_group_members.c.customer_id
            added = await tx.insert_new(customer_group_members, rows, returning=(key,))
            for row in added:
                self._record_held(tx, caller, self.contents.added, group_id, row.customer_id)
        return AddedMembers(
            added=len(added),
            present=len(ids) - len(added),
            unknown=[name for name in wanted if not found[name]],
            ambiguous=[name for name in wanted if len(found[name]) > 1],
        )

    async def members(
        self, caller: Caller, group_id: int, *, after: Any = None, limit: int = 100
    ) -> Page[Member]:
        """Return a group's customers after an id. Raises NotPermitted, UnknownGroup."""
        return await self._held(caller, group_id, after, limit)

    async def remove_member(self, caller: Caller, group_id: int, customer_id: Any) -> None:
        """Take a customer out of a group. Raises NotPermitted, UnknownCustomer."""
        await self._take_out(caller, group_id, customer_id)

    async def _insert(self, tx: Transaction, caller: Caller, new: dict[str, Any]) -> CustomerGroup:
        return await super()._insert(
            tx, caller, await _numbered(tx, caller, "customer_groups") | new
        )


class PromotionLists(Holders[PromotionList]):
    """Lists of promotions."""

    table = promotion_lists
    value = PromotionList
    listing = store.LISTS
    shelf = store.LIST_SHELF
    unknown = UnknownPromotionList
    write_right = Right.MANAGE_LISTS
    required = ("reference",)
    changeable = frozenset(
        {"reference", "name", "description", "starts_on", "ends_on", "enabled", "applies_to_all"}
    )
    contents = Contents(
        promotion_list_items,
        "list_id",
        "promotion_id",
        EventKind.PROMOTION_ADDED,
        EventKind.PROMOTION_REMOVED,
        ListedPromotion,
        UnknownPromotion,
    )

    async def add_promotion(self, caller: Caller, list_id: int, promotion_id: Any) -> None:
        """Put a promotion on a list; it may be there already.

        Raises:
            NotPermitted, UnknownPromotionList, UnknownPromotion
        """
        await self._put(caller, list_id, promotion_id)

    async def promotions(
        self, caller: Caller, list_id: int, *, after: Any = None, limit: int = 100
    ) -> Page[ListedPromotion]:
        """Return a list's promotions after an id. Raises NotPermitted, UnknownPromotionList."""
        return await self._held(caller, list_id, after, limit)

    async def remove_promotion(self, caller: Caller, list_id: int, promotion_id: Any) -> None:
        """Take a promotion off a list. Raises NotPermitted, UnknownPromotion."""
        await self._take_out(caller, list_id, promotion_id)

    async def _insert(self, tx: Transaction, caller: Caller, new: dict[str, Any]) -> PromotionList:
        defaults = {"enabled": True, "applies_to_all": False}
        numbered = await _numbered(tx, caller, "promotion_lists")
        return _checked(await super()._insert(tx, caller, numbered | defaults | new))

    async def _update(
        self, tx: Transaction, caller: Caller, record_id: Any, values: dict[str, Any]
    ) -> PromotionList:
        return _checked(await super()._update(tx, caller, record_id, values))


def _checked(found: PromotionList) -> PromotionList:
    starts, ends = found.starts_on, found.ends_on
    if starts is not None and ends is not None and ends < starts:
        raise InvalidValue("ends_on", "must not be before starts_on")
    return found
