"""Claimables and coupon batches as Oracle Commerce Cloud's clients keep them."""

import asyncio
import json
from typing import Any

import pytest

from largesse.core.codes.model import CampaignRef, CodeRef
from largesse.core.customers.model import ByCustomer, Identifier
from largesse.core.errors import DistributionNotAllowed
from tests.dialects.oracle.client import PREFIX, log_in, owner
from tests.dialects.oracle.test_promotions import Client
from tests.golden import assert_same_json, load
from tests.serving import Served

CLAIMABLES, BATCHES = f"{PREFIX}/claimables", f"{PREFIX}/couponBatches"
BOTH = [{"repositoryId": "promo20011"}, {"repositoryId": "promo20009"}]
PROFILE = ByCustomer(Identifier.PROFILE_ID, "profile1")


@pytest.fixture
async def client(served: Served) -> Client:
    return Client(served, await log_in(served))


async def sent(client: Client, name: str, **changes: Any) -> Any:
    """Send a printed request; check that the answer is the printed one."""
    request = load("oracle", f"{name}-request")
    body = json.loads(request.body) | changes
    answer = await client.send(str(request.method), str(request.path), body)
    assert answer.status_code == 200, answer.text
    masked = () if name == "claimables" else ("repositoryId",)
    assert_same_json(answer.content, load("oracle", f"{name}-200"), masked)
    return answer.json()


async def test_a_claimable_is_made_read_changed_and_ended(served: Served, client: Client) -> None:
    await sent(client, "claimables")
    path = f"{CLAIMABLES}/10OffMyOrder"
    made = {
        "maxUses": "50",
        "promotions": [{"repositoryId": "SamplePromotion"}],
        "repositoryId": "10OffMyOrder",
        "uses": "0",
        "id": "10OffMyOrder",
        "startDate": "2016-03-23T15:56:00.000Z",
    }
    assert await client.ok("GET", f"{path}?useMaxUses=true") == made
    brief = {name: value for name, value in made.items() if name not in ("id", "maxUses")}
    assert await client.ok("GET", path) == brief
    assert (await client.ok("GET", CLAIMABLES))["items"] == [{"repositoryId": "10OffMyOrder"}]
    changed = await client.ok("PUT", path, {"maxUses": 7, "promotions": BOTH})
    assert changed == made | {"maxUses": "7", "promotions": BOTH}
    for promotion, wanted in (("promo20009", [changed]), ("SamplePromotion", []), ("none", [])):
        query = f"{CLAIMABLES}?useMaxUses=true&promotionId={promotion}"
        assert (await client.ok("GET", query))["items"] == wanted
    # It is nobody's own: it is neither given out by name nor out of a pool.
    caller = await owner(served)
    for asked, refusal in (
        (CampaignRef("name", "10OffMyOrder"), DistributionNotAllowed),
        (CodeRef("10OffMyOrder"), DistributionNotAllowed),
    ):
        with pytest.raises(refusal):
            await served.services.codes.request(caller, asked, PROFILE)
    assert await client.ok("DELETE", f"{path}?promotionId=promo20011") == {}
    text = await client.refused(404, "21140", "DELETE", f"{path}?promotionId=promo20011")
    assert text == "Claimable 10OffMyOrder does not exist for promotion promo20011."
    await client.refused(404, "00000000", "GET", path)
    await client.refused(404, "00000000", "PUT", path, {"maxUses": 1})
    assert (await client.ok("GET", CLAIMABLES))["items"] == []


async def test_a_batch_gets_its_codes_from_a_job(served: Served, client: Client) -> None:
    made = await sent(client, "coupon-batches", numberOfCoupons="50")
    path = f"{BATCHES}/{made['repositoryId']}"
    batch = {
        "maxUses": "1",
        "promotions": [{"repositoryId": "PromoFor10PercentOff"}],
        "prefix": "SpecialEvent",
        "numberClaimed": "0",
        "numberOfCoupons": "50",
        "repositoryId": made["repositoryId"],
        "id": made["repositoryId"],
        "startDate": "2016-03-23T15:56:00.000Z",
    }
    assert await client.ok("GET", path) == batch
    caller, campaign = await owner(served), CampaignRef("name", made["repositoryId"])

    async def filled(count: int) -> None:
        while sum((await served.services.codes.levels(caller, campaign)).values()) < count:
            await asyncio.sleep(0.02)

    await filled(50)
    body = {"maxUses": "1", "promotions": BOTH, "prefix": "SpecialEvent", "numberOfCoupons": 60}
    changed = await client.ok("PUT", path, body)
    del batch["prefix"]
    assert changed == batch | {"promotions": BOTH, "numberOfCoupons": "60"}
    await filled(60)
    query = f"{BATCHES}?promotionId=promo20009"
    assert [item["id"] for item in (await client.ok("GET", query))["items"]] == [batch["id"]]
    given = await served.services.codes.request(caller, campaign, PROFILE)
    assert given.code.code.startswith("SpecialEvent")
    claimable = await client.ok("GET", f"{CLAIMABLES}/{given.code.code.lower()}?useMaxUses=true")
    assert (claimable["id"], claimable["prefix"]) == (given.code.code, "SpecialEvent")
    assert (await client.ok("GET", path))["numberClaimed"] == "1"
    text = await client.refused(400, "21157", "DELETE", f"{path}?promotionId=promo20011")
    assert text.endswith(f"CouponBatch {batch['id']} has 1 coupons claimed.")
    await client.refused(400, "21160", "PUT", path, {"numberOfCoupons": 59})
    # Campaigns that were made elsewhere are batches too.
    assert "BG4" in await client.names(BATCHES)


