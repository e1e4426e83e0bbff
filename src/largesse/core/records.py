"""Create, read, list, change and delete: the use cases that are alike for every kind of record.

An area's service is a `Records` of its value class and adds what is special to it.
"""

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.errors import (
    AlreadyExists,
    ChangedMeanwhile,
    InvalidValue,
    MissingValue,
    Refused,
    StillInUse,
    Unknown,
    UnknownReference,
)
from largesse.core.events import store as event_store
from largesse.core.events.changes import difference, fields_of
from largesse.core.ids import new_id
from largesse.core.limits import check_fits, unfit
from largesse.core.search.browse import Browse, Browsed, Shelf, browse
from largesse.storage import records
from largesse.storage.database import Database, Transaction
from largesse.storage.errors import BrokenReference, DuplicateKey

V = TypeVar("V")

PAGE_LIMIT = 1000
"""The most records that one page holds."""


@dataclasses.dataclass(frozen=True, slots=True)
class Page(Generic[V]):
    """Some records in the order of their ids, and the id after which the next page begins."""

    items: Sequence[V]
    next_after: Any | None


def check_limit(limit: int) -> None:
    """Refuse a page of no record or of too many. Raises InvalidValue."""
    if not 1 <= limit <= PAGE_LIMIT:
        raise InvalidValue("limit", f"must be from 1 to {PAGE_LIMIT}")


def check_after(table: Any, after: Any) -> None:
    """Refuse to begin a page behind what is no id of the table. Raises InvalidValue."""
    if unfit(table.c.id.type, after):
        raise InvalidValue("after", "is no id")


def is_blank(value: Any) -> bool:
    """Say whether a value is as good as none: a text of blanks names nothing."""
    return value is None or (isinstance(value, str) and not value.strip())


def page_of(found: Sequence[V], limit: int, key: str = "id") -> Page[V]:
    """Return a page of `limit` records out of those found when one more was asked for."""
    more = len(found) > limit
    return Page(found[:limit], getattr(found[limit - 1], key) if more else None)


