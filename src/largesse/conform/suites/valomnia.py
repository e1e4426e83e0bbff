"""Valomnia's cases. Every resource follows the same conventions, so those are written once.

Pages are named as in src/largesse/dialects/valomnia/README.md.
"""

from collections.abc import Iterator
from typing import Any

from largesse.conform.cases import Case, Suite
from largesse.conform.compare import COUNT, SOME_TEXT, TEXT, Each, Like, Maybe, Open, Shape
from largesse.conform.suites.valomnia_records import (
    API,
    BAD_ID,
    FAR,
    JSON,
    LIST_RECORD,
    RESOURCES,
    Resource,
    refusal,
)
from largesse.conform.suites.valomnia_writes import writes


def page(data: Any, **paging: Any) -> dict[str, Any]:
    """Return a page of a list."""
    link = Maybe(Like("/api/*"))
    ends = {"total": COUNT, "max": 100, "offset": 0, "previous": link, "next": link}
    return {"paging": ends | paging, "data": data}


def reading(one: Resource) -> Iterator[Case]:
    """Yield the conventions of lists and of one record, which change nothing."""
    base, kept = f"{API}/{one.path}", one.path
    every = Each(one.record)

    def listed(what: str, query: str, answer: Any, source: str = one.listed, **more: Any) -> Case:
        path = f"{base}?{query}" if query else base
        return Case(f"GET /{one.path}", what, source, path, 200, answer=answer, media=JSON, **more)

    keep = {f"{kept}_{name}": f"data[0].{name}" for name in ("id", one.member)}
    keep |= {f"{kept}_total": "paging.total"}
    yield listed("a list has paging and data", "", page(every, previous=None), keep=keep)
    nearest = {f"{kept}_next": "paging.next"}
    first = page(Each(one.record, most=1), max=1, previous=None)
    yield listed("max cuts a page", "max=1", first, keep=nearest)
    second = page(Each(one.record, least=1, most=1), max=1, offset=1, previous=Like("/api/*"))
    yield Case(
        *(f"GET /{one.path}", "the next page is where paging.next says", "DOC cust-list"),
        *(f"${{{kept}_next}}", 200),
        answer=second,
    )
    total = f"${{{kept}_total}}"
    over = page([], total=total, offset=total, next=None)
    yield listed("behind the last record is nothing", f"offset={total}", over)
    for order, rising in (("asc", "id"), ("DESC", "-id")):
        sort = page(Each(one.record, rising=rising))
        yield listed(f"sort and order={order}", f"sort=id&order={order}", sort)
    for name in ("dateCreated", "lastUpdated"):
        for sign, count, data in (("gt", 0, []), ("gte", 0, []), ("lt", total, every)):
            query = f"{name}_{sign}={FAR}"
            yield listed(f"filter {name}_{sign}", query, page(data, total=count))
    value = f"${{{kept}_{one.member}}}"
    for text in (value, f"{value}*", f"*{value}", f"*{value}*"):
        wanted = f"*{value}*" if "*" in text else value
        match = Open({one.member: Like(wanted) if "*" in text else wanted})
        what = f"filter {one.filter} {'with a wildcard' if '*' in text else 'without one'}"
        yield listed(what, f"{one.filter}={text}", page(Each(match, least=1)))
    yield from refused_lists(one)
    yield from shown(one)


def refused_lists(one: Resource) -> Iterator[Case]:
    """Yield what a list refuses."""
    base = f"{API}/{one.path}"
    sentence = "The parameters [{}] you provided are not valid for this request."
    moment = "Invalid datetime filter (not ISO-8601 formatted): [2016-08-1Z]"
    for what, query, error, text, source in (
        ("an unknown parameter", "dateCreated_gta=x", "invalid_param", None, "SEED 003, 51.1"),
        (
            "no moment",
            "dateCreated_gt=2016-08-1Z",
            "invalid_datetime_format",
            moment,
            "SEED 003, 51.1",
        ),
        ("max below 1", "max=0", "invalid_param", None, "DECIDED"),
        ("a negative offset", "offset=-1", "invalid_param", None, "DECIDED"),
        ("an unknown field to sort by", "sort=nonsense", "invalid_param", None, "DECIDED"),
    ):
        wanted = refusal(error, text or sentence.format(query.partition("=")[0]))
        yield Case(
            *(f"GET /{one.path}", what, source, f"{base}?{query}", 400),
            answer=wanted,
            media=JSON,
        )
    yield Case(
        *(f"GET /{one.path}", "without a login", "INFERRED", base, 401),
        answer=refusal(Shape("unauthorized or invalid_token", "unauthorized|invalid_token"), TEXT),
        headers={"Authorization": "", "Cookie": ""},
        anonymous=True,
    )


