"""The use cases of second factors: a user's one-time passcodes, beside the password."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from largesse.core.access import passcodes, store
from largesse.core.access.model import Caller, Right, users
from largesse.core.access.service import Access
from largesse.core.errors import UnknownUser, WrongState
from largesse.core.events import store as event_store
from largesse.core.events.model import EventKind
from largesse.storage import records
from largesse.storage.database import Database


@dataclass(frozen=True, slots=True)
class NewSecondFactor:
    """What a user's authenticator app is told, this once."""

    secret: str
    """In base 32, to be typed."""
    uri: str
    """The same as an `otpauth:` URI, to be shown as a QR code."""


class SecondFactors:
    """Gives users a second factor and takes it away.

    Who has one logs in where a passcode can be given, and nowhere else; application keys go on as
    they are.
    """

    def __init__(self, database: Database, access: Access) -> None:
        self._database = database
        self._access = access

    async def enrol(self, caller: Caller, user_id: UUID) -> NewSecondFactor:
        """Give a user a second factor, which counts from now on.

        Raises:
            NotPermitted, UnknownUser
            WrongState: the user has one; it is removed first.
        """
        caller.require(Right.MANAGE_ACCESS)
        secret = passcodes.new_secret()
        kept = passcodes.sealed(await self._access.signing_key(), user_id, secret)
        username = await keep(self._database, caller, user_id, kept)
        return NewSecondFactor(secret, passcodes.uri(secret, username))

    async def remove(self, caller: Caller, user_id: UUID) -> None:
        """Let a user log in by the password alone again.

        Raises:
            NotPermitted, UnknownUser
            WrongState: the user has none.
        """
        caller.require(Right.MANAGE_ACCESS)
        await keep(self._database, caller, user_id, None)

    async def users(self, caller: Caller, user_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Return which of some users have a second factor. Raises NotPermitted."""
        caller.require(Right.MANAGE_ACCESS)
        async with self._database.read() as tx:
            return await store.users_with_factor(tx, caller.organization_id, user_ids)


async def keep(database: Database, caller: Caller, user_id: UUID, sealed: str | None) -> str:
    """Keep a user's sealed secret, or none, and return the user's name.

    Raises:
        UnknownUser
        WrongState: the user has one already, or has none.
    """
    async with database.write() as tx:
        where = users.c.id == user_id
        row = await records.hold(tx, users, caller.organization_id, where)
        if row is None:
            raise UnknownUser(str(user_id))
        if (sealed is None) == (row.totp_secret is None):
            raise WrongState(
                "user",
                "one without a second factor" if sealed is None else "one with a second factor",
            )
        values = {"totp_secret": sealed, "totp_step": None}
        await records.change(tx, users, caller.organization_id, where, values=values)
        kind = EventKind.SECOND_FACTOR_REMOVED if sealed is None else EventKind.SECOND_FACTOR_ADDED
        event_store.record(tx, caller, kind, ("user", user_id))
    return str(row.username)
