"""Intershop's answer to refusals: a line of text and the header `error-key`.

The form `Reason (detail)` and the header are what the storefront reads (PWA). A key marked SEED or
DOC is printed in a document; the others are ours, after the pattern of those (DECIDED). An empty
one is not sent: nothing documents a key there.
"""

from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import PlainTextResponse, Response

from largesse.core import errors as core
from largesse.core.errors import Refused
from largesse.wire import errors as wire
from largesse.wire.call import Call
from largesse.wire.errors import ErrorTable, Row, headers_of, row_for

ERROR_KEY = "error-key"


class OrganizationMissing(Refused):
    """The request names no organization."""


class OtherOrganization(Refused):
    """The AuthenticationToken belongs to another organization."""


@dataclass(eq=False)
class UnreadableRecipient(Refused):
    """The body does not say which recipient is meant."""

    reason: str

    def __str__(self) -> str:
        return self.reason


class RefreshRefused(Refused):
    """The refresh token is not valid, or no longer."""


class NoAddress(Refused):
    """The customer has no e-mail address."""


# The storefront drops a token when the text of a refusal has the word AuthenticationToken (PWA).
BAD_TOKEN = "The AuthenticationToken is not valid."
EXPIRED_TOKEN = "The AuthenticationToken has expired."

ERRORS: ErrorTable = {
    OrganizationMissing: Row(400, "organization.name.missing"),  # DOC 25K759
    OtherOrganization: Row(401, "organization.invalid"),  # DOC 2M9597: 401
    UnreadableRecipient: Row(400, "subscriptions.recipient.invalid.error"),  # SEED 004
    NoAddress: Row(400, ""),
    # Not 401: the storefront would send the request again without its token (PWA; RFC 6749, 5.2).
    RefreshRefused: Row(400, ""),
    core.LoginRequired: Row(401, ""),
    core.BadCredentials: Row(401, ""),
    core.SecondFactorRequired: Row(401, ""),
    core.BadToken: Row(401, "", BAD_TOKEN),
    core.BadSignature: Row(401, "", BAD_TOKEN),
    core.ExpiredToken: Row(401, "", EXPIRED_TOKEN),
    core.TooManyAttempts: Row(429, ""),
    core.NotPermitted: Row(403, ""),
    core.UnknownOrganization: Row(400, "organization.invalid"),  # DOC 25K759, M25763
    core.UnknownUnit: Row(404, "unit.unit_not_found.error"),
    core.UnknownUser: Row(404, "user.user_not_found.error"),
    core.UnknownKey: Row(404, "key.key_not_found.error"),
    core.UnknownCustomer: Row(404, "customer.customer_not_found.error"),  # DOC A28246
    core.UnknownAccount: Row(404, "account.account_not_found.error"),
    core.UnknownCustomerLogin: Row(404, "customer.credentials_not_found.error"),
    core.UnknownCustomerToken: Row(404, "token.token_not_found.error"),
    core.UnknownChannel: Row(404, "channel.channel_not_found.error"),
    core.UnknownPromotion: Row(404, "promotion.promotion_not_found.error"),
    core.UnknownPromotionFolder: Row(404, "promotionfolder.promotionfolder_not_found.error"),
    core.UnknownCampaign: Row(404, "promotion.codegroup_not_found.error"),
    core.UnknownCode: Row(400, ""),  # SEED 000: 400, and no key
    core.UnknownRedemption: Row(404, "redemption.redemption_not_found.error"),
    core.UnknownGrant: Row(404, "grant.grant_not_found.error"),
    core.UnknownGroup: Row(404, "customergroup.customergroup_not_found.error"),
    core.UnknownPromotionList: Row(404, "promotionlist.promotionlist_not_found.error"),
    core.UnknownAssignment: Row(404, "assignment.assignment_not_found.error"),
    core.UnknownCustomerAssignment: Row(404, "assignment.assignment_not_found.error"),
    core.UnknownMembership: Row(404, "membership.membership_not_found.error"),
    core.UnknownSubscription: Row(404, "subscriptions.subscription_not_found.error"),  # SEED 004
    core.UnknownMail: Row(404, "mail.mail_not_found.error"),
    core.UnknownMailReport: Row(404, "mail.report_not_found.error"),
    core.UnknownSuppression: Row(404, "mail.suppression_not_found.error"),
    core.UnknownJob: Row(404, "job.job_not_found.error"),
    core.UnknownSchedule: Row(404, "schedule.schedule_not_found.error"),
    core.UnknownTemplate: Row(404, "template.template_not_found.error"),
    core.UnknownEvent: Row(404, "event.event_not_found.error"),
    core.InvalidValue: Row(400, ""),
    core.MissingValue: Row(400, "subscriptions.recipient.missing.error"),  # SEED 004
    core.AmbiguousValue: Row(400, ""),
    core.UnknownReference: Row(400, ""),
    core.InvalidEmail: Row(400, "subscriptions.recipient.invalid.error"),  # SEED 004
    core.InvalidCodeFormat: Row(409, "promotion.codes_exhausted.error"),
    core.AlreadyExists: Row(409, ""),
    core.ChangedMeanwhile: Row(409, ""),
    core.StillInUse: Row(409, ""),
    core.IdempotencyMismatch: Row(409, ""),
    # DECIDED, dialects.md: DOC 25761F asks for a valid code group, and prints no answer without.
    core.NoCampaign: Row(409, "promotion.codegroup_missing.error"),
    core.CampaignNotPosted: Row(409, "promotion.codegroup_missing.error"),
    core.CampaignTypeNotAllowed: Row(409, "promotion.codegroup_missing.error"),
    core.DistributionNotAllowed: Row(409, "promotion.codegroup_missing.error"),
    core.PoolExhausted: Row(409, "promotion.codes_exhausted.error"),
    core.ReceiverLimitReached: Row(409, "promotion.codes_exhausted.error"),
    core.CodesLimitReached: Row(409, "promotion.codes_exhausted.error"),
    # SEED 000: "If the input data is not understandable"; which code is whose counts as input.
    core.CodeNotEffective: Row(400, ""),
    core.CodeOfOtherPromotion: Row(400, ""),
    core.CodeGivenToAnother: Row(400, ""),
    core.CustomerTokenNotEffective: Row(400, ""),
    core.PassCodeRequired: Row(400, ""),
    core.PassCodeWrong: Row(400, ""),
    core.AlreadyAssigned: Row(409, ""),
    core.ListAppliesToAll: Row(409, ""),
    # SEED 004 prints this key, which reads like a slip; setting `conflict_key`, see `render`.
    core.AlreadySubscribed: Row(409, "subscriptions.recipient.missing.error"),
    core.WrongState: Row(409, ""),
    core.Overloaded: Row(503, ""),
    core.OutcomeUnknown: Row(500, ""),
    core.DatabaseUnavailable: Row(503, ""),
    core.DatabaseFull: Row(503, ""),
    core.NoMailService: Row(500, ""),  # SEED 000: 500, and no key
    core.CertificateNotFetched: Row(500, ""),
    core.MailNotAccepted: Row(500, "", lambda e: f"The mail was not accepted: {e.reply}"),
    core.NoNewsletterProvider: Row(404, "subscriptions.provider_not_found.error"),  # SEED 004
    core.NewsletterProviderFailed: Row(500, "subscriptions.external_service.error"),  # SEED 004
    wire.UnknownPath: Row(404, ""),
    wire.MethodNotAllowed: Row(405, ""),
    wire.NotOffered: Row(501, "", lambda e: str(e.reason)),
    wire.MalformedBody: Row(400, ""),
    wire.WrongType: Row(400, ""),
    wire.BodyTooLarge: Row(413, ""),
    wire.UnsupportedMediaType: Row(415, ""),
    wire.Fault: Row(500, ""),
}


def render(call: Call, error: Exception) -> Response:
    """Return `Reason (detail)` as plain text, with the key of the refusal in a header."""
    row = row_for(ERRORS, error)
    key = row.code
    if isinstance(error, core.AlreadySubscribed):
        key = call.settings.conflict_key
    headers = headers_of(error) | ({ERROR_KEY: key} if key else {})
    if row.status == HTTPStatus.UNAUTHORIZED:
        # Not Basic: a browser would ask its user for a password.
        headers["WWW-Authenticate"] = "Bearer"
    text = f"{HTTPStatus(row.status).phrase} ({row.text(error)})"
    return PlainTextResponse(text, row.status, headers)
