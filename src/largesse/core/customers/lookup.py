"""Customers and their accounts together, as clients that manage receivers look at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from largesse.core.access.model import Caller, Right
from largesse.core.customers import store
from largesse.core.customers.model import (
    Account,
    AccountKind,
    ByAccount,
    ByToken,
    Customer,
    Identifier,
    Receiver,
    customers,
)
from largesse.core.customers.receivers import Receivers
from largesse.core.customers.service import Customers
from largesse.core.errors import CustomerTokenNotEffective, InvalidValue, UnknownAccount
from largesse.core.search.model import MOST_IN_A_PAGE, MOST_SKIPPED
from largesse.storage.database import Database, Transaction


@dataclass(frozen=True, slots=True)
class CustomerView:
    """A customer, and the first of its accounts receivable."""

    customer: Customer
    receivable: Account | None


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account, and whose it is."""

    account: Account
    owner: CustomerView


class Lookup:
    """Finds customers and accounts by the ways in which receivers are named."""

    def __init__(self, database: Database, receivers: Receivers, customers: Customers) -> None:
        self._database = database
        self._receivers = receivers
        self._customers = customers

    async def customer(
        self, caller: Caller, identifier: Identifier | None, value: str
    ) -> CustomerView:
        """Return the customer that an identifier names. Raises UnknownCustomer, NotPermitted."""
        return await self.seen(caller, await self._customers.named(caller, identifier, value))

    async def seen(self, caller: Caller, customer: Customer) -> CustomerView:
        """Return a customer with what belongs to it."""
        async with self._database.read() as tx:
            of_customer = await store.first_accounts(
                tx, caller.organization_id, AccountKind.RECEIVABLE, [customer.id]
            )
        return CustomerView(customer, of_customer.get(customer.id))

    async def account(self, caller: Caller, receiver: ByAccount | ByToken) -> AccountView:
        """Return the account that is named. A one-time password is used up.

        Raises:
            NotPermitted, UnknownAccount
            and what `Receivers.find` raises.
        """
        caller.require_own(Right.READ)
        found = await self._receivers.find(caller, receiver)
        if found.one_time_token_id is not None:
            async with self._database.write() as tx:
                if not await store.use_up_one_time_password(
                    tx, caller.organization_id, found.one_time_token_id
                ):
                    raise CustomerTokenNotEffective()
        assert found.account_id is not None
        async with self._database.read() as tx:
            account = await store.account(tx, caller.organization_id, found.account_id)
            views = [] if account is None else await _views(tx, caller.organization_id, [account])
        if not views:  # it has gone meanwhile
            raise UnknownAccount(str(found.account_id))
        return views[0]

    async def accounts(
        self,
        caller: Caller,
        kind: AccountKind,
        owner: Receiver | None = None,
        *,
        email: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[AccountView]:
        """Return accounts of a kind, in the order of their ids.

        They belong to the owner of what `owner` names, or to whoever has an e-mail address.

        Raises:
            NotPermitted
            InvalidValue: `limit` or `offset` is outside what it may be.
            and what `Receivers.find` raises.
        """
        caller.require_own(Right.READ)
        _check_page(limit, offset)
        found = None if owner is None else await self._receivers.find(caller, owner)
        ids = None if found is None else [found.customer_id]
        if caller.consumer is not None:
            ids = [caller.consumer.customer_id]
        async with self._database.read() as tx:
            held = await store.accounts_of(
                tx,
                caller.organization_id,
                kind,
                customer_ids=ids,
                email=email,
                limit=limit,
                offset=offset,
            )
            return await _views(tx, caller.organization_id, held)


def _check_page(limit: int, offset: int) -> None:
    if not 1 <= limit <= MOST_IN_A_PAGE:
        raise InvalidValue("limit", f"must be from 1 to {MOST_IN_A_PAGE}")
    if not 0 <= offset <= MOST_SKIPPED:
        raise InvalidValue("offset", f"must be from 0 to {MOST_SKIPPED}")


async def _views(
    tx: Transaction, organization_id: int, accounts: Sequence[Account]
) -> list[AccountView]:
    """Return accounts with their owners, by as many statements however many there are."""
    ids: list[UUID] = sorted({account.customer_id for account in accounts})
    if not ids:
        return []
    found = await store.customers_with_identifiers(
        tx, organization_id, tx.engine.any_of(customers.c.id, ids)
    )
    owners = {one.id: one for one in found}
    receivables = await store.first_accounts(tx, organization_id, AccountKind.RECEIVABLE, ids)
    return [
        AccountView(account, CustomerView(owners[of], receivables.get(of)))
        for account in accounts
        if (of := account.customer_id) in owners
    ]
