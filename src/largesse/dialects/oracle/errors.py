"""Oracle Commerce Cloud's envelope around refusals, and the one table of its codes.

The codes 21171, 13001 and 60006000 are SEED 001; 13037 is DOC 21D; 10002 is DOC (promotion
templates), 82001 DOC (error messages). Those of folders and coupons are DOC, on the pages of their
operations; their texts are the documents' descriptions. For everything else no document lists a code. DECIDED: it carries 00000000, which
SEED 001 prints where a failure has no code of its own.
"""

from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.responses import Response

from largesse.core import errors as core
from largesse.core.errors import Refused
from largesse.dialects.oracle.schemas import Error21D, ErrorModel, MultipleErrors
from largesse.wire import errors as wire
from largesse.wire.call import Call
from largesse.wire.errors import ErrorTable, Row, headers_of, row_for

NO_CODE = "00000000"
INVALID_PROMOTION = "21171"
MISSING_PROPERTY = "13037"
NO_RECIPIENTS = "13001"
INVALID_VALUE = "10002"
NOT_AUTHENTICATED = "60006000"
MISSING_HEADER = "82001"
UNKNOWN_PARENT = "21244"

MOST_ERRORS = 1000
"""Errors that one answer lists at most: a client may ask for a million wrong promotions."""

NAMES = {
    "promotions": "promotionIds",
    "recipients": "profileIds and emailAddresses",
    "source_id": "sourceId",
    "title": "displayName",
    "key": "id",
    "starts_at": "startDate",
    "ends_at": "endDate",
    "codes_start_at": "startDate",
    "uses_per_code": "maxUses",
    "folder_id": "parentFolder",
    "locale": "X-CCAsset-Language",
    "code_prefix": "prefix",
    "alternative_code": "id",
}
"""The wire's names of fields that the core refuses."""


@dataclass(eq=False)
class MissingProperty(Refused):
    """A property that is required was not given."""

    name: str

    def __str__(self) -> str:
        return f"Missing required property: {self.name}"


class NoRecipients(Refused):
    """No profileIds or emailAddresses are supplied."""


@dataclass(eq=False)
class UnknownGrantType(Refused):
    """A login of a kind that is not offered."""

    value: str

    def __str__(self) -> str:
        return f"The value {self.value} for parameter grant_type is invalid."


@dataclass(eq=False)
class InvalidParameter(Refused):
    """A parameter or a member has a value that is none of its."""

    value: str
    name: str

    def __str__(self) -> str:
        return f"The value {self.value} for parameter {self.name} is invalid."


@dataclass(eq=False)
class MissingHeader(Refused):
    """A header that is required was not sent."""

    name: str

    def __str__(self) -> str:
        return f"Required header is missing: {self.name}"


@dataclass(eq=False)
class UnknownParent(Refused):
    """There is no such folder to put something into."""

    value: str

    def __str__(self) -> str:
        return f"No item found for the following type and ID: promotionFolder, {self.value}"


@dataclass(eq=False)
class Coded(Refused):
    """A refusal for which an operation's page lists a code of its own."""

    code: str
    message: str

    def __str__(self) -> str:
        return self.message


class CodedUnknown(Coded):
    """The same, of something that does not exist."""


def _invalid_promotion(error: core.UnknownPromotion) -> str:
    return f"{error.value} is not a valid promotion id"


def _invalid_value(error: core.InvalidValue) -> str:
    return f"{NAMES.get(error.field, error.field)}: {error.reason}"


def _missing(error: core.MissingValue) -> str:
    return str(MissingProperty(NAMES.get(error.field, error.field)))


# SEED 001: one sentence for whatever is wrong with the token, so that guessing teaches nothing.
UNAUTHENTICATED = Row(401, NOT_AUTHENTICATED, "The user is not authenticated.")
NOT_FOUND = Row(404, NO_CODE)
CONFLICT = Row(409, NO_CODE)

