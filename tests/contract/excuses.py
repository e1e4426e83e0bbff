"""Where a documented behaviour, or JSON Schema, leaves no way to satisfy a check of schemathesis."""

from largesse.wire.dialect import Dialect
from tests.contract.described import Excuse

SEMANTIC = "RejectedPositiveData"

PART = "schemathesis' coverage phase takes a part of this schema for the whole of it."

EVERYWHERE = (
    Excuse(
        check=SEMANTIC,
        answer=r"has a character that can not be kept",
        reason="No schema keeps NUL and halves of surrogate pairs out of every text.",
    ),
    Excuse(
        check=SEMANTIC,
        answer=r"Expected `int[^`]*`, got `float`",
        reason="JSON Schema counts 1.0 among the integers; a decoder of integers does not.",
    ),
    Excuse(
        check="UndefinedContentType",
        answer=r"^Invalid HTTP request received\.$",
        reason="The server's parser has a limit for addresses, before any dialect is found.",
    ),
)

EXCUSES: dict[str, tuple[Excuse, ...]] = {
    "oracle": (
        Excuse(
            check="AcceptedNegativeData",
            operation=r"POST /claimables",
            answer=r'^\{"repositoryId"',
            reason="A link fills in what was broken on purpose; schemathesis calls it a positive case.",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"POST /profiles/batchGrantPromotions",
            answer=r'"errorCode":"21171"',
            reason="A promotion that there is not is a 400 on this wire (SEED 001).",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"PUT /promotions/\{promotion_id\}",
            answer=r"Missing required property: displayName",
            reason="It may be left out; null is refused in the words for a missing property.",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"GET /promotions",
            asked=r"propertyName=",
            answer=r"for parameter propertyName is invalid",
            reason="It goes with a promotionId, which OpenAPI has no words for.",
        ),
        Excuse(
            check="JsonSchemaError",
            operation=r"GET .*",
            asked=r"[?&]fields=",
            reason="`fields` cuts an answer to the members that it names (INFERRED).",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"(GET|POST|PUT|DELETE) /(claimables|couponBatches|promotions|promotionFolders).*",
            answer=r'"errorCode":"(2\d{4}|3\d{4}|8[0-3]\d{3})"',
            reason="The vendor's codes for what records can not be together are 400 (DOC 12-17).",
        ),
        Excuse(
            check=SEMANTIC,
            answer=r"Expected `int \| str \| null`, got `float`",
            reason="JSON Schema counts 1.0 among the integers; a decoder of integers does not.",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"GET /promotions",
            answer=r"for parameter (id|promotionId|propertyName) is invalid",
            reason="Which parameters go together OpenAPI has no words for (DOC 12-17).",
        ),
        Excuse(
            check=SEMANTIC,
            answer=r"for parameter (startDate|endDate) is invalid|must be after starts_at",
            reason="Moments that no calendar of Python has, and ends before their beginnings.",
        ),
    ),
    "crmcom": (
        Excuse(
            check=SEMANTIC,
            answer=r'"code":"(MISSING_PARAMETER|TOO_MANY_IDENTIFIERS)"',
            reason="Records are named in one of several ways, none of which is required (SEED 002).",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"POST /authentication/consumer_application_key/token",
            answer=r"no identity management system is connected",
            reason="A jwt is known to the vendor's document (R16.2.0), and needs a system of its own.",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"GET .*",
            answer=r"_identifier: must be FIELD=VALUE",
            reason="A record is named by one text, as JSON or FIELD=VALUE, of which FIELD varies.",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"POST /contact_information/(create|update)",
            answer=r"is not applicable to a",
            reason="Which members a person or a company has is told by its type.",
        ),
        Excuse(
            check=SEMANTIC,
            answer=r"fields_set: .*no such field",
            reason="A list of names in one text, parted by commas, has no schema.",
        ),
    ),
    "intershop": (
        Excuse(
            check="AcceptedNegativeData",
            operation=r"POST /subscriptions",
            answer=r"^<\?xml",
            reason="XML has texts only: what schemathesis sends as null is the text null to it.",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"POST /subscriptions",
            answer=r"stands twice",
            reason="schemathesis gives a member that is a list as several elements of one name.",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"GET /customers",
            answer=r"Birthday: must be",
            reason="A day has three forms (DOC 2X5757), of which a format names one.",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"POST /token",
            answer=r"^Bad Request",
            reason="A log-in that fails is a 400 (RFC 6749, 5.2), and its form depends on the grant.",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"GET /customers",
            answer=r"one of these is needed",
            reason="Of the parameters one is needed (DOC 2X5757), which OpenAPI has no words for.",
        ),
        Excuse(
            check=SEMANTIC,
            answer=r"organization",
            reason="Which organizations exist is no matter of a schema.",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"POST /customers/\{customer\}/mails",
            answer=r"^Bad Request",
            reason="SEED 000 prints 400 for a code that there is not, or that is another's.",
        ),
    ),
    "valomnia": (
        Excuse(
            check=SEMANTIC,
            operation=r"POST /customers/reference/\{reference\}",
            answer=r'"error":"invalid_param","error_description":"[^"]* is [^"]*email',
            reason="An empty text is as good as no address, so that no format fits.",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"(POST|PUT) /(customerGroupAssign|\w+PromotionLists).*",
            answer=r"The type of parameter \w+ you provided is not valid",
            reason="A text is an id or a reference by what useExternalId says (SEED 003, 51.5).",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"PUT /\w+/\{id\}",
            answer=r"The parameters \[id\] you provided are not valid",
            reason="The path and the body name different records.",
        ),
        Excuse(
            check=SEMANTIC,
            answer=r'"error":"not_unique"',
            reason="A reference that is taken is a 400 on this wire.",
        ),
        Excuse(
            check=SEMANTIC,
            answer=r'"error":"delete_failed"',
            reason="SEED 003 and DOC cg-delete print 400 for a record that is still in use.",
        ),
    ),
    "native": (
        Excuse(
            check=SEMANTIC,
            answer=r'"code":"invalid_value","field":"cursor"',
            reason="A cursor is signed: only one that the list gave out is taken.",
        ),
        Excuse(
            check=SEMANTIC,
            answer=r'"code":"idempotency_mismatch"',
            reason="A key that is made up comes twice, and with another request.",
        ),
        Excuse(
            check=SEMANTIC,
            answer=r'"code":"unknown_reference"',
            reason="Which ids exist is no matter of a schema.",
        ),
        Excuse(
            check=SEMANTIC,
            answer=r'"code":"invalid_code_format"',
            reason="Whether a format has room for the codes asked is arithmetic.",
        ),
        Excuse(
            check=SEMANTIC,
            answer=r"is no code \(1 to \d+ characters",
            reason="Which characters can stand in a code is Unicode's matter.",
        ),
        Excuse(
            check=SEMANTIC,
            answer=r"is for a customer that is a",
            reason="An identifier of a company alone, given for a person who is there already.",
        ),
        Excuse(
            check=SEMANTIC,
            answer=r"is not used with a pattern|must be after starts_at",
            reason="What a change leads to depends on what the record is already.",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"POST /codes/(request|redeem)|POST /templates",
            answer=r"Object missing required field|Expected `object`, got",
            reason=PART,
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"(POST|PATCH) /templates.*",
            answer=r"is not defined; `example` gives it a value|: line \d+: ",
            reason="A template has a language of its own.",
        ),
        Excuse(
            check=SEMANTIC,
            answer=r"is no domain|is a language such as|expires_at: has passed",
            reason="IDNA, BCP 47 and the clock are no matter of a schema.",
        ),
        Excuse(
            check="AcceptedNegativeData",
            operation=r"POST /campaigns/\{id\}/codes/imports",
            answer=r'"kind":"import_codes"',
            reason="Whatever is sent as a sheet is a text.",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"GET /customers",
            answer=r"goes with last_name, email, text or an identifier",
            reason="Some filters only narrow others, which OpenAPI has no words for.",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"POST /(grants/batches|campaigns/\{id\}/codes/imports)",
            answer=r'"field":"file"',
            reason="The schema says text; which columns a sheet needs is docs/operations.md's matter.",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"PATCH /users/\{id\}",
            answer=r"the user you are signed in as",
            reason="Nobody takes the own role or activity away.",
        ),
        Excuse(
            check="AcceptedNegativeData",
            operation=r"PATCH /customer-tokens/\{id\}",
            answer=r'"identifier":"AAA"',
            reason="AAA is a text, as the schema has it; schemathesis says it is none.",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"PUT /customers/\{id\}/login",
            answer=r"login is missing",
            reason="It is needed for customers without an e-mail address only.",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"POST /grants/batches",
            answer=r"is no parameter of this path",
            reason="The query goes with a sheet only, which OpenAPI has no words for.",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"POST /mail-reports",
            answer=r'"field":"message"',
            reason="The schema says text; what a report looks like is RFC 3464's matter.",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"POST /mail-queue/(pause|resume)",
            answer=r"is no transport",
            reason="Which transports there are is a matter of the settings.",
        ),
        Excuse(
            check=SEMANTIC,
            operation=r"(POST|PATCH) /schedules.*",
            answer=r'"field":"(zone|cron|kind|parameters)"',
            reason="Time zones, the ranges of cron and a kind's parameters are no matter of a schema.",
        ),
    ),
}


def excuses_of(dialect: Dialect) -> tuple[Excuse, ...]:
    """Return every excuse that holds for a dialect."""
    return EVERYWHERE + EXCUSES.get(dialect.name, ())
