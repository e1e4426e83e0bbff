"""Every query of access."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, select, update

from largesse.core.access.model import (
    Actor,
    Organization,
    Role,
    Unit,
    User,
    application_keys,
    installation,
    organization_aliases,
    organizations,
    revoked_tokens,
    units,
    users,
)
from largesse.core.records import value_of
from largesse.core.search.browse import Shelf, containing
from largesse.core.text import folded
from largesse.storage.database import Transaction
from largesse.storage.records import hold_all

UNIT_SHELF = Shelf(units, lookups=(containing(units.c.name, units.c.alternative_code),))

USER_SHELF = Shelf(
    users,
    filters={name: users.c[name] for name in ("role", "active", "unit_id")},
    orders={"username": users.c.username_key},
    lookups=(containing(users.c.username_key, users.c.email, users.c.person_name),),
)

KEY_SHELF = Shelf(application_keys, lookups=(containing(application_keys.c.name),))


async def users_with_factor(
    tx: Transaction, organization_id: int, user_ids: Sequence[UUID]
) -> frozenset[UUID]:
    """Return which of some users have a second factor."""
    statement = select(users.c.id).where(
        users.c.organization_id == organization_id,
        users.c.totp_secret.is_not(None),
        tx.engine.any_of(users.c.id, user_ids),
    )
    return frozenset(row.id for row in await tx.rows(statement))


async def installation_value(tx: Transaction, name: str) -> str | None:
    """Return one value that the whole installation shares."""
    value = await tx.value(select(installation.c.value).where(installation.c.name == name))
    return None if value is None else str(value)


async def keep_installation_value(tx: Transaction, name: str, value: str) -> None:
    """Keep a value unless one is kept already: of two first processes, the first one wins."""
    await tx.insert_new(
        installation, [{"name": name, "value": value}], returning=(installation.c.name,)
    )


async def add_organization(tx: Transaction, name: str, now: datetime) -> int | None:
    """Insert an organization and return its id, or None if the name is taken."""
    rows = await tx.insert_new(
        organizations, [{"name": name, "created_at": now}], returning=(organizations.c.id,)
    )
    return rows[0].id if rows else None


async def add_aliases(
    tx: Transaction, organization_id: int, aliases: Sequence[tuple[str, str | None]]
) -> int:
    """Insert aliases with the wire each is printed on; return how many were free."""
    rows = [
        {
            "alias_key": folded(alias),
            "alias": alias,
            "organization_id": organization_id,
            "wire": wire,
        }
        for alias, wire in aliases
    ]
    added = await tx.insert_new(
        organization_aliases, rows, returning=(organization_aliases.c.alias_key,)
    )
    return len(added)


async def organization_by_alias(tx: Transaction, alias: str) -> Organization | None:
    """Find an organization by one of its names."""
    row = await tx.row(
        select(organizations)
        .join(organization_aliases, organization_aliases.c.organization_id == organizations.c.id)
        .where(organization_aliases.c.alias_key == folded(alias))
    )
    return None if row is None else value_of(Organization, row)


async def organization(tx: Transaction, organization_id: int) -> Organization | None:
    """Find an organization by its id."""
    row = await tx.row(select(organizations).where(organizations.c.id == organization_id))
    return None if row is None else value_of(Organization, row)


async def all_organizations(tx: Transaction) -> list[Organization]:
    """Return every organization with its aliases."""
    names: dict[int, list[str]] = {}
    for row in await tx.rows(select(organization_aliases).order_by(organization_aliases.c.alias)):
        names.setdefault(row.organization_id, []).append(row.alias)
    rows = await tx.rows(select(organizations).order_by(organizations.c.id))
    return [Organization(r.id, r.name, r.created_at, tuple(names.get(r.id, ()))) for r in rows]


async def organizations_of_username(tx: Transaction, username: str) -> list[int]:
    """Return the organizations that have a user of this name: at most two, enough to tell."""
    statement = select(users.c.organization_id).where(users.c.username_key == folded(username))
    return [row.organization_id for row in await tx.rows(statement.limit(2))]


async def user_to_log_in(tx: Transaction, organization_id: int, username: str) -> Row[Any] | None:
    """Return a user's row with the password hash."""
    return await tx.row(
        select(users).where(
            users.c.organization_id == organization_id,
            users.c.username_key == folded(username),
        )
    )


