"""Contact information, accounts receivable and rewards participants: shown, listed, made."""

import json
from typing import Any

from largesse.core.customers.model import Identifier
from tests.dialects.crmcom.client import (
    CREATE_CONTACT,
    LIST_PARTICIPANTS,
    LIST_RECEIVABLES,
    SHOW_CONTACT,
    SHOW_PARTICIPANT,
    SHOW_RECEIVABLE,
    UPDATE_CONTACT,
    assert_refused,
    data,
    get,
    owner,
    post,
    request_for,
    token,
)
from tests.serving import Served

CONTACT = "contact_information_identifier"
RECEIVABLE = "accounts_receivable_identifier"
PARTICIPANT = "rewards_participant_identifier"
SUBSCRIPTION = "subscription_identifier"

# What a public client sends (its names and shape; the values are ours).
NEW_PERSON = {
    "type": "PERSON",
    "title": "Ms",
    "first_name": "Ada",
    "last_name": "Byron",
    "demographics": {
        "gender": "FEMALE",
        "id_number": "ID-ADA",
        "date_of_birth": {"day": 10, "month": 12, "year": 1815},
        "phone_set": [{"type": "LANDLINE", "number": "22114455"}],
        "email_set": [{"type": "PERSONAL", "email_address": "ada@example.com"}],
    },
}


class TestIdentifiersInQueries:
    async def test_a_field_and_its_value_or_json(self, served: Served) -> None:
        held = await token(served)
        for text in ("number=ACR0000002278", " name =Cyrillus Mayer", '{"number":"ACR0000002278"}'):
            answer = await get(served, SHOW_RECEIVABLE, held=held, **{RECEIVABLE: text})
            assert data(answer)["number"] == "ACR0000002278", text
        # As two public clients write it, without any encoding.
        path = f"{SHOW_RECEIVABLE}?token={held}&{RECEIVABLE}=number=ACR0000002278"
        assert data(await served.client.get(path))["number"] == "ACR0000002278"

    async def test_anything_else_is_refused(self, served: Served) -> None:
        held = await token(served)
        for text, status, code in (
            ("", 400, "MISSING_PARAMETER"),
            ("number=", 400, "MISSING_PARAMETER"),
            ("{}", 400, "MISSING_PARAMETER"),
            ("ACR0000002278", 400, "INVALID_PARAMETER"),
            ("colour=red", 400, "INVALID_PARAMETER"),
            ('{"number":5}', 400, "INVALID_PARAMETER"),
            ('{"number"', 400, "INVALID_PARAMETER"),
            ("access_token_identifier=x", 400, "INVALID_PARAMETER"),
            ("number=" + "x" * 5000, 404, "RECEIVER_NOT_FOUND"),
            ("id=1", 404, "RECEIVER_NOT_FOUND"),
        ):
            answer = await get(served, SHOW_RECEIVABLE, held=held, **{RECEIVABLE: text})
            assert_refused(answer, status, code)
        assert_refused(await get(served, SHOW_RECEIVABLE, held=held), 400, "MISSING_PARAMETER")
        assert_refused(await served.client.get(SHOW_RECEIVABLE), 401, "INVALID_TOKEN")


