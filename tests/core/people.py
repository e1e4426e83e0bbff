"""Organizations, callers and a look at everything that is kept, for the tests."""

from typing import Any

from sqlalchemy import select

from largesse.core.access.model import Caller, anonymous, system
from largesse.core.schema import metadata
from largesse.services import Services

PASSWORD = "correct horse"

COUNTED = frozenset({"figures", "figure_marks"})
"""Tables that a worker fills from the log, when it has time."""


async def make_owner(services: Services, name: str = "Shop") -> Caller:
    """Make an organization with a unit and an owner called `owner`, and log that owner in."""
    organization = await services.access.create_organization(name, [])
    unit = await services.units.create(
        system(organization), {"name": "Main", "alternative_code": "main"}
    )
    await make_user(services, system(organization), "owner", unit_id=unit.id, role="owner")
    return await log_in(services, "owner", organization=name)


async def make_user(services: Services, caller: Caller, username: str, **values: Any) -> Any:
    """Make a user with the password of all tests, in the caller's unit if no other is named."""
    new = {"username": username, "password": PASSWORD, "unit_id": caller.unit_id, "role": "viewer"}
    return await services.users.create(caller, new | values)


async def log_in(services: Services, username: str, **values: Any) -> Caller:
    """Log a user in with the password of all tests."""
    given = {"password": PASSWORD, "address": "test"} | values
    password = given.pop("password")
    return await services.access.log_in(username, password, **given)


async def nobody(services: Services, name: str = "Shop") -> Caller:
    """Return a caller without any right."""
    return anonymous(await services.access.organization_named(name))


async def everything(services: Services) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that the database holds, table by table, but what a worker counts by itself."""
    async with services.database.read() as tx:
        return {
            table.name: sorted((tuple(row) for row in await tx.rows(select(table))), key=repr)
            for table in metadata.sorted_tables
            if table.name not in COUNTED
        }


async def all_but_the_log(services: Services) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that the database holds but events and numbers, which nothing takes back."""
    held = await everything(services)
    return {name: rows for name, rows in held.items() if name not in ("events", "sequences")}
