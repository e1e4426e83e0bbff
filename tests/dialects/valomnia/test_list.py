"""GET customerGroupPromotionLists: pages, order, filters."""

import itertools

import pytest
from sqlalchemy import text

from tests.dialects.valomnia.client import LISTS, Api, assert_refused

VERSIONS = ("v1", "v1.0", "v2", "v2.1")


async def ids(api: Api, query: str) -> list[int]:
    """Return the ids of the records that a query lists."""
    answer = await api.send("GET", f"{LISTS}?{query}")
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["data"]]


async def test_addresses_say_the_version_that_was_called(api: Api) -> None:
    for version in VERSIONS:
        answer = await api.speaking(version).send("GET", f"{LISTS}?max=1")
        body = answer.json()
        (record,) = body["data"]
        assert record["customerGroup"]["href"] == f"/api/{version}/customerGroups/5"
        assert record["promotionList"]["href"] == f"/api/{version}/promotionLists/9"
        assert (
            body["paging"]["next"]
            == f"/api/{version}{LISTS}?max=1&offset=1&sort=dateCreated&order=asc"
        )
    answer = await api.speaking("v3").send("GET", LISTS)
    assert answer.status_code == 404


async def test_next_and_previous_lead_through_everything(api: Api) -> None:
    for n in range(12):
        group = await api.group(f"N {n:02} & more")
        await api.assign(group, "RP-001")
    path = f"{LISTS}?max=5&customerGroupReference=N%20*%26*&sort=customerGroupReference&order=DESC"
    forth, back, seen = [path], [], []
    while True:
        answer = await api.send("GET", forth[-1].removeprefix("/api/v1"))
        body = answer.json()
        assert (body["paging"]["total"], body["paging"]["max"]) == (12, 5)
        back.append(body["paging"]["previous"])
        seen += [one["customerGroupReference"] for one in body["data"]]
        if body["paging"]["next"] is None:
            break
        forth.append(body["paging"]["next"])
    assert seen == [f"N {n:02} & more" for n in reversed(range(12))]
    assert len(forth) == 3
    assert back[0] is None
    assert back[2] == forth[1]
    first = await api.send("GET", back[1].removeprefix("/api/v1"))
    assert [one["customerGroupReference"] for one in first.json()["data"]] == seen[:5]


async def test_head_says_what_get_would(api: Api) -> None:
    answer = await api.send("HEAD", LISTS)
    assert (answer.status_code, answer.content) == (200, b"")


async def test_every_field_sorts_both_ways(api: Api) -> None:
    await api.assign("CG-001", "PL-001")
    await api.assign("CG-003", "RP-002")
    records = (await api.send("GET", LISTS)).json()["data"]
    for name, key in {
        "id": lambda one: one["id"],
        "promotionListReference": lambda one: one["promotionListReference"],
        "customerGroupReference": lambda one: one["customerGroupReference"],
        "customerGroup": lambda one: one["customerGroup"]["id"],
        "customerGroup.id": lambda one: one["customerGroup"]["id"],
        "customerGroup.reference": lambda one: one["customerGroup"]["reference"],
        "customerGroup.name": lambda one: one["customerGroup"]["name"],
        "promotionList": lambda one: one["promotionList"]["id"],
        "promotionList.id": lambda one: one["promotionList"]["id"],
        "promotionList.reference": lambda one: one["promotionList"]["reference"],
        "organization": lambda one: one["organization"],
        "dateCreated": lambda one: one["dateCreated"],
        "lastUpdated": lambda one: one["lastUpdated"],
    }.items():
        for order, descending in (("asc", False), ("ASC", False), ("desc", True), ("Desc", True)):
            wanted = sorted(records, key=lambda one: (key(one), one["id"]), reverse=descending)
            found = await ids(api, f"sort={name}&order={order}")
            assert found == [one["id"] for one in wanted], (name, order)


