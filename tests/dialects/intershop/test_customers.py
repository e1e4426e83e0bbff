"""Customers as the contact centre finds them (DOC 2X5757, A28246, 2A5883)."""

from datetime import date
from typing import Any

from tests.dialects.intershop.client import (
    CHANNEL,
    CONTACT_CENTER,
    CUSTOMER,
    STOREFRONT,
    Headers,
    add_user,
    assert_answered,
    assert_refused,
    basic,
    demo_caller,
    logged_in,
    other_organization,
    play,
)
from tests.golden import load
from tests.serving import Served

CYRILLUS = "0BkKDgAN9pYAAAFFK9Qj6MxN"
PATRICIA = "k0gKDgAhjjkAAAFb1lFRYKTC"
NOT_FOUND = "customer.customer_not_found.error"
MILLERS = [CUSTOMER, PATRICIA]


async def found(served: Served, headers: Headers, **query: str) -> list[str]:
    """Return the ids of the customers that a search finds."""
    answer = await served.client.get("/customers", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return [link["attributes"][0]["value"] for link in answer.json()["elements"]]


class TestSearch:
    async def test_by_each_field(self, served: Served) -> None:
        headers = await logged_in(served)
        asked: list[tuple[dict[str, str], list[str]]] = [
            # The three that DOC 2X5757 prints.
            (
                {
                    "SingleSearchField": "Meyer",
                    "Channel": "PrimeTech-PrimeTechBusiness,PrimeTech-PrimeTechSpecials",
                },
                [],
            ),
            ({"LastName": "Mayer", "Channel": CHANNEL}, [CYRILLUS]),
            ({"CustomerNo": "10005"}, [CYRILLUS]),
            ({"SingleSearchField": "mayer"}, [CYRILLUS]),
            ({"SingleSearchField": "CYRILLUS.mayer@example.com"}, [CYRILLUS]),
            ({"SingleSearchField": "10005"}, [CYRILLUS]),
            ({"SingleSearchField": " Oil Corp "}, ["F3MKDgAhh2MAAAFbMVlRYKTC"]),
            ({"LastName": "MILLER"}, MILLERS),
            ({"EMail": "Patricia@test.intershop.de"}, MILLERS),
            ({"LastName": "Miller", "City": "ilmenau", "Country": "de"}, [PATRICIA]),
            ({"LastName": "Miller", "Country": "Germany", "PostCode": "98693"}, [PATRICIA]),
            ({"LastName": "Miller", "FirstName": "Peter"}, []),
            ({"LastName": "Miller", "FirstName": "patricia", "City": "", "Birthday": ""}, MILLERS),
            ({"LastName": "Mill", "EMail": ""}, []),
            ({"LastName": "%"}, []),
            ({"LastName": "Mayer", "Channel": "Elsewhere-Channel"}, []),
            ({"LastName": "Mayer", "Channel": f" ,Elsewhere,{CHANNEL}"}, [CYRILLUS]),
        ]
        for query, wanted in asked:
            assert (query, await found(served, headers, **query)) == (query, wanted)

    async def test_by_birthday_and_telephone(self, served: Served) -> None:
        caller, headers = await demo_caller(served), await logged_in(served)
        new: dict[str, Any] = {"last_name": "Öztürk", "birthday": date(1980, 2, 1)}
        numbers = {"phone": "1", "mobile_phone": "2", "business_phone": "3"}
        new |= {"identifiers": {"customer_id": "oz"}} | numbers
        await served.services.customers.create(caller, new)
        for text in ("1980-02-01", "02/01/1980", "01.02.1980"):
            assert await found(served, headers, LastName="öztürk", Birthday=text) == ["oz"]
        assert await found(served, headers, LastName="öztürk", Birthday="1980-02-02") == []
        for number in numbers.values():
            assert await found(served, headers, LastName="öztürk", PhoneNo=number) == ["oz"]
        assert await found(served, headers, LastName="öztürk", PhoneNo="4") == []

    async def test_a_link_says_whom_it_leads_to(self, served: Served) -> None:
        headers = await logged_in(served)
        answer = await play(served, "customers-request", prefix=CONTACT_CENTER, headers=headers)
        assert_answered(answer, load("intershop", "customers-200"))
        (link,) = answer.json()["elements"]
        uri = f"/INTERSHOP/rest/WFS/{link['uri']}"
        answer = await served.client.get(uri, headers=headers)
        assert answer.json()["id"] == CYRILLUS

    async def test_what_can_not_be_asked(self, served: Served) -> None:
        headers = await logged_in(served)
        for query in ("", "?City=Jena", "?LastName=", "?lastname=Mayer", "?SingleSearchField=%20"):
            answer = await served.client.get(f"/customers{query}", headers=headers)
            assert "SingleSearchField, EMail, LastName, CustomerNo" in assert_refused(answer, 400)
        for day in ("1980-02-30", "yesterday", "1/1", "0000-00-00"):
            query = f"/customers?LastName=Mayer&Birthday={day}"
            assert_refused(await served.client.get(query, headers=headers), 400)

    async def test_shows_no_other_organizations_customers(self, served: Served) -> None:
        other = await other_organization(served)
        assert await found(served, other.headers, LastName="Miller") == []
        assert await found(served, other.headers, EMail="other@example.com") == [other.customer]
        assert await found(served, await logged_in(served), EMail="other@example.com") == []


class TestOne:
    async def test_as_it_is_printed(self, served: Served) -> None:
        # DOC A28246 prints it as far as the postal code; the address there is another person's.
        headers = await logged_in(served)
        answer = await play(served, "customer-request", headers=headers)
        assert_answered(answer, load("intershop", "customer-200"))

    async def test_in_xml(self, served: Served) -> None:
        headers = await logged_in(served) | {"Accept": "text/xml"}
        answer = await served.client.get(f"/customers/{PATRICIA}", headers=headers)
        text = answer.text
        assert '<Customer type="Customer">' in text
        assert '<preferredShipToAddress type="Address">' in text
        assert "<countryCode>DE</countryCode>" in text

    async def test_of_a_company_with_a_user(self, served: Served) -> None:
        headers = await logged_in(served)
        path = "/customers/F3MKDgAhh2MAAAFbMVlRYKTC;UserID=sA4KDgAhXV0AAAFb9FhRYKTC"
        answer = await served.client.get(path, headers=headers)
        assert answer.json()["lastName"] == "Oil Corp"
        assert "login" not in answer.json()

    async def test_that_is_not_there(self, served: Served) -> None:
        headers = await logged_in(served)
        other = await other_organization(served)
        for key in ("nobody", other.customer, "x" * 5000, "%20"):
            answer = await served.client.get(f"/customers/{key}", headers=headers)
            assert_refused(answer, 404, NOT_FOUND)


class TestToken:
    async def test_lets_the_agent_act_as_the_customer(self, served: Served) -> None:
        headers = await logged_in(served)
        answer = await play(served, "token-request", prefix="", headers=headers)
        golden = load("intershop", "token-201")
        assert answer.status_code == golden.status
        printed = golden.json()
        assert isinstance(printed, dict)
        assert answer.json() | {"token": ""} == printed | {"token": ""}
        own = {"authentication-token": answer.json()["token"]}
        answer = await served.client.get(f"{STOREFRONT}/privatecustomers/-", headers=own)
        assert answer.json()["lastName"] == "Mayer"
        answer = await served.client.post(
            f"{STOREFRONT}/subscriptions", json={"recipient": "-"}, headers=own
        )
        assert answer.json()["recipient"] == "cyrillus.mayer@example.com"

    async def test_in_xml(self, served: Served) -> None:
        headers = await logged_in(served) | {"Accept": "text/xml"}
        answer = await served.client.post(f"/customers/{CYRILLUS}/tokens", headers=headers)
        printed = load("intershop", "token-201-xml").body.decode()
        assert answer.status_code == 201
        start, end = "<token>", "</token>"
        token = answer.text.partition(start)[2].partition(end)[0]
        shown = printed.partition(start)[2].partition(end)[0]
        assert answer.text.rstrip("\n").replace(token, "") == printed.replace(shown, "")

    async def test_is_for_those_who_manage_customers(self, served: Served) -> None:
        caller = await demo_caller(served)
        await add_user(served, caller, "looker", role="viewer")
        looker = {
            "Authorization": basic("looker", "correct horse"),
            "UserOrganization": "PrimeTech",
        }
        path = f"/customers/{CYRILLUS}/tokens"
        assert_refused(await served.client.post(path, headers=looker), 403)
        other = await other_organization(served)
        answer = await served.client.post(path, headers=other.headers)
        assert_refused(answer, 404, NOT_FOUND)

    async def test_ends_with_the_customer(self, served: Served) -> None:
        caller, headers = await demo_caller(served), await logged_in(served)
        made = await served.services.customers.create(
            caller, {"last_name": "Gone", "identifiers": {"customer_id": "gone"}}
        )
        token = (await served.client.post("/customers/gone/tokens", headers=headers)).json()
        await served.services.customers.delete(caller, made.id)
        own = {"authentication-token": token["token"]}
        assert_refused(await served.client.get("/customers/-", headers=own), 401)
