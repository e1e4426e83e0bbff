"""Codes: found by what a caller reads out, followed, mailed again, extended and cancelled."""

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from largesse.core.codes import browsing
from largesse.core.codes.model import CampaignRef, Code
from tests.admin.conftest import Site
from tests.admin.looking import check
from tests.dialects.crmcom import client as crmcom

OTHER = "other-campaign"


async def some(site: Site, name: str, *texts: str) -> list[Code]:
    """Return codes of a new campaign."""
    services, owner = site.served.services, site.people["owner"].caller
    made = await services.campaigns.create(owner, {"name": name, "state": "posted"})
    await services.codes.add(owner, CampaignRef("id", made.id.hex), list(texts))
    return [await services.codes.named(owner, text) for text in texts]


async def test_what_a_caller_reads_out_is_found_and_mailed_again(page: Page, site: Site) -> None:
    answer = await crmcom.request(site.served)
    assert answer.status_code == 200, answer.text
    text = answer.json()["data"]["code"]
    await page.goto("codes")
    await page.get_by_label("Find a code").fill(f" {text[:5].lower()} {text[5:].upper()}")
    await page.get_by_label("Find a code").press("Enter")
    await expect(page).to_have_url(re.compile(r"/codes/[0-9a-f]{32}$"))
    await expect(page.locator("h1 code")).to_have_text(text)
    await expect(page.locator("h1 .state")).to_have_text("issued")
    await expect(page.get_by_text("Given out MPAdministrator")).to_be_visible()
    await expect(page.get_by_role("link", name="Cyrillus Mayer")).to_be_visible()
    for count in (1, 2):
        await page.get_by_role("link", name="Send by mail").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("cyrillus.mayer@example.com")
        await dialog.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("status")).to_contain_text("is on its way")
        await expect(page.locator("tbody tr")).to_have_count(count)
    async with asyncio.timeout(5):
        while len(site.served.sink.messages) < 2:
            await asyncio.sleep(0.05)
    await page.reload()
    await expect(page.locator("tbody .state.sent")).to_have_count(2)
    assert all(text in str(message) for message in site.served.sink.messages)
    first, second = site.served.sink.messages
    assert first["Message-ID"] != second["Message-ID"]
    await expect(page.get_by_text("Mailed again")).to_be_visible()
    await check(page)
    await page.get_by_role("link", name="Give another code").click()
    await page.get_by_role("dialog").get_by_role("button", name="Give another code").click()
    await expect(page.get_by_role("status")).to_contain_text("was given out")
    await expect(page.locator("h1 code")).not_to_have_text(text)


async def test_codes_are_extended_and_cancelled_together(page: Page, site: Site) -> None:
    await some(site, "Together", "TGT-1", "TGT-2", "TGT-3")
    await page.goto("codes?q=tgt")
    await page.get_by_label("Choose all on this page").check()
    await page.get_by_label("Choose TGT-3").uncheck()
    await page.get_by_role("button", name="Extend").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("these 2 codes")
    await dialog.get_by_label("Can be used until").fill("2020-01-01T12:00")
    await dialog.get_by_role("button", name="Extend").click()
    await expect(page.get_by_text("must lie ahead")).to_be_visible()
    await page.get_by_label("Can be used until").fill("2099-07-01T12:00")
    await page.get_by_role("button", name="Extend").click()
    await expect(page.get_by_role("status")).to_contain_text("Extended: 2.")
    await page.get_by_label("Choose TGT-1").check()
    await page.get_by_label("Choose TGT-3").check()
    await page.get_by_role("button", name="Cancel").click()
    await expect(dialog).to_contain_text("Cancel 2 codes?")
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("status")).to_contain_text("Cancelled: 2.")
    services, owner = site.served.services, site.people["owner"].caller
    one, two, three = [await services.codes.named(owner, f"TGT-{n}") for n in (1, 2, 3)]
    assert [code.state for code in (one, two, three)] == ["cancelled", "available", "cancelled"]
    # Berlin is two hours ahead in July.
    assert two.expires_at is not None
    assert two.expires_at.isoformat() == "2099-07-01T10:00:00+00:00"
    assert three.expires_at is None
    await page.get_by_label("State").select_option("cancelled")
    await expect(page.locator("tbody tr")).to_have_count(2)


