"""Problem documents (RFC 9457), and the one table of their statuses and codes.

All of it is DECIDED: the native API is ours. The statuses follow the core's tree: 401 not
authenticated, 403 not permitted, 404 unknown, 400 invalid, 409 a conflict, 502 and 503 a part that
does not serve.
"""

import msgspec
from msgspec import UNSET
from starlette.responses import Response

from largesse.core import errors as core
from largesse.dialects.native.schemas.base import Problem
from largesse.wire import errors as wire
from largesse.wire.call import Call
from largesse.wire.errors import ErrorTable, Row, headers_of, row_for

TYPE = "urn:problem-type:largesse:"
"""What a problem's type begins with; its code follows."""

ERRORS: ErrorTable = {
    core.LoginRequired: Row(401, "login_required"),
    core.BadCredentials: Row(401, "bad_credentials"),
    core.SecondFactorRequired: Row(401, "second_factor_required"),
    core.BadToken: Row(401, "bad_token"),
    core.BadSignature: Row(401, "bad_signature"),
    core.ExpiredToken: Row(401, "expired_token"),
    core.TooManyAttempts: Row(429, "too_many_attempts"),
    core.NotPermitted: Row(403, "not_permitted"),
    # Only a log-in names an organization: who guesses names learns nothing.
    core.UnknownOrganization: Row(401, "bad_credentials", str(core.BadCredentials())),
    core.UnknownUnit: Row(404, "unknown_unit"),
    core.UnknownUser: Row(404, "unknown_user"),
    core.UnknownKey: Row(404, "unknown_key"),
    core.UnknownCustomer: Row(404, "unknown_customer"),
    core.UnknownAccount: Row(404, "unknown_account"),
    core.UnknownCustomerLogin: Row(404, "unknown_customer_login"),
    core.UnknownCustomerToken: Row(404, "unknown_customer_token"),
    core.UnknownChannel: Row(404, "unknown_channel"),
    core.UnknownPromotion: Row(404, "unknown_promotion"),
    core.UnknownPromotionFolder: Row(404, "unknown_promotion_folder"),
    core.UnknownCampaign: Row(404, "unknown_campaign"),
    core.UnknownCode: Row(404, "unknown_code"),
    core.UnknownRedemption: Row(404, "unknown_redemption"),
    core.UnknownGrant: Row(404, "unknown_grant"),
    core.UnknownGroup: Row(404, "unknown_group"),
    core.UnknownPromotionList: Row(404, "unknown_promotion_list"),
    core.UnknownAssignment: Row(404, "unknown_assignment"),
    core.UnknownCustomerAssignment: Row(404, "unknown_customer_assignment"),
    core.UnknownMembership: Row(404, "unknown_membership"),
    core.UnknownSubscription: Row(404, "unknown_subscription"),
    core.UnknownMail: Row(404, "unknown_mail"),
    core.UnknownMailReport: Row(404, "unknown_mail_report"),
    core.UnknownSuppression: Row(404, "unknown_suppression"),
    core.UnknownJob: Row(404, "unknown_job"),
    core.UnknownSchedule: Row(404, "unknown_schedule"),
    core.UnknownTemplate: Row(404, "unknown_template"),
    core.UnknownEvent: Row(404, "unknown_event"),
    core.InvalidValue: Row(400, "invalid_value"),
    core.MissingValue: Row(400, "missing_value"),
    core.AmbiguousValue: Row(400, "ambiguous_value"),
    core.UnknownReference: Row(400, "unknown_reference"),
    core.InvalidEmail: Row(400, "invalid_email"),
    core.InvalidCodeFormat: Row(400, "invalid_code_format"),
    core.AlreadyExists: Row(409, "already_exists"),
    core.ChangedMeanwhile: Row(409, "changed_meanwhile"),
    core.StillInUse: Row(409, "still_in_use"),
    # The one status that is not the tree's: the draft standard for the header asks for 422.
    core.IdempotencyMismatch: Row(422, "idempotency_mismatch"),
    core.CampaignNotPosted: Row(409, "campaign_not_posted"),
    core.CampaignTypeNotAllowed: Row(409, "campaign_type_not_allowed"),
    core.DistributionNotAllowed: Row(409, "distribution_not_allowed"),
    core.NoCampaign: Row(409, "no_campaign"),
    core.PoolExhausted: Row(409, "pool_exhausted", "The campaign has no code left."),
    core.ReceiverLimitReached: Row(409, "receiver_limit_reached"),
    core.CodesLimitReached: Row(409, "codes_limit_reached"),
    core.CodeNotEffective: Row(409, "code_not_effective"),
    core.CodeOfOtherPromotion: Row(409, "code_of_other_promotion"),
    core.CodeGivenToAnother: Row(409, "code_given_to_another"),
    core.CustomerTokenNotEffective: Row(409, "customer_token_not_effective"),
    core.PassCodeRequired: Row(400, "pass_code_required"),
    core.PassCodeWrong: Row(409, "pass_code_wrong"),
    core.AlreadyAssigned: Row(409, "already_assigned"),
    core.ListAppliesToAll: Row(409, "list_applies_to_all"),
    core.AlreadySubscribed: Row(409, "already_subscribed"),
    core.WrongState: Row(409, "wrong_state"),
    core.Overloaded: Row(503, "overloaded"),
    core.OutcomeUnknown: Row(500, "outcome_unknown"),
    core.DatabaseUnavailable: Row(503, "database_unavailable"),
    core.DatabaseFull: Row(503, "database_full"),
    core.NoMailService: Row(503, "no_mail_service"),
    core.CertificateNotFetched: Row(503, "certificate_not_fetched"),
    core.MailNotAccepted: Row(502, "mail_not_accepted"),
    core.NoNewsletterProvider: Row(503, "no_newsletter_provider"),
    core.NewsletterProviderFailed: Row(502, "newsletter_provider_failed"),
    wire.UnknownPath: Row(404, "unknown_path"),
    wire.MethodNotAllowed: Row(405, "method_not_allowed"),
    wire.NotOffered: Row(501, "not_offered", lambda error: error.reason),
    wire.MalformedBody: Row(400, "malformed_body"),
    wire.WrongType: Row(400, "invalid_value"),
    wire.BodyTooLarge: Row(413, "body_too_large"),
    wire.UnsupportedMediaType: Row(415, "unsupported_media_type"),
    wire.Fault: Row(500, "fault"),
}

