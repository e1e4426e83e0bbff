"""What every test may use."""

import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from argon2 import PasswordHasher
from hypothesis import settings as of_hypothesis

from largesse.core.access import passwords
from largesse.services import Services, open_services
from tests import compiled
from tests.databases import Databases, prefix_of
from tests.postgres import drop_databases, start_cluster
from tests.serving import Served, serve, settings_for

# How long an example takes says nothing on a machine that does other things too.
of_hypothesis.register_profile("untimed", deadline=None)
of_hypothesis.load_profile("untimed")

POSTGRES = "LARGESSE_TEST_POSTGRES"
FOLDER = "LARGESSE_TEST_FOLDER"
"""Of all workers of this run."""

MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30
"""Bytes that must be free in memory for the tests' databases to be kept there."""

HASTY = {"fsync": "off", "full_page_writes": "off", "max_connections": 300}
"""No test cuts the database server's power, and each has a database of its own to be made: what
would make it survive is left out. Servers of ours that are killed lose nothing by it."""


def pytest_configure(config: pytest.Config) -> None:
    """Make what all workers of a run share; under xdist this is here, before them."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    given = os.environ.get(POSTGRES)
    folder = tempfile.TemporaryDirectory(prefix="largesse-databases-", dir=in_memory())
    config.add_cleanup(folder.cleanup)
    os.environ[FOLDER] = folder.name
    if given is not None:
        config.add_cleanup(lambda: drop_databases(given, prefix_of(Path(folder.name))))
    elif config.getoption("numprocesses", None):
        cluster = start_cluster(in_memory(), settings=HASTY)
        config.add_cleanup(cluster.stop)
        os.environ[POSTGRES] = cluster.url


def pytest_collection_finish() -> None:
    """Leave alone what is here to stay: looking through it for garbage takes a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)


def in_memory() -> Path | None:
    """Return a folder that is kept in memory, or None: a commit on a disk takes milliseconds."""
    roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    return MEMORY if roomy else None


@pytest.fixture(scope="session", autouse=True)
def plain_tracebacks() -> None:
    """Print tracebacks as `serve` does. With every local variable, one takes seconds."""
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], renderer])


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> None:
    """Compile each statement once."""
    compiled.share()


@pytest.fixture(scope="session", autouse=True)
def hasher() -> Iterator[tuple[PasswordHasher, str]]:
    """Return how the product hashes passwords, and the hash that nobody's password has.

    Here it spends 0.03 ms on a hash instead of 30.
    """
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        theirs = (passwords._HASHER, passwords._NOBODY)
        patch.setattr(passwords, "_HASHER", cheap)
        patch.setattr(passwords, "_NOBODY", cheap.hash("no password has this hash"))
        yield theirs


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server where tests may create databases."""
    if named := os.environ.get(POSTGRES):
        yield named
        return
    with start_cluster(in_memory(), settings=HASTY) as cluster:
        yield cluster.url


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """The databases of this worker."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    opened = Databases(Path(os.environ[FOLDER]), worker)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgres"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Both databases, one after the other."""
    return str(request.param)


@pytest.fixture
async def empty_url(
    engine_name: str, databases: Databases, request: pytest.FixtureRequest
) -> AsyncIterator[str]:
    """A migrated database of this test alone."""
    async for url in _database(engine_name, databases, request, demo=False):
        yield url


@pytest.fixture
async def demo_url(
    engine_name: str, databases: Databases, request: pytest.FixtureRequest
) -> AsyncIterator[str]:
    """A database of this test alone, with the demo data."""
    async for url in _database(engine_name, databases, request, demo=True):
        yield url


async def _database(
    engine: str, databases: Databases, request: pytest.FixtureRequest, *, demo: bool
) -> AsyncIterator[str]:
    server = request.getfixturevalue("postgres_url") if engine == "postgres" else None
    url = await databases.take(engine, server, demo=demo)
    yield url
    await databases.give_back(url, server, demo=demo)


@pytest.fixture
async def services(empty_url: str) -> AsyncIterator[Services]:
    """Every use case, over an empty database."""
    opened = open_services(settings_for(empty_url))
    await opened.start()
    yield opened
    await opened.close()


@pytest.fixture
async def demo_services(demo_url: str) -> AsyncIterator[Services]:
    """Every use case, over the demo data."""
    opened = open_services(settings_for(demo_url))
    await opened.start()
    yield opened
    await opened.close()


@pytest.fixture
def served_with() -> dict[str, Any]:
    """What a file or a folder sets otherwise for `served`."""
    return {}


@pytest.fixture
async def served(demo_url: str, served_with: dict[str, Any]) -> AsyncIterator[Served]:
    """A served instance with the demo data and a mail service of its own."""
    async with serve(demo_url, **served_with) as instance:
        yield instance
