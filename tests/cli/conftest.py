"""The command, over an empty database, over the demo data, and over none."""

from pathlib import Path

import pytest

from tests.cli.command import Largesse


@pytest.fixture
def engine_name() -> str:
    """SQLite: a process for each command is slow enough. Some tests ask for both."""
    return "sqlite"


@pytest.fixture
def largesse(empty_url: str, tmp_path: Path) -> Largesse:
    """The command over a migrated, empty database."""
    return Largesse(tmp_path, empty_url)


@pytest.fixture
def demo(demo_url: str, tmp_path: Path) -> Largesse:
    """The command over a database with the demo data."""
    return Largesse(tmp_path, demo_url)


@pytest.fixture
def bare(tmp_path: Path) -> Largesse:
    """The command in an empty folder, without any setting."""
    return Largesse(tmp_path)
