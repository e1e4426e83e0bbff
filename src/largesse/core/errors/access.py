"""Who calls is not known, or may not do this."""

from dataclasses import dataclass

from largesse.core.errors.refused import Refused


class NotAuthenticated(Refused):
    """The caller is not authenticated."""


class LoginRequired(NotAuthenticated):
    """The request carries no credentials."""


class BadCredentials(NotAuthenticated):
    """The user name, password or application key is wrong."""


class SecondFactorRequired(NotAuthenticated):
    """The user has a second factor, so a one-time passcode is needed as well."""


class BadToken(NotAuthenticated):
    """The access token is not valid."""


@dataclass(eq=False)
class BadSignature(NotAuthenticated):
    """Nothing shows that the request is from whom it should be."""

    reason: str

    sentence = "The request is refused: {0.reason}."


class ExpiredToken(NotAuthenticated):
    """The access token has expired."""


@dataclass(eq=False)
class TooManyAttempts(NotAuthenticated):
    """Too many failed logins; try again later."""

    retry_after: int
    """Seconds until the next attempt is considered."""


@dataclass(eq=False)
class NotPermitted(Refused):
    """The caller lacks the right that this needs."""

    right: str

    sentence = "This needs the right {0.right!r}."