ERRORS: ErrorTable = {
    MissingProperty: Row(400, MISSING_PROPERTY),
    NoRecipients: Row(400, NO_RECIPIENTS),
    UnknownGrantType: Row(400, INVALID_VALUE),
    InvalidParameter: Row(400, INVALID_VALUE),
    MissingHeader: Row(400, MISSING_HEADER),
    UnknownParent: Row(400, UNKNOWN_PARENT),
    Coded: Row(400, NO_CODE),
    # DECIDED: no page says which status goes with a code; what is not there is 404.
    CodedUnknown: Row(404, NO_CODE),
    core.LoginRequired: UNAUTHENTICATED,
    core.BadToken: UNAUTHENTICATED,
    core.BadSignature: UNAUTHENTICATED,
    core.ExpiredToken: UNAUTHENTICATED,
    # INFERRED: no document shows the answer to a wrong key or password.
    core.BadCredentials: UNAUTHENTICATED,
    core.SecondFactorRequired: UNAUTHENTICATED,
    core.UnknownOrganization: UNAUTHENTICATED,
    core.TooManyAttempts: Row(429, NOT_AUTHENTICATED),
    core.NotPermitted: Row(403, NO_CODE),
    core.UnknownPromotion: Row(400, INVALID_PROMOTION, _invalid_promotion),
    core.UnknownPromotionFolder: NOT_FOUND,
    core.UnknownUnit: NOT_FOUND,
    core.UnknownUser: NOT_FOUND,
    core.UnknownKey: NOT_FOUND,
    core.UnknownCustomer: NOT_FOUND,
    core.UnknownAccount: NOT_FOUND,
    core.UnknownCustomerLogin: NOT_FOUND,
    core.UnknownCustomerToken: NOT_FOUND,
    core.UnknownChannel: NOT_FOUND,
    core.UnknownCampaign: NOT_FOUND,
    core.UnknownCode: NOT_FOUND,
    core.UnknownRedemption: NOT_FOUND,
    core.UnknownGrant: NOT_FOUND,
    core.UnknownGroup: NOT_FOUND,
    core.UnknownPromotionList: NOT_FOUND,
    core.UnknownAssignment: NOT_FOUND,
    core.UnknownCustomerAssignment: NOT_FOUND,
    core.UnknownMembership: NOT_FOUND,
    core.UnknownSubscription: NOT_FOUND,
    core.UnknownMail: NOT_FOUND,
    core.UnknownMailReport: NOT_FOUND,
    core.UnknownSuppression: NOT_FOUND,
    core.UnknownJob: NOT_FOUND,
    core.UnknownSchedule: NOT_FOUND,
    core.UnknownEvent: NOT_FOUND,
    core.UnknownTemplate: NOT_FOUND,
    core.InvalidValue: Row(400, INVALID_VALUE, _invalid_value),
    core.MissingValue: Row(400, MISSING_PROPERTY, _missing),
    core.AmbiguousValue: Row(400, INVALID_VALUE),
    core.UnknownReference: Row(400, INVALID_VALUE),
    core.InvalidEmail: Row(400, INVALID_VALUE),
    core.InvalidCodeFormat: Row(400, INVALID_VALUE),
    core.AlreadyExists: CONFLICT,
    core.ChangedMeanwhile: CONFLICT,
    core.StillInUse: CONFLICT,
    core.IdempotencyMismatch: CONFLICT,
    core.CampaignNotPosted: CONFLICT,
    core.CampaignTypeNotAllowed: CONFLICT,
    core.DistributionNotAllowed: CONFLICT,
    core.NoCampaign: CONFLICT,
    core.PoolExhausted: CONFLICT,
    core.ReceiverLimitReached: CONFLICT,
    core.CodesLimitReached: CONFLICT,
    core.CodeNotEffective: CONFLICT,
    core.CodeOfOtherPromotion: CONFLICT,
    core.CodeGivenToAnother: CONFLICT,
    core.CustomerTokenNotEffective: CONFLICT,
    core.PassCodeRequired: CONFLICT,
    core.PassCodeWrong: CONFLICT,
    core.AlreadyAssigned: CONFLICT,
    core.ListAppliesToAll: CONFLICT,
    core.AlreadySubscribed: CONFLICT,
    core.WrongState: CONFLICT,
    core.Overloaded: Row(503, NO_CODE),
    core.OutcomeUnknown: Row(500, NO_CODE),
    core.DatabaseUnavailable: Row(503, NO_CODE),
    core.DatabaseFull: Row(503, NO_CODE),
    core.NoMailService: Row(500, NO_CODE),
    core.CertificateNotFetched: Row(500, NO_CODE),
    core.MailNotAccepted: Row(500, NO_CODE),
    core.NoNewsletterProvider: Row(500, NO_CODE),
    core.NewsletterProviderFailed: Row(500, NO_CODE),
    wire.UnknownPath: Row(404, NO_CODE),
    wire.MethodNotAllowed: Row(405, NO_CODE),
    wire.NotOffered: Row(501, NO_CODE, lambda error: str(error.reason)),
    wire.MalformedBody: Row(400, NO_CODE),
    wire.WrongType: Row(400, INVALID_VALUE),
    wire.BodyTooLarge: Row(413, NO_CODE),
    wire.UnsupportedMediaType: Row(415, NO_CODE),
    wire.Fault: Row(500, NO_CODE),
}


def render(call: Call, error: Exception) -> Response:
    """Return the envelope of a failure, in the release's words."""
    row = row_for(ERRORS, error)
    headers = headers_of(error)
    if row.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = _body(call, row, error)
    return Response(msgspec.json.encode(body), row.status, headers, media_type="application/json")


def _texts(row: Row, error: Exception) -> list[str]:
    """Return the message of each failure: a request can name several wrong promotions."""
    texts = [row.text(error)]
    if isinstance(error, core.UnknownPromotion):
        others = error.others[: MOST_ERRORS - 1]
        texts += [row.text(core.UnknownPromotion(key)) for key in others]
    return texts


def _body(call: Call, row: Row, error: Exception) -> Any:
    texts = _texts(row, error)
    if (
        call.settings.release == "21D"
        and row.status == 400
        and call.request.url.path.endswith("/batchGrantPromotions")
    ):
        # DOC 21D. INFERRED: of several failures it names the first.
        return Error21D(status=row.code, message=texts[0])
    code = error.code if isinstance(error, Coded) else row.code
    errors = [ErrorModel(error_code=code, message=t, status=str(row.status)) for t in texts]
    if len(errors) == 1:
        return errors[0]
    several = MultipleErrors(
        error_code=NO_CODE, message=texts[0], errors=errors, status=str(row.status)
    )
    # SEED 001 prints an array of one object; the general page on errors (DOC) an object.
    return several if call.settings.multi_error == "object" else [several]
