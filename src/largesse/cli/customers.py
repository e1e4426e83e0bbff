"""`largesse customers`: what customers of a shop log in with."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from largesse.cli.output import json_option, show_record
from largesse.cli.session import chosen, organization_option, run
from largesse.cli.users import asked_password

if TYPE_CHECKING:
    from largesse.core.customers.login_model import CustomerLogin
    from largesse.services import Services


@click.group()
def customers() -> None:
    """Give customers of a shop a login, and take it away."""


@customers.command("set-password")
@click.argument("customer")
@click.option("--login", help="What the customer logs in with; first it is the e-mail address.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--password", help="The password. Other users of this machine can see it here.")
@organization_option
@json_option
def set_password(
    customer: str,
    login: str | None,
    password_stdin: bool,
    password: str | None,
    organization: str | None,
    as_json: bool,
) -> None:
    """Let a CUSTOMER log in, named by its id or by its own id at the shop.

    A new password ends every session of the customer. Without --password or --password-stdin it
    is asked for, or read from standard input where that is no terminal.
    """
    if password_stdin and password is not None:
        raise click.UsageError("--password and --password-stdin exclude each other.")
    secret = asked_password(password, from_stdin=password_stdin)

    async def work(services: "Services") -> "CustomerLogin":
        caller = await chosen(services, organization)
        found = await services.customers.named(caller, None, customer)
        return await services.customer_logins.put(caller, found.id, password=secret, login=login)

    show_record(_record(run(work)), as_json=as_json)


@customers.command("remove-login")
@click.argument("customer")
@organization_option
@json_option
def remove_login(customer: str, organization: str | None, as_json: bool) -> None:
    """Let a CUSTOMER log in no more, and end its sessions."""

    async def work(services: "Services") -> dict[str, Any]:
        caller = await chosen(services, organization)
        found = await services.customers.named(caller, None, customer)
        await services.customer_logins.delete(caller, found.id)
        return {"customer_id": found.id, "removed": True}

    show_record(run(work), as_json=as_json)


def _record(one: "CustomerLogin") -> dict[str, Any]:
    return {"customer_id": one.customer_id, "login": one.login, "since": one.created_at}
