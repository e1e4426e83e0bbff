"""`largesse users`: who may log in."""

import sys
from typing import TYPE_CHECKING, Any

import rich_click as click

from largesse.cli.output import json_option, show_record, show_rows
from largesse.cli.session import (
    after_option,
    chosen,
    limit_option,
    organization_option,
    pages,
    run,
)

if TYPE_CHECKING:
    from uuid import UUID

    from largesse.core.access.model import Caller, User
    from largesse.services import Services

ROLES = ("owner", "marketer", "support", "viewer", "shopper")
"""The core's roles. Such lists stand here again, so that `--help` needs not import the core; a test
compares them."""

DEFAULT_UNIT = {"name": "Main", "alternative_code": "main"}


@click.group()
def users() -> None:
    """Make and list users."""


@users.command()
@click.argument("username")
@click.option("--role", type=click.Choice(ROLES), default="owner", show_default=True)
@click.option("--unit", metavar="CODE", help="The alternative code of the user's business unit.")
@click.option("--email", help="The user's address.")
@click.option("--first-name")
@click.option("--last-name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--password", help="The password. Other users of this machine can see it here.")
@organization_option
@json_option
def create(
    username: str,
    role: str,
    unit: str | None,
    password_stdin: bool,
    password: str | None,
    organization: str | None,
    as_json: bool,
    **more: Any,
) -> None:
    """Make a user, and a first business unit if there is none.

    Without --password or --password-stdin the password is asked for, or read from standard input
    where that is no terminal.
    """
    if password_stdin and password is not None:
        raise click.UsageError("--password and --password-stdin exclude each other.")
    given = {field: value for field, value in more.items() if value is not None}
    secret = asked_password(password, from_stdin=password_stdin)

    async def work(services: "Services") -> "User":
        caller = await chosen(services, organization)
        unit_id = await _unit(services, caller, unit)
        new = {"username": username, "role": role, "unit_id": unit_id, "password": secret}
        return await services.users.create(caller, new | given)

    show_record(_record(run(work)), as_json=as_json)


@users.command("list")
@organization_option
@limit_option
@after_option
@json_option
def list_(organization: str | None, limit: int, after: Any, as_json: bool) -> None:
    """List the users of an organization."""

    async def work(services: "Services") -> "list[User]":
        caller = await chosen(services, organization)
        return await pages(services.users.page, caller, limit=limit, after=after)

    show_rows([_record(user) for user in run(work)], as_json=as_json)


@users.command("second-factor")
@click.argument("username")
@click.option("--remove", is_flag=True, help="Take it away: the password alone will do again.")
@organization_option
@json_option
def second_factor(username: str, remove: bool, organization: str | None, as_json: bool) -> None:
    """Give a user a second factor, and show what an authenticator app is told, this once.

    From then on the user logs in with one-time passcodes, where there is a place for them.
    """

    async def work(services: "Services") -> dict[str, Any]:
        from largesse.core.errors import UnknownUser

        caller = await chosen(services, organization)
        found = await services.users.page(caller, limit=1, username_key=username.strip().casefold())
        if not found.items:
            raise UnknownUser(username, "username")
        user = found.items[0]
        told: dict[str, Any] = {"id": user.id, "username": user.username}
        if remove:
            await services.second_factors.remove(caller, user.id)
            return told | {"second_factor": False}
        made = await services.second_factors.enrol(caller, user.id)
        return told | {"second_factor": True, "secret": made.secret, "uri": made.uri}

    show_record(run(work), as_json=as_json)


def asked_password(given: str | None, *, from_stdin: bool) -> str:
    """Return the password that a command was given, or one that is read or asked for."""
    if given is not None:
        return given
    if from_stdin or not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


async def _unit(services: "Services", caller: "Caller", code: str | None) -> "UUID":
    """Return the unit with a code; without one the oldest unit, made if there is none.

    Raises:
        UnknownUnit
    """
    from largesse.core.errors import UnknownUnit

    filters = {} if code is None else {"alternative_code": code}
    found = await services.units.page(caller, limit=1, **filters)
    if found.items:
        return found.items[0].id
    if code is not None:
        raise UnknownUnit(code, "code")
    return (await services.units.create(caller, DEFAULT_UNIT)).id


def _record(user: "User") -> dict[str, Any]:
    return {
        "id": user.id,
        "username": user.username,
        "role": user.role,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "unit_id": user.unit_id,
        "active": user.active,
    }