async def test_a_code_is_given_to_a_customer(site: Site) -> None:
    code, other = await some(site, "Given", "GIVE-1", "GIVE-2")
    path = f"codes/{code.id.hex}"
    async with site.visitor("support") as client:
        for wrong in ("", "nobody", "<b>", "x" * 201):
            answer = await client.post(f"{path}/give", data={"customer": wrong})
            assert answer.status_code == 422
            assert 'id="customer-error"' in answer.text
        given = await client.post(f"{path}/give", data={"customer": "PC1000", "mailed": "on"})
        assert given.status_code == 303, given.text
        shown = (await client.get(path)).text
        assert "patricia@test.intershop.de" in shown
        assert "Cancel the code" not in shown
        again = await client.post(f"{path}/give", data={"customer": "10005"})
        assert again.status_code == 422
        # A campaign without a promotion has nothing to tell in a mail.
        assert "Its mails" in shown
        nobodys = await client.post(f"codes/{other.id.hex}/mail")
        assert nobodys.status_code == 303
        assert (await client.post(f"codes/{other.id.hex}/cancel")).status_code == 403
        assert (await client.post(f"codes/{other.id.hex}/extend")).status_code == 403
        chosen = {"id": other.id.hex, "action": "extend"}
        assert (await client.post("codes/actions", data=chosen)).status_code == 403
    state = await site.served.services.codes.get(site.people["owner"].caller, other.id)
    assert state.state == "available"


async def test_one_code_is_extended_and_cancelled(site: Site) -> None:
    (code,) = await some(site, "Single", "SINGLE-1")
    path = f"codes/{code.id.hex}"
    async with site.visitor() as client:
        for wrong in ("2020-01-01T00:00", "soon", "9999-99-99T00:00"):
            answer = await client.post(f"{path}/extend", data={"expires_at": wrong})
            assert answer.status_code == 422, wrong
        answer = await client.post(f"{path}/extend", data={"expires_at": "2099-01-01T00:00"})
        assert answer.status_code == 303
        assert (await client.post(f"{path}/cancel")).status_code == 303
        refused = await client.post(f"{path}/cancel")
        assert refused.status_code == 303
        shown = (await client.get(path)).text
        assert "while the code is cancelled" in shown
        assert "Extended" in shown
        assert "Cancelled" in shown


async def test_a_search_that_is_left_off_says_so(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await some(site, "Left off", "LFT-OFF-1")
    monkeypatch.setattr(browsing, "AT_ONCE", 1)
    async with site.visitor() as client:
        first = await client.get("codes?q=ff-2")
        assert "looked through so far" in first.text
        further = re.findall(r'href="/admin/(codes\?q=ff-2&amp;after=\w+)"', first.text)
        assert further
        assert (await client.get(further[0].replace("&amp;", "&"))).status_code == 200
        for odd in ("%", "'", "\0", "😀", "x" * 999, "<script>", "-"):
            answer = await client.get("codes", params={"q": odd})
            assert answer.status_code in (200, 400), odd
            assert "<script>alert" not in answer.text


async def test_no_text_of_a_code_is_in_the_log(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = await some(site, "Silent", "SILENT-CODE-1")
    async with site.visitor() as client:
        assert (await client.get("codes?q=SILENT-CODE-1")).status_code == 303
        await client.get(f"codes/{code.id.hex}")
        await client.post(f"codes/{code.id.hex}/cancel")
    said = capsys.readouterr()
    assert "/admin/codes" in said.out
    assert "silent-code" not in (said.out + said.err).lower()
