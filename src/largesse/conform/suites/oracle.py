"""Oracle Commerce Cloud's cases. Releases are those of the vendor's pages; SEED 001 is the latest.

What an operation's page prints of an error is the code; its text is free, so it is not compared.
"""

from collections.abc import Iterator

from largesse.conform.cases import Case, Form, Suite
from largesse.conform.compare import COUNT, SOME_TEXT, Each, Has, Like, Maybe, Open
from largesse.conform.suites.oracle_records import (
    API,
    COUPON,
    FOLDER,
    JSON,
    PROMOTION,
    UNAUTHENTICATED,
    error,
    page,
)
from largesse.conform.suites.oracle_writes import writes

TOKEN = Open(
    {
        "access_token": SOME_TEXT,
        "token_type": "bearer",
        "expires_in": Maybe(COUNT),
    }
)
LOGIN = "POST /login"
KEY = {"Authorization": "Bearer ${application_key}"}


def log_in() -> Iterator[Case]:
    """Yield the login, in both forms that clients use, and what else tokens can."""
    path = f"{API}/login"
    yield Case(
        *(LOGIN, "an application key, the grant in the form", "DOC 12-17", path, 200),
        body=Form({"grant_type": "client_credentials"}),
        headers=KEY,
        answer=TOKEN,
        media=JSON,
        keep={"first_token": "access_token"},
        anonymous=True,
    )
    yield Case(
        *(LOGIN, "the grant in the query", "DOC code"),
        *(f"{path}?grant_type=client_credentials", 200),
        headers=KEY,
        answer=TOKEN,
        keep={"token": "access_token"},
        anonymous=True,
    )
    yield Case(
        *(LOGIN, "a key that is none", "INFERRED", path, 401),
        body=Form({"grant_type": "client_credentials"}),
        headers={"Authorization": "Bearer no-key-${run}"},
        answer=error("60006000", status="401"),
        anonymous=True,
    )
    yield from users()
    yield from other_tokens()


def users() -> Iterator[Case]:
    """Yield the login of users."""
    wrong = {"grant_type": "password", "username": "conform-${run}", "password": "not-${run}"}
    yield Case(
        *("POST /mfalogin", "a user that there is not", "INFERRED", f"{API}/mfalogin", 401),
        body=Form(wrong | {"totp_code": "365214"}),
        answer=error("60006000", status="401"),
        anonymous=True,
    )
    yield Case(
        *("POST /mfalogin", "a user with a second factor", "DOC 12-17", f"{API}/mfalogin", 200),
        body=Form(
            {
                "grant_type": "password",
                "username": "${username}",
                "password": "${password}",
                "totp_code": "${totp_code}",
            }
        ),
        answer=TOKEN,
        anonymous=True,
    )


def other_tokens() -> Iterator[Case]:
    """Yield how tokens are renewed and ended."""
    yield Case(
        *("POST /refresh", "a new token for the old one", "DOC 12-17", f"{API}/refresh", 200),
        answer=TOKEN,
        media=JSON,
    )
    yield Case(
        *("POST /refresh", "without a token", "SEED 001", f"{API}/refresh", 401),
        answer=UNAUTHENTICATED,
        anonymous=True,
    )
    yield Case(
        *("POST /logout", "the first token ends", "DOC 22C", f"{API}/logout", 200),
        headers={"Authorization": "Bearer ${first_token}"},
    )
    yield Case(
        *("GET /promotions", "with the token that has ended", "DOC 22C", f"{API}/promotions", 401),
        headers={"Authorization": "Bearer ${first_token}"},
        answer=UNAUTHENTICATED,
    )


def lists() -> Iterator[Case]:
    """Yield the conventions of lists, which are the same for each of them."""
    for name, source, item in (
        ("promotions", "DOC 12-17, 22A", PROMOTION),
        ("promotionFolders", "DOC 12-17, 21C", FOLDER),
        ("claimables", "DOC 12-17", COUPON),
        ("couponBatches", "DOC 12-17, 21B", COUPON),
    ):
        operation, path = f"GET /{name}", f"{API}/{name}"
        keep = {f"{name}_first": "items[0].repositoryId"}
        yield Case(
            *(operation, "a page", source, path, 200),
            answer=page(Each(item)),
            media=JSON,
            keep=keep,
        )
        yield Case(
            *(operation, "limit cuts a page", source, f"{path}?limit=1", 200),
            answer=page(Each(item, most=1), limit=1),
        )
        yield Case(
            *(operation, "behind the last is nothing", source, f"{path}?limit=1&offset=99999", 200),
            answer=page([], limit=1, offset=99999),
        )
        for what, query in (("limit", "limit=0"), ("offset", "offset=-1"), ("limit", "limit=ten")):
            yield Case(
                *(operation, f"{query} is refused", "DOC 12-17 (10002), the bounds DECIDED"),
                *(f"{path}?{query}", 400),
                answer=error("10002", Like(f"*{what}*")),
            )
        yield Case(
            *(operation, "without a token", "SEED 001", path, 401),
            answer=UNAUTHENTICATED,
            media=JSON,
            anonymous=True,
        )


def promotions() -> Iterator[Case]:
    """Yield what is read of promotions."""
    path = f"{API}/promotions"
    one = "GET /promotions/{promotion_id}"
    yield Case(
        *(one, "a promotion", "DOC 12-17", f"{path}/${{promotion}}", 200),
        answer=Open({**PROMOTION.members, "id": "${promotion}", "repositoryId": "${promotion}"}),
        media=JSON,
    )
    for query in ("name=${promotion}", "promotionId=${promotion}"):
        yield Case(
            *("GET /promotions", f"filter {query.partition('=')[0]}", "DOC 12-17"),
            *(f"{path}?{query}", 200),
            answer=Open({"items": Has(Open({"id": "${promotion}"}))}),
        )
    for query in ("enabledState=on", "name=a&promotionId=b", "promotionType=none"):
        yield Case(
            *("GET /promotions", f"{query} is refused", "DOC 12-17, the code INFERRED"),
            *(f"{path}?{query}", 400),
            answer=error("10002"),
        )
    yield Case(
        *(
            "GET /promotions",
            "fields cuts items",
            "INFERRED",
            f"{path}?limit=1&fields=items.id",
            200,
        ),
        answer={"items": Each({"id": SOME_TEXT})},
    )


def cases() -> Iterator[Case]:
    """Yield every case in its order."""
    for part in (log_in, lists, promotions, writes):
        yield from part()


ORACLE = Suite(
    dialect="oracle",
    login={
        "application_key": "of an application that may read and write",
        "username": "optional: a user with a second factor",
        "password": "its password",
        "totp_code": "a code that its second factor shows now",
    },
    data={
        "promotion": "promo1001",
        "another_promotion": "promo1002",
        "profile": "profile1",
        "another_profile": "profile2",
        "email": "shopper1@example.com",
        "another_email": "shopper2@example.com",
        "source_id": "src10001",
    },
    headers={"Authorization": "Bearer ${token}"},
    cases=tuple(cases()),
)
