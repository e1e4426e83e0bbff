"""Grants: a batch that is tried and given, followed to its end, and taken back."""

import html
import re

from playwright.async_api import Locator, Page, expect

from largesse.core.access.model import Caller
from largesse.core.search.browse import Browse
from tests.admin.conftest import Site
from tests.admin.looking import check

NASTY = "<b>profile</b>"


async def make_promotion(site: Site, key: str, **values: object) -> Caller:
    owner = site.people["owner"].caller
    await site.served.services.promotions.create(
        owner, {"title": f"Ten off {key}", "key": key} | values
    )
    return owner


async def form_action(client: object, path: str) -> str:
    """Return where a form is sent, with the proof that it is ours."""
    text = (await client.get(path)).text  # type: ignore[attr-defined]
    return re.findall(r'action="/admin/(grants/new\?csrf_token=\w+)"', text)[0]


async def put(field: Locator, lines: list[str]) -> None:
    """Put lines into a field at once, as a paste does: typed, they take half a minute."""
    await field.evaluate("(field, text) => { field.value = text; }", "\n".join(lines))


async def test_a_batch_is_pasted_tried_given_and_taken_back(page: Page, site: Site) -> None:
    owner = await make_promotion(site, "pasted")
    await page.goto("grants")
    await page.get_by_role("link", name="Grant to many").first.click()
    await page.get_by_role("button", name="Try it").click()
    await expect(page.get_by_text("Choose at least one.")).to_be_visible()
    await check(page)
    await page.get_by_label("Ten off pasted (pasted)").check()
    await page.get_by_label("Source").fill("spring")
    lines = [f"shopper{n}@example.com" for n in range(10_000)]
    recipients = page.get_by_label("Addresses or profile ids")
    await put(recipients, [*lines, "wrong@@example", "two@example.com, more@example.com"])
    await page.get_by_role("button", name="Try it").click()
    await expect(
        page.get_by_text("Line 10,001: wrong@@example is no e-mail address.")
    ).to_be_visible()
    await expect(page.get_by_text("Line 10,002: has more than one")).to_be_visible()
    assert (await recipients.input_value()).startswith("shopper0@example.com\nshopper1@")
    await expect(page.get_by_label("Ten off pasted (pasted)")).to_be_checked()
    await put(recipients, [*lines, NASTY])
    await page.get_by_role("button", name="Try it").click()
    await expect(page.get_by_role("heading", name="Trial of a batch")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("10,000 grants would be made.")).to_be_visible()
    await page.get_by_role("link", name="unknown profile 1").click()
    await expect(page.get_by_role("cell", name=NASTY)).to_be_visible()
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Failed rows").click()
    sheet = await (await waiting.value).path()
    assert sheet.read_text().splitlines()[1].startswith(f"10000,profile,{NASTY},unknown_profile")
    found = await site.served.services.grants.browse(owner, Browse(text="spring"))
    assert not found.items
    await page.get_by_role("button", name="Grant now").click()
    await expect(page.get_by_text("10,000 grants were made.")).to_be_visible()
    await page.get_by_role("link", name="Revoke all").click()
    question = page.get_by_role("dialog")
    await expect(question).to_contain_text("Revoke all grants of this batch: more than 1,000?")
    await question.get_by_role("button", name="Revoke").click()
    await expect(page.get_by_text("10,000 of 10,000")).to_be_visible()
    await page.goto("grants?source_id=spring&state=revoked")
    await expect(page.get_by_text("In all: more than 1,000")).to_be_visible()


async def test_a_grant_is_found_and_revoked(page: Page, site: Site) -> None:
    owner = await make_promotion(site, "found")
    for name in ("ada", "bob"):
        new = {"promotion": "found", "email": f"{name}@found.example", "source_id": "finding"}
        await site.served.services.grants.create(owner, new)
    await page.goto("grants")
    await page.get_by_label("Search").fill("Ada@found.EXAMPLE")
    await page.get_by_label("Search").press("Enter")
    await expect(page.get_by_text("In all: 1")).to_be_visible()
    await page.get_by_role("link", name="ada@found.example").click()
    await page.get_by_role("link", name="Revoke").click()
    await expect(page.get_by_role("dialog")).to_contain_text("back from ada@found.example?")
    await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    await expect(page.get_by_role("status")).to_contain_text("It is revoked.")
    await expect(page.get_by_role("link", name="Revoke")).to_have_count(0)
    await page.goto("grants/revocations")
    await page.get_by_label("Source").fill("finding")
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_text("from the source finding: 1?")).to_be_visible()


