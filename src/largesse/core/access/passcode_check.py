"""Takes one-time passcodes, each once."""

from typing import Any

import structlog

from largesse.core.access import passcodes, store
from largesse.core.access.throttle import Throttle
from largesse.core.errors import TooManyAttempts
from largesse.storage.database import Database

log = structlog.get_logger(__name__)


class PasscodeCheck:
    """Checks passcodes, and slows down guessing.

    Failures are counted whatever address they are from: a passcode has six digits only.
    """

    def __init__(self, database: Database, throttle: Throttle) -> None:
        self._database = database
        self._throttle = throttle

    async def fit(self, key: bytes, user: Any, passcode: str) -> bool:
        """Say whether a passcode is the user's, and take it. A user without a secret has none.

        Raises:
            TooManyAttempts: too many failures of this user.
        """
        guesses = ("passcode", user.id.hex)
        if (wait := self._throttle.wait(*guesses)) > 0:
            raise TooManyAttempts(wait)
        step = self._step_of(key, user, passcode)
        if step is not None:
            async with self._database.write() as tx:
                if await store.take_step(tx, user.organization_id, user.id, step):
                    self._throttle.succeeded(*guesses)
                    return True
        self._throttle.failed(*guesses)
        return False

    def _step_of(self, key: bytes, user: Any, passcode: str) -> int | None:
        if user.totp_secret is None:
            return None
        secret = passcodes.opened(key, user.id, user.totp_secret)
        if secret is None:
            log.error("second factor not readable", user=user.id.hex, reason="another secret")
            return None
        return passcodes.step_of(secret, passcode)
