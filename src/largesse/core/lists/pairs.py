"""The use cases of pairs: which list a group or a customer gets, and which group a customer is in."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.errors import (
    AlreadyAssigned,
    ChangedMeanwhile,
    ListAppliesToAll,
    StillInUse,
    UnknownAssignment,
    UnknownCustomerAssignment,
    UnknownMembership,
)
from largesse.core.events import store as event_store
from largesse.core.limits import unfit
from largesse.core.lists import pair_store as store
from largesse.core.lists.model import (
    Assignment,
    ByReference,
    CustomerAssignment,
    Membership,
    PromotionList,
)
from largesse.core.records import Page, check_after, check_limit, page_of
from largesse.core.search.service import Searched
from largesse.storage import records
from largesse.storage.database import Transaction
from largesse.storage.errors import BrokenReference, DuplicateKey
from largesse.storage.sequences import next_numbers

P = TypeVar("P")

Cell = tuple[int, int]
"""A group and a list, by their ids."""


class Pairs(Searched[P]):
    """Records that join two others, each pair of which is joined once."""

    pairs: ClassVar[store.PairTable]
    write_right = Right.MANAGE_LISTS

    async def find(self, caller: Caller, wanted: int | ByReference) -> P:
        """Return a pair. Raises NotPermitted, and the refusal of a pair that is not there."""
        caller.require(self.read_right)
        async with self.database.read() as tx:
            return await self._one(tx, caller.organization_id, wanted)

    async def assign(self, caller: Caller, **ends: Any) -> P:
        """Join two records; each named by its id or, as a text, by its reference.

        The names of the ends are those of the service's class.

        Raises:
            NotPermitted, AlreadyAssigned, ListAppliesToAll, and the refusals of unknown ends
        """
        caller.require(self.write_right)
        try:
            async with self.database.write() as tx:
                return await self._join(tx, caller, ends)
        except DuplicateKey:
            raise self._taken() from None

    async def reassign(self, caller: Caller, wanted: int | ByReference, **ends: Any) -> P:
        """Change one end of a pair, or both; what is None stays. Raises as `find` and `assign`."""
        caller.require(self.write_right)
        try:
            async with self.database.write() as tx:
                before = await self._locked(tx, caller.organization_id, wanted)
                there = self._joined(before)
                asked = {
                    end.name: there[end.column] if ends.get(end.name) is None else ends[end.name]
                    for end in self.pairs.ends
                }
                found = await self._ends(tx, caller.organization_id, asked)
                if found == there:
                    return before
                pair = (self.table.c[column] == value for column, value in found.items())
                if await records.find(tx, self.table, caller.organization_id, *pair) is not None:
                    # Left to the key, two that want each other's pair may wait in a circle.
                    raise self._taken()
                record_id: Any = before
                await records.change(
                    tx,
                    self.table,
                    caller.organization_id,
                    self.table.c.id == record_id.id,
                    values=found | {"updated_at": clock.now()},
                )
                after = await self._one(tx, caller.organization_id, record_id.id)
                self._record(tx, caller, "changed", before=before, after=after)
                return after
        except DuplicateKey:
            raise self._taken() from None

    async def delete(self, caller: Caller, record_id: int | ByReference) -> None:
        """Part two records. Raises as `find`, and StillInUse."""
        caller.require(self.write_right)
        try:
            async with self.database.write() as tx:
                found: Any = await self._locked(tx, caller.organization_id, record_id)
                await self._remove(tx, caller, found.id)
                self._record(tx, caller, "deleted", before=found)
        except BrokenReference:
            raise StillInUse(self.unknown.noun) from None

    async def create(self, caller: Caller, new: Mapping[str, Any]) -> P:
        """Join two records, named by their ids in the pair's columns. Raises as `assign`."""
        return await self.assign(caller, **self._by_name(new))

    async def change(
        self, caller: Caller, record_id: Any, values: Mapping[str, Any], *, seen: str | None = None
    ) -> P:
        """Change the columns given. Raises as `reassign`.

        `seen` is not looked at: a pair has nothing that two people could write over.
        """
        return await self.reassign(caller, record_id, **self._by_name(values))

    async def get(self, caller: Caller, record_id: Any) -> P:
        """Return a pair by its id. Raises as `find`."""
        return await self.find(caller, record_id)

    async def page(
        self, caller: Caller, *, after: Any = None, limit: int = 100, **filters: Any
    ) -> Page[P]:
        """Return the pairs after an id; filters: the pair's columns with the ids of its ends."""
        caller.require(self.read_right)
        check_limit(limit)
        if after is not None:
            check_after(self.table, after)
        filters = {name: wanted for name, wanted in filters.items() if wanted is not None}
        if any(unfit(self.table.c[name].type, wanted) for name, wanted in filters.items()):
            return Page([], None)
        async with self.database.read() as tx:
            items = await store.page(
                tx,
                self.pairs,
                caller.organization_id,
                after=after,
                limit=limit + 1,
                filters=filters,
            )
        return page_of(items, limit)

    async def _join(self, tx: Transaction, caller: Caller, ends: Mapping[str, Any]) -> P:
        found = await self._ends(tx, caller.organization_id, ends)
        (number,) = await next_numbers(tx, caller.organization_id, self.table.name)
        await records.add(tx, self.table, self._complete(caller, {"id": number} | found))
        made = await self._one(tx, caller.organization_id, number)
        self._record(tx, caller, "created", after=made)
        return made

    async def _ends(
        self, tx: Transaction, organization_id: int, asked: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the ids of both ends."""
        found = {}
        # The second first: Valomnia's documents name the list first of two that are unknown.
        for end in reversed(self.pairs.ends):
            value = await end.find(tx, organization_id, asked[end.name])
            if value is None:
                raise end.unknown(str(asked[end.name]))
            found[end.column] = value
        if any(isinstance(one, PromotionList) and one.applies_to_all for one in found.values()):
            raise ListAppliesToAll()
        return {column: value.id for column, value in found.items()}

    def _by_name(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {end.name: values.get(end.column) for end in self.pairs.ends}

    def _taken(self) -> AlreadyAssigned:
        first, second = self.pairs.ends
        return AlreadyAssigned(second.unknown.noun, first.unknown.noun)

    async def _locked(self, tx: Transaction, organization_id: int, record_id: Any) -> P:
        found: Any = await self._one(tx, organization_id, record_id)
        column = self.table.c.id
        if await records.hold(tx, self.table, organization_id, column == found.id) is None:
            raise self.unknown(_shown(record_id))  # another caller was faster
        return await self._one(tx, organization_id, found.id)

    def _told(self, value: Any) -> dict[str, Any]:
        told = self._joined(value)
        return {name: one if isinstance(one, int) else str(one) for name, one in told.items()}

    def _joined(self, value: Any) -> dict[str, Any]:
        """Return the ids of a pair's ends, by their columns."""
        ends = (getattr(value, end.column.removesuffix("_id")) for end in self.pairs.ends)
        return {end.column: one.id for end, one in zip(self.pairs.ends, ends, strict=True)}

    async def _one(self, tx: Transaction, organization_id: int, record_id: Any) -> P:
        found: P | None = await store.one(tx, self.pairs, organization_id, record_id)
        if found is None:
            raise self.unknown(_shown(record_id))
        return found

    async def _many(
        self, tx: Transaction, organization_id: int, ids: Sequence[Any]
    ) -> Mapping[Any, P]:
        return await store.many(tx, self.pairs, organization_id, ids)


class Assignments(Pairs[Assignment]):
    """Which group gets which list; the ends are `group` and `promotion_list`."""

    pairs = store.ASSIGNMENTS
    table = pairs.table
    listing = pairs.listing
    shelf = pairs.shelf
    value = Assignment
    unknown = UnknownAssignment
    changeable = frozenset({"group_id", "list_id"})

    async def rearrange(
        self, caller: Caller, *, add: Collection[Cell], remove: Collection[Cell]
    ) -> None:
        """Assign lists to groups and take others away, all of it or nothing.

        Raises:
            NotPermitted, UnknownGroup, UnknownPromotionList, ListAppliesToAll
            ChangedMeanwhile: one that is added is there already, or one that is removed is not.
        """
        caller.require(self.write_right)
        try:
            async with self.database.write() as tx:
                # In one order, so that two of these never wait for each other in a circle.
                for group_id, list_id in sorted(remove):
                    await self._part(tx, caller, group_id, list_id)
                for group_id, list_id in sorted(add):
                    await self._join(tx, caller, {"group": group_id, "promotion_list": list_id})
        except DuplicateKey:
            raise ChangedMeanwhile(self.unknown.noun) from None

    async def _part(self, tx: Transaction, caller: Caller, group_id: int, list_id: int) -> None:
        column = self.table.c
        same = (column.group_id == group_id, column.list_id == list_id)
        row = await records.hold(tx, self.table, caller.organization_id, *same)
        if row is None:
            raise ChangedMeanwhile(self.unknown.noun)
        before = await self._one(tx, caller.organization_id, row.id)
        await self._remove(tx, caller, row.id)
        self._record(tx, caller, "deleted", before=before)


class CustomerAssignments(Pairs[CustomerAssignment]):
    """Which single customer gets which list; the ends are `customer` and `promotion_list`."""

    pairs = store.CUSTOMER_ASSIGNMENTS
    table = pairs.table
    listing = pairs.listing
    shelf = pairs.shelf
    value = CustomerAssignment
    unknown = UnknownCustomerAssignment
    changeable = frozenset({"customer_id", "list_id"})


class Memberships(Pairs[Membership]):
    """Which customer is in which group; the ends are `customer` and `group`."""

    pairs = store.MEMBERSHIPS
    table = pairs.table
    listing = pairs.listing
    shelf = pairs.shelf
    value = Membership
    unknown = UnknownMembership
    changeable = frozenset({"customer_id", "group_id"})

    async def own_groups(self, caller: Caller) -> list[int]:
        """Return the groups that the calling customer is in; none if no customer calls."""
        column = self.table.c
        async with self.database.read() as tx:
            rows = await records.find_all(
                tx,
                self.table,
                caller.organization_id,
                column.customer_id == caller.customer_id,
                order=(column.group_id,),
            )
        return [row.group_id for row in rows]

    def _record(
        self,
        tx: Transaction,
        caller: Caller,
        what: str,
        *,
        before: Membership | None = None,
        after: Membership | None = None,
        given: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell of the group, as `CustomerGroups` does when it takes a member in."""
        for done, one in (("removed", before), ("added", after)):
            if one is not None:
                told = {"customer_id": str(one.customer.id)}
                kind = f"group.member_{done}"
                event_store.record(tx, caller, kind, ("group", one.group.id), data=told)


def _shown(wanted: int | ByReference) -> str:
    return f"{wanted.first}/{wanted.second}" if isinstance(wanted, ByReference) else str(wanted)
