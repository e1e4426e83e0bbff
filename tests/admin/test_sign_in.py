"""Signing in and out, and a session that ends in the middle of a form."""

import re

from playwright.async_api import Page, expect

from tests.admin.conftest import Site
from tests.admin.looking import check
from tests.admin.people import PASSWORD

SESSION = "largesse_session"


async def test_a_person_signs_in_and_out(page: Page, site: Site) -> None:
    await page.context.clear_cookies()
    await page.goto("promotions?q=10")
    await expect(page).to_have_url(re.compile("/sign-in"))
    await check(page)
    await page.get_by_label("User name").fill(site.served.demo.username)
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_contain_text("password")
    await check(page)
    await page.get_by_label("Password").fill(site.served.demo.password)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page).to_have_url(re.compile(r"/promotions\?q=10$"))
    cookies = {one["name"]: one for one in await page.context.cookies()}
    assert cookies[SESSION]["httpOnly"]
    assert cookies[SESSION]["sameSite"] == "Lax"
    assert cookies[SESSION]["path"] == "/admin"
    await page.get_by_text(site.served.demo.username).click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("status")).to_contain_text("signed out")
    await page.context.add_cookies([cookies[SESSION]])  # type: ignore[list-item]
    await page.goto("promotions")
    await expect(page).to_have_url(re.compile("/sign-in"))


async def test_a_cookie_is_secure_over_https_and_from_elsewhere(site: Site) -> None:
    typed = {"username": site.served.demo.username, "password": site.served.demo.password}
    async with site.visitor(None) as client:
        here = await client.post("sign-in", data=typed)
        there = await client.post("sign-in", data=typed, headers={"host": "shop.example"})
    assert "secure" not in here.headers["set-cookie"].lower()
    assert "secure" in there.headers["set-cookie"].lower()


async def test_guesses_are_throttled(site: Site) -> None:
    async with site.visitor(None) as client:
        for _ in range(30):
            typed = {"username": "nobody", "password": "guess"}
            answer = await client.post("sign-in", data=typed)
            if answer.status_code == 429:
                break
    assert "again later" in answer.text


async def test_a_session_leads_only_to_pages_of_ours(site: Site) -> None:
    typed = {"username": site.served.demo.username, "password": site.served.demo.password}
    async with site.visitor(None) as client:
        for wanted in ("//elsewhere.example", "https://elsewhere.example", "/\\elsewhere", ""):
            answer = await client.post("sign-in", data=typed | {"next": wanted})
            assert answer.headers["location"] == "/admin/"


async def test_what_was_typed_outlives_a_session(page: Page, site: Site) -> None:
    await page.goto("promotions/new")
    await page.get_by_label("Title").fill("Typed <b>before</b> & kept")
    await page.context.clear_cookies(name=SESSION)
    await page.get_by_role("button", name="Make").click()
    await expect(page.get_by_role("alert")).to_contain_text("session has ended")
    await check(page)
    await page.get_by_label("User name").fill("marketer-1")
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("button", name="Send it now").click()
    await expect(page.get_by_role("status")).to_contain_text("Typed <b>before</b> & kept was made")


async def test_a_shopper_has_no_pages(site: Site) -> None:
    people = site.served.services
    owner = site.people["owner"].caller
    unit = owner.unit_id
    new = {"unit_id": unit, "username": "shopper", "password": PASSWORD, "role": "shopper"}
    await people.users.create(owner, new)
    async with site.visitor(None) as client:
        typed = {"username": "shopper", "password": PASSWORD}
        answer = await client.post("sign-in", data=typed)
    assert answer.status_code == 403
    assert SESSION not in answer.cookies


async def test_no_two_pages_carry_the_same_proof(site: Site) -> None:
    """Compressed, a text that stayed the same could be guessed by lengths (BREACH)."""
    async with site.visitor() as client:
        answers = [await client.get("promotions/new") for _ in range(2)]
        proofs = [re.findall(r'csrf_token" value="(\w+)"', one.text)[0] for one in answers]
        assert proofs[0] != proofs[1]
        assert answers[0].headers["content-encoding"] == "gzip"
        for proof, status in ((proofs[0], 422), (proofs[1][:-2], 403), ("x" * 64, 403)):
            client.headers["x-csrf-token"] = proof
            assert (await client.post("promotions/new", data={})).status_code == status


async def test_a_body_that_is_no_form_is_refused_without_a_session_too(site: Site) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    for body in (b"title=a%00b", b"title=\xff", b"&".join([b"a=b"] * 6000), b"%%%"):
        for name in (None, "owner"):
            async with site.visitor(name) as client:
                answer = await client.post("promotions/new", content=body, headers=form)
            assert answer.status_code in (400, 401, 422), (name, body[:20], answer.text)
        async with site.visitor(None) as client:
            answer = await client.post("sign-in", content=body, headers=form)
        assert answer.status_code in (400, 401), (body[:20], answer.text)
