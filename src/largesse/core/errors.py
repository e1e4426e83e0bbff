"""Every refusal of the core, as classes that carry facts and never a status code.

Refused
├── NotAuthenticated
│   └── LoginRequired · BadCredentials · BadToken · ExpiredToken · TooManyAttempts
├── NotPermitted               the caller lacks a right
├── Unknown                    something named does not exist in the caller's organization
│   ├── UnknownOrganization · UnknownUnit · UnknownUser · UnknownKey · UnknownJob · UnknownEvent
│   ├── UnknownCustomer · UnknownAccount · UnknownCustomerToken · UnknownMail
│   ├── UnknownChannel · UnknownPromotion · UnknownCampaign · UnknownCode · UnknownGrant
│   └── UnknownGroup · UnknownPromotionList · UnknownAssignment · UnknownSubscription
├── Invalid                    a value that can not be accepted
│   └── InvalidValue · MissingValue · AmbiguousValue · InvalidEmail · InvalidCodeFormat
├── Conflict                   well formed, but not possible as things stand
│   ├── AlreadyExists · StillInUse · IdempotencyMismatch
│   ├── CampaignNotPosted · CampaignTypeNotAllowed · DistributionNotAllowed
│   ├── NoCampaign · PoolExhausted · ReceiverLimitReached · CodesLimitReached
│   ├── CodeNotEffective · CodeOfOtherPromotion · CodeGivenToAnother
│   ├── CustomerTokenNotEffective · PassCodeRequired · PassCodeWrong
│   └── AlreadyAssigned · ListAppliesToAll · AlreadySubscribed · WrongState
└── Unavailable                a part that the request needs does not serve it
    ├── Overloaded · OutcomeUnknown · DatabaseUnavailable
    └── NoMailService · MailNotAccepted · NoNewsletterProvider · NewsletterProviderFailed

Each dialect has a row for each of them (`dialects/*/errors.py`; a test sees to it). They are not
frozen: a frozen one can not leave an `@asynccontextmanager`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar


class Refused(Exception):
    """The base of every refusal; a refusal never changes data."""

    sentence: ClassVar[str] = ""
    """What happened, with the facts; without it the first line of the docstring says it."""

    def __str__(self) -> str:
        """Say what happened in a plain English sentence."""
        return (self.sentence or (type(self).__doc__ or "").splitlines()[0]).format(self)


def leaves(kind: type[Refused] = Refused) -> Iterator[type[Refused]]:
    """Yield every refusal that can be raised: the classes without subclasses."""
    if not kind.__subclasses__():
        yield kind
    for child in kind.__subclasses__():
        yield from leaves(child)


class NotAuthenticated(Refused):
    """The caller is not authenticated."""


class LoginRequired(NotAuthenticated):
    """The request carries no credentials."""


class BadCredentials(NotAuthenticated):
    """The user name, password or application key is wrong."""


class BadToken(NotAuthenticated):
    """The access token is not valid."""


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


@dataclass(eq=False)
class Unknown(Refused):
    """Something named does not exist in the caller's organization."""

    value: str = ""
    """What was asked for, as the caller wrote it."""
    field: str = "id"
    """By which of its identifiers it was named."""

    noun: ClassVar[str] = "object"

    def __init_subclass__(cls) -> None:
        """Name the noun after the class: UnknownPromotionList is about a promotion list."""
        words = re.findall("[A-Z][a-z]+", cls.__name__.removeprefix("Unknown"))
        cls.noun = " ".join(words).lower()

    sentence = "There is no {0.noun} with the {0.field} {0.value!r}."


class UnknownOrganization(Unknown):
    """No organization is known by this name."""


class UnknownUnit(Unknown):
    """No such business unit."""


class UnknownUser(Unknown):
    """No such user."""


class UnknownKey(Unknown):
    """No such application key."""


class UnknownCustomer(Unknown):
    """No such customer."""


class UnknownAccount(Unknown):
    """No such account."""


class UnknownCustomerToken(Unknown):
    """No such customer token."""

    # The value may be a secret (authentication code, one-time password): it is never repeated.
    sentence = "There is no such customer token."


class UnknownChannel(Unknown):
    """No such channel."""


@dataclass(eq=False)
class UnknownPromotion(Unknown):
    """No such promotion."""

    others: tuple[str, ...] = ()
    """Further promotions of the same request that do not exist either."""


class UnknownCampaign(Unknown):
    """No such campaign."""


class UnknownCode(Unknown):
    """No such promotion code."""


