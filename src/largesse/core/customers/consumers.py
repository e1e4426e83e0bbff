"""Clients that act for one customer: an application key and that customer's token say so."""

from largesse.core.access.consumers import acting_for
from largesse.core.access.model import Caller
from largesse.core.access.service import Access
from largesse.core.access.throttle import Throttle
from largesse.core.customers.model import ByToken
from largesse.core.customers.receivers import Receivers
from largesse.core.errors import (
    BadCredentials,
    CustomerTokenNotEffective,
    PassCodeWrong,
    TooManyAttempts,
    UnknownCustomerToken,
)
from largesse.core.text import folded


class Consumers:
    """Makes callers that see and do only what is one customer's own."""

    def __init__(
        self, access: Access, receivers: Receivers, *, failures: int, failure_seconds: int
    ) -> None:
        self._access = access
        self._receivers = receivers
        self._throttle = Throttle(failures=failures, seconds=failure_seconds)

    async def log_in(
        self, key: str, token: ByToken, *, address: str, unit: str | None = None
    ) -> Caller:
        """Return a caller for the customer that a customer token identifies.

        Its rights are those of the key's user that a customer can have on what is their own.

        Raises:
            BadCredentials: the key, the token or its pass code is wrong, or one of them has ended.
            PassCodeRequired, UnknownUnit
            TooManyAttempts: too many failures from this address.
        """
        caller = await self._access.log_in_with_key(key, address=address, unit=unit)
        guessed = (str(caller.organization_id), folded(token.identifier or ""), address)
        if (wait := self._throttle.wait(*guessed)) > 0:
            raise TooManyAttempts(wait)
        try:
            consumer = await self._receivers.identified(caller, token)
        except (UnknownCustomerToken, PassCodeWrong, CustomerTokenNotEffective):
            self._throttle.failed(*guessed)
            raise BadCredentials() from None
        self._throttle.succeeded(*guessed)
        return acting_for(caller, consumer)
