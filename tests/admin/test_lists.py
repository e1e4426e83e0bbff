"""Groups, promotion lists, and which group gets which list."""

import re

from playwright.async_api import Page, expect

from largesse.core.search.browse import Browse
from tests.admin.conftest import Site
from tests.admin.looking import check

NASTY = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


async def make_both(site: Site, name: str, **values: object) -> tuple[int, int]:
    """Make a group and a list of this name."""
    owner, services = site.people["owner"].caller, site.served.services
    group = await services.groups.create(owner, {"reference": f"G-{name}", "name": f"G-{name}"})
    plist = await services.promotion_lists.create(owner, {"reference": f"L-{name}"} | values)
    return group.id, plist.id


async def assigned(site: Site, group_id: int) -> set[int]:
    query = Browse(filters={"group_id": [group_id]})
    owner = site.people["owner"].caller
    found = await site.served.services.assignments.browse(owner, query)
    return {one.list.id for one in found.items}


async def test_a_group_is_made_filled_and_emptied(page: Page, site: Site) -> None:
    owner, services = site.people["owner"].caller, site.served.services
    people = [
        await services.customers.create(
            owner, {"last_name": name, "identifiers": {"customer_number": f"M-{at}"}}
        )
        for at, name in enumerate((NASTY, "Second", "Third"))
    ]
    await page.goto("groups")
    await page.get_by_role("link", name="New group").click()
    await page.get_by_label("Name").fill(NASTY)
    await page.get_by_label("Reference").fill("nasty")
    await page.get_by_role("button", name="Make").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(NASTY)
    await page.get_by_label("Customers", exact=True).fill(f"M-0\nm-1\n{people[2].id.hex}\nnobody")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("Added: 3.")
    await expect(page.get_by_role("alert")).to_contain_text("Nobody is found by: nobody.")
    await expect(page.locator("tbody tr")).to_have_count(3)
    await check(page)
    await page.get_by_label("Choose Second").check()
    await page.get_by_role("button", name="Take out").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Take one customer out of the group?")
    await page.get_by_role("dialog").get_by_role("button", name="Take out").click()
    await expect(page.get_by_role("status")).to_contain_text("Taken out: 1.")
    await expect(page.locator("tbody tr")).to_have_count(2)
    await page.get_by_role("link", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page).to_have_url(re.compile(r"/groups$"))


async def test_a_list_holds_promotions_and_is_given_to_single_customers(site: Site) -> None:
    owner, services = site.people["owner"].caller, site.served.services
    _, plist = await make_both(site, "held")
    await services.promotions.create(owner, {"title": "Held one", "key": "held-1"})
    await services.promotions.create(owner, {"title": "Held two", "key": "held-2"})
    await services.customers.create(owner, {"last_name": "Holder", "email": "holder@example.com"})
    path = f"lists/{plist}"
    async with site.visitor() as client:
        for said, wrong in (
            ("", "This is needed."),
            ("held", "This fits more than one"),
            ("no such promotion", "Nothing is found by this."),
        ):
            answer = await client.post(f"{path}/promotions", data={"promotion": said})
            assert answer.status_code == 422
            assert wrong in answer.text
        for said in ("held-1", "HELD TWO"):
            done = await client.post(f"{path}/promotions", data={"promotion": said})
            assert done.status_code == 303
        shown = await client.get(path)
        assert "Held one" in shown.text
        held = re.search(r'name="promotion" value="(\w+)"', shown.text)
        assert held is not None
        gone = await client.post(f"{path}/promotions/remove", data={"promotion": held[1]})
        assert gone.status_code == 303
        assert len((await services.promotion_lists.promotions(owner, plist)).items) == 1
        given = await client.post(f"{path}/customers", data={"customer": "holder@example.com"})
        assert given.status_code == 303
        again = await client.post(f"{path}/customers", data={"customer": "Holder"})
        assert again.status_code == 422
        assert "already assigned" in again.text
        sheet = await client.get(f"{path}?format=csv")
        assert sheet.text.splitlines()[1].startswith("Holder,")
        refused = await client.post(f"{path}/delete")
        assert refused.headers["location"].endswith(path)
        end = {"reference": "L-held", "starts_on": "2026-02-02", "ends_on": "2026-02-01"}
        seen = re.findall(r'name="seen" value="(\w+)"', (await client.get(f"{path}/edit")).text)
        wrong_days = await client.post(f"{path}/edit", data=end | {"seen": seen[0]})
        assert wrong_days.status_code == 422


async def test_a_group_gets_a_list_through_the_table(page: Page, site: Site) -> None:
    group, plist = await make_both(site, "matrix")
    other, _ = await make_both(site, "matrix-all", applies_to_all=True)
    await page.goto("assignments?groups=matrix&lists=matrix")
    box = page.get_by_label("G-matrix gets L-matrix", exact=True)
    await box.focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_label("G-matrix-all gets L-matrix", exact=True)).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Space")
    await check(page)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_have_text("Added: 1. Removed: 0.")
    assert await assigned(site, group) == {plist}
    await expect(page.get_by_label("G-matrix-all gets L-matrix-all")).to_have_count(0)
    # Somebody else takes it away while this page is looked at.
    owner, services = site.people["owner"].caller, site.served.services
    await services.assignments.rearrange(owner, add=[], remove=[(group, plist)])
    await box.uncheck()
    await page.get_by_label("G-matrix-all gets L-matrix", exact=True).check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("Nothing was saved.")
    assert await assigned(site, other) == set()
    await check(page)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_have_text("Added: 1. Removed: 0.")
    assert await assigned(site, other) == {plist}
    assert await assigned(site, group) == set()


async def test_the_table_takes_no_nonsense_and_no_list_for_all(site: Site) -> None:
    group, to_all = await make_both(site, "nonsense", applies_to_all=True)
    async with site.visitor() as client:
        for cell in ("", "-", "x-1", "1", "99999999999999999999-1", "-1--1"):
            answer = await client.post("assignments", data={"cell": cell})
            assert answer.status_code == 303, cell
        for cell in (f"{group}-{to_all}", f"{group}-{2**62}", f"{2**62}-{to_all}"):
            answer = await client.post("assignments", data={"cell": cell})
            assert answer.status_code == 409, cell
        for odd in (
            "groups_after=x&lists_after=-1",
            "groups=%25&lists=%5C",
            "groups_after=" + "9" * 40,
        ):
            assert (await client.get(f"assignments?{odd}")).status_code == 200
    async with site.visitor("viewer") as client:
        shown = await client.get("assignments")
        assert 'type="checkbox"' not in shown.text