async def test_a_group_and_a_sheet_get_a_promotion(site: Site) -> None:
    owner = await make_promotion(site, "grouped")
    services = site.served.services
    group = await services.groups.create(owner, {"reference": "g", "name": "Regulars"})
    ids = []
    for number in range(3):
        customer = await services.customers.create(owner, {"last_name": f"Regular {number}"})
        await services.groups.add_member(owner, group.id, customer.id)
        ids.append(customer.id)
    form = {"promotions": "grouped", "group_id": str(group.id), "recipients": ""}
    async with site.visitor() as client:
        action = await form_action(client, "grants/new")
        del client.headers["x-csrf-token"]
        wrong = await client.post(action, data=form, files={"file": ("a.csv", b"a,b\nc\n")})
        assert wrong.status_code == 422
        assert "needs a first line that names its columns" in wrong.text
        wrong = await client.post(action, data=form, files={"file": ("a.csv", b"email\na,b\n")})
        assert "line 2 has 2 cells, not 1" in wrong.text
        sheet = b"email\r\n" + b"".join(b"many%d@sheet.example\r\n" % n for n in range(30_000))
        sent = await client.post(action, data=form, files={"file": ("a.csv", sheet)})
        assert sent.status_code == 303
    job_id = sent.headers["location"].rpartition("/")[2]
    (job,) = (await services.jobs.browse(owner, Browse(text=job_id))).items
    assert (job.total, job.parameters["promotions"]) == (30_003, ["grouped"])


async def test_bad_input_leaves_nothing_behind(site: Site) -> None:
    owner = await make_promotion(site, "bad")
    before = (await site.served.services.jobs.browse(owner, Browse())).count
    good = {"promotions": "bad", "recipients": "a@example.com"}
    async with site.visitor() as client:
        for changes, said in (
            ({"recipients": ""}, "recipients"),
            ({"recipients": "email\na@example.com"}, "The first line names columns."),
            ({"promotions": "other"}, "Choose from the list."),
            ({"expires_at": "2001-01-01T00:00"}, "has passed"),
            ({"group_id": "99"}, "Choose from the list."),
            ({"source_id": "x" * 201}, "This is too long."),
        ):
            answer = await client.post("grants/new", data=good | changes, files={"file": ("", b"")})
            assert answer.status_code == 422, changes
            assert said in answer.text, changes
        assert (
            await client.post(
                "grants/new",
                content=b"--x",
                headers={"content-type": "multipart/form-data; boundary=x"},
            )
        ).status_code == 400
    async with site.visitor("support") as client:
        for path in ("grants/new", "grants/revocations"):
            assert (await client.get(path)).status_code == 403
            assert (await client.post(path)).status_code == 403
    assert (await site.served.services.jobs.browse(owner, Browse())).count == before


async def test_what_was_typed_is_kept_where_the_session_has_ended(site: Site) -> None:
    owner = await make_promotion(site, "kept")
    form = {"promotions": "kept", "recipients": "kept@example.com\nother@example.com"}
    async with site.visitor() as client:
        action = await form_action(client, "grants/new")
        del client.headers["x-csrf-token"]
        client.cookies.clear()
        asked = await client.post(action, data=form, files={"file": ("a.csv", b"email\n" * 9000)})
        assert asked.status_code == 401
        kept = re.findall(r"name=\"kept\" value='([^']*)'", asked.text)[0]
        there = re.findall(r'name="next" value="([^"]*)"', asked.text)[0]
        hidden = {"kept": html.unescape(kept), "next": html.unescape(there)}
        person = site.people["owner"]
        names = {"username": person.username, "password": site.served.demo.password}
        again = await client.post("sign-in", data=hidden | names)
        assert "You are signed in again" in again.text
        action = re.findall(r'action="/admin/(grants/new\?csrf_token=\w+)"', again.text)[0]
        fields = {
            name: html.unescape(value)
            for name, value in re.findall(
                r'<input type="hidden" name="(promotions|recipients)" value="([^"]*)"', again.text
            )
        }
        sent = await client.post(action, data=fields)
        assert sent.status_code == 303
    job_id = sent.headers["location"].rpartition("/")[2]
    (job,) = (await site.served.services.jobs.browse(owner, Browse(text=job_id))).items
    assert job.total == 2
