"""The use cases of records that are searched, and named by a number or a reference."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from largesse.core.access.model import Caller
from largesse.core.errors import AlreadyExists
from largesse.core.records import Records
from largesse.core.search import store
from largesse.core.search.model import Search
from largesse.storage.database import Transaction

V = TypeVar("V")


class Searched(Records[V]):
    """Records that are searched."""

    listing: ClassVar[store.Listing]

    async def search(self, caller: Caller, query: Search) -> tuple[list[V], int]:
        """Return a page of the records that fit, and how many there are in all.

        Raises:
            NotPermitted
            InvalidValue: `limit`, `offset` or `sort` is outside what it may be.
        """
        caller.require(self.read_right)
        self.listing.check(query)
        async with self.database.read() as tx:
            ids, total = await store.search(tx, caller.organization_id, self.listing, query)
            found = await self._many(tx, caller.organization_id, ids) if ids else {}
        # One may have gone between the two statements.
        return [found[one] for one in ids if one in found], total


class Referenced(Searched[V]):
    """Records that a client names by a number of ours or by a reference of its own."""

    async def find(self, caller: Caller, wanted: int | str) -> V:
        """Return the record with a number or, given a text, with a reference.

        Raises:
            NotPermitted, Unknown
        """
        caller.require(self.read_right)
        async with self.database.read() as tx:
            return await self._named(tx, caller.organization_id, wanted)

    async def put(self, caller: Caller, reference: str, values: Mapping[str, Any]) -> V:
        """Change the record with a reference, or make it if there is none.

        Raises:
            As `create` and `change`.
        """
        caller.require(self.write_right)
        for last in (False, True):
            try:
                found: Any = await self.find(caller, reference)
                return await self.change(caller, found.id, values)
            except self.unknown:  # also when it was deleted between the two
                try:
                    return await self.create(caller, self._with_reference(reference, values))
                except AlreadyExists:  # also when another caller made it meanwhile
                    if last:
                        raise
        raise AssertionError("unreachable")

    async def _named(self, tx: Transaction, organization_id: int, wanted: int | str) -> V:
        raise NotImplementedError

    def _with_reference(self, reference: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"reference": reference, **values}
