"""The storefront: what intershop-pwa sends to log in, and for its newsletter."""

from dataclasses import dataclass, field
from urllib.parse import quote

import httpx
import pytest

from largesse.demo.people import PASSWORD, SHOPPER
from tests.dialects.intershop.client import (
    STOREFRONT,
    Headers,
    assert_refused,
    basic,
    demo_basic,
    demo_caller,
    logged_in,
    other_organization,
)
from tests.serving import Served, serve

SITE = "/INTERSHOP/rest/WFS/inSPIRED-inTRONICS-Site/rest"
JSON = {"content-type": "application/json", "Accept": "application/json"}
TOKEN = "authentication-token"
NOT_FOUND = "customer.customer_not_found.error"
COMPANY = "F3MKDgAhh2MAAAFbMVlRYKTC"


@dataclass
class Pwa:
    """Sends what the storefront sends (ApiService, TokenService, UserService, NewsletterService)."""

    served: Served
    legacy: bool = False
    """Whether keys in paths are encoded twice, as for ICM 7.10 and 11."""
    tokens: dict[str, str] = field(default_factory=dict)

    async def send(
        self, method: str, path: str, *, headers: Headers | None = None, **more: object
    ) -> httpx.Response:
        """Send a request of the API, with the token if one is known."""
        own = {TOKEN: self.tokens["access_token"]} if self.tokens else {}
        sent = JSON | own | (headers or {})
        url = f"{STOREFRONT}/{path}"
        return await self.served.client.request(method, url, headers=sent, **more)  # type: ignore[arg-type]

    async def fetch_token(self, grant: str, **options: str) -> httpx.Response:
        """Ask for tokens as angular-oauth2-oidc does, and keep them."""
        form = {"grant_type": grant, "scope": "openid profile", "client_id": ""} | options
        answer = await self.served.client.post(f"{STOREFRONT}/token", data=form)
        if answer.is_success:
            self.tokens |= answer.json()
        return answer

    async def log_in(self, login: str = SHOPPER, password: str = PASSWORD) -> None:
        """Log in with a password."""
        answer = await self.fetch_token("password", username=login, password=password)
        assert answer.status_code == 200, answer.text

    def key(self, text: str) -> str:
        """Encode a key as `encodeResourceId` does: `+` stays itself."""
        encoded = quote(text, safe="+")
        return quote(encoded, safe="+") if self.legacy else encoded

    async def status(self, address: str) -> bool:
        """Ask for a subscription: a 404 is a no."""
        answer = await self.send("GET", f"subscriptions/{self.key(address)}")
        if answer.status_code == 404:
            return False
        assert answer.status_code == 200, answer.text
        return bool(answer.json()["active"])

    async def subscribe(self, address: str) -> httpx.Response:
        """Subscribe an address."""
        body = {"name": "Newsletter", "type": "Subscription", "active": True, "recipient": address}
        return await self.send("POST", "subscriptions", json=body)

    async def unsubscribe(self, address: str) -> httpx.Response:
        """End a subscription."""
        return await self.send("DELETE", f"subscriptions/{self.key(address)}")


@pytest.mark.parametrize("legacy", [False, True])
async def test_the_whole_newsletter_and_login_flow(served: Served, legacy: bool) -> None:
    pwa = Pwa(served, legacy)
    vendor = {"Accept": "application/vnd.intershop.configuration.v1+json"}
    answer = await served.client.get(f"{SITE}/configurations", headers=vendor)
    assert answer.headers["content-type"] == vendor["Accept"]
    found = answer.json()["data"]
    assert found["marketing"]["newsletterSubscriptionEnabled"] is True
    assert found["general"]["defaultLocale"] in found["general"]["locales"]
    assert found["general"]["defaultCurrency"] in found["general"]["currencies"]

    # Registration subscribes before the login, and a basket wants an anonymous token.
    assert (await pwa.subscribe("new+one@x.example")).status_code == 201
    answer = await pwa.fetch_token("anonymous")
    assert answer.headers["cache-control"] == "no-store"
    assert pwa.tokens["expires_in"] == 3600
    assert_refused(await pwa.send("GET", "customers/-"), 401)

    await pwa.log_in()
    customer = (await pwa.send("GET", "customers/-")).json()
    assert (customer["customerType"], customer["type"]) == ("PRIVATE", "PrivateCustomer")
    person = (await pwa.send("GET", "privatecustomers/-")).json()
    assert (person["firstName"], person["email"]) == ("Patricia", SHOPPER)
    assert (await pwa.send("GET", "personalization")).json()["pgid"]

    # The demo's shopper is subscribed.
    assert await pwa.status(SHOPPER)
    assert (await pwa.unsubscribe(SHOPPER)).status_code == 204
    assert not await pwa.status(SHOPPER)
    assert (await pwa.subscribe(SHOPPER)).status_code == 201
    assert await pwa.status(SHOPPER)

    first = dict(pwa.tokens)
    answer = await pwa.fetch_token("refresh_token", refresh_token=first["refresh_token"])
    assert answer.status_code == 200
    assert pwa.tokens["access_token"] != first["access_token"]
    assert await pwa.status(SHOPPER)

    assert (await pwa.send("PUT", "token/logout")).status_code == 204
    answer = await pwa.fetch_token("refresh_token", refresh_token=first["refresh_token"])
    assert "AuthenticationToken" not in assert_refused(answer, 400)
    # At this word it drops its token.
    assert "AuthenticationToken" in assert_refused(await pwa.send("GET", "customers/-"), 401)
    pwa.tokens.clear()
    assert_refused(await pwa.send("GET", f"subscriptions/{pwa.key(SHOPPER)}"), 401)


