"""The pages by keyboard alone: menus, dialogs, tables; and what the policy lets nobody do."""

import re

from playwright.async_api import Browser, Page, expect

from tests.admin.conftest import Site
from tests.admin.looking import NARROW

FOCUSED = "document.activeElement.textContent.trim()"
IN_DIALOG = "document.activeElement.closest('dialog') !== null"


async def test_the_content_is_one_key_away(page: Page) -> None:
    await page.goto("promotions")
    await page.keyboard.press("Tab")
    assert await page.evaluate(FOCUSED) == "Skip to the content"
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert await page.evaluate(FOCUSED) == "New promotion"


async def test_menus_open_and_close(page: Page, site: Site) -> None:
    await page.goto("promotions")
    await page.get_by_text(site.served.demo.username).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    assert await page.evaluate(FOCUSED) == site.served.demo.username
    await page.set_viewport_size({"width": NARROW["width"], "height": NARROW["height"]})
    await page.locator("summary", has_text="Menu").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert await page.evaluate(FOCUSED) == "Dashboard"
    for _ in range(3):
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/promotions$"))


async def test_a_dialog_keeps_the_focus_and_gives_it_back(page: Page) -> None:
    await page.goto("promotions")
    await page.get_by_role("link", name="Promotion 1001").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="Delete").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    for _ in range(6):
        await page.keyboard.press("Tab")
        # Behind the last one is the browser's own bar, where the page's focus is nowhere.
        focused = await page.evaluate("document.activeElement.tagName")
        assert focused == "BODY" or await page.evaluate(IN_DIALOG)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    assert await page.evaluate(FOCUSED) == "Delete"


async def test_rows_are_chosen_and_acted_on(page: Page, site: Site) -> None:
    owner = site.people["owner"].caller
    for key in ("by-hand-1", "by-hand-2"):
        await site.served.services.promotions.create(owner, {"title": key, "key": key})
    await page.goto("promotions?q=by-hand-")
    await page.get_by_label("Choose all on this page").focus()
    await page.keyboard.press("Space")
    await page.get_by_role("button", name="Disable").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_contain_text("Disable 2 promotions?")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Disabled: 2.")
    # A table that is wider than the window is moved by keys as well.
    region = page.get_by_role("region", name="Promotions")
    await region.focus()
    await expect(region).to_be_focused()


async def test_the_policy_lets_nothing_run_that_is_not_ours(browser: Browser, site: Site) -> None:
    page = await browser.new_page()
    await page.goto(f"{site.url}/sign-in")
    refused = await page.evaluate(
        """
        async () => {
            const seen = [];
            document.addEventListener("securitypolicyviolation", (event) => seen.push(event.effectiveDirective));
            const add = (name, more) => document.body.append(Object.assign(document.createElement(name), more));
            add("script", {textContent: "window.ran = true"});
            add("script", {src: "https://elsewhere.example/x.js"});
            add("style", {textContent: "body { display: none }"});
            add("img", {src: "https://elsewhere.example/x.png"});
            add("iframe", {src: "https://elsewhere.example/"});
            const button = document.createElement("button");
            button.setAttribute("onclick", "window.ran = true");
            button.click();
            await fetch("https://elsewhere.example/").catch(() => null);
            await new Promise((done) => setTimeout(done, 200));
            return [[...new Set(seen)].sort(), window.ran === undefined];
        }
        """
    )
    await page.close()
    assert refused == [
        [
            *("connect-src", "frame-src", "img-src", "script-src-attr", "script-src-elem"),
            "style-src-elem",
        ],
        True,
    ]
