"""Users, units, keys, the mail service and the interfaces, as an owner looks after them."""

import asyncio
import html
import re
import subprocess

from playwright.async_api import Page, expect

from largesse.admin.pages.apis import APIS
from largesse.admin.pages.mail_service import without_secret
from largesse.app import DIALECTS
from largesse.core.errors import BadCredentials
from tests.admin.conftest import Site
from tests.admin.looking import check
from tests.admin.people import PASSWORD

NASTY = "<script>alert(1)</script>\"'>"


async def kinds(site: Site) -> list[str]:
    """Return what the last lines of the log tell of, the newest last."""
    owner = site.people["owner"].caller
    return [one.kind for one in (await site.served.services.events.page(owner, limit=1000)).items]


async def test_a_user_is_made_changed_and_deleted(page: Page, site: Site) -> None:
    access = site.served.services.access
    await page.goto("settings")
    await page.get_by_role("main").get_by_role("link", name="Users").click()
    await page.get_by_role("link", name="New user").click()
    await page.get_by_label("User name").fill("Nina " + NASTY)
    await page.get_by_label("Password").fill("short")
    await page.get_by_label("Unit").select_option(label="Admin Unit")
    await page.get_by_label("Role").select_option("marketer")
    await page.get_by_role("button", name="Make").click()
    await expect(page.get_by_text("at least 8 characters", exact=False).last).to_be_visible()
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Make").click()
    await expect(page.get_by_role("heading", name="Nina")).to_be_visible()
    await check(page)
    nina = await access.log_in("nina " + NASTY.lower(), PASSWORD, address="test")
    assert nina.role == "marketer"
    await page.get_by_role("link", name="Set a password").click()
    await page.get_by_label("Password").fill("quite another one")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_contain_text("has a new password")
    nina = await access.log_in("nina " + NASTY.lower(), "quite another one", address="test")
    assert nina.user_id is not None
    await site.served.services.second_factors.enrol(site.people["owner"].caller, nina.user_id)
    await page.reload()
    await page.get_by_role("link", name="Remove the second factor").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(page.get_by_role("status")).to_contain_text("no second factor any longer")
    await page.get_by_role("link", name="Delete").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Delete the user Nina")
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page).to_have_url(re.compile(r"/settings/users$"))
    told = await kinds(site)
    for kind in ("created", "changed", "second_factor_removed", "deleted"):
        assert f"user.{kind}" in told


async def test_an_owner_is_not_locked_out_by_the_own_hand(site: Site) -> None:
    owner = site.people["owner"].caller
    assert owner.user_id is not None
    path = f"settings/users/{owner.user_id.hex}"
    async with site.visitor() as client:
        seen = re.findall(r'name="seen" value="(\w+)"', (await client.get(f"{path}/edit")).text)[0]
        same = {"username": owner.username, "unit_id": str(owner.unit_id), "seen": seen}
        lower = await client.post(f"{path}/edit", data=same | {"role": "viewer", "active": "on"})
        gone = await client.post(f"{path}/edit", data=same | {"role": "owner"})
        deleted = await client.post(f"{path}/delete")
    assert (lower.status_code, gone.status_code) == (422, 422)
    assert "you are signed in as" in lower.text
    assert deleted.status_code == 303
    assert "you%20are%20signed%20in%20as" in deleted.headers["set-cookie"]
    assert (await site.served.services.users.get(owner, owner.user_id)).role == "owner"


async def test_a_key_is_shown_once_and_revoked(page: Page, site: Site) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto("settings/keys/new")
    await page.get_by_label("Name").fill("shop " + NASTY)
    await page.get_by_role("button", name="Make").click()
    secret = await page.locator("#secret").inner_text()
    await check(page)
    await page.get_by_role("button", name="Copy").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == secret
    access = site.served.services.access
    assert (await access.log_in_with_key(secret, address="test")).role == "owner"
    await page.get_by_role("link", name="To the application keys").click()
    assert secret not in await page.content()
    await page.get_by_label("Choose shop").check()
    await page.get_by_role("button", name="Revoke").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Revoke one application key?")
    await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    await expect(page.get_by_role("status")).to_contain_text("Revoked: 1.")
    try:
        await access.log_in_with_key(secret, address="test")
    except BadCredentials:
        pass
    else:
        raise AssertionError("a revoked key opens")
    told = await kinds(site)
    assert "key.created" in told
    assert "key.revoked" in told


async def test_a_key_is_kept_by_no_cache(site: Site) -> None:
    owner = site.people["owner"].caller
    async with site.visitor() as client:
        made = await client.post(
            "settings/keys/new", data={"name": "cached", "user_id": str(owner.user_id)}
        )
        wrong = await client.post("settings/keys/new", data={"name": "", "user_id": "x"})
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    assert wrong.status_code == 422


async def test_a_test_mail_tells_what_the_mail_service_answered(page: Page, site: Site) -> None:
    await page.goto("settings/mail")
    await page.get_by_label("To the e-mail address").fill("nobody")
    await page.get_by_role("button", name="Send it now").click()
    await expect(page.locator("#address-error")).to_be_visible()
    await page.get_by_label("To the e-mail address").fill("anna@example.com")
    await page.get_by_role("button", name="Send it now").click()
    await expect(page.get_by_role("status")).to_contain_text("OK kept")
    await check(page)
    assert site.served.sink.messages[-1]["To"] == "anna@example.com"
    site.served.sink.answer = "550 no such <b>mailbox</b>"
    try:
        await page.get_by_role("button", name="Send it now").click()
        await expect(page.get_by_role("alert")).to_contain_text("no such <b>mailbox</b>")
    finally:
        site.served.sink.answer = "250 OK kept"


async def test_no_password_of_a_mail_service_is_shown() -> None:
    shown = without_secret("smtps://shop:s3cret@mail.example.com:465")
    assert shown == "smtps://***@mail.example.com:465"
    assert without_secret("smtp://mail.example.com") == "smtp://mail.example.com"
    assert without_secret("console:") == "console:"
    assert without_secret("maildir:/var/mails") == "maildir:/var/mails"


async def test_every_interface_is_told_where_it_is() -> None:
    assert {one.name for one in APIS} == {one.name for one in DIALECTS}
    for dialect in DIALECTS:
        (api,) = [one for one in APIS if one.name == dialect.name]
        assert api.prefixes == tuple(dialect.prefixes)


async def test_the_commands_work_as_they_are(site: Site) -> None:
    async with site.visitor() as client:
        shown = (await client.get("settings/apis")).text
    commands = re.findall(r'<code id="curl-(\w+)">(.*?)</code>', shown, re.DOTALL)
    assert len(commands) == len(APIS)
    for name, command in commands:
        ran = await asyncio.to_thread(
            subprocess.run,
            ["bash", "-c", html.unescape(command)],
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert re.match(r"HTTP/1.1 2\d\d", ran.stdout), (name, ran.stdout, ran.stderr)


async def test_health_is_told(site: Site) -> None:
    async with site.visitor() as client:
        shown = (await client.get("settings/health")).text
    for word in ("SQLite 3.", "GiB", "in this process", "Largesse"):
        assert word in shown
