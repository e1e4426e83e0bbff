"""What every command begins with: the settings, an open database, an organization."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from largesse.cli.errors import CommandError, database_reason

if TYPE_CHECKING:
    from largesse.core.access.model import Caller
    from largesse.services import Services
    from largesse.settings import Settings

T = TypeVar("T")

organization_option = click.option(
    "--organization",
    "-o",
    metavar="NAME",
    help="The organization, by its name or an alias. Needless if there is only one.",
)
limit_option = click.option(
    "--limit", type=click.IntRange(1), default=100, show_default=True, help="Print so many at most."
)
after_option = click.option(
    "--after", type=click.UUID, metavar="ID", help="Print those behind this one, oldest first."
)


def prepared() -> "Settings":
    """Return the settings, and let the log lines of this process look as they say."""
    from largesse import log
    from largesse.settings import load

    settings = load(os.environ)
    log.configure(look=settings.log_format, level=settings.log_level)
    return settings


def run(work: "Callable[[Services], Awaitable[T]]") -> T:
    """Run a command's work over the database of the settings, which must be up to date."""
    import asyncio

    from largesse.core.request import REQUEST_ID, new_request_id

    async def whole() -> T:
        REQUEST_ID.set(new_request_id())
        async with opened(settings) as services:
            return await work(services)

    settings = prepared()
    return asyncio.run(whole())


@asynccontextmanager
async def opened(settings: "Settings", *, migrate: bool = False) -> "AsyncIterator[Services]":
    """Open the services. The database must be up to date, unless it may be migrated.

    Raises:
        CommandError: there is no such database, it is not reached, or it is not up to date.
    """
    from largesse import migrations
    from largesse.services import open_services

    name = shown(settings.database_url)
    if not migrate and (file := sqlite_file(settings.database_url)) and not file.exists():
        raise CommandError(f"There is no database {name}. `largesse db upgrade` makes it.")
    with database_errors(settings):
        services = open_services(settings)
    try:
        with database_errors(settings):
            if migrate:
                await migrations.upgrade(services.database)
            current = await migrations.current(services.database)
        if not current:
            raise CommandError(
                f"The database {name} is not that of this version. `largesse db upgrade` brings "
                "an older one up to date."
            )
        with database_errors(settings):
            await services.start()
        yield services
    finally:
        await services.close()


@contextmanager
def database_errors(settings: "Settings") -> Iterator[None]:
    """Name the database in what it, its driver or the network says.

    Raises:
        CommandError: in place of such an error.
    """
    try:
        yield
    except Exception as error:
        if (reason := database_reason(error)) is None:
            raise
        name = shown(settings.database_url)
        raise CommandError(f"The database {name} can not be used: {reason}") from error


def shown(database_url: str) -> str:
    """Return a database's URL without its password.

    Raises:
        ValueError: the text is no URL.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(database_url).render_as_string(hide_password=True)
    except ArgumentError:
        raise ValueError(
            "database_url: not a database URL (sqlite:///path or postgresql://user@host/name)"
        ) from None


def sqlite_file(database_url: str) -> Path | None:
    """Return the file of an SQLite database; None if the URL names another kind."""
    scheme, _, path = database_url.partition(":///")
    return Path(path) if scheme.partition("+")[0] == "sqlite" else None


async def chosen(services: "Services", name: str | None) -> "Caller":
    """Return the caller that may do everything in the organization named, or in the only one.

    Raises:
        UnknownOrganization: nobody has the name.
        CommandError: none is named, and there is not exactly one.
    """
    from largesse.core.access.model import system

    name = name or services.settings.default_organization
    if name is not None:
        return system(await services.access.organization_named(name))
    everyone = await services.access.organizations()
    if not everyone:
        raise CommandError("There is no organization. `largesse organizations create` makes one.")
    if len(everyone) > 1:
        names = ", ".join(organization.name for organization in everyone)
        raise CommandError(f"Name an organization with --organization: {names}.")
    return system(everyone[0])


async def pages(
    page: Callable[..., Awaitable[Any]],
    caller: "Caller",
    *,
    limit: int,
    after: Any = None,
    **filters: Any,
) -> list[Any]:
    """Collect records page by page, `limit` at most; say so on standard error if there are more."""
    from largesse.core.records import PAGE_LIMIT

    items: list[Any] = []
    while len(items) < limit:
        found = await page(
            caller, after=after, limit=min(PAGE_LIMIT, limit - len(items)), **filters
        )
        items += found.items
        after = found.next_after
        if after is None:
            return items
    click.echo(f"There are more: --after {after}", err=True)
    return items
