"""Every query of customers' logins and sessions."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, update

from largesse.core.access.model import Caller, Organization, anonymous, revoked_tokens
from largesse.core.access.store import organization, wire_names
from largesse.core.customers.login_model import CustomerLogin, customer_logins
from largesse.core.customers.model import customers
from largesse.core.records import value_of
from largesse.core.text import folded
from largesse.storage.database import Transaction
from largesse.storage.records import add, find


async def login_of(tx: Transaction, organization_id: int, customer_id: UUID) -> Row[Any] | None:
    """Return a customer's login with the password's hash."""
    return await find(
        tx, customer_logins, organization_id, customer_logins.c.customer_id == customer_id
    )


async def login_named(tx: Transaction, organization_id: int, login: str) -> Row[Any] | None:
    """Return the login of this name with the password's hash."""
    return await find(
        tx, customer_logins, organization_id, customer_logins.c.login_key == folded(login)
    )


async def put(
    tx: Transaction, organization_id: int, customer_id: UUID, values: dict[str, Any], now: datetime
) -> CustomerLogin:
    """Set a customer's login. Raises DuplicateKey: another customer has the name."""
    own = (
        customer_logins.c.organization_id == organization_id,
        customer_logins.c.customer_id == customer_id,
    )
    changed = await tx.row(
        update(customer_logins)
        .where(*own)
        .values(**values, updated_at=now)
        .returning(customer_logins)
    )
    if changed is None:
        made = {"organization_id": organization_id, "customer_id": customer_id}
        made |= {"created_at": now, "updated_at": now}
        changed = await add(tx, customer_logins, made | values)
    return value_of(CustomerLogin, changed)


async def remove(tx: Transaction, organization_id: int, customer_id: UUID) -> str | None:
    """Take a customer's login away and return its name; None: it has none."""
    gone = await tx.row(
        delete(customer_logins)
        .where(
            customer_logins.c.organization_id == organization_id,
            customer_logins.c.customer_id == customer_id,
        )
        .returning(customer_logins.c.login)
    )
    return None if gone is None else gone.login


async def visitor(tx: Transaction, organization_id: int) -> Caller | None:
    """Return the caller who is nobody in particular, of an organization."""
    found = await organization(tx, organization_id)
    return None if found is None else await _of(tx, found)


async def _of(tx: Transaction, found: Organization) -> Caller:
    return replace(anonymous(found), wire_names=await wire_names(tx, found.id))


async def customer_caller(
    tx: Transaction, organization_id: int, customer_id: UUID
) -> tuple[Caller, str | None] | None:
    """Return a customer as a caller, and the hash of its password if it has one."""
    row = await tx.row(
        select(customers, customer_logins.c.login, customer_logins.c.password_hash)
        .outerjoin(
            customer_logins,
            (customer_logins.c.organization_id == customers.c.organization_id)
            & (customer_logins.c.customer_id == customers.c.id),
        )
        .where(customers.c.organization_id == organization_id, customers.c.id == customer_id)
    )
    nobody = await visitor(tx, organization_id)
    if row is None or nobody is None:
        return None
    caller = replace(
        nobody,
        customer_id=row.id,
        username=(row.login or row.reference)[:200],
        email=row.email,
        first_name=row.first_name,
        last_name=row.last_name or row.company_name,
    )
    return caller, row.password_hash


async def is_revoked(tx: Transaction, organization_id: int, token_ids: Sequence[UUID]) -> bool:
    """Say whether a token or its session is revoked."""
    statement = select(revoked_tokens.c.token_id).where(
        revoked_tokens.c.organization_id == organization_id,
        revoked_tokens.c.token_id.in_(token_ids),
    )
    return bool(await tx.rows(statement))
