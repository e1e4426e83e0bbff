"""The use cases of lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.errors import (
    AlreadyAssigned,
    InvalidValue,
    ListAppliesToAll,
    StillInUse,
    Unknown,
    UnknownAssignment,
    UnknownCustomer,
    UnknownGroup,
    UnknownPromotion,
    UnknownPromotionList,
)
from largesse.core.events import store as event_store
from largesse.core.events.model import EventKind
from largesse.core.limits import check_fits, unfit
from largesse.core.lists import store
from largesse.core.lists.model import (
    Assignment,
    AssignmentQuery,
    ByReference,
    CustomerGroup,
    ListedPromotion,
    Member,
    PromotionList,
    assignments,
    customer_group_members,
    customer_groups,
    promotion_list_items,
    promotion_lists,
)
from largesse.core.records import Page, Records, V, check_after, check_limit, page_of, value_of
from largesse.storage import records
from largesse.storage.database import Transaction
from largesse.storage.errors import BrokenReference, DuplicateKey
from largesse.storage.sequences import next_numbers

MOST_IN_A_PAGE = 1000
"""Assignments that one page holds at most (dialects.md, Valomnia)."""

MOST_SKIPPED = 2**63 - 1
"""Assignments that a page passes over at most; the databases count no further."""


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


class Holders(Records[V]):
    """Records that hold others: groups hold customers, lists hold promotions."""

    contents: ClassVar[Contents]

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


class CustomerGroups(Holders[CustomerGroup]):
    """Groups of customers."""

    table = customer_groups
    value = CustomerGroup
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
    )

    async def add_member(self, caller: Caller, group_id: int, customer_id: Any) -> None:
        """Put a customer into a group; it may be there already.

        Raises:
            NotPermitted, UnknownGroup, UnknownCustomer
        """
        await self._put(caller, group_id, customer_id)

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
    unknown = UnknownPromotionList
    write_right = Right.MANAGE_LISTS
    required = ("reference",)
    changeable = frozenset({"reference", "name", "description", "applies_to_all"})
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
        defaults = await _numbered(tx, caller, "promotion_lists") | {"applies_to_all": False}
        return await super()._insert(tx, caller, defaults | new)


class Assignments(Records[Assignment]):
    """Which group gets which list."""

    table = assignments
    value = Assignment
    unknown = UnknownAssignment
    write_right = Right.MANAGE_LISTS
    changeable = frozenset({"group_id", "list_id"})

    async def search(self, caller: Caller, query: AssignmentQuery) -> tuple[list[Assignment], int]:
        """Return a page of assignments and how many there are in all.

        Raises:
            NotPermitted
            InvalidValue: `limit`, `offset` or `sort` is outside what it may be.
        """
        caller.require(Right.READ)
        if not 1 <= query.limit <= MOST_IN_A_PAGE:
            raise InvalidValue("limit", f"must be from 1 to {MOST_IN_A_PAGE}")
        if not 0 <= query.offset <= MOST_SKIPPED:
            raise InvalidValue("offset", f"must be from 0 to {MOST_SKIPPED}")
        if query.sort not in store.SORTS:
            raise InvalidValue("sort", f"must be one of {', '.join(store.SORTS)}")
        for bound in query.moments:
            check_fits(assignments, {bound.field: bound.moment})
        async with self.database.read() as tx:
            return await store.search(tx, caller.organization_id, query)

    async def find(self, caller: Caller, wanted: int | ByReference) -> Assignment:
        """Return an assignment. Raises UnknownAssignment, NotPermitted."""
        caller.require(Right.READ)
        async with self.database.read() as tx:
            return await self._one(tx, caller.organization_id, wanted)

    async def assign(
        self, caller: Caller, *, group: int | str, promotion_list: int | str
    ) -> Assignment:
        """Assign a list to a group; each named by its id or, as a text, by its reference.

        Raises:
            NotPermitted, UnknownGroup, UnknownPromotionList, AlreadyAssigned, ListAppliesToAll
        """
        caller.require(self.write_right)
        try:
            async with self.database.write() as tx:
                ends = await _ends(tx, caller.organization_id, group, promotion_list)
                numbered = await _numbered(tx, caller, "assignments")
                await records.add(tx, assignments, self._complete(caller, numbered | ends))
                made = await self._one(tx, caller.organization_id, numbered["id"])
                self._record(tx, caller, "created", after=made)
                return made
        except DuplicateKey:
            raise AlreadyAssigned(ends["group_id"], ends["list_id"]) from None

    async def reassign(
        self,
        caller: Caller,
        wanted: int | ByReference,
        *,
        group: int | str | None = None,
        promotion_list: int | str | None = None,
    ) -> Assignment:
        """Change an assignment's group, list or both; what is None stays.

        Raises:
            NotPermitted, UnknownAssignment, UnknownGroup, UnknownPromotionList, AlreadyAssigned,
            ListAppliesToAll
        """
        caller.require(self.write_right)
        try:
            async with self.database.write() as tx:
                found = await self._locked(tx, caller.organization_id, wanted)
                ends = await _ends(
                    tx,
                    caller.organization_id,
                    found.group.id if group is None else group,
                    found.list.id if promotion_list is None else promotion_list,
                )
                if ends == {"group_id": found.group.id, "list_id": found.list.id}:
                    return found
                await records.change(
                    tx,
                    assignments,
                    caller.organization_id,
                    assignments.c.id == found.id,
                    values=ends | {"updated_at": clock.now()},
                )
                changed = await self._one(tx, caller.organization_id, found.id)
                self._record(tx, caller, "changed", before=found, after=changed)
                return changed
        except DuplicateKey:
            raise AlreadyAssigned(ends["group_id"], ends["list_id"]) from None

    async def delete(self, caller: Caller, record_id: int | ByReference) -> None:
        """Delete an assignment. Raises UnknownAssignment, NotPermitted, StillInUse."""
        caller.require(self.write_right)
        try:
            async with self.database.write() as tx:
                found = await self._locked(tx, caller.organization_id, record_id)
                await self._remove(tx, caller, found.id)
                self._record(tx, caller, "deleted", before=found)
        except BrokenReference:
            raise StillInUse(self.unknown.noun) from None

    async def create(self, caller: Caller, new: Mapping[str, Any]) -> Assignment:
        """Assign: `group_id`, `list_id`. Raises as `assign`."""
        return await self.assign(caller, group=new["group_id"], promotion_list=new["list_id"])

    async def change(self, caller: Caller, record_id: Any, values: Mapping[str, Any]) -> Assignment:
        """Reassign: `group_id`, `list_id`. Raises as `reassign`."""
        return await self.reassign(
            caller,
            record_id,
            group=values.get("group_id"),
            promotion_list=values.get("list_id"),
        )

    async def get(self, caller: Caller, record_id: Any) -> Assignment:
        """Return an assignment by its id. Raises UnknownAssignment, NotPermitted."""
        return await self.find(caller, record_id)

    async def page(
        self, caller: Caller, *, after: Any = None, limit: int = 100, **filters: Any
    ) -> Page[Assignment]:
        """Return the assignments after an id; filters: group_id, list_id."""
        caller.require(self.read_right)
        check_limit(limit)
        if after is not None:
            check_after(assignments, after)
        if any(
            wanted and unfit(assignments.c[name].type, wanted) for name, wanted in filters.items()
        ):
            return Page([], None)
        async with self.database.read() as tx:
            items = await store.page(tx, caller.organization_id, after, limit + 1, filters)
        return page_of(items, limit)

    async def _locked(self, tx: Transaction, organization_id: int, record_id: Any) -> Assignment:
        found = await self._one(tx, organization_id, record_id)
        column = assignments.c.id
        if await records.hold(tx, assignments, organization_id, column == found.id) is None:
            raise UnknownAssignment(_shown(record_id))  # another caller was faster
        return await self._one(tx, organization_id, found.id)

    def _told(self, value: Assignment) -> dict[str, Any]:
        return {"group_id": value.group.id, "list_id": value.list.id}

    async def _one(self, tx: Transaction, organization_id: int, record_id: Any) -> Assignment:
        found = await store.assignment(tx, organization_id, record_id)
        if found is None:
            raise UnknownAssignment(_shown(record_id))
        return found


def _shown(wanted: int | ByReference) -> str:
    return f"{wanted.group}/{wanted.list}" if isinstance(wanted, ByReference) else str(wanted)


async def _ends(
    tx: Transaction, organization_id: int, group: int | str, promotion_list: int | str
) -> dict[str, int]:
    """Return the ids of both ends of an assignment."""
    found_list = await store.promotion_list(tx, organization_id, promotion_list)
    if found_list is None:
        raise UnknownPromotionList(str(promotion_list))
    found_group = await store.group(tx, organization_id, group)
    if found_group is None:
        raise UnknownGroup(str(group))
    if found_list.applies_to_all:
        raise ListAppliesToAll()
    return {"group_id": found_group.id, "list_id": found_list.id}
