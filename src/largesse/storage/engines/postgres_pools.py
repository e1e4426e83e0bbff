"""Taking from pools on PostgreSQL: one statement for all pools and takers of a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import accumulate
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    FromClause,
    String,
    and_,
    cast,
    func,
    insert,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from largesse.storage.bulk import Demand, Key, Pool, set_from
from largesse.storage.engines.postgres_lists import give_whole, turned, unnested
from largesse.storage.group_commit import MOST_IN_A_BATCH

if TYPE_CHECKING:
    from largesse.storage.engines.postgres import Postgres

MOST_TAKERS = MOST_IN_A_BATCH
"""Takers of one pool in one statement at most."""

TRAIL = "trail_"
"""Begins the names of the trail's columns, beside which the pool's own may have the same."""


async def take_each(
    engine: "Postgres",
    connection: AsyncConnection,
    pool: Pool,
    demands: Sequence[Demand],
    parameters: Mapping[str, Any],
) -> dict[Key, list[Any]]:
    """Take for all demands, by one statement as long as none has more than `MOST_TAKERS`."""
    taken: dict[Key, list[Any]] = {d.key: [] for d in demands}
    for start in range(0, max(len(d.takers) for d in demands), MOST_TAKERS):
        some = [replace(d, takers=d.takers[start : start + MOST_TAKERS]) for d in demands]
        for key, rows in (await _take_some(engine, connection, pool, some, parameters)).items():
            taken[key] += rows
    return taken


async def _take_some(
    engine: "Postgres",
    connection: AsyncConnection,
    pool: Pool,
    demands: Sequence[Demand],
    parameters: Mapping[str, Any],
) -> dict[Key, list[Any]]:
    """Take by one statement, whose text is the same for any number of demands."""
    statement = engine.prepared(pool.name, lambda: _take(engine, pool))
    before = accumulate((len(d.takers) for d in demands), initial=0)
    demanded = [
        (number, *d.key, len(d.takers), d.behind, *([d.version] if pool.versions else []))
        for number, d in zip(before, demands, strict=False)
    ]
    everyone = [(d.key, values) for d in demands for values in d.takers]
    takers = [(number, *values) for number, (_, values) in enumerate(everyone, 1)]
    columns = _demand_columns(pool)
    given = give_whole("demand", columns, turned(columns, demanded))
    given |= engine.give("taker", _taker_columns(pool), takers)
    taken: dict[Key, list[Any]] = {d.key: [] for d in demands}
    found = await engine.fetch(connection, statement, {**given, **parameters})
    for row in sorted(found, key=itemgetter(0)):
        taken[everyone[row.taker - 1][0]].append(row)
    return taken


@cache
def _demand_columns(pool: Pool) -> list[Column[Any]]:
    keys = [Column(name, pool.table.c[name].type) for name in pool.keys]
    numbers = [Column(name, BigInteger) for name in ("before", "wanted", "behind")]
    versions = pool.versions
    version = (
        [] if versions is None else [Column("version", versions.table.c[versions.column].type)]
    )
    return [numbers[0], *keys, *numbers[1:], *version]


@cache
def _taker_columns(pool: Pool) -> list[Column[Any]]:
    sets = [Column(name, pool.table.c[name].type) for name in pool.sets]
    return [Column("taker", BigInteger), *sets, *_trail_columns(pool)]


def _trail_columns(pool: Pool) -> list[Column[Any]]:
    if pool.trail is None:
        return []
    own = pool.trail.table.c
    return [Column(f"{TRAIL}{name}", own[name].type) for name in pool.trail.names]


def _current(pool: Pool, demand: FromClause) -> FromClause:
    """Leave out the demands that know another version than the present one."""
    versions = pool.versions
    if versions is None:
        return demand
    own = versions.table.c
    same = [own[a] == demand.c[b] for a, b in zip(versions.keys, pool.keys, strict=True)]
    current = demand.c.version.is_(None) | (own[versions.column] == demand.c.version)
    return demand.join(versions.table, and_(*same, current))


def _take(engine: "Postgres", pool: Pool) -> Any:
    """Lock rows of each demand, number them, and give the first to its first taker, and so on.

    Takers are numbered through all demands, and a demand knows how many come before its own.

    The locking SELECT stands behind MATERIALIZED, where it is run once: as a subquery in a
    condition it may be run again, and then takes more than was asked for.
    """
    table = pool.table.c
    own = [c.name for c in pool.table.primary_key]
    # Whole: folded into the statement, a demand would have it planned anew each time.
    demand = unnested("demand", "demand", _demand_columns(pool))
    next_ones = (
        select(*(table[name] for name in own), table[pool.place])
        .where(
            *(table[name] == demand.c[name] for name in pool.keys),
            *pool.free,
            table[pool.place] > demand.c.behind,
        )
        .order_by(table[pool.place])
        .limit(demand.c.wanted)
        .with_for_update(skip_locked=True)
        .correlate(demand)
        .lateral("next")
    )
    # The planner takes a limit that it does not know for a tenth of the pool.
    free = select(*next_ones.c).limit(literal_column(str(MOST_TAKERS))).lateral("free")
    number = func.row_number().over(partition_by=demand.c.before, order_by=free.c[pool.place])
    found = select(
        *(free.c[name] for name in own), (demand.c.before + number).label("taker")
    ).select_from(_current(pool, demand).join(free, true()))
    locked = found.cte("locked").prefix_with("MATERIALIZED", dialect="postgresql")
    taker = engine.given("taker", _taker_columns(pool))
    taken = (
        select(*(locked.c[name] for name in own), *taker.c)
        .where(locked.c.taker == taker.c.taker)
        .subquery("taken")
    )
    returned = [table[name] for name in dict.fromkeys((pool.place, *pool.returns, "id"))]
    giving = set_from(pool.table, taken, keys=own, names=pool.sets).returning(
        taken.c.taker, *returned, *(taken.c[c.name] for c in _trail_columns(pool))
    )
    return giving if pool.trail is None else _with_trail(pool, giving.cte("given"))


def _with_trail(pool: Pool, given: Any) -> Any:
    """Write the trail of what is given, in the same statement."""
    trail = pool.trail
    assert trail is not None
    same = [literal(value, trail.table.c[name].type) for name, value in trail.same.items()]
    values = [given.c[f"{TRAIL}{name}"] for name in trail.names]
    line = select(*same, *values, cast(given.c.id, String))
    names = [*trail.same, *trail.names, trail.subject]
    written = insert(trail.table).from_select(names, line).cte("written")
    told = (name for name in given.c.keys() if not name.startswith(TRAIL))
    return select(*(given.c[name] for name in told)).add_cte(written)
