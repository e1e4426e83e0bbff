"""Valomnia's two-line envelope around refusals, and the one table of its texts.

The texts marked SEED are printed in the document. The others are ours (DECIDED), under the names
that the catalogue has for their kind, since clients tell errors apart by the name.
"""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from largesse.core import errors as core
from largesse.core.errors import Refused
from largesse.dialects.valomnia.records import Failure
from largesse.dialects.valomnia.schemas import encode
from largesse.wire import errors as wire
from largesse.wire.call import Call
from largesse.wire.errors import ErrorTable, Row, headers_of, row_for

LONGEST_SHOWN = 200
"""Characters of a client's own text that an answer repeats at most: as many as a reference has."""


@dataclass(eq=False)
class MissingParameter(Refused):
    """A parameter that is needed was not given."""

    name: str


@dataclass(eq=False)
class InvalidParameters(Refused):
    """Parameters are unknown here, or have values that they can not have."""

    names: tuple[str, ...]


@dataclass(eq=False)
class InvalidMoments(Refused):
    """Filters by time hold no moments."""

    values: tuple[str, ...]


@dataclass(eq=False)
class RecordNotFound(Refused):
    """A record of a resource does not exist."""

    noun: str
    """What the resource's documents call it."""
    value: str


@dataclass(eq=False)
class PairTaken(Refused):
    """What a pair joins is joined already."""

    text: str


@dataclass(eq=False)
class NotDeleted(Refused):
    """Something still refers to a record."""

    text: str


class ForeignSite(Refused):
    """A change that another site's page asks for needs the token in an Authorization header."""


def shown(text: str) -> str:
    """Return a client's own text, cut if it is longer than anything that could be meant."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _joined(texts: tuple[str, ...]) -> str:
    # SEED prints one in brackets; several are parted as in Groovy's lists (INFERRED).
    return ", ".join(shown(text) for text in texts)


def _not_valid(names: tuple[str, ...]) -> str:
    # SEED prints this sentence for an unknown name; for a known one whose value can not be, it is
    # DECIDED.
    return f"The parameters [{_joined(names)}] you provided are not valid for this request."


PARAMETERS = {
    "limit": "max",
    "identifiers.customer_id": "reference",
    "company_name": "name",
    "last_name": "name",
    "category": "categoryId",
    "active": "isActive",
}
"""What the core's fields are called on this wire, where it is not the same."""


def _invalid_value(error: core.InvalidValue) -> str:
    return _not_valid((PARAMETERS.get(error.field, error.field),))


def _wrong_type(error: wire.WrongType) -> str:
    if error.field in ("", "path", "query"):  # not one parameter's fault
        return str(error)
    return f"The type of parameter {error.field} you provided is not valid for this request."


def _unknown(noun: str) -> Any:
    return lambda error: f"The {noun} with the id {shown(error.value)} doesn't exist."


NOT_FOUND = "not_found"
UNAUTHORIZED = "unauthorized"
SAVE_FAILED = Row(400, "save_failed", "Failed to save instance")  # SEED

