"""The databases that are measured, with ordinary, durable settings."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.postgres import create_database, start_cluster

DURABLE = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # What an operator sets first: the defaults are for a machine of 1998.
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
}


@dataclass(frozen=True)
class Place:
    """A database of this run alone."""

    kind: str
    url: str
    version: str
    pid: int | None
    """The process id of the database's server, if it has one."""


@contextmanager
def open_place(kind: str, directory: Path | None) -> Iterator[Place]:
    """Make an empty database below `directory`, and remove it behind the block."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="largesse-bench-", dir=directory) as folder:
            url = f"sqlite:///{folder}/largesse.db"
            yield Place(kind, url, f"SQLite {sqlite3.sqlite_version}", None)
        return
    with start_cluster(directory, settings=DURABLE) as cluster:
        version = (cluster.home / "data" / "PG_VERSION").read_text().strip()
        url = create_database(cluster.url, "largesse")
        yield Place(kind, url, f"PostgreSQL {version}", cluster.process.pid)