async def test_a_plus_in_an_address_is_a_plus(served: Served) -> None:
    caller = await demo_caller(served)
    new = {"email": "a+b@x.example", "identifiers": {"customer_id": "plus"}}
    made = await served.services.customers.create(caller, new)
    await served.services.customer_logins.put(caller, made.id, password=PASSWORD)
    for legacy in (False, True):
        pwa = Pwa(served, legacy)
        await pwa.log_in("a+b@x.example")
        assert not await pwa.status("a+b@x.example")
        assert (await pwa.subscribe("a+b@x.example")).status_code == 201
        assert await pwa.status("A+B@x.example")
        assert (await pwa.unsubscribe("a+b@x.example")).status_code == 204


class TestACompany:
    async def test_logs_in_and_asks_for_its_user(self, served: Served) -> None:
        caller = await demo_caller(served)
        company = await served.services.customers.find(caller, COMPANY)
        await served.services.customer_logins.put(caller, company.id, password=PASSWORD)
        pwa = Pwa(served)
        await pwa.log_in("office@oilcorp.example.com")
        found = (await pwa.send("GET", "customers/-")).json()
        assert found["type"] == found["customerType"] == "SMBCustomer"
        assert (found["customerNo"], found["companyName"]) == (COMPANY, "Oil Corp")
        for key in ("-", COMPANY):
            answer = await pwa.send("GET", f"customers/{key}/users/-")
            assert answer.json()["email"] == "office@oilcorp.example.com"
        assert_refused(await pwa.send("GET", "customers/Patricia/users/-"), 404, NOT_FOUND)
        assert_refused(await pwa.send("GET", "privatecustomers/-"), 404, NOT_FOUND)


