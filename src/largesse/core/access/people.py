"""Units, users and application keys: the records that an owner of an organization manages."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from largesse.core import clock
from largesse.core.access import passwords, store
from largesse.core.access.model import (
    ApplicationKey,
    Caller,
    Right,
    Role,
    Unit,
    User,
    application_keys,
    units,
    users,
)
from largesse.core.access.service import KEY_PREFIX
from largesse.core.errors import (
    InvalidValue,
    MissingValue,
    UnknownKey,
    UnknownUnit,
    UnknownUser,
    WrongState,
)
from largesse.core.events import store as event_store
from largesse.core.events.model import EventKind
from largesse.core.records import Records
from largesse.core.text import checked_email, folded
from largesse.storage import records
from largesse.storage.database import Transaction

LEAST_PASSWORD = 8
"""Characters that a password has at least (NIST SP 800-63B)."""


class Units(Records[Unit]):
    """Business units."""

    table = units
    value = Unit
    unknown = UnknownUnit
    shelf = store.UNIT_SHELF
    write_right = Right.MANAGE_ACCESS
    required = ("name", "alternative_code")
    changeable = frozenset(
        {"name", "alternative_code", "description", "group_name", "community_name", "parent_name"}
    )


class Users(Records[User]):
    """Users. `password` is taken in and kept as a hash only.

    An organization keeps an active owner: the last one is neither deleted nor made anything else.
    Nor does anybody do that to the own user: whoever did could not take it back.
    """

    table = users
    value = User
    unknown = UnknownUser
    shelf = store.USER_SHELF
    read_right = Right.MANAGE_ACCESS
    write_right = Right.MANAGE_ACCESS
    required = ("username", "unit_id", "role")
    changeable = frozenset(
        {
            "username",
            "password",
            "unit_id",
            "role",
            "first_name",
            "last_name",
            "person_name",
            "email",
            "active",
        }
    )

    async def _insert(self, tx: Transaction, caller: Caller, new: dict[str, Any]) -> User:
        new = {"active": True} | await self._prepared(new)
        return await super()._insert(tx, caller, new)

    async def _update(
        self, tx: Transaction, caller: Caller, record_id: Any, values: dict[str, Any]
    ) -> User:
        changed = await super()._update(tx, caller, record_id, await self._prepared(values))
        if changed.id == caller.user_id:
            _check_still_in(caller, changed)
        if changed.role != Role.OWNER or not changed.active:
            await self._check_one_stays(tx, caller)
        return changed

    async def _remove(self, tx: Transaction, caller: Caller, record_id: Any) -> None:
        await super()._remove(tx, caller, record_id)
        if record_id == caller.user_id:
            raise WrongState("user", "the one you are signed in as")
        await self._check_one_stays(tx, caller)

    async def _locked(self, tx: Transaction, organization_id: int, record_id: Any) -> User:
        """Hold every owner, first: of two who take each other's rights away one comes second."""
        await store.hold_owners(tx, organization_id)
        return await super()._locked(tx, organization_id, record_id)

    async def _check_one_stays(self, tx: Transaction, caller: Caller) -> None:
        """Refuse to leave an organization without an owner, which nobody in it could undo."""
        if not await store.hold_owners(tx, caller.organization_id):
            raise WrongState("user", "the only active owner of the organization")

    async def _prepared(self, values: dict[str, Any]) -> dict[str, Any]:
        if "username" in values:
            values["username_key"] = folded(values["username"])
        if values.get("email"):
            values["email"] = checked_email(values["email"])
        if "role" in values and values["role"] not in list(Role):
            raise InvalidValue("role", f"must be one of {', '.join(Role)}")
        if "password" in values:
            password = checked_password(values.pop("password"))
            values["password_hash"] = await passwords.hashed(password)
        return values


def checked_password(password: str | None) -> str:
    """Return a password that may be kept. Raises InvalidValue."""
    if password is None or len(password) < LEAST_PASSWORD:
        raise InvalidValue("password", f"must have at least {LEAST_PASSWORD} characters")
    return password


def _check_still_in(caller: Caller, changed: User) -> None:
    """Refuse to lock oneself out. Raises InvalidValue."""
    if not changed.active:
        raise InvalidValue("active", "can not be taken from the user you are signed in as")
    if changed.role != caller.role:
        raise InvalidValue("role", "can not be changed of the user you are signed in as")


@dataclass(frozen=True, slots=True)
class NewKey:
    """An application key just made, with the text that is shown once and never kept."""

    key: ApplicationKey
    secret: str


class ApplicationKeys(Records[ApplicationKey]):
    """Application keys. A key is revoked, not deleted: what it did stays explained."""

    table = application_keys
    value = ApplicationKey
    unknown = UnknownKey
    shelf = store.KEY_SHELF
    read_right = Right.MANAGE_ACCESS
    write_right = Right.MANAGE_ACCESS
    required = ("name",)
    changeable = frozenset({"name"})

    async def create_key(self, caller: Caller, new: Mapping[str, Any]) -> NewKey:
        """Make a key (`name`, and the `user_id` it acts as) and return it with its secret.

        Raises:
            NotPermitted, MissingValue
            UnknownUser: no such user in the organization.
        """
        caller.require(self.write_right)
        user_id: UUID | None = new.get("user_id") or caller.user_id
        for field, given in (("name", new.get("name")), ("user_id", user_id)):
            if not given:
                raise MissingValue(field)
        secret = secrets.token_urlsafe(32).replace("_", "-")
        async with self.database.write() as tx:
            organization_id = caller.organization_id
            if not await records.find(tx, users, organization_id, users.c.id == user_id):
                raise UnknownUser(str(user_id))
            values = {
                "name": new["name"],
                "user_id": user_id,
                "secret_hash": passwords.digest(secret),
            }
            key = await self._insert(tx, caller, values)
            self._record(tx, caller, "created", after=key)
        return NewKey(key, f"{KEY_PREFIX}_{organization_id}_{key.id.hex}_{secret}")

    async def delete(self, caller: Caller, record_id: Any) -> None:
        """Revoke a key. Raises NotPermitted, UnknownKey."""
        caller.require(self.write_right)
        self._check_id(record_id)
        async with self.database.write() as tx:
            gone = await records.change(
                tx,
                application_keys,
                caller.organization_id,
                application_keys.c.id == record_id,
                application_keys.c.revoked_at.is_(None),
                values={"revoked_at": clock.now()},
            )
            if gone is None:
                raise UnknownKey(str(record_id))
            told = {"name": gone.name, "user_id": str(gone.user_id)}
            event_store.record(tx, caller, EventKind.KEY_REVOKED, ("key", gone.id), data=told)
