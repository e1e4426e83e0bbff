"""CRM.COM's envelope around refusals, and the one table of its codes.

No document lists codes or HTTP statuses of failures (INFERRED): these are ours (DECIDED,
dialects.md) and stand here alone, so that a real catalogue can replace them.
"""

from dataclasses import dataclass

import msgspec
from starlette.responses import Response

from largesse.core import errors as core
from largesse.core.errors import Refused
from largesse.wire import errors as wire
from largesse.wire.call import Call
from largesse.wire.errors import ErrorTable, Row, headers_of, row_for


@dataclass(eq=False)
class MissingParameter(Refused):
    """A parameter that is needed was not given."""

    name: str

    def __str__(self) -> str:
        return f"The parameter {self.name} is missing."


@dataclass(eq=False)
class TooManyIdentifiers(Refused):
    """More than one of the semi-optional parameters is specified."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"Only one of these is allowed to be specified: {', '.join(self.names)}."


ERRORS: ErrorTable = {
    MissingParameter: Row(400, "MISSING_PARAMETER"),
    TooManyIdentifiers: Row(400, "TOO_MANY_IDENTIFIERS"),
    core.LoginRequired: Row(401, "INVALID_TOKEN", "The token is missing."),
    core.BadToken: Row(401, "INVALID_TOKEN"),
    core.BadSignature: Row(401, "INVALID_TOKEN"),
    core.ExpiredToken: Row(401, "INVALID_TOKEN"),
    core.BadCredentials: Row(401, "INVALID_CREDENTIALS"),
    core.SecondFactorRequired: Row(401, "SECOND_FACTOR_REQUIRED"),
    core.TooManyAttempts: Row(429, "TOO_MANY_ATTEMPTS"),
    core.NotPermitted: Row(403, "NOT_PERMITTED"),
    core.UnknownOrganization: Row(401, "INVALID_CREDENTIALS", str(core.BadCredentials())),
    core.UnknownUnit: Row(400, "INVALID_PARAMETER"),
    core.UnknownUser: Row(404, "USER_NOT_FOUND"),
    core.UnknownKey: Row(404, "KEY_NOT_FOUND"),
    core.UnknownCustomer: Row(404, "RECEIVER_NOT_FOUND"),
    core.UnknownAccount: Row(404, "RECEIVER_NOT_FOUND"),
    # One answer for a token that is not there and for one that does not identify: who guesses
    # learns nothing. The status is that of a receiver that is not found.
    core.UnknownCustomerLogin: Row(404, "RECEIVER_NOT_FOUND"),
    core.UnknownCustomerToken: Row(404, "RECEIVER_NOT_FOUND"),
    core.UnknownChannel: Row(404, "CHANNEL_NOT_FOUND"),
    core.UnknownPromotion: Row(404, "PROMOTION_NOT_FOUND"),
    core.UnknownPromotionFolder: Row(404, "PROMOTION_FOLDER_NOT_FOUND"),
    core.UnknownCampaign: Row(404, "CAMPAIGN_NOT_FOUND"),
    core.UnknownCode: Row(404, "PROMO_CODE_NOT_FOUND"),
    core.UnknownRedemption: Row(404, "REDEMPTION_NOT_FOUND"),
    core.UnknownGrant: Row(404, "GRANT_NOT_FOUND"),
    core.UnknownGroup: Row(404, "GROUP_NOT_FOUND"),
    core.UnknownPromotionList: Row(404, "PROMOTION_LIST_NOT_FOUND"),
    core.UnknownAssignment: Row(404, "ASSIGNMENT_NOT_FOUND"),
    core.UnknownCustomerAssignment: Row(404, "ASSIGNMENT_NOT_FOUND"),
    core.UnknownMembership: Row(404, "MEMBERSHIP_NOT_FOUND"),
    core.UnknownSubscription: Row(404, "SUBSCRIPTION_NOT_FOUND"),
    core.UnknownMail: Row(404, "MAIL_NOT_FOUND"),
    core.UnknownMailReport: Row(404, "MAIL_REPORT_NOT_FOUND"),
    core.UnknownSuppression: Row(404, "SUPPRESSION_NOT_FOUND"),
    core.UnknownJob: Row(404, "JOB_NOT_FOUND"),
    core.UnknownSchedule: Row(404, "SCHEDULE_NOT_FOUND"),
    core.UnknownTemplate: Row(404, "TEMPLATE_NOT_FOUND"),
    core.UnknownEvent: Row(404, "EVENT_NOT_FOUND"),
    core.InvalidValue: Row(400, "INVALID_PARAMETER"),
    core.MissingValue: Row(400, "MISSING_PARAMETER"),
    core.AmbiguousValue: Row(400, "INVALID_PARAMETER"),
    core.UnknownReference: Row(400, "INVALID_PARAMETER"),
    core.InvalidEmail: Row(400, "INVALID_PARAMETER"),
    core.InvalidCodeFormat: Row(409, "NO_PROMO_CODE_AVAILABLE"),
    core.AlreadyExists: Row(409, "ALREADY_EXISTS"),
    core.ChangedMeanwhile: Row(409, "CHANGED_MEANWHILE"),
    core.StillInUse: Row(409, "STILL_IN_USE"),
    core.IdempotencyMismatch: Row(409, "IDEMPOTENCY_MISMATCH"),
    core.CampaignNotPosted: Row(400, "CAMPAIGN_NOT_POSTED"),
    core.CampaignTypeNotAllowed: Row(400, "CAMPAIGN_TYPE_NOT_ALLOWED"),
    core.DistributionNotAllowed: Row(400, "DISTRIBUTION_METHOD_NOT_ALLOWED"),
    core.NoCampaign: Row(404, "CAMPAIGN_NOT_FOUND"),
    core.PoolExhausted: Row(409, "NO_PROMO_CODE_AVAILABLE"),
    core.ReceiverLimitReached: Row(409, "PER_RECEIVER_LIMIT"),
    core.CodesLimitReached: Row(409, "CAMPAIGN_LIMIT"),
    core.CodeNotEffective: Row(400, "PROMO_CODE_NOT_EFFECTIVE"),
    core.CodeOfOtherPromotion: Row(400, "PROMO_CODE_NOT_EFFECTIVE"),
    core.CodeGivenToAnother: Row(400, "PROMO_CODE_NOT_EFFECTIVE"),
    core.CustomerTokenNotEffective: Row(400, "ACCESS_TOKEN_NOT_EFFECTIVE"),
    core.PassCodeRequired: Row(400, "PASS_CODE_REQUIRED"),
    core.PassCodeWrong: Row(400, "PASS_CODE_WRONG"),
    core.AlreadyAssigned: Row(409, "ALREADY_ASSIGNED"),
    core.ListAppliesToAll: Row(409, "LIST_APPLIES_TO_ALL"),
    core.AlreadySubscribed: Row(409, "ALREADY_SUBSCRIBED"),
    core.WrongState: Row(400, "WRONG_STATE"),
    core.Overloaded: Row(503, "OVERLOADED"),
    core.OutcomeUnknown: Row(500, "OUTCOME_UNKNOWN"),
    core.DatabaseUnavailable: Row(503, "DATABASE_UNAVAILABLE"),
    core.DatabaseFull: Row(503, "DATABASE_FULL"),
    core.NoMailService: Row(500, "MAIL_SERVICE_ERROR"),
    core.CertificateNotFetched: Row(500, "MAIL_SERVICE_ERROR"),
    core.MailNotAccepted: Row(500, "MAIL_SERVICE_ERROR"),
    core.NoNewsletterProvider: Row(404, "NEWSLETTER_PROVIDER_NOT_FOUND"),
    core.NewsletterProviderFailed: Row(500, "NEWSLETTER_PROVIDER_ERROR"),
    wire.UnknownPath: Row(404, "UNKNOWN_METHOD"),
    wire.MethodNotAllowed: Row(405, "METHOD_NOT_ALLOWED"),
    wire.NotOffered: Row(501, "NOT_OFFERED"),
    wire.MalformedBody: Row(400, "INVALID_PARAMETER"),
    wire.WrongType: Row(400, "INVALID_PARAMETER"),
    wire.BodyTooLarge: Row(413, "REQUEST_TOO_LARGE"),
    wire.UnsupportedMediaType: Row(415, "INVALID_PARAMETER"),
    wire.Fault: Row(500, "INTERNAL_ERROR"),
}


def render(call: Call, error: Exception) -> Response:
    """Return the envelope of a failure (setting `http_errors`: with an HTTP status, or 200)."""
    if isinstance(error, wire.WrongType) and "missing required field" in error.reason:
        error = MissingParameter(error.field)
    row = row_for(ERRORS, error)
    text = row.text(error)
    body = {"data": None, "status": {"code": row.code, "description": text, "message": text}}
    status = row.status if call.settings.http_errors else 200
    return Response(
        msgspec.json.encode(body), status, headers_of(error), media_type="application/json"
    )
