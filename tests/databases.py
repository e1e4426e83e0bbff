"""Databases for tests: each test has one that is as if new, which costs next to nothing.

Migrating one takes half a second, so templates are made once, for all workers of a run. A SQLite
file is a copy of its template. A PostgreSQL database is put back to what its template was, unless
a test changed more than rows: making a new one takes thirty times as long.
"""

import asyncio
import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg

from largesse.core.schema import metadata
from tests.postgres import create_database, drop_database
from tests.serving import prepare

USES = 60
"""Tests that a PostgreSQL database serves: rows that were deleted slow it down a little."""

GROWTH = 2**23
"""Bytes by which a database may have grown to be used again."""

WATCHED = """
    CREATE TABLE pristine.changes (tag text);
    CREATE FUNCTION pristine.note() RETURNS event_trigger LANGUAGE plpgsql
        AS $$ BEGIN INSERT INTO pristine.changes VALUES (tg_tag); END $$;
    CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION pristine.note();
"""
"""Keeps in mind whether a test changed more than rows."""

SIZE = """
    SELECT sum(pg_relation_size(oid))::bigint FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""

SAME = f"""
    SELECT ({SIZE}) < $1
        AND NOT EXISTS (TABLE pristine.changes)
        -- 16384: the first oid of what is not PostgreSQL's own.
        AND NOT EXISTS (SELECT FROM pg_statistic WHERE starelid >= 16384)
"""
"""Whether a database did not grow, has its schema still, and was not analyzed."""

CUT = (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError)
"""How our own connection fails once a test has cut all of them."""

ALONE = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_get_activity(NULL)
    WHERE pid <> pg_backend_pid()
        AND datid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
"""Ends what a killed server of a test left behind."""


@dataclass(frozen=True)
class Template:
    """A prepared database, of which those of the tests are copies."""

    name: str
    restore: str = ""
    """Statements that put the rows of a copy back to what they were."""
    size: int = 0


class Used:
    """A PostgreSQL database, and a connection that puts it back to what it was.

    The connection stays: a new one would first have to learn about every table. It has an event
    loop of its own, because each test has another one.
    """

    def __init__(self, url: str, template: Template) -> None:
        self.url = url
        self._template = template
        self._uses = 0
        self._loop = asyncio.new_event_loop()
        self._connection: asyncpg.Connection | None = None

    def restored(self) -> bool:
        """Put the database back to what its template was; say whether it can be used again."""
        self._uses += 1
        try:
            return self._uses < USES and self._loop.run_until_complete(self._restore())
        except CUT:
            return False

    async def _restore(self) -> bool:
        if self._connection is None:
            self._connection = await asyncpg.connect(self.url)
        await self._connection.execute(ALONE)
        if not await self._connection.fetchval(SAME, self._template.size + GROWTH):
            return False
        # A script of several statements is one transaction.
        await self._connection.execute(self._template.restore)
        return True

    def close(self) -> None:
        """Give up the connection."""
        if self._connection is not None:
            self._connection.terminate()
            self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()


class Databases:
    """Gives databases to the tests of one worker, one after the other."""

    def __init__(self, folder: Path, worker: str) -> None:
        self._folder = folder
        self._prefix = prefix_of(folder)
        self._worker = worker
        self._templates: dict[tuple[str, bool], Template] = {}
        self._free: dict[bool, list[Used]] = {False: [], True: []}
        self._taken: dict[str, Used] = {}
        self._count = 0

    async def take(self, engine: str, server: str | None, *, demo: bool) -> str:
        """Return the URL of a database that is migrated and, if asked to, has the demo data."""
        template = await self._template(engine, server, demo=demo)
        if server is None:
            copy = self._folder / f"{self._worker}_{self._new()}.db"
            shutil.copy(template.name, copy)
            return f"sqlite:///{copy}"
        if self._free[demo]:
            used = self._free[demo].pop()
        else:
            name = f"{self._prefix}{self._worker}_{self._new()}"
            used = Used(create_database(server, name, template.name), template)
        self._taken[used.url] = used
        return used.url

    def _new(self) -> int:
        self._count += 1
        return self._count

    async def give_back(self, url: str, server: str | None, *, demo: bool) -> None:
        """Keep a database for the next test, or remove it."""
        if server is None:
            file = Path(url.removeprefix("sqlite:///"))
            for each in file.parent.glob(f"{file.name}*"):
                each.unlink()
            return
        used = self._taken.pop(url)
        if await asyncio.to_thread(used.restored):
            self._free[demo].append(used)
        else:
            await asyncio.to_thread(used.close)
            drop_database(server, url.rpartition("/")[2])

    def close(self) -> None:
        """Give up every connection."""
        for used in (*self._free[False], *self._free[True]):
            used.close()

    async def _template(self, engine: str, server: str | None, *, demo: bool) -> Template:
        known = self._templates.get((engine, demo))
        if known is not None:
            return known
        kind = f"{engine}_{'demo' if demo else 'empty'}"
        note = self._folder / f"{kind}.json"
        with _one_at_a_time(self._folder / f"{kind}.lock"):
            if note.exists():
                made = Template(**json.loads(note.read_text()))
            elif server is None:
                made = await _file(self._folder / f"{kind}.db", demo=demo)
            else:
                made = await _database(server, f"{self._prefix}{kind}", demo=demo)
            note.write_text(json.dumps(asdict(made)))
        return self._templates.setdefault((engine, demo), made)


def prefix_of(folder: Path) -> str:
    """Return how the names of a run's PostgreSQL databases begin; the folder is its own."""
    return f"largesse_{folder.name.rpartition('-')[2]}_"


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


async def _file(path: Path, *, demo: bool) -> Template:
    await prepare(f"sqlite:///{path}", demo=demo)
    return Template(str(path))


async def _database(server: str, name: str, *, demo: bool) -> Template:
    url = create_database(server, name)
    await prepare(url, demo=demo)
    connection = await asyncpg.connect(url)
    restore = ["SET LOCAL session_replication_role = replica"]
    await connection.execute("CREATE SCHEMA pristine")
    for table in (*(table.name for table in metadata.sorted_tables), "alembic_version"):
        restore.append(f"DELETE FROM {table}")
        if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {table})"):
            await connection.execute(f"CREATE TABLE pristine.{table} AS TABLE {table}")
            restore.append(f"INSERT INTO {table} SELECT * FROM pristine.{table}")
    await connection.execute(WATCHED)
    size = await connection.fetchval(SIZE)
    await connection.close()
    return Template(name, ";".join(restore), int(size))
