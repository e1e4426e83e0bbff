"""Schedules: made, run by hand, paused, and what is wrong with one told beside its field."""

import re

from playwright.async_api import Page, expect

from tests.admin.conftest import Site
from tests.admin.looking import check

NASTY = "<script>alert(1)</script>"


async def test_a_schedule_is_made_run_changed_and_deleted(page: Page, site: Site) -> None:
    services, owner = site.served.services, site.people["owner"].caller
    (campaign, *_) = (await services.campaigns.page(owner)).items
    await page.goto("schedules")
    await check(page)
    await page.get_by_role("link", name="New schedule").first.click()
    await expect(page.get_by_label("By the clocks of")).to_have_value("Europe/Berlin")
    await page.get_by_label("Name").fill(NASTY)
    await page.get_by_label("Make codes for the campaign").select_option(campaign.name)
    await page.get_by_label("Codes each time").fill("0")
    await page.get_by_label("When").fill("every night")
    await page.get_by_role("button", name="Make").click()
    await expect(page.get_by_text("must be minute, hour")).to_be_visible()
    await page.get_by_label("When").fill("30 2 * * *")
    await page.get_by_role("button", name="Make").click()
    await expect(page.get_by_text("must be from 1 to 1,000,000,000")).to_be_visible()
    await check(page)
    await page.get_by_label("Codes each time").fill("1,000")
    await page.get_by_role("button", name="Make").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(NASTY)
    await expect(page.get_by_text("2:30")).to_have_count(3)
    await check(page)
    await page.get_by_role("link", name="Start now").click()
    await page.get_by_role("dialog").get_by_role("button").click()
    await expect(page).to_have_url(re.compile("/jobs/[0-9a-f]{32}"))
    await page.go_back()
    await page.reload()
    await expect(page.get_by_role("link", name="Look at the job")).to_have_count(1)
    await page.get_by_role("link", name="Change").click()
    await page.get_by_label("Starts by itself").uncheck()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("paused", exact=True)).to_be_visible()
    await page.get_by_role("link", name="Delete").click()
    await expect(page.get_by_role("dialog")).to_contain_text(NASTY)
    await page.get_by_role("dialog").get_by_role("button").click()
    await expect(page.get_by_role("status")).to_contain_text("was deleted")


async def test_a_schedule_that_a_client_made_is_shown_and_changed(site: Site) -> None:
    """It names its campaign as clients may, and its campaign may have ended since."""
    services, owner = site.served.services, site.people["owner"].caller
    campaign = await services.campaigns.create(owner, {"name": "Named", "state": "posted"})
    parameters = {"campaign": "Named", "count": 5}
    new = {"name": "By name", "cron": "0 3 * * *", "kind": "generate_codes"}
    made = await services.schedules.create(owner, new | {"parameters": parameters})
    path = f"schedules/{made.id.hex}"
    async with site.visitor() as client:
        assert "Named" in (await client.get(path)).text
        form = (await client.get(f"{path}/edit")).text
        assert '<option value="Named" selected>' in form
        seen = re.findall(r'name="seen" value="(\w+)"', form)[0]
        typed = {"name": "Still", "cron": new["cron"], "zone": "UTC", "seen": seen}
        asked = {"parameters.campaign": "Named", "parameters.count": "7"}
        assert (await client.post(f"{path}/edit", data=typed | asked)).status_code == 303
        assert (await services.schedules.get(owner, made.id)).parameters["count"] == 7
        await services.campaigns.change(owner, campaign.id, {"state": "ended"})
        refused = await client.post(f"{path}/run")
        assert (refused.status_code, refused.headers["location"][-38:]) == (303, path[-38:])
        assert "ended" in refused.headers["set-cookie"]
        chosen = {"id": made.id.hex, "action": "enable", "confirmed": "yes"}
        await client.post("schedules/actions", data=chosen)
        assert (await services.schedules.get(owner, made.id)).enabled
        bad = typed | asked | {"parameters.campaign": "no such", "parameters.count": "x"}
        wrong = await client.post(f"{path}/edit", data=bad | {"zone": "Nowhere"})
        assert wrong.status_code == 422
        assert wrong.text.count("Choose from the list.") == 2
        assert "Type a number." in wrong.text
    async with site.visitor("viewer") as client:
        assert (await client.get("schedules/new")).status_code == 403
        assert "Start now" not in (await client.get(path)).text