async def take_step(tx: Transaction, organization_id: int, user_id: UUID, step: int) -> bool:
    """Use up the passcodes up to a step of time; False if they are used up already."""
    unused = users.c.totp_step.is_(None) | (users.c.totp_step < step)
    own = (users.c.organization_id == organization_id, users.c.id == user_id)
    return bool(await tx.execute(update(users).where(*own, unused).values(totp_step=step)))


async def hold_owners(tx: Transaction, organization_id: int) -> list[UUID]:
    """Return an organization's active owners; nobody else changes one until the end."""
    is_owner = (users.c.role == Role.OWNER, users.c.active)
    return [row.id for row in await hold_all(tx, users, organization_id, *is_owner)]


async def unit_by_reference(tx: Transaction, organization_id: int, unit: str | UUID) -> Unit | None:
    """Find a unit by id, or by its alternative code."""
    column = units.c.id if isinstance(unit, UUID) else units.c.alternative_code
    row = await tx.row(
        select(units).where(units.c.organization_id == organization_id, column == unit)
    )
    return None if row is None else value_of(Unit, row)


async def caller_row(
    tx: Transaction,
    organization_id: int,
    user_id: UUID,
    *,
    token_id: UUID | None = None,
    key_id: UUID | None = None,
) -> Row[Any] | None:
    """Return what a Caller is made of, unless its user is inactive, its token or key revoked."""
    revoked = exists().where(
        revoked_tokens.c.organization_id == organization_id,
        revoked_tokens.c.token_id == token_id,
    )
    key_revoked = exists().where(
        application_keys.c.organization_id == organization_id,
        application_keys.c.id == key_id,
        application_keys.c.revoked_at.is_not(None),
    )
    return await tx.row(
        select(users, organizations.c.name.label("organization_name"))
        .join(organizations, organizations.c.id == users.c.organization_id)
        .where(
            users.c.organization_id == organization_id,
            users.c.id == user_id,
            users.c.active,
            ~revoked,
            ~key_revoked,
        )
    )


async def wire_names(tx: Transaction, organization_id: int) -> dict[str, str]:
    """Return how the organization is called on each wire that has a name of its own for it."""
    rows = await tx.rows(
        select(organization_aliases.c.wire, organization_aliases.c.alias).where(
            organization_aliases.c.organization_id == organization_id,
            organization_aliases.c.wire.is_not(None),
        )
    )
    return {row.wire: row.alias for row in rows}


async def key_row(tx: Transaction, organization_id: int, key_id: UUID) -> Row[Any] | None:
    """Return an application key's row with the secret's hash; it may be revoked."""
    return await tx.row(
        select(application_keys).where(
            application_keys.c.organization_id == organization_id,
            application_keys.c.id == key_id,
        )
    )


async def revoke_token(
    tx: Transaction, organization_id: int, token_id: UUID, expires_at: datetime
) -> None:
    """Remember that a token is revoked until it would have expired."""
    row = {"organization_id": organization_id, "token_id": token_id, "expires_at": expires_at}
    await tx.insert_new(revoked_tokens, [row], returning=(revoked_tokens.c.token_id,))


async def actor(
    tx: Transaction, organization_id: int, user_id: UUID | None, unit_id: UUID | None
) -> Actor:
    """Return the user and the unit behind something that was done."""
    user = unit = None
    if user_id is not None:
        row = await tx.row(
            select(users).where(users.c.organization_id == organization_id, users.c.id == user_id)
        )
        user = None if row is None else value_of(User, row)
    if unit_id is not None:
        row = await tx.row(
            select(units).where(units.c.organization_id == organization_id, units.c.id == unit_id)
        )
        unit = None if row is None else value_of(Unit, row)
    return Actor(user, unit)
