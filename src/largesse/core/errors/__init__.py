"""Every refusal of the core, as classes that carry facts and never a status code.

Refused
├── NotAuthenticated
│   ├── LoginRequired · BadCredentials · SecondFactorRequired
│   ├── BadToken · BadSignature · ExpiredToken
│   └── TooManyAttempts
├── NotPermitted               the caller lacks a right
├── Unknown                    something named does not exist in the caller's organization
│   ├── UnknownOrganization · UnknownUnit · UnknownUser · UnknownKey · UnknownJob · UnknownEvent
│   ├── UnknownSchedule
│   ├── UnknownCustomer · UnknownAccount · UnknownCustomerToken · UnknownTemplate
│   ├── UnknownCustomerLogin
│   ├── UnknownMail · UnknownMailReport · UnknownSuppression
│   ├── UnknownChannel · UnknownPromotion · UnknownPromotionFolder
│   ├── UnknownCampaign · UnknownCode · UnknownRedemption · UnknownGrant
│   ├── UnknownGroup · UnknownPromotionList · UnknownSubscription
│   └── UnknownAssignment · UnknownCustomerAssignment · UnknownMembership
├── Invalid                    a value that can not be accepted
│   ├── InvalidValue · MissingValue · AmbiguousValue · UnknownReference
│   └── InvalidEmail · InvalidCodeFormat
├── Conflict                   well formed, but not possible as things stand
│   ├── AlreadyExists · StillInUse · ChangedMeanwhile · IdempotencyMismatch
│   ├── CampaignNotPosted · CampaignTypeNotAllowed · DistributionNotAllowed
│   ├── NoCampaign · PoolExhausted · ReceiverLimitReached · CodesLimitReached
│   ├── CodeNotEffective · CodeOfOtherPromotion · CodeGivenToAnother
│   ├── CustomerTokenNotEffective · PassCodeRequired · PassCodeWrong
│   └── AlreadyAssigned · ListAppliesToAll · AlreadySubscribed · WrongState
└── Unavailable                a part that the request needs does not serve it
    ├── Overloaded · OutcomeUnknown · DatabaseUnavailable · DatabaseFull
    └── NoMailService · MailNotAccepted · NoNewsletterProvider · NewsletterProviderFailed

Each dialect has a row for each of them (`dialects/*/errors.py`; a test sees to it). They are not
frozen: a frozen one can not leave an `@asynccontextmanager`.
"""

from largesse.core.errors.access import (
    BadCredentials,
    BadSignature,
    BadToken,
    ExpiredToken,
    LoginRequired,
    NotAuthenticated,
    NotPermitted,
    SecondFactorRequired,
    TooManyAttempts,
)
from largesse.core.errors.conflict import (
    AlreadyAssigned,
    AlreadyExists,
    AlreadySubscribed,
    CampaignNotPosted,
    CampaignTypeNotAllowed,
    ChangedMeanwhile,
    CodeGivenToAnother,
    CodeNotEffective,
    CodeOfOtherPromotion,
    CodesLimitReached,
    Conflict,
    CustomerTokenNotEffective,
    DistributionNotAllowed,
    IdempotencyMismatch,
    LimitOfCampaign,
    ListAppliesToAll,
    NoCampaign,
    OfCampaign,
    OfCode,
    OfRecord,
    PassCodeRequired,
    PassCodeWrong,
    PoolExhausted,
    ReceiverLimitReached,
    StillInUse,
    WrongState,
)
from largesse.core.errors.invalid import (
    AmbiguousValue,
    Invalid,
    InvalidCodeFormat,
    InvalidEmail,
    InvalidValue,
    MissingValue,
    UnknownReference,
)
from largesse.core.errors.refused import Refused, leaves
from largesse.core.errors.unavailable import (
    CertificateNotFetched,
    DatabaseFull,
    DatabaseUnavailable,
    MailNotAccepted,
    NewsletterProviderFailed,
    NoMailService,
    NoNewsletterProvider,
    OutcomeUnknown,
    Overloaded,
    Unavailable,
)
from largesse.core.errors.unknown import (
    Unknown,
    UnknownAccount,
    UnknownAssignment,
    UnknownCampaign,
    UnknownChannel,
    UnknownCode,
    UnknownCustomer,
    UnknownCustomerAssignment,
    UnknownCustomerLogin,
    UnknownCustomerToken,
    UnknownEvent,
    UnknownGrant,
    UnknownGroup,
    UnknownJob,
    UnknownKey,
    UnknownMail,
    UnknownMailReport,
    UnknownMembership,
    UnknownOrganization,
    UnknownPromotion,
    UnknownPromotionFolder,
    UnknownPromotionList,
    UnknownRedemption,
    UnknownSchedule,
    UnknownSubscription,
    UnknownSuppression,
    UnknownTemplate,
    UnknownUnit,
    UnknownUser,
)

__all__ = [
    "AlreadyAssigned",
    "AlreadyExists",
    "AlreadySubscribed",
    "AmbiguousValue",
    "BadCredentials",
    "BadSignature",
    "BadToken",
    "CampaignNotPosted",
    "CampaignTypeNotAllowed",
    "CertificateNotFetched",
    "ChangedMeanwhile",
    "CodeGivenToAnother",
    "CodeNotEffective",
    "CodeOfOtherPromotion",
    "CodesLimitReached",
    "Conflict",
    "CustomerTokenNotEffective",
    "DatabaseFull",
    "DatabaseUnavailable",
    "DistributionNotAllowed",
    "ExpiredToken",
    "IdempotencyMismatch",
    "Invalid",
    "InvalidCodeFormat",
    "InvalidEmail",
    "InvalidValue",
    "LimitOfCampaign",
    "ListAppliesToAll",
    "LoginRequired",
    "MailNotAccepted",
    "MissingValue",
    "NewsletterProviderFailed",
    "NoCampaign",
    "NoMailService",
    "NoNewsletterProvider",
    "NotAuthenticated",
    "NotPermitted",
    "OfCampaign",
    "OfCode",
    "OfRecord",
    "OutcomeUnknown",
    "Overloaded",
    "PassCodeRequired",
    "PassCodeWrong",
    "PoolExhausted",
    "ReceiverLimitReached",
    "Refused",
    "SecondFactorRequired",
    "StillInUse",
    "TooManyAttempts",
    "Unavailable",
    "Unknown",
    "UnknownAccount",
    "UnknownAssignment",
    "UnknownCampaign",
    "UnknownChannel",
    "UnknownCode",
    "UnknownCustomer",
    "UnknownCustomerAssignment",
    "UnknownCustomerLogin",
    "UnknownCustomerToken",
    "UnknownEvent",
    "UnknownGrant",
    "UnknownGroup",
    "UnknownJob",
    "UnknownKey",
    "UnknownMail",
    "UnknownMailReport",
    "UnknownMembership",
    "UnknownOrganization",
    "UnknownPromotion",
    "UnknownPromotionFolder",
    "UnknownPromotionList",
    "UnknownRedemption",
    "UnknownReference",
    "UnknownSchedule",
    "UnknownSubscription",
    "UnknownSuppression",
    "UnknownTemplate",
    "UnknownUnit",
    "UnknownUser",
    "WrongState",
    "leaves",
]