class TestContactInformation:
    async def test_a_company_has_a_profile(self, served: Served) -> None:
        answer = await get(served, SHOW_CONTACT, **{CONTACT: "registration_number=HE618"})
        shown = data(answer)
        assert shown["type"] == "COMPANY"
        assert shown["life_cycle_state"] == "MARKETING"
        assert shown["demographics"] is None
        assert shown["company_profile"] == {
            "registration_number": "HE618",
            "vat_registration_number": "CY10000618X",
        }

    async def test_a_new_one_is_shown_and_can_receive(self, served: Served) -> None:
        made = data(await post(served, CREATE_CONTACT, **NEW_PERSON))
        assert made["name"] == "Ada Byron"
        assert made["demographics"] == {
            "gender": "FEMALE",
            "id_number": "ID-ADA",
            "passport_number": None,
            "social_security_number": None,
            "date_of_birth": {"day": 10, "month": 12, "year": 1815},
        }
        assert made["emails_set"] == [{"email_address": "ada@example.com"}]
        assert data(await get(served, SHOW_CONTACT, **{CONTACT: f"id={made['id']}"})) == made
        kept = await served.services.customers.named(
            await owner(served), Identifier.ID_NUMBER, "ID-ADA"
        )
        assert kept.phone == "22114455"
        assert data(await request_for(served, CONTACT, {"id": made["id"]}))["code"]

    async def test_a_company_is_made(self, served: Served) -> None:
        new = {
            "type": "COMPANY",
            "company_name": "Engines",
            "company_profile": {"registration_number": "HE1"},
        }
        made = data(await post(served, CREATE_CONTACT, **new, fields_set="name,company_profile"))
        assert made == {
            "name": "Engines",
            "company_profile": {"registration_number": "HE1", "vat_registration_number": None},
        }

    async def test_what_can_not_be_made_is_not(self, served: Served) -> None:
        people: Any = NEW_PERSON["demographics"]
        before = len((await served.services.customers.page(await owner(served))).items)
        for changes, status, code in (
            ({"type": None}, 400, "MISSING_PARAMETER"),
            ({"type": "ROBOT"}, 400, "INVALID_PARAMETER"),
            ({"first_name": None}, 400, "MISSING_PARAMETER"),
            ({"last_name": ""}, 400, "MISSING_PARAMETER"),
            ({"company_name": "Engines"}, 400, "INVALID_PARAMETER"),
            ({"company_profile": {"registration_number": "HE1"}}, 400, "INVALID_PARAMETER"),
            ({"type": "COMPANY", "company_name": "Engines"}, 400, "INVALID_PARAMETER"),
            ({"demographics": people | {"gender": "X"}}, 400, "INVALID_PARAMETER"),
            ({"demographics": people | {"id_number": "ID0000618"}}, 409, "ALREADY_EXISTS"),
            ({"demographics": {"date_of_birth": {"day": 31}}}, 400, "MISSING_PARAMETER"),
            (
                {"demographics": {"date_of_birth": {"day": 31, "month": 2, "year": 1815}}},
                400,
                "INVALID_PARAMETER",
            ),
            (
                {"demographics": {"email_set": [{"email_address": "nobody"}]}},
                400,
                "INVALID_PARAMETER",
            ),
            ({"demographics": {"email_set": "ada@example.com"}}, 400, "INVALID_PARAMETER"),
            ({"first_name": "x" * 1000}, 400, "INVALID_PARAMETER"),
            ({"fields_set": "colour"}, 400, "INVALID_PARAMETER"),
        ):
            answer = await post(served, CREATE_CONTACT, **(NEW_PERSON | changes))
            assert_refused(answer, status, code)
        after = len((await served.services.customers.page(await owner(served))).items)
        assert after == before

    async def test_an_update_changes_what_is_specified_and_nothing_else(
        self, served: Served
    ) -> None:
        named = {CONTACT: {"id_number": "ID0000618"}}
        before = data(await get(served, SHOW_CONTACT, **{CONTACT: "id_number=ID0000618"}))
        held = await token(served)
        body = named | {"token": held, "title": "Dr", "middle_name": "J."}
        changed = data(await served.client.post(UPDATE_CONTACT, json=body))
        name = {"title": "Dr", "middle_name": "J.", "name": "Cyrillus J. Mayer"}
        assert changed == before | name
        # DOC 490824: "Fields which are specified as null will be set as null."
        body = named | {"token": held, "title": None}
        assert data(await served.client.post(UPDATE_CONTACT, json=body))["title"] is None
        assert_refused(await post(served, UPDATE_CONTACT, title="x"), 400, "MISSING_PARAMETER")
        answer = await post(served, UPDATE_CONTACT, **named, company_name="Engines")
        assert_refused(answer, 400, "INVALID_PARAMETER")
        answer = await post(served, UPDATE_CONTACT, **{CONTACT: {"id": "F" * 32}}, title="x")
        assert_refused(answer, 404, "RECEIVER_NOT_FOUND")


class TestAccounts:
    async def test_a_body_may_name_one_by_an_access_token(self, served: Served) -> None:
        by_code = {"access_token_identifier": {"authentication_code": "AUTH0000618"}}
        for path, name, number in (
            (SHOW_RECEIVABLE, RECEIVABLE, "ACR0000002278"),
            (SHOW_PARTICIPANT, PARTICIPANT, "RP0000000618"),
        ):
            assert data(await post(served, path, **{name: by_code}))["number"] == number
            assert data(await post(served, path, **{name: {"number": number}}))["number"] == number
        wrong = {"access_token_identifier": {"identifier": "cyrillus.mayer@example.com"}}
        answer = await post(served, SHOW_RECEIVABLE, **{RECEIVABLE: wrong})
        assert_refused(answer, 400, "PASS_CODE_REQUIRED")
        assert_refused(await post(served, SHOW_RECEIVABLE), 400, "MISSING_PARAMETER")

    async def test_a_one_time_password_shows_one_once(self, served: Served) -> None:
        once = {RECEIVABLE: {"access_token_identifier": {"one_time_password": 618618}}}
        assert data(await post(served, SHOW_RECEIVABLE, **once))
        answer = await post(served, SHOW_RECEIVABLE, **once)
        assert_refused(answer, 404, "RECEIVER_NOT_FOUND")

    async def test_fields_are_cut_in_every_row(self, served: Served) -> None:
        held = await token(served)
        shown = await get(
            served,
            SHOW_PARTICIPANT,
            held=held,
            fields_set="number, life_cycle_state",
            **{PARTICIPANT: "number=RP0000000618"},
        )
        assert data(shown) == {"number": "RP0000000618", "life_cycle_state": "EFFECTIVE"}
        listed = await get(
            served,
            LIST_RECEIVABLES,
            held=held,
            fields_set="number",
            **{SUBSCRIPTION: "number=S0000001547"},
        )
        assert data(listed) == [{"number": "ACR0000002278"}]
        for path, query in (
            (SHOW_CONTACT, {CONTACT: "id=1"}),
            (LIST_RECEIVABLES, {CONTACT: "id=1"}),
            (LIST_PARTICIPANTS, {CONTACT: "id=1"}),
        ):
            answer = await get(served, path, held=held, fields_set="colour", **query)
            assert_refused(answer, 400, "INVALID_PARAMETER")