async def test_every_date_filter(api: Api) -> None:
    # As printed: 4 was made and changed at 11:32:37, 5 at 11:32:40. The fractions are not printed.
    async with api.served.services.database.write() as tx:
        for column in ("created_at", "updated_at"):
            await tx.execute(
                text(f"UPDATE assignments SET {column} = '2016-08-24 11:32:40.750000' WHERE id = 5")
            )
    second = "2016-08-24T11:32:{}Z"
    for name, (operator, wanted) in itertools.product(
        ("dateCreated", "lastUpdated"),
        {
            "gt": {36: [4, 5], 37: [5], 40: []},
            "gte": {37: [4, 5], 40: [5], 41: []},
            "lt": {37: [], 40: [4], 41: [4, 5]},
            "lte": {36: [], 37: [4], 40: [4, 5]},
        }.items(),
    ):
        for at, found in wanted.items():
            query = f"{name}_{operator}={second.format(at)}"
            assert await ids(api, query) == found, query
    between = f"dateCreated_gt={second.format(37)}&lastUpdated_lte={second.format(40)}"
    assert await ids(api, between) == [5]
    for query in (
        "dateCreated_gt=0001-01-01T00:00:00Z",
        "dateCreated_lte=9999-12-31T23:59:59Z",
        "dateCreated_lte=2016-08-24T13:32:40%2B02:00",
    ):
        assert await ids(api, query) == [4, 5]


async def test_wildcards_are_stars_alone(api: Api) -> None:
    for n, reference in enumerate(("a%b", "a_b", "a\\b", "A*b", "a[b]?")):
        await api.group(reference)
        assert await api.assign(reference, "RP-002") == 6 + n
    for pattern, found in {
        "a*b": [6, 7, 8],
        "a%25b": [6],
        "a%25*": [6],
        "*_*": [7],
        "*%5C*": [8],
        "A*b": [9],
        "*[b]*": [10],
        "*?": [10],
        "*": [4, 5, 6, 7, 8, 9, 10],
        "a%2Ab": [6, 7, 8],
        "cg-001": [],
        "": [4, 5, 6, 7, 8, 9, 10],
        "*" * 20_000: [4, 5, 6, 7, 8, 9, 10],
        "x" * 20_000: [],
    }.items():
        assert await ids(api, f"customerGroupReference={pattern}") == found, pattern[:20]
    assert await ids(api, "customerGroupReference=a*&promotionListReference=RP-00*") == [
        6,
        7,
        8,
        10,
    ]


@pytest.mark.parametrize(
    ("query", "error", "said"),
    [
        ("a=1&max=1&b=2", "invalid_param", "parameters [a, b] you"),
        ("max=0", "invalid_param", "parameters [max] you"),
        ("max=-1", "invalid_param", "parameters [max] you"),
        ("max=1001", "invalid_param", "parameters [max] you"),
        ("max=9223372036854775807", "invalid_param", "parameters [max] you"),
        ("offset=-1", "invalid_param", "parameters [offset] you"),
        ("max=1&max=2", "invalid_param", "parameters [max] you"),
        ("sort=name", "invalid_param", "parameters [sort] you"),
        ("order=up", "invalid_param", "parameters [order] you"),
        ("max=ten", "invalid_param_type", "parameter max you"),
        ("max=1.5", "invalid_param_type", "parameter max you"),
        ("offset=9223372036854775808", "invalid_param_type", "parameter offset you"),
        (f"offset={'9' * 5000}", "invalid_param_type", "parameter offset you"),
        (
            "lastUpdated_lte=2016-08-24&dateCreated_gt=x",
            "invalid_datetime_format",
            "[x, 2016-08-24]",
        ),
        ("customerGroupReference=%00", "invalid_param_type", "NUL"),
        ("%00=1", "invalid_param_type", "NUL"),
    ],
)
async def test_what_a_list_can_not_be_asked(api: Api, query: str, error: str, said: str) -> None:
    answer = await api.send("GET", f"{LISTS}?{query}")
    assert said in assert_refused(answer, 400, error)


async def test_odd_queries_are_answered(api: Api) -> None:
    for query, found in (
        ("offset=9223372036854775807", []),
        ("offset=1&max=1000", [5]),
        ("customerGroupReference=%FF%FE", []),
        ("customerGroupReference=%ED%A0%80*", []),
        ("customerGroupReference=CG-001'%20OR%20'1'='1", []),
        ("&&", [4, 5]),
    ):
        assert await ids(api, query) == found, query
