"""What holds for every page: who may see it, what it may load, and how it looks."""

import pytest
from playwright.async_api import Page

from largesse.admin.routes import ADMIN, POLICY
from largesse.wire.routes import Route
from tests.admin.conftest import Site
from tests.admin.looking import check
from tests.admin.places import place_of

PAGES = [route for route in ADMIN.routes if route.method == "GET" and route.public is None]
CHANGES = [route for route in ADMIN.routes if route.method != "GET" and route.public is None]


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


async def where(site: Site, route: Route) -> str:
    place = await place_of(route.path, site.served.services, site.people["owner"].caller)
    assert place is not None, f"tests/admin/places.py does not say where {route.path} is"
    return place.lstrip("/")


@pytest.mark.parametrize("route", PAGES, ids=name_of)
async def test_nobody_sees_a_page_without_signing_in(site: Site, route: Route) -> None:
    async with site.visitor(None) as client:
        answer = await client.get(await where(site, route))
        client.cookies.set("largesse_session", "x.y.z")
        forged = await client.get(await where(site, route))
    for one in (answer, forged):
        assert one.status_code == 303
        assert one.headers["location"].startswith("/admin/sign-in")


@pytest.mark.parametrize("route", PAGES, ids=name_of)
async def test_the_owner_sees_every_page_under_the_policy(site: Site, route: Route) -> None:
    async with site.visitor() as client:
        answer = await client.get(await where(site, route))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "content-security-policy" in answer.headers
    if answer.headers["content-type"].startswith("text/html"):
        assert answer.headers["content-security-policy"] in (POLICY, PREVIEW)
        assert answer.headers["x-content-type-options"] == "nosniff"


PREVIEW = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Of a mail that is looked at inside a frame."""


@pytest.mark.parametrize("route", PAGES, ids=name_of)
async def test_a_viewer_sees_a_page_or_is_told_why_not(site: Site, route: Route) -> None:
    async with site.visitor("viewer") as client:
        answer = await client.get(await where(site, route))
    assert answer.status_code in (200, 403), answer.text


@pytest.mark.parametrize("route", [one for one in PAGES if "{" in one.path], ids=name_of)
async def test_another_shop_sees_none_of_our_records(site: Site, route: Route) -> None:
    async with site.visitor("stranger") as client:
        answer = await client.get(await where(site, route))
    assert answer.status_code == 404, answer.text


@pytest.mark.parametrize("route", CHANGES, ids=name_of)
async def test_nothing_is_done_for_a_form_of_another_page(site: Site, route: Route) -> None:
    path = await where(site, route)
    async with site.visitor() as client:
        del client.headers["x-csrf-token"]
        assert (await client.post(path)).status_code == 403
        assert (await client.post(path, data={"csrf_token": "0" * 32})).status_code == 403
        foreign = {"sec-fetch-site": "cross-site"}
        assert (await client.post(path, headers=foreign)).status_code == 403
        foreign = {"origin": "https://elsewhere.example"}
        assert (await client.post(path, headers=foreign)).status_code == 403
    async with site.visitor(None) as client:
        assert (await client.post(path)).status_code == 401


@pytest.mark.parametrize("route", CHANGES, ids=name_of)
async def test_a_viewer_changes_nothing(site: Site, route: Route) -> None:
    if route.path == "/sign-out" or route.path.startswith("/profile/"):
        return  # what is the viewer's own
    async with site.visitor("viewer") as client:
        answer = await client.post(await where(site, route))
    # 400: a list's action that is none.
    assert answer.status_code in (400, 403), answer.text


@pytest.mark.parametrize("route", PAGES, ids=name_of)
async def test_it_can_be_read_by_everybody(walker: Page, site: Site, route: Route) -> None:
    path = await where(site, route)
    async with site.visitor() as client:
        answer = await client.head(path)
    if not answer.headers["content-type"].startswith("text/html"):
        return
    if answer.headers["content-security-policy"] == PREVIEW:
        return  # it is what others wrote, and looked at in the page around it
    await walker.goto(path)
    await check(walker)
