"""Tenants are shards: every key of every table begins with the organization."""

import pytest
from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint

from largesse.core.schema import metadata

# What there is one of in an installation, and the directory by which organizations are found.
WITHOUT = {"organizations", "organization_aliases", "installation", "mail_lanes"}

LEADS = "organization_id"

TABLES = [table for table in metadata.sorted_tables if table.name not in WITHOUT]


def test_the_exceptions_exist() -> None:
    assert metadata.tables.keys() >= WITHOUT
    assert len(TABLES) > 20


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_the_primary_key_begins_with_the_organization(table: Table) -> None:
    names = [column.name for column in table.primary_key.columns]
    assert names[0] == LEADS
    assert len(names) > 1


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_every_unique_key_begins_with_the_organization(table: Table) -> None:
    uniques = [c for c in table.constraints if isinstance(c, UniqueConstraint)]
    indexes = [index for index in table.indexes if index.unique]
    for key in (*uniques, *indexes):
        assert next(column.name for column in key.columns) == LEADS, key.name
    assert not [column for column in table.c if column.unique]


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_every_reference_stays_in_the_organization(table: Table) -> None:
    for key in table.constraints:
        if isinstance(key, ForeignKeyConstraint):
            assert key.column_keys[0] == LEADS, key.name
            target = key.elements[0].column
            assert target.name == ("id" if target.table.name == "organizations" else LEADS)


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=str)
def test_names_are_the_same_on_both_databases(table: Table) -> None:
    """An unnamed constraint gets a name from the database, which no migration can know."""
    for part in (*table.constraints, *table.indexes):
        assert part.name, part
        assert len(str(part.name)) <= 63, f"PostgreSQL cuts {part.name}"
