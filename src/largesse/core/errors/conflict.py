"""What is well formed, but not possible as things stand."""

from dataclasses import dataclass

from largesse.core.errors.refused import Refused


class Conflict(Refused):
    """Well formed, but not possible as things stand."""


@dataclass(eq=False)
class OfRecord(Conflict):
    """A record stands in the way."""

    noun: str


class AlreadyExists(OfRecord):
    """A record with this identifier exists already."""

    sentence = "{0.article} {0.noun} with one of these identifiers exists already."

    @property
    def article(self) -> str:
        """The article of the noun."""
        return "An" if self.noun.startswith(tuple("aeiou")) else "A"


class StillInUse(OfRecord):
    """Other records refer to this one."""

    sentence = "Other records still refer to this {0.noun}, or it refers to one that is missing."


class ChangedMeanwhile(OfRecord):
    """Somebody else has changed it since it was shown."""

    sentence = "Somebody else has changed this {0.noun} since it was shown."


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
    """The promotion code is not effective: it is used, expired, cancelled or taken."""


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
    """One record is assigned to another already, e.g. a promotion list to a group."""

    what: str
    to: str

    sentence = "The {0.what} is already assigned to the {0.to}."


class ListAppliesToAll(Conflict):
    """The promotion list applies to all customers, so it is not assigned to some of them."""


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
