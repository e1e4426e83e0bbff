"""CRM.COM's cases. The token is a member of bodies and queries; failures have our own codes.

No page lists how failures are answered: what is DECIDED of them is this service's own. Against the
vendor run what is documented: `--mark SEED --mark DOC`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from largesse.conform.cases import Case, Suite, Text
from largesse.conform.compare import SOME_TEXT, TEXT, Each, Has, Maybe, Open, Shape

API = "${prefix}"
JSON = "application/json"
MOMENT = Shape("yyyy-MM-ddTHH:mm:ss", r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d")
# SEED 002 prints both: 32 capital hex digits, and "1".
ID = Shape("32 capital hex digits, or a short number", r"[0-9A-F]{32}|\d{1,10}")
OK = {"code": "OK", "description": Maybe(""), "message": Maybe("")}
TOKEN = "${token}"
UNIT = Open({"id": ID, "name": TEXT})
USER = Open({"id": ID, "username": TEXT})
LOG = {
    "created_date": MOMENT,
    "updated_date": MOMENT,
    **{
        f"{act}_by_{who}": Maybe(value)
        for act in ("created", "updated")
        for who, value in (("unit", UNIT), ("business_unit", UNIT), ("user", USER))
    },
}
OPTIONAL = Shape("a text, or null", ".*", (str, type(None)))
CAMPAIGN = {
    "id": ID,
    "name": TEXT,
    "type": Shape("a type of campaign", "DISCOUNT_PROMOTION|REWARD_PROMOTION"),
    # Those without a value are printed as null, not left out (SEED 002).
    "alternative_code": OPTIONAL,
    "description": OPTIONAL,
    "long_description": OPTIONAL,
    "short_description": OPTIONAL,
}
CODE = {
    "id": ID,
    "code": SOME_TEXT,
    "life_cycle_state": "EFFECTIVE",
    "expiration_date": Maybe(MOMENT),
    "promotion_campaign": CAMPAIGN,
    "log_information": LOG,
}
CONTACT = Open(
    {
        "id": ID,
        "type": Shape("PERSON or COMPANY", "PERSON|COMPANY"),
        "life_cycle_state": Shape("MARKETING or FINANCIAL", "MARKETING|FINANCIAL"),
        "name": TEXT,
    }
)
RECEIVABLE = Open({"id": ID, "number": SOME_TEXT, "life_cycle_state": SOME_TEXT})
PARTICIPANT = Open({"id": ID, "number": "${participant}", "life_cycle_state": SOME_TEXT})

REQUEST = "POST /promotion_campaigns/request_promo_code"
BY_CAMPAIGN = {"promotion_campaign_identifier": {"alternative_code": "${campaign}"}}
BY_PARTICIPANT = {"rewards_participant_identifier": {"number": "${participant}"}}


def success(data: Any) -> dict[str, Any]:
    """Return the envelope of a success."""
    return {"data": data, "status": OK}


def failure(code: str) -> dict[str, Any]:
    """Return the envelope of a failure."""
    return {"data": None, "status": {"code": code, "description": TEXT, "message": TEXT}}


def post(what: str, source: str, operation: str, body: Any, answer: Any, **more: Any) -> Case:
    """Return a call whose parameters are members of a body."""
    status = more.pop("status", 200)
    path = API + operation.removeprefix("POST ")
    return Case(operation, what, source, path, status, body=body, answer=answer, media=JSON, **more)


def log_in() -> Iterator[Case]:
    """Yield the login of a user, and of a program by its key."""
    user, key = "POST /authentication/token", "POST /authentication/web_api_key/token"
    names = {
        "username": "${username}",
        "password": "${password}",
        "organisation": "${organisation}",
    }
    yield post(
        *("a user's name and password", "DOC 494531, 532580", user, names),
        success({"token": SOME_TEXT}),
        keep={"token": "data.token"},
    )
    yield post(
        *("with the unit", "DOC 532580", user, names | {"unit": "${unit}"}),
        success({"token": SOME_TEXT}),
        keep={"second_token": "data.token"},
    )
    stranger = {"username": "conform-${run}", "password": "not-${run}"}
    wrong = failure("INVALID_CREDENTIALS")
    yield post("a user that there is not", "DECIDED", user, names | stranger, wrong, status=401)
    left = {"username": "conform-${run}"}
    yield post("no password", "DECIDED", user, left, failure("MISSING_PARAMETER"), status=400)
    yield post(
        *("the key is the user name of Basic", "DOC 491003", key, {}),
        success({"token": SOME_TEXT}),
        headers={"Authorization": "Basic ${key_credentials}"},
    )
    consumer = "POST /authentication/consumer_application_key/token"
    yield post(
        *("a program for one customer", "DOC 522743", consumer),
        {"access_token_identifier": {"authentication_code": "${authentication_code}"}},
        success({"token": SOME_TEXT}),
        headers={"Authorization": "Basic ${key_credentials}"},
    )
    body = {"token": "${second_token}"}
    release = "POST /authentication/token/release"
    yield post("a token ends", "DOC 532580", release, body, Open({"status": OK}))
    yield post(
        *("it is no token any more", "DECIDED", release, body, failure("INVALID_TOKEN")), status=401
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """A resource that receives codes, and how one of its records is named."""

    resource: str
    parameter: str
    field: str
    value: str
    source: str
    answer: Any

    @property
    def query(self) -> str:
        """The parameter that names the record."""
        return f"{self.parameter}={self.field}%3D{self.value}"


SHOWN = (
    Shown(
        *("contact_information", "contact_information_identifier", "id_number", "${id_number}"),
        *("DOC 500027", CONTACT),
    ),
    Shown(
        *("accounts_receivable", "accounts_receivable_identifier", "number", "${receivable}"),
        *("DOC 512933", RECEIVABLE),
    ),
    Shown(
        *("rewards_participants", "rewards_participant_identifier", "number", "${participant}"),
        *("DOC 491668", PARTICIPANT),
    ),
)


def shown() -> Iterator[Case]:
    """Yield who receives codes, which changes nothing."""
    for one in SHOWN:
        operation, path = f"GET /{one.resource}/show", f"{API}/{one.resource}/show?token={TOKEN}"
        answer, kept = success(one.answer), f"{one.resource}_id"
        yield Case(
            *(operation, "by a number", one.source, f"{path}&{one.query}", 200),
            answer=answer,
            media=JSON,
            keep={kept: "data.id"},
        )
        by_id = f"{path}&{one.parameter}=id%3D${{{kept}}}"
        yield Case(operation, "by its id", one.source, by_id, 200, answer=answer)
        yield Case(
            *(operation, "fields_set cuts the data", one.source),
            *(f"{path}&{one.query}&fields_set=id", 200),
            answer=success({"id": ID}),
        )
        if one.resource != "contact_information":
            yield post(
                *("named in a body", one.source, f"POST /{one.resource}/show"),
                {"token": TOKEN, one.parameter: {one.field: one.value}},
                answer,
            )
        yield from not_shown(one)
    yield from listed()


def not_shown(one: Shown) -> Iterator[Case]:
    """Yield what there is not, and what is not asked right."""
    operation, path = f"GET /{one.resource}/show", f"{API}/{one.resource}/show?"
    token, unknown = f"token={TOKEN}", f"{one.parameter}={one.field}%3Dno-${{run}}"
    for what, status, code, query in (
        ("an unknown one", 404, "RECEIVER_NOT_FOUND", f"{token}&{unknown}"),
        ("none", 400, "MISSING_PARAMETER", token),
        ("an unknown field", 400, "INVALID_PARAMETER", f"{token}&{one.query}&fields_set=no"),
        ("without a token", 401, "INVALID_TOKEN", one.query),
    ):
        yield Case(operation, what, "DECIDED", path + query, status, answer=failure(code))


def listed() -> Iterator[Case]:
    """Yield the lists."""
    number = "contact_information_identifier=id_number%3D${id_number}"
    for resource, source, kept in (
        ("accounts_receivable", "DOC 491053", "${receivable}"),
        ("rewards_participants", "DOC 489907", "${participant}"),
    ):
        path = f"{API}/{resource}/list?token={TOKEN}&{number}"
        operation = f"GET /{resource}/list"
        held = Has(Open({"number": kept}))
        yield Case(
            *(operation, "those of a contact", source, path, 200), answer=success(held), media=JSON
        )
        page = f"{path}&number_of_results=1"
        one = Each(Open({"id": ID}), most=1)
        yield Case(operation, "number_of_results", source, page, 200, answer=success(one))
        behind = f"{path}&offset=1000"
        yield Case(operation, "offset", source, behind, 200, answer=success([]))


STRANGER = {"access_token_identifier": {"authentication_code": "no-${run}"}}
NO_PASS_CODE = {"access_token_identifier": {"identifier": "x"}}
PARTICIPANT_NAME = "rewards_participant_identifier"
BY_RECEIVABLE = {"accounts_receivable_identifier": {"number": "${receivable}"}}
BY_ALL = BY_CAMPAIGN | BY_PARTICIPANT
UNKNOWN = {"promotion_campaign_identifier": {"alternative_code": "no-${run}"}}
MISSING, TOO_MANY, NOT_FOUND = "MISSING_PARAMETER", "TOO_MANY_IDENTIFIERS", "RECEIVER_NOT_FOUND"

REFUSED: tuple[tuple[str, int, str, dict[str, Any]], ...] = (
    ("no campaign", 400, MISSING, BY_PARTICIPANT),
    ("no receiver", 400, MISSING, BY_CAMPAIGN),
    ("two receivers", 400, TOO_MANY, BY_ALL | BY_RECEIVABLE),
    (
        *("two names of one receiver", 400, TOO_MANY),
        BY_CAMPAIGN | {PARTICIPANT_NAME: {"number": "1", "id": "1"}},
    ),
    ("a campaign and a code", 400, TOO_MANY, BY_ALL | {"promo_code": "x"}),
    ("an unknown campaign", 404, "CAMPAIGN_NOT_FOUND", BY_PARTICIPANT | UNKNOWN),
    (
        *("an unknown receiver", 404, NOT_FOUND),
        BY_CAMPAIGN | {PARTICIPANT_NAME: {"number": "no-${run}"}},
    ),
    ("an unknown access token", 404, NOT_FOUND, BY_CAMPAIGN | {PARTICIPANT_NAME: STRANGER}),
    (
        *("an identifier without its pass code", 400, "PASS_CODE_REQUIRED"),
        BY_CAMPAIGN | {PARTICIPANT_NAME: NO_PASS_CODE},
    ),
    ("an unknown field", 400, "INVALID_PARAMETER", BY_ALL | {"fields_set": "nonsense"}),
)


def refused_codes() -> Iterator[Case]:
    """Yield what no code is given for: nothing is changed."""
    for what, status, code, body in REFUSED:
        whole = {"token": TOKEN, **body}
        yield post(what, "DECIDED", REQUEST, whole, failure(code), status=status, writes=True)
    for what, token in (("without a token", {}), ("with a token that is none", {"token": "no"})):
        body = token | BY_CAMPAIGN | BY_PARTICIPANT
        wrong = failure("INVALID_TOKEN")
        yield post(what, "DECIDED", REQUEST, body, wrong, status=401, writes=True)
    malformed = Text('{"token": ')
    wrong = failure("INVALID_PARAMETER")
    yield post("what is no JSON", "DECIDED", REQUEST, malformed, wrong, status=400, writes=True)


PASS_CODE = {"identifier": "${identifier}", "pass_code": "${pass_code}"}
RECEIVERS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("for a rewards participant", BY_PARTICIPANT),
    ("for an accounts receivable", BY_RECEIVABLE),
    ("for a contact", {"contact_information_identifier": {"id_number": "${id_number}"}}),
    ("for a subscription", {"subscription_identifier": {"number": "${subscription}"}}),
    (
        "for an access token and its pass code",
        {PARTICIPANT_NAME: {"access_token_identifier": PASS_CODE}},
    ),
)


def codes() -> Iterator[Case]:
    """Yield how codes are requested and applied: each takes a code that nobody gets again."""
    for what, receiver in RECEIVERS:
        body = {"token": TOKEN, **BY_CAMPAIGN, **receiver}
        keep = {"issued_code": "data.code"}
        yield post(what, "SEED 002", REQUEST, body, success(CODE), writes=True, keep=keep)
    cut = {"token": TOKEN, **BY_CAMPAIGN, **BY_PARTICIPANT, "fields_set": "code,id"}
    yield post(
        *("fields_set cuts the data", "SEED 002", REQUEST, cut),
        success({"code": SOME_TEXT, "id": ID}),
        writes=True,
    )
    apply = "POST /subscriptions/apply_promo_code"
    owner = {"token": TOKEN, "accounts_receivable_identifier": {"number": "${receivable}"}}
    body = owner | {"promo_code": "${issued_code}"}
    applied = success(Open({"id": ID, "number": "${subscription}"}))
    yield post("a code that was requested is used", "DOC 490062", apply, body, applied, writes=True)
    gone = failure("PROMO_CODE_NOT_EFFECTIVE")
    yield post("it can be used once", "DECIDED", apply, body, gone, status=400, writes=True)
    missing = failure("MISSING_PARAMETER")
    yield post("no code", "DECIDED", apply, owner, missing, status=400, writes=True)


def contacts() -> Iterator[Case]:
    """Yield how a contact information is made and changed. No call deletes it."""
    names = {"type": "PERSON", "first_name": "Conformance", "last_name": "${run}"}
    demographics = {"demographics": {"id_number": "CF${run}"}}
    yield post(
        *("a person", "DOC (a public client)", "POST /contact_information/create"),
        {"token": TOKEN, **names, **demographics},
        success(Open({**CONTACT.members, "name": "Conformance ${run}", "type": "PERSON"})),
        keep={"made_contact": "data.id"},
        writes=True,
    )
    yield post(
        *("a new name", "DOC 490824", "POST /contact_information/update"),
        {
            "token": TOKEN,
            "contact_information_identifier": {"id": "${made_contact}"},
            "first_name": "Renamed",
        },
        success(Open({**CONTACT.members, "first_name": "Renamed", "id": "${made_contact}"})),
        writes=True,
    )


def cases() -> Iterator[Case]:
    """Yield every case in its order."""
    for part in (log_in, shown, refused_codes, codes, contacts):
        yield from part()


CRMCOM = Suite(
    dialect="crmcom",
    login={
        "username": "the user",
        "password": "its password",
        "organisation": "CRMDEMO in the demo data",
        "application_key": "optional: a web API key",
    },
    data={
        "prefix": "/crmapi/rest/v2",
        "campaign": "BG4",
        "participant": "RP0000000618",
        "receivable": "ACR0000002278",
        "subscription": "S0000001547",
        "id_number": "ID0000618",
        "unit": "EE63A82C4FEBE02FF34E90DD1EBA5ABE",
        "identifier": "cyrillus.mayer@example.com",
        "pass_code": "1234",
        "authentication_code": "AUTH0000618",
    },
    headers={},
    cases=tuple(cases()),
)
