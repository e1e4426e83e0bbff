"""Every query of figures."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    Uuid,
    and_,
    bindparam,
    func,
    select,
    update,
)

from largesse.core.access.model import organizations
from largesse.core.codes.model import codes
from largesse.core.events.model import events
from largesse.core.figures.model import Mark, What, figure_marks, figures
from largesse.storage.database import Transaction

FIRST = UUID(int=0)
"""The mark of a log of which nothing is counted."""

LINES_INDEX = "ix_events_kind"

SPANS = (Column("n", Integer), Column("since", BigInteger), Column("until", BigInteger))
RANGES = (Column("n", Integer), Column("since", Uuid), Column("before", Uuid))


async def unmarked(tx: Transaction) -> list[Mark]:
    """Return the marks that organizations do not have yet."""
    found = []
    for what in What:
        mark = select(figure_marks.c.what).where(
            figure_marks.c.organization_id == organizations.c.id, figure_marks.c.what == what
        )
        rows = await tx.rows(select(organizations.c.id).where(~mark.exists()))
        found += [Mark(row.id, what, FIRST) for row in rows]
    return found


async def add_marks(tx: Transaction, marks: Collection[Mark]) -> None:
    """Insert marks, but those that are there."""
    rows = [
        {"organization_id": one.organization_id, "what": one.what, "next_id": one.next_id}
        for one in marks
    ]
    await tx.insert_new(figure_marks, rows, returning=(figure_marks.c.what,))


async def behind(tx: Transaction, before: UUID) -> list[Mark]:
    """Return the marks behind which there are lines to count, of every organization."""
    line = select(events.c.id).where(
        events.c.organization_id == figure_marks.c.organization_id,
        events.c.kind == figure_marks.c.what,
        events.c.id >= figure_marks.c.next_id,
        events.c.id < before,
    )
    rows = await tx.rows(select(figure_marks).where(line.exists()))
    known = set(What)
    return [
        Mark(row.organization_id, What(row.what), row.next_id) for row in rows if row.what in known
    ]


async def lines(
    tx: Transaction,
    organization_id: int,
    what: What,
    *,
    since: UUID,
    before: UUID,
    limit: int,
    newest_first: bool = False,
) -> Sequence[Any]:
    """Return the ids and subjects of lines of the log, in the order of their ids."""
    order = events.c.id.desc() if newest_first else events.c.id.asc()
    statement = select(events.c.id, events.c.subject_id).where(
        *_of_kind(organization_id, what), events.c.id >= since, events.c.id < before
    )
    statement = statement.order_by(order).limit(limit)
    return await tx.rows(tx.engine.walk(statement, events, index=LINES_INDEX))


async def count_lines(
    tx: Transaction,
    organization_id: int,
    what: What,
    *,
    ranges: Sequence[tuple[UUID, UUID]],
    limit: int,
) -> list[int]:
    """Count the lines of the log in each range of ids up to a limit, out of the index alone."""
    given = tx.engine.given("given", RANGES)
    mine = select(events.c.id).where(
        *_of_kind(organization_id, what),
        events.c.id >= given.c.since,
        events.c.id < given.c.before,
    )
    walk = tx.engine.walk(mine.order_by(events.c.id).limit(limit), events, index=LINES_INDEX)
    some = walk.correlate(given).subquery()
    count = select(func.count()).select_from(some).correlate(given).scalar_subquery()
    numbered = [(n, *one) for n, one in enumerate(ranges)]
    rows = await tx.rows(
        select(given.c.n, count.label("count")), tx.engine.give("given", RANGES, numbered)
    )
    found = {row.n: row.count for row in rows}
    return [found[n] for n in range(len(ranges))]


def _of_kind(organization_id: int, what: What) -> tuple[ColumnElement[bool], ...]:
    return events.c.organization_id == organization_id, events.c.kind == what


async def campaigns_of(
    tx: Transaction, organization_id: int, code_ids: Sequence[UUID]
) -> dict[UUID, str]:
    """Return the part of each code: the id of its campaign."""
    statement = select(codes.c.id, codes.c.campaign_id).where(
        codes.c.organization_id == organization_id, tx.engine.any_of(codes.c.id, code_ids)
    )
    return {row.id: row.campaign_id.hex for row in await tx.rows(statement)}


async def add(
    tx: Transaction, mark: Mark, *, next_id: UUID, counts: Mapping[tuple[str, int], int]
) -> bool:
    """Add counts of parts and slots, and move the mark behind their lines.

    Return False, and add nothing, if the mark was moved meanwhile: another worker has counted them.
    """
    moved = await tx.execute(
        update(figure_marks)
        .where(
            figure_marks.c.organization_id == mark.organization_id,
            figure_marks.c.what == mark.what,
            figure_marks.c.next_id == mark.next_id,
        )
        .values(next_id=next_id)
    )
    if not moved:
        return False
    statement = tx.engine.insert(figures).values(
        {column.name: bindparam(column.name, type_=column.type) for column in figures.c}
    )
    more = figures.c.count + statement.excluded["count"]
    keys = list(figures.primary_key)
    rows = [
        {
            "organization_id": mark.organization_id,
            "what": mark.what,
            "part": part,
            "slot": slot,
            "count": count,
        }
        for (part, slot), count in sorted(counts.items())
    ]
    await tx.execute(
        statement.on_conflict_do_update(index_elements=keys, set_={"count": more}), rows
    )
    return True


async def sums(
    tx: Transaction,
    organization_id: int,
    what: What,
    part: str,
    spans: Sequence[tuple[int, int]],
) -> tuple[list[int], UUID]:
    """Return the sum of each span of slots, and the mark that they are counted to.

    By one statement: between two a worker may add to the one and move the other.
    """
    mark = select(figure_marks.c.next_id).where(
        figure_marks.c.organization_id == organization_id, figure_marks.c.what == what
    )
    given = tx.engine.given("given", SPANS)
    mine = and_(
        figures.c.organization_id == organization_id,
        figures.c.what == what,
        figures.c.part == part,
        figures.c.slot >= given.c.since,
        figures.c.slot < given.c.until,
    )
    statement = (
        select(given.c.n, func.sum(figures.c.count).label("sum"), mark.scalar_subquery().label("m"))
        .select_from(given.outerjoin(figures, mine))
        .group_by(given.c.n)
    )
    numbered = [(n, *span) for n, span in enumerate(spans)]
    rows = await tx.rows(statement, tx.engine.give("given", SPANS, numbered))
    found = {row.n: int(row.sum or 0) for row in rows}
    return [found[n] for n in range(len(spans))], (rows[0].m if rows else None) or FIRST
