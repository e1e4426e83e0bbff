"""Campaigns: made in steps, their pools filled by jobs, and their life cycle."""

import re
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect

from largesse.core.campaigns.model import Campaign
from largesse.core.codes.model import CampaignRef
from largesse.core.coupons.model import NewCoupon
from tests.admin.conftest import Site
from tests.admin.looking import check

NASTY = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"

TYPED = {
    "name": "Typed",
    "type": "discount",
    "distribution": "upon_request",
    "code_source": "pool",
    "code_length": "10",
    "code_alphabet": "unambiguous",
    "code_check": "none",
    "when_empty": "refuse",
}
"""What a form of a new campaign has, but for what may be left empty."""


async def campaign(site: Site, name: str, **values: Any) -> Campaign:
    """Return a new campaign of the demo organization."""
    owner = site.people["owner"].caller
    return await site.served.services.campaigns.create(owner, {"name": name} | values)


async def post(site: Site, path: str, person: str = "owner", **typed: str) -> httpx.Response:
    async with site.visitor(person) as client:
        return await client.post(path, data=typed)


async def test_a_campaign_is_made_posted_and_its_pool_filled(page: Page, site: Site) -> None:
    await page.goto("campaigns")
    await page.get_by_role("link", name="New campaign").click()
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_text("This is needed.")).to_be_visible()
    await page.get_by_label("Name").fill(NASTY)
    await page.get_by_label("Alternative code").fill("STEPS")
    await page.get_by_label("Alternative code").press("Enter")
    await expect(page.get_by_role("heading", name="Examples")).to_be_visible()
    await page.get_by_label("Prefix").fill("AD-")
    await expect(page.locator("#sketch code").first).to_have_text(re.compile("^AD-.{10}$"))
    await page.get_by_label("Random characters").fill("99")
    await expect(page.locator("#sketch [role=alert]")).to_contain_text("from 1 to 64")
    await check(page)
    await page.get_by_label("Random characters").fill("9")
    await page.get_by_label("Check characters", exact=True).select_option("keyed")
    await expect(page.locator("#sketch")).to_contain_text("1 in 923,521")
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_label("Raise an alarm below").fill("500")
    await page.get_by_label("Codes for one receiver").fill("none")
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_text("Type a number.")).to_be_visible()
    await page.get_by_label("Codes for one receiver").fill("2")
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_text("Secret, against guesses")).to_be_visible()
    await check(page)
    await page.get_by_role("button", name="Change: What").click()
    await expect(page.get_by_label("Name")).to_have_value(NASTY)
    for _ in range(3):
        await page.get_by_role("button", name="Go on").click()
    await page.get_by_role("button", name="Make the campaign").click()
    await expect(page.get_by_role("status")).to_contain_text(f"{NASTY} was made")
    await page.get_by_role("link", name="Post").click()
    await page.get_by_role("dialog").get_by_role("button", name="Post").click()
    await expect(page.locator("h1 .state")).to_have_text("posted")
    await page.get_by_role("link", name="Make codes").click()
    await page.get_by_label("How many").fill("10,000")
    await page.get_by_role("button", name="Make codes").click()
    await expect(page.get_by_role("progressbar")).to_be_visible()
    await expect(page.get_by_text("10,000 of 10,000")).to_be_visible()
    await page.get_by_role("link", name=NASTY).click()
    await expect(page.get_by_text("left of 10,000")).to_be_visible()
    made = await site.served.services.campaigns.named(
        site.people["owner"].caller, "alternative_code", "STEPS"
    )
    assert (made.code_prefix, made.code_length, made.code_check_length) == ("AD-", 9, 4)
    assert (made.state, made.alarm_level, made.codes_per_receiver) == ("posted", 500, 2)


