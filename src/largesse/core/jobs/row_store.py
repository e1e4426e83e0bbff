"""Every query of what jobs have to do, and of what became of it."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement

from largesse.core.jobs.model import Claim, Job, JobRow, job_items, job_rows
from largesse.core.records import value_of
from largesse.storage.database import Transaction
from largesse.storage.records import find_all, remove

KEPT = ("pos", "kind", "value", "outcome", "detail")
"""What is kept of a row that is done; the detail is JSON."""

TEXTS = 1000
"""Items of a job in one row of `job_items` at most."""

USUAL = "usual"
"""The parameter of a job that names the outcome of an item without a row of its own. Such a job
keeps its items: a million of them are a thousand rows."""


async def add_items(
    tx: Transaction,
    organization_id: int,
    job_id: UUID,
    items: Sequence[tuple[str, Sequence[str]]],
    *,
    start: int = 0,
) -> int:
    """Insert what a job has to do, in its order: texts under their kinds, from a position on.

    Return the position behind the last one.
    """
    rows: list[dict[str, Any]] = []
    pos = start
    for kind, texts in items:
        for first in range(0, len(texts), TEXTS):
            part = list(texts[first : first + TEXTS])
            own = {"organization_id": organization_id, "job_id": job_id}
            rows.append(own | {"pos": pos, "kind": kind, "texts": part})
            pos += len(part)
    await tx.execute(job_items.insert(), rows)
    return pos


async def items_from(
    tx: Transaction, organization_id: int, job_id: UUID, *, start: int, limit: int
) -> list[tuple[int, str, list[str]]]:
    """Return items from a position on, in parts: the position of the first, their kind, texts."""
    rows = await find_all(
        tx,
        job_items,
        organization_id,
        job_items.c.job_id == job_id,
        job_items.c.pos > start - TEXTS,
        job_items.c.pos < start + limit,
        order=(job_items.c.pos,),
    )
    parts = []
    for row in rows:
        first = max(row.pos, start)
        texts = row.texts[first - row.pos : start + limit - row.pos]
        if texts:
            parts.append((first, row.kind, texts))
    return parts


async def to_do(
    tx: Transaction, organization_id: int, job_id: UUID, *, start: int, limit: int
) -> list[JobRow]:
    """Return items from a position on that may still have to be done."""
    parts = await items_from(tx, organization_id, job_id, start=start, limit=limit)
    return [
        JobRow(pos, kind, text)
        for first, kind, texts in parts
        for pos, text in enumerate(texts, first)
    ]


async def rows_of(
    tx: Transaction,
    organization_id: int,
    of: Job,
    *,
    after: int,
    limit: int,
    outcomes: Collection[str] | None = None,
) -> list[JobRow]:
    """Return a job's rows behind a position, done or not; only those of some outcomes if these are named.

    An item that is done and has no row of its own had the job's usual outcome.
    """
    usual = of.parameters.get(USUAL)
    if outcomes is not None and usual not in outcomes:
        named = job_rows.c.outcome.in_(outcomes)
        return list(
            (await _kept(tx, organization_id, of, named, after=after, limit=limit)).values()
        )
    found: list[JobRow] = []
    while len(found) < limit:
        # In this order: what a worker does between the statements is found by the second. The
        # job was read before both.
        start = after + 1
        items = {
            row.pos: replace(row, outcome=usual) if row.pos < of.done else row
            for row in await to_do(tx, organization_id, of.id, start=start, limit=limit)
        }
        kept = await _kept(tx, organization_id, of, after=after, limit=limit)
        merged = items | kept
        part = [merged[pos] for pos in sorted(merged)][:limit]
        found += [row for row in part if outcomes is None or row.outcome in outcomes]
        if outcomes is None or len(part) < limit:
            break
        after = part[-1].pos
    return found[:limit]


async def _kept(
    tx: Transaction,
    organization_id: int,
    of: Job,
    *where: ColumnElement[bool],
    after: int,
    limit: int,
) -> dict[int, JobRow]:
    """Return the rows of their own that a job's items have, behind a position."""
    rows = await find_all(
        tx,
        job_rows,
        organization_id,
        job_rows.c.job_id == of.id,
        job_rows.c.pos > after,
        *where,
        order=(job_rows.c.pos,),
        limit=limit,
    )
    return {row.pos: value_of(JobRow, row) for row in rows}


async def keep(tx: Transaction, claim: Claim, rows: Sequence[JobRow]) -> None:
    """Keep what became of rows."""
    own = (claim.organization_id, claim.id.hex)
    given = [(*own, *(getattr(row, name) for name in KEPT[:-1]), _json(row.detail)) for row in rows]
    await tx.load(job_rows, ("organization_id", "job_id", *KEPT), given)


def _json(detail: Mapping[str, Any] | None) -> str | None:
    return None if detail is None else json.dumps(detail)


async def forget(tx: Transaction, claim: Claim, *, done: int) -> None:
    """Delete the items that are done, unless they stand for themselves; see `USUAL`."""
    if USUAL in claim.parameters:
        return
    await remove(
        tx,
        job_items,
        claim.organization_id,
        job_items.c.job_id == claim.id,
        job_items.c.pos <= (done if done >= claim.total else done - TEXTS),
    )
