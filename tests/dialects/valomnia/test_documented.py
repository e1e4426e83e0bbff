"""The examples on the pages beside SEED 003 (DOC), over HTTP."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from largesse.core import clock
from tests.dialects.valomnia.client import Api, assert_printed
from tests.golden import Golden, load

Act = Callable[[Api], Awaitable[httpx.Response]]


def call(method: str, path: str, body: Any = None) -> Act:
    """Return a request."""
    more = {} if body is None else {"json": body}
    return lambda api: api.send(method, path, **more)


async def update_a_group(api: Api) -> httpx.Response:
    await api.group("1", number=4)
    await at(api, "2016-08-16T15:36:21Z", "customer_groups", 4)
    return await api.send("PUT", "/customerGroups/4", json={"reference": "777", "name": "new Name"})


async def make_the_printed_group(api: Api) -> httpx.Response:
    await api.send("DELETE", "/customerGroups/4")  # two pages print this number
    await api.next_number("customer_groups", 4)
    return await api.send("POST", "/customerGroups/reference/1", json={"name": "test"})


async def assign_the_printed_list(api: Api) -> httpx.Response:
    await api.next_number("customer_assignments", 307)
    body = {"promotionListId": 9, "customerId": 1336}
    return await api.send("POST", "/customerPromotionLists", json=body)


async def update_the_printed_list(api: Api) -> httpx.Response:
    """Another list, and back at the moment that is printed."""
    for plist in (10, 9):
        answer = await api.send(
            "PUT",
            "/customerPromotionLists/305",
            json={"promotionListId": plist, "customerId": 1335},
        )
    return answer


async def delete_a_list_in_use(api: Api) -> httpx.Response:
    return await api.send("DELETE", "/promotionLists/9")


async def delete_a_customer_in_use(api: Api) -> httpx.Response:
    grant = {"promotion": "promo1001", "customer": "C-002"}
    answer = await api.served.client.post(
        "/v1/grants", json=grant, headers={"Authorization": f"Bearer {api.token}"}
    )
    assert answer.status_code == 201, answer.text
    return await api.send("DELETE", "/customers/1335")


async def at(api: Api, moment: str, table: str, number: int) -> None:
    """Move the moment at which a record was made."""
    async with api.served.services.database.write() as tx:
        at = moment.replace("T", " ").replace("Z", ".000000")
        await tx.execute(text(f"UPDATE {table} SET created_at = '{at}' WHERE id = {number}"))


MEMBERS, LISTS = "/customerGroupAssign", "/customerPromotionLists"
# One after the other, so that those that change nothing come before those that do.
ANSWERS: dict[str, Act] = {
    "groups-show-200": call("GET", "/customerGroups/reference/Ref-01"),
    "groups-show-404-not-found": call("GET", "/customerGroups/999"),
    "groups-update-200": update_a_group,
    "groups-update-400-missing-param": call("PUT", "/customerGroups/5", {"name": "x"}),
    "groups-update-400-not-unique": call(
        "PUT", "/customerGroups/5", {"reference": "CG-002", "name": "x"}
    ),
    "groups-upsert-201": make_the_printed_group,
    "members-show-200": call("GET", f"{MEMBERS}/reference/C-002/CG-001"),
    "members-show-404-not-found": call("GET", f"{MEMBERS}/999"),
    "members-save-201": call("POST", MEMBERS, {"groupId": 6, "customerId": 1335}),
    "members-save-400-missing-param": call("POST", MEMBERS, {"customerId": 1335}),
    "members-save-400-already-assigned": call(
        "POST", MEMBERS, {"groupId": "CG-001", "customerId": "C-002", "useExternalId": True}
    ),
    "members-save-404-not-found": call("POST", MEMBERS, {"groupId": 999, "customerId": 1335}),
    "members-update-201": call("PUT", MEMBERS, {"id": 101, "groupId": 6, "customerId": 1336}),
    "customer-lists-show-200": call("GET", f"{LISTS}/305"),
    "customer-lists-show-404-not-found": call("GET", f"{LISTS}/999"),
    "customer-lists-save-201": assign_the_printed_list,
    "customer-lists-save-400-missing-param": call("POST", LISTS, {"customerId": 1335}),
    "customer-lists-save-400-already-assigned": call(
        "POST", LISTS, {"promotionListId": 9, "customerId": 1335}
    ),
    "customer-lists-save-404-not-found": call(
        "POST", LISTS, {"promotionListId": 999, "customerId": 1335}
    ),
    "customer-lists-update-200": update_the_printed_list,
    "customer-lists-delete-200": call("DELETE", f"{LISTS}/reference/C-002/RP-001"),
    "promotions-show-404-not-found": call("GET", "/promotionLists/199"),
    "promotions-delete-400-delete-failed": delete_a_list_in_use,
    "promotions-delete-404-not-found": call("DELETE", "/promotionLists/123"),
    "customers-delete-400-delete-failed": delete_a_customer_in_use,
    "customers-delete-404-not-found": call("DELETE", "/customers/32987"),
}


async def test_the_printed_answers_are_given(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, act in ANSWERS.items():
        golden = load("valomnia", name)
        printed = json.loads(golden.body).get("lastUpdated")
        with monkeypatch.context() as patch:
            if printed is not None:
                patch.setattr(clock, "now", lambda at=printed: datetime.fromisoformat(at))
            # These pages print v1.0 in their addresses.
            assert_printed(await act(api.speaking("v1.0")), golden)


def of_our_organization(golden: Golden) -> dict[str, Any]:
    """Return the printed record of another organization as one of ours."""
    record: dict[str, Any] = json.loads(golden.body)
    return record | {"organization": "Lyon"}


async def test_a_promotion_list_is_printed_without_its_rules(api: Api) -> None:
    wanted = of_our_organization(load("valomnia", "promotions-show-200"))
    wanted |= {"promotionInputs": [], "promotionOutputs": []}
    for path in ("/1", "/reference/save_more"):
        answer = await api.send("GET", f"/promotionLists{path}")
        assert (answer.status_code, answer.json()) == (200, wanted)
        assert list(answer.json()) == list(wanted)


async def test_a_customer_has_every_printed_member(api: Api) -> None:
    wanted = of_our_organization(load("valomnia", "customers-show-200"))
    form = {
        "name": "Marie's Jewelry",
        "categoryId": "jewelry",
        "customerSegmentationId": "seg_a",
        "billWithParent": "true",
        "billingCountry": "FR",
        "billingCity": "Nice",
        "creditLimit": "5000",
        "dueDateConfigNumber": "7",
        "dueDateConfigType": "1",
    }
    answer = await api.send("POST", "/customers/reference/NC-3", data=form)
    record = answer.json()
    assert (answer.status_code, list(record)) == (201, list(wanted)), answer.text
    # What has no counterpart here: records of kinds that there are not.
    other = {name for name in wanted if record[name] != wanted[name]}
    assert other == {
        *("id", "dateCreated", "lastUpdated", "customerCategory", "customerSegmentation"),
        *("logo", "createdBy", "paymentTypes", "currency"),
    }


async def test_the_next_page_has_the_printed_address(api: Api) -> None:
    printed = load("valomnia", "customers-list-next").body.decode()
    answer = await api.speaking("v1.0").send("GET", "/customers?max=2")
    assert answer.json()["paging"]["next"] == printed


# --- the requests --------------------------------------------------------------------------------


async def prepare(api: Api) -> None:
    """Make what the printed requests name."""
    for number in (111, 777):
        await api.group(f"G{number}", number=number)
        await api.promotion_list(f"P{number}", number=number)
    await api.promotion_list("123", number=123)
    for number in (111, 123):
        await api.next_number("customers", number)
        answer = await api.send("POST", f"/customers/reference/N{number}", json={"name": "n"})
        assert answer.json()["id"] == number
    for table, path, body in (
        ("customer_assignments", LISTS, {"promotionListId": 111, "customerId": 123}),
        ("customer_assignments", LISTS, {"promotionListId": 111, "customerId": 111}),
        ("customer_group_members", MEMBERS, {"groupId": 111, "customerId": 111}),
    ):
        await api.next_number(table, {111: 123, 123: 777}[body["customerId"]])
        if path == MEMBERS:
            await api.next_number(table, 111)
        assert (await api.send("POST", path, json=body)).status_code == 201
    body = {"promotionListId": "PL-001", "customerId": "C-002", "useExternalId": True}
    assert (await api.send("POST", LISTS, json=body)).status_code == 201
    await api.send("POST", "/customerGroups/reference/777", json={"name": "of this reference"})


REQUESTS = {
    "groups-show-request": 200,
    "groups-update-request": 200,
    "groups-upsert-request": 201,
    "members-show-request": 200,
    "members-save-request": 201,
    "members-update-request": 201,
    "customer-lists-show-request": 200,
    "customer-lists-save-request": 201,
    "customer-lists-update-request": 200,
    "customer-lists-delete-request": 200,
    "promotions-show-request": 200,
    "promotions-delete-request": 200,
    "customers-show-request": 200,
    "customers-list-request": 200,
    "customers-delete-request": 200,
}


SAVED_BEFORE = {
    "members-update-request": f"{MEMBERS}/reference/N123/new",
    "customer-lists-update-request": f"{LISTS}/reference/N111/P777",
}
"""What the same examples of the request before have made, in the way of an update."""


async def test_the_printed_requests_work(api: Api) -> None:
    await prepare(api)
    for name, status in REQUESTS.items():
        golden = load("valomnia", name)
        assert golden.method is not None
        assert golden.path is not None
        body: dict[str, Any] = {
            key: int(value) for key, value in golden.examples if value.isdigit()
        }
        if golden.path.startswith("/api/VERSION/customerGroups"):
            body = {"reference": "new", "name": "New"}
        more = {} if golden.method in ("GET", "DELETE") else {"json": body}
        path = golden.path.removeprefix("/api/VERSION")
        if name in SAVED_BEFORE:
            assert (await api.send("DELETE", SAVED_BEFORE[name])).status_code == 200
        answer = await api.send(golden.method, path, **more)
        assert answer.status_code == status, (name, answer.text)


USED = {
    *ANSWERS,
    *REQUESTS,
    *("promotions-show-200", "customers-show-200", "customers-list-next"),
}
