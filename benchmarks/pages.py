"""How long the admin pages take to make, where there are very many codes and customers.

Each page is looked at as a person does: its first page, one far behind it, a search for what the
first row is called, and the first choice of its first filter. They are told beside the page to
sign in, which asks no database: the ceiling.
"""

import asyncio
import re
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
from playwright.async_api import async_playwright

from benchmarks.big import BASE, Big
from benchmarks.databases import Place, open_place
from benchmarks.pool import Pool, open_pool, receiver_id
from largesse.admin.routes import ADMIN
from largesse.core.customers.model import CustomerKind, customers
from tests.faults.server import SERVE, server

CAMPAIGN = "PAGES"
"""The campaign with the codes."""

DEEP = 20
"""Pages behind the first one: they follow a record, so none is further than another."""

REQUESTS = 15
"""Of which the median is told, in each round; each page is asked for once before."""

CHUNK = 5000
"""Customers in one transaction."""

ALLOWED = 150_000
"""Bytes that a page and all it loads may have (compressed)."""

SIGN_IN = "/admin/sign-in"

PAINTS = "performance.getEntriesByType('paint').map((one) => [one.name, one.startTime])"


@dataclass(frozen=True)
class Timed:
    """One page in one round."""

    page: str
    what: str
    path: str
    ms: float
    ceiling_ms: float


async def measure(place: Place, codes: int, people: int, rounds: int) -> list[Timed]:
    """Fill a database, and return how long each page takes in each round."""
    pool = await open_pool(place.url, {CAMPAIGN: {}})
    try:
        await _fill(place, pool, people)
        async with aclosing(Big(place, pool, CAMPAIGN, codes).states()) as states:
            async for state in states:
                # On PostgreSQL vacuum has then been there, as it has on a quiet day.
                if state == (f"{BASE}, vacuumed" if place.kind == "postgres" else BASE):
                    break
        async with _served(place, pool.token) as client:
            places = [one async for one in _places(client)]
            return [one for _ in range(rounds) for one in await _round(client, places)]
    finally:
        await pool.services.close()


async def weights(directory: Path | None) -> list[dict[str, Any]]:
    """Return what each page weighs with all it loads, and when a browser first paints it."""
    with open_place("sqlite", directory) as place:
        pool = await open_pool(place.url, {})
        try:
            async with _served(place, pool.token) as client:
                paths = [SIGN_IN, *_lists()]
                sizes = [await _bytes(client, path) for path in paths]
                paints = await _paints(str(client.base_url), pool.token, paths)
        finally:
            await pool.services.close()
    return [
        {
            "page": path.removeprefix("/admin"),
            "bytes": size,
            "part": round(size / ALLOWED, 3),
            "first_paint_ms": paint,
        }
        for path, size, paint in zip(paths, sizes, paints, strict=True)
    ]


def summary(found: Sequence[Timed]) -> list[dict[str, Any]]:
    """Return the medians of the rounds; ratios are made inside each round first."""
    of_each: dict[tuple[str, str], list[Timed]] = {}
    for one in found:
        of_each.setdefault((one.page, one.what), []).append(one)
    return [
        {
            "page": page,
            "what": what,
            "ms": round(median(one.ms for one in rounds), 2),
            "slowest": round(max(one.ms for one in rounds), 2),
            "ratio": round(median(one.ms / one.ceiling_ms for one in rounds), 2),
        }
        for (page, what), rounds in of_each.items()
    ]


# --- inside ------------------------------------------------------------------------------------


async def _fill(place: Place, pool: Pool, count: int) -> None:
    """Put customers beside those that the load has."""
    services, now = pool.services, datetime.now(UTC)
    own = {"organization_id": pool.caller.organization_id, "created_at": now, "updated_at": now}
    own |= {"kind": CustomerKind.PERSON, "active": True, "attributes": {}}
    for start in range(0, count, CHUNK):
        rows = []
        for number in range(start, min(start + CHUNK, count)):
            customer_id, name = receiver_id(10**9 + number), f"Anna Nr. {number}"
            email = f"anna{number}@example.com"
            keys = {"name_key": name.lower(), "last_name_key": f"nr. {number}", "email_key": email}
            rows.append(
                own
                | keys
                | {"id": customer_id, "number": 10**9 + number, "name": name, "email": email}
                | {"first_name": "Anna", "last_name": f"Nr. {number}"}
                | {"reference": customer_id.hex.upper()}
            )
        async with services.database.write() as tx:
            await tx.execute(customers.insert(), rows)


