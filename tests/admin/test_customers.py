"""Customers: looked up by whatever they can say, changed, and given what belongs to them."""

import re
from typing import Any

from playwright.async_api import Page, expect

from largesse.core.customers.model import Customer
from tests.admin.conftest import Site
from tests.admin.looking import check

NASTY = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"

PAPERS = {"id_number": "ID-778899", "passport_number": "PP-1", "social_security_number": "SSN-4711"}


async def make(site: Site, **values: Any) -> Customer:
    owner = site.people["owner"].caller
    return await site.served.services.customers.create(owner, values)


async def test_one_is_made_found_by_each_identifier_and_changed(page: Page, site: Site) -> None:
    await page.goto("customers")
    await page.get_by_role("link", name="New customer").click()
    await page.get_by_label("Kind").select_option("person")
    await page.get_by_label("First name").fill("Grace")
    await page.get_by_label("Last name").fill(NASTY)
    await page.get_by_label("E-mail").fill("grace@navy.example")
    await page.get_by_label("Mobile").fill("+1 (212) 555-0199")
    await page.get_by_label("Profile id").fill("profile-77")
    await page.get_by_label("Passport number").fill("PP-9")
    await page.get_by_label("VAT registration number").fill("for companies")
    await page.get_by_role("button", name="Make").click()
    await expect(page.get_by_text("is for a customer that is a company")).to_be_visible()
    await page.get_by_label("VAT registration number").fill("")
    await page.get_by_role("button", name="Make").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"Grace {NASTY}")
    await check(page)
    await page.get_by_role("link", name="New account").click()
    await page.get_by_label("Kind").select_option("rewards")
    await page.get_by_label("Number").fill("RP-4242")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("RP-4242")).to_be_visible()
    path = page.url
    async with site.visitor() as client:
        for said in ("grace", "<script>", "grace@navy.example", "212 5550199", "pp-9", "RP-4242"):
            found = await client.get("customers", params={"q": said})
            assert re.findall(r"/customers/(\w{32})", found.text) == [path.rsplit("/", 1)[1]], said
    await page.goto("customers")
    await page.get_by_label("Search").fill("PROFILE-77")
    await page.get_by_label("Search").press("Enter")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await page.locator("tbody a").first.click()
    await expect(page).to_have_url(path)
    await page.get_by_role("link", name="Edit", exact=True).click()
    await page.get_by_label("First name").fill("Admiral")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"Admiral {NASTY}")
    await page.get_by_role("link", name="Delete", exact=True).click()
    await expect(page.get_by_role("dialog")).to_contain_text("Delete the customer Admiral")
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page).to_have_url(re.compile(r"/customers$"))


async def test_a_page_of_markup_shows_it_and_runs_none(page: Page, site: Site) -> None:
    owner, services = site.people["owner"].caller, site.served.services
    texts = ("title", "first_name", "middle_name", "company_name", "phone", "street", "city")
    values: dict[str, Any] = {
        name: f"<i>{name}</i>"[:50] for name in (*texts, "category", "country")
    }
    identifiers = {"customer_id": NASTY, "profile_id": "<b>profile</b>"}
    customer = await make(
        site,
        **values,
        last_name=NASTY,
        attributes={"<u>key</u>": NASTY},
        identifiers=identifiers,
    )
    account = {"customer_id": customer.id, "kind": "rewards", "number": "<i>n</i>", "name": NASTY}
    await services.accounts.create(owner, account)
    token = {"customer_id": customer.id, "identifier": "<i>token</i>", "pass_code": "1"}
    await services.customer_tokens.create(owner, token)
    group = await services.groups.create(owner, {"reference": "<i>", "name": NASTY})
    await services.groups.add_member(owner, group.id, customer.id)
    path = f"customers/{customer.id.hex}"
    for shown in (path, f"{path}/edit", f"{path}/groups", f"groups/{group.id}", "customers"):
        await page.goto(shown)
        assert await page.locator("main :is(i, b, u, img)").count() == 0, shown
        assert await page.locator("main script").count() == 0
    await page.goto(path)
    await expect(page.get_by_text("<u>key</u>")).to_be_visible()


