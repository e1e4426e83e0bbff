"""Who calls: the login of DOC M25763, and every way to carry what it gives."""

import base64
from typing import Any

from tests.dialects.intershop.client import (
    CHANNEL,
    CONTACT_CENTER,
    CUSTOMER,
    MAILS,
    PASSWORD,
    STOREFRONT,
    Headers,
    add_user,
    assert_answered,
    assert_refused,
    basic,
    demo_basic,
    demo_caller,
    logged_in,
    mails,
    other_organization,
    play,
    token,
)
from tests.golden import load
from tests.serving import Served, serve

INVALID = "organization.invalid"
EVERY_CALL = [
    ("GET", "/users/-"),
    ("GET", "/channels"),
    ("GET", f"/channels/{CHANNEL}"),
    ("GET", f"/channels/{CHANNEL}/promotions"),
    ("GET", f"/channels/{CHANNEL}/promotions/CC_10EUR_OrderDiscount"),
    ("POST", f"/channels/{CHANNEL}/promotions/CC_10EUR_OrderDiscount/codes"),
    ("POST", MAILS),
    ("GET", "/subscriptions/-"),
    ("DELETE", "/subscriptions/-"),
]


def plain(served: Served, **changes: str) -> Headers:
    """Return the headers of the demo user's login, form B of DOC M25763."""
    headers = {
        "UserLogin": served.demo.username,
        "UserPassword": served.demo.password,
        "UserOrganization": served.demo.intershop_organization,
    }
    return headers | changes


class TestTheLogin:
    async def test_both_forms_give_a_token_and_the_users_name(self, served: Served) -> None:
        for headers in (demo_basic(served), plain(served)):
            answer = await play(served, "user-request", headers=headers)
            assert_answered(answer, load("intershop", "user-200"))
            again = {"authentication-token": answer.headers["authentication-token"]}
            assert (await served.client.get("/channels", headers=again)).status_code == 200

    async def test_in_xml(self, served: Served) -> None:
        headers = demo_basic(served) | {"Accept": "text/xml"}
        answer = await served.client.get("/users/-", headers=headers)
        assert answer.text.splitlines()[1:] == [
            '<User type="User">',
            "  <firstName>Alvaro</firstName>",
            "  <lastName>Acevedo</lastName>",
            "</User>",
        ]

    async def test_a_token_comes_back_as_it_is(self, served: Served) -> None:
        headers = await logged_in(served)
        answer = await served.client.get("/users/-", headers=headers)
        assert answer.headers["authentication-token"] == headers["authentication-token"]

    async def test_every_answer_to_a_basic_login_carries_a_token(self, served: Served) -> None:
        for headers in (demo_basic(served), plain(served)):
            answer = await served.client.get("/channels/nowhere", headers=headers)
            assert answer.status_code == 404
            again = {"Authorization": f"Bearer {answer.headers['authentication-token']}"}
            answer = await served.client.get("/channels", headers=again)
            assert answer.status_code == 200
            assert "authentication-token" not in answer.headers

    async def test_names_and_passwords_beyond_ascii(self, served: Served) -> None:
        caller = await demo_caller(served)
        await add_user(served, caller, "jörg", role="owner", password="geheim-ßö")
        answer = await served.client.get(
            "/users/-", headers={"Authorization": basic("jörg", "geheim-ßö")}
        )
        assert answer.status_code == 200
        latin = base64.b64encode("jörg:geheim-ßö".encode("latin-1")).decode()
        answer = await served.client.get("/users/-", headers={"Authorization": f"Basic {latin}"})
        assert answer.status_code == 200
        named = {"UserLogin": "jörg".encode(), "UserPassword": "geheim-ßö".encode()}
        answer = await served.client.get("/users/-", headers=named)
        assert answer.status_code == 200

    async def test_guessing_is_slowed_down(self, demo_url: str) -> None:
        async with serve(demo_url, login_failures=3) as served:
            wrong = demo_basic(served) | {"Authorization": basic(served.demo.username, "wrong")}
            for _ in range(3):
                assert_refused(await served.client.get("/users/-", headers=wrong), 401)
            answer = await served.client.get("/users/-", headers=demo_basic(served))
            assert_refused(answer, 429)
            assert int(answer.headers["retry-after"]) > 0


