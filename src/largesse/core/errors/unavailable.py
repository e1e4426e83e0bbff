"""Parts that do not serve the request."""

from dataclasses import dataclass

from largesse.core.errors.refused import Refused


class Unavailable(Refused):
    """A part that the request needs does not serve it."""


@dataclass(eq=False)
class Overloaded(Unavailable):
    """Too many requests wait already; nothing was done."""

    retry_after: int = 1
    """Seconds after which it is worth trying again."""


class OutcomeUnknown(Unavailable):
    """The database failed while it kept this; it may or may not have happened."""


@dataclass(eq=False)
class DatabaseUnavailable(Unavailable):
    """The database can not be reached; try again later."""

    retry_after: int = 1
    """Seconds after which it is worth trying again."""


@dataclass(eq=False)
class DatabaseFull(Unavailable):
    """The database has no room left; nothing was done."""

    retry_after: int = 60
    """Seconds after which it is worth trying again."""


class NoMailService(Unavailable):
    """No mail service is configured; the mail stays in the queue as failed."""


@dataclass(eq=False)
class MailNotAccepted(Unavailable):
    """The mail service refused the mail; it stays in the queue as failed."""

    reply: str


class NoNewsletterProvider(Unavailable):
    """No newsletter provider is configured."""


class NewsletterProviderFailed(Unavailable):
    """The newsletter provider failed."""


class CertificateNotFetched(Unavailable):
    """The certificate that signs this could not be fetched; try again later."""
