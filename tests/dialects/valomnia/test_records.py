"""Show, save, update and delete, and all that they refuse."""

import asyncio
from typing import Any

import pytest

from largesse.core.access.model import system
from tests.dialects.valomnia.client import LISTS, Api, assert_refused
from tests.serving import serve

REFERENCE = f"{LISTS}/reference"
RECORD = [
    "id",
    "promotionListReference",
    "customerGroupReference",
    "customerGroup",
    "promotionList",
    "organization",
    "dateCreated",
    "lastUpdated",
]

NO_GROUP = "The customer group with the id {} doesn't exist."
NO_LIST = "The promotionList with the id {} doesn't exist."
NO_RECORD = "The customer group promotion list with the id {} doesn't exist."
WRONG_TYPE = "The type of parameter {} you provided is not valid for this request."
MISSING = "{} parameter is missing"
SAVE_FAILED = "Failed to save instance"
ASSIGNED = "customer group is already assigned to promotionList."


def pair(plist: Any, group: Any, **more: Any) -> dict[str, Any]:
    """Return a body."""
    return {"promotionListId": plist, "customerGroupId": group} | more


@pytest.mark.parametrize(
    "body",
    [
        pair(10, 7),
        pair("10", "7"),
        pair("RP-002", "CG-003", useExternalId=True),
        pair("RP-002", "CG-003", useExternalId="true"),
        pair(10, 7, useExternalId=False, id=4, unknown={"deep": [None]}),
        pair(10, 7, useExternalId=None),
    ],
)
async def test_a_record_is_saved_in_each_spelling(api: Api, body: dict[str, Any]) -> None:
    answer = await api.send("POST", LISTS, json=body)
    assert answer.status_code == 201, answer.text
    record = answer.json()
    assert list(record) == RECORD
    assert (record["customerGroup"]["id"], record["promotionList"]["id"]) == (7, 10)
    assert record["dateCreated"] == record["lastUpdated"]
    for path in (f"{LISTS}/6", f"{REFERENCE}/CG-003/RP-002"):
        assert (await api.send("GET", path)).json() == record


@pytest.mark.parametrize(
    ("method", "path", "body", "named"),
    [
        ("PUT", "", pair(10, 7, id=4), (10, 7)),
        ("PUT", "", pair("10", "7", id="4"), (10, 7)),
        ("PUT", "", pair("RP-002", "CG-003", id=4, useExternalId=True), (10, 7)),
        ("PUT", "/4", pair(10, 7), (10, 7)),
        ("PUT", "/4", pair(10, 7, id=4), (10, 7)),
        ("PUT", "/reference/CG-001/RP-001", pair("RP-002", "CG-003"), (10, 7)),
        ("PUT", "/reference/CG-001/RP-001", pair(10, 7), (10, 7)),
        ("PUT", "/reference/CG-001/RP-001", {"customerGroupId": "CG-003"}, (9, 7)),
        ("PUT", "/reference/CG-001/RP-001", {"promotionListId": 10}, (10, 5)),
        ("PUT", "/reference/CG-001/RP-001", pair("10", "7", useExternalId=False), (10, 7)),
    ],
)
async def test_a_record_is_updated_in_each_spelling(
    api: Api, method: str, path: str, body: dict[str, Any], named: tuple[int, int]
) -> None:
    answer = await api.send(method, LISTS + path, json=body)
    assert answer.status_code == 200, answer.text
    record = answer.json()
    assert list(record) == RECORD
    assert record["id"] == 4
    assert (record["promotionList"]["id"], record["customerGroup"]["id"]) == named
    assert record["dateCreated"] == "2016-08-24T11:32:37Z"
    assert record["lastUpdated"] > record["dateCreated"]
    assert (await api.send("GET", f"{LISTS}/4")).json() == record


async def test_an_update_to_the_same_pair_changes_nothing(api: Api) -> None:
    before = (await api.send("GET", f"{LISTS}/4")).json()
    for path, content in (
        (LISTS, b'{"id": 4, "promotionListId": 9, "customerGroupId": 5}'),
        (f"{REFERENCE}/CG-001/RP-001", b""),
        (f"{REFERENCE}/CG-001/RP-001", b" \n"),
        (f"{REFERENCE}/CG-001/RP-001", b"{}"),
        (f"{REFERENCE}/CG-001/RP-001", b'{"promotionListId": null, "customerGroupId": ""}'),
    ):
        answer = await api.send("PUT", path, content=content)
        assert (answer.status_code, answer.json()) == (200, before)


