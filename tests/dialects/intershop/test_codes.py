"""channels, promotions and codes over HTTP: what comes before the mail of SEED 000."""

import re
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from largesse.core.codes.service import CampaignRef
from tests.dialects.intershop.client import (
    CHANNEL,
    CODES,
    PASSWORD,
    PROMOTION,
    add_user,
    assert_answered,
    assert_refused,
    basic,
    code_state,
    demo_caller,
    logged_in,
    other_organization,
    play,
)
from tests.golden import assert_same_bytes, assert_same_json, load
from tests.serving import POOL, Served

PROMOTIONS = f"/channels/{CHANNEL}/promotions"
LINK = {
    "type": "Link",
    "description": "Contact Center 10 EUR order discount coupon.",
    "title": "10 EUR Order discount ",
    "uri": f"ContactCenter/-/channels/{CHANNEL}/promotions/{PROMOTION}",
}
UNKNOWN_CHANNEL = "channel.channel_not_found.error"
UNKNOWN_PROMOTION = "promotion.promotion_not_found.error"
NO_CAMPAIGN = "promotion.codegroup_missing.error"


@pytest.fixture
def served_with() -> dict[str, Any]:
    """Serve without a worker: nothing is done behind an answer."""
    return {"worker": False}


class TestCreateACode:
    async def test_the_answer_in_json_is_the_printed_body(self, served: Served) -> None:
        answer = await play(served, "create-code-request", headers=await logged_in(served))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert_same_json(answer.content, load("intershop", "mails-json-request"), ("code",))
        assert list(answer.json()) == ["type", "code", "promotion", "promotionID", "channelID"]
        assert await code_state(served, answer.json()["code"]) == "issued"

    async def test_the_answer_in_xml_is_the_printed_body(self, served: Served) -> None:
        headers = await logged_in(served) | {"Accept": "text/xml"}
        answer = await served.client.post(CODES, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"
        masks = (r"<code>(CC[0-9A-Z]{10})</code>",)
        assert_same_bytes(answer.content, load("intershop", "mails-xml-request"), masks)

    async def test_the_links_begin_with_the_site_and_application_called(
        self, served: Served
    ) -> None:
        prefix = "/INTERSHOP/rest/WFS/PrimeTech-PrimeTechSpecials-Site/b2c-web-shop;loc=en_US"
        answer = await served.client.post(prefix + CODES, headers=await logged_in(served))
        uri = answer.json()["promotion"]["uri"]
        assert uri.startswith("PrimeTech-PrimeTechSpecials-Site/b2c-web-shop/channels/")

    @pytest.mark.parametrize("kind", ["application/json", "text/xml", None])
    async def test_the_body_is_empty(self, served: Served, kind: str | None) -> None:
        headers = await logged_in(served) | ({} if kind is None else {"Content-Type": kind})
        for body in (b"", b"{}", b" {} "):
            answer = await served.client.post(CODES, content=body, headers=headers)
            self.assert_given(answer, kind)

    def assert_given(self, answer: httpx.Response, kind: str | None) -> None:
        assert answer.status_code == 200
        # With no wish told, the form of the body is the form of the answer.
        form = "<code>CC[A-Z0-9]{10}</code>" if kind == "text/xml" else '"code":"CC[A-Z0-9]{10}"'
        assert re.search(form, answer.text)

    async def test_a_body_that_is_none_costs_no_code(self, served: Served) -> None:
        headers = await logged_in(served) | {"Content-Type": "application/json"}
        for body in (b"{", b"[]", b'{"code": 5}', b"x"):
            assert_refused(await served.client.post(CODES, content=body, headers=headers), 400)
        campaign = CampaignRef("name", "Contact Center 10 EUR")
        levels = await served.services.codes.levels(await demo_caller(served), campaign)
        assert levels == {"available": POOL + 2}

    async def test_a_promotion_without_a_campaign(self, served: Served) -> None:
        caller = await demo_caller(served)
        await served.services.promotions.create(
            caller, {"key": "bare", "channel_id": CHANNEL, "title": "Bare"}
        )
        path = CODES.replace(PROMOTION, "bare")
        answer = await served.client.post(path, headers=await logged_in(served))
        assert_answered(answer, load("intershop", "create-code-409-codegroup-missing"))

    async def test_the_pool_runs_dry(self, served: Served) -> None:
        headers, given = await logged_in(served), set()
        for _ in range(POOL + 2):
            answer = await served.client.post(CODES, headers=headers)
            given.add(answer.json()["code"])
        assert len(given) == POOL + 2
        assert {"CC2M8Y5VY4MW", "CCZN413KW8RK"} <= given
        answer = await served.client.post(CODES, headers=headers)
        assert_answered(answer, load("intershop", "create-code-409-codes-exhausted"))

    async def test_an_unknown_channel_or_promotion(self, served: Served) -> None:
        headers = await logged_in(served)
        for path, key in (
            (f"/channels/nowhere/promotions/{PROMOTION}/codes", UNKNOWN_CHANNEL),
            (f"/channels/{CHANNEL}/promotions/nothing/codes", UNKNOWN_PROMOTION),
            (f"/channels/{CHANNEL}/promotions/promo1001/codes", UNKNOWN_PROMOTION),
            (f"/channels/{CHANNEL}/promotions/%00/codes", None),
        ):
            assert_refused(await served.client.post(path, headers=headers), 404, key)

    async def test_another_organizations_promotion(self, served: Served) -> None:
        # Both organizations have a promotion of this name, the other one without a campaign.
        other = await other_organization(served)
        answer = await served.client.post(CODES, headers=other.headers)
        assert_refused(answer, 409, NO_CAMPAIGN)

    async def test_who_may_not_issue_codes(self, served: Served) -> None:
        await add_user(served, await demo_caller(served), "viewer", role="viewer")
        headers = {"Authorization": basic("viewer", PASSWORD)}
        assert_refused(await served.client.post(CODES, headers=headers), 403)


class TestWhatIsOffered:
    async def test_promotions_of_a_channel(self, served: Served) -> None:
        answer = await served.client.get(PROMOTIONS, headers=await logged_in(served))
        assert answer.status_code == 200
        first, second = answer.json()["elements"]
        attributes = [{"name": "id", "type": "String", "value": PROMOTION}]
        assert first == LINK | {"attributes": attributes}
        assert second["attributes"][0]["value"] == "CC_20EUR_OrderDiscount"

    async def test_one_promotion(self, served: Served) -> None:
        answer = await play(served, "promotion-request", headers=await logged_in(served))
        assert_answered(answer, load("intershop", "promotion-200"))

    async def test_one_promotion_in_xml(self, served: Served) -> None:
        headers = await logged_in(served) | {"Accept": "application/json;q=0.5, text/xml"}
        answer = await served.client.get(f"{PROMOTIONS}/{PROMOTION}", headers=headers)
        assert answer.text.splitlines()[:4] == [
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>',
            '<Promotion name="10 EUR Order discount " type="Promotion">',
            "  <description>Contact Center 10 EUR order discount coupon.</description>",
            f"  <id>{PROMOTION}</id>",
        ]

    async def test_characters_that_xml_has_no_place_for(self, served: Served) -> None:
        title = '<Half> & "more" \x01\ufffe \U0001f381'
        await served.services.promotions.create(
            await demo_caller(served),
            {"key": "odd", "channel_id": CHANNEL, "title": title, "description": title},
        )
        headers = await logged_in(served) | {"Accept": "text/xml"}
        answer = await served.client.get(f"{PROMOTIONS}/odd", headers=headers)
        root = ElementTree.fromstring(answer.content)
        carried = title.replace("\x01", "\ufffd").replace("\ufffe", "\ufffd")
        assert (root.get("name"), root.findtext("description")) == (carried, carried)

    async def test_a_list_in_xml(self, served: Served) -> None:
        headers = await logged_in(served) | {"Accept": "text/xml"}
        answer = await served.client.get(PROMOTIONS, headers=headers)
        lines = answer.text.splitlines()
        assert lines[1:11] == [
            "<ResourceCollection>",
            "  <elements>",
            '    <Link type="Link">',
            "      <attributes>",
            '        <Attribute name="id" type="String">',
            f"          <value>{PROMOTION}</value>",
            "        </Attribute>",
            "      </attributes>",
            "      <description>Contact Center 10 EUR order discount coupon.</description>",
            "      <title>10 EUR Order discount </title>",
        ]
        assert lines[-2:] == ["  </elements>", "</ResourceCollection>"]

    async def test_channels(self, served: Served) -> None:
        headers = await logged_in(served)
        business, link = (await served.client.get("/channels", headers=headers)).json()["elements"]
        # DOC 25K759 prints the first of them whole.
        assert business == {
            "type": "Link",
            "description": "PrimeTech's channel to sell directly to business customers.",
            "title": "PrimeTech Business",
            "uri": "ContactCenter/-/channels/PrimeTech-PrimeTechBusiness",
            "attributes": [
                {"name": "id", "type": "String", "value": "PrimeTech-PrimeTechBusiness"}
            ],
        }
        assert link["title"] == "PrimeTech Specials"
        answer = await served.client.get(f"/channels/{CHANNEL}", headers=headers)
        assert answer.json()["type"] == "Channel"
        (related,) = answer.json()["links"]["elements"]
        assert related["uri"] == f"ContactCenter/-{PROMOTIONS}"

    async def test_another_organization_sees_its_own(self, served: Served) -> None:
        other = await other_organization(served)
        answer = await served.client.get(PROMOTIONS, headers=other.headers)
        assert [link["title"] for link in answer.json()["elements"]] == ["Other promotion"]

    async def test_what_does_not_exist(self, served: Served) -> None:
        headers = await logged_in(served)
        for path, key in (
            ("/channels/nowhere", UNKNOWN_CHANNEL),
            ("/channels/nowhere/promotions", UNKNOWN_CHANNEL),
            (f"/channels/nowhere/promotions/{PROMOTION}", UNKNOWN_CHANNEL),
            (f"{PROMOTIONS}/nothing", UNKNOWN_PROMOTION),
            (f"{PROMOTIONS}/promo1001", UNKNOWN_PROMOTION),
            ("/channels/", None),
            (f"{PROMOTIONS}/{PROMOTION}/nothing", None),
        ):
            assert_refused(await served.client.get(path, headers=headers), 404, key)

    async def test_a_key_with_a_slash_and_a_semicolon(self, served: Served) -> None:
        caller, key = await demo_caller(served), "50% off; 1/2 price + more"
        await served.services.promotions.create(
            caller, {"key": key, "channel_id": CHANNEL, "title": "Half"}
        )
        headers = await logged_in(served)
        links = (await served.client.get(PROMOTIONS, headers=headers)).json()["elements"]
        (uri,) = (link["uri"] for link in links if link["title"] == "Half")
        answer = await served.client.get(f"/INTERSHOP/rest/WFS/{uri}", headers=headers)
        assert answer.json()["id"] == key


async def test_what_is_not_offered_says_why(served: Served) -> None:
    for path in ("applications", "applications/rest"):
        text = assert_refused(await served.client.get(f"/channels/{CHANNEL}/{path}"), 501)
        assert text.startswith("Not Implemented (Nothing")