@asynccontextmanager
async def _served(place: Place, session: str) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the pages to somebody who is signed in."""
    async with (
        server(place.url, command=("-m", "largesse", *SERVE)) as process,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{process.port}",
            cookies={"largesse_session": session},
            headers={"Accept-Encoding": "gzip"},
            # Who searches for a whole code is led to it.
            follow_redirects=True,
            timeout=600,
        ) as client,
    ):
        yield client


def _lists() -> list[str]:
    """Return the paths of the pages that the menu and other pages lead to."""
    paths = [
        f"/admin{route.path}"
        for route in ADMIN.routes
        if route.method == "GET" and route.public is None and "{" not in route.path
    ]
    return [path for path in paths if not path.endswith(("/new", "/progress"))]


async def _places(client: httpx.AsyncClient) -> AsyncIterator[tuple[str, str, str]]:
    """Yield what of each page is looked at: its name, what of it, and where that is."""
    for path in _lists():
        answer = await client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} was not served: {answer.status_code}")
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        yield path, "first page", path
        deep = await _deep(client, answer.text)
        if deep is not None:
            yield path, f"page {DEEP + 1}", deep
        for what, query in _narrowed(answer.text):
            yield path, what, f"{path}?{query}"


async def _deep(client: httpx.AsyncClient, page: str) -> str | None:
    where = None
    for _ in range(DEEP):
        found = re.search(r'rel="next" href="([^"]+)"', page)
        if found is None:
            return None
        where = unescape(found[1])
        page = (await client.get(where)).raise_for_status().text
    return where


def _narrowed(page: str) -> Iterator[tuple[str, str]]:
    """Yield a search for what the first row is called, and the first choice of the first filter."""
    body = page.partition("<tbody>")[2]
    cell = re.search(r"<td class=\"(?!tick)[^\"]*\">(.*?)</td>", body, re.DOTALL)
    if cell is not None and "data-narrowing" in page and 'id="q"' in page:
        text = unescape(re.sub(r"<[^>]+>", "", cell[1])).strip()
        yield "search", f"q={quote(text)}"
    for name, options in re.findall(
        r'<select id="filter-\w+" name="(\w+)">(.*?)</select>', page, re.DOTALL
    ):
        values = re.findall(r'<option value="([^"]+)"', options)
        if values:
            yield f"filter {name}", urlencode({name: unescape(values[0])})


async def _round(client: httpx.AsyncClient, places: Sequence[tuple[str, str, str]]) -> list[Timed]:
    found = []
    for page, what, path in places:
        ms, ceiling_ms = await _ms(client, path)
        found.append(Timed(page.removeprefix("/admin"), what, path, ms, ceiling_ms))
    return found


async def _ms(client: httpx.AsyncClient, path: str) -> tuple[float, float]:
    """Return the medians of a page and of the ceiling, in turns: a slow second hits both."""
    times: dict[str, list[float]] = {path: [], SIGN_IN: []}
    for _ in range(REQUESTS + 1):
        for one, mine in times.items():
            started = time.perf_counter()
            (await client.get(one)).raise_for_status()
            mine.append((time.perf_counter() - started) * 1e3)
    # The first time statements are prepared.
    return median(times[path][1:]), median(times[SIGN_IN][1:])


async def _bytes(client: httpx.AsyncClient, path: str) -> int:
    """Return how many bytes come over the wire for a page, with all it loads."""
    answer = await client.get(path)
    found = re.findall(r'(?:src|href)="([^"]*/static/[^"]+)"', answer.text)
    total = 0
    for one in (path, *dict.fromkeys(unescape(each) for each in found)):
        async with client.stream("GET", one) as raw:
            raw.raise_for_status()
            total += sum([len(block) async for block in raw.aiter_raw()])
            total += len(b"\r\n".join(b": ".join(pair) for pair in raw.headers.raw))
    return total


async def _paints(url: str, session: str, paths: Sequence[str]) -> list[float | None]:
    """Return when each page is first painted, by a browser that has nothing of it yet."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if found is None:
        return [None] * len(paths)
    origin = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}/"
    paints: list[float | None] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for path in paths:
            context = await browser.new_context(base_url=url)
            cookie: Any = {"name": "largesse_session", "value": session, "url": origin}
            await context.add_cookies([cookie])
            page = await context.new_page()
            await page.goto(path)
            await asyncio.sleep(0.2)
            entries = dict(await page.evaluate(PAINTS))
            paints.append(round(entries.get("first-contentful-paint", 0.0), 1) or None)
            await context.close()
        await browser.close()
    return paints