def shown(one: Resource) -> Iterator[Case]:
    """Yield one record, and what there is not."""
    operation, base = f"GET /{one.path}/{{id}}", f"{API}/{one.path}"
    own = f"${{{one.path}_id}}"
    record = one.record.members if isinstance(one.record, Open) else one.record
    yield Case(
        *(operation, "a record", one.shown, f"{base}/{own}", 200),
        answer=Open({**record, "id": own}),
        media=JSON,
    )
    missing = refusal("not_found", f"The {one.noun} with the id ${{unknown_id}} doesn't exist.")
    yield Case(
        *(operation, "an unknown id", one.shown, f"{base}/${{unknown_id}}", 404), answer=missing
    )
    wrong = refusal("invalid_param_type", BAD_ID)
    yield Case(
        *(operation, "an id that is no number", "SEED 003, 51.2", f"{base}/abc", 400), answer=wrong
    )
    yield Case(
        *(f"DELETE /{one.path}/{{id}}", "an unknown id", one.deleted),
        *(f"{base}/${{unknown_id}}", 404),
        answer=missing,
        writes=True,
    )


CHECK = "/j_spring_security_check"
LOGIN = (
    Case(
        *(f"POST {CHECK}", "a wrong password is no 302", "INFERRED"),
        *(f"{CHECK}?j_username=${{username}}&j_password=not-${{run}}&ajax=true", 401),
        gives={"location": None},
        anonymous=True,
        # It counts as a failed login.
        writes=True,
    ),
    Case(
        *(f"POST {CHECK}", "a login answers where the token is", "DOC auth"),
        *(f"{CHECK}?j_username=${{username}}&j_password=${{password}}&ajax=true", 302),
        gives={"location": Like("*/login/ajaxSuccess*"), "set-cookie": Like("*JSESSIONID=*")},
        keep={"jsessionid": "cookie JSESSIONID"},
        anonymous=True,
    ),
    Case(
        *(
            "GET /login/ajaxSuccess",
            "the token and the user",
            "DOC auth",
            "/login/ajaxSuccess",
            200,
        ),
        answer=Open(
            {
                "token": SOME_TEXT,
                "user": Open({"email": Maybe(TEXT), "firstName": Maybe(TEXT), "role": Each(TEXT)}),
            }
        ),
        headers={"Cookie": "JSESSIONID=${jsessionid}"},
        keep={"token": "token"},
        anonymous=True,
    ),
)


def other_methods() -> Iterator[Case]:
    """Yield the login as other clients ask for it."""
    yield Case(
        *(f"GET {CHECK}", "the same by GET", "DOC v2"),
        *(f"{CHECK}?j_username=${{username}}&j_password=${{password}}&ajax=true", 302),
        gives={"location": Like("*/login/ajaxSuccess*")},
        anonymous=True,
    )
    yield Case(
        *("POST /login/ajaxSuccess", "the same by POST", "DOC mule", "/login/ajaxSuccess", 200),
        answer=Open({"token": SOME_TEXT}),
        headers={"Cookie": "JSESSIONID=${jsessionid}"},
        anonymous=True,
    )
    yield Case(
        *("GET /customerGroups", "by the cookie alone", "DOC mule", f"{API}/customerGroups", 200),
        headers={"Cookie": "JSESSIONID=${jsessionid}"},
        anonymous=True,
    )


def cases() -> Iterator[Case]:
    """Yield every case in its order."""
    yield from LOGIN
    yield from other_methods()
    for one in RESOURCES:
        yield from reading(one)
    yield Case(
        *("GET /promotionLists/reference/{reference}", "by its reference", "DOC p47-show"),
        *(f"{API}/promotionLists/reference/${{promotion_list}}", 200),
        answer=LIST_RECORD | {"reference": "${promotion_list}"},
        keep={"list_id": "id"},
    )
    yield from writes()


VALOMNIA = Suite(
    dialect="valomnia",
    login={"username": "the user", "password": "its password"},
    data={
        "version": "v2.1",
        "unknown_id": 999,
        "promotion_list": "RP-001",
        "another_promotion_list": "RP-002",
        "promotion_list_for_all": "RP-ALL",
    },
    headers={"Authorization": "Bearer ${token}", "Cookie": "JSESSIONID=${jsessionid}"},
    cases=tuple(cases()),
)
