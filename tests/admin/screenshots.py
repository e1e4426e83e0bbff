"""`make screenshots`: a picture of every page, wide in the light and narrow in the dark.

A served instance with the demo data and some weeks of work in it; `python -m tests.admin.screenshots
FOLDER` writes a PNG for each page of the route table, named by its path.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Page, async_playwright

from largesse.admin.routes import ADMIN
from tests.admin.busy import make_busy
from tests.admin.looking import NARROW, WIDE, look
from tests.admin.people import Person, make_people
from tests.admin.places import place_of
from tests.browser import chromium
from tests.serving import Served, prepare, serve

QUESTION = "#dialog-title"
A_QUESTION = "/promotions/{id}/delete"
"""What is asked before something is done looks alike everywhere: this one stands for all."""

TALLEST = 2400
"""Pixels of a picture at most."""

APART = "-"
"""Parts the segments of a path in a file's name."""


async def main(folder: Path) -> None:
    """Write the pictures, and remove those of pages that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    with tempfile.TemporaryDirectory() as place:
        url = f"sqlite:///{place}/screenshots.db"
        await prepare(url, demo=True)
        async with serve(url) as served:
            people = await make_people(served)
            await make_busy(served, people["owner"].caller)
            await _take(served, people["owner"], folder)


async def _take(served: Served, person: Person, folder: Path) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox"]
        )
        context = await browser.new_context(timezone_id="Europe/Berlin", locale="en-US")
        base = f"{served.url}/admin"
        page = await context.new_page()
        await page.goto(f"{base}/sign-in")
        await _shoot(page, folder / "sign-in")
        await context.add_cookies(
            [{"name": "largesse_session", "value": person.session, "url": base}]
        )
        for route in ADMIN.routes:
            if route.method != "GET" or route.public is not None:
                continue
            path = await place_of(route.path, served.services, person.caller)
            assert path is not None, route.path
            answer = await context.request.head(base + path)
            if answer.headers["content-type"].startswith("text/html"):
                # A job's progress keeps a page loading as long as the job takes.
                await look(page, WIDE, "light")
                await page.goto(base + path, wait_until="domcontentloaded")
                await page.wait_for_timeout(300)
                if await page.locator(QUESTION).count() == 0 or route.path == A_QUESTION:
                    await _shoot(page, folder / _name(route.path))
        await browser.close()


async def _shoot(page: Page, file: Path) -> None:
    for size, scheme, end in ((WIDE, "light", ""), (NARROW, "dark", "-narrow")):
        await look(page, size, "dark" if scheme == "dark" else "light")
        # As high as the page: what stays in its place while one scrolls is drawn once.
        height = await page.evaluate("document.documentElement.scrollHeight")
        await page.set_viewport_size({"width": size["width"], "height": min(height, TALLEST)})
        await page.wait_for_timeout(100)
        await page.screenshot(path=f"{file}{end}.png")


def _name(path: str) -> str:
    parts = [part for part in path.split("/") if part]
    return APART.join(part.strip("{}") for part in parts) or "dashboard"


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