ERRORS: ErrorTable = {
    MissingParameter: Row(400, "missing_param", lambda e: f"{e.name} parameter is missing"),  # SEED
    InvalidParameters: Row(400, "invalid_param", lambda e: _not_valid(e.names)),  # SEED
    InvalidMoments: Row(
        400,
        "invalid_datetime_format",  # SEED
        lambda e: f"Invalid datetime filter (not ISO-8601 formatted): [{_joined(e.values)}]",
    ),
    RecordNotFound: Row(
        404, NOT_FOUND, lambda e: f"The {e.noun} with the id {shown(e.value)} doesn't exist."
    ),
    PairTaken: Row(400, "already_assigned", lambda e: e.text),
    NotDeleted: Row(400, "delete_failed", lambda e: e.text),
    ForeignSite: Row(403, "access_denied"),
    # The name is INFERRED (OAuth 2's envelope); no document prints a 401.
    core.LoginRequired: Row(401, UNAUTHORIZED),
    core.BadCredentials: Row(401, UNAUTHORIZED),
    core.SecondFactorRequired: Row(401, UNAUTHORIZED),
    core.BadToken: Row(401, UNAUTHORIZED),
    core.BadSignature: Row(401, UNAUTHORIZED),
    core.ExpiredToken: Row(401, UNAUTHORIZED),
    core.TooManyAttempts: Row(429, UNAUTHORIZED),
    core.NotPermitted: Row(403, "access_denied"),
    # What a login may not tell: whether an organization, a unit or a user exists.
    core.UnknownOrganization: Row(401, UNAUTHORIZED, str(core.BadCredentials())),
    core.UnknownUnit: Row(401, UNAUTHORIZED, str(core.BadCredentials())),
    core.UnknownUser: Row(404, NOT_FOUND, _unknown("user")),
    core.UnknownKey: Row(404, NOT_FOUND, _unknown("key")),
    core.UnknownCustomer: Row(404, NOT_FOUND, _unknown("customer")),
    core.UnknownAccount: Row(404, NOT_FOUND, _unknown("account")),
    core.UnknownCustomerLogin: Row(404, NOT_FOUND),
    core.UnknownCustomerToken: Row(404, NOT_FOUND),
    core.UnknownChannel: Row(404, NOT_FOUND, _unknown("channel")),
    core.UnknownPromotion: Row(404, NOT_FOUND, _unknown("promotion")),
    core.UnknownPromotionFolder: Row(404, NOT_FOUND, _unknown("promotion folder")),
    core.UnknownCampaign: Row(404, NOT_FOUND, _unknown("campaign")),
    core.UnknownCode: Row(404, NOT_FOUND, _unknown("code")),
    core.UnknownRedemption: Row(404, NOT_FOUND, _unknown("redemption")),
    core.UnknownGrant: Row(404, NOT_FOUND, _unknown("grant")),
    core.UnknownGroup: Row(404, NOT_FOUND, _unknown("customer group")),  # DOC cga-save
    core.UnknownPromotionList: Row(404, NOT_FOUND, _unknown("promotionList")),  # SEED
    core.UnknownAssignment: Row(404, NOT_FOUND),
    core.UnknownCustomerAssignment: Row(404, NOT_FOUND),
    core.UnknownMembership: Row(404, NOT_FOUND),
    core.UnknownSubscription: Row(404, NOT_FOUND, _unknown("subscription")),
    core.UnknownMail: Row(404, NOT_FOUND, _unknown("mail")),
    core.UnknownMailReport: Row(404, NOT_FOUND, _unknown("mail report")),
    core.UnknownSuppression: Row(404, NOT_FOUND, _unknown("suppression")),
    core.UnknownJob: Row(404, NOT_FOUND, _unknown("job")),
    core.UnknownSchedule: Row(404, NOT_FOUND, _unknown("schedule")),
    core.UnknownTemplate: Row(404, NOT_FOUND, _unknown("template")),
    core.UnknownEvent: Row(404, NOT_FOUND, _unknown("event")),
    core.InvalidValue: Row(400, "invalid_param", _invalid_value),
    core.MissingValue: Row(400, "missing_param", lambda e: f"{e.field} parameter is missing"),
    core.AmbiguousValue: Row(400, "invalid_param"),
    core.UnknownReference: Row(400, "invalid_param"),
    core.InvalidEmail: Row(400, "invalid_param"),
    core.InvalidCodeFormat: SAVE_FAILED,
    core.AlreadyExists: Row(400, "not_unique", "reference already used"),  # DOC cg-upsert, disc
    core.ChangedMeanwhile: SAVE_FAILED,
    core.StillInUse: Row(400, "delete_failed", "Failed to delete instance"),  # SEED
    core.IdempotencyMismatch: SAVE_FAILED,
    core.CampaignNotPosted: SAVE_FAILED,
    core.CampaignTypeNotAllowed: SAVE_FAILED,
    core.DistributionNotAllowed: SAVE_FAILED,
    core.NoCampaign: SAVE_FAILED,
    core.PoolExhausted: SAVE_FAILED,
    core.ReceiverLimitReached: SAVE_FAILED,
    core.CodesLimitReached: SAVE_FAILED,
    core.CodeNotEffective: SAVE_FAILED,
    core.CodeOfOtherPromotion: SAVE_FAILED,
    core.CodeGivenToAnother: SAVE_FAILED,
    core.CustomerTokenNotEffective: SAVE_FAILED,
    core.PassCodeRequired: SAVE_FAILED,
    core.PassCodeWrong: SAVE_FAILED,
    core.AlreadyAssigned: Row(400, "already_assigned"),  # each resource words its own
    # SEED: "then save can not be achieved"; by which of the printed errors is INFERRED.
    core.ListAppliesToAll: SAVE_FAILED,
    core.AlreadySubscribed: SAVE_FAILED,
    core.WrongState: SAVE_FAILED,
    core.Overloaded: Row(503, "server_error"),
    core.OutcomeUnknown: Row(500, "server_error"),
    core.DatabaseUnavailable: Row(503, "server_error"),
    core.DatabaseFull: Row(503, "server_error"),
    core.NoMailService: SAVE_FAILED,
    core.CertificateNotFetched: SAVE_FAILED,
    core.MailNotAccepted: SAVE_FAILED,
    core.NoNewsletterProvider: SAVE_FAILED,
    core.NewsletterProviderFailed: SAVE_FAILED,
    wire.UnknownPath: Row(404, NOT_FOUND),
    wire.MethodNotAllowed: Row(405, "method_not_allowed"),
    wire.NotOffered: Row(501, "not_offered", lambda e: f"{e} {e.reason}"),
    wire.MalformedBody: Row(400, "invalid_param"),
    wire.WrongType: Row(400, "invalid_param_type", _wrong_type),  # SEED
    wire.BodyTooLarge: Row(413, "invalid_param"),
    wire.UnsupportedMediaType: Row(415, "invalid_param"),
    wire.Fault: Row(500, "server_error", "Oops! Something went wrong..."),  # SEED
}


def render(call: Call, error: Exception) -> Response:
    """Return the envelope of a failure."""
    row = row_for(ERRORS, error)
    response = encode(call, Failure(row.code, row.text(error)), row.status)
    if row.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    response.headers.update(headers_of(error))
    return response