async def test_a_record_is_deleted_once(api: Api) -> None:
    for path, shown in ((f"{LISTS}/4", "4"), (f"{REFERENCE}/CG-002/RP-001", "CG-002/RP-001")):
        answers = await asyncio.gather(*(api.send("DELETE", path) for _ in range(5)))
        assert sorted(one.status_code for one in answers) == [200, 404, 404, 404, 404]
        for answer in answers:
            if answer.status_code == 404:
                assert assert_refused(answer, 404, "not_found") == NO_RECORD.format(shown)
    assert await api.records() == []
    # A number is not given out again.
    assert (await api.send("POST", LISTS, json=pair(9, 5))).json()["id"] == 6


async def test_a_pair_that_many_save_is_saved_once(api: Api) -> None:
    answers = await asyncio.gather(*(api.send("POST", LISTS, json=pair(9, 7)) for _ in range(10)))
    assert sorted(one.status_code for one in answers) == [201] + [400] * 9
    for answer in answers:
        if answer.status_code == 400:
            assert assert_refused(answer, 400, "already_assigned") == ASSIGNED
    assert [one.id for one in await api.records()] == [4, 5, 6]


LONG = 9223372036854775807
REFUSED: tuple[tuple[str, str, Any, int, str, str], ...] = (
    # save
    ("POST", "", {}, 400, "missing_param", MISSING.format("promotionListId")),
    ("POST", "", None, 400, "missing_param", MISSING.format("promotionListId")),
    ("POST", "", pair(None, 7), 400, "missing_param", MISSING.format("promotionListId")),
    ("POST", "", pair(9, None), 400, "missing_param", MISSING.format("customerGroupId")),
    ("POST", "", pair(9, ""), 400, "missing_param", MISSING.format("customerGroupId")),
    (
        "POST",
        "",
        pair("RP-001", 7),
        400,
        "invalid_param_type",
        WRONG_TYPE.format("promotionListId"),
    ),
    ("POST", "", pair(9, 7.0), 400, "invalid_param_type", WRONG_TYPE.format("customerGroupId")),
    ("POST", "", pair(9, True), 400, "invalid_param_type", WRONG_TYPE.format("customerGroupId")),
    ("POST", "", pair([9], 7), 400, "invalid_param_type", WRONG_TYPE.format("promotionListId")),
    (
        "POST",
        "",
        pair({"id": 9}, 7),
        400,
        "invalid_param_type",
        WRONG_TYPE.format("promotionListId"),
    ),
    ("POST", "", pair(2**63, 7), 400, "invalid_param_type", WRONG_TYPE.format("promotionListId")),
    (
        "POST",
        "",
        pair(9, 10**4000),
        400,
        "invalid_param_type",
        WRONG_TYPE.format("customerGroupId"),
    ),
    (
        "POST",
        "",
        pair(9, "9" * 5000),
        400,
        "invalid_param_type",
        WRONG_TYPE.format("customerGroupId"),
    ),
    (
        *("POST", "", pair(9, 7, useExternalId="yes"), 400, "invalid_param_type"),
        WRONG_TYPE.format("useExternalId"),
    ),
    ("POST", "", pair(999, 7), 404, "not_found", NO_LIST.format(999)),
    ("POST", "", pair(999, 999), 404, "not_found", NO_LIST.format(999)),
    ("POST", "", pair(9, 999), 404, "not_found", NO_GROUP.format(999)),
    ("POST", "", pair(-1, 7), 404, "not_found", NO_LIST.format(-1)),
    ("POST", "", pair(LONG, 7), 404, "not_found", NO_LIST.format(LONG)),
    (
        "POST",
        "",
        pair("RP-9", "CG-003", useExternalId=True),
        404,
        "not_found",
        NO_LIST.format("RP-9"),
    ),
    (
        "POST",
        "",
        pair("RP-001", "cg-003", useExternalId=True),
        404,
        "not_found",
        NO_GROUP.format("cg-003"),
    ),
    (
        *("POST", "", pair("RP-001", "C" * 5000, useExternalId=True), 404, "not_found"),
        NO_GROUP.format("C" * 200 + "..."),
    ),
    (
        *("POST", "", pair(10**4000, "CG-003", useExternalId=True), 404, "not_found"),
        NO_LIST.format("1" + "0" * 199 + "..."),
    ),
    ("POST", "", pair(9, 5), 400, "already_assigned", ASSIGNED),
    ("POST", "", pair(12, 7), 400, "save_failed", SAVE_FAILED),
    ("POST", "", pair("RP-ALL", "CG-003", useExternalId=True), 400, "save_failed", SAVE_FAILED),
    # update
    ("PUT", "", {}, 400, "missing_param", MISSING.format("id")),
    ("PUT", "", pair(9, 7), 400, "missing_param", MISSING.format("id")),
    (
        "PUT",
        "",
        {"id": 4, "customerGroupId": 7},
        400,
        "missing_param",
        MISSING.format("promotionListId"),
    ),
    ("PUT", "/4", {"promotionListId": 9}, 400, "missing_param", MISSING.format("customerGroupId")),
    ("PUT", "", pair(9, 7, id="CG-001"), 400, "invalid_param_type", WRONG_TYPE.format("id")),
    ("PUT", "", pair(9, 7, id=2**63), 400, "invalid_param_type", WRONG_TYPE.format("id")),
    ("PUT", "/four", pair(9, 7), 400, "invalid_param_type", WRONG_TYPE.format("id")),
    (
        "PUT",
        "/4",
        pair(9, "seven"),
        400,
        "invalid_param_type",
        WRONG_TYPE.format("customerGroupId"),
    ),
    (
        *("PUT", "/4", pair(9, 7, id=5), 400, "invalid_param"),
        "The parameters [id] you provided are not valid for this request.",
    ),
    ("PUT", "", pair(9, 7, id=999), 404, "not_found", NO_RECORD.format(999)),
    ("PUT", "/999", pair(999, 999), 404, "not_found", NO_RECORD.format(999)),
    ("PUT", "/4", pair(999, 999), 404, "not_found", NO_LIST.format(999)),
    ("PUT", "/4", pair(9, 999), 404, "not_found", NO_GROUP.format(999)),
    ("PUT", "/reference/CG-003/RP-001", {}, 404, "not_found", NO_RECORD.format("CG-003/RP-001")),
    ("PUT", "/reference/RP-001/CG-001", {}, 404, "not_found", NO_RECORD.format("RP-001/CG-001")),
    (
        *("PUT", "/reference/CG-001/RP-001", {"promotionListId": "RP-9"}, 404, "not_found"),
        NO_LIST.format("RP-9"),
    ),
    (
        *("PUT", "/reference/CG-001/RP-001", {"customerGroupId": "7"}, 404, "not_found"),
        NO_GROUP.format("7"),
    ),
    ("PUT", "/4", pair(9, 6), 400, "already_assigned", ASSIGNED),
    (
        *("PUT", "/reference/CG-001/RP-001", {"customerGroupId": "CG-002"}, 400),
        *("already_assigned", ASSIGNED),
    ),
    ("PUT", "/4", pair(12, 5), 400, "save_failed", SAVE_FAILED),
    (
        *("PUT", "/reference/CG-001/RP-001", {"promotionListId": "RP-ALL"}, 400),
        *("save_failed", SAVE_FAILED),
    ),
    # show and delete
    ("DELETE", "/999", None, 404, "not_found", NO_RECORD.format(999)),
    ("DELETE", f"/{LONG}", None, 404, "not_found", NO_RECORD.format(LONG)),
    ("DELETE", f"/{LONG + 1}", None, 400, "invalid_param_type", WRONG_TYPE.format("id")),
    ("DELETE", "/4%20", None, 400, "invalid_param_type", WRONG_TYPE.format("id")),
    ("DELETE", "/4.0", None, 400, "invalid_param_type", WRONG_TYPE.format("id")),
    ("DELETE", "/reference", None, 400, "invalid_param_type", WRONG_TYPE.format("id")),
    (
        "DELETE",
        "/reference/CG-001/RP-00*",
        None,
        404,
        "not_found",
        NO_RECORD.format("CG-001/RP-00*"),
    ),
    (
        "DELETE",
        "/reference/CG-00%25/RP-001",
        None,
        404,
        "not_found",
        NO_RECORD.format("CG-00%/RP-001"),
    ),
    (
        *("DELETE", "/4?force=true", None, 400, "invalid_param"),
        "The parameters [force] you provided are not valid for this request.",
    ),
    (
        *("POST", "?promotionListId=9&customerGroupId=7", None, 400, "invalid_param"),
        "The parameters [promotionListId, customerGroupId] you provided are not valid for this request.",
    ),
    (
        "GET",
        "/4?x",
        None,
        400,
        "invalid_param",
        "The parameters [x] you provided are not valid for this request.",
    ),
)