async def test_a_batch_that_nobody_has_a_code_of_is_ended(client: Client) -> None:
    body = {"id": "spring", "prefix": "SP", "numberOfCoupons": 1, "maxUses": 1, "promotions": BOTH}
    assert (await client.ok("POST", BATCHES, body))["repositoryId"] == "spring"
    path = f"{BATCHES}/spring"
    await client.refused(404, "21140", "DELETE", f"{path}?promotionId=SamplePromotion")
    assert await client.ok("DELETE", f"{path}?promotionId=promo20009") == {}
    await client.refused(404, "00000000", "GET", path)
    # The prefix is free again; the id stays what it was.
    await client.refused(400, "21131", "POST", BATCHES, body)
    assert await client.ok("POST", BATCHES, body | {"id": "summer"})


async def test_what_can_not_be_a_coupon_is_refused(client: Client) -> None:
    await sent(client, "claimables")
    good: dict[str, Any] = {"id": "x1", "promotionId": "promo1001"}
    for code, changes in (
        ("21131", {"id": "10offmyorder"}),
        ("21131", {"id": "CCZN413KW8RK"}),
        ("21130", {"promotionId": "none"}),
        ("21122", {"promotionId": " "}),
        ("21122", {"promotionId": None}),
        ("21122", {"promotionId": None, "promotions": []}),
        ("21160", {"promotions": BOTH}),
        ("21133", {"useMaxUses": True}),
        ("21160", {"maxUses": "many"}),
        ("21160", {"maxUses": 0}),
        ("21160", {"maxUses": 2**31}),
        ("21160", {"startDate": "2016-03-23"}),
        ("21121", {"id": "a/b"}),
        ("21121", {"id": "a\\b"}),
        ("21134", {"id": "x" * 101}),
        ("21160", {"id": "x" * 65}),
        ("21160", {"id": "a b"}),
        ("21150", {"id": " "}),
        ("21162", {"id": None}),
        ("10002", {"id": 5}),
        ("10002", {"promotions": "promo1001"}),
    ):
        await client.refused(400, code, "POST", CLAIMABLES, good | changes)
    good = {"prefix": "AB", "numberOfCoupons": "5", "maxUses": "1", "promotionId": "promo1001"}
    for code, changes in (
        ("21152", {"prefix": "SC"}),
        ("21153", {"prefix": "a-b"}),
        ("21163", {"prefix": "x" * 41}),
        ("21150", {"prefix": ""}),
        ("21162", {"prefix": None}),
        ("21162", {"numberOfCoupons": None}),
        ("21164", {"numberOfCoupons": "0"}),
        ("21164", {"numberOfCoupons": 1_006_633}),
        ("21160", {"numberOfCoupons": "5.5"}),
        ("21133", {"maxUses": None}),
        ("21132", {"color": "red"}),
        ("21130", {"promotionId": "none"}),
        ("21122", {"promotionId": ""}),
        ("21134", {"id": "x" * 101}),
        ("21131", {"id": "BG4"}),
    ):
        await client.refused(400, code, "POST", BATCHES, good | changes)
    await client.refused(400, "21161", "POST", BATCHES, {})
    await client.refused(400, "21152", "PUT", f"{BATCHES}/BG4", {"prefix": "CC"})
    await client.refused(400, "21132", "PUT", f"{BATCHES}/BG4", {"id": "other"})
    await client.refused(400, "21122", "DELETE", f"{BATCHES}/BG4")
    await client.refused(400, "21122", "DELETE", f"{CLAIMABLES}/10OffMyOrder")
    await client.refused(400, "10002", "GET", f"{CLAIMABLES}?useMaxUses=perhaps")
    assert await client.names(CLAIMABLES) == ["10OffMyOrder"]