async def test_the_numbers_of_papers_are_not_for_everybody(site: Site) -> None:
    customer = await make(site, last_name="Papers", identifiers=PAPERS)
    path = f"customers/{customer.id.hex}"
    async with site.visitor("viewer") as client:
        shown = await client.get(path)
        assert shown.status_code == 200
        for number in PAPERS.values():
            assert number not in shown.text
        assert "•••99" in shown.text
        assert "/edit" not in shown.text
        for forbidden in ("edit", "accounts", "tokens", "login", "groups/new", "lists/new"):
            assert (await client.get(f"{path}/{forbidden}")).status_code == 403, forbidden
    async with site.visitor("support") as client:
        shown = await client.get(path)
        for number in PAPERS.values():
            assert number in shown.text


async def test_the_second_of_two_is_told_and_what_is_wrong_stands_at_its_field(site: Site) -> None:
    customer = await make(site, last_name="Two", identifiers={"customer_number": "two-1"})
    await make(site, last_name="Other", identifiers={"customer_number": "two-2"})
    path = f"customers/{customer.id.hex}/edit"
    async with site.visitor() as client:
        (seen,) = re.findall(r'name="seen" value="(\w+)"', (await client.get(path)).text)
        good = {"kind": "person", "last_name": "Twice", "active": "on", "seen": seen}
        assert (await client.post(path, data=good)).status_code == 303
        late = await client.post(path, data=good | {"last_name": "Late"})
        assert late.status_code == 422
        assert "Somebody else has changed this customer" in late.text
        (seen,) = re.findall(r'name="seen" value="(\w+)"', late.text)
        good["seen"] = seen
        for wrong, told in (
            ({"kind": "horse"}, "Choose from the list."),
            ({"email": "no address"}, "no address"),
            ({"birthday": "yesterday"}, "Type a date."),
            ({"country_code": "1"}, "must have two letters"),
            ({"phone": "1" * 51}, "This is too long."),
            ({"identifiers.customer_number": "TWO-2"}, "exists already"),
        ):
            answer = await client.post(path, data=good | wrong)
            assert answer.status_code == 422, wrong
            assert told in answer.text, wrong
        kept = await site.served.services.customers.get(site.people["owner"].caller, customer.id)
        assert kept.last_name == "Twice"
        # The field was empty: it is taken away; the customer's own id never is.
        assert set(kept.identifiers) == {"customer_id"}


async def test_accounts_tokens_and_logins_are_given_and_taken_away(page: Page, site: Site) -> None:
    customer = await make(site, last_name="Belongings")
    path = f"customers/{customer.id.hex}"
    await page.goto(path)
    await page.get_by_role("link", name="New token").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("identifier is missing")).to_be_visible()
    await page.get_by_label("Identifier").fill("Card 5")
    await page.get_by_label("Pass code").fill("1234")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("link", name="Cancel the token Card 5").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel the token").click()
    await expect(page.get_by_text("terminated")).to_be_visible()
    await page.get_by_role("link", name="Give a login").click()
    await page.get_by_label("Login").fill("belongings")
    await page.get_by_label("Password").fill("short")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("must have at least")).to_be_visible()
    await page.get_by_label("Password").fill("a long password")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("code", has_text="belongings")).to_be_visible()
    await page.get_by_role("link", name="Take away").click()
    await page.get_by_role("dialog").get_by_role("button", name="Take away").click()
    await expect(page.get_by_text("This customer can not log in.")).to_be_visible()
    async with site.visitor() as client:
        account = {"kind": "receivable", "number": "A-1", "name": "Main"}
        for status in (303, 422):
            assert (await client.post(f"{path}/accounts", data=account)).status_code == status
        found = re.search(r"/accounts/(\w+)/delete", (await client.get(path)).text)
        assert found is not None
        gone = await client.post(f"accounts/{found[1]}/delete")
        assert gone.headers["location"].endswith(path)
        assert "<code>A-1</code>" not in (await client.get(path)).text
        nonsense = await client.post(f"{path}/groups/new", data={"group": "x"})
        assert nonsense.status_code == 422
