"""What everybody changes about the own login."""

import re

import pyotp
from playwright.async_api import Page, expect

from tests.admin.conftest import Site
from tests.admin.looking import check
from tests.admin.people import PASSWORD

NEW = "a longer and better one"


async def test_a_viewer_adds_and_removes_a_second_factor(page: Page, site: Site) -> None:
    person = site.people["viewer"]
    await page.context.clear_cookies(name="largesse_session")
    await page.context.add_cookies(
        [{"name": "largesse_session", "value": person.session, "url": site.url}]
    )
    await page.goto("profile")
    await page.get_by_role("link", name="Add a second factor").click()
    secret = await page.locator("#secret").inner_text()
    await page.get_by_label("The passcode").fill("000000")
    await page.get_by_label("Your password").fill(PASSWORD)
    await page.get_by_role("button", name="Add the second factor").click()
    await expect(page.locator("#passcode-error")).to_contain_text("does not fit")
    assert await page.locator("#secret").inner_text() == secret
    await check(page)
    await page.get_by_label("The passcode").fill(pyotp.TOTP(secret).now())
    await page.get_by_label("Your password").fill(PASSWORD)
    await page.get_by_role("button", name="Add the second factor").click()
    await expect(page.get_by_role("status")).to_contain_text("sign in with a passcode")
    await page.get_by_role("link", name="Remove the second factor").click()
    await page.get_by_label("Your password").fill("wrong")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#password-error")).to_contain_text("is not your password")
    await page.get_by_label("Your password").fill(PASSWORD)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_contain_text("was removed")


async def test_the_own_password_is_changed_by_who_knows_it(site: Site) -> None:
    path, access = "profile/password", site.served.services.access
    name = site.people["support"].username
    async with site.visitor("support") as client:
        for old, new, again in (
            ("wrong", NEW, NEW),
            (PASSWORD, NEW, "another"),
            (PASSWORD, "short", "short"),
            ("", "", ""),
        ):
            typed = {"old_password": old, "password": new, "again": again}
            refused = await client.post(path, data=typed)
            assert refused.status_code == 422
            assert NEW not in refused.text
        typed = {"old_password": PASSWORD, "password": NEW, "again": NEW}
        changed = await client.post(path, data=typed)
        assert changed.status_code == 303
        assert "largesse_session=" in changed.headers["set-cookie"]
        client.cookies.set("largesse_session", changed.cookies["largesse_session"])
        assert (await client.get("profile")).status_code == 200
    await access.log_in(name, NEW, address="test")


async def test_a_second_factor_of_another_is_not_added(site: Site) -> None:
    path = "profile/second-factor"
    async with site.visitor("owner") as client:
        theirs = re.findall(r'name="sealed" value="([^"]+)"', (await client.get(path)).text)[0]
    typed = {"sealed": theirs, "passcode": "123456", "password": PASSWORD}
    async with site.visitor("marketer") as client:
        assert (await client.post(path, data=typed)).status_code == 400
        assert (await client.post(path, data=typed | {"sealed": ""})).status_code == 400
