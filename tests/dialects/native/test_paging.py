"""Pages follow one another to the end, and a cursor is not a client's to make."""

import base64
from typing import Any

import pytest

from largesse.core.errors import InvalidValue
from largesse.core.ids import new_id
from largesse.wire import paging
from tests.dialects.native.client import Api, demo_user, organization, problem
from tests.serving import Served

KEY = b"a key of this test"


@pytest.fixture
def served_with() -> dict[str, Any]:
    """Serve without a worker: nothing is done behind an answer."""
    return {"worker": False}


async def walk(api: Api, path: str, limit: int, **filters: str) -> list[dict[str, object]]:
    """Return the items of all pages."""
    items: list[dict[str, object]] = []
    cursor = None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        page = await api.get(path, limit=limit, **filters, **more)
        assert 1 <= len(page["items"]) <= limit
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items


async def test_pages_hold_every_record_once_and_in_order(served: Served) -> None:
    api = await demo_user(served)
    for path in ("/customers", "/codes", "/channels", "/groups", "/promotion-lists"):
        whole = (await api.get(path, limit=1000))["items"]
        assert await walk(api, path, 1 if len(whole) < 10 else 7) == whole
    issued = await walk(api, "/codes", 3, state="available")
    assert {code["state"] for code in issued} == {"available"}


async def test_members_and_listed_promotions_are_paged(served: Served) -> None:
    api = await demo_user(served)
    customers = [c["id"] for c in (await api.get("/customers"))["items"]]
    promotions = [p["id"] for p in (await api.get("/promotions"))["items"]]
    for one in customers:
        assert (await api.send("PUT", f"/groups/5/members/{one}")).status_code == 204
    for one in promotions:
        assert (await api.send("PUT", f"/promotion-lists/9/promotions/{one}")).status_code == 204
    members = await walk(api, "/groups/5/members", 2)
    assert [member["customer_id"] for member in members] == sorted(customers)
    listed = await walk(api, "/promotion-lists/9/promotions", 2)
    assert [item["promotion_id"] for item in listed] == sorted(promotions)


async def test_a_cursor_of_another_list_or_organization_is_refused(served: Served) -> None:
    api = await demo_user(served)
    other = await organization(served, "Other")
    cursor = (await api.get("/customers", limit=1))["next"]
    for client, path in ((api, "/promotions"), (other, "/customers")):
        answer = await client.send("GET", path, params={"cursor": cursor})
        assert problem(answer, 400, "invalid_value")["field"] == "cursor"


async def test_a_tampered_cursor_is_refused(served: Served) -> None:
    api = await demo_user(served)
    cursor = (await api.get("/customers", limit=1))["next"]
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    tampered = []
    for index in range(len(raw)):
        changed = raw.copy()
        changed[index] ^= 1
        tampered.append(base64.urlsafe_b64encode(changed).decode().rstrip("="))
    for text in (*tampered, "", "x", cursor[:-2], cursor + "AA", "\xff", "Aa" * 5000):
        answer = await api.send("GET", "/customers", params={"cursor": text})
        assert problem(answer, 400, "invalid_value")["field"] == "cursor"


async def test_a_limit_is_from_1_to_1000(served: Served) -> None:
    api = await demo_user(served)
    for limit in ("0", "-1", "1001", "x", "", "1.5", "9" * 30):
        answer = await api.send("GET", "/customers", params={"limit": limit})
        assert problem(answer, 400, "invalid_value")["field"] == "limit"


@pytest.mark.parametrize("after", [new_id(), 7, -7, "ch:annel", ""])
def test_a_cursor_brings_the_id_back(after: object) -> None:
    made = paging.cursor(KEY, "here", after)  # type: ignore[arg-type]
    assert paging.after(KEY, "here", made) == after
    with pytest.raises(InvalidValue):
        paging.after(KEY, "there", made)
    with pytest.raises(InvalidValue):
        paging.after(b"another key", "here", made)
