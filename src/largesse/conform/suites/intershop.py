"""Intershop's cases: the contact centre (SEED 000), and what the suite is made of.

Refusals are a line of text, `Reason (detail)`, and a key in the header `error-key` (PWA; the keys
SEED 004 and DOC).
"""

from collections.abc import Iterator
from typing import Any

from largesse.conform.cases import EMPTY, Case, Suite, Text
from largesse.conform.compare import SOME_TEXT, TEXT, Each, Has, Like, Maybe, Open
from largesse.conform.suites.intershop_shop import newsletter, storefront

CENTER = "${contact_center}"
JSON, XML = "application/json", "text/xml"
CODES = "POST /channels/{channel}/promotions/{promotion}/codes"
MAILS = "POST /customers/{customer}/mails"
LINK = Open({"type": "Link", "title": TEXT, "uri": SOME_TEXT})
OWN_CODES = f"{CENTER}/channels/${{channel}}/promotions/${{promotion}}/codes"
OWN_MAILS = f"{CENTER}/customers/${{customer}}/mails"
URI = Like("*/channels/${channel}/promotions/${promotion}")
PROMOTION_LINK = {
    "type": "Link",
    "description": Maybe(TEXT),
    "title": TEXT,
    "uri": URI,
    "relation": "about",
}
CODE = {
    "type": "PromotionCode",
    "code": SOME_TEXT,
    "promotion": PROMOTION_LINK,
    "promotionID": "${promotion}",
    "channelID": "${channel}",
}
CODE_XML = {
    "PromotionCode": {
        "@type": "PromotionCode",
        "channelID": "${channel}",
        "code": SOME_TEXT,
        "promotion": Open({"@type": "Link", "relation": "about", "title": TEXT, "uri": URI}),
        "promotionID": "${promotion}",
    }
}
# SEED 000 prints it.
MAIL_XML = """\
<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<PromotionCode type="PromotionCode">
  <channelID>${channel}</channelID>
  <code>${xml_code}</code>
  <promotion type="Link">
    <relation>about</relation>
    <title>${xml_title}</title>
    <uri>${xml_uri}</uri>
  </promotion>
  <promotionID>${promotion}</promotionID>
</PromotionCode>"""
LINKS = "elements[0].attributes[0].value"


def get(operation: str, what: str, source: str, path: str, answer: Any, **more: Any) -> Case:
    """Return a case of the contact centre that reads."""
    media = more.pop("media", JSON)
    whole = f"{CENTER}{path}"
    return Case(f"GET {operation}", what, source, whole, 200, answer=answer, media=media, **more)


def refused(operation: str, what: str, source: str, path: str, **more: Any) -> Case:
    """Return a case of something that there is not: 404, and its key if one is printed."""
    key = more.pop("key", None)
    gives = {"error-key": key} if key else {}
    text = Like("Not Found (*)")
    return Case(operation, what, source, CENTER + path, 404, answer=text, gives=gives, **more)


def log_in() -> Iterator[Case]:
    """Yield the login in its two forms, and what is refused."""
    path, operation = f"{CENTER}/users/-", "GET /users/-"
    user = Open({"type": "User", "firstName": Maybe(TEXT), "lastName": Maybe(TEXT)})
    named = {"UserOrganization": "${organization}"}
    basic = {"Authorization": "Basic ${basic_credentials}"}
    for what, headers, keep in (
        ("by Basic", basic | named, {"token": "header authentication-token"}),
        (
            *("by UserLogin and UserPassword",),
            {"UserLogin": "${username}", "UserPassword": "${password}"} | named,
            {},
        ),
    ):
        yield Case(
            *(operation, what, "DOC M25763", path, 200),
            headers=headers,
            answer=user,
            media=JSON,
            gives={"authentication-token": SOME_TEXT},
            keep=keep,
            anonymous=True,
        )
    yield Case(operation, "by the token", "DOC M25763", path, 200, answer=user)
    yield Case(
        *(operation, "an unknown organization", "DOC M25763", path, 400),
        headers=basic | {"UserOrganization": "No-${run}"},
        gives={"error-key": "organization.invalid"},
        answer=Like("Bad Request (*)"),
        anonymous=True,
    )
    wrong = {"UserLogin": "conform-${run}", "UserPassword": "not-${run}"} | named
    for what, headers in (("a user that there is not", wrong), ("without a login", named)):
        yield Case(*(operation, what, "DOC M25763", path, 401), headers=headers, anonymous=True)


