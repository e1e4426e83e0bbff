"""The newsletter's subscribers, the evidence of each, and addresses that get no mail."""

import re

from playwright.async_api import Page, expect

from tests.admin.conftest import Site
from tests.admin.looking import check

NASTY = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


async def test_somebody_is_subscribed_and_unsubscribed_with_reasons(page: Page, site: Site) -> None:
    await page.goto("newsletter")
    await page.get_by_role("link", name="Subscribe somebody").click()
    await page.get_by_label("E-mail address").fill("-")
    await page.get_by_label("Name").fill(NASTY)
    await page.get_by_role("button", name="Make").click()
    await expect(page.get_by_text("This is needed.")).to_be_visible()
    await expect(page.get_by_text("'-' can not be used")).to_be_visible()
    await page.get_by_label("E-mail address").fill("Ada@Example.com")
    await page.get_by_label("Reason").fill(f"telephone {NASTY}")
    await page.get_by_role("button", name="Make").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Ada@Example.com")
    await expect(page.get_by_text(f"telephone {NASTY}")).to_be_visible()
    await check(page)
    await page.goto("newsletter?q=ada@ex")
    await expect(page.locator("form.listed tbody tr")).to_have_count(1)
    await expect(page.locator("[data-plot] canvas")).to_be_visible()
    await page.get_by_role("link", name="Ada@Example.com").click()
    await page.get_by_role("link", name="Unsubscribe").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Unsubscribe Ada@Example.com?")
    await check(page)
    await dialog.get_by_label("Reason").fill("asked for it")
    await dialog.get_by_role("button", name="Unsubscribe").click()
    await expect(page.get_by_role("status")).to_have_text("Ada@Example.com is unsubscribed.")
    await page.get_by_role("link", name="Evidence of an address").click()
    await page.get_by_label("E-mail address").fill("ADA@example.com")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("tbody tr")).to_have_count(2)
    await expect(page.locator("tbody tr").last).to_contain_text("asked for it")
    await check(page)


async def test_many_are_unsubscribed_and_the_question_names_how_many(
    page: Page, site: Site
) -> None:
    owner, newsletter = site.people["owner"].caller, site.served.services.newsletter
    for number in range(3):
        await newsletter.subscribe(owner, f"many{number}@example.com", source="test")
    await page.goto("newsletter?q=many")
    await page.get_by_label("Choose all on this page").check()
    await page.get_by_label("Choose many1@example.com").uncheck()
    await page.get_by_role("button", name="Unsubscribe").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Unsubscribe 2 addresses?")
    await page.get_by_role("dialog").get_by_role("button", name="Unsubscribe").click()
    await expect(page.get_by_role("status")).to_have_text("Unsubscribed: 2.")
    async with site.visitor() as client:
        sheet = await client.get("newsletter?q=many&format=csv")
        assert [line.split(",")[0] for line in sheet.text.splitlines()] == [
            "recipient",
            "many1@example.com",
        ]
        waiting = await client.get("newsletter?active=waiting&q=many")
        assert "Nothing fits." in waiting.text
        again = await client.post(
            "newsletter/new", data={"recipient": "many1@example.com", "reason": "again"}
        )
        assert again.status_code == 422
        assert "already subscribed" in again.text


async def test_a_viewer_sees_subscribers_but_no_evidence(site: Site) -> None:
    owner, newsletter = site.people["owner"].caller, site.served.services.newsletter
    made = await newsletter.subscribe(owner, "seen@example.com", source="test", reason="secret why")
    path = f"newsletter/{made.id.hex}"
    async with site.visitor("viewer") as client:
        shown = await client.get(path)
        assert shown.status_code == 200
        assert "secret why" not in shown.text
        assert f"{path}/unsubscribe" not in shown.text
        for forbidden in (f"{path}/unsubscribe", "newsletter/new", "newsletter/evidence"):
            assert (await client.get(forbidden)).status_code == 403
    async with site.visitor("support") as client:
        assert "secret why" in (await client.get(path)).text
        empty = await client.post(f"{path}/unsubscribe", data={"reason": " "})
        assert empty.status_code == 422


async def test_an_address_is_suppressed_and_gets_mail_again(site: Site) -> None:
    async with site.visitor() as client:
        new = {"address": "Bounced@Example.com", "reason": "manual", "note": NASTY}
        wrong = await client.post("suppressions/new", data=new | {"address": "no address"})
        assert wrong.status_code == 422
        assert (await client.post("suppressions/new", data=new)).status_code == 303
        assert (await client.post("suppressions/new", data=new)).status_code == 422
        shown = await client.get("suppressions", params={"q": "bounced@example.com"})
        assert "&lt;script&gt;" in shown.text
        assert NASTY not in shown.text
        (found,) = re.findall(r'name="id" value="([\w-]+)"', shown.text)
        act = {"action": "take-back", "id": found}
        asked = await client.post("suppressions/actions", data=act)
        assert "Let one address have mail again?" in asked.text
        await client.post("suppressions/actions", data=act | {"confirmed": "yes"})
        gone = await client.get("suppressions", params={"q": "bounced@example.com"})
        assert "Nothing fits." in gone.text
