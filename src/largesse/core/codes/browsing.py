"""Looking through codes, of which there may be ten million.

What an index finds is looked up in it. What none finds, such as what stands in the middle of a
code, is looked for among some codes at a time, and whoever asks is told where it was left off.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, func, select

from largesse.core.codes import store
from largesse.core.codes.format import LONGEST, CodeFormat
from largesse.core.codes.model import Code, codes
from largesse.core.limits import storable
from largesse.core.search.browse import Browse, Browsed, Shelf, beginning
from largesse.core.text import folded
from largesse.storage.database import Transaction

AT_ONCE = 100_000
"""Codes that are looked through for one page at most."""

MOST_FORMATS = 200
"""Different formats of campaigns whose hyphens are known."""


@dataclass(frozen=True, slots=True)
class Sifted(Browsed[Code]):
    """A page of codes that no index finds."""

    looked_through: int | None = None
    """Codes that were looked through before it was left off; `next` leads on behind them."""


def squeezed(text: str) -> str:
    """Return a code as it may be read out or written down: without blanks and hyphens."""
    return "".join(character for character in folded(text) if character not in " -\t")


def _without_blanks(text: str) -> str:
    return "".join(folded(text).split())


CODE_SHELF = Shelf(
    codes,
    filters={name: codes.c[name] for name in ("campaign_id", "customer_id", "state")},
    few=frozenset({"customer_id"}),
    lookups=(
        beginning(codes.c.code_key, key=_without_blanks),
        beginning(codes.c.code_key, key=squeezed),
    ),
)


async def shelf_of(tx: Transaction, organization_id: int, query: Browse) -> Shelf:
    """Return the shelf that also finds codes by a beginning without the hyphens of their format."""
    text = squeezed(query.text or "")
    if not text or len(text) > LONGEST:
        return CODE_SHELF
    rows = await store.formats(tx, organization_id, MOST_FORMATS)
    written = {CodeFormat.of(row).with_hyphens(text) for row in rows if _has_hyphen(row)}
    more = [beginning(codes.c.code_key, key=_always(one)) for one in written if one]
    return replace(CODE_SHELF, lookups=(*CODE_SHELF.lookups, *more))


def _has_hyphen(row: Any) -> bool:
    return "-" in f"{row.code_prefix}{row.code_suffix}{row.code_pattern}"


def _always(written: str) -> Callable[[str], str]:
    return lambda text: written


async def sift(tx: Transaction, organization_id: int, query: Browse) -> Browsed[Any]:
    """Return the ids of the next codes that fit, looking through no more than `AT_ONCE`."""
    part = squeezed(query.text or "")
    if query.text and not (part and len(part) <= LONGEST and storable(part)):
        return Sifted([], None, None, 0, False)
    fitting = _some(tx, organization_id, query)
    last = await tx.value(fitting.offset(AT_ONCE - 1).limit(1))
    if last is not None:
        # A bound, and not the first so many of a subquery: those SQLite would sort once more.
        fitting = fitting.where(codes.c.id >= last if query.descending else codes.c.id <= last)
    if part:
        # Without its hyphens, as the part that is looked for.
        key = func.replace(codes.c.code_key, "-", "")
        fitting = fitting.where(key.contains(part, autoescape=True))
    if states := query.filters.get("state"):
        fitting = fitting.where(codes.c.state.in_(states))
    rows = await tx.rows(fitting.limit(query.limit + 1))
    ids = [row.id for row in rows[: query.limit]]
    full = len(rows) > query.limit
    following = ids[-1] if full else last
    return Sifted(
        ids,
        None,
        following,
        len(ids),
        following is not None or query.after is not None,
        looked_through=None if full or last is None else AT_ONCE,
    )


def _some(tx: Transaction, organization_id: int, query: Browse) -> Select[Any]:
    """Return the codes among which is looked: along an index, behind where it was left off."""
    statement = select(codes.c.id).where(codes.c.organization_id == organization_id)
    for name in ("campaign_id", "customer_id"):
        if wanted := query.filters.get(name):
            of_some, of_one = tx.engine.any_of(codes.c[name], wanted), codes.c[name] == wanted[0]
            statement = statement.where(of_one if len(wanted) == 1 else of_some)
    if query.after is not None:
        behind = codes.c.id < query.after if query.descending else codes.c.id > query.after
        statement = statement.where(behind)
    order = codes.c.id.desc() if query.descending else codes.c.id
    return statement.order_by(order)