def channels() -> Iterator[Case]:
    """Yield channels and their promotions."""
    ids = Has({"name": "id", "type": "String", "value": "${channel}"})
    here = Open({**LINK.members, "attributes": ids})
    path, source = "/channels", "DOC 25K759"
    yield get(path, "links to channels", source, path, {"elements": Has(here)})
    yield get(
        *(path, "in XML", f"{source}, the form INFERRED", path, None),
        headers={"Accept": XML},
        media=XML,
    )
    yield Case(
        *("GET /channels", "without a login", source, f"{CENTER}/channels", 401),
        headers={"UserOrganization": "${organization}"},
        anonymous=True,
    )
    one, own = "/channels/{channel}", "/channels/${channel}"
    yield get(one, "a channel", "DOC 2771N3", own, Open({"id": "${channel}"}))
    unknown = "/channels/no-${run}"
    yield refused(f"GET {one}", "an unknown one", "DOC 2M9597", unknown)
    yield from promotions(f"{one}/promotions", f"{own}/promotions")


def promotions(every: str, all_own: str) -> Iterator[Case]:
    """Yield the promotions of a channel; `every` is the pattern of the path `all_own`."""
    value = {"name": "id", "type": "String", "value": "${promotion}"}
    promotion = Open({**LINK.members, "attributes": Has(value)})
    links = {"elements": Has(promotion)}
    yield get(every, "links to promotions", "DOC 2575L5", all_own, links)
    detail = Open(
        {
            "name": TEXT,
            "type": "Promotion",
            "id": "${promotion}",
            "links": {
                "type": "ResourceCollection",
                "elements": Has(
                    {
                        "type": "Link",
                        "relation": "related",
                        "title": "codes",
                        "uri": Like("*/codes"),
                    }
                ),
            },
        }
    )
    single = f"{every}/{{promotion}}"
    yield get(single, "a promotion", "DOC 257F56", f"{all_own}/${{promotion}}", detail)
    named = {"Promotion": Open({"@type": "Promotion", "@name": TEXT})}
    yield get(
        *(single, "in XML", "DOC 257F56", f"{all_own}/${{promotion}}", named),
        headers={"Accept": XML},
        media=XML,
    )
    missing = f"{all_own}/no-${{run}}"
    yield refused(f"GET {single}", "an unknown one", "DOC 257F56", missing)


def customers() -> Iterator[Case]:
    """Yield how customers are found."""
    path, source = "/customers", "DOC 2X5757"
    attribute = {"name": "id", "type": "String", "value": SOME_TEXT}
    links = {"elements": Each(Open({**LINK.members, "attributes": [attribute]}), least=1)}
    for field in ("LastName", "CustomerNo", "EMail"):
        query = f"{path}?{field}=${{find_{field}}}"
        keep = {"found_customer": LINKS}
        yield get(path, f"by {field}", source, query, links, keep=keep)
    single = f"{path}?SingleSearchField=${{find_LastName}}"
    yield get(path, "by SingleSearchField", source, single, links)
    nobody = f"{path}?LastName=no-${{run}}&FirstName="
    yield get(path, "nobody, an empty field is ignored", source, nobody, {"elements": []})
    yield Case(
        *("GET /customers", "none of the fields that are needed", source),
        *(f"{CENTER}/customers?City=Jena", 400),
        answer=Like("Bad Request (*)"),
    )
    one, key = "/customers/{customer}", "customer.customer_not_found.error"
    found = {"type": "Customer", "id": "${found_customer}", "email": Maybe(TEXT)}
    yield get(one, "a customer", "DOC A28246", "/customers/${found_customer}", Open(found))
    matrix = "/customers/${found_customer};UserID=conform"
    yield get(one, "with a matrix parameter", "DOC A28246", matrix, Open(found))
    yield refused(f"GET {one}", "an unknown one", "DOC A28246", "/customers/no-${run}", key=key)
    yield Case(
        *("POST /customers/{customer}/tokens", "a token for a customer", "DOC 2A5883"),
        *(f"{CENTER}/customers/${{found_customer}}/tokens", 201),
        answer={"type": "Token", "token": SOME_TEXT, "user": TEXT},
        media=JSON,
        writes=True,
    )


