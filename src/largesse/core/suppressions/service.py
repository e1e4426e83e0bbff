"""The use cases of suppressions: see which addresses get no mail, add some, take some back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from largesse.core import clock
from largesse.core.access.model import Caller, Right
from largesse.core.errors import (
    AlreadyExists,
    InvalidEmail,
    InvalidValue,
    UnknownSuppression,
    WrongState,
)
from largesse.core.limits import check_fits
from largesse.core.records import Page, Records
from largesse.core.suppressions import store
from largesse.core.suppressions.model import Reason, Suppression, address_key, suppressions
from largesse.core.text import checked_email
from largesse.storage.database import Transaction

AT_ONCE = 1000
"""Addresses that are taken from a list in one transaction."""

SHOWN = 254
"""Characters that are kept of a line that is no address."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What became of a list of addresses."""

    added: int
    present: int
    """Suppressed for the same reason before, or more than once in the list."""
    refused: Sequence[tuple[int, str, str]]
    """Number, text and reason of each line that is no address."""


class Suppressions(Records[Suppression]):
    """Addresses that get no mail: a record for each reason that there is."""

    table = suppressions
    value = Suppression
    shelf = store.SUPPRESSION_SHELF
    unknown = UnknownSuppression
    write_right = Right.MANAGE_SUBSCRIPTIONS
    required = ("address",)
    changeable = frozenset({"address", "reason", "note", "source"})

    async def page(
        self, caller: Caller, *, address: str | None = None, **asked: Any
    ) -> Page[Suppression]:
        """Return suppressions, or those of an address. Raises as `Records.page`."""
        if address is not None:
            asked["address_key"] = address_key(address)
        return await super().page(caller, **asked)

    async def change(
        self, caller: Caller, record_id: Any, values: Mapping[str, Any], *, seen: str | None = None
    ) -> Suppression:
        """Refuse: it is added or taken back. Raises UnknownSuppression, WrongState."""
        await self.get(caller, record_id)
        raise WrongState("suppression", "in force")

    async def remove(self, caller: Caller, address: str) -> list[Suppression]:
        """Let an address have mail again, whatever the reasons were; return what was there.

        Raises:
            NotPermitted
            UnknownSuppression: it is not suppressed.
        """
        caller.require(self.write_right)
        async with self.database.write() as tx:
            gone = await store.take_back(
                tx, caller.organization_id, suppressions.c.address_key == address_key(address)
            )
            for one in gone:
                self._record(tx, caller, "deleted", before=one)
        if not gone:
            raise UnknownSuppression(address, "address")
        return gone

    async def add_list(
        self, caller: Caller, lines: Iterable[str], *, reason: Reason, note: str | None = None
    ) -> Listed:
        """Suppress every address of a list, some at a time; blank lines are passed over.

        A list that was cut off can be given again: what is there stays as it is.

        Raises:
            NotPermitted, InvalidValue
        """
        caller.require(self.write_right)
        numbered = enumerate(lines, 1)
        taken, added = 0, 0
        refused: list[tuple[int, str, str]] = []
        while batch := list(islice(numbered, AT_ONCE)):
            rows: dict[str, dict[str, Any]] = {}
            for number, line in batch:
                new = {"address": line.strip(), "reason": reason, "note": note, "source": "import"}
                if not new["address"]:
                    continue
                try:
                    row = _row(caller, new)
                except InvalidEmail as refusal:
                    refused.append((number, line.strip()[:SHOWN], str(refusal)))
                else:
                    taken += 1
                    rows.setdefault(row["address_key"], row)
            async with self.database.write() as tx:
                made = await store.suppress(tx, list(rows.values()))
                for one in made:
                    self._record(tx, caller, "created", after=one)
            added += len(made)
        return Listed(added, taken - added, refused)

    async def _insert(self, tx: Transaction, caller: Caller, new: dict[str, Any]) -> Suppression:
        added = await store.suppress(tx, [_row(caller, new)])
        if not added:
            raise AlreadyExists(self.unknown.noun)
        return added[0]

    async def _remove(self, tx: Transaction, caller: Caller, record_id: Any) -> None:
        await store.take_back(tx, caller.organization_id, suppressions.c.id == record_id)


def _row(caller: Caller, new: Mapping[str, Any]) -> dict[str, Any]:
    try:
        reason = Reason(new.get("reason") or Reason.MANUAL)
    except ValueError:
        raise InvalidValue("reason", f"must be one of {', '.join(Reason)}") from None
    row = store.suppression_row(
        caller.organization_id,
        checked_email(new["address"]),
        reason,
        source=new.get("source") or "native",
        now=clock.now(),
        note=new.get("note"),
        user_id=caller.user_id,
    )
    check_fits(suppressions, row)
    return row