async def test_codes_are_imported_and_each_line_that_is_not_taken_is_told(
    page: Page, site: Site
) -> None:
    made = await campaign(site, "Imported")
    await page.goto(f"campaigns/{made.id.hex}/import")
    await page.get_by_role("button", name="Import codes").click()
    await expect(page.get_by_text("Paste codes, or choose a file.")).to_be_visible()
    sheet = b"\xef\xbb\xbfcode\r\nIMP-1\r\nIMP 2\r\nimp-1\r\nIMP-3\r\n"
    file = {"name": "codes.csv", "mimeType": "text/csv", "buffer": sheet}
    await page.get_by_label("Or a CSV file").set_input_files(file)  # type: ignore[arg-type]
    await check(page)
    await page.get_by_role("button", name="Import codes").click()
    await expect(page.get_by_text("5 of 5")).to_be_visible()
    row = page.locator("tbody tr").filter(has_text="IMP 2")
    await expect(row).to_contain_text("is no code")
    await expect(row.locator("td").first).to_have_text("3")
    await expect(page.locator("tbody tr").filter(has_text="imp-1")).to_contain_text("line 2")
    ref = CampaignRef("id", made.id.hex)
    owner = site.people["owner"].caller
    assert await site.served.services.codes.levels(owner, ref) == {"available": 2}


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf", "is empty"),
        (b"code\n", "has no codes"),
        ("code\nÄ".encode("utf-16"), "must be CSV in UTF-8"),
        (b"name,value\nA,1", "needs a first line that names its columns"),
        (b"code;expires_at\nA;", "needs a first line that names its columns"),
        (b"code,colour\nA,red", "has a column"),
        (b'"code\nA', "line 1 can not be read"),
    ],
)
async def test_a_sheet_that_is_none_is_told_beside_its_field(
    site: Site, sheet: bytes, said: str
) -> None:
    (first, *_) = (await site.served.services.campaigns.page(site.people["owner"].caller)).items
    async with site.visitor() as client:
        answer = await client.post(
            f"campaigns/{first.id.hex}/import",
            data={"pasted": ""},
            files={"file": ("codes.csv", sheet, "text/csv")},
        )
        pasted = await client.post(f"campaigns/{first.id.hex}/import", data={"pasted": " \n "})
    assert answer.status_code == 422
    beside = re.search(r'id="file-error">([^<]*)', answer.text)
    assert beside is not None
    assert said in beside[1]
    assert pasted.status_code == 422
    assert 'id="pasted-error"' in pasted.text


async def test_pasted_codes_and_a_file_are_not_both_taken(site: Site) -> None:
    made = await campaign(site, "Both")
    async with site.visitor() as client:
        path = f"campaigns/{made.id.hex}/import"
        files = {"file": ("codes.csv", b"A1" + b"x" * 3_000_000, "text/csv")}
        both = await client.post(path, data={"pasted": "B1"}, files=files)
        long = await client.post(path, data={"pasted": ""}, files=files)
        pasted = await client.post(path, data={"pasted": "PASTED-1\r\nPASTED-2"})
    assert both.status_code == 422
    assert "not both" in both.text
    # A line of three megabytes is one that is not taken, and no more.
    assert (long.status_code, pasted.status_code) == (303, 303)


async def test_steps_refuse_what_the_core_refuses(site: Site) -> None:
    async def said(**typed: str) -> str:
        answer = await post(site, "campaigns/new", **(TYPED | {"to": "3"} | typed))
        assert answer.status_code == 422, answer.text
        return answer.text

    assert "has nothing random" in await said(code_pattern="FIXED")
    assert "is not used with a pattern" in await said(code_pattern="####", code_prefix="A")
    assert "two characters or more" in await said(code_alphabet="own", own_alphabet="A")
    assert "can not stand in a code" in await said(code_prefix="A B")
    assert "Choose from the list." in await said(code_alphabet="klingon")
    assert "takes from 1 to 16" in await said(code_check="keyed", code_check_length="17")
    text = await said(to="5", codes_per_day="0")
    assert 'id="codes_per_day-error"' in text
    text = await said(to="5", code_source="on_request", code_length="3", codes_in_all="100")
    assert "Summary" in text
    assert "would do" in text
    await campaign(site, "Taken")
    assert "exists already" in await said(to="5", name="Taken")


async def test_a_campaign_is_made_with_all_that_was_typed(site: Site) -> None:
    typed = TYPED | {
        "name": "All of it",
        "code_alphabet": "own",
        "own_alphabet": "XYZ0123456789",
        "code_suffix": "-Z",
        "codes_in_all": "1,000",
        "codes_expire_at": "2099-01-31T12:00",
        "to": "5",
        "state": "posted",
    }
    answer = await post(site, "campaigns/new", **typed)
    assert answer.status_code == 303, answer.text
    owner = site.people["owner"].caller
    made = await site.served.services.campaigns.named(owner, "name", "All of it")
    assert (made.state, made.code_alphabet, made.code_suffix) == ("posted", "XYZ0123456789", "-Z")
    assert (made.codes_in_all, made.promotion_id) == (1000, None)