class UnknownGrant(Unknown):
    """No such grant."""


class UnknownGroup(Unknown):
    """No such customer group."""


class UnknownPromotionList(Unknown):
    """No such promotion list."""


class UnknownAssignment(Unknown):
    """The promotion list is not assigned to the customer group."""


class UnknownSubscription(Unknown):
    """The recipient is not subscribed."""


class UnknownMail(Unknown):
    """No such mail."""


class UnknownJob(Unknown):
    """No such job."""


class UnknownEvent(Unknown):
    """No such event."""


class Invalid(Refused):
    """A value can not be accepted."""


@dataclass(eq=False)
class InvalidValue(Invalid):
    """A value is outside what its field allows."""

    field: str
    reason: str

    sentence = "{0.field}: {0.reason}"


@dataclass(eq=False)
class MissingValue(Invalid):
    """A value that is needed was not given."""

    field: str

    sentence = "{0.field} is missing."


@dataclass(eq=False)
class AmbiguousValue(Invalid):
    """More than one record answers to the value."""

    field: str
    value: str

    sentence = "More than one record has the {0.field} {0.value!r}."


@dataclass(eq=False)
class InvalidEmail(Invalid):
    """The text is not an e-mail address."""

    value: str
    reason: str = "not an e-mail address"

    sentence = "{0.value!r} is {0.reason}."


@dataclass(eq=False)
class InvalidCodeFormat(Invalid):
    """The code format can not make as many codes as asked."""

    reason: str

    sentence = "{0.reason}"


class Conflict(Refused):
    """Well formed, but not possible as things stand."""


@dataclass(eq=False)
class OfRecord(Conflict):
    """A record stands in the way."""

    noun: str


class AlreadyExists(OfRecord):
    """A record with this identifier exists already."""

    def __str__(self) -> str:
        article = "An" if self.noun.startswith(tuple("aeiou")) else "A"
        return f"{article} {self.noun} with one of these identifiers exists already."


class StillInUse(OfRecord):
    """Other records refer to this one."""

    sentence = "Other records still refer to this {0.noun}, or it refers to one that is missing."


class IdempotencyMismatch(Conflict):
    """The idempotency key was used before with another request."""


@dataclass(eq=False)
class OfCampaign(Conflict):
    """A campaign does not give the code."""

    campaign: str


class CampaignNotPosted(OfCampaign):
    """The campaign is not posted, so it gives out no codes."""


class CampaignTypeNotAllowed(OfCampaign):
    """Codes are requested from discount campaigns only."""


class DistributionNotAllowed(OfCampaign):
    """The campaign does not distribute its codes upon request."""


@dataclass(eq=False)
class NoCampaign(Conflict):
    """The promotion has no posted campaign to take a code from."""

    promotion: str


class PoolExhausted(OfCampaign):
    """The campaign has no code left."""


@dataclass(eq=False)
class LimitOfCampaign(OfCampaign):
    """A campaign gives out no more than this."""

    limit: int


class ReceiverLimitReached(LimitOfCampaign):
    """The receiver has all the codes that the campaign gives to one receiver."""


class CodesLimitReached(LimitOfCampaign):
    """The campaign has given out all the codes that it gives out in all, or on one day."""


@dataclass(eq=False)
class OfCode(Conflict):
    """A code is not to be had."""

    code: str


class CodeNotEffective(OfCode):
    """The promotion code can not be given out: it is used, expired, cancelled or taken."""


class CodeOfOtherPromotion(OfCode):
    """The promotion code does not belong to the promotion or channel named."""


class CodeGivenToAnother(OfCode):
    """The promotion code has been given to another customer."""


class CustomerTokenNotEffective(Conflict):
    """The customer token is not effective."""


class PassCodeRequired(Conflict):
    """A customer token named by its identifier needs its pass code."""


class PassCodeWrong(Conflict):
    """The pass code does not fit the customer token."""


@dataclass(eq=False)
class AlreadyAssigned(Conflict):
    """The promotion list is already assigned to the customer group."""

    group_id: int
    list_id: int


class ListAppliesToAll(Conflict):
    """The promotion list applies to all customers, so it is not assigned to groups."""


@dataclass(eq=False)
class AlreadySubscribed(Conflict):
    """The recipient is already subscribed."""

    recipient: str


@dataclass(eq=False)
class WrongState(Conflict):
    """The action is not possible in the present state."""

    noun: str
    state: str

    sentence = "This is not possible while the {0.noun} is {0.state}."


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