class TestWhatACustomerMayDo:
    async def test_what_is_its_own_and_no_more(self, served: Served) -> None:
        pwa = Pwa(served)
        await pwa.log_in()
        for method, path in (
            ("GET", "subscriptions/test%40crm.com"),
            ("DELETE", "subscriptions/test%40crm.com"),
            ("GET", "customers/0BkKDgAN9pYAAAFFK9Qj6MxN"),
            ("GET", "customers?LastName=Mayer"),
            ("POST", "customers/0BkKDgAN9pYAAAFFK9Qj6MxN/tokens"),
            ("GET", "channels"),
            ("POST", "channels/x/promotions/y/codes"),
        ):
            assert_refused(await pwa.send(method, path), 403)
        body = {"code": "CC2M8Y5VY4MW"}
        answer = await pwa.send("POST", "customers/k0gKDgAhjjkAAAFb1lFRYKTC/mails", json=body)
        assert_refused(answer, 403)
        for other in ("/v1/customers", "/v1/tokens/current", "/crmapi/rest/v2/authentication/x"):
            bearer = {"Authorization": f"Bearer {pwa.tokens['access_token']}"}
            assert (await served.client.get(other, headers=bearer)).status_code in (401, 404)

    async def test_a_user_of_ours_is_no_customer(self, served: Served) -> None:
        headers = await logged_in(served)
        for path in ("customers/-", "privatecustomers/-", "customers/-/users/-"):
            answer = await served.client.get(f"/{path}", headers=headers)
            assert_refused(answer, 404, NOT_FOUND)
        answer = await served.client.get("/personalization", headers=headers)
        assert answer.status_code == 200

    async def test_by_basic_and_bearer_too(self, served: Served) -> None:
        # The storefront writes BASIC.
        login = basic(SHOPPER, PASSWORD).replace("Basic", "BASIC")
        answer = await served.client.get(
            f"{STOREFRONT}/customers/-", headers={"Authorization": login}
        )
        assert answer.json()["customerNo"] == "Patricia"
        again = {"Authorization": f"Bearer {answer.headers[TOKEN]}"}
        answer = await served.client.get(f"{STOREFRONT}/subscriptions/-", headers=again)
        assert answer.json()["recipient"] == SHOPPER
        # The contact centre has users only.
        named = {"Authorization": login, "UserOrganization": "PrimeTech"}
        assert_refused(await served.client.get("/customers/-", headers=named), 401)
        contact_center = "/INTERSHOP/rest/WFS/ContactCenter/-/customers/-"
        answer = await served.client.get(contact_center, headers={"Authorization": login})
        assert_refused(answer, 401)

    async def test_in_xml(self, served: Served) -> None:
        headers = {"Authorization": basic(SHOPPER, PASSWORD), "Accept": "text/xml"}
        answer = await served.client.get(f"{STOREFRONT}/privatecustomers/-", headers=headers)
        assert answer.headers["content-type"].startswith("text/xml")
        assert '<PrivateCustomer type="PrivateCustomer">' in answer.text
        assert "<customerNo>Patricia</customerNo>" in answer.text


class TestTokens:
    async def test_of_clients_with_credentials(self, served: Served) -> None:
        demo = served.demo
        form = {"grant_type": "client_credentials"}
        logins: list[tuple[dict[str, str], Headers]] = [
            (form, demo_basic(served)),
            (form, {"Authorization": basic(SHOPPER, PASSWORD)}),
            (form | {"client_id": "x", "client_secret": demo.application_key}, {}),
            (form | {"client_id": demo.username, "client_secret": demo.password}, {}),
        ]
        for body, headers in logins:
            answer = await served.client.post(f"{STOREFRONT}/token", data=body, headers=headers)
            assert answer.status_code == 200, answer.text
            token = {TOKEN: answer.json()["access_token"]}
            found = await served.client.get(f"{STOREFRONT}/subscriptions/-", headers=token)
            assert found.status_code == 200, found.text
        assert_refused(await served.client.post(f"{STOREFRONT}/token", data=form), 401)

    async def test_of_a_user_of_ours(self, served: Served) -> None:
        pwa = Pwa(served)
        await pwa.log_in(served.demo.username, served.demo.password)
        assert "refresh_token" not in pwa.tokens
        assert (await pwa.send("GET", "channels")).status_code == 200
        assert (await pwa.send("PUT", "token/logout")).status_code == 204
        assert_refused(await pwa.send("GET", "channels"), 401)

    async def test_bad_requests(self, served: Served) -> None:
        bad: list[tuple[dict[str, str], int, str | None]] = [
            ({}, 400, None),
            ({"grant_type": "authorization_code"}, 400, None),
            ({"grant_type": "password"}, 400, None),
            ({"grant_type": "password", "username": SHOPPER}, 400, None),
            ({"grant_type": "password", "username": SHOPPER, "password": "wrong"}, 401, None),
            ({"grant_type": "password", "username": "nobody", "password": "wrong"}, 401, None),
            ({"grant_type": "refresh_token"}, 400, None),
            ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, None),
            ({"grant_type": "client_credentials", "client_secret": "lk_1_x_y"}, 401, None),
            (
                {"grant_type": "password", "username": "a", "password": "b", "organization": "No"},
                *(400, "organization.invalid"),
            ),
        ]
        for form, status, key in bad:
            answer = await served.client.post(f"{STOREFRONT}/token", data=form)
            assert_refused(answer, status, key)
        answer = await served.client.post(f"{STOREFRONT}/token", json={"grant_type": "anonymous"})
        assert_refused(answer, 415)

    async def test_one_is_not_the_other(self, served: Served) -> None:
        pwa = Pwa(served)
        await pwa.log_in()
        access, refresh = pwa.tokens["access_token"], pwa.tokens["refresh_token"]
        assert_refused(await pwa.fetch_token("refresh_token", refresh_token=access), 400)
        headers = {TOKEN: refresh}
        assert_refused(await served.client.get(f"{STOREFRONT}/customers/-", headers=headers), 401)

    async def test_a_new_password_ends_them(self, served: Served) -> None:
        pwa = Pwa(served)
        await pwa.log_in()
        caller = await demo_caller(served)
        shopper = await served.services.customers.find(caller, "k0gKDgAhjjkAAAFb1lFRYKTC")
        await served.services.customer_logins.put(caller, shopper.id, password="another one")
        answer = await pwa.fetch_token("refresh_token", refresh_token=pwa.tokens["refresh_token"])
        assert_refused(answer, 400)

    async def test_guessing_is_slowed_down(self, demo_url: str) -> None:
        async with serve(demo_url, login_failures=3) as served:
            pwa = Pwa(served)
            for _ in range(3):
                answer = await pwa.fetch_token("password", username=SHOPPER, password="wrong")
                assert_refused(answer, 401)
            answer = await pwa.fetch_token("password", username=SHOPPER.upper(), password=PASSWORD)
            assert_refused(answer, 429)

    async def test_opens_no_other_organization(self, served: Served) -> None:
        await other_organization(served)
        pwa = Pwa(served)
        await pwa.log_in()
        headers = {TOKEN: pwa.tokens["access_token"]}
        other = "/INTERSHOP/rest/WFS/OtherOrg/rest"
        answer = await served.client.get(f"{other}/customers/-", headers=headers)
        assert_refused(answer, 401, "organization.invalid")
        form = {"grant_type": "password", "username": SHOPPER, "password": PASSWORD}
        assert_refused(await served.client.post(f"{other}/token", data=form), 401)
        form = {"grant_type": "anonymous"}
        answer = await served.client.post(f"{other}/token", data=form)
        assert answer.status_code == 200
        headers = {TOKEN: answer.json()["access_token"]}
        body = {"recipient": "new@x.example"}
        answer = await served.client.post(f"{STOREFRONT}/subscriptions", json=body, headers=headers)
        assert_refused(answer, 401, "organization.invalid")


