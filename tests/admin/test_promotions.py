"""Promotions and channels: the pages that lists and forms are tested by in general."""

import re

from playwright.async_api import Page, expect

from tests.admin.conftest import Site
from tests.admin.looking import check

NASTY = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


async def test_a_promotion_is_made_changed_and_deleted(page: Page, site: Site) -> None:
    await page.goto("promotions")
    await page.get_by_role("link", name="New promotion").click()
    await page.get_by_role("button", name="Make").click()
    await expect(page.get_by_text("This is needed.")).to_be_visible()
    await check(page)
    await page.get_by_label("Title").fill(NASTY)
    await page.get_by_label("Key").fill("nasty")
    await page.get_by_label("Starts").fill("2026-07-01T12:00")
    await page.get_by_role("button", name="Make").click()
    await expect(page.get_by_role("status")).to_contain_text(NASTY)
    await check(page)
    made = await site.served.services.promotions.by_key(site.people["owner"].caller, "nasty")
    assert made.title == NASTY
    assert made.starts_at is not None
    # Berlin is two hours ahead in July.
    assert made.starts_at.isoformat() == "2026-07-01T10:00:00+00:00"
    await page.get_by_role("link", name="Delete").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Delete the promotion")
    await check(page)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.get_by_role("link", name="Delete").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page).to_have_url(re.compile(r"/promotions$"))
    await expect(page.get_by_role("status")).to_contain_text("was deleted")


async def test_the_second_of_two_who_change_one_thing_is_told(site: Site) -> None:
    owner = site.people["owner"].caller
    made = await site.served.services.promotions.create(owner, {"title": "Two at once"})
    async with site.visitor() as client:
        path = f"promotions/{made.id.hex}/edit"
        seen = re.findall(r'name="seen" value="(\w+)"', (await client.get(path)).text)[0]
        first = await client.post(path, data={"title": "First", "key": made.key, "seen": seen})
        second = await client.post(path, data={"title": "Second", "key": made.key, "seen": seen})
        assert first.status_code == 303
        assert second.status_code == 422
        assert "Somebody else has changed this promotion" in second.text
        assert 'value="Second"' in second.text
        # Told, it may write over it.
        seen = re.findall(r'name="seen" value="(\w+)"', second.text)[0]
        third = await client.post(path, data={"title": "Second", "key": made.key, "seen": seen})
        assert third.status_code == 303


async def test_a_list_is_searched_narrowed_sorted_and_paged(page: Page, site: Site) -> None:
    owner = site.people["owner"].caller
    for number in range(60):
        new = {
            "title": f"Paged {number:02}",
            "key": f"paged-{number:02}",
            "enabled": number % 2 == 0,
        }
        await site.served.services.promotions.create(owner, new)
    await page.goto("promotions")
    await page.get_by_label("Search").fill("paged")
    await page.get_by_label("Search").press("Enter")
    await expect(page).to_have_url(re.compile(r"\?q=paged"))
    await expect(page.get_by_text("In all: 60")).to_be_visible()
    await page.get_by_role("link", name="Key").click()
    await expect(page.locator("tbody tr").first).to_contain_text("Paged 00")
    await page.get_by_role("link", name="Next").click()
    await expect(page.locator("tbody tr").first).to_contain_text("Paged 50")
    await expect(page.locator("tbody tr")).to_have_count(10)
    await page.get_by_role("link", name="Back").click()
    await expect(page.locator("tbody tr").first).to_contain_text("Paged 00")
    await page.get_by_label("Enabled").select_option("yes")
    await expect(page.get_by_text("In all: 30")).to_be_visible()
    async with site.visitor() as client:
        sheet = await client.get("promotions?q=paged&enabled=no&sort=key&format=csv")
    lines = sheet.text.splitlines()
    assert lines[0].startswith("title,key,channel_id")
    assert [line.split(",")[1] for line in lines[1:]] == [f"paged-{n:02}" for n in range(1, 60, 2)]


async def test_many_are_changed_at_once_and_the_question_names_how_many(
    page: Page, site: Site
) -> None:
    owner = site.people["owner"].caller
    for number in range(3):
        new = {"title": f"Bulk {number}", "key": f"bulk-{number}"}
        await site.served.services.promotions.create(owner, new)
    await page.goto("promotions?q=bulk-")
    await expect(page.get_by_role("button", name="Delete")).to_be_disabled()
    await page.get_by_label("Choose all on this page").check()
    await page.get_by_label("Choose Bulk Generation 4").uncheck()
    await page.get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Delete 3 promotions?")
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("status")).to_contain_text("Deleted: 3.")


async def test_a_sheet_holds_no_formula(site: Site) -> None:
    owner = site.people["owner"].caller
    await site.served.services.promotions.create(owner, {"title": "=1+1", "key": "formula"})
    async with site.visitor() as client:
        sheet = await client.get("promotions?q=formula&format=csv")
    assert sheet.text.splitlines()[1].startswith("'=1+1,")