class TestLists:
    async def test_those_of_one_customer_page_by_page(self, served: Served) -> None:
        caller, services = await owner(served), served.services
        customer = await services.customers.named(caller, Identifier.ID_NUMBER, "ID0000618")
        for number in ("ACR2", "ACR3"):
            new = {"customer_id": customer.id, "kind": "receivable", "number": number}
            await services.accounts.create(caller, new)
        held, contact = await token(served), {CONTACT: "passport_number=P0000618"}

        async def numbers(**query: Any) -> list[str]:
            answer = await get(served, LIST_RECEIVABLES, held=held, **query)
            return [row["number"] for row in data(answer)]

        assert await numbers(**contact) == ["ACR0000002278", "ACR2", "ACR3"]
        assert await numbers(**contact, number_of_results=2) == ["ACR0000002278", "ACR2"]
        assert await numbers(**contact, number_of_results=2, offset=2) == ["ACR3"]
        assert await numbers(**contact, offset=9) == []
        assert await numbers(email_address=" Cyrillus.Mayer@EXAMPLE.com") == await numbers(
            **contact
        )
        assert await numbers(email_address="nobody@example.com") == []

    async def test_participants_of_an_account_or_a_contact(self, served: Served) -> None:
        held = await token(served)
        for query in ({CONTACT: "id_number=ID0000618"}, {RECEIVABLE: "number=ACR0000002278"}):
            (one,) = data(await get(served, LIST_PARTICIPANTS, held=held, **query))
            assert one["accounts_receivable"]["number"] == "ACR0000002278"
            state = {"life_cycle_state": "TERMINATED"}
            assert data(await get(served, LIST_PARTICIPANTS, held=held, **query, **state)) == []

    async def test_bad_pages_and_names_are_refused(self, served: Served) -> None:
        held, contact = await token(served), {CONTACT: "id_number=ID0000618"}
        for query, code in (
            ({}, "MISSING_PARAMETER"),
            (contact | {"number_of_results": 0}, "INVALID_PARAMETER"),
            (contact | {"number_of_results": 1001}, "INVALID_PARAMETER"),
            (contact | {"number_of_results": "many"}, "INVALID_PARAMETER"),
            (contact | {"offset": -1}, "INVALID_PARAMETER"),
            (contact | {"offset": 10**30}, "INVALID_PARAMETER"),
        ):
            for path in (LIST_RECEIVABLES, LIST_PARTICIPANTS):
                assert_refused(await get(served, path, held=held, **query), 400, code)
        for more in ({SUBSCRIPTION: "number=S0000001547"}, {"email_address": "a@b.example"}):
            answer = await get(served, LIST_RECEIVABLES, held=held, **contact, **more)
            assert_refused(answer, 400, "TOO_MANY_IDENTIFIERS")
        answer = await get(served, LIST_PARTICIPANTS, held=held, **contact, life_cycle_state="DEAD")
        assert_refused(answer, 400, "INVALID_PARAMETER")

    async def test_a_list_needs_as_many_statements_however_long_it_is(self, served: Served) -> None:
        caller, services = await owner(served), served.services
        for number in range(5):
            customer = await services.customers.create(
                caller, {"first_name": "Twin", "email": "twins@example.com"}
            )
            new = {"customer_id": customer.id, "kind": "receivable", "number": f"T{number}"}
            await services.accounts.create(caller, new)
        query = {"email_address": "twins@example.com"}
        rows = data(await get(served, LIST_RECEIVABLES, **query))
        owners = {json.dumps(row["account_owner"]) for row in rows}
        assert (len(rows), len(owners)) == (5, 5)