class TestBadCredentials:
    async def test_every_call_needs_them(self, served: Served) -> None:
        nothing = ({}, {"UserOrganization": "PrimeTech"}, {"authentication-token": ""})
        for method, path in EVERY_CALL:
            for headers in nothing:
                answer = await served.client.request(method, path, headers=headers)
                assert_refused(answer, 401)
                assert answer.headers["www-authenticate"] == "Bearer"
        assert await mails(served) == []

    async def test_headers_that_are_no_login(self, served: Served) -> None:
        name, password = served.demo.username, served.demo.password
        bad: list[dict[str, Any]] = [
            {"Authorization": "Basic"},
            {"Authorization": "Basic !!!"},
            {"Authorization": "Basic " + base64.b64encode(b"no colon").decode()},
            {"Authorization": basic(f"{name}\0", password)},
            {"Authorization": basic(name, f"{password}\0")},
            {"Authorization": basic(name, "wrong")},
            {"Authorization": basic("nobody", password)},
            {"Authorization": basic("x" * 5000, password)},
            {"Authorization": basic("", "")},
            {"Authorization": "Digest username=x"},
            {"UserLogin": name},
            {"UserPassword": password},
            {"UserLogin": name, "UserPassword": "wrong"},
        ]
        for headers in bad:
            answer = await served.client.get("/channels", headers=headers)
            assert_refused(answer, 401)
            assert "authentication-token" not in answer.headers
            answer = await served.client.post(
                "/subscriptions", json={"recipient": "new@x.example"}, headers=headers
            )
            assert_refused(answer, 401)

    async def test_a_token_that_is_forged_expired_or_revoked(self, served: Served) -> None:
        caller, access = await demo_caller(served), served.services.access
        good = await token(served)
        revoked = await token(served)
        await access.release(revoked)
        user = await access.authenticate(good)
        expired = (await access.issue_token(user, seconds=-1)).token
        nobody = (await access.issue_token(caller, seconds=60)).token
        head, claims, signature = good.split(".")
        forged = f"{head}.{claims}.{signature[::-1]}"
        unsigned = "eyJhbGciOiJub25lIn0." + claims + "."
        for bad in (revoked, expired, nobody, forged, unsigned, "x", "ü", "a.b.c", "x" * 5000):
            for header, value in (
                ("authentication-token", bad),
                ("Authorization", f"Bearer {bad}"),
            ):
                answer = await served.client.post(
                    MAILS, json={"code": "CC2M8Y5VY4MW"}, headers={header: value.encode()}
                )
                # The storefront drops its token at this word and tries again without one (PWA).
                assert "AuthenticationToken" in assert_refused(answer, 401)
        assert await mails(served) == []
        answer = await play(served, "user-request", headers={"authentication-token": forged})
        assert_answered(answer, load("intershop", "bad-token-401"))

    async def test_a_user_who_left(self, served: Served) -> None:
        caller = await demo_caller(served)
        await add_user(served, caller, "leaver", role="owner", active=False)
        headers = {"Authorization": basic("leaver", PASSWORD)}
        assert_refused(await served.client.get("/users/-", headers=headers), 401)


