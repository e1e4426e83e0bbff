"""The queries by which people look through the log.

The log is the largest table there is, and its indexes lead one way each: by kind, by user, by
subject, by request. A page is read along the one that its query names; what else the query asks is
compared in the lines found there, `WINDOW` of them at most. Behind those a page may end with little
in it, and the next one goes on from there.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, true

from largesse.core.events.model import NOBODY, events
from largesse.core.ids import first_id_at, parsed_id
from largesse.core.limits import storable
from largesse.core.search.browse import MOST_COUNTED, Browse, Browsed, Shelf
from largesse.storage.database import Transaction

EVENT_SHELF = Shelf(
    events, filters={"kind": events.c.kind, "about": events.c.subject_kind, "who": events.c.user_id}
)
"""`about` is the first part of a kind, e.g. `job`; `who` is a user's id, or an actor that is none."""

WINDOW = 10_000
"""Lines that are compared for one page at most."""

COMPARED = ("id", "kind", "subject_kind", "actor", "user_id")

Comparison = Callable[[Any], ColumnElement[bool]]
"""Makes a condition of the columns of lines that were found."""


@dataclass(frozen=True, slots=True)
class _Way:
    """An index to walk: what its lines have in common, and the column that leads to their ids."""

    where: ColumnElement[bool]
    lead: list[ColumnElement[Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Look:
    """A query as the ways to walk, and what else a line must be."""

    organization_id: int
    query: Browse
    ways: Sequence[_Way]
    compare: Sequence[Comparison]

    def walk(self, way: _Way, *, descending: bool, place: UUID | None = None) -> Select[Any]:
        """Return the lines along a way, from a place on."""
        own, query = events.c, self.query
        where = [own.organization_id == self.organization_id, way.where]
        if query.since is not None:
            where.append(own.id >= first_id_at(query.since))
        if query.until is not None:
            where.append(own.id < first_id_at(query.until))
        if place is not None:
            where.append(own.id < place if descending else own.id > place)
        keys = [*way.lead, own.id]
        order = [key.desc() if descending else key.asc() for key in keys]
        return select(*(own[name] for name in COMPARED)).where(*where).order_by(*order)


async def kinds(tx: Transaction, organization_id: int) -> list[str]:
    """Return every kind of line that an organization's log has, by leaps from one to the next."""

    def behind(*where: ColumnElement[bool]) -> Any:
        mine = select(events.c.kind).where(events.c.organization_id == organization_id, *where)
        return mine.order_by(events.c.kind).limit(1).scalar_subquery()

    walk = select(behind().label("kind")).cte("kinds", recursive=True)
    following = behind(events.c.kind > walk.c.kind)
    walk = walk.union_all(select(following).where(walk.c.kind.is_not(None)))
    rows = await tx.rows(select(walk.c.kind).where(walk.c.kind.is_not(None)))
    return [row.kind for row in rows]


async def browse(
    tx: Transaction, organization_id: int, query: Browse, *, hidden: Collection[str]
) -> Browsed[Any]:
    """Return the ids of a page of lines, but of hidden subjects."""
    look = await _look(tx, organization_id, query, hidden)
    backwards = query.before is not None
    place = parsed_id(str(query.before if backwards else query.after))
    # A page that ends before a line is read from there towards the start.
    ids, edge = await _found(tx, look, place, descending=query.descending is not backwards)
    page = ids[: query.limit]
    far = page[-1] if len(ids) > query.limit else edge
    near = None if place is None else (page[0] if page else place)
    if near is None and far is None:
        return Browsed(page, None, None, len(page), False)
    count, is_more = await _count(tx, look)
    if backwards:
        return Browsed(page[::-1], far, near, count, is_more)
    return Browsed(page, near, far, count, is_more)


async def _look(
    tx: Transaction, organization_id: int, query: Browse, hidden: Collection[str]
) -> _Look:
    own, compare = events.c, list[Comparison]()
    if hidden:
        compare.append(lambda c: c.subject_kind.not_in(sorted(hidden)))
    named = await _kinds_named(tx, organization_id, query)
    who = next(iter(query.filters.get("who", ())), None)
    user_id = None if who in NOBODY else parsed_id(str(who))
    ways = [_Way(true())]
    if text := (query.text or "").strip():
        ways = _ways_of(text)
    elif who is not None:
        ways = [_Way(own.user_id.is_(None) if user_id is None else own.user_id == user_id)]
        # PostgreSQL does not see that one that is NULL is the same in every line.
        ways = [_Way(one.where, [own.user_id]) for one in ways]
    elif named is not None:
        ways, named = [_Way(own.kind == kind) for kind in named], None
    if named is not None:
        compare.append(lambda c: c.kind.in_(named))
    if who in NOBODY:
        compare.append(lambda c: c.user_id.is_(None) & (c.actor == who))
    elif who is not None:
        compare.append(lambda c: c.user_id == user_id)
    return _Look(organization_id, query, ways, compare)


def _ways_of(text: str) -> list[_Way]:
    """Return the ways to lines of a subject or a request, or to the line with this id."""
    if not storable(text):
        return []
    own, found = events.c, parsed_id(text)
    # Some subjects are written with hyphens, and some without.
    written = {text} if found is None else {text, str(found), found.hex}
    ways = [_Way(own.subject_id == one) for one in sorted(written)]
    ways.append(_Way(own.request_id == text))
    return ways if found is None else [*ways, _Way(own.id == found)]


async def _kinds_named(tx: Transaction, organization_id: int, query: Browse) -> list[str] | None:
    """Return the kinds that a query is narrowed to; None: to none."""
    asked = [set(query.filters.get(name, ())) for name in ("kind", "about")]
    if not any(asked):
        return None
    wanted, about = asked
    return [
        kind
        for kind in await kinds(tx, organization_id)
        if (not wanted or kind in wanted) and (not about or kind.partition(".")[0] in about)
    ]


async def _found(
    tx: Transaction, look: _Look, place: UUID | None, *, descending: bool
) -> tuple[list[UUID], UUID | None]:
    """Return a page's lines and one more, in the order of the walk.

    If there may be more of them behind the lines that were compared, return the last of those too.
    """
    found: set[UUID] = set()
    edges: list[UUID] = []
    most = look.query.limit + 1
    for way in look.ways:
        walk = look.walk(way, descending=descending, place=place)
        if not look.compare:
            found.update(row.id for row in await tx.rows(walk.limit(most)))
            continue
        seen = walk.limit(WINDOW).subquery("seen")
        order = seen.c.id.desc() if descending else seen.c.id.asc()
        fitting = select(seen.c.id).where(*(one(seen.c) for one in look.compare))
        rows = await tx.rows(fitting.order_by(order).limit(most))
        found.update(row.id for row in rows)
        if len(rows) < most:
            last = await tx.value(walk.offset(WINDOW - 1).limit(1))
            edges += [] if last is None else [last]
    edge = None if not edges else max(edges) if descending else min(edges)
    ids = sorted(found, reverse=descending)
    if edge is not None:
        # Behind the nearest edge not every way was walked.
        ids = [one for one in ids if (one >= edge if descending else one <= edge)]
    return ids, edge


async def _count(tx: Transaction, look: _Look) -> tuple[int, bool]:
    """Count the lines that fit, as far as they are looked at, and say whether there may be more."""
    most = WINDOW if look.compare else MOST_COUNTED + 1
    count, is_more = 0, False
    for way in look.ways:
        seen = look.walk(way, descending=look.query.descending).limit(most).subquery("seen")
        fits = [one(seen.c) for one in look.compare] or [true()]
        row = await tx.row(
            select(func.count().label("seen"), func.count().filter(*fits).label("fit")).select_from(
                seen
            )
        )
        assert row is not None
        count += row.fit
        is_more |= row.seen == most
    return min(count, MOST_COUNTED), is_more or count > MOST_COUNTED