async def test_everything_else_is_refused_and_changes_nothing(api: Api) -> None:
    before = await api.records()
    for method, path, body, status, error, said in REFUSED:
        more = {} if body is None else {"json": body}
        answer = await api.send(method, LISTS + path, **more)
        assert assert_refused(answer, status, error) == said, (method, path, body)
    assert await api.records() == before


BODIES = (
    b"{",
    b"\xff\xfe",
    b'{"id": 4',
    b"[]",
    b"null",
    b"4",
    b'"text"',
    b'{"id": 4,}',
    b"promotionListId=9&customerGroupId=7",
    b"<id>4</id>",
    b'{"promotionListId": "\\ud800", "customerGroupId": 7}',
    b'{"promotionListId": "RP\\u0000", "customerGroupId": 7, "useExternalId": true}',
    b'{"promotionListId": ' + b"9" * 10_000 + b', "customerGroupId": 7}',
    b'{"unknown": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"promotionListId": NaN, "customerGroupId": 7}',
    '{"promotionListId": 9, "customerGroupId": 7}'.encode("utf-16"),
)


async def test_bodies_that_can_not_be_read_change_nothing(api: Api) -> None:
    before = await api.records()
    for method, path in (("POST", LISTS), ("PUT", LISTS), ("PUT", f"{LISTS}/4")):
        for content in BODIES:
            answer = await api.send(method, path, content=content)
            body = answer.json()
            assert answer.status_code == 400, (content[:50], body)
            assert body["error"] in ("invalid_param", "invalid_param_type")
    assert await api.records() == before


