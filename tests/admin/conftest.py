"""A served instance with the demo data, and a real browser that looks at its pages.

Both are made once for all tests of a file, and live on one event loop: a browser takes seconds to
start. A test that changes what others look for makes a record of its own.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.admin.people import Person, make_people
from tests.browser import chromium
from tests.databases import Databases
from tests.serving import Served, serve


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of this folder on one loop: what they share lives there."""
    for item in items:
        if "tests/admin/" in item.path.as_posix():
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@dataclass(frozen=True)
class Site:
    """A served instance, and who may sign in to its pages."""

    served: Served
    people: dict[str, Person]

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"{self.served.url}/admin"

    def visitor(self, name: str | None = "owner") -> httpx.AsyncClient:
        """Return a client that is signed in as somebody, or as nobody; it follows no redirect."""
        client = httpx.AsyncClient(base_url=f"{self.url}/", timeout=30)
        if name is not None:
            client.cookies.set("largesse_session", self.people[name].session)
            client.headers["x-csrf-token"] = self.people[name].form_token
        return client


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(databases: Databases) -> AsyncIterator[Site]:
    """The demo organization's pages, and people of every role."""
    url = await databases.take("sqlite", None, demo=True)
    async with serve(url) as served:
        yield Site(served, await make_people(served))
    await databases.give_back(url, None, demo=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, without a window."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox"]
        )
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, site: Site) -> AsyncIterator[Page]:
    """A page of the browser, with the owner signed in; whatever goes wrong in it fails the test."""
    async with _opened(browser, site) as (opened, wrong):
        yield opened
    assert not wrong


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def walker(browser: Browser, site: Site) -> AsyncIterator[Page]:
    """The same for all tests of a file: they look, and change nothing."""
    async with _opened(browser, site) as (opened, wrong):
        yield opened
    assert not wrong


@asynccontextmanager
async def _opened(browser: Browser, site: Site) -> AsyncIterator[tuple[Page, list[str]]]:
    context = await browser.new_context(
        base_url=f"{site.url}/", timezone_id="Europe/Berlin", locale="en-US"
    )
    context.set_default_timeout(10_000)
    person = site.people["owner"]
    await context.add_cookies(
        [{"name": "largesse_session", "value": person.session, "url": site.url}]
    )
    opened = await context.new_page()
    wrong: list[str] = []

    def heard(text: str) -> None:
        # A refusal has a status of its own, which the console calls an error; so it calls it that
        # a mail's script was not run in its frame.
        if "status of 4" not in text and "Blocked script execution" not in text:
            wrong.append(f"{opened.url}: {text}")

    opened.on("pageerror", lambda error: heard(str(error)))
    opened.on("console", lambda said: heard(said.text) if said.type == "error" else None)
    yield opened, wrong
    await context.close()