class TestTheOrganization:
    async def test_by_any_of_its_names(self, served: Served) -> None:
        for name in ("PrimeTech", "primetech", "OilCorp", "Largesse Demo", "demo"):
            await self.assert_known(served, name)

    async def assert_known(self, served: Served, name: str) -> None:
        headers = demo_basic(served) | {"UserOrganization": name}
        assert (await served.client.get("/users/-", headers=headers)).status_code == 200
        known = {"authentication-token": await token(served), "UserOrganization": name}
        assert (await served.client.get("/channels", headers=known)).status_code == 200

    async def test_an_unknown_one(self, served: Served) -> None:
        for name in ("Nowhere", "Köln", "x" * 5000):
            await self.assert_unknown(served, name)

        headers = demo_basic(served) | {"UserOrganization": "Nowhere"}
        answer = await play(served, "user-request", headers=headers)
        assert_answered(answer, load("intershop", "organization-invalid-400"))

    async def assert_unknown(self, served: Served, name: str) -> None:
        known = {"authentication-token": await token(served)}
        logins: tuple[Headers, ...] = (known, demo_basic(served), plain(served))
        for headers in logins:
            sent = headers | {"UserOrganization": name}
            encoded = {key: value.encode() for key, value in sent.items()}
            assert_refused(await served.client.get("/channels", headers=encoded), 400, INVALID)
        answer = await served.client.post(
            "/subscriptions",
            json={"recipient": "new@x.example"},
            headers={"UserOrganization": name.encode()},
        )
        assert_refused(answer, 400, INVALID)

    async def test_a_token_opens_no_other_one(self, served: Served) -> None:
        other = await other_organization(served)
        stranger = {"authentication-token": other.headers["authentication-token"]}
        own = {"authentication-token": await token(served)}
        wrong = [
            ("", own | {"UserOrganization": "OtherOrg"}),
            ("", stranger | {"UserOrganization": "PrimeTech"}),
            (CONTACT_CENTER, own | {"UserOrganization": "OtherOrg"}),
            (STOREFRONT, stranger),
        ]
        for prefix, headers in wrong:
            answer = await served.client.get(f"{prefix}/channels", headers=headers)
            assert_refused(answer, 401, INVALID)
            answer = await served.client.post(
                f"{prefix}{MAILS}", json={"code": "CC2M8Y5VY4MW"}, headers=headers
            )
            assert_refused(answer, 401, INVALID)
        # The header says more than the site, which every organization's contact centre shares.
        answer = await served.client.get(f"{CONTACT_CENTER}/channels", headers=other.headers)
        assert [link["title"] for link in answer.json()["elements"]] == ["Other channel"]
        assert await mails(served) == []

    async def test_a_password_opens_no_other_one(self, served: Served) -> None:
        await other_organization(served)
        for headers in (demo_basic(served), plain(served)):
            wrong = headers | {"UserOrganization": "OtherOrg"}
            assert_refused(await served.client.get("/channels", headers=wrong), 401)
        stranger = {"Authorization": basic("stranger", PASSWORD)}
        assert (await served.client.get("/channels", headers=stranger)).status_code == 200
        answer = await served.client.get(f"{STOREFRONT}/channels", headers=stranger)
        assert_refused(answer, 401)

    async def test_a_site_that_is_nobodys_alias_says_nothing(self, served: Served) -> None:
        prefix = "/INTERSHOP/rest/WFS/my-own-Site/rest"
        headers = {"authentication-token": await token(served)}
        answer = await served.client.get(f"{prefix}/channels", headers=headers)
        assert answer.status_code == 200
        answer = await served.client.get(
            f"{prefix}/channels", headers={"Authorization": demo_basic(served)["Authorization"]}
        )
        assert answer.status_code == 200

    async def test_of_a_recipient_who_is_not_logged_in(self, demo_url: str) -> None:
        async with serve(demo_url) as served:
            await other_organization(served)
            body = {"recipient": "first@x.example"}
            answer = await served.client.post("/subscriptions", json=body)
            assert_refused(answer, 400, "organization.name.missing")
            answer = await served.client.post(f"{STOREFRONT}/subscriptions", json=body)
            assert answer.status_code == 201
        async with serve(demo_url, default_organization="OtherOrg") as served:
            answer = await served.client.post("/subscriptions", json=body)
            assert answer.status_code == 201
            answer = await served.client.post(f"{STOREFRONT}/subscriptions", json=body)
            assert answer.status_code == 409


class TestCustomersOfTheContactCenter:
    async def test_a_customer_with_a_user_in_the_path(self, served: Served) -> None:
        # DOC A28246 prints `;UserID=` behind a company's id.
        path = MAILS.replace(CUSTOMER, f"{CUSTOMER};UserID=sA4KDgAhXV0AAAFb9FhRYKTC")
        answer = await served.client.post(
            f"{CONTACT_CENTER}{path}",
            json={"code": "CC2M8Y5VY4MW"},
            headers=await logged_in(served),
        )
        assert answer.status_code == 204
        assert len(served.sink.messages) == 1