class Records(Generic[V]):
    """The use cases of one kind of record. Each runs in one transaction, and tells the log."""

    table: ClassVar[Any]
    value: ClassVar[type[Any]]
    unknown: ClassVar[type[Unknown]]
    read_right: ClassVar[Right] = Right.READ
    write_right: ClassVar[Right]
    changeable: ClassVar[frozenset[str]]
    """The fields that a client may set and change."""
    required: ClassVar[tuple[str, ...]] = ()
    shelf: ClassVar[Shelf]
    """How people look through them."""
    masked: ClassVar[frozenset[str]] = frozenset()
    """Fields whose values the log does not show, beside those whose names say that they are secret
    (`events.changes`)."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @property
    def kind(self) -> str:
        """What the log calls such a record, e.g. `promotion_list`."""
        return self.unknown.noun.replace(" ", "_")

    async def create(self, caller: Caller, new: Mapping[str, Any]) -> V:
        """Make a record and return it.

        Raises:
            NotPermitted, MissingValue, InvalidValue, AlreadyExists, UnknownReference
        """
        caller.require(self.write_right)
        self._check_fields(new)
        for field in self.required:
            if is_blank(new.get(field)):
                raise MissingValue(field)
        try:
            async with self.database.write() as tx:
                made = await self._insert(tx, caller, dict(new))
                self._record(tx, caller, "created", after=made, given=new)
                return made
        except DuplicateKey:
            raise AlreadyExists(self.unknown.noun) from None
        except BrokenReference:
            raise await self._broken(caller, new) from None

    async def get(self, caller: Caller, record_id: Any) -> V:
        """Return one record. Raises Unknown, NotPermitted."""
        caller.require(self.read_right)
        async with self.database.read() as tx:
            return await self._one(tx, caller.organization_id, record_id)

    async def page(
        self, caller: Caller, *, after: Any = None, limit: int = 100, **filters: Any
    ) -> Page[V]:
        """Return the records after an id. Raises NotPermitted, InvalidValue."""
        caller.require(self.read_right)
        check_limit(limit)
        column = self.table.c
        filters = {name: wanted for name, wanted in filters.items() if wanted is not None}
        if any(unfit(column[name].type, wanted) for name, wanted in filters.items()):
            return Page([], None)  # what no column can hold, none holds
        where = [column[name] == wanted for name, wanted in filters.items()]
        if after is not None:
            check_after(self.table, after)
            where.append(column.id > after)
        async with self.database.read() as tx:
            rows = await records.find_all(
                tx, self.table, caller.organization_id, *where, order=(column.id,), limit=limit + 1
            )
        return page_of([self._value(row) for row in rows], limit)

    async def browse(self, caller: Caller, query: Browse) -> Browsed[V]:
        """Return a page of the records that fit, along an index. Raises NotPermitted, InvalidValue."""
        caller.require(self.read_right)
        self.shelf.check(query)
        async with self.database.read() as tx:
            shelf = await self._shelf_of(tx, caller.organization_id, query)
            page = await browse(tx, caller.organization_id, shelf, query)
            found = await self._many(tx, caller.organization_id, page.items) if page.items else {}
        # One may have gone between the two statements.
        return dataclasses.replace(page, items=[found[one] for one in page.items if one in found])

    async def by_ids(self, caller: Caller, ids: Iterable[Any]) -> Mapping[Any, V]:
        """Return those of the records that there are, by id. Raises NotPermitted."""
        caller.require(self.read_right)
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return {}
        async with self.database.read() as tx:
            return await self._many(tx, caller.organization_id, wanted)

    async def change(
        self, caller: Caller, record_id: Any, values: Mapping[str, Any], *, seen: str | None = None
    ) -> V:
        """Change the fields given and return the record.

        Raises:
            NotPermitted, InvalidValue, MissingValue, AlreadyExists, UnknownReference, Unknown
            StillInUse: others refer to what it is changed from.
            ChangedMeanwhile: `seen` is given, and is not the record's `fingerprint` any longer.
        """
        caller.require(self.write_right)
        self._check_fields(values)
        for field in self.required:
            if field in values and is_blank(values[field]):
                raise MissingValue(field)
        try:
            async with self.database.write() as tx:
                before = await self._locked(tx, caller.organization_id, record_id)
                if seen is not None and seen != fingerprint(before):
                    raise ChangedMeanwhile(self.unknown.noun)
                after = await self._update(tx, caller, record_id, dict(values))
                self._record(tx, caller, "changed", before=before, after=after, given=values)
                return after
        except DuplicateKey:
            raise AlreadyExists(self.unknown.noun) from None
        except BrokenReference:
            raise await self._broken(caller, values) from None

    async def delete(self, caller: Caller, record_id: Any) -> None:
        """Delete a record. Raises Unknown, NotPermitted, StillInUse."""
        caller.require(self.write_right)
        self._check_id(record_id)
        try:
            async with self.database.write() as tx:
                found = await self._locked(tx, caller.organization_id, record_id)
                await self._remove(tx, caller, record_id)
                self._record(tx, caller, "deleted", before=found)
        except BrokenReference:
            raise StillInUse(self.unknown.noun) from None

    # What an area overrides when its record needs more than a row of its own.

    async def _insert(self, tx: Transaction, caller: Caller, new: dict[str, Any]) -> V:
        complete = self._complete(caller, new)
        check_fits(self.table, complete)
        row = await records.add(tx, self.table, complete)
        return self._value(row)

    async def _update(
        self, tx: Transaction, caller: Caller, record_id: Any, values: dict[str, Any]
    ) -> V:
        self._check_id(record_id)
        check_fits(self.table, values)
        if "updated_at" in self.table.c:
            values["updated_at"] = clock.now()
        if not values:
            return await self._one(tx, caller.organization_id, record_id)
        row = await records.change(
            tx, self.table, caller.organization_id, self.table.c.id == record_id, values=values
        )
        if row is None:
            raise self.unknown(str(record_id))
        return self._value(row)

    async def _remove(self, tx: Transaction, caller: Caller, record_id: Any) -> None:
        column = self.table.c.id
        await records.remove(tx, self.table, caller.organization_id, column == record_id)

    async def _locked(self, tx: Transaction, organization_id: int, record_id: Any) -> V:
        """Return a record that nobody else changes until the transaction ends. Raises Unknown."""
        self._check_id(record_id)
        row = await records.hold(tx, self.table, organization_id, self.table.c.id == record_id)
        if row is None:
            raise self.unknown(str(record_id))
        return self._value(row)

    def _told(self, value: V) -> dict[str, Any]:
        """Return the fields that the log tells of; secret ones are masked when they are told."""
        return fields_of(value)

    def _record(
        self,
        tx: Transaction,
        caller: Caller,
        what: str,
        *,
        before: V | None = None,
        after: V | None = None,
        given: Mapping[str, Any] | None = None,
    ) -> None:
        """Add the line that tells what was done with a record, unless nothing was changed."""
        old, new = difference(
            None if before is None else self._told(before),
            None if after is None else self._told(after),
            masked=self.masked,
            given=given,
        )
        if old or new:
            record: Any = after if before is None else before
            kind, subject = f"{self.kind}.{what}", (self.kind, record.id)
            event_store.record(tx, caller, kind, subject, before=old, after=new)

    async def _broken(self, caller: Caller, values: Mapping[str, Any]) -> Refused:
        """Return why the database refused what was to be written for the sake of a reference."""
        async with self.database.read() as tx:
            field = await records.missing_reference(tx, self.table, caller.organization_id, values)
        if field is None:
            return StillInUse(self.unknown.noun)
        # A column's name is SQLAlchemy's kind of text, which not everything can write.
        return UnknownReference(str(field), str(values[field]))

    async def _shelf_of(self, tx: Transaction, organization_id: int, query: Browse) -> Shelf:
        """Return the shelf for a query: one whose texts name other records knows which these are."""
        return self.shelf

    async def _many(
        self, tx: Transaction, organization_id: int, ids: Sequence[Any]
    ) -> Mapping[Any, V]:
        """Return the records with these ids, by id."""
        rows = await records.find_all(
            tx, self.table, organization_id, tx.engine.any_of(self.table.c.id, ids)
        )
        return {row.id: self._value(row) for row in rows}

    async def _one(self, tx: Transaction, organization_id: int, record_id: Any) -> V:
        self._check_id(record_id)
        row = await records.find(tx, self.table, organization_id, self.table.c.id == record_id)
        if row is None:
            raise self.unknown(str(record_id))
        return self._value(row)

    def _complete(self, caller: Caller, new: dict[str, Any]) -> dict[str, Any]:
        now = clock.now()
        own = {
            "organization_id": caller.organization_id,
            "id": new_id(),
            "created_at": now,
            "updated_at": now,
        }
        return {name: v for name, v in own.items() if name in self.table.c} | new

    def _value(self, row: Any) -> V:
        value: V = value_of(self.value, row)
        return value

    def _check_id(self, record_id: Any) -> None:
        if unfit(self.table.c.id.type, record_id):
            raise self.unknown(str(record_id))

    def _check_fields(self, values: Mapping[str, Any]) -> None:
        for name in values:
            if name not in self.changeable:
                raise InvalidValue(name, "can not be set")


def fingerprint(record: Any) -> str:
    """Return a short text that is another one as soon as one of the record's fields is.

    Who changes a record hands back that of the record as it was shown.
    """
    shown = msgspec.json.encode(fields_of(record), order="sorted")
    return hashlib.sha256(shown).hexdigest()[:16]


def value_of(value: type[V], row: Any) -> V:
    """Build a value from the columns of a row that have the names of its fields."""
    names, columns = _columns(value, row._fields)  # type: ignore[arg-type]
    return value(**{name: row[column] for name, column in zip(names, columns, strict=True)})


@cache
def _columns(value: Any, keys: tuple[str, ...]) -> tuple[list[str], list[int]]:
    """Return the fields of a value that a row has, and where: worked out once a kind of row."""
    names = [field.name for field in dataclasses.fields(value) if field.name in keys]
    return names, [keys.index(name) for name in names]