async def test_what_is_not_changed_is_left_as_it_is(site: Site) -> None:
    made = await campaign(
        site, "Changed", code_alphabet="ABC123", code_length=12, description="one\ntwo"
    )
    path = f"campaigns/{made.id.hex}/edit"
    async with site.visitor() as client:
        shown = (await client.get(path)).text
        seen = re.findall(r'name="seen" value="(\w+)"', shown)[0]
        assert "ABC123" in shown
        typed = TYPED | {"name": "Changed", "code_length": "12", "code_alphabet": "own"}
        typed |= {"own_alphabet": "ABC123", "description": "one\r\ntwo", "seen": seen}
        answer = await client.post(path, data=typed | {"codes_per_receiver": "3"})
        assert answer.status_code == 303, answer.text
        stale = await client.post(path, data=typed | {"name": "Other"})
        assert stale.status_code == 422
        assert "Somebody else has changed" in stale.text
    owner = site.people["owner"].caller
    log = await site.served.services.events.page(owner, subject_id=str(made.id))
    assert log.items[-1].after == {"codes_per_receiver": 3}


async def test_a_campaign_lives_and_is_deleted(site: Site) -> None:
    made = await campaign(site, "Lives")
    path = f"campaigns/{made.id.hex}"
    services, owner = site.served.services, site.people["owner"].caller
    for step, state in (("post", "posted"), ("pause", "draft"), ("end", "ended")):
        assert (await post(site, f"{path}/{step}")).status_code == 303
        assert (await services.campaigns.get(owner, made.id)).state == state
    async with site.visitor() as client:
        ended = (await client.get(path)).text
        assert "Import codes" not in ended
        refused = await client.post(f"{path}/generate", data={"count": "5"})
        assert refused.status_code == 422
        assert "while the campaign is ended" in refused.text
        for count in ("", "0", "-1", "1.5", "x", "9" * 30):
            answer = await client.post(f"{path}/generate", data={"count": count})
            assert answer.status_code == 422, count
    assert (await post(site, f"{path}/delete")).headers["location"] == "/admin/campaigns"


async def test_a_coupon_is_a_campaign_without_a_pool(site: Site) -> None:
    owner = site.people["owner"].caller
    (promotion, *_) = (await site.served.services.promotions.page(owner)).items
    coupon = await site.served.services.coupons.create(
        owner, NewCoupon("EVERYBODY", (promotion.key,), uses=5)
    )
    path = f"campaigns/{coupon.campaign.id.hex}"
    async with site.visitor() as client:
        shown = (await client.get(path)).text
        assert "EVERYBODY" in shown
        assert "Import codes" not in shown
        form = (await client.get(f"{path}/edit")).text
        assert 'name="code_prefix"' not in form
        typed = TYPED | {
            "name": "Everybody's",
            "promotion_id": promotion.id.hex,
            "uses_per_code": "6",
            "seen": re.findall(r'name="seen" value="(\w+)"', form)[0],
        }
        answer = await client.post(f"{path}/edit", data=typed)
        assert answer.status_code == 303, answer.text
    changed = await site.served.services.coupons.get(owner, "everybody")
    assert (changed.campaign.uses_per_code, changed.promotion_keys) == (6, (promotion.key,))


async def test_a_list_and_a_pool_are_sheets_too(site: Site) -> None:
    made = await campaign(site, "Sheets")
    owner = site.people["owner"].caller
    await site.served.services.codes.add(owner, CampaignRef("id", made.id.hex), ["=SUM(1)", "B"])
    async with site.visitor() as client:
        whole = await client.get(f"campaigns/{made.id.hex}/codes.csv")
        some = await client.get(f"campaigns/{made.id.hex}?format=csv&q=b")
        listed = await client.get("campaigns?q=sheets&format=csv")
    assert whole.text.splitlines()[0].startswith("id,campaign_id,code,state")
    assert "'=SUM(1)" in whole.text
    assert len(whole.text.splitlines()) == 3
    assert some.text.splitlines()[1].startswith("B,available,")
    assert listed.text.splitlines()[1].startswith("Sheets,")
