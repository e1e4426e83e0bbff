"""What every test may use."""

import os
from collections.abc import Iterator

import pytest

from tests.postgres import start_cluster

POSTGRES = "LARGESSE_TEST_POSTGRES"


def pytest_configure(config: pytest.Config) -> None:
    """Under xdist all workers share one server: it starts here, before them, and they inherit its address."""
    distributed = config.getoption("numprocesses", None) and not hasattr(config, "workerinput")
    if distributed and not config.option.collectonly and POSTGRES not in os.environ:
        cluster = start_cluster()
        config.add_cleanup(cluster.stop)
        os.environ[POSTGRES] = cluster.url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server where tests may create databases."""
    if named := os.environ.get(POSTGRES):
        yield named
        return
    with start_cluster() as cluster:
        yield cluster.url
