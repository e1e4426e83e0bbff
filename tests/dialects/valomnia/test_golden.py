"""Every request and every answer that SEED 003 prints, over HTTP."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.dialects.valomnia import test_documented
from tests.dialects.valomnia.client import LISTS, Api, assert_printed, assert_refused
from tests.golden import all_golden, load

Act = Callable[[Api], Awaitable[httpx.Response]]


async def send(api: Api, name: str, body: Any = None) -> httpx.Response:
    """Send a printed request verbatim, VERSION being v1."""
    golden = load("valomnia", name)
    assert golden.method is not None
    assert golden.path is not None
    headers = {} if golden.content_type is None else {"Content-Type": golden.content_type}
    path = golden.path.removeprefix("/api/VERSION")
    more = {} if body is None else {"json": body}
    return await api.send(golden.method, path, headers=headers, **more)


def examples(name: str) -> dict[str, Any]:
    """Return the printed example values of a request's body."""
    return {key: int(value) for key, value in load("valomnia", name).examples if value.isdigit()}


# --- the answers ---------------------------------------------------------------------------------


async def create(api: Api) -> httpx.Response:
    return await send(api, "create-request", {"promotionListId": 9, "customerGroupId": 7})


async def create_what_there_is(api: Api) -> httpx.Response:
    return await send(api, "create-request", {"promotionListId": 9, "customerGroupId": 5})


async def create_without_list(api: Api) -> httpx.Response:
    return await send(api, "create-request", {"customerGroupId": 7})


async def create_for_all(api: Api) -> httpx.Response:
    return await send(api, "create-request", {"promotionListId": 12, "customerGroupId": 7})


async def create_with_unknown_list(api: Api) -> httpx.Response:
    return await send(api, "create-request", {"promotionListId": 999, "customerGroupId": 7})


async def update(api: Api) -> httpx.Response:
    assert await api.assign("CG-002", "PL-001") == 6
    body = {"id": 6, "promotionListId": 9, "customerGroupId": 7}
    return await send(api, "update-by-id-request", body)


async def update_to_anothers_pair(api: Api) -> httpx.Response:
    body = {"id": 5, "promotionListId": 9, "customerGroupId": 5}
    return await send(api, "update-by-id-request", body)


async def update_no_number(api: Api) -> httpx.Response:
    body = {"id": "four", "promotionListId": 9, "customerGroupId": 5}
    return await send(api, "update-by-id-request", body)


async def update_without_list(api: Api) -> httpx.Response:
    return await send(api, "update-by-id-request", {"id": 4, "customerGroupId": 5})


async def update_for_all(api: Api) -> httpx.Response:
    body = {"id": 4, "promotionListId": 12, "customerGroupId": 5}
    return await send(api, "update-by-id-request", body)


async def update_with_unknown_list(api: Api) -> httpx.Response:
    body = {"id": 4, "promotionListId": 999, "customerGroupId": 5}
    return await send(api, "update-by-id-request", body)


async def list_one_of_three(api: Api) -> httpx.Response:
    await api.assign("CG-003", "RP-001")
    return await send(api, "list-page-request")


async def list_without_login(api: Api) -> httpx.Response:
    return await replace(api, token=None).send("GET", LISTS)


async def create_without_group(api: Api) -> httpx.Response:
    return await send(api, "create-request", {"promotionListId": 9})


async def create_with_unknown_group(api: Api) -> httpx.Response:
    return await send(api, "create-request", {"promotionListId": 9, "customerGroupId": 999})


def call(method: str, path: str) -> Act:
    """Return a request that the document does not print but whose answer it does."""
    return lambda api: api.send(method, LISTS + path)


async def delete_what_is_referred_to(api: Api) -> httpx.Response:
    async with api.served.services.database.write() as tx:
        await tx.execute(
            text(
                "CREATE TABLE visits (organization_id BIGINT, assignment_id BIGINT, FOREIGN KEY"
                " (organization_id, assignment_id) REFERENCES assignments (organization_id, id))"
            )
        )
        await tx.execute(text("INSERT INTO visits SELECT organization_id, id FROM assignments"))
    return await api.send("DELETE", f"{LISTS}/4")


