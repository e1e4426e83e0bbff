"""How people look customers up: by whatever somebody at a counter or on the telephone can say."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Table, select

from largesse.core.customers.login_model import customer_logins
from largesse.core.customers.model import (
    PHONES,
    AccountKind,
    Identifier,
    accounts,
    customer_identifiers,
    customer_tokens,
    customers,
    name_key,
    phone_key,
)
from largesse.core.customers.store import ids_among
from largesse.core.ids import parsed_id
from largesse.core.limits import unfit
from largesse.core.search.browse import Lookup, Shelf, Through, beginning, exactly
from largesse.core.text import folded
from largesse.storage.database import Transaction

LEAST_DIGITS = 5
"""Digits of a telephone number that are looked for at least: fewer say nothing."""


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() else None


def _end_of_number(text: str) -> str:
    digits = phone_key(text) or ""
    looks_like_one = set(text) <= set("0123456789+-/(). ")
    return digits if looks_like_one and len(digits) >= LEAST_DIGITS else ""


def _of_any_kind(kinds: Sequence[str], kind: Column[str], look: Lookup) -> Lookup:
    """Look a text up among all kinds: the index leads by the kind, so they are all named."""

    def looked(tx: Transaction, table: Table, text: str) -> ColumnElement[bool] | None:
        found = look(tx, table, text)
        return None if found is None else tx.engine.any_of(kind, kinds) & found

    return looked


_IDENTIFIERS, _ACCOUNTS = customer_identifiers.c, accounts.c

CUSTOMER_SHELF = Shelf(
    customers,
    filters={"kind": customers.c.kind, "active": customers.c.active},
    orders={"name": customers.c.name_key},
    lookups=(
        Through(
            _IDENTIFIERS.customer_id,
            _of_any_kind(list(Identifier), _IDENTIFIERS.kind, exactly(_IDENTIFIERS.value_key)),
        ),
        exactly(customers.c.number, key=_number),
        beginning(customers.c.email_key),
        beginning(customers.c.name_key, key=name_key),
        beginning(customers.c.last_name_key, key=name_key),
        *(beginning(customers.c[f"{name}_key"], key=_end_of_number) for name in PHONES),
        Through(
            _ACCOUNTS.customer_id,
            _of_any_kind(
                list(AccountKind), _ACCOUNTS.kind, exactly(_ACCOUNTS.number, key=str.strip)
            ),
        ),
        Through(customer_tokens.c.customer_id, exactly(customer_tokens.c.identifier_key)),
        Through(customer_logins.c.customer_id, exactly(customer_logins.c.login_key)),
    ),
)

# A customer has a few of them.
_OF_ONE = frozenset({"customer_id"})
ACCOUNT_SHELF = Shelf(accounts, {"customer_id": accounts.c.customer_id}, few=_OF_ONE)
TOKEN_SHELF = Shelf(customer_tokens, {"customer_id": customer_tokens.c.customer_id}, few=_OF_ONE)


async def named_somehow(
    tx: Transaction, organization_id: int, names: Sequence[str]
) -> dict[str, set[UUID]]:
    """Find the customers that many texts name: each an identifier, an address or an id of ours."""
    by_key: dict[str, list[str]] = {}
    for name in names:
        by_key.setdefault(folded(name), []).append(name)
    found: dict[str, set[UUID]] = {name: set() for name in names}

    async def look(key: Column[str], customer: Column[UUID], *where: ColumnElement[bool]) -> None:
        fitting = [one for one in by_key if unfit(key.type, one) is None]
        own = key.table.c.organization_id == organization_id
        statement = select(key.label("key"), customer.label("customer_id"))
        for row in await tx.rows(statement.where(own, *where, tx.engine.any_of(key, fitting))):
            for name in by_key[row.key]:
                found[name].add(row.customer_id)

    identified = tx.engine.any_of(_IDENTIFIERS.kind, list(Identifier))
    await look(_IDENTIFIERS.value_key, _IDENTIFIERS.customer_id, identified)
    await look(customers.c.email_key, customers.c.id)
    ids = {one: name for name in names if (one := parsed_id(name)) is not None}
    for customer_id in await ids_among(tx, organization_id, list(ids)):
        found[ids[customer_id]].add(customer_id)
    return found