NAMING = (
    core.InvalidValue,
    core.MissingValue,
    core.AmbiguousValue,
    core.UnknownReference,
    wire.WrongType,
)
"""Failures that name a field."""


def render(call: Call, error: Exception) -> Response:
    """Return the problem document of a failure."""
    row = row_for(ERRORS, error)
    problem = Problem(
        type=TYPE + row.code,
        # The title is the type's own and never changes (RFC 9457, 3.1.3).
        title=row.code.replace("_", " ").capitalize(),
        status=row.status,
        detail=row.text(error),
        instance=call.request.scope["path"],
        code=row.code,
        field=_field(call, error) or UNSET,
    )
    return Response(
        msgspec.json.encode(problem),
        row.status,
        _headers(error, row),
        media_type="application/problem+json",
    )


def _field(call: Call, error: Exception) -> str | None:
    if isinstance(error, core.InvalidEmail):
        # The core does not know what the client calls the address.
        return next((n for n in ("email", "recipient") if hasattr(call.body, n)), None)
    return error.field if isinstance(error, NAMING) else None


def _headers(error: Exception, row: Row) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"} | headers_of(error)
    if isinstance(error, core.LoginRequired):
        headers["WWW-Authenticate"] = 'Bearer realm="largesse"'
    elif row.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="largesse", error="invalid_token"'
    return headers