def broken(act: Act) -> Act:
    """Return a request to a service whose database has lost a table."""

    async def try_it(api: Api) -> httpx.Response:
        async with api.served.services.database.write() as tx:
            await tx.execute(text("ALTER TABLE promotion_lists RENAME TO lost"))
        return await act(api)

    return try_it


ANSWERS: dict[str, Act] = {
    "list-200": lambda api: send(api, "list-request"),
    "list-400-invalid-param": call("GET", "?dateCreated_gta=2016-08-15T14:52:48Z"),
    "list-400-invalid-datetime-format": call("GET", "?dateCreated_gt=2016-08-1Z"),
    "list-500-server-error": broken(lambda api: send(api, "list-request")),
    "show-200": call("GET", "/4"),
    "show-404-not-found": call("GET", "/999"),
    "show-400-invalid-param-type": call("GET", "/four"),
    "delete-200": call("DELETE", "/4"),
    "delete-404-not-found": call("DELETE", "/999"),
    "delete-400-invalid-param-type": call("DELETE", "/four"),
    "delete-400-delete-failed": delete_what_is_referred_to,
    "delete-500-server-error": broken(call("DELETE", "/4")),
    "update-200": update,
    "update-400-missing-param": update_without_list,
    "update-400-invalid-param-type": update_no_number,
    "update-400-already-assigned": update_to_anothers_pair,
    "update-400-save-failed": update_for_all,
    "update-404-not-found": update_with_unknown_list,
    "update-500-server-error": broken(update_to_anothers_pair),
    "create-201": create,
    "create-400-missing-param": create_without_list,
    "create-400-already-assigned": create_what_there_is,
    "create-400-save-failed": create_for_all,
    "create-404-not-found": create_with_unknown_list,
    "create-500-server-error": broken(create),
    # What no document prints: DOC, INFERRED, DECIDED.
    "list-page-200": list_one_of_three,
    "list-400-invalid-param-several": call("GET", "?dateCreated_gta=x&max=1&limit=1"),
    "list-400-invalid-param-max": call("GET", "?max=1001"),
    "list-401": list_without_login,
    "create-400-missing-param-group": create_without_group,
    "create-404-not-found-group": create_with_unknown_group,
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_the_printed_answer_is_given(api: Api, printed_time: None, name: str) -> None:
    golden = load("valomnia", name)
    before = await api.records()
    assert_printed(await ANSWERS[name](api), golden)
    if golden.status == 400 or golden.status == 404:
        assert await api.records() == before


# --- the requests --------------------------------------------------------------------------------


async def show_by_id(api: Api) -> None:
    await api.assign("CG-003", "RP-001", number=777)
    answer = await send(api, "show-by-id-request")
    assert (answer.status_code, answer.json()["id"]) == (200, 777)


async def show_by_reference(api: Api) -> None:
    number = await api.assign("CG-002", "PL-001")
    answer = await send(api, "show-by-reference-request")
    assert (answer.status_code, answer.json()["id"]) == (200, number)
    assert answer.json()["customerGroupReference"] == "CG-002"
    assert answer.json()["promotionListReference"] == "PL-001"


async def delete_by_id(api: Api) -> None:
    await api.assign("CG-003", "RP-001", number=777)
    assert_printed(await send(api, "delete-by-id-request"), load("valomnia", "delete-200"))
    assert [one.id for one in await api.records()] == [4, 5]


async def delete_by_reference(api: Api) -> None:
    await api.assign("CG-002", "PL-001")
    assert_printed(await send(api, "delete-by-reference-request"), load("valomnia", "delete-200"))
    assert [one.id for one in await api.records()] == [4, 5]


async def update_by_id(api: Api) -> None:
    await api.group("G", number=111)
    await api.promotion_list("P", number=777)
    await api.assign("CG-003", "RP-001", number=123)
    answer = await send(api, "update-by-id-request", examples("update-by-id-request"))
    assert answer.status_code == 200, answer.text
    record = answer.json()
    assert (record["id"], record["customerGroup"]["id"]) == (123, 111)
    assert record["promotionList"]["id"] == 777


async def update_by_reference(api: Api) -> None:
    number = await api.assign("CG-002", "PL-001")
    # As printed, without a body: nothing is to change.
    answer = await send(api, "update-by-reference-request")
    assert (answer.status_code, answer.json()["id"]) == (200, number)
    answer = await send(
        api,
        "update-by-reference-request",
        {"customerGroupId": "CG-003", "promotionListId": "RP-002"},
    )
    assert (answer.status_code, answer.json()["id"]) == (200, number)
    assert answer.json()["customerGroupReference"] == "CG-003"
    assert answer.json()["promotionListReference"] == "RP-002"


async def create_by_id_and_by_reference(api: Api) -> None:
    await api.group("G", number=111)
    await api.promotion_list("P", number=777)
    values = examples("create-request")
    flags = [value for key, value in load("valomnia", "create-request").examples if key[0] == "u"]
    assert flags == ["true", "false"]
    answer = await send(api, "create-request", values | {"useExternalId": False})
    assert (answer.status_code, answer.json()["customerGroupReference"]) == (201, "G")
    answer = await send(api, "create-request", values | {"useExternalId": True})
    refused = "The promotionList with the id 777 doesn't exist."
    assert assert_refused(answer, 404, "not_found") == refused
    await api.group("111")
    await api.promotion_list("777")
    answer = await send(api, "create-request", values | {"useExternalId": True})
    assert (answer.status_code, answer.json()["customerGroupReference"]) == (201, "111")


def filtered(name: str, *wanted: str) -> Callable[[Api], Awaitable[None]]:
    """Return a check of one printed wildcard."""
    member = "promotionList" if "promotion-list" in name else "customerGroup"

    async def check(api: Api) -> None:
        for reference in ("Ref-6", "Ref-61", "Chef-6", "Chef-61", "ref-7"):
            await api.group(reference)
            await api.promotion_list(reference)
            await api.assign(reference, reference)
        answer = await send(api, name)
        assert answer.status_code == 200
        assert [one[f"{member}Reference"] for one in answer.json()["data"]] == list(wanted)

    return check


async def list_all(api: Api) -> None:
    assert_printed(await send(api, "list-request"), load("valomnia", "list-200"))


async def list_one(api: Api) -> None:
    answer = await send(api, "list-page-request")
    assert [one["id"] for one in answer.json()["data"]] == [5]


async def list_since(api: Api) -> None:
    await api.assign("CG-003", "RP-001")
    async with api.served.services.database.write() as tx:
        await tx.execute(
            text("UPDATE assignments SET created_at = '2016-08-15 14:52:48.000000' WHERE id = 6")
        )
    answer = await send(api, "list-filter-date-created-gt-request")
    assert_printed(answer, load("valomnia", "list-200"))


REQUESTS: dict[str, Callable[[Api], Awaitable[None]]] = {
    "list-request": list_all,
    "list-page-request": list_one,
    "list-filter-date-created-gt-request": list_since,
    "show-by-id-request": show_by_id,
    "show-by-reference-request": show_by_reference,
    "delete-by-id-request": delete_by_id,
    "delete-by-reference-request": delete_by_reference,
    "update-by-id-request": update_by_id,
    "update-by-reference-request": update_by_reference,
    "create-request": create_by_id_and_by_reference,
}
for kind in ("promotion-list", "customer-group"):
    for where, wanted in (
        ("prefix", ("Ref-6", "Ref-61")),
        ("suffix", ("Ref-6", "Chef-6")),
        ("infix", ("Ref-6", "Ref-61", "Chef-6", "Chef-61")),
    ):
        name = f"list-filter-{kind}-reference-{where}-request"
        REQUESTS[name] = filtered(name, *wanted)


@pytest.mark.parametrize("name", REQUESTS)
async def test_the_printed_request_works(api: Api, name: str) -> None:
    await REQUESTS[name](api)


def test_no_golden_file_is_left_out() -> None:
    found = {golden.name for golden in all_golden("valomnia")}
    assert found == {*ANSWERS, *REQUESTS, *test_documented.USED}
