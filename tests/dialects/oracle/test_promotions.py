"""Promotions and their folders as Oracle Commerce Cloud's clients keep them."""

import json
from typing import Any

import httpx
import pytest

from tests.dialects.oracle.client import PREFIX, bearer, log_in
from tests.golden import assert_same_json, load
from tests.serving import Served

PROMOTIONS, FOLDERS = f"{PREFIX}/promotions", f"{PREFIX}/promotionFolders"
PRINTED = load("oracle", "promotions-request")
ENGLISH = {"X-CCAsset-Language": "en"}


class Client:
    """Calls with a token, as JSON."""

    def __init__(self, served: Served, token: str) -> None:
        self._client, self._headers = served.client, bearer(token)

    async def send(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = self._headers | {"Content-Type": "application/json"} | headers
        more = {} if body is None else {"content": content}
        return await self._client.request(method, path, headers=sent, **more)

    async def ok(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = await self.send(method, path, body, **headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(
        self, status: int, code: str, method: str, path: str, body: Any = None, **headers: str
    ) -> str:
        """Send what is refused; return the message."""
        answer = await self.send(method, path, body, **headers)
        found = answer.json()
        assert (answer.status_code, found["errorCode"]) == (status, code), answer.text
        assert found["status"] == str(status)
        return str(found["message"])

    async def names(self, path: str) -> list[str]:
        """Return the ids of a list."""
        return [item["repositoryId"] for item in (await self.ok("GET", path))["items"]]


@pytest.fixture
async def client(served: Served) -> Client:
    return Client(served, await log_in(served))


async def test_everything_that_is_given_of_a_promotion_is_given_back(client: Client) -> None:
    answer = await client.send("POST", PROMOTIONS, PRINTED.body)
    assert_same_json(answer.content, load("oracle", "promotions-400-82001"))
    assert answer.status_code == 400
    body = json.loads(PRINTED.body) | {"myOwn": {"deep": [1, None, "x"]}, "maxUSesPerOrder": -1}
    made = await client.ok("POST", PROMOTIONS, body, **ENGLISH)
    assert made["id"] == made["repositoryId"] != ""
    wanted = body | {
        "id": made["id"],
        "repositoryId": made["id"],
        "startDate": "2014-04-25T21:30:00.000Z",
        "endDate": "2014-04-29T23:30:00.000Z",
    }
    assert made == wanted
    path = f"{PROMOTIONS}/{made['id']}"
    assert await client.ok("GET", path) == wanted
    changes = {"templateValues": {"spend_value": "50"}, "enabled": False, "another": None}
    changed = await client.ok("PUT", path, changes | {"parentFolder": None}, **ENGLISH)
    assert changed == wanted | changes | {"parentFolder": None}
    assert await client.ok("GET", f"{path}?fields=id,templateValues.spend_value") == {
        "id": made["id"],
        "templateValues": {"spend_value": "50"},
    }
    assert await client.ok("DELETE", path) == {}
    text = await client.refused(404, "21171", "GET", path)
    assert text == f"{made['id']} is not a valid promotion id"


async def test_texts_are_kept_by_language(client: Client) -> None:
    async def put(language: str, **texts: Any) -> Any:
        headers = {"X-CCAsset-Language": language}
        return await client.ok("PUT", f"{PROMOTIONS}/promo1001", texts, **headers)

    async def shown(**headers: str) -> tuple[str, str]:
        found = await client.ok("GET", f"{PROMOTIONS}/promo1001", **headers)
        return found["displayName"], found["description"]

    await put("en", displayName="Ten off", description="Ten")
    await put("de", displayName="Zehn Prozent")
    assert await shown() == ("Ten off", "Ten")
    assert await shown(**{"x-ccasset-language": "de"}) == ("Zehn Prozent", "Ten")
    assert await shown(**{"X-CCAsset-Language": "de_AT"}) == ("Zehn Prozent", "Ten")
    assert await shown(**{"X-CCAsset-Language": "fr"}) == ("Ten off", "Ten")
    await put("en", displayName="10 % off")
    assert await shown(**{"X-CCAsset-Language": "de"}) == ("Zehn Prozent", "Ten")
    for wrong in ("x", "en us", "1234"):
        headers = {"X-CCAsset-Language": wrong}
        await client.refused(400, "10002", "GET", f"{PROMOTIONS}/promo1001", **headers)


async def test_promotions_are_listed_by_pages_and_filters(client: Client) -> None:
    folder = (await client.ok("POST", FOLDERS, {"name": "Spring"}))["repositoryId"]
    for number, kind in enumerate(("order", "item", "shipping", "item")):
        body = {
            "id": f"spring{number}",
            "displayName": f"Spring SALE {number}",
            "templatePath": kind,
            "enabled": number < 3,
            "parentFolder": {"repositoryId": folder} if number < 2 else None,
            "excludedPromotions": [{"repositoryId": "promo1002"}, {"repositoryId": "gone"}],
        }
        await client.ok("POST", PROMOTIONS, body, **ENGLISH)
    every = [f"spring{number}" for number in range(4)]
    for query, wanted in (
        ("name=spring", every),
        ("name=sale 2", ["spring2"]),
        ("promotionId=PRING&limit=2", every),
        ("name=spring&enabledState=disabled", ["spring3"]),
        ("name=spring&enabledState=enabled", every[:3]),
        (f"folder={folder}", every[:2]),
        ("folder=promoFolder999", []),
        ("folder=nonsense", []),
        ("promotionType=item", ["spring1", "spring3"]),
        ("promotionType=order,shipping", ["spring0", "spring2"]),
        ("id=spring0&propertyName=excludedPromotions", ["promo1002"]),
        ("id=x&itemType=stackingRule&propertyName=promotions", []),
    ):
        assert await client.names(f"{PROMOTIONS}?{query}") == wanted, query
    page = await client.ok("GET", f"{PROMOTIONS}?name=spring&limit=3&offset=1")
    items = page.pop("items")
    assert [item["id"] for item in items] == every[1:]
    base = f"{PROMOTIONS}?name=spring&limit=3"
    assert page == {
        "total": 4,
        "totalResults": 4,
        "offset": 1,
        "limit": 3,
        "links": [
            {"rel": "self", "href": f"{base}&offset=1"},
            {"rel": "prev", "href": f"{base}&offset=0"},
        ],
    }
    page = await client.ok("GET", f"{PROMOTIONS}?limit=1&fields=items.id,links,totalResults")
    assert page["links"][1] == {
        "rel": "next",
        "href": f"{PROMOTIONS}?limit=1&fields=items.id%2Clinks%2CtotalResults&offset=1",
    }
    assert [list(item) for item in page["items"]] == [["id"]]
    assert set(page) == {"links", "items", "totalResults"}


async def test_what_can_not_be_a_promotion_is_refused(client: Client) -> None:
    good = {"displayName": "Ten off"}
    for code, body in (
        ("13037", {}),
        ("13037", {"displayName": " "}),
        ("10002", good | {"startDate": "tomorrow"}),
        ("10002", good | {"startDate": "2014-04-25T17:30:00"}),
        ("10002", good | {"startDate": "2014-04-25T17:30:00Z", "endDate": "2013-04-25T17:30:00Z"}),
        ("10002", good | {"priority": "1"}),
        ("10002", good | {"templateValues": []}),
        ("10002", good | {"sites": ["funSite"]}),
        ("10002", good | {"kept": "a\0b"}),
        ("10002", good | {"displayName": "x" * 401}),
        ("10002", []),
        ("00000000", b"{"),
        ("21244", good | {"parentFolder": {"repositoryId": "promoFolder7"}}),
        ("21244", good | {"parentFolder": {"repositoryId": "nonsense"}}),
    ):
        await client.refused(400, code, "POST", PROMOTIONS, body, **ENGLISH)
    await client.refused(409, "00000000", "POST", PROMOTIONS, good | {"id": "promo1001"}, **ENGLISH)
    await client.refused(404, "21171", "PUT", f"{PROMOTIONS}/none", good, **ENGLISH)
    await client.refused(
        400, "13037", "PUT", f"{PROMOTIONS}/promo1001", {"displayName": None}, **ENGLISH
    )
    await client.refused(400, "82001", "PUT", f"{PROMOTIONS}/promo1001", good)
    for query in (
        "limit=0",
        "limit=1001",
        "offset=-1",
        "limit=ten",
        f"offset={'9' * 30}",
        "enabledState=on",
        "promotionType=item,none",
        "name=a&promotionId=b",
        "id=promo1001",
        "propertyName=excludedPromotions",
        "id=promo1001&propertyName=sites",
        "id=promo1001&propertyName=excludedPromotions&itemType=sku",
    ):
        await client.refused(400, "10002", "GET", f"{PROMOTIONS}?{query}")
    assert len(await client.names(f"{PROMOTIONS}?name=Ten off")) == 0


async def test_folders_are_made_moved_and_deleted(client: Client) -> None:
    sent = load("oracle", "promotion-folders-request")
    answer = await client.send(str(sent.method), str(sent.path), sent.body)
    assert_same_json(answer.content, load("oracle", "promotion-folders-200"))
    winter = f"{FOLDERS}/promoFolder10001"
    assert (await client.ok("GET", winter)) == answer.json()
    deep = await client.ok(
        "POST", FOLDERS, {"name": "50%", "parentFolder": {"repositoryId": "promoFolder10001"}}
    )
    assert deep["path"] == "Holiday Discount/Winter Discount/50%"
    moved = await client.ok("PUT", winter, {"name": "Snow", "parentFolder": None})
    assert (moved["path"], moved["parentFolder"]) == ("Snow", None)
    assert (await client.ok("GET", f"{FOLDERS}/{deep['repositoryId']}"))["path"] == "Snow/50%"
    every = ["promoFolder100001", "promoFolder10001", deep["repositoryId"]]
    assert await client.names(FOLDERS) == every
    page = await client.ok("GET", f"{FOLDERS}?sort=name:desc&limit=2")
    assert page["sort"] == [{"property": "name", "order": "desc"}]
    assert [item["name"] for item in page["items"]] == ["Snow", "Holiday Discount"]
    for q, wanted in (
        ('name co "DISC"', every[:1]),
        ('name sw "sn"', every[1:2]),
        ('name ew "0%"', every[2:]),
        ('name eq "snow"', every[1:2]),
        ('name eq "sno"', []),
    ):
        found = await client.ok("GET", str(httpx.URL(FOLDERS, params={"q": q})))
        assert [item["repositoryId"] for item in found["items"]] == wanted, q
    await client.refused(409, "00000000", "DELETE", winter)
    assert await client.ok("DELETE", f"{FOLDERS}/{deep['repositoryId']}") == {}
    assert await client.ok("DELETE", winter) == {}
    text = await client.refused(404, "21241", "GET", winter)
    assert text == "promotion folder not found for the given ID : promoFolder10001"


async def test_what_can_not_be_a_folder_is_refused(client: Client) -> None:
    inner = await client.ok(
        "POST", FOLDERS, {"name": "x", "parentFolder": {"repositoryId": "promoFolder100001"}}
    )
    inside = {"repositoryId": inner["repositoryId"]}
    own = {"repositoryId": "promoFolder100001"}
    top = f"{FOLDERS}/promoFolder100001"
    for code, method, path, body in (
        ("21243", "POST", FOLDERS, {}),
        ("21243", "POST", FOLDERS, {"name": " "}),
        ("21244", "POST", FOLDERS, {"name": "a", "parentFolder": {"repositoryId": "invalidId"}}),
        ("21244", "POST", FOLDERS, {"name": "a", "parentFolder": {"repositoryId": "promoFolder5"}}),
        ("21247", "POST", FOLDERS, {"name": "a", "parentFolder": "promoFolder100001"}),
        ("21247", "POST", FOLDERS, {"name": "a", "parentFolder": {"repositoryId": 1}}),
        ("21245", "PUT", top, {"name": "a", "parentFolder": own}),
        ("21246", "PUT", top, {"name": "a", "parentFolder": inside}),
        ("10002", "POST", FOLDERS, {"name": 1}),
        ("10002", "POST", FOLDERS, {"name": "x" * 201}),
        ("10002", "GET", f"{FOLDERS}?q=name", None),
        ("10002", "GET", f'{FOLDERS}?q=path co "x"', None),
        ("10002", "GET", f"{FOLDERS}?sort=size", None),
        ("10002", "GET", f"{FOLDERS}?sort=name:up", None),
    ):
        await client.refused(400, code, method, path, body)
    assert (await client.ok("GET", top))["path"] == "Holiday Discount"
    for text in ("none", "promoFolder0", "promoFolder" + "9" * 19, "x" * 300):
        await client.refused(404, "21241", "GET", f"{FOLDERS}/{text}")
