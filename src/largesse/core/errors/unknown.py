"""What was named does not exist."""

import re
from dataclasses import dataclass
from typing import ClassVar

from largesse.core.errors.refused import Refused


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


class UnknownCustomerLogin(Unknown):
    """The customer has no login."""

    sentence = "The customer with the {0.field} {0.value!r} has no login."


class UnknownChannel(Unknown):
    """No such channel."""


@dataclass(eq=False)
class UnknownPromotion(Unknown):
    """No such promotion."""

    others: tuple[str, ...] = ()
    """Further promotions of the same request that do not exist either."""


class UnknownPromotionFolder(Unknown):
    """No such folder."""


class UnknownCampaign(Unknown):
    """No such campaign."""


class UnknownCode(Unknown):
    """No such promotion code."""


class UnknownRedemption(Unknown):
    """No such redemption."""


class UnknownGrant(Unknown):
    """No such grant."""


class UnknownGroup(Unknown):
    """No such customer group."""


class UnknownPromotionList(Unknown):
    """No such promotion list."""


class UnknownAssignment(Unknown):
    """The promotion list is not assigned to the customer group."""


class UnknownCustomerAssignment(Unknown):
    """The promotion list is not assigned to the customer."""


class UnknownMembership(Unknown):
    """The customer is not in the group."""


class UnknownSubscription(Unknown):
    """The recipient is not subscribed."""


class UnknownMail(Unknown):
    """No such mail."""


class UnknownTemplate(Unknown):
    """No such template of mails."""


class UnknownMailReport(Unknown):
    """No such report on a mail."""


class UnknownSuppression(Unknown):
    """The address is not suppressed."""


class UnknownJob(Unknown):
    """No such job."""


class UnknownSchedule(Unknown):
    """No such schedule."""


class UnknownEvent(Unknown):
    """No such event."""
