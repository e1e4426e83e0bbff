"""Templates: written, looked at, refused beside the field, and mailed as a sample."""

import asyncio
import re

from playwright.async_api import Page, expect

from largesse.core.search.browse import Browse
from tests.admin.conftest import Site
from tests.admin.looking import check

NASTY = "<script>document.title = 'taken'</script>"


async def test_a_template_is_written_previewed_and_mailed(page: Page, site: Site) -> None:
    await page.goto("templates/new")
    await page.get_by_label("Key").fill("written")
    await page.get_by_label("Subject").fill("For {{ name }}")
    body = page.get_by_label("Body")
    await body.fill(f"<h1>{{{{ title }}}}</h1>\n<p>{{{{ unknown }}}}</p>\n{NASTY}")
    await page.get_by_label("Sample data").fill('{"title": "<i>Ten</i> off"}')
    await page.get_by_role("button", name="Preview").click()
    frame = page.frame_locator("iframe[name=preview]")
    await expect(frame.get_by_text("line 2: 'unknown' is not defined")).to_be_visible()
    await page.get_by_role("button", name="Make").click()
    await expect(page.locator("#body-error")).to_contain_text("line 2")
    await expect(body).to_have_value(re.compile("unknown"))
    await check(page)
    await body.fill(f"<h1>{{{{ title }}}}</h1>\n<p>Until tomorrow</p>\n{NASTY}")
    await page.get_by_role("button", name="Preview").click()
    await expect(frame.get_by_role("heading", name="<i>Ten</i> off")).to_be_visible()
    await page.get_by_role("button", name="Make").click()
    await expect(page.get_by_role("status")).to_contain_text("written was made.")
    await expect(page.get_by_role("heading", name="For Ada Lovelace")).to_be_visible()
    frame = page.frame_locator("iframe")
    await expect(frame.get_by_text("Until tomorrow")).to_be_visible()
    await expect(page).to_have_title(re.compile("written"))
    assert await page.evaluate("document.querySelector('iframe').contentDocument") is None
    await page.get_by_label("To the address").fill("nowhere")
    await page.get_by_role("button", name="Send a sample").click()
    await expect(page.locator("#email-error")).to_be_visible()
    await page.get_by_label("To the address").fill("look@sample.example")
    await page.get_by_role("button", name="Send a sample").click()
    await expect(page.get_by_role("status")).to_contain_text("A sample is on its way")
    messages = site.served.sink.messages
    while not (kept := [one for one in messages if one["To"] == "look@sample.example"]):
        await asyncio.sleep(0.05)
    assert kept[0]["Subject"] == "For Ada Lovelace"
    await page.goto("templates")
    await page.get_by_label("Choose written").check()
    await page.get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Delete one template?")
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("status")).to_contain_text("Deleted: 1.")


async def test_a_built_in_one_is_the_start_of_ones_own(site: Site) -> None:
    owner, services = site.people["owner"].caller, site.served.services
    async with site.visitor() as client:
        shown = await client.get("templates/built-in?key=code")
        assert "CCZN413KW8RK" in (await client.get("templates/built-in/preview?key=code")).text
        new = await client.get(re.findall(r"/admin/(templates/new\?from=code)", shown.text)[0])
        assert "{{ promotion_code }}" in new.text
        assert (await client.get("templates/built-in?key=other")).status_code == 404
        form = {
            "key": "code",
            "kind": "transactional",
            "subject": "Your code",
            "body": "<p>{{ promotion_code }}</p>",
        }
        made = await client.post("templates/new", data=form)
        assert made.status_code == 303
        path = made.headers["location"].removeprefix("/admin/")
        edited = await client.get(f"{path}/edit")
        seen = re.findall(r'name="seen" value="(\w+)"', edited.text)[0]
        changed = form | {"subject": "Your own code", "locale": "", "seen": seen}
        assert (await client.post(f"{path}/edit", data=changed)).status_code == 303
        again = await client.post(f"{path}/edit", data=changed | {"subject": "Lost"})
        assert again.status_code == 422
        assert "Somebody else" in again.text
    (found,) = (await services.templates.browse(owner, Browse(text="Your own code"))).items
    assert (found.locale, found.text, found.version) == ("", None, 2)
    await services.templates.delete(owner, found.id)


async def test_bad_templates_are_refused_beside_the_field(site: Site) -> None:
    good = {"key": "bad", "kind": "marketing", "subject": "s", "body": "<p>b</p>"}
    async with site.visitor() as client:
        for changes, field in (
            ({"key": "Not A Key"}, "key"),
            ({"locale": "not a locale"}, "locale"),
            ({"kind": "spam"}, "kind"),
            ({"subject": "{{ 1 +"}, "subject"),
            ({"body": "<mjml><mj-body>"}, "body"),
            ({"body": "{% for x in range(10**9) %}x{% endfor %}"}, "body"),
            ({"text": "{{ unknown }}"}, "text"),
            ({"example": "[1]"}, "example"),
            ({"example": '{"code": 1}'}, "example"),
            ({"body": ""}, "body"),
        ):
            for path in ("templates/new", "templates/preview"):
                answer = await client.post(path, data=good | changes)
                if path == "templates/new":
                    assert answer.status_code == 422, changes
                    assert f'id="{field}-error"' in answer.text, changes
                else:
                    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert not (
        await site.served.services.templates.browse(site.people["owner"].caller, Browse(text="bad"))
    ).items