class TestPersonalization:
    async def test_customers_of_the_same_groups_have_the_same(self, served: Served) -> None:
        pwa = Pwa(served)
        await pwa.log_in()
        alone = (await pwa.send("GET", "personalization")).json()["pgid"]
        caller = await demo_caller(served)
        await served.services.memberships.assign(
            caller, customer="k0gKDgAhjjkAAAFb1lFRYKTC", group="CG-001"
        )
        grouped = (await pwa.send("GET", "personalization")).json()["pgid"]
        assert len({alone, grouped}) == 2


class TestPromotions:
    async def test_as_visitors_see_them(self, served: Served) -> None:
        answer = await served.client.get(f"{STOREFRONT}/promotions;spgid=x/CC_10EUR_OrderDiscount")
        assert answer.json() == {
            "name": "10 EUR Order discount ",
            "type": "Promotion",
            "id": "CC_10EUR_OrderDiscount",
            "title": "10 EUR Order discount ",
            "description": "Contact Center 10 EUR order discount coupon.",
            "currency": "EUR",
            "couponCodeRequired": True,
        }

    async def test_only_those_that_are_offered_now(self, served: Served) -> None:
        caller, services = await demo_caller(served), served.services
        found = await services.promotions.by_key(caller, "CC_20EUR_OrderDiscount")
        await services.promotions.change(caller, found.id, {"enabled": False})
        for key in ("CC_20EUR_OrderDiscount", "promo1001", "nothing"):
            answer = await served.client.get(f"{STOREFRONT}/promotions/{key}")
            assert_refused(answer, 404, "promotion.promotion_not_found.error")


async def test_without_a_newsletter_the_storefront_is_told(demo_url: str) -> None:
    settings = {"locales": "de_DE, en_US", "currencies": "EUR"}
    async with serve(demo_url, newsletter_provider="none", intershop=settings) as served:
        found = (await served.client.get(f"{SITE}/configurations")).json()["data"]
        assert found["marketing"] == {"newsletterSubscriptionEnabled": False}
        assert found["general"] == {
            "defaultLocale": "de_DE",
            "locales": ["de_DE", "en_US"],
            "defaultCurrency": "EUR",
            "currencies": ["EUR"],
        }
