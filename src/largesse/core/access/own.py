"""What people change about their own login, whatever their rights: password and second factor."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from largesse.core.access import passcodes, passwords
from largesse.core.access.model import Caller, users
from largesse.core.access.people import checked_password
from largesse.core.access.second_factor import keep
from largesse.core.access.service import Access
from largesse.core.access.throttle import Throttle
from largesse.core.errors import InvalidValue, NotPermitted, TooManyAttempts
from largesse.core.events import store as event_store
from largesse.core.events.changes import HIDDEN
from largesse.core.limits import storable
from largesse.storage import records
from largesse.storage.database import Database


@dataclass(frozen=True, slots=True)
class OfferedFactor:
    """A second factor that counts only once a passcode has shown that the app has it."""

    secret: str
    """In base 32, to be typed."""
    uri: str
    """The same as an `otpauth:` URI."""
    sealed: str
    """The same as it is handed back with the passcode: it opens for this user only."""


class OwnLogin:
    """A user's own password and second factor. Each change needs the password once more.

    So a browser that somebody left open does not lock its owner out.
    """

    def __init__(
        self, database: Database, access: Access, *, failures: int, failure_seconds: int
    ) -> None:
        self._database = database
        self._access = access
        self._throttle = Throttle(failures=failures, seconds=failure_seconds)

    async def has_second_factor(self, caller: Caller) -> bool:
        """Say whether the caller logs in with passcodes. Raises NotPermitted."""
        return (await self._user(caller)).totp_secret is not None

    async def change_password(self, caller: Caller, old: str, new: str) -> Caller:
        """Replace the caller's password, and return the caller as who knows the new one.

        Tokens that were got with the old one count no more.

        Raises:
            NotPermitted: no user calls.
            InvalidValue: `old_password` is another one, or `password` is too short.
            TooManyAttempts: too many wrong ones.
        """
        user_id = await self._proven(caller, old, "old_password")
        values = {"password_hash": await passwords.hashed(checked_password(new))}
        async with self._database.write() as tx:
            await records.change(
                tx, users, caller.organization_id, users.c.id == user_id, values=values
            )
            told: Mapping[str, Any] = {"password": HIDDEN}
            event_store.record(tx, caller, "user.changed", ("user", user_id), before={}, after=told)
        key = await self._access.signing_key()
        return replace(caller, proof=passwords.proof_of(key, values["password_hash"]))

    async def offer_second_factor(self, caller: Caller) -> OfferedFactor:
        """Return a new second factor for the caller; nothing is kept yet. Raises NotPermitted."""
        user_id, secret = _user_of(caller), passcodes.new_secret()
        sealed = passcodes.sealed(await self._access.signing_key(), user_id, secret)
        return OfferedFactor(secret, passcodes.uri(secret, caller.username), sealed)

    async def opened(self, caller: Caller, sealed: str) -> OfferedFactor:
        """Return again what was offered. Raises NotPermitted, InvalidValue."""
        secret = passcodes.opened(await self._access.signing_key(), _user_of(caller), sealed)
        if secret is None:
            raise InvalidValue("sealed", "was not offered")
        return OfferedFactor(secret, passcodes.uri(secret, caller.username), sealed)

    async def add_second_factor(
        self, caller: Caller, password: str, sealed: str, passcode: str
    ) -> None:
        """Give the caller the second factor that was offered, which counts from now on.

        Raises:
            NotPermitted: no user calls.
            InvalidValue: `password` is another one, `passcode` does not fit, or `sealed` was not
                offered.
            TooManyAttempts: too many wrong ones.
            WrongState: the caller has one; it is removed first.
        """
        offered = await self.opened(caller, sealed)
        user_id = await self._proven(caller, password, "password")
        if passcodes.step_of(offered.secret, passcode) is None:
            raise InvalidValue("passcode", "does not fit; wait for the next one and try again")
        await keep(self._database, caller, user_id, sealed)

    async def remove_second_factor(self, caller: Caller, password: str) -> None:
        """Let the caller log in by the password alone again.

        Raises:
            NotPermitted: no user calls.
            InvalidValue: `password` is another one.
            TooManyAttempts: too many wrong ones.
            WrongState: the caller has none.
        """
        await keep(self._database, caller, await self._proven(caller, password, "password"), None)

    async def _proven(self, caller: Caller, password: str, field: str) -> UUID:
        """Make sure that the caller knows the password, and return the user's id."""
        user = await self._user(caller)
        guesses = (str(caller.organization_id), user.id.hex)
        if (wait := self._throttle.wait(*guesses)) > 0:
            raise TooManyAttempts(wait)
        if not storable(password) or not await passwords.fits(user.password_hash, password):
            self._throttle.failed(*guesses)
            raise InvalidValue(field, "is not your password")
        self._throttle.succeeded(*guesses)
        return UUID(user.id.hex)

    async def _user(self, caller: Caller) -> Any:
        user_id = _user_of(caller)
        async with self._database.read() as tx:
            row = await records.find(tx, users, caller.organization_id, users.c.id == user_id)
        if row is None:
            raise NotPermitted("own login")
        return row


def _user_of(caller: Caller) -> UUID:
    """Return who calls, unless that is a program or nobody. Raises NotPermitted."""
    if caller.user_id is None or caller.key_id is not None or caller.consumer is not None:
        raise NotPermitted("own login")
    return caller.user_id
