"""Taking from pools on SQLite: all pools and takers of a batch in one visit to its thread.

Each visit waits twice for Python's interpreter lock, which the server's own thread has most of
the time: a batch over 16 campaigns made 20 of them.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from sqlalchemy import Column, ColumnElement, bindparam, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from largesse.storage.bulk import Demand, Key, Pool, Trail, set_from
from largesse.storage.engines.driver import visit
from largesse.storage.statements import Prepared

if TYPE_CHECKING:
    from largesse.storage.engines.sqlite import Sqlite

R = TypeVar("R")


async def take_each(
    engine: "Sqlite",
    connection: AsyncConnection,
    pool: Pool,
    demands: Sequence[Demand],
    parameters: Mapping[str, Any],
    *,
    alone: bool,
) -> dict[Key, list[Any]]:
    """Read for one demand after the other, then give all rows: nobody writes meanwhile."""
    free = engine.prepared(pool.name, lambda: _free(pool))
    asked = [free.bind(_asked(pool, one, parameters)) for one in demands]

    def take(driver: sqlite3.Connection) -> dict[Key, list[Any]]:
        taken = {d.key: read(driver, free, one) for d, one in zip(demands, asked, strict=True)}
        pairs = [pair for d in demands for pair in zip(taken[d.key], d.takers, strict=False)]
        if pairs:
            _give(engine, driver, pool, pairs)
        return taken

    begin = engine.begin if alone else None
    return await visit(connection, lambda driver: _whole(driver, begin, take))


def read(driver: sqlite3.Connection, statement: Prepared, values: Sequence[Any]) -> list[Any]:
    """Run a SELECT and return its rows, which come as one JSON text.

    For each row that is fetched, SQLite's thread gives up Python's interpreter lock, and under
    load waits up to 5 ms to have it back.
    """
    names = ", ".join(f'"{name}"' for name in statement.names)
    text = f"SELECT json_group_array(json_array({names})) FROM ({statement.text})"
    ((found,),) = driver.execute(text, values).fetchall()
    return statement.rows(msgspec.json.decode(found))


def _whole(
    driver: sqlite3.Connection, begin: str | None, work: Callable[[sqlite3.Connection], R]
) -> R:
    """Do some work, in a transaction of its own if it is told how to begin one."""
    if begin is None:
        return work(driver)
    driver.execute(begin).close()
    try:
        done = work(driver)
        driver.execute("COMMIT").close()
    except BaseException:
        # A full disk has rolled back already.
        if driver.in_transaction:
            driver.execute("ROLLBACK").close()
        raise
    return done


def _asked(pool: Pool, demand: Demand, parameters: Mapping[str, Any]) -> dict[str, Any]:
    keys = dict(zip(pool.keys, demand.key, strict=True))
    wanted = {"wanted": len(demand.takers), "behind": demand.behind, "version": demand.version}
    return {**keys, **wanted, **parameters}


def _give(
    engine: "Sqlite",
    driver: sqlite3.Connection,
    pool: Pool,
    pairs: Sequence[tuple[Any, tuple[Any, ...]]],
) -> None:
    """Give each row to its taker, and write the trail of it."""
    own = [c.name for c in pool.table.primary_key]
    columns = [pool.table.c[name] for name in (*own, *pool.sets)]
    many = len(pool.sets)
    given = [(*(getattr(row, name) for name in own), *taker[:many]) for row, taker in pairs]
    giving = engine.prepared((*pool.name, "give"), lambda: _giving(engine, pool, own, columns))
    driver.execute(giving.text, giving.bind(engine.give("given", columns, given))).close()
    if (trail := pool.trail) is not None:
        columns = [trail.table.c[name] for name in (*trail.names, trail.subject)]
        told = [(*taker[many:], str(row.id)) for row, taker in pairs]
        telling = engine.prepared((*pool.name, "tell"), lambda: _telling(engine, trail, columns))
        driver.execute(telling.text, telling.bind(engine.give("told", columns, told))).close()


def _free(pool: Pool) -> Any:
    table = pool.table.c
    own = [c.name for c in pool.table.primary_key]
    names = dict.fromkeys((*own, pool.place, *pool.returns))
    chosen = select(*(table[name] for name in names))
    if pool.index is not None:
        chosen = chosen.with_hint(pool.table, f"INDEXED BY {pool.index}", "sqlite")
    return (
        chosen.where(
            *(table[name] == bindparam(name) for name in pool.keys),
            *pool.free,
            table[pool.place] > bindparam("behind"),
            *_current(pool),
        )
        .order_by(table[pool.place])
        .limit(bindparam("wanted"))
    )


def _current(pool: Pool) -> list[ColumnElement[bool]]:
    """Return the condition that the taker knows the present version, if it names one."""
    versions = pool.versions
    if versions is None:
        return []
    own = versions.table.c
    version = bindparam("version", type_=own[versions.column].type)
    same = [own[a] == bindparam(b) for a, b in zip(versions.keys, pool.keys, strict=True)]
    current = select(own[versions.column]).where(*same, own[versions.column] == version)
    return [version.is_(None) | current.exists()]


def _giving(
    engine: "Sqlite", pool: Pool, own: Sequence[str], columns: Sequence[Column[Any]]
) -> Any:
    given = engine.given("given", columns)
    return set_from(pool.table, given, keys=own, names=pool.sets)


def _telling(engine: "Sqlite", trail: Trail, columns: Sequence[Column[Any]]) -> Any:
    told = engine.given("told", columns)
    same = [literal(value, trail.table.c[name].type) for name, value in trail.same.items()]
    names = [*trail.same, *(c.name for c in columns)]
    return insert(trail.table).from_select(names, select(*same, *told.c))
