"""The audit log: narrowing it, reading one line, and what is kept from whom."""

import re

import pytest
from playwright.async_api import Page, expect

from largesse.admin import subjects
from largesse.admin.routes import ADMIN
from largesse.core.events import looking
from largesse.core.events.store import record
from tests.admin.conftest import Site
from tests.admin.looking import check

NASTY = "<script>alert(1)</script>"


async def test_what_was_changed_is_found_and_read(page: Page, site: Site) -> None:
    owner, services = site.people["owner"].caller, site.served.services
    made = await services.promotions.create(owner, {"title": "Before", "key": "told"})
    await services.promotions.change(owner, made.id, {"title": NASTY, "enabled": False})
    await page.goto("log")
    await page.get_by_label("About").select_option("promotion")
    await page.get_by_label("What", exact=True).select_option("promotion.changed")
    await page.get_by_label("By whom").select_option(label="MPAdministrator")
    await expect(page).to_have_url(re.compile("who=[0-9a-f]{32}"))
    await check(page)
    await page.locator("tbody tr").first.get_by_role("link").first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Promotion: changed")
    row = page.locator("tr", has_text="title")
    await expect(row.locator("del")).to_have_text("Before")
    await expect(row.locator("ins")).to_have_text(NASTY)
    await check(page)
    await page.get_by_role("link", name="Everything about it").click()
    await expect(page.locator("tbody tr")).to_have_count(2)
    await page.locator("tbody tr").first.get_by_role("link", name=re.compile("promotion …")).click()
    await expect(page).to_have_url(re.compile(f"/promotions/{made.id.hex}/edit"))


async def test_a_request_is_found_by_its_id(site: Site) -> None:
    async with site.visitor() as client:
        answer = await client.post("promotions/new", data={"title": "By a request", "key": "by"})
        asked = answer.headers["x-request-id"]
        found = await client.get("log", params={"q": asked})
        assert found.text.count("Promotion: created") >= 2  # the choice, and the line
        assert "In all: 1" in found.text
        assert "Nothing fits" in (await client.get("log", params={"q": "no-such"})).text
        # What makes no sense is left out, or fits nothing.
        for query in ("who=x", "kind=x", "about=x", "since=x&until=9999-12-31", "after=x"):
            assert (await client.get(f"log?{query}")).status_code == 200, query
        sheet = await client.get("log?about=promotion&format=csv")
        assert sheet.text.splitlines()[0] == "created_at,what,subject,actor"


async def test_a_viewer_sees_nothing_of_users(site: Site) -> None:
    owner, services = site.people["owner"].caller, site.served.services
    (line, *_) = (await services.events.page(owner, subject_kind="user")).items
    async with site.visitor() as client:
        assert "User: created" in (await client.get("log")).text
        assert (await client.get(f"log/{line.id.hex}")).status_code == 200
    async with site.visitor("viewer") as client:
        shown = (await client.get("log?size=250")).text
        assert "User: " not in shown
        assert "marketer-1" not in shown
        assert (await client.get(f"log/{line.id.hex}")).status_code == 404
        assert "Nothing fits" in (await client.get("log", params={"q": line.subject_id})).text


async def test_who_looks_for_what_is_rare_goes_on_from_window_to_window(
    page: Page, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, services = site.people["owner"].caller, site.served.services
    async with services.database.write() as tx:
        record(tx, owner, "pool.low", ("campaign", "rare"))
    for number in range(8):
        await services.channels.create(owner, {"id": f"c{number}", "name": f"Channel {number}"})
    monkeypatch.setattr(looking, "WINDOW", 5)
    await page.goto(f"log?who={owner.user_id.hex if owner.user_id else ''}&kind=pool.low")
    await page.get_by_role("link", name="Look further").click()
    await expect(page.get_by_text("campaign rare")).to_be_visible()


async def test_every_page_of_a_subject_is_there() -> None:
    paths = {route.path for route in ADMIN.routes if route.method == "GET"}
    assert set(subjects.PATHS.values()) <= paths
