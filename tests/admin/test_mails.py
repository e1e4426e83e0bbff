"""Mail: one that fails is seen, retried and read; pauses; and what a mail may do in its frame."""

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from largesse.core.mail.model import Mail
from largesse.core.search.browse import Browse
from tests.admin.conftest import Site
from tests.admin.looking import check

NASTY = "<script>document.title = 'taken'</script><b>Ada</b>"


async def send(site: Site, address: str, title: str = "Ten off") -> Mail:
    """Queue a mail that brings a code."""
    owner = site.people["owner"].caller
    values = {"promotion_code": "A1B2", "title": title, "description": NASTY, "expires": None}
    return await site.served.services.templates.send(owner, "code", email=address, values=values)


async def wait_until(site: Site, mail: Mail, state: str) -> None:
    owner = site.people["owner"].caller
    for _ in range(200):
        if (await site.served.services.mails.get(owner, mail.id)).state == state:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"the mail is not {state}")


async def test_a_mail_that_failed_is_seen_and_retried(page: Page, site: Site) -> None:
    site.served.sink.answer = "550 5.1.1 no such <b>mailbox</b>"
    mail = await send(site, "Ada@failed.example", title=f"For {NASTY}")
    await wait_until(site, mail, "failed")
    site.served.sink.answer = "250 OK kept"
    await page.goto("mails")
    await page.get_by_role("link", name="550 5.1.1").click()
    await expect(page).to_have_url(re.compile("state=failed&reason=550"))
    await page.get_by_label("Search").fill("ada@FAILED")
    await page.get_by_label("Search").press("Enter")
    await page.get_by_role("link", name="Ada@failed.example").click()
    await expect(page.get_by_role("cell", name="no such <b>mailbox</b>")).to_be_visible()
    frame = page.frame_locator("iframe")
    await expect(frame.get_by_text("A1B2")).to_be_visible()
    await expect(page.locator("pre")).to_contain_text(NASTY)
    await page.get_by_role("link", name="Retry").click()
    await page.get_by_role("dialog").get_by_role("button", name="Retry").click()
    await expect(page.get_by_role("status")).to_contain_text("It is queued again.")
    await wait_until(site, mail, "sent")
    await page.reload()
    await expect(page.get_by_role("cell", name="250 OK kept")).to_be_visible()
    (kept,) = [one for one in site.served.sink.messages if one["To"] == "Ada@failed.example"]
    assert kept["Message-ID"] == mail.message_id
    await page.get_by_role("link", name="Send again").click()
    await page.get_by_role("dialog").get_by_role("button", name="Send again").click()
    await expect(page.get_by_role("status")).to_contain_text("queued once more")


async def test_what_waits_is_paused_cancelled_and_goes_on(page: Page, site: Site) -> None:
    await page.goto("mails")
    await page.get_by_role("link", name="Pause").click()
    await page.get_by_label("What is not to be sent").select_option("everything to a domain")
    await page.get_by_label("Domain").fill("not a domain")
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_text("is no domain")).to_be_visible()
    await page.get_by_label("Domain").fill("Slow.example")
    await page.get_by_role("button", name="Pause").click()
    told = page.get_by_text("Nothing is sent to slow.example: it is paused.")
    await expect(told).to_contain_text("by MPAdministrator")
    await check(page)
    held = [await send(site, f"{name}@slow.example") for name in ("ada", "bob")]
    await page.goto("mails?state=queued&domain=slow.example")
    await expect(page.get_by_text("In all: 2")).to_be_visible()
    await page.get_by_label("Choose ada@slow.example").check()
    await page.get_by_role("button", name="Cancel").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("status")).to_contain_text("Cancelled: 1.")
    await page.get_by_role("button", name="Resume").click()
    await expect(page.get_by_role("status")).to_contain_text("It goes on.")
    await wait_until(site, held[1], "sent")
    await expect(page.get_by_text("it is paused")).to_have_count(0)


@pytest.mark.parametrize("what", ["retry", "cancel"])
async def test_all_that_fit_are_retried_or_cancelled(site: Site, what: str) -> None:
    owner, services = site.people["owner"].caller, site.served.services
    if what == "retry":
        site.served.sink.answer = "550 5.7.1 not today"
    else:
        await services.mail_queue.pause(owner, "domain", "all.example")
    mails = [await send(site, f"{what}{n}@all.example") for n in range(3)]
    other = await send(site, f"{what}@other.example")
    state = "queued" if what == "cancel" else "failed"
    for mail in mails:
        await wait_until(site, mail, state)
    await wait_until(site, other, "failed" if what == "retry" else "sent")
    site.served.sink.answer = "250 OK kept"
    async with site.visitor() as client:
        shown = await client.get(f"mails?state={state}&domain=all.example")
        link = re.findall(rf'href="/admin/(mails/{what}\?[^"]+)"', shown.text)[0]
        narrowed = await client.get(f"mails?state={state}&domain=all.example&q={what}")
        assert f"mails/{what}?" not in narrowed.text
        asked = await client.get(link.replace("&amp;", "&"))
        assert "all mails that fit: 3?" in asked.text
        hidden = dict(re.findall(r'name="(state|domain)" value="([^"]+)"', asked.text))
        done = await client.post(f"mails/{what}", data=hidden)
        assert done.status_code == 303
    for mail in mails:
        await wait_until(site, mail, "sent" if what == "retry" else "cancelled")
    if what == "retry":
        assert (await services.mails.get(owner, other.id)).state == "failed"
    await services.mail_queue.resume(owner, "domain", "all.example")


async def test_what_can_not_be_done_is_told(site: Site) -> None:
    mail = await send(site, "told@sent.example")
    await wait_until(site, mail, "sent")
    async with site.visitor() as client:
        for deed in ("retry", "cancel"):
            answer = await client.post(f"mails/{mail.id.hex}/{deed}")
            assert answer.headers["location"].endswith(mail.id.hex)
            assert "sent" in answer.headers["set-cookie"]
        body = await client.get(f"mails/{mail.id.hex}/body")
        assert "&lt;script&gt;" in body.text
        assert (await client.post("mails/pause", data={"what": "moon"})).status_code == 422
        answer = await client.post("mails/resume", data={"kind": "moon"})
        assert "must" in answer.headers["set-cookie"]
        assert (await client.get("mails/nothing")).status_code == 404
        sheet = await client.get("mails?domain=sent.example&format=csv")
        assert sheet.text.splitlines()[1].startswith("told@sent.example,Ten off,sent,")
    async with site.visitor("viewer") as client:
        shown = await client.get(f"mails/{mail.id.hex}")
        assert "resend" not in shown.text
        assert (await client.get(f"mails/{mail.id.hex}/resend")).status_code == 403
    found = await site.served.services.mails.browse(
        site.people["owner"].caller, Browse(text="told@sent.example")
    )
    assert len(found.items) == 1
