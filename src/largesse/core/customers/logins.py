"""The use cases of customers' logins: giving a customer one, showing it and taking it away."""

from typing import Any
from uuid import UUID

from largesse.core import clock
from largesse.core.access import passwords
from largesse.core.access.model import Caller, Right
from largesse.core.access.people import LEAST_PASSWORD
from largesse.core.customers import login_store as store
from largesse.core.customers.login_model import CustomerLogin, customer_logins
from largesse.core.customers.model import customers
from largesse.core.errors import (
    AlreadyExists,
    InvalidValue,
    MissingValue,
    UnknownCustomer,
    UnknownCustomerLogin,
)
from largesse.core.events import store as event_store
from largesse.core.events.changes import HIDDEN
from largesse.core.events.model import EventKind
from largesse.core.limits import check_fits
from largesse.core.records import is_blank
from largesse.core.text import folded
from largesse.storage.database import Database, Transaction
from largesse.storage.errors import DuplicateKey
from largesse.storage.records import hold


class CustomerLogins:
    """What customers log in with; a new password ends every token of theirs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, caller: Caller, customer_id: UUID) -> CustomerLogin:
        """Return a customer's login. Raises UnknownCustomerLogin, NotPermitted."""
        caller.require(Right.READ)
        async with self._database.read() as tx:
            row = await store.login_of(tx, caller.organization_id, customer_id)
        if row is None:
            raise UnknownCustomerLogin(str(customer_id))
        return CustomerLogin(row.customer_id, row.login, row.created_at, row.updated_at)

    async def put(
        self, caller: Caller, customer_id: UUID, *, password: str, login: str | None = None
    ) -> CustomerLogin:
        """Set a customer's password, and its login: else that stays, or is the e-mail address.

        Raises:
            NotPermitted, UnknownCustomer
            InvalidValue: the password is too short, or the login too long.
            MissingValue: no login is given, and the customer has no address either.
            AlreadyExists: another customer has the login.
        """
        caller.require(Right.MANAGE_CUSTOMERS)
        if len(password) < LEAST_PASSWORD:
            raise InvalidValue("password", f"must have at least {LEAST_PASSWORD} characters")
        password_hash = await passwords.hashed(password)
        try:
            async with self._database.write() as tx:
                values = await _named(tx, caller.organization_id, customer_id, login)
                made = await store.put(
                    tx,
                    caller.organization_id,
                    customer_id,
                    values | {"password_hash": password_hash},
                    clock.now(),
                )
                event_store.record(
                    tx,
                    caller,
                    EventKind.CUSTOMER_LOGIN_SET,
                    ("customer", customer_id),
                    after={"login": made.login, "password_hash": HIDDEN},
                )
        except DuplicateKey:
            raise AlreadyExists("customer login") from None
        return made

    async def delete(self, caller: Caller, customer_id: UUID) -> None:
        """Take a customer's login away. Raises UnknownCustomerLogin, NotPermitted."""
        caller.require(Right.MANAGE_CUSTOMERS)
        async with self._database.write() as tx:
            login = await store.remove(tx, caller.organization_id, customer_id)
            if login is None:
                raise UnknownCustomerLogin(str(customer_id))
            event_store.record(
                tx,
                caller,
                EventKind.CUSTOMER_LOGIN_REMOVED,
                ("customer", customer_id),
                before={"login": login},
            )


async def _named(
    tx: Transaction, organization_id: int, customer_id: UUID, login: str | None
) -> dict[str, Any]:
    """Return the login that a customer, who is held, is to have."""
    customer = await hold(tx, customers, organization_id, customers.c.id == customer_id)
    if customer is None:
        raise UnknownCustomer(str(customer_id), "id")
    if login is None:
        there = await store.login_of(tx, organization_id, customer_id)
        login = there.login if there else customer.email
    if is_blank(login):
        raise MissingValue("login")
    values = {"login": str(login).strip(), "login_key": folded(str(login))}
    check_fits(customer_logins, values)
    return values
