"""The dashboard: its figures, what needs somebody, and the first steps of a new shop."""

import asyncio
from datetime import timedelta
from typing import Any

from playwright.async_api import Page, expect
from sqlalchemy import insert

from largesse.core import clock
from largesse.core.access.model import Caller
from largesse.core.campaigns.model import Campaign
from largesse.core.codes.model import CampaignRef
from largesse.core.customers.model import ByCustomer, Identifier
from largesse.core.figures.model import ALL, What, figures, slot_of
from largesse.core.ids import new_id
from largesse.core.jobs.model import JobState, jobs
from largesse.services import Services
from tests.admin.conftest import Site
from tests.admin.looking import check
from tests.storage.test_plans import Statements

NASTY = "<script>alert(1)</script>"
ADA = ByCustomer(Identifier.PROFILE_ID, "dashing")
DAY = timedelta(days=1)


async def campaign(services: Services, owner: Caller, name: str, **values: Any) -> Campaign:
    made = await services.campaigns.create(owner, {"name": name, "state": "posted"} | values)
    await services.codes.generate(owner, CampaignRef("id", made.id.hex), 10)
    return made


async def test_it_leads_to_what_needs_somebody(page: Page, site: Site) -> None:
    owner, services = site.people["owner"].caller, site.served.services
    await services.customers.create(owner, {"identifiers": {"profile_id": "dashing"}})
    low = await campaign(services, owner, NASTY, alarm_level=9)
    soon = clock.now() + timedelta(days=2)
    await campaign(services, owner, "Ends soon", codes_expire_at=soon)
    for _ in range(2):
        await services.codes.request(owner, CampaignRef("id", low.id.hex), ADA)
    await add_jobs(services, owner)
    await services.mail_queue.pause(owner, "domain", "slow.example")
    before = {"organization_id": owner.organization_id, "what": What.ISSUED, "part": ALL}
    async with services.database.write() as tx:
        for days, count in ((1, 7), (3, 40), (35, 25)):
            slot = {"slot": slot_of(clock.now() - days * DAY), "count": count}
            await tx.execute(insert(figures), [before | slot])
    async with site.visitor(None) as client:
        wrong = {"username": "MPAdministrator", "password": "wrong"}
        assert (await client.post("sign-in", data=wrong)).status_code == 401
    async with asyncio.timeout(10):
        while [one.forecast.available for one in await services.pools.low(owner, within=DAY)] != [
            8
        ]:
            await asyncio.sleep(0.05)
    await page.goto("")
    needs = page.locator(".needs")
    await expect(needs).to_contain_text(f"{NASTY} has few codes left: about 8")
    await expect(needs).to_contain_text("Ends soon ends on")
    await expect(needs).to_contain_text("2 jobs could not be done")
    await expect(needs).to_contain_text("by or to slow.example: it is paused")
    await expect(needs).to_contain_text("One login failed in the last day")
    await expect(page.locator(".figure").first).to_have_text("2")
    await expect(page.locator("canvas")).to_be_visible()
    await page.get_by_text("As a table").click()
    await expect(page.locator("figure tbody tr").last).to_contain_text("2")
    await check(page)
    await page.get_by_role("link", name="2 jobs could not be done").click()
    await expect(page.locator("tbody tr")).to_have_count(2)
    await page.goto("")
    await page.get_by_role("link", name="One login failed").click()
    await expect(page.locator("tbody tr")).to_have_count(1)
    await services.mail_queue.resume(owner, "domain", "slow.example")


async def add_jobs(services: Services, owner: Caller) -> None:
    row = {
        "organization_id": owner.organization_id,
        "kind": "grant_batch",
        "parameters": {},
        "total": 10,
        "done": 4,
        "counts": {},
        "attempts": 0,
        "created_at": clock.now(),
    }
    states = (JobState.FAILED, JobState.DEAD)
    rows = [row | {"id": new_id(), "state": state, "finished_at": clock.now()} for state in states]
    async with services.database.write() as tx:
        await tx.execute(insert(jobs), rows)


async def test_a_viewer_sees_no_failed_logins(site: Site) -> None:
    async with site.visitor("viewer") as client:
        shown = await client.get("")
    assert shown.status_code == 200
    assert "logins failed" not in shown.text
    assert "login failed" not in shown.text


async def test_a_new_shop_is_told_what_to_do_first(page: Page, site: Site) -> None:
    stranger, services = site.people["stranger"], site.served.services
    await page.context.add_cookies(
        [{"name": "largesse_session", "value": stranger.session, "url": site.url}]
    )
    await page.goto("")
    await expect(page.locator(".todo a")).to_have_count(4)
    await check(page)
    await services.promotions.create(stranger.caller, {"title": "First", "key": "first"})
    await page.reload()
    await expect(page.locator(".todo .done")).to_have_count(1)
    await page.get_by_role("link", name="Make an application key").click()
    assert "/settings" in page.url


async def test_it_asks_the_database_few_questions(site: Site) -> None:
    async with site.visitor() as client:
        await client.get("")
        with Statements(site.served.services.database.engine.reader()) as statements:
            assert (await client.get("")).status_code == 200
    assert len(statements.sent) < 60