def codes() -> Iterator[Case]:
    """Yield the flow of SEED 000: create a code, and send what came back to the customer."""
    yield Case(
        *(CODES, "a code, by an empty body", "DOC 25761F", OWN_CODES, 200),
        answer=CODE,
        media=JSON,
        keep={"made_code": ""},
        writes=True,
    )
    yield Case(
        *(MAILS, "what came back is sent", "SEED 000", OWN_MAILS, 204),
        body="${made_code}",
        answer=EMPTY,
        writes=True,
    )
    yield Case(
        *(CODES, "a code in XML", "DOC 25761F", OWN_CODES, 200),
        headers={"Accept": XML},
        answer=CODE_XML,
        media=XML,
        keep={
            "xml_code": "PromotionCode.code",
            "xml_title": "PromotionCode.promotion.title",
            "xml_uri": "PromotionCode.promotion.uri",
        },
        writes=True,
    )
    yield Case(
        *(MAILS, "what came back is sent, as XML", "SEED 000", OWN_MAILS, 204),
        body=Text(MAIL_XML, XML),
        answer=EMPTY,
        writes=True,
    )
    yield from refused_codes()


def refused_codes() -> Iterator[Case]:
    """Yield what is not created, and what is not sent."""
    bad = Like("Bad Request (*)")
    unknown = {"type": "PromotionCode", "promotionID": "${promotion}", "channelID": "${channel}"}
    for what, source, body in (
        ("what is no JSON", "SEED 000", Text("{")),
        ("what is no XML", "SEED 000", Text("<PromotionCode>", XML)),
        ("no code", "SEED 000, the case DECIDED", unknown),
        ("an unknown code", "SEED 000, the case DECIDED", unknown | {"code": "NO${run}"}),
    ):
        yield Case(MAILS, what, source, OWN_MAILS, 400, body=body, answer=bad, writes=True)
    yield Case(
        *(MAILS, "another media type", "DECIDED", OWN_MAILS, 415),
        body=Text("x", "text/plain"),
        writes=True,
    )
    yield refused(
        *(MAILS, "an unknown customer", "INFERRED from DOC A28246", "/customers/no-${run}/mails"),
        body="${made_code}",
        key="customer.customer_not_found.error",
        writes=True,
    )
    yield refused(
        *(CODES, "an unknown promotion", "INFERRED from DOC 257F56"),
        "/channels/${channel}/promotions/no-${run}/codes",
        writes=True,
    )
    for operation, path in ((CODES, OWN_CODES), (MAILS, OWN_MAILS)):
        yield Case(
            *(operation, "without a login", "INFERRED from DOC A28246", path, 401),
            headers={"UserOrganization": "${organization}"},
            body={"code": "x"},
            anonymous=True,
            writes=True,
        )


def cases() -> Iterator[Case]:
    """Yield every case in its order."""
    for part in (log_in, channels, customers, codes, newsletter, storefront):
        yield from part()


INTERSHOP = Suite(
    dialect="intershop",
    login={
        "username": "a user of the contact centre",
        "password": "its password",
        "organization": "the user's organization",
        "shopper": "optional: what a private customer logs in with",
        "shopper_password": "its password",
    },
    data={
        "contact_center": "/INTERSHOP/rest/WFS/ContactCenter/-",
        "storefront": "/INTERSHOP/rest/WFS/inSPIRED-inTRONICS-Site/rest",
        "channel": "PrimeTech-PrimeTechSpecials",
        "promotion": "CC_10EUR_OrderDiscount",
        "customer": "egkKDgANTq4AAAFF31gHyCE_",
        "find_LastName": "Mayer",
        "find_CustomerNo": "10005",
        "find_EMail": "cyrillus.mayer@example.com",
        "domain": "example.com",
        "own_subscription": "-",
    },
    headers={"authentication-token": "${token}", "UserOrganization": "${organization}"},
    cases=tuple(cases()),
)