async def test_a_body_may_call_itself_what_it_likes(api: Api) -> None:
    for n, kind in enumerate(("application/json; charset=utf-8", "text/plain", "")):
        group = await api.group(f"G{n}")
        content = f'\n {{"promotionListId": 9, "customerGroupId": {group}}}'.encode()
        answer = await api.send("POST", LISTS, content=content, headers={"Content-Type": kind})
        assert answer.status_code == 201, answer.text


async def test_a_body_has_a_largest_size(demo_url: str) -> None:
    async with serve(demo_url, max_body_bytes=1000) as served:
        answer = await served.client.post(f"/api/v1{LISTS}", content=b" " * 1001)
        assert "1,000 bytes" in assert_refused(answer, 413, "invalid_param")


async def test_paths_and_methods_that_there_are_not(api: Api) -> None:
    before = await api.records()
    for method, path, status, error in (
        ("GET", "", 404, "not_found"),
        ("GET", "/", 404, "not_found"),
        ("GET", "/nothing", 404, "not_found"),
        ("DELETE", f"{LISTS}/", 404, "not_found"),
        ("GET", f"{REFERENCE}/CG-001", 404, "not_found"),
        ("GET", f"{REFERENCE}//RP-001", 404, "not_found"),
        ("GET", f"{REFERENCE}/CG-001/RP-001/more", 404, "not_found"),
        ("GET", f"{LISTS}/4%00", 400, "invalid_param_type"),
        ("DELETE", f"{REFERENCE}/CG-001%00/RP-001", 400, "invalid_param_type"),
        ("DELETE", LISTS, 405, "method_not_allowed"),
        ("PATCH", f"{LISTS}/4", 405, "method_not_allowed"),
        ("POST", f"{LISTS}/4", 405, "method_not_allowed"),
        ("POST", f"{REFERENCE}/CG-001/RP-001", 405, "method_not_allowed"),
        ("POST", "/promotionLists", 405, "method_not_allowed"),
        ("PUT", "/customers/1335", 405, "method_not_allowed"),
        ("GET", "/customerCategories/1", 501, "not_offered"),
    ):
        answer = await api.send(method, path)
        assert_refused(answer, status, error)
        if status == 405:
            assert "GET" in answer.headers["allow"] or "PUT" in answer.headers["allow"]
    assert await api.records() == before


async def test_another_organizations_records_are_out_of_reach(api: Api) -> None:
    services = api.served.services
    stranger = system(await services.access.create_organization("Marseille", []))
    for n in range(20):
        last = await services.promotion_lists.create(stranger, {"reference": f"M-{n}"})
        group = await services.groups.create(stranger, {"reference": f"M-{n}", "name": "M"})
    theirs = await services.assignments.assign(stranger, group="M-3", promotion_list="M-3")
    for n in range(12):
        theirs = await services.assignments.assign(stranger, group="M-4", promotion_list=f"M-{n}")
    before = await api.records()
    for method, path, body in (
        ("GET", f"/{theirs.id}", None),
        ("DELETE", f"/{theirs.id}", None),
        ("PUT", f"/{theirs.id}", pair(9, 5)),
        ("GET", "/reference/M-3/M-3", None),
        ("DELETE", "/reference/M-3/M-3", None),
        ("POST", "", pair(last.id, 5)),
        ("POST", "", pair(9, group.id)),
        ("POST", "", pair("M-1", "CG-001", useExternalId=True)),
        ("PUT", "/4", pair(last.id, 5)),
    ):
        more = {} if body is None else {"json": body}
        assert_refused(await api.send(method, LISTS + path, **more), 404, "not_found")
    assert await api.records() == before
    assert len((await services.assignments.page(stranger)).items) == 13


async def test_references_are_any_text_but_a_slash(api: Api) -> None:
    for reference in ("a b", "é%", "50%", "a;b=c", "..", "R&D?#", "+"):
        await api.group(reference)
        number = await api.assign(reference, "RP-001")
        path = f"{REFERENCE}/{quoted(reference)}/RP-001"
        answer = await api.send("GET", path)
        assert (answer.status_code, answer.json().get("id")) == (200, number), reference


def quoted(reference: str) -> str:
    """Write a reference as one segment of a path."""
    return "".join(f"%{byte:02X}" for byte in reference.encode())
